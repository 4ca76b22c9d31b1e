"""``gongqiao backup FILE``."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import click

from infra.backup_postgres import backup_postgres
from infra.migrate import open_to_read, revision_of
from infra.settings import settings_of


def backup(database: Path, file: Path) -> int:
    """A consistent copy of the database in one file, also while the exchange runs; answers its bytes. The key is not in it."""
    if not database.exists():
        raise RuntimeError(f"{database}: there is nothing to back up yet")
    if file.exists() and file.samefile(database):
        raise RuntimeError(f"{file}: that is the exchange's own database; name another file")
    if not file.parent.is_dir():
        raise RuntimeError(f"{file.parent}: no such folder; make it first")
    if revision_of(database) is None:
        raise RuntimeError(f"{database}: there is nothing to back up yet")
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
    with closing(open_to_read(database)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        wrong = target.execute("PRAGMA integrity_check").fetchone()[0]
    if wrong != "ok":
        part.unlink()
        raise RuntimeError(f"{database}: the copy is not sound ({wrong}); nothing was written")
    with part.open("rb+") as handle:
        os.fsync(handle.fileno())
    part.replace(file)
    return file.stat().st_size


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--data-dir", type=click.Path(path_type=Path))
def command(file: Path, data_dir: Path | None) -> None:
    """Copy everything the exchange knows into FILE. Keep the master key too, apart from it: without the key it cannot be read."""
    settings = settings_of(data_dir)
    size = backup_postgres(settings, file) if settings.clustered else backup(settings.database, file)
    click.echo(f"{file}: {size:,} bytes")
    if settings.master_key is None:
        click.echo(f"keep {settings.data_dir / 'master.key'} apart from it: personal data in the backup cannot be read without it")
