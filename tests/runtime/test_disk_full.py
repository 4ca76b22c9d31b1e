"""A full disk is a clear error; nothing is corrupt; work goes on by itself when there is space."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from streams.runtime.database import EngineFault
from tests.contract.runner_subjects import Added, sums
from tests.contract.test_runner_embedded import Embedded


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Embedded]:
    made = Embedded(tmp_path)
    yield made
    made.stop()


def limit_pages(runner: Embedded, pages: int) -> None:
    """SQLite's own limit gives its own SQLITE_FULL, as a full volume does."""
    runner.exchange.write(lambda connection: connection.execute(text(f"PRAGMA max_page_count={pages}")).scalar())


def fill(runner: Embedded) -> None:
    for _ in range(200):
        runner.append(*(Added(name="n" * 200, amount=i) for i in range(50)))


def used_pages(runner: Embedded) -> int:
    return int(runner.exchange.write(lambda connection: connection.execute(text("PRAGMA page_count")).scalar()))


def test_an_append_on_a_full_disk_says_what_to_do_and_leaves_nothing_half_done(runner: Embedded) -> None:
    runner.append(Added(name="a", amount=1))
    limit_pages(runner, used_pages(runner) + 2)
    with pytest.raises(EngineFault, match="make space"):
        fill(runner)
    with closing(sqlite3.connect(runner.folder / "log.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM log").fetchone()[0] % 50 == 1


def test_subjects_wait_on_a_full_disk_and_go_on_when_there_is_space(runner: Embedded) -> None:
    runner.append(*(Added(name=f"n{i}" + "x" * 500, amount=i) for i in range(400)))
    limit_pages(runner, used_pages(runner) + 2)
    runner.start()
    runner.wait(lambda: any("disk is full" in fault for fault in runner.faults().values()))
    assert runner.letters() == []
    # The faulty connection was thrown away, and the limit with it: as if space had been made.
    runner.drain()
    assert len(runner.rows(sums)) == 400
    assert runner.faults() == {}
