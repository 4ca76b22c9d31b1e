"""Puts the parts together for one process, from settings. The only place where engines are opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.migrate import migrate
from infra.settings import Settings
from streams.runtime.database import open_engine
from streams.runtime.embedded import EmbeddedRunner
from streams.runtime.exchange import Exchange
from streams.runtime.log import Bell, Log
from streams.runtime.sealing import Vault
from streams.runtime.subjects import Topology
from streams.runtime.topology import topology
from streams.runtime.writer import Writer


def open_exchange(
    database: Path,
    key: bytes,
    subject_settings: dict[str, Any],
    *,
    flows: Topology | None = None,
    now: Callable[[], datetime] | None = None,
) -> tuple[Exchange, Writer]:
    """An exchange over the SQLite file, migrated, its writer running and its subjects not yet started."""
    migrate(database)
    bell = Bell()
    writer = Writer(open_engine(database), bell)
    writer.start()
    readers = open_engine(database, read_only=True)
    log = Log(flows or topology(), Vault(key))
    runner = EmbeddedRunner(log, readers, writer, bell, subject_settings, now=now)
    return Exchange(log, readers, writer, bell, runner, now=now), writer


@contextmanager
def exchange(settings: Settings, *, run: bool = True, now: Callable[[], datetime] | None = None) -> Iterator[Exchange]:
    """The embedded exchange of this data directory, for as long as the block lasts; ``run`` starts its subjects."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    opened, writer = open_exchange(settings.database, settings.key(), settings.subjects(), now=now)
    try:
        if run:
            opened.runner.start()
        yield opened
    finally:
        if run:
            opened.runner.stop()
        writer.stop()
