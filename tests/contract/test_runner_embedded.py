"""The runner cases on the embedded runner, and what only it can promise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from infra.composition import open_exchange
from infra.migrate import migrate
from streams.runtime.database import open_engine
from streams.runtime.dead_letters import letters, retry
from streams.runtime.exchange import Said
from streams.runtime.rebuild import compare, rebuild_into
from streams.runtime.tables import log
from tests.contract.runner_subjects import Summed, Switch, make_tables, topology_for
from tests.contract.runner_suite import RunnerCases


class Embedded:
    def __init__(self, folder: Path):
        self.folder = folder
        self.switch = Switch()
        self._running = False
        self._open()

    def _open(self) -> None:
        self.exchange, self.writer = open_exchange(self.folder / "log.sqlite", b"k" * 32, {}, flows=topology_for(self.switch))
        self.exchange.write(make_tables)

    def append(self, *messages: Any, ids: list[str] | None = None) -> list[str]:
        given = ids or [None] * len(messages)
        return self.exchange.append([Said(message, id=id_) for message, id_ in zip(messages, given, strict=True)], source="test")

    def start(self) -> None:
        self.exchange.runner.start()
        self._running = True

    def stop(self) -> None:
        if self._running:
            self.exchange.runner.stop()
            self._running = False
        self.writer.stop()

    def crash(self) -> None:
        # Nothing of this process's memory is kept; a real SIGKILL is what tests/crash does.
        self.stop()
        self._open()

    def drain(self) -> None:
        self.exchange.runner.drain(240)

    def wait(self, condition: Any) -> None:
        deadline = time.monotonic() + 240
        while not condition():
            assert time.monotonic() < deadline, "waited for four minutes in vain"
            self.exchange.bell.wait(self.exchange.bell.count, 0.02)

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.exchange.reading() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def letters(self) -> list[Any]:
        with self.exchange.reading() as connection:
            return letters(connection)

    def retry(self, letter: Any) -> bool:
        return self.exchange.write(lambda connection: retry(connection, letter, now=self.exchange.now()))

    def faults(self) -> dict[str, str]:
        return self.exchange.runner.faults()

    def outputs(self) -> list[tuple[str, int]]:
        with self.exchange.reading() as connection:
            found = self.exchange.log.read(connection, [Summed.type], 0, 10_000)
        return [(envelope.message.name, envelope.message.total) for envelope in found]

    def rebuild_is_same(self, subject: str) -> bool:
        shadow_file = self.folder / f"shadow-{subject}.sqlite"
        migrate(shadow_file)
        engine = open_engine(shadow_file)
        found = self.exchange.log.topology.subject(subject)
        with self.exchange.reading() as live, engine.connect() as shadow, shadow.begin():
            make_tables(shadow)
            report = rebuild_into(shadow, live, self.exchange.log, found, {})
            compare(shadow, live, self.exchange.log, found, report)
        engine.dispose()
        return report.same


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Embedded]:
    made = Embedded(tmp_path)
    yield made
    made.switch.mended = True
    made.stop()


class TestEmbeddedRunner(RunnerCases):
    pass


def test_state_outputs_and_offset_commit_together(runner: Embedded) -> None:
    from tests.contract.runner_subjects import Added

    runner.append(Added(name="a", amount=1, how="fault"))
    runner.start()
    runner.wait(lambda: runner.faults() != {})
    with runner.exchange.reading() as connection:
        assert connection.execute(select(log.c.type)).scalars().all() == ["contract.added"]
