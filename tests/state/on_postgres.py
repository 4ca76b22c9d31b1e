"""A pytest plugin (``-p tests.state.on_postgres``): every exchange that a test opens over a SQLite file is opened over PostgreSQL instead.

The tests of subjects, API and pages say nothing of their database, so they are the suite of the state: what passes on SQLite must pass
here. One process, the embedded runner's loops, PostgreSQL's units of work, its outbox and a mover of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, func, select, text

import infra.composition
from infra.migrate import migrate
from infra.schema import metadata
from streams.runtime.database import EngineFault, is_engine_fault, open_engine, url_of
from streams.runtime.embedded import EmbeddedRunner
from streams.runtime.exchange import Exchange
from streams.runtime.log import Bell, Log
from streams.runtime.outbox import move_outbox
from streams.runtime.sealing import Vault
from streams.runtime.subjects import Topology
from streams.runtime.tables import outbox
from streams.runtime.topology import topology
from streams.runtime.units import Units
from tests.engines import drop_databases

_numbers = count(1)
_database_of: dict[Path, str] = {}
_template: list[str] = []
_stopped: dict[Path, str] = {}  # files whose exchange was stopped, and the test in which it was
_free: list[str] = []  # databases of tests that are over


def _server() -> str:
    return os.environ["STATE_TESTS_POSTGRES"]


def _beside(name: str) -> str:
    return url_of(_server()).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def _admin(*statements: str) -> None:
    engine = create_engine(url_of(_server()), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _name() -> str:
    return f"suite_{os.getpid()}_{next(_numbers)}"


def _test() -> str:
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]


def _emptied(name: str) -> str:
    """The database as if newly made. Making and dropping one for each test would take the server most of the time."""
    engine = create_engine(url_of(_beside(name)))
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(text(f'DELETE FROM "{table.name}"'))
        for sequence in connection.execute(text("SELECT sequencename FROM pg_sequences")).scalars().all():
            connection.execute(text(f"ALTER SEQUENCE {sequence} RESTART"))
    engine.dispose()
    return name


def database_of(file: Path) -> str:
    """The database in the place of this file; made, migrated, when the file is opened for the first time."""
    for other in [other for other, test in _stopped.items() if test != _test() and other != file]:
        del _stopped[other]
        _free.append(_database_of.pop(other))
    _stopped.pop(file, None)
    if not _template:
        _template.append(_name())
        _admin(f"CREATE DATABASE {_template[0]} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
        migrate(_beside(_template[0]))
    if file not in _database_of and _free:
        _database_of[file] = _emptied(_free.pop())
    if file not in _database_of:
        name = _name()
        _admin(f"CREATE DATABASE {name} TEMPLATE {_template[0]}")
        _database_of[file] = name
    return _beside(_database_of[file])


def name_of(file: Path) -> str:
    """The name of the database in the place of this file, for a process of its own to ``follow``."""
    return _database_of[file]


def follow(file: Path, name: str) -> None:
    """In a process that a test starts: this file is the database that the test opened in its place."""
    _template.append(name)  # nothing is made here
    _database_of[file] = name


class Runner(EmbeddedRunner):
    """The embedded loops over PostgreSQL, and the mover that brings them what was said."""

    def __init__(self, log: Log, writing: Any, readers: Any, units: Units, bell: Bell, settings: Any, *, now: Any = None):
        super().__init__(log, readers, units, bell, settings, now=now)  # type: ignore[arg-type]
        self._writing = writing
        self._going = threading.Event()
        self._mover = threading.Thread(target=self._move, name="mover", daemon=True)
        self._mover.start()

    def close(self) -> None:
        self._going.set()
        self._mover.join()

    def _move(self) -> None:
        while not self._going.is_set():
            try:
                with self._writing.begin() as connection:
                    types = set(connection.execute(select(outbox.c.type).distinct()).scalars())
                    moved = move_outbox(connection) if types else 0
                    end = self._log.end(connection) if moved else 0
            except Exception as error:
                if not is_engine_fault(error):
                    raise
                moved = 0
            if moved:
                self._bell.appended(types, end)
                self._bell.ring()
            else:
                self._going.wait(0.01)

    def got_past(self, connection: Connection, message_id: str, subject: str) -> bool:
        return bool(super().got_past(connection, message_id, subject))  # no place in the log yet is no reason not to wait

    def drain(self, timeout: float = 60.0) -> None:
        timeout = max(timeout, 600.0)  # anybody's write transaction on the same server holds up the mover
        while True:
            self._empty(timeout)
            super().drain(timeout)
            if self._left() == 0:
                return

    def _left(self) -> int:
        with self._readers.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(outbox)).scalar_one())

    def _empty(self, timeout: float) -> None:
        for _ in range(int(timeout * 50)):
            if self._left() == 0:
                return
            self._going.wait(0.02)
        raise EngineFault("the outbox is not moved: a transaction stays open on the server")


class _Both:
    """What a test stops: units and mover, and their connections."""

    def __init__(self, file: Path, units: Units, runner: Runner, engines: tuple[Any, ...]):
        self._file, self._units, self._runner, self._engines = file, units, runner, engines

    def __getattr__(self, name: str) -> Any:
        return getattr(self._units, name)

    def stop(self) -> None:
        self._units.stop()
        self._runner.close()
        for engine in self._engines:
            engine.dispose()
        _stopped[self._file] = _test()


def open_exchange(
    database: Path,
    key: bytes,
    subject_settings: dict[str, Any],
    *,
    flows: Topology | None = None,
    now: Callable[[], datetime] | None = None,
) -> tuple[Exchange, Any]:
    url = database_of(database)
    engine, readers = open_engine(url), open_engine(url, read_only=True)
    bell = Bell()
    units = Units(engine, bell)
    units.start()
    log = Log(flows or topology(), Vault(key))
    units.run(log.vault.adopt)
    runner = Runner(log, engine, readers, units, bell, subject_settings, now=now)
    return Exchange(log, readers, units, bell, runner, now=now), _Both(database, units, runner, (engine, readers))


@contextmanager
def exchange(settings: Any, *, run: bool = True, now: Callable[[], datetime] | None = None) -> Iterator[Exchange]:
    opened, writer = open_exchange(settings.database, settings.key(), settings.subjects(), now=now)
    try:
        if run:
            opened.runner.start()
        yield opened
    finally:
        if run:
            opened.runner.stop()
        writer.stop()


infra.composition.open_exchange = open_exchange  # type: ignore[assignment]
infra.composition.exchange = exchange


def pytest_sessionfinish(session: pytest.Session) -> None:
    drop_databases(_server(), *_database_of.values(), *_free, *_template)
