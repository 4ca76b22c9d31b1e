"""Brings a data directory to this program's version: Alembic migrations, after a backup of what was there."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


class SchemaError(RuntimeError):
    """A database that this program cannot bring to its version; says why and what to do."""


def config(url: str) -> Config:
    """Alembic's configuration; the migrations ship inside the package."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


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
    known = {script.revision for script in ScriptDirectory.from_config(config("sqlite://")).walk_revisions()}
    if found[0] not in known:
        raise SchemaError(f"{database}: made by a newer version (schema {found[0]}, this program knows {newest()}); upgrade the program")
    return str(found[0])


def open_to_read(database: Path) -> sqlite3.Connection:
    """The file as it is, for reading only, whatever characters are in its name."""
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)


def migrate(database: Path) -> Path | None:
    """Migrate the SQLite file to the newest version. An older one is copied first; answers the copy's path, None if none was needed.

    Raises ``SchemaError``. The migration is one transaction: a crash in it leaves the old version.
    """
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
