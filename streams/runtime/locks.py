"""One at a time: relay, tick, rotation. In one process they are trivially held; in the cluster by a PostgreSQL advisory lock."""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import Protocol

from sqlalchemy import Connection, Engine, text

from streams.runtime.database import is_engine_fault, is_postgres

RELAY, TICK, ROTATION = "relay", "tick", "rotation"
_OURS = 0x676F6E67  # first half of every key: other programs on the same database have their own
_logger = logging.getLogger("gongqiao.locks")


def lock_number(name: str) -> int:
    """The second half of the advisory key of a name: 32 bits, signed. Two names may share one by chance; they then wait for each other."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)


_HOLD = text("SELECT pg_advisory_xact_lock(:ours, :number)")


def hold_in_transaction(connection: Connection, name: str) -> None:
    """Wait for the lock of this name and keep it until the caller's transaction ends. Nothing on SQLite, which has one writer anyway.

    Taken before the transaction's first write, it makes the numbers of the transactions grow in the order in which they had the lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD, {"ours": _OURS, "number": lock_number(name)})


class Lock(Protocol):
    """Held by one process at a time. ``try_acquire`` before each piece of work: cheap while it is held, and it says when it was lost."""

    name: str

    def try_acquire(self) -> bool:
        """Whether it is ours now: takes it if nobody has it."""

    def alive(self) -> bool:
        """Whether it is (still) ours; never takes it."""

    def release(self) -> None:
        """Let another one have it."""


class InProcess:
    """The lock of an exchange that is one process: always held."""

    def __init__(self, name: str):
        self.name = name

    def try_acquire(self) -> bool:
        return True

    def alive(self) -> bool:
        return True

    def release(self) -> None:
        return None


class Advisory:
    """A session-level advisory lock on a connection of its own.

    The server lets go of it when that connection ends: at once when the process is killed, within about ten seconds when the machine or
    the network vanishes (TCP keep-alive on both sides). ``alive`` asks the server over that very connection, so a holder that was cut off
    learns of it before its next piece of work. What a holder does must bear a second one for a moment all the same: the mover has a lock
    inside its transaction, a tick's id comes from its instant.
    Needs a connection to the server itself: behind a pooler that shares sessions between clients (pgbouncer in transaction mode) such
    a lock is nobody's.
    """

    def __init__(self, engine: Engine, name: str):
        self.name = name
        self._number = lock_number(name)
        self._engine = engine
        self._connection: Connection | None = None
        self._mutex = threading.Lock()

    def try_acquire(self) -> bool:
        with self._mutex:
            if self._connection is not None and self._asks(self._connection):
                return True
            self._drop()
            try:
                connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            except Exception as error:
                if not is_engine_fault(error):
                    raise
                return False
            try:
                mine = bool(connection.execute(text("SELECT pg_try_advisory_lock(:o, :n)"), {"o": _OURS, "n": self._number}).scalar())
            except Exception as error:
                connection.invalidate()
                connection.close()
                if not is_engine_fault(error):
                    raise
                return False
            if not mine:
                connection.close()
                return False
            self._connection = connection
            _logger.info("lock taken", extra={"lock": self.name})
            return True

    def alive(self) -> bool:
        with self._mutex:
            return self._connection is not None and self._asks(self._connection)

    def release(self) -> None:
        with self._mutex:
            self._drop()

    def _asks(self, connection: Connection) -> bool:
        """Whether the session that has the lock is still there."""
        try:
            connection.execute(text("SELECT 1"))
            return True
        except Exception as error:
            _logger.warning("lock lost", extra={"lock": self.name, "reason": type(error).__name__})
            return False

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.invalidate()  # the session ends, and the lock with it
            connection.close()
        except Exception as error:
            _logger.debug("closing a lock's connection failed", extra={"reason": type(error).__name__})


def lock_on(engine: Engine, name: str) -> Lock:
    """The lock of this name for whoever shares this database. Each object is a holder of its own."""
    if not is_postgres(engine):
        return InProcess(name)
    return Advisory(engine, name)
