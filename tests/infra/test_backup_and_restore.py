"""Backup, wipe, restore: the same answers. What is no backup, or not for here, changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from sqlalchemy import func, select

from api.access.accounts import create_account, create_key
from api.app import create_app
from infra.composition import exchange
from infra.data_dir import only_one
from infra.serve import running
from infra.settings import SettingsError
from streams.intake.index_follower import TYPES
from streams.runtime.tables import log
from tests.infra.conftest import settings_of

Run = Callable[..., Result]


def answers(folder: Path, key: str) -> dict[str, Any]:
    """Everything the interface says of this data directory, as an administrator is told."""
    import asyncio

    with running(settings_of(folder, tick_seconds=3600)) as services:
        services.exchange.runner.drain(240)
        wait_for_index(services)
        app = create_app(services)

        async def ask() -> dict[str, Any]:
            transport = httpx.ASGITransport(app)
            found: dict[str, Any] = {}
            async with httpx.AsyncClient(transport=transport, base_url="http://t", headers={"Authorization": f"Bearer {key}"}) as client:
                feed = (await client.get("/api/v1/feed?limit=1000")).json()
                found["feed"] = feed
                ids = sorted({entry["posting_id"] for entry in feed["items"]})
                people = [row for row in person_ids(services)]
                paths = [
                    "/postings?limit=100", "/postings?q=焊工", "/commissioners/c-demo/gaps",
                    *[f"/postings/{id_}" for id_ in ids], *[f"/postings/{id_}/candidates" for id_ in ids[:10]],
                    *[f"/people/{id_}{what}" for id_ in people[:15] for what in ("", "/recommendations", "/inbox")],
                ]  # fmt: skip
                for path in paths:
                    answer = await client.get(f"/api/v1{path}")
                    found[path] = (answer.status_code, answer.json())
            return found

        return asyncio.run(ask())


def wait_for_index(services: Any) -> None:
    """Until the index has seen everything said of postings; it follows the log at its own pace."""
    with services.exchange.reading() as connection:
        end = connection.execute(select(func.max(log.c.seq)).where(log.c.type.in_(TYPES))).scalar() or 0
    deadline = time.monotonic() + 60
    while (services.index.offset() or 0) < end:
        assert time.monotonic() < deadline, "the index does not follow"
        services.exchange.bell.wait(services.exchange.bell.count, 0.02)


def person_ids(services: Any) -> list[str]:
    from streams.intake.tables import people

    with services.exchange.reading() as connection:
        return sorted(connection.execute(people.select()).scalars())


def key_for(folder: Path) -> str:
    with exchange(settings_of(folder), run=False) as opened:
        now = opened.now()

        def job(connection: Any) -> str:
            account_id = create_account(connection, login="admin", password="long-enough", role="administrator", now=now)
            return create_key(connection, account_id, now=now)

        return str(opened.write(job))


def test_backup_wipe_restore_gives_the_same_answers(folder: Path, tmp_path: Path, run: Run) -> None:
    key = key_for(folder)
    before = answers(folder, key)
    assert len(before["/postings?limit=100"][1]["items"]) > 10
    assert any(before[path][1]["items"] for path in before if path.endswith("/inbox"))
    backup = tmp_path / "a backup?#.sqlite"
    made = run("backup", backup, "--data-dir", folder)
    assert made.exit_code == 0, made.output
    assert "master.key" in made.output
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    kept_key = (folder / "master.key").read_bytes()
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "master.key").write_bytes(kept_key)
    restored = run("restore", backup, "--data-dir", folder)
    assert restored.exit_code == 0, restored.output
    assert answers(folder, key) == before


def test_a_backup_is_consistent_while_the_exchange_runs(folder: Path, tmp_path: Path, run: Run) -> None:
    with exchange(settings_of(folder)) as opened:
        stop = threading.Event()

        def writes() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                opened.write(lambda connection, number=number: create_account_row(connection, number))

        thread = threading.Thread(target=writes)
        thread.start()
        try:
            results = [run("backup", tmp_path / f"{number}.sqlite", "--data-dir", folder) for number in range(3)]
        finally:
            stop.set()
            thread.join()
    assert [result.exit_code for result in results] == [0, 0, 0]
    counts = []
    for number in range(3):
        with closing(sqlite3.connect(tmp_path / f"{number}.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            # Both rows of one transaction are there, or neither.
            one, other = (connection.execute(f"SELECT count(*) FROM meta WHERE name LIKE '{half}%'").fetchone()[0] for half in ("a-", "b-"))
            assert one == other
            counts.append(one)
    assert counts == sorted(counts)


def create_account_row(connection: Any, number: int) -> None:
    from streams.runtime.tables import meta, upsert

    upsert(connection, meta, [{"name": f"a-{number}", "value": "x"}, {"name": f"b-{number}", "value": "x"}])


def test_restore_is_refused_while_an_exchange_runs(folder: Path, tmp_path: Path, run: Run) -> None:
    run("backup", tmp_path / "b.sqlite", "--data-dir", folder)
    before = (folder / "gongqiao.sqlite").read_bytes()
    with only_one(folder):
        refused = run("restore", tmp_path / "b.sqlite", "--data-dir", folder, "--yes")
    assert refused.exit_code == 1
    assert "stop it first" in str(refused.exception)
    assert (folder / "gongqiao.sqlite").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"x" * 2000])
def test_a_file_that_is_no_backup_is_refused(folder: Path, tmp_path: Path, run: Run, content: bytes) -> None:
    (tmp_path / "b.sqlite").write_bytes(content)
    before = (folder / "gongqiao.sqlite").read_bytes()
    refused = run("restore", tmp_path / "b.sqlite", "--data-dir", folder, "--yes")
    assert refused.exit_code == 1
    assert "not a backup of an exchange" in str(refused.exception)
    assert (folder / "gongqiao.sqlite").read_bytes() == before


def test_another_database_is_no_backup(folder: Path, tmp_path: Path, run: Run) -> None:
    with closing(sqlite3.connect(tmp_path / "b.sqlite")) as connection:
        connection.execute("CREATE TABLE something (x)")
    assert "its tables are missing" in str(run("restore", tmp_path / "b.sqlite", "--data-dir", folder, "--yes").exception)


def test_a_damaged_backup_is_refused(folder: Path, tmp_path: Path, run: Run) -> None:
    backup = tmp_path / "b.sqlite"
    run("backup", backup, "--data-dir", folder)
    content = bytearray(backup.read_bytes())
    content[4096 * 5 : 4096 * 9] = b"\xff" * (4096 * 4)
    backup.write_bytes(content)
    assert run("restore", backup, "--data-dir", folder, "--yes").exit_code == 1


def test_a_backup_of_a_newer_version_is_refused(folder: Path, tmp_path: Path, run: Run) -> None:
    backup = tmp_path / "b.sqlite"
    run("backup", backup, "--data-dir", folder)
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    refused = run("restore", backup, "--data-dir", folder, "--yes")
    assert refused.exit_code == 1
    assert "newer version" in str(refused.exception)


def test_a_backup_that_the_key_does_not_open_is_refused(folder: Path, tmp_path: Path, run: Run) -> None:
    run("backup", tmp_path / "b.sqlite", "--data-dir", folder)
    empty = tmp_path / "elsewhere"
    refused = run("restore", tmp_path / "b.sqlite", "--data-dir", empty)
    assert refused.exit_code == 1
    assert "is not the master key of this backup" in str(refused.exception)
    assert not (empty / "master.key").exists()
    empty.mkdir(exist_ok=True)
    (empty / "master.key").write_text("00" * 32)
    assert run("restore", tmp_path / "b.sqlite", "--data-dir", empty).exit_code == 1


def test_restore_asks_before_it_replaces(folder: Path, tmp_path: Path, run: Run) -> None:
    run("backup", tmp_path / "b.sqlite", "--data-dir", folder)
    refused = run("restore", tmp_path / "b.sqlite", "--data-dir", folder, input="n\n")
    assert refused.exit_code == 1
    assert "will be replaced" in refused.output


def test_backup_says_where_it_cannot_write(folder: Path, tmp_path: Path, run: Run) -> None:
    assert "no such folder" in str(run("backup", tmp_path / "none" / "b.sqlite", "--data-dir", folder).exception)
    assert "own database" in str(run("backup", folder / "gongqiao.sqlite", "--data-dir", folder).exception)
    assert "nothing to back up" in str(run("backup", tmp_path / "b.sqlite", "--data-dir", tmp_path / "none").exception)


def test_a_data_directory_without_its_key_says_so(folder: Path) -> None:
    (folder / "master.key").write_text("no key")
    with pytest.raises(SettingsError, match="put the key back"):
        settings_of(folder).key()
