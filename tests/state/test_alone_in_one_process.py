"""Embedded, one process is all there is: its locks are held without asking anybody."""

from __future__ import annotations

from pathlib import Path

from streams.runtime.database import open_engine
from streams.runtime.locks import RELAY, hold_in_transaction, lock_on


def test_in_one_process_every_lock_is_held(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "g.sqlite")
    lock = lock_on(engine, RELAY)
    assert lock.try_acquire()
    assert lock.alive()
    lock.release()
    assert lock.try_acquire()
    with engine.begin() as connection:
        hold_in_transaction(connection, "edge")
