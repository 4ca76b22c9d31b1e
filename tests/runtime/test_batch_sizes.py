"""How many messages share a transaction is nobody's business: one at a time or many together, the same comes of the same log."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from infra.composition import open_exchange
from infra.sample import generate
from streams.hiring.messages import StepReported
from streams.intake.gateway import delete_person, receive_employers, receive_people, receive_postings, withdraw_posting
from streams.runtime.clock import ClockTick, tick_id
from streams.runtime.embedded import SubjectLoop
from streams.runtime.exchange import Exchange, Said
from streams.runtime.messages import Envelope
from streams.runtime.rebuild import subject_tables
from streams.runtime.subjects import Topology
from streams.runtime.tables import log
from streams.runtime.topology import SUBJECTS, TOPICS

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def flows(batch: int) -> Topology:
    return Topology(TOPICS, tuple(replace(subject, batch=batch) for subject in SUBJECTS))


def say_everything(opened: Exchange) -> None:
    """Sources that change their minds all the time: people and postings in turn, so that both are in one batch."""
    drawn = random.Random(5)
    sample = generate(seed=9, postings=60, employers=20, people=150, today=date(2026, 11, 20))
    receive_employers(opened, sample.employers, sender="s", verified=True, recorded_at=NOW)
    receive_people(opened, sample.people, sender="s", recorded_at=NOW)
    postings = copy.deepcopy(sample.postings)
    receive_postings(opened, postings, sender="s", via="feed", verified=True, ids_given=True, recorded_at=NOW)
    for number in range(80):
        person = copy.deepcopy(drawn.choice(sample.people))
        person["desired"]["pay_min"] = drawn.choice([1500, 9000])
        person["consent"] = {"recommend": drawn.random() < 0.8}
        posting = drawn.choice(postings)
        posting |= {"headcount": 1, "address": f"样例路{number}号"}
        receive_people(opened, [person], sender="s", recorded_at=NOW)
        receive_postings(opened, [posting], sender="s", via="feed", verified=True, ids_given=True, recorded_at=NOW)
    for posting in drawn.sample(sample.postings, 5):
        withdraw_posting(opened, posting["posting_id"], "已招满", by="source", sender="s")
    steps = [
        StepReported(person_id=person["person_id"], posting_id=posting["posting_id"], step="hired", on=NOW.date(), by="e")
        for person, posting in zip(drawn.sample(sample.people, 20), drawn.sample(sample.postings, 20), strict=True)
    ]
    opened.append([Said(step, recorded_at=NOW) for step in steps], source="s")
    for person in drawn.sample(sample.people, 5):
        delete_person(opened, person["person_id"], sender="s")
    opened.append([Said(ClockTick(instant=NOW), id=tick_id(NOW), recorded_at=NOW)], source="clock")


def work_off(opened: Exchange) -> None:
    """Every subject in turn, hiring first (what it says meets what matching says in either order, see tests/crash/child.py)."""
    loops = opened.runner.loops
    for loop in loops.values():
        load(loop, opened)
    while loops["hiring"].step():
        pass
    while any([loop.step() for loop in loops.values()]):
        pass


def load(loop: SubjectLoop, opened: Exchange) -> None:
    if loop.subject.memory is not None:
        loop.memory = loop.subject.memory({})
        with opened.reading() as connection:
            loop.memory.load(connection)


def contents(opened: Exchange) -> dict[str, Any]:
    with opened.reading() as connection:
        messages = {}
        for row in connection.execute(select(log)).mappings():
            envelope = opened.log.decode(connection, row)
            messages[row["id"]] = (row["type"], envelope.message.body() if isinstance(envelope, Envelope) else None)
        tables = {
            table.name: sorted(repr(sorted(row.items())) for row in connection.execute(select(table)).mappings())
            for name in opened.runner.loops
            for table in subject_tables(name)
        }
    return {"messages": messages, "tables": tables}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("said") / "said.sqlite"
    opened, writer = open_exchange(file, b"k" * 32, {}, now=lambda: NOW)
    say_everything(opened)
    opened.write(lambda connection: None)
    writer.stop()
    return file


def run(said: Path, folder: Path, batch: int) -> dict[str, Any]:
    file = folder / f"{batch}.sqlite"
    file.write_bytes(said.read_bytes())
    opened, writer = open_exchange(file, b"k" * 32, {}, flows=flows(batch), now=lambda: NOW)
    try:
        work_off(opened)
        return contents(opened)
    finally:
        writer.stop()


def test_one_at_a_time_and_many_together_give_the_same_messages_and_tables(said: Path, tmp_path: Path) -> None:
    one, many = (run(said, tmp_path, batch) for batch in (1, 100))
    assert sum(1 for type_, _ in one["messages"].values() if type_ == "posting.matched") > 100
    assert one["messages"].keys() == many["messages"].keys()
    assert {id_: it for id_, it in one["messages"].items() if many["messages"][id_] != it} == {}
    for name, rows in one["tables"].items():
        assert many["tables"][name] == rows, f"{name} differs"
