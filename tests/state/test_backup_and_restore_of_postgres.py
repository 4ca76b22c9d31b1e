"""Everything dropped, restored and replayed is what it would have been undisturbed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from infra.backup_postgres import backup_postgres, restore_postgres
from infra.migrate import migrate
from infra.settings import Settings
from streams.hiring.messages import StepReported
from streams.runtime.database import open_engine, url_of
from streams.runtime.exchange import Said
from streams.runtime.rebuild import compare, rebuild_into
from streams.runtime.tables import offsets, upsert
from tests.state.in_log_order import KEY, InLogOrder
from tests.state.test_the_same_on_both import SETTINGS, TODAY, furnished, opened

pytestmark = pytest.mark.engine


def settings_of(url: str, key: bytes = KEY) -> Settings:
    return Settings(log="kafka://127.0.0.1:1", state=url, master_key=key.hex())


def empty(url: str) -> None:
    """Everything is lost."""
    engine = create_engine(url_of(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def tables_in(url: str) -> int:
    engine = create_engine(url_of(url))
    with engine.connect() as connection:
        found = int(connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar_one())
    engine.dispose()
    return found


def said_but_not_handled(run: InLogOrder, sample: Any) -> None:
    """What is in the outbox and in the log when the backup is made."""
    step = StepReported(
        person_id=sample.people[0]["person_id"], posting_id=sample.postings[0]["posting_id"], step="invited", on=TODAY, by="employer"
    )
    run.exchange.append([Said(step)], source="test")


def test_dropped_restored_and_replayed_it_is_as_if_nothing_had_happened(
    tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, undisturbed = new_database(), new_database()
    with opened(undisturbed, monkeypatch) as (run, _):
        said_but_not_handled(run, furnished(run))
        run.drain()
        expected, log = run.tables(), run.said()
    with opened(url, monkeypatch) as (run, _):
        said_but_not_handled(run, furnished(run))
        size = backup_postgres(settings_of(url), tmp_path / "state.dump")
        place = run.place
        run.exchange.append([Said(StepReported(person_id="u-late", posting_id="p-late", step="invited", on=TODAY, by="e"))], source="lost")
    assert size > 10_000
    assert (tmp_path / "state.dump").stat().st_mode & 0o077 == 0
    empty(url)
    assert tables_in(url) == 0
    restore_postgres(settings_of(url), tmp_path / "state.dump")
    with opened(url, monkeypatch) as (run, _):
        run.place = place
        run.drain()
        assert run.said() == log
        assert run.tables() == expected


def test_each_subject_rebuilt_from_the_restored_log_is_the_restored_one(
    tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database()
    with opened(url, monkeypatch) as (run, _):
        furnished(run)
        names = [subject.name for subject in run.subjects]
        run.exchange.write(
            lambda connection: upsert(
                connection, offsets, [{"subject": name, "seq": run.place, "cursor": None, "page": 0} for name in names]
            )
        )
    backup_postgres(settings_of(url), tmp_path / "state.dump")
    empty(url)
    restore_postgres(settings_of(url), tmp_path / "state.dump")
    with opened(url, monkeypatch) as (run, _):
        for subject in run.subjects:
            file = tmp_path / f"{subject.name}.sqlite"
            migrate(file)
            engine = open_engine(file)
            with run.exchange.reading() as live, engine.connect() as shadow, shadow.begin():
                report = rebuild_into(shadow, live, run.exchange.log, subject, SETTINGS)
                compare(shadow, live, run.exchange.log, subject, report)
            engine.dispose()
            assert report.same, report
            assert report.handled > 0 or subject.name in ("hiring",)


def test_what_is_no_backup_or_of_another_key_is_refused_and_changes_nothing(
    tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database()
    with opened(url, monkeypatch) as (run, _):
        furnished(run, people=3)
        backup_postgres(settings_of(url), tmp_path / "state.dump")
        before = run.tables()
        with pytest.raises(RuntimeError, match="stop servers and workers"):
            restore_postgres(settings_of(url), tmp_path / "state.dump")
    (tmp_path / "other").write_bytes(b"no backup")
    with pytest.raises(RuntimeError, match="pg_restore failed"):
        restore_postgres(settings_of(url), tmp_path / "other")
    with pytest.raises(RuntimeError, match="not the master key of this backup"):
        restore_postgres(settings_of(url, b"x" * 32), tmp_path / "state.dump")
    with opened(url, monkeypatch) as (run, _):
        assert run.tables() == before
