"""Rows of writers that are gone are swept away, those of writers that live are not, however long they were silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from infra.composition import open_shared
from streams.runtime.locks import ROTATION, lock_on
from streams.runtime.rotation import Rotation
from streams.runtime.sealing import HASH_KEY
from streams.runtime.tables import meta, upsert, writers
from streams.runtime.units import Session

pytestmark = pytest.mark.engine
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_rows_of_writers_that_are_gone_are_swept_away(database: str) -> None:
    now = [datetime(2026, 3, 2, tzinfo=UTC)]
    part = open_shared(database, b"k" * 32, now=lambda: now[0])
    lock = lock_on(part.engine, ROTATION)
    silent = Session(part.engine)
    silent.commit([lambda connection: None], "edge")
    with part.engine.begin() as connection:
        upsert(connection, writers, [{"writer": name, "n": 1, "at": LONG_AGO.isoformat()} for name in ("killed", "killed-too")])
        connection.execute(update(writers).values(at=LONG_AGO.isoformat()))
        upsert(connection, writers, {"writer": "just now", "n": 1, "at": (now[0] - timedelta(hours=1)).isoformat()})
    assert lock.try_acquire()
    assert Rotation(part.exchange).sweep() == 2
    with part.exchange.reading() as connection:
        left = set(connection.execute(select(writers.c.writer)).scalars())
    assert not left & {"killed", "killed-too"}
    assert "just now" in left
    assert silent.commit([lambda connection: connection.execute(select(meta.c.name)).scalars().all()], "edge")[0][0].value == [HASH_KEY]
    lock.release()
    silent.close()
    part.close()
