"""Connections to the state: SQLite (one file, WAL, ``synchronous=FULL``, one writer, readers that only read) or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

Where = Path | str  # a SQLite file, or a URL: sqlite:///… or postgresql://…

_SQLITE_CODES = tuple(f"SQLITE_{name}" for name in ("FULL", "IOERR", "BUSY", "LOCKED", "CANTOPEN", "READONLY", "NOMEM"))
# By SQLSTATE, its beginning: connection, no resources, operator's intervention, input and output, serialization and deadlock, lock not
# had in time, a server that only reads (a standby), a session ended for idling in a transaction, damaged pages.
_SQLSTATES = ("08", "53", "57", "58", "40", "55P03", "25006", "25P03", "XX001", "XX002")
_POSTGRES_WORDS = (
    ("53100", "the disk of the database server is full: make space there; nothing is lost, work goes on by itself"),
    ("53300", "the database server has no connection left: raise max_connections, or run fewer processes"),
    ("53", "the database server has run out of memory or another resource"),
    ("57P", "the database server is stopping or starting; work goes on by itself when it is up"),
    ("25006", "the database server only reads (a standby?): name the primary in the URL"),
    ("40", "two transactions were in each other's way; it is done again by itself"),
    ("55P03", "a lock was not had in time: another process holds it too long"),
    ("58", "the database server cannot read or write its files: look at its log"),
    ("XX", "the database server reports damaged data: look at its log"),
)
_CONNECT_WORDS = (
    ("password authentication failed", "the database refuses user or password: check the URL of the state"),
    ("does not exist", "there is no such database or user on the server: check the URL of the state, or make it"),
    ("no pg_hba.conf entry", "the database server does not let this machine or user in: check its pg_hba.conf, and TLS in the URL"),
    ("certificate", "the certificate of the database server is not accepted: check sslmode and sslrootcert in the URL"),
)


class EngineFault(RuntimeError):
    """The engine, not the message, is at fault (disk full, locked, gone): waited for without end, never a dead letter."""


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of PostgreSQL's answer; empty where there is none."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def is_engine_fault(error: BaseException) -> bool:
    """Whether an exception says something of the database rather than of the message being handled."""
    if isinstance(error, EngineFault | PoolTimeout):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, OperationalError):
        code = getattr(error.orig, "sqlite_errorname", None)
        if code is not None:
            return bool(code.startswith(_SQLITE_CODES))
    if is_postgres_error(error):
        state = sqlstate(error)
        if not state:  # never reached the server, or lost it
            return type(getattr(error, "orig", error)).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout")
        return state.startswith(_SQLSTATES) or (state == "0A000" and "cached plan" in str(error))  # the tables were migrated meanwhile
    return isinstance(error, OSError | MemoryError)


def is_postgres_error(error: BaseException) -> bool:
    """Whether it was PostgreSQL's driver that raised, wrapped by the toolkit or not."""
    return type(getattr(error, "orig", error)).__module__.startswith("psycopg")


def plain_reason(error: BaseException) -> str:
    """An engine's fault in words an operator can act on."""
    if isinstance(error, EngineFault):
        return str(error)
    text = str(getattr(error, "orig", error)).lower()
    if is_postgres_error(error):
        state = sqlstate(error)
        found = next((words for beginning, words in _POSTGRES_WORDS if state.startswith(beginning)), None) if state else None
        found = found or next((words for part, words in _CONNECT_WORDS if part in text and not state), None)
        return found or f"the database does not answer ({type(getattr(error, 'orig', error)).__name__}{f' {state}' if state else ''})"
    if isinstance(error, PoolTimeout):
        return "all connections to the database are in use: fewer requests at a time, or more processes"
    if "is full" in text or "no space" in text:
        return "the disk is full: make space on the volume of the data directory; nothing is lost, work goes on by itself"
    if "readonly" in text or "read-only" in text:
        return "the database file cannot be written: check owner and rights of the data directory"
    return f"the database does not answer ({type(error).__name__})"


