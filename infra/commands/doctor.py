"""``gongqiao doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from alembic.script import ScriptDirectory

from infra.data_dir import in_use
from infra.migrate import config
from infra.settings import Settings, SettingsError


@dataclass(frozen=True)
class Finding:
    """One look: fine or not, what was seen, and what to do."""

    fine: bool
    what: str
    mend: str = ""


def look(settings: Settings) -> list[Finding]:
    """Look at a data directory without changing it."""
    found = []
    try:
        settings.key()
        found.append(Finding(True, "master key: there"))
    except SettingsError as error:
        found.append(Finding(False, "master key: missing", str(error)))
    free = shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else Path("."))
    enough = free.free > 1 << 30
    found.append(Finding(enough, f"disk: {free.free / (1 << 30):.1f} GiB free", "make space: the exchange waits when the disk is full"))
    if not settings.database.exists():
        found.append(Finding(False, f"database: {settings.database} is not there yet", "start once with: gongqiao run"))
        return found
    running = in_use(settings.data_dir)
    found.append(Finding(True, "exchange: running" if running else "exchange: not running"))
    with closing(sqlite3.connect(f"file:{settings.database}?mode=ro", uri=True)) as connection:
        found += _inside(connection, settings, running)
    return found


def _inside(connection: sqlite3.Connection, settings: Settings, running: bool) -> list[Finding]:
    found = []
    wrong = connection.execute("PRAGMA quick_check").fetchone()[0]
    found.append(Finding(wrong == "ok", f"database: {wrong}", "restore the last backup: gongqiao restore FILE"))
    head = ScriptDirectory.from_config(config("sqlite://")).get_current_head()
    version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    current = version[0] if version else None
    found.append(Finding(current == head, f"schema: {current}, newest {head}", "start the exchange once: it backs up and migrates"))
    end = connection.execute("SELECT coalesce(max(seq), 0) FROM log").fetchone()[0]
    found.append(Finding(True, f"log: {end} messages"))
    for subject, count in connection.execute("SELECT subject, count(*) FROM dead_letters WHERE state = 'open' GROUP BY subject"):
        mend = "gongqiao dead-letters list; after the fix: gongqiao dead-letters retry --all"
        found.append(Finding(False, f"dead letters: {count} in {subject}", mend))
    tick = connection.execute("SELECT recorded_at FROM log WHERE type = 'clock.tick' ORDER BY seq DESC LIMIT 1").fetchone()
    if running:
        late = tick is None or datetime.now(UTC) - datetime.fromisoformat(tick[0]) > timedelta(seconds=3 * settings.tick_seconds + 5)
        found.append(
            Finding(
                not late, f"clock: last tick {tick[0] if tick else 'never'}", "restart the exchange; look at its log for the writer's fault"
            )
        )
    return found


@click.command("doctor")
@click.option("--data-dir", type=click.Path(path_type=Path))
def command(data_dir: Path | None) -> None:
    """Say what is wrong with this exchange and how to mend it; exit 1 if anything is."""
    findings = look(Settings(data_dir=data_dir) if data_dir else Settings())
    for finding in findings:
        click.echo(f"{'ok  ' if finding.fine else 'BAD '} {finding.what}" + ("" if finding.fine else f"\n     {finding.mend}"))
    if not all(finding.fine for finding in findings):
        raise SystemExit(1)
