"""Brings the state to this program's version: Alembic migrations; a SQLite file is copied before."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, text

from streams.runtime.database import EngineFault, Where, driver_arguments, is_engine_fault, plain_reason, url_of


class SchemaError(RuntimeError):
    """A database that this program cannot bring to its version; says why and what to do."""


def config(url: str | URL, arguments: Mapping[str, Any] | None = None) -> Config:
    """Alembic's configuration; the migrations ship inside the package. ``arguments`` of the driver."""
    made = Config(attributes={"arguments": dict(arguments or {})})
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    whole = url.render_as_string(hide_password=False) if isinstance(url, URL) else url
    made.set_main_option("sqlalchemy.url", whole.replace("%", "%%"))
    return made


def known_revisions() -> set[str]:
    """Every revision this program knows."""
    return {script.revision for script in ScriptDirectory.from_config(config("sqlite://")).walk_revisions()}


def newest() -> str:
    """The newest revision this program knows."""
    return str(ScriptDirectory.from_config(config("sqlite://")).get_current_head())


def revision_of(database: Path) -> str | None:
    """The revision a SQLite file stands at; None where nothing is in it.

    Raises ``SchemaError`` for what is no exchange's, or a newer one's.
    """
    if not database.exists() or database.stat().st_size == 0:
        return None
    with closing(open_to_read(database)) as connection:
        try:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone() if "alembic_version" in tables else None
        except sqlite3.DatabaseError as error:
            raise SchemaError(
                f"{database}: not a database of an exchange ({error}); put a backup in its place: gongqiao restore FILE"
            ) from None
    if found is None:
        if tables:
            raise SchemaError(f"{database}: a database, but not of an exchange; name another folder with --data-dir")
        return None
    if found[0] not in known_revisions():
        raise SchemaError(f"{database}: made by a newer version (schema {found[0]}, this program knows {newest()}); upgrade the program")
    return str(found[0])


def open_to_read(database: Path) -> sqlite3.Connection:
    """The file as it is, for reading only, whatever characters are in its name."""
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)


def migrate(where: Where, *, arguments: Mapping[str, Any] | None = None) -> Path | None:
    """Migrate to the newest version. An older SQLite file is copied first; answers the copy's path, None if none was needed.

    Raises ``SchemaError``. The migration is one transaction: a crash in it leaves the old version. PostgreSQL is not copied: back it up
    (docs/operations.md); several processes may migrate it at once, one does and the others wait for it.
    """
    url = url_of(where)
    if url.get_backend_name() == "postgresql":
        _migrate_postgres(url, arguments or {})
        return None
    return _migrate_file(Path(url.database or ""))


def _migrate_file(database: Path) -> Path | None:
    current, head = revision_of(database), newest()
    if current == head:
        return None
    backup = _copy(database, head) if current is not None else None
    database.parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(config(f"sqlite:///{database}"), "head")
    return backup


def _copy(database: Path, head: str) -> Path:
    """A copy beside the file; one that is there already, of an earlier attempt, is never overwritten."""
    number = 1
    while True:
        backup = database.with_name(f"{database.stem}.before-{head}{f'-{number}' if number > 1 else ''}{database.suffix}")
        try:
            os.close(os.open(backup, os.O_CREAT | os.O_EXCL, 0o600))
            break
        except FileExistsError:
            number += 1
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    return backup


_COLLATIONS = ("C", "POSIX", "C.UTF-8", "C.utf8", "ucs_basic")
_MIGRATING = 0x676F6E67  # of the advisory lock


def revision_of_postgres(connection: Connection) -> str | None:
    """The revision a PostgreSQL database stands at; None where it is empty. Raises ``SchemaError`` for what is no exchange's, or newer."""
    tables = set(connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")).scalars())
    name = connection.engine.url.database
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if "alembic_version" in tables else None
    if found is None:
        if tables:
            raise SchemaError(f"{name}: a database, but not of an exchange; name an empty one in the URL of the state")
        return None
    if found not in known_revisions():
        raise SchemaError(f"{name}: made by a newer version (schema {found}, this program knows {newest()}); upgrade the program")
    return str(found)


@contextmanager
def _looking(url: URL, arguments: Mapping[str, Any]) -> Iterator[Connection]:
    """A connection to PostgreSQL; its faults are the engine's, in plain words."""
    engine = create_engine(url, connect_args=driver_arguments(url, {"connect_timeout": 10, **arguments}))
    try:
        with engine.connect() as connection:
            yield connection
    except Exception as error:
        if is_engine_fault(error):
            raise EngineFault(plain_reason(error)) from error
        raise
    finally:
        engine.dispose()


def check_migrated(where: Where, *, arguments: Mapping[str, Any] | None = None) -> None:
    """Raises ``SchemaError`` where the PostgreSQL database is not at this program's version."""
    url = url_of(where)
    with _looking(url, arguments or {}) as connection:
        found = revision_of_postgres(connection)
    if found != newest():
        raise SchemaError(f"{url.database}: at schema {found or 'none'}, this program wants {newest()}; run: gongqiao migrate")


def _migrate_postgres(url: URL, arguments: Mapping[str, Any]) -> None:
    with _looking(url, arguments) as connection:
        if revision_of_postgres(connection) == newest():
            return
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATING})  # until the connection ends, however it ends
        connection.commit()
        if revision_of_postgres(connection) != newest():
            _fit(connection)
            connection.rollback()
            command.upgrade(config(url, driver_arguments(url, arguments)), "head")


def _fit(connection: Connection) -> None:
    """Text must sort by code points here as it does on SQLite: lists, pages and ids are the same on both."""
    row = connection.execute(
        text("SELECT datcollate, datlocprovider, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
    ).one()
    if row[0] not in _COLLATIONS or row[1] != "c" or row[2] != "UTF8":
        name = connection.engine.url.database
        raise SchemaError(
            f"{name}: made with encoding {row[2]} and collation {row[0]}; make it again: "
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
        )
