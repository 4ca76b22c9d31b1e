"""Puts the parts together for one process, from settings. The only place where engines are opened."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from infra.engines import check_engines, postgres_arguments
from infra.migrate import check_migrated, migrate
from infra.settings import Settings, SettingsError
from streams.matching.shards import placed_otherwise, sharded
from streams.runtime.database import is_postgres, open_engine
from streams.runtime.elsewhere import Elsewhere
from streams.runtime.embedded import EmbeddedRunner
from streams.runtime.exchange import Exchange
from streams.runtime.log import Bell, Log
from streams.runtime.sealing import Vault
from streams.runtime.subjects import Topology
from streams.runtime.topology import topology
from streams.runtime.units import Units
from streams.runtime.writer import Writer


def flows_of(settings: Settings) -> Topology:
    """The topology with people in as many shards as the settings say."""
    return sharded(topology(), settings.shards)


def _check_shards(opened: Exchange, settings: Settings) -> None:
    with opened.reading() as connection:
        if placed_otherwise(connection, settings.shards):
            raise SettingsError(
                f"GONGQIAO_SHARDS={settings.shards}, but people were received when it was another number, and lie where that one says: "
                "set it as it was; it is chosen before the first person is received"
            )


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
    writer.run(log.vault.adopt)
    runner = EmbeddedRunner(log, readers, writer, bell, subject_settings, now=now)
    return Exchange(log, readers, writer, bell, runner, now=now), writer


@dataclass(frozen=True)
class Shared:
    """One process's part of an exchange that many share over PostgreSQL. ``engine`` writes, ``readers`` only read."""

    exchange: Exchange
    units: Units
    engine: Engine
    readers: Engine

    def close(self) -> None:
        self.units.stop()
        self.engine.dispose()
        self.readers.dispose()


def open_shared(
    url: str,
    key: bytes,
    *,
    flows: Topology | None = None,
    now: Callable[[], datetime] | None = None,
    arguments: Mapping[str, Any] | None = None,
    connections: int = 8,
    migrating: bool = True,
) -> Shared:
    """An exchange over PostgreSQL: appends, reads and waits; handling is the workers' (``Elsewhere``).

    ``arguments``: of the driver (TLS). ``migrating`` False leaves the tables to a migration job and raises ``SchemaError`` where that
    has not run yet.
    """
    if migrating:
        migrate(url, arguments=arguments)
    else:
        check_migrated(url, arguments=arguments)
    engine = open_engine(url, arguments=arguments, connections=connections)
    readers = open_engine(url, read_only=True, arguments=arguments, connections=connections)
    bell = Bell()
    units = Units(engine, bell)
    units.start()
    log = Log(flows or topology(), Vault(key))
    units.run(log.vault.adopt)
    return Shared(Exchange(log, readers, units, bell, Elsewhere(log, readers), now=now), units, engine, readers)


def shared(settings: Settings, *, now: Callable[[], datetime] | None = None) -> Shared:
    """This process's part of the shared exchange that the settings name; migrates first. Raises ``SettingsError`` where they name none, or
    where production must not run with them."""
    settings.refuse_unsafe()
    check_engines(settings)
    if not settings.clustered:
        raise SettingsError("GONGQIAO_LOG and GONGQIAO_STATE name no shared exchange: kafka://… and postgresql://… are expected")
    part = open_shared(
        settings.state_url,
        settings.key(),
        flows=flows_of(settings),
        now=now,
        arguments=postgres_arguments(settings),
        connections=settings.postgres_pool,
        migrating=settings.migrate_at_start,
    )
    try:
        _check_shards(part.exchange, settings)
    except BaseException:
        part.close()
        raise
    return part


@contextmanager
def exchange(settings: Settings, *, run: bool = True, now: Callable[[], datetime] | None = None) -> Iterator[Exchange]:
    """The exchange that the settings name, for as long as the block lasts.

    Embedded: of this data directory; ``run`` starts its subjects. Shared: this process appends and reads, workers handle.
    """
    if settings.clustered or is_postgres(settings.state_url):
        part = shared(settings, now=now)
        try:
            yield part.exchange
        finally:
            part.close()
        return
    settings.refuse_unsafe()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    opened, writer = open_exchange(settings.database, settings.key(), settings.subjects(), flows=flows_of(settings), now=now)
    try:
        _check_shards(opened, settings)
        if run:
            # A posting is thousands of short-lived objects and next to no cycles: looking for those every 700 took 3 % of its time.
            gc.set_threshold(10_000, 20, 50)
            opened.runner.start()
        try:
            yield opened
        finally:
            if run:
                opened.runner.stop()
    finally:
        writer.stop()
        opened.close()