def url_of(where: Where) -> URL:
    """The toolkit's URL of a file or of what settings say (``sqlite:///…``, ``postgresql://…``); raises ``ValueError`` for another kind."""
    if isinstance(where, Path):
        return URL.create("sqlite", database=str(where))
    url = make_url(where)
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database:
        return url
    raise ValueError(f"state: sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE expected, not {url.drivername}://")


def is_postgres(where: Where | Engine | Connection) -> bool:
    """Whether this names, or is connected to, PostgreSQL."""
    if isinstance(where, Engine | Connection):
        return where.dialect.name == "postgresql"
    return url_of(where).get_backend_name() == "postgresql"


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


# ``hide_parameters`` everywhere: what a statement was given could be somebody's name, and errors are logged.
# Statements kept compiled by the driver: seven sizes of each insert and each list.
_SQLITE = {"check_same_thread": False, "cached_statements": 512}


def open_engine(where: Where, *, read_only: bool = False, arguments: Mapping[str, Any] | None = None, connections: int = 8) -> Engine:
    """An engine on a SQLite file or a PostgreSQL URL.

    SQLite: the writer's has one connection. Both: readers' connections refuse to write, and see one state from their first look on.
    PostgreSQL: ``arguments`` of the driver (TLS), and how many connections are kept open at most.
    """
    url = url_of(where)
    if url.get_backend_name() == "postgresql":
        return _open_postgres(url, read_only=read_only, arguments=arguments or {}, connections=connections)
    if read_only:
        engine = create_engine(url, poolclass=QueuePool, pool_size=16, max_overflow=48, connect_args=_SQLITE, hide_parameters=True)
    else:
        engine = create_engine(url, poolclass=NullPool, connect_args=_SQLITE, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        _configure(connection, read_only=read_only)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def driver_arguments(url: URL, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the driver is told beside the URL; what the URL says itself (``?sslmode=…``) holds."""
    return {name: value for name, value in arguments.items() if name not in url.query}


# A machine that vanishes without a word is noticed within seconds, on either side.
_KEEPALIVE = {"keepalives_idle": 3, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 10_000}
_SERVER_KEEPALIVE = "; ".join(
    ("SET tcp_keepalives_idle = 3", "SET tcp_keepalives_interval = 2", "SET tcp_keepalives_count = 2", "SET tcp_user_timeout = 10000")
)


def _open_postgres(url: URL, *, read_only: bool, arguments: Mapping[str, Any], connections: int) -> Engine:
    given = {"connect_timeout": 5, "application_name": "gongqiao", **_KEEPALIVE}
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=3 * connections,
        pool_timeout=10,
        pool_pre_ping=read_only,  # who writes notices a lost connection itself and does its work again
        pool_use_lifo=True,
        connect_args=driver_arguments(url, given | dict(arguments)),
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(_SERVER_KEEPALIVE)
            cursor.execute("SET TimeZone = 'UTC'")
            if not read_only:
                cursor.execute("SET lock_timeout = '30s'")
                # A process that was halted in mid-transaction must not hold everybody up.
                cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
        connection.autocommit = False
        if read_only:
            from psycopg import IsolationLevel

            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True

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
    if connection.closed or connection.invalidated:
        return False
    driver = connection.connection.dbapi_connection
    if connection.dialect.name == "postgresql":
        return bool(driver is not None and driver.info.transaction_status == _IN_TRANSACTION)
    return bool(getattr(driver, "in_transaction", False))


_IN_TRANSACTION = 2  # libpq's PQTRANS_INTRANS: open, and not spoilt by an error


def run_text(connection: Connection, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
    """Run a statement of SQLite as its driver takes it: 5 us instead of the toolkit's 20, with the toolkit's errors all the same."""
    if not connection.in_transaction():
        connection.begin()
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute(statement, values)
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, None, error, sqlite3.Error, hide_parameters=True) from error
    return cursor  # type: ignore[no-any-return]


def _say(connection: Connection, statement: str) -> None:
    try:
        cursor = connection.connection.cursor()
    except Exception as error:
        raise EngineFault("the connection to the database was lost") from error
    try:
        cursor.execute(statement)
    except Exception as error:
        raise EngineFault(plain_reason(error)) from error
    finally:
        cursor.close()
