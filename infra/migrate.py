"""Brings a data directory to this program's version: Alembic migrations, after a backup of what was there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine


def config(url: str) -> Config:
    """Alembic's configuration; the migrations ship inside the package."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def migrate(database: Path) -> Path | None:
    """Migrate the SQLite file to the newest version. An older one is copied first; answers the copy's path, None if none was needed."""
    url = f"sqlite:///{database}"
    settings = config(url)
    head = ScriptDirectory.from_config(settings).get_current_head()
    current = None
    if database.exists() and database.stat().st_size > 0:
        engine = create_engine(url)
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        engine.dispose()
        if current == head:
            return None
    backup = None
    if current is not None:
        backup = database.with_name(f"{database.stem}.before-{head}{database.suffix}")
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
        shutil.copymode(database, backup)
    database.parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(settings, "head")
    return backup
