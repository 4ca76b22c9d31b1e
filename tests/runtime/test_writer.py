"""The one writer: what shares a commit, what is undone alone, what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select

from infra.migrate import migrate
from streams.runtime.database import EngineFault, open_engine
from streams.runtime.jobs import Jobs, WriterStopped
from streams.runtime.log import Bell
from streams.runtime.tables import meta
from streams.runtime.writer import Writer


class Bench:
    """A writer that is made to wait, so that what is submitted meanwhile shares its next commit."""

    def __init__(self, folder: Path):
        migrate(folder / "w.sqlite")
        self.engine: Engine = open_engine(folder / "w.sqlite")
        self.readers = open_engine(folder / "w.sqlite", read_only=True)
        self.commits = 0
        event.listen(self.engine, "commit", self._committed)
        self.writer = Writer(self.engine, Bell(), window=60, together=60)
        self.writer.start()

    def _committed(self, connection: Any) -> None:
        self.commits += 1

    def together(self, *jobs: Callable[[Connection], Any]) -> list[Future[Any]]:
        """Submit all of them while the first job of the group is still running."""
        started, go = threading.Event(), threading.Event()

        def first(connection: Connection) -> None:
            started.set()
            assert go.wait(240)

        self.writer.submit(first)
        assert started.wait(240)
        futures = [self.writer.submit(job) for job in jobs]
        go.set()
        return futures

    def names(self) -> set[str]:
        with self.readers.connect() as connection:
            return set(connection.execute(select(meta.c.name).where(meta.c.name.like("test-%"))).scalars())


def put(name: str) -> Callable[[Connection], str]:
    def job(connection: Connection) -> str:
        connection.execute(meta.insert().values(name=f"test-{name}", value="1"))
        return name

    return job


def put_and(name: str, error: Exception) -> Callable[[Connection], None]:
    def job(connection: Connection) -> None:
        put(name)(connection)
        raise error

    return job


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.writer.stop()


def test_what_waits_together_is_committed_together(bench: Bench) -> None:
    futures = bench.together(*(put(str(n)) for n in range(20)))
    assert [future.result(30) for future in futures] == [str(n) for n in range(20)]
    assert bench.commits == 1


def test_a_job_is_durable_when_it_answers(bench: Bench) -> None:
    bench.writer.run(put("a"))
    assert bench.names() == {"test-a"}


def test_a_job_that_raises_leaves_nothing_and_touches_no_other(bench: Bench) -> None:
    before, broken, after = bench.together(put("before"), put_and("broken", ValueError("no")), put("after"))
    assert (before.result(30), after.result(30)) == ("before", "after")
    with pytest.raises(ValueError, match="no"):
        broken.result(30)
    assert bench.names() == {"test-before", "test-after"}
    assert bench.commits == 1


@pytest.mark.parametrize("error", [EngineFault("gone"), FileNotFoundError("a file of its own")])
def test_a_fault_that_leaves_the_transaction_standing_is_its_jobs_alone(bench: Bench, error: Exception) -> None:
    before, broken, after = bench.together(put("before"), put_and("broken", error), put("after"))
    assert (before.result(30), after.result(30)) == ("before", "after")
    with pytest.raises(type(error)):
        broken.result(30)
    assert bench.names() == {"test-before", "test-after"}


def test_a_commit_that_fails_fails_the_whole_group_and_the_next_one_goes_on(bench: Bench) -> None:
    broken = [True]

    def refuse(connection: Any) -> None:
        if broken.pop() if broken else False:
            raise OSError("no space left on device")

    event.listen(bench.engine, "commit", refuse)
    futures = bench.together(put("a"), put("b"))
    for future in futures:
        with pytest.raises(EngineFault, match="make space"):
            future.result(30)
    assert bench.names() == set()
    assert bench.writer.fault is not None
    bench.writer.run(put("c"))
    assert bench.names() == {"test-c"}
    assert bench.writer.fault is None


def test_a_transaction_the_engine_gave_up_fails_the_whole_group(bench: Bench) -> None:
    def undone_by_the_engine(connection: Connection) -> None:
        connection.connection.cursor().execute("ROLLBACK")
        raise EngineFault("given up")

    before, broken = bench.together(put("before"), undone_by_the_engine)
    for future in (before, broken):
        with pytest.raises(EngineFault):
            future.result(30)
    assert bench.names() == set()
    bench.writer.run(put("next"))
    assert bench.names() == {"test-next"}


def test_stop_finishes_what_was_submitted_and_refuses_what_comes_later(bench: Bench) -> None:
    futures = [bench.writer.submit(put(str(n))) for n in range(5)]
    bench.writer.stop()
    assert [future.result(0) for future in futures] == [str(n) for n in range(5)]
    with pytest.raises(WriterStopped):
        bench.writer.run(put("late"))
    assert len(bench.names()) == 5


@pytest.mark.timeout(60)
def test_a_window_that_is_over_before_it_is_waited_for_holds_nobody_up() -> None:
    # The standard library's SimpleQueue waits without end where its timeout has run out by the time it looks; an exchange stood by that.
    jobs = Jobs()
    for _ in range(20_000):
        jobs.submit(put("x"))
        assert jobs._next() is not None
        with pytest.raises(Empty):
            jobs._next(1e-6)
