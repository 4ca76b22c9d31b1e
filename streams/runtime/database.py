"""Connections to the embedded database: one file, WAL, ``synchronous=FULL``, one writer, readers that only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

_ENGINE_CODES = tuple(f"SQLITE_{name}" for name in ("FULL", "IOERR", "BUSY", "LOCKED", "CANTOPEN", "READONLY", "NOMEM"))


class EngineFault(RuntimeError):
    """The engine, not the message, is at fault (disk full, locked, gone): waited for without end, never a dead letter."""


def is_engine_fault(error: BaseException) -> bool:
    """Whether an exception says something of the database rather than of the message being handled."""
    if isinstance(error, EngineFault):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, OperationalError):
        code = getattr(error.orig, "sqlite_errorname", "") or ""
        return code.startswith(
            ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_NOMEM")
        )
    return isinstance(error, OSError | MemoryError)


def plain_reason(error: BaseException) -> str:
    """An engine's fault in words an operator can act on."""
    if isinstance(error, EngineFault):
        return str(error)
    text = str(getattr(error, "orig", error)).lower()
    if "full" in text or "no space" in text:
        return "the disk is full: make space on the volume of the data directory; nothing is lost, work goes on by itself"
    if "readonly" in text or "read-only" in text:
        return "the database file cannot be written: check owner and rights of the data directory"
    return f"the database does not answer ({type(error).__name__})"


def _configure(connection: sqlite3.Connection, *, read_only: bool) -> None:
    connection.isolation_level = None  # transactions are begun by us, not guessed by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.execute("PRAGMA cache_size=-65536" if not read_only else "PRAGMA cache_size=-16384")
    cursor.execute("PRAGMA temp_store=MEMORY")
    if read_only:
        cursor.execute("PRAGMA query_only=1")
    else:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        # 64 MB of log before it is copied into the file: a page that changes with every posting is then copied once in a thousand postings.
        cursor.execute("PRAGMA wal_autocheckpoint=16000")
    cursor.close()


def open_engine(path: Path, *, read_only: bool = False) -> Engine:
    """An engine on the SQLite file. The writer's has one connection; readers' connections refuse to write."""
    if read_only:
        engine = create_engine(
            f"sqlite:///{path}", poolclass=QueuePool, pool_size=16, max_overflow=48, connect_args={"check_same_thread": False}
        )
    else:
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        _configure(connection, read_only=read_only)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """What is done inside is kept or undone as one, within the caller's transaction. Nests.

    Said to the driver itself: a message is a savepoint or two, and 2 us instead of 21 (through the toolkit) are worth it. One name for
    all: the innermost of a name is meant, in SQLite and in PostgreSQL, and a text that does not change is parsed once.
    """
    if not connection.in_transaction():
        connection.begin()
    _say(connection, "SAVEPOINT unit")
    try:
        yield
    except BaseException as error:
        try:
            _say(connection, "ROLLBACK TO SAVEPOINT unit")
            _say(connection, "RELEASE SAVEPOINT unit")
        except EngineFault:
            # A full disk makes SQLite undo the whole transaction by itself; there is no savepoint left to go back to.
            raise EngineFault(plain_reason(error)) from error
        raise
    _say(connection, "RELEASE SAVEPOINT unit")


def transaction_stands(connection: Connection) -> bool:
    """Whether the engine still has the transaction open: a full disk or a read error may have made it undo everything by itself."""
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))


def _say(connection: Connection, statement: str) -> None:
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    except Exception as error:
        raise EngineFault(plain_reason(error)) from error
    finally:
        cursor.close()
