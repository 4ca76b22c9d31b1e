"""``gongqiao restore FILE``."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import click

from infra.backup_postgres import restore_postgres
from infra.data_dir import only_one
from infra.migrate import migrate, open_to_read, revision_of
from infra.settings import Settings, settings_of
from streams.runtime.sealing import Vault


def restore(settings: Settings, file: Path) -> None:
    """Put a backup in the place of the data directory's database. The index is made anew from it at the next start.

    Refused, with nothing changed: what is no sound backup of an exchange, one of a newer version, one whose personal data this data
    directory's master key does not open, and while an exchange runs here.
    """
    _check(settings, file)
    with only_one(settings.data_dir):
        part = settings.database.with_name("restoring.sqlite")
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(file, part)
        with part.open("rb+") as handle:
            os.fsync(handle.fileno())
        migrate(part)  # before it takes the place: a migration that fails leaves what was there
        for stale in settings.data_dir.glob("gongqiao.sqlite-*"):
            stale.unlink()
        part.replace(settings.database)
        for left in settings.data_dir.glob("restoring.sqlite*"):
            left.unlink()
        shutil.rmtree(settings.index, ignore_errors=True)


def _check(settings: Settings, file: Path) -> None:
    try:
        with closing(open_to_read(file)) as source:
            wrong = source.execute("PRAGMA integrity_check").fetchone()[0]
            tables = {name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError:
        wrong, tables = "not a database", set()
    if wrong != "ok" or not {"log", "offsets", "alembic_version"} <= tables:
        raise RuntimeError(f"{file}: not a backup of an exchange ({wrong if wrong != 'ok' else 'its tables are missing'})")
    revision_of(file)
    opens = opens_with(file, settings.kept_key())
    if opens is False:
        where = "GONGQIAO_MASTER_KEY" if settings.master_key is not None else str(settings.data_dir / "master.key")
        raise RuntimeError(f"{file}: {where} is not the master key of this backup; put the key back that was kept with it")


def opens_with(database: Path, key: bytes | None) -> bool | None:
    """Whether this master key opens the personal data in there; None where there is none to open."""
    with closing(open_to_read(database)) as connection:
        row = connection.execute("SELECT person_id, wrapped FROM person_keys LIMIT 1").fetchone()
    if row is None:
        return None
    return key is not None and Vault(key).fits(row[0], row[1])


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Replace what is there without asking.")
def command(file: Path, data_dir: Path | None, yes: bool) -> None:
    """Replace everything the exchange knows by what FILE holds."""
    settings = settings_of(data_dir)
    if settings.clustered:
        if not yes:
            click.confirm("Everything in the database that GONGQIAO_STATE names will be replaced. Go on?", abort=True)
        restore_postgres(settings, file)
        click.echo("restored; delete Kafka's topics or name another GONGQIAO_KAFKA_PREFIX, then: gongqiao migrate, gongqiao reindex")
        return
    if settings.database.exists() and not yes:
        click.confirm(f"{settings.database} exists and will be replaced. Go on?", abort=True)
    restore(settings, file)
    click.echo(f"{settings.database}: restored; the index is made anew at the next start")
