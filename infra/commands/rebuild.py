"""``gongqiao rebuild SUBJECT``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from infra.composition import open_exchange
from infra.data_dir import only_one
from infra.migrate import migrate
from infra.settings import Settings
from streams.runtime.database import open_engine
from streams.runtime.rebuild import Report, compare, rebuild_into, swap
from streams.runtime.topology import SUBJECTS


def rebuild(settings: Settings, name: str, *, check_only: bool = False) -> Report:
    """Rebuild one subject of this data directory; swaps the new tables in unless ``check_only``."""
    with only_one(settings.data_dir), tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        opened, writer = open_exchange(settings.database, settings.key(), settings.subjects())
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
            if not check_only:
                with engine.connect() as shadow:
                    opened.write(lambda connection: swap(connection, shadow, subject))
        finally:
            writer.stop()
            engine.dispose()
    return report


def _show(bar: tqdm[Any], count: int) -> None:
    bar.update(count - bar.n)


@click.command("rebuild")
@click.argument("subject", type=click.Choice([subject.name for subject in SUBJECTS]))
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
@click.option("--check", "check_only", is_flag=True, help="Compare only; leave the live tables as they are.")
def command(subject: str, data_dir: Path | None, check_only: bool) -> None:
    """Make one subject's tables anew from the log, compare with the live ones, and swap them in."""
    settings = Settings(data_dir=data_dir) if data_dir else Settings()
    report = rebuild(settings, subject, check_only=check_only)
    left_out = f"{report.tombstones} tombstones, {report.dead} dead letters left out"
    click.echo(f"{subject}: {report.handled} messages handled, {left_out}, {report.outputs} outputs")
    for label, ids in (("missing", report.missing_outputs), ("new", report.new_outputs), ("changed", report.changed_outputs)):
        if ids:
            click.echo(f"  outputs {label}: {len(ids)}, first {', '.join(ids[:3])}")
    for table, (live, made) in report.changed_tables.items():
        click.echo(f"  {table}: {live} rows only in the live table, {made} only in the rebuilt one")
    click.echo(
        "same as the live one" if report.same else ("different" if check_only else "different: the rebuilt tables are now the live ones")
    )
    if check_only and not report.same:
        raise SystemExit(1)
