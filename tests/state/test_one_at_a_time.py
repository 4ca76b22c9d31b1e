"""One relay, one tick, one rotation: whoever holds it is alone, and when the holder is gone another takes over."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from streams.runtime.clock import TAKE_OVER_S
from streams.runtime.database import open_engine
from streams.runtime.locks import RELAY, ROTATION, TICK, Lock, lock_on
from tests.state.between import Between

pytestmark = pytest.mark.engine
HOLDER = Path(__file__).with_name("holder.py")


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = open_engine(database)
    yield made
    made.dispose()


@pytest.fixture
def holding(database: str) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts processes that hold a lock."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str) -> subprocess.Popen[str]:
        root = Path(__file__).parents[2]
        process = subprocess.Popen(
            [sys.executable, str(HOLDER), database, name], stdout=subprocess.PIPE, text=True, cwd=root, env={"PYTHONPATH": str(root)}
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def take_over(lock: Lock, within_s: float = 120) -> None:
    """Try until it is ours: on a machine that is not overloaded a matter of milliseconds."""
    began = time.monotonic()
    while not lock.try_acquire():
        assert time.monotonic() - began < within_s, "nobody could take over"
        time.sleep(0.05)


@pytest.mark.parametrize("name", [RELAY, TICK, ROTATION])
def test_a_holder_that_is_killed_is_followed_by_another(engine: Engine, holding: Callable[[str], subprocess.Popen[str]], name: str) -> None:
    process = holding(name)
    lock = lock_on(engine, name)
    assert not lock.try_acquire(), "two hold it"
    process.kill()
    take_over(lock, within_s=10)  # what is promised of the relay, the clock and the rotation
    assert lock.alive()
    lock.release()


def test_whoever_stands_by_asks_often_enough_for_ten_seconds() -> None:
    """The server lets go of a killed holder's lock at once, of a vanished machine's after 7 s; then it is the next one's."""
    assert TAKE_OVER_S <= 3


def test_locks_of_different_names_do_not_meet(engine: Engine) -> None:
    locks = [lock_on(engine, name) for name in (RELAY, TICK, ROTATION)]
    assert all(lock.try_acquire() for lock in locks)
    others = [lock_on(engine, name) for name in (RELAY, TICK, ROTATION)]
    assert not any(lock.try_acquire() for lock in others)
    assert all(lock.try_acquire() for lock in locks), "asked again, it is still theirs"
    locks[1].release()
    assert [lock.try_acquire() for lock in others] == [False, True, False]
    assert not locks[1].alive()
    for lock in (*locks, *others):
        lock.release()


def test_a_holder_whose_session_is_ended_knows_that_it_lost_the_lock(engine: Engine) -> None:
    lock, other = lock_on(engine, TICK), lock_on(engine, TICK)
    assert lock.try_acquire()
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
                "WHERE locktype = 'advisory' AND datname = current_database()"
            )
        )
    take_over(other)
    assert not lock.alive()
    assert not lock.try_acquire()
    other.release()
    assert lock.try_acquire()
    lock.release()


def test_a_holder_that_is_cut_off_from_the_server_knows_it_and_another_takes_over(engine: Engine, database: str) -> None:
    between = Between(database)
    far = open_engine(between.url)
    lock, other = lock_on(far, RELAY), lock_on(engine, RELAY)
    assert lock.try_acquire()
    between.close()
    assert not lock.alive()
    assert not lock.try_acquire(), "a server out of reach gives no lock, and is no error of who asks"
    take_over(other)
    other.release()
    far.dispose()
