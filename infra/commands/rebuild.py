"""``gongqiao rebuild SUBJECT``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection
from tqdm import tqdm

from infra.composition import exchange
from infra.data_dir import only_one
from infra.migrate import migrate
from infra.settings import Settings, settings_of
from streams.matching.shards import SHARDS
from streams.runtime.database import open_engine
from streams.runtime.locks import hold_in_transaction
from streams.runtime.rebuild import Report, compare, rebuild_into, swap
from streams.runtime.subjects import Subject
from streams.runtime.topology import SUBJECTS


def rebuild(settings: Settings, name: str, *, check_only: bool = False, force: bool = False) -> Report:
    """Rebuild one subject of this data directory, or of the cluster's state; swaps the new tables in unless ``check_only``.

    In a cluster the subject's workers are stopped first, and the shadow is a file in the data directory all the same.

    Where people were forgotten and the rebuilt tables differ, the live ones stay unless forced: what a forgotten person's sealed messages
    said (that an opening was taken, say) is in the live tables alone.
    """
    with (
        only_one(settings.data_dir),
        tempfile.TemporaryDirectory(dir=settings.data_dir) as folder,
        exchange(settings, run=False) as opened,
    ):
        shadow_file = Path(folder) / "shadow.sqlite"
        migrate(shadow_file)
        engine = open_engine(shadow_file)
        subject = opened.log.topology.subject(name)
        try:
            with opened.reading() as live, engine.connect() as shadow, tqdm(disable=not sys.stderr.isatty(), unit=" messages") as bar:
                with shadow.begin():
                    report = rebuild_into(shadow, live, opened.log, subject, settings.subjects(), progress=lambda count: _show(bar, count))
                with shadow.begin():
                    compare(shadow, live, opened.log, subject, report)
            if not check_only and (force or not keeps_live(report)):
                with engine.connect() as shadow:
                    opened.write(lambda connection: _swap(connection, shadow, subject))
        finally:
            engine.dispose()
    return report


def _swap(live: Connection, shadow: Connection, subject: Subject) -> int:
    hold_in_transaction(live, f"subject:{subject.name}")
    return swap(live, shadow, subject)


def keeps_live(report: Report) -> bool:
    """Whether the rebuilt tables would lose what only the live ones still know."""
    return report.tombstones > 0 and bool(report.changed_tables)


def _show(bar: tqdm[Any], count: int) -> None:
    bar.update(count - bar.n)


@click.command("rebuild")
@click.argument("subject", type=click.Choice([*(subject.name for subject in SUBJECTS), SHARDS.name]))
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
@click.option("--check", "check_only", is_flag=True, help="Compare only; leave the live tables as they are.")
@click.option("--force", is_flag=True, help="Swap also where that loses what forgotten people's messages said.")
def command(subject: str, data_dir: Path | None, check_only: bool, force: bool) -> None:
    """Make one subject's tables anew from the log, compare with the live ones, and swap them in."""
    settings = settings_of(data_dir)
    if subject == SHARDS.name and settings.shards == 1:
        raise click.UsageError("people are in no shards here (GONGQIAO_SHARDS is 1): rebuild matching, which has them")
    report = rebuild(settings, subject, check_only=check_only, force=force)
    left_out = f"{report.tombstones} tombstones, {report.dead} dead letters left out"
    click.echo(f"{subject}: {report.handled} messages handled, {left_out}, {report.outputs} outputs")
    for label, ids in (("missing", report.missing_outputs), ("new", report.new_outputs), ("changed", report.changed_outputs)):
        if ids:
            click.echo(f"  outputs {label}: {len(ids)}, first {', '.join(ids[:3])}")
    for table, (live, made) in report.changed_tables.items():
        click.echo(f"  {table}: {live} rows only in the live table, {made} only in the rebuilt one")
    if report.same:
        click.echo("same as the live one")
        return
    if check_only:
        click.echo("different")
        raise SystemExit(1)
    if keeps_live(report) and not force:
        click.echo("different: the live tables stay, for they alone know what forgotten people's messages said; --force swaps all the same")
        raise SystemExit(1)
    click.echo("different: the rebuilt tables are now the live ones")
