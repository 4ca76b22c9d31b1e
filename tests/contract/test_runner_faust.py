"""The runner cases on Faust over a real broker and PostgreSQL, and what only it can promise."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import select

from infra.migrate import migrate
from streams.runtime.database import open_engine
from streams.runtime.dead_letters import letters, retry
from streams.runtime.faust_runner import FaustWorker
from streams.runtime.floor import unhandled
from streams.runtime.group import GroupMember
from streams.runtime.kafka import Brokers, record
from streams.runtime.kafka_lag import group_lags
from streams.runtime.locks import RELAY, lock_on
from streams.runtime.log import Log
from streams.runtime.messages import outermost
from streams.runtime.outbox import move_outbox
from streams.runtime.rebuild import compare, rebuild_into
from streams.runtime.relay import Relay, published
from streams.runtime.sealing import Vault
from streams.runtime.tables import log, offsets, outbox, upsert
from tests.cluster.fresh import fresh_database, fresh_topics
from tests.contract.runner_subjects import Added, Summed, Switch, echoes, make_tables, sums, topology_for
from tests.contract.runner_suite import RunnerCases
from tests.engines import require

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


class OnFaust:
    """Relay and a worker for each subject, in threads that share the switch; Faust, broker and database are real."""

    def __init__(self, folder: Path, state: str, brokers: Brokers):
        self.folder = folder
        self.switch = Switch()
        self.topology = topology_for(self.switch)
        self.state = state
        self.brokers = brokers
        self.engine = open_engine(state)
        self.readers = open_engine(state, read_only=True)
        self.log = Log(self.topology, Vault(b"k" * 32))
        self._running: list[tuple[FaustWorker, threading.Thread]] = []
        self.relay: Relay | None = None
        with self.engine.begin() as connection:
            make_tables(connection)

    @property
    def workers(self) -> list[FaustWorker]:
        return [worker for worker, _ in self._running]

    def append(self, *messages: Any, ids: list[str] | None = None) -> list[str]:
        given = ids or [str(uuid4()) for _ in messages]
        now = datetime.now(UTC)
        with self.engine.begin() as connection:
            self.log.append(
                connection, [outermost(m, recorded_at=now, source="test", id=id_) for m, id_ in zip(messages, given, strict=True)]
            )
        return given

    def start(self, workers: int = 1) -> None:
        self.relay = Relay(self.engine, self.brokers, lock_on(self.engine, RELAY))
        self.relay.start()
        for subject in [subject for subject in self.topology.subjects for _ in range(workers)]:
            member = GroupMember(subject, self.log, self.engine, self.readers, {})
            worker = FaustWorker(subject, self.topology, self.log, member, self.readers, self.brokers)
            thread = threading.Thread(target=worker.run, name=f"worker-{subject.name}")
            thread.start()
            self._running.append((worker, thread))

    def stop(self) -> None:
        if self.relay is not None:
            self.relay.stop()
            self.relay = None
        for worker, _ in self._running:
            worker.stop()
        for _, thread in self._running:
            thread.join()
        self._running = []

    def crash(self) -> None:
        # Nothing of these workers is kept; a real SIGKILL is what tests/cluster does.
        self.stop()

    def close(self) -> None:
        self.switch.mended = True
        self.stop()
        self.engine.dispose()
        self.readers.dispose()

    def drain(self) -> None:
        self.wait(self._idle)

    def _idle(self) -> bool:
        with self.readers.connect() as connection:
            if connection.execute(select(outbox.c.n).limit(1)).first() is not None:
                return False
            end = self.log.end(connection)
            return published(connection) >= end and all(unhandled(connection, self.log, s) == 0 for s in self.topology.subjects)

    def wait(self, condition: Any) -> None:
        deadline = time.monotonic() + 500
        while not condition():
            assert time.monotonic() < deadline, f"waited for 500 s in vain: {self.faults()}"
            time.sleep(0.05)

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.readers.connect() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def letters(self) -> list[Any]:
        with self.readers.connect() as connection:
            return letters(connection)

    def retry(self, letter: Any) -> bool:
        with self.engine.begin() as connection:
            return retry(connection, letter, now=datetime.now(UTC))

    def faults(self) -> dict[str, str]:
        return {worker.subject.name: worker.fault for worker in self.workers if worker.fault}

    def outputs(self) -> list[tuple[str, int]]:
        with self.readers.connect() as connection:
            found = self.log.read(connection, [Summed.type], 0, 10_000)
        return [(envelope.message.name, envelope.message.total) for envelope in found]  # type: ignore[union-attr]

    def rebuild_is_same(self, subject: str) -> bool:
        found = self.topology.subject(subject)
        GroupMember(found, self.log, self.engine, self.readers, {}).advance_floor()
        shadow_file = self.folder / f"shadow-{subject}.sqlite"  # beside the live tables, in a file of its own: the statements are the same
        migrate(shadow_file)
        shadows = open_engine(shadow_file)
        with self.readers.connect() as live, shadows.connect() as shadow, shadow.begin():
            make_tables(shadow)
            report = rebuild_into(shadow, live, self.log, found, {})
            compare(shadow, live, self.log, found, report)
        shadows.dispose()
        return report.same


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[OnFaust]:
    kafka, postgres = require("kafka"), require("postgres")
    with fresh_database(postgres) as state, fresh_topics(kafka, topology_for(Switch())) as brokers:
        made = OnFaust(tmp_path, state, brokers)
        try:
            yield made
        finally:
            made.close()


class TestFaustRunner(RunnerCases):
    pass


def test_what_is_delivered_three_times_takes_effect_once(runner: OnFaust) -> None:
    runner.append(*(Added(name=f"n{i % 3}", amount=1, how="pages" if i == 5 else "fine") for i in range(30)))
    runner.start()
    runner.drain()
    runner.stop()
    before = (runner.rows(sums), runner.rows(echoes), sorted(runner.outputs()))
    for _ in range(2):
        publish_again(runner)
    runner.append(Added(name="last", amount=1))
    runner.start()
    runner.drain()
    runner.wait(lambda: lag(runner) == {"contractsums": 0, "contractechoes": 0})
    assert sum(worker.member.again for worker in runner.workers) >= 2 * len(before[2]) + 2 * 30
    runner.stop()
    kept = [row for row in runner.rows(sums) if row["key"] != "last"], [row for row in runner.rows(echoes) if row["key"] != "last"]
    assert (*kept, [one for one in sorted(runner.outputs()) if one[0] != "last"]) == before


def test_two_workers_of_a_subject_share_the_work_and_know_what_the_other_did(runner: OnFaust) -> None:
    runner.start(workers=2)
    for start in range(0, 400, 40):
        runner.append(*(Added(name=f"n{i % 13}", amount=1) for i in range(start, start + 40)))
    runner.drain()
    assert sum(row["total"] for row in runner.rows(sums)) == 400
    assert all(row["history"].count(",") == row["total"] - 1 for row in runner.rows(sums))
    assert len(runner.outputs()) == 400
    assert sorted(total for name, total in runner.outputs() if name == "n0") == list(range(1, 32))


def test_a_record_that_nobody_here_wrote_becomes_a_dead_letter_and_the_rest_flows(runner: OnFaust) -> None:
    topic = runner.brokers.topic("contract.said")
    send(runner, [(topic, b"a", b"\xff not an envelope"), (topic, b"a", b"{}"), (topic, b"a", None)])
    runner.append(Added(name="a", amount=1))
    runner.start()
    runner.drain()
    runner.wait(lambda: len(runner.letters()) == 2)
    assert {letter.message_id.rsplit("/", 2)[0] for letter in runner.letters()} == {topic}
    assert not runner.retry(runner.letters()[0])
    assert [row["total"] for row in runner.rows(sums)] == [1]


def test_a_message_that_kafka_lost_is_taken_from_the_log(runner: OnFaust, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.runtime.faust_runner.OVERLOOKED_S", 1.0)
    runner.append(*(Added(name=f"n{i}", amount=i) for i in range(10)))
    with runner.engine.begin() as connection:
        move_outbox(connection)
    with runner.engine.begin() as connection:  # as if the relay had published them
        end = runner.log.end(connection)
        upsert(connection, offsets, {"subject": RELAY, "seq": end, "cursor": None, "page": 0})
    runner.start()
    runner.drain()
    assert len(runner.rows(sums)) == 10
    assert sum(worker.overlooked for worker in runner.workers) >= 10


def test_a_second_relay_stands_by_and_takes_over(runner: OnFaust) -> None:
    runner.start()
    second = Relay(runner.engine, runner.brokers, lock_on(runner.engine, RELAY))
    assert runner.relay is not None
    runner.wait(lambda: runner.relay is not None and runner.relay.holds)
    second.start()
    runner.append(Added(name="a", amount=1))
    runner.drain()
    assert not second.holds
    runner.relay.stop()
    runner.append(Added(name="a", amount=2))
    runner.drain()
    assert second.holds
    second.stop()


def send(runner: OnFaust, records: list[tuple[str, bytes, bytes | None]]) -> None:
    async def sending() -> None:
        producer = AIOKafkaProducer(**runner.brokers.client, acks="all")
        await producer.start()
        try:
            for topic, key, value in records:
                await producer.send_and_wait(topic, value, key)
        finally:
            await producer.stop()

    asyncio.run(sending())


def publish_again(runner: OnFaust) -> None:
    """Everything in the log once more, as a relay does that was killed before it wrote down how far it came."""
    with runner.readers.connect() as connection:
        rows = connection.execute(select(log).order_by(log.c.seq)).mappings().all()
    send(runner, [(runner.brokers.topic(row["topic"]), *record(row)) for row in rows])


def lag(runner: OnFaust) -> dict[str, int]:
    return asyncio.run(group_lags(runner.topology, runner.brokers))
