"""``gongqiao restore FILE``."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import click

from infra.data_dir import only_one
from infra.migrate import migrate
from infra.settings import Settings


def restore(settings: Settings, file: Path) -> None:
    """Put a backup in the place of the data directory's database. The index is made anew from it at the next start."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source:
        try:
            wrong = source.execute("PRAGMA integrity_check").fetchone()[0]
            known = source.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('log', 'offsets', 'alembic_version')").fetchone()[0]
        except sqlite3.DatabaseError:
            wrong, known = "not a database", 0
    if wrong != "ok" or known != 3:
        raise RuntimeError(f"{file}: not a backup of an exchange ({wrong if wrong != 'ok' else 'its tables are missing'})")
    with only_one(settings.data_dir):
        for stale in settings.data_dir.glob("gongqiao.sqlite-*"):
            stale.unlink()
        part = settings.database.with_name("restoring.sqlite")
        shutil.copyfile(file, part)
        part.chmod(0o600)
        part.replace(settings.database)
        shutil.rmtree(settings.index, ignore_errors=True)
        migrate(settings.database)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Replace what is there without asking.")
def command(file: Path, data_dir: Path | None, yes: bool) -> None:
    """Replace everything the exchange knows by what FILE holds."""
    settings = Settings(data_dir=data_dir) if data_dir else Settings()
    if settings.database.exists() and not yes:
        click.confirm(f"{settings.database} exists and will be replaced. Go on?", abort=True)
    restore(settings, file)
    click.echo(f"{settings.database}: restored; the index is made anew at the next start")
