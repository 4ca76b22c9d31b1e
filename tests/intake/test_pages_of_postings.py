"""Pages of all that is public: read by their ids, however much there is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infra.migrate import migrate
from streams.intake import queries
from streams.runtime.database import open_engine


@pytest.mark.parametrize("page", [queries.published, partial(queries.published_versions, start="p", limit=5)])
def test_a_page_is_read_by_its_ids_and_nothing_is_sorted(tmp_path: Path, page: Callable[..., Any]) -> None:
    """The other way is quadratic: a new index of 500,000 postings took an hour."""
    migrate(tmp_path / "g.sqlite")
    engine, seen = open_engine(tmp_path / "g.sqlite"), []
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.set_trace_callback(seen.append)
        page(connection)
        raw.set_trace_callback(None)
        asked = next(text for text in seen if text.startswith("SELECT"))
        steps = [str(row[3]) for row in raw.execute(f"EXPLAIN QUERY PLAN {asked}").fetchall()]
    engine.dispose()
    assert steps
    assert not any("TEMP B-TREE" in step for step in steps), steps
