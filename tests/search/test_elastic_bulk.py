"""What becomes of each document of a request; no engine needed, the answers are those that a real one gave."""

from __future__ import annotations

import orjson
import pytest

from search.elastic_bulk import Bulk, Write
from search.elastic_server import IndexGone, server_of
from search.errors import IndexFault

SERVER = server_of("elastic://exchange:secret-word@127.0.0.1:9/test")
CONFLICT = {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "…"}}
BUSY = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "rejected execution of primary operation"}}
BAD = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "failed to parse. Preview of field's value: '很秘密'"}}
GONE = {"status": 404, "error": {"type": "index_not_found_exception", "reason": "no such index"}}
FULL = {"status": 403, "error": {"type": "cluster_block_exception", "reason": "flood-stage watermark exceeded"}}
TAKEN = {"status": 201}


class Answering:
    """A client whose server answers for each id in turn."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def options(self, **_):
        return self

    def bulk(self, *, operations, **_):
        ids = [orjson.loads(line)["index"]["_id"] for line in operations[::2]]
        self.asked.append(ids)
        return {"items": [{"index": self.answers.get(each, []).pop(0) if self.answers.get(each) else TAKEN} for each in ids]}


def send(client, *ids):
    pauses = []
    outcome = Bulk(SERVER, client, pause=pauses.append).send("index", [Write(each, 1, {"id": each}) for each in ids])
    return outcome, pauses


def test_what_is_taken_superseded_and_refused_is_told_apart():
    client = Answering(b=[CONFLICT], c=[BAD])
    outcome, pauses = send(client, "a", "b", "c", "d")
    assert (outcome.taken, outcome.superseded, [write.posting_id for write, _ in outcome.refused]) == (2, 1, ["c"])
    assert outcome.refused[0][1] == "document_parsing_exception: failed to parse."
    assert client.asked == [["a", "b", "c", "d"], ["c"]], "what stands in the place of a refused one goes in by itself"
    assert pauses == []


def test_what_the_engine_is_too_busy_for_is_sent_again_alone_and_slower_each_time():
    client = Answering(b=[BUSY, BUSY], d=[BUSY])
    outcome, pauses = send(client, "a", "b", "c", "d")
    assert outcome.taken == 4
    assert client.asked == [["a", "b", "c", "d"], ["b", "d"], ["b"]]
    assert pauses == [0.1, 0.2]


def test_an_engine_that_stays_busy_is_a_fault_to_be_repeated_by_the_caller():
    with pytest.raises(IndexFault, match="too much to do: 1 documents") as refused:
        send(Answering(b=[BUSY] * 99), "a", "b")
    assert "secret-word" not in str(refused.value)


def test_an_index_that_was_taken_away_is_not_made_again():
    with pytest.raises(IndexGone):
        send(Answering(a=[GONE]), "a")


def test_a_full_disk_refuses_nobody_s_document():
    with pytest.raises(IndexFault, match="is its disk full"):
        send(Answering(a=[FULL]), "a")


def test_one_refused_even_as_a_tombstone_does_not_hold_up_the_others():
    outcome, _ = send(Answering(a=[BAD, BAD]), "a", "b")
    assert (outcome.taken, len(outcome.refused)) == (1, 1)


@pytest.mark.parametrize("wrong", ["elastic://", "elastics:///x", "http://here:9200", "elastic://h/UPPER", "elastic://h/-x"])
def test_an_address_that_cannot_be_read_says_how_it_should_be(wrong):
    with pytest.raises(IndexFault, match="search=elastic"):
        server_of(wrong)


def test_an_address_gives_nodes_user_prefix_and_options_come_first():
    server = server_of("elastics://u:p%40ss@a:1,b/there", {"shards": 3, "ca_certs": "/ca.pem"})
    assert (server.where, server.prefix, server.shards, server.replicas) == ("a:1,b:9200", "there", 3, 0)
    assert server.arguments["hosts"] == ["https://a:1", "https://b:9200"]
    assert server.arguments["basic_auth"] == ("u", "p@ss")
    assert server.arguments["ca_certs"] == "/ca.pem"
    assert "p@ss" not in repr(server)
    assert "basic_auth" not in server_of("elastic://u:p@a", {"api_key": "k"}).arguments
    assert server_of("elastic://a", {"prefix": "given"}).prefix == "given"
