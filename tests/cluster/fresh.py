"""A database and topics of one's own on the engines that everybody shares."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from infra.migrate import migrate
from streams.runtime.database import url_of
from streams.runtime.kafka import Brokers
from streams.runtime.kafka_topics import create_topics, wanted
from streams.runtime.subjects import Topology
from tests.engines import drop_databases


@contextmanager
def fresh_database(url: str, *, migrated: bool = True) -> Iterator[str]:
    """The URL of an empty database with the exchange's tables; dropped afterwards, whoever is still connected."""
    name = f"test_{token_hex(6)}"
    server = create_engine(url_of(url), isolation_level="AUTOCOMMIT", poolclass=NullPool)  # the server may be restarted meanwhile
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"))
    made = url_of(url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    try:
        if migrated:
            migrate(made)
        yield made
    finally:
        server.dispose()
        drop_databases(url, name)


def servers_of(url: str) -> tuple[str, ...]:
    return tuple(url.removeprefix("kafka://").split(","))


@contextmanager
def fresh_topics(url: str, topology: Topology, *, partitions: int = 4) -> Iterator[Brokers]:
    """Brokers with the topology's topics under a prefix that nobody else has; deleted afterwards."""
    brokers = Brokers(servers_of(url), prefix=f"test-{token_hex(6)}.", partitions=partitions)
    asyncio.run(create_topics(topology, brokers))
    try:
        yield brokers
    finally:
        asyncio.run(_delete(topology, brokers))


async def _delete(topology: Topology, brokers: Brokers) -> None:
    admin = AIOKafkaAdminClient(**brokers.client)
    await admin.start()
    try:
        await admin.delete_topics([one.name for one in wanted(topology, brokers)])
    finally:
        await admin.close()
