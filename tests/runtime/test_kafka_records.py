"""What goes over Kafka says what the log says; topics have the policies of their kinds; a library's log is kept short."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.workers import Sparing
from streams.runtime.kafka import Brokers, record, row_of
from streams.runtime.kafka_topics import wanted
from streams.runtime.messages import MessageError, to_json
from streams.runtime.topology import topology

BROKERS = Brokers(("127.0.0.1:1",), prefix="x.", partitions=5, replication=3, min_in_sync=2)


def a_row(body: bytes, key: str = "k") -> dict[str, Any]:
    words = ("id", "topic", "type", "occurred_at", "recorded_at", "source", "trace_id")
    return {**dict.fromkeys(words, "w"), "key": key, "version": 2, "causation_id": None, "seq": 7, "body": body}


@given(st.text(), st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.lists(st.booleans())))
def test_a_row_comes_back_as_it_went(key: str, body: dict[str, Any]) -> None:
    try:
        text = to_json(body)
        to_json(key)
    except TypeError:  # half of a surrogate pair: no JSON can hold it, so no row does
        return
    row = a_row(text, key)
    sent_key, value = record(row)  # type: ignore[arg-type]
    assert sent_key == key.encode()
    assert row_of(value) == {**row, "seq": 7}


def test_a_damaged_body_is_left_out_so_that_the_rest_can_be_read() -> None:
    _, value = record(a_row(b"\xff half a body"))  # type: ignore[arg-type]
    assert row_of(value)["body"] is None
    assert row_of(value)["seq"] == 7


@pytest.mark.parametrize("value", [b"", b"\xff", b"[]", b"7", b"{}", b'{"seq": "7"}', b'{"seq": 7, "id": "a"}'])
def test_what_is_no_envelope_is_refused_in_words(value: bytes) -> None:
    with pytest.raises(MessageError, match="no relay of the exchange wrote this"):
        row_of(value)


def test_facts_are_kept_for_ever_what_follows_a_fortnight_and_newest_states_compacted() -> None:
    made = {one.name: one for one in wanted(topology(), BROKERS)}
    assert len(made) == len(topology().topics)
    for topic in topology().topics:
        config = made[f"x.{topic.name}"].config
        assert (made[f"x.{topic.name}"].partitions, made[f"x.{topic.name}"].replication) == (5, 3)
        assert config["min.insync.replicas"] == "2"
        if topic.kind == "latest":
            assert config["cleanup.policy"] == "compact"
        else:
            assert config["cleanup.policy"] == "delete"
            assert config["retention.ms"] == ("-1" if topic.kind == "fact" else str(14 * 86_400_000))


def test_a_library_that_repeats_itself_is_heard_once() -> None:
    sparing = Sparing(every=1e9)

    def said(name: str, words: str) -> bool:
        return sparing.filter(logging.LogRecord(name, logging.ERROR, "", 0, words, (), None))

    assert [said("aiokafka.conn", "gone") for _ in range(3)] == [True, False, False]
    assert said("aiokafka.conn", "back")
    assert [said("gongqiao.relay", "waits") for _ in range(3)] == [True, True, True]


def test_keys_that_are_numbers_lie_side_by_side_and_the_others_where_their_hash_sends_them() -> None:
    brokers = Brokers(("a:1",), partitions=4, numbered=frozenset({"shards"}))
    assert [brokers.partition("shards", str(number)) for number in range(6)] == [0, 1, 2, 3, 0, 1]
    assert brokers.partition("postings", "p-1") is None
