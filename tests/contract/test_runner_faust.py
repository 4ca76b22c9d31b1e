"""The runner cases on Faust over a real broker and PostgreSQL, and what only it can promise."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from streams.runtime.database import open_engine
from streams.runtime.dead_letters import letters, retry
from streams.runtime.faust_runner import FaustWorker
from streams.runtime.group import GroupMember, unhandled
from streams.runtime.kafka import Brokers
from streams.runtime.locks import RELAY, lock_on
from streams.runtime.log import Log
from streams.runtime.messages import outermost
from streams.runtime.rebuild import compare, rebuild_into
from streams.runtime.relay import Relay, published
from streams.runtime.sealing import Vault
from streams.runtime.tables import outbox
from tests.cluster.fresh import fresh_database, fresh_topics
from tests.contract.runner_subjects import Summed, Switch, make_tables, topology_for
from tests.contract.runner_suite import RunnerCases
from tests.engines import require

pytestmark = [pytest.mark.engine, pytest.mark.timeout(180)]


class OnFaust:
    """Relay and a worker for each subject, in threads that share the switch; Faust, broker and database are real."""

    def __init__(self, state: str, brokers: Brokers):
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

    def start(self) -> None:
        self.relay = Relay(self.engine, self.brokers, lock_on(self.engine, RELAY))
        self.relay.start()
        for subject in self.topology.subjects:
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
        deadline = time.monotonic() + 90
        while not condition():
            assert time.monotonic() < deadline, f"waited for 90 s in vain: {self.faults()}"
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
        with fresh_database(require("postgres")) as shadow_url:
            shadows = open_engine(shadow_url)
            with self.readers.connect() as live, shadows.connect() as shadow, shadow.begin():
                make_tables(shadow)
                report = rebuild_into(shadow, live, self.log, found, {})
                compare(shadow, live, self.log, found, report)
            shadows.dispose()
        return report.same


@pytest.fixture
def runner() -> Iterator[OnFaust]:
    kafka, postgres = require("kafka"), require("postgres")
    with fresh_database(postgres) as state, fresh_topics(kafka, topology_for(Switch())) as brokers:
        made = OnFaust(state, brokers)
        try:
            yield made
        finally:
            made.close()


class TestFaustRunner(RunnerCases):
    pass
