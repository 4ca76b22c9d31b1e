"""People in four shards get the recommendations that they get in one."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from infra.composition import open_exchange
from infra.sample import generate
from streams.delivery.tables import pairs as inbox
from streams.intake.gateway import delete_person, receive_employers, receive_people, receive_postings, withdraw_posting
from streams.matching.messages import PersonMatched, PostingMatched
from streams.matching.shards import PersonPlaced, PostingAnnounced, parts, shard_of, shard_people, sharded
from streams.runtime.messages import Envelope
from streams.runtime.tables import dead_letters, log
from streams.runtime.topology import topology

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def run(folder: Path, shards: int) -> dict[str, Any]:
    """A small market in phases, people and postings changing, leaving and being forgotten; what was matched, and the inboxes."""
    sample = generate(seed=3, postings=90, employers=25, people=160, today=date(2026, 11, 20))
    settings = {"person_pushes_a_day": 10_000, "posting_pushes_a_day": 10_000}
    flows = sharded(topology(), shards)
    opened, writer = open_exchange(folder / f"{shards}.sqlite", b"k" * 32, settings, flows=flows, now=lambda: NOW)
    opened.runner.start()
    named: dict[str, Any] = {"sender": "sample", "recorded_at": NOW}
    feed = {**named, "via": "feed", "verified": True, "ids_given": True}
    try:
        receive_employers(opened, sample.employers, verified=True, **named)
        receive_people(opened, sample.people[:120], **named)
        opened.runner.drain(120)
        receive_postings(opened, sample.postings, **feed)
        opened.runner.drain(120)
        receive_people(opened, sample.people[120:], **named)
        changed = copy.deepcopy(sample.people[:40])
        for number, person in enumerate(changed):
            person["desired"]["pay_min"] = person["desired"].get("pay_min", 3000) + 100
            if number % 5 == 0:
                person["consent"] = {"recommend": False}
        receive_people(opened, changed, **named)
        opened.runner.drain(120)
        for person in sample.people[50:60]:
            delete_person(opened, person["person_id"], sender="sample")
        opened.runner.drain(120)
        better = copy.deepcopy(sample.postings[:20])
        for posting in better:
            posting["headcount"] = posting.get("headcount", 1) + 2
        receive_postings(opened, better, **feed)
        withdraw_posting(opened, sample.postings[30]["posting_id"], "已招满", by="source", sender="sample")
        opened.runner.drain(120)
        with opened.reading() as connection:
            assert connection.execute(select(dead_letters)).all() == []
            found: dict[str, Any] = {"matched": {}, "announced": 0, "placed": 0}
            for row in connection.execute(select(log).order_by(log.c.seq)).mappings():
                if row["type"] in (PostingMatched.type, PersonMatched.type):
                    envelope = opened.log.decode(connection, row)
                    if isinstance(envelope, Envelope):
                        message: Any = envelope.message
                        # Revisions are places in the log, and with shards more is said.
                        body = {name: value for name, value in message.body().items() if name != "revision"}
                        found["matched"].setdefault((row["type"], row["key"]), []).append(body)
                found["announced"] += row["type"] == PostingAnnounced.type
                found["placed"] += row["type"] == PersonPlaced.type
            found["inbox"] = {row["match_id"]: dict(row) for row in connection.execute(select(inbox)).mappings()}
            found["parts"] = connection.execute(select(parts)).all()
            found["people"] = connection.execute(select(shard_people.c.person_id, shard_people.c.shard)).all()
        return found
    finally:
        opened.runner.stop()
        writer.stop()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("one"), 1)


@pytest.mark.parametrize("shards", [2, 4])
def test_recommendations_do_not_depend_on_the_number_of_shards(one: dict[str, Any], tmp_path: Path, shards: int) -> None:
    found = run(tmp_path, shards)
    assert len([key for key in one["matched"] if key[0] == PostingMatched.type]) > 60
    assert found["matched"].keys() == one["matched"].keys()
    for key, bodies in one["matched"].items():
        # The last word on each: a version that a newer one overtakes while its parts are on the way is not merged any more.
        assert found["matched"][key][-1] == bodies[-1], key
    assert found["inbox"] == one["inbox"]
    assert found["parts"] == [], "merged parts are not kept"
    announced = sum(len(bodies) for key, bodies in one["matched"].items() if key[0] == PostingMatched.type)
    assert found["announced"] == shards * announced, "a posting is announced once to each shard"
    assert {shard for _, shard in found["people"]} == {str(number) for number in range(shards)}
    assert all(shard == str(shard_of(person_id, shards)) for person_id, shard in found["people"])


def test_one_shard_is_the_topology_as_it_is() -> None:
    assert sharded(topology(), 1) == topology()


def test_nothing_loops_with_shards() -> None:
    assert sharded(topology(), 4).loops() == []
