"""On SQLite who follows sees what the one writer has committed, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from infra.migrate import migrate
from streams.matching.tables import people
from streams.runtime.clock import ClockTick
from streams.runtime.database import open_engine
from streams.runtime.follower import follow, mark
from streams.runtime.log import Log
from streams.runtime.messages import outermost
from streams.runtime.sealing import Vault
from streams.runtime.tables import log
from streams.runtime.topology import topology

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def say(connection: Connection, name: str) -> None:
    envelope = outermost(ClockTick(instant=NOW), recorded_at=NOW, source="test", id=name)
    Log(topology(), Vault(b"k" * 32)).append(connection, [envelope])


def test_on_sqlite_a_follower_sees_committed_rows_only(tmp_path: Path) -> None:
    file = tmp_path / "g.sqlite"
    migrate(file)
    engine, readers = open_engine(file), open_engine(file, read_only=True)
    with engine.connect() as writing:
        writing.begin()
        say(writing, "a")
        with readers.connect() as connection:
            assert follow(connection, log, 0).rows == []
        writing.commit()
    with readers.connect() as connection:
        page = follow(connection, log, 0)
        assert [row["id"] for row in page.rows] == ["a"]
        assert follow(connection, log, page.since).rows == []
        assert mark(connection) == page.since
        with pytest.raises(LookupError, match="not followed"):
            follow(connection, people, 0)
