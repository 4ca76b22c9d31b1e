"""``gongqiao doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from infra.commands.restore import opens_with
from infra.composition import flows_of
from infra.data_dir import in_use
from infra.engines import search_options
from infra.findings import DEAD_WEBHOOKS, NOT_SENT, Finding, dead_webhooks, lag, not_sent, since_yesterday
from infra.migrate import SchemaError, newest, open_to_read, revision_of
from infra.settings import Settings, SettingsError, settings_of
from search.errors import IndexFault
from search.reindex import condition
from streams.runtime.log import Log
from streams.runtime.sealing import Vault

_ROOM = 1 << 30


def look(settings: Settings) -> list[Finding]:
    """Look at a data directory, or at the engines of a cluster, without changing anything."""
    if settings.clustered or settings.state_url.startswith("postgresql"):
        from infra.doctor_of_cluster import look_at_cluster  # Kafka's and Elasticsearch's clients are imported where they are used

        return look_at_cluster(settings, look_at_index)
    found, key = [], None
    try:
        key = settings.kept_key()
        if key is None and settings.mode == "production":
            settings.key()
        made = "there" if key is not None else "not there yet, made at the first start"
        found.append(Finding(key is not None or not settings.database.exists(), f"master key: {made}", "put the key back beside the data"))
    except SettingsError as error:
        found.append(Finding(False, "master key: missing or no key", str(error)))
    free = shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else Path("."))
    enough = free.free > _ROOM
    found.append(Finding(enough, f"disk: {free.free / (1 << 30):.1f} GiB free", "make space: the exchange waits when the disk is full"))
    if not settings.database.exists():
        found.append(Finding(False, f"database: {settings.database} is not there yet", "start once with: gongqiao run"))
        return found
    running = in_use(settings.data_dir)
    found.append(Finding(True, "exchange: running" if running else "exchange: not running"))
    try:
        current = revision_of(settings.database)
        found.append(
            Finding(current == newest(), f"schema: {current}, newest {newest()}", "start the exchange once: it backs up and migrates")
        )
        opens = opens_with(settings.database, key)
        if opens is not None:
            mend = "use the master key that this data was made with; no other opens names, numbers and profiles"
            found.append(Finding(opens, f"master key: {'opens' if opens else 'does not open'} the personal data", mend))
        with closing(open_to_read(settings.database)) as connection:
            found += _inside(connection, settings, running)
            if current == newest():  # an older schema may not have them yet
                found += not_sent(connection.execute(NOT_SENT, since_yesterday(datetime.now(UTC))))
                found += dead_webhooks(connection.execute(DEAD_WEBHOOKS))
                found += _lags(settings, running)
    except SchemaError as error:
        mend = "name the exchange's folder with --data-dir, upgrade the program, or restore the last backup: gongqiao restore FILE"
        found.append(Finding(False, f"schema: {error}", mend))
    except (sqlite3.DatabaseError, DatabaseError) as error:
        found.append(Finding(False, f"database: {getattr(error, 'orig', error)}", "restore the last backup: gongqiao restore FILE"))
    return [*found, *look_at_index(settings)]


def look_at_index(settings: Settings) -> list[Finding]:
    """The postings index: whether it answers, is of this release's mapping, still has it, and took every document."""
    try:
        seen = condition(settings.search_url, options=search_options(settings))
    except IndexFault as error:
        return [Finding(False, f"index: {error}", "start Elasticsearch; the exchange waits for it and goes on by itself")]
    found = [Finding(True, f"index: {'of an earlier mapping, made anew at the next start' if seen.stale else 'there'}")]
    if seen.drift:
        mend = "somebody changed the index's mapping; make it anew with: gongqiao reindex"
        found.append(Finding(False, f"index: its mapping differs: {'; '.join(seen.drift)}", mend))
    if seen.refused:
        named = "; ".join(f"{posting_id} ({reason})" for posting_id, reason in list(seen.refused.items())[:5])
        found.append(
            Finding(False, f"index: {len(seen.refused)} documents are not taken: {named}", "these postings are not found by search")
        )
    return found


def _inside(connection: sqlite3.Connection, settings: Settings, running: bool) -> list[Finding]:
    found = []
    wrong = connection.execute("PRAGMA quick_check").fetchone()[0]
    found.append(Finding(wrong == "ok", f"database: {wrong}", "restore the last backup: gongqiao restore FILE"))
    end = connection.execute("SELECT coalesce(max(seq), 0) FROM log").fetchone()[0]
    found.append(Finding(True, f"log: {end} messages"))
    for subject, count in connection.execute("SELECT subject, count(*) FROM dead_letters WHERE state = 'open' GROUP BY subject"):
        mend = "gongqiao dead-letters list; after the fix: gongqiao dead-letters retry --all"
        found.append(Finding(False, f"dead letters: {count} in {subject}", mend))
    tick = connection.execute("SELECT recorded_at FROM log WHERE type = 'clock.tick' ORDER BY seq DESC LIMIT 1").fetchone()
    if running:
        late = tick is None or datetime.now(UTC) - datetime.fromisoformat(tick[0]) > timedelta(seconds=3 * settings.tick_seconds + 5)
        mend = "restart the exchange; look at its log for the writer's fault"
        found.append(Finding(not late, f"clock: last tick {tick[0] if tick else 'never'}", mend))
    return found


def _lags(settings: Settings, running: bool) -> list[Finding]:
    """How far each subject is behind the log."""
    mend = "the exchange works at them: look again in a minute; where they do not get fewer, restart it and look at its log"
    mend = mend if running else "start the exchange, it does them first: gongqiao run"
    flows = flows_of(settings)
    log = Log(flows, Vault(bytes(32)))  # nothing sealed is read
    engine = create_engine("sqlite://", creator=lambda: open_to_read(settings.database), poolclass=NullPool)
    with engine.connect() as connection:
        return [lag(connection, log, subject, mend) for subject in flows.subjects]


@click.command("doctor")
@click.option("--data-dir", type=click.Path(path_type=Path))
def command(data_dir: Path | None) -> None:
    """Say what is wrong with this exchange and how to mend it; exit 1 if anything is."""
    findings = look(settings_of(data_dir))
    for finding in findings:
        click.echo(finding.line())
    if not all(finding.fine for finding in findings):
        raise SystemExit(1)
