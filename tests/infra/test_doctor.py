"""``gongqiao doctor`` beside the data: names what is wrong and how to mend it, and changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from click.testing import Result

from api.webhooks.tables import deliveries, webhooks
from infra.commands import doctor
from infra.composition import exchange
from infra.data_dir import only_one
from infra.migrate import config, known_revisions, newest
from streams.delivery.rules import as_text
from streams.delivery.tables import outside_sends
from streams.intake.messages import PostingEnded
from streams.runtime.exchange import Said
from streams.runtime.tables import upsert
from tests.infra.conftest import settings_of

Run = Callable[..., Result]


def test_a_sound_exchange_is_said_to_be_sound(folder: Path, run: Run) -> None:
    looked = run("doctor", "--data-dir", folder)
    assert looked.exit_code == 0, looked.output
    assert "BAD" not in looked.output
    assert "database: ok" in looked.output
    assert "opens the personal data" in looked.output


def test_doctor_changes_nothing(tmp_path: Path, run: Run) -> None:
    looked = run("doctor", "--data-dir", tmp_path / "none")
    assert looked.exit_code == 1
    assert "start once with: gongqiao run" in looked.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "master.key").unlink(), "put the key back"),
        (lambda folder: (folder / "master.key").write_text("00" * 32), "does not open"),
        (lambda folder: (folder / "master.key").write_text("nonsense"), "64 hex digits"),
        (lambda folder: (folder / "gongqiao.sqlite").write_bytes(b"rubbish" * 1000), "gongqiao restore"),
    ],
)
def test_doctor_says_what_is_wrong_and_how_to_mend_it(folder: Path, run: Run, spoil: Callable[[Path], Any], said: str) -> None:
    for left in folder.glob("gongqiao.sqlite-*"):
        left.unlink()
    spoil(folder)
    looked = run("doctor", "--data-dir", folder)
    assert looked.exit_code == 1
    assert said in looked.output


def test_doctor_names_webhooks_that_were_given_up(folder: Path, run: Run) -> None:
    with exchange(settings_of(folder), run=False) as opened:
        at = opened.now().isoformat()
        hook = {
            "webhook_id": "w-1",
            "account_id": "a-partner",
            "url": "https://partner.example",
            "created_at": at,
            "after_seq": 0,
            "made": 1,
        }
        sent = {
            "webhook_id": "w-1",
            "number": 1,
            "delivery_id": "d-1",
            "after_seq": 0,
            "until_seq": 9,
            "changes": 1,
            "attempts": 9,
            "at": at,
        }
        opened.write(lambda connection: upsert(connection, webhooks, hook))
        opened.write(lambda connection: upsert(connection, deliveries, {**sent, "state": "due"}))
        assert run("doctor", "--data-dir", folder).exit_code == 0
        opened.write(lambda connection: upsert(connection, deliveries, {**sent, "state": "dead"}))
    looked = run("doctor", "--data-dir", folder)
    assert looked.exit_code == 1
    assert "BAD  webhooks: 1 given up: w-1 of a-partner" in looked.output
    assert "重新投递" in looked.output


def test_doctor_says_what_was_given_up_lately_and_why(folder: Path, run: Run) -> None:
    with exchange(settings_of(folder), run=False) as opened:
        now = opened.now()
        lost = {"state": "gave_up", "attempts": 6, "next_at": None, "reason": "the gateway answers 503"}
        rows = [
            {"outgoing_id": "o-1", **lost, "at": as_text(now - timedelta(hours=25))},
            {"outgoing_id": "o-2", **lost, "at": as_text(now - timedelta(hours=1)), "state": "again"},
        ]
        opened.write(lambda connection: upsert(connection, outside_sends, rows))
        assert run("doctor", "--data-dir", folder).exit_code == 0
        rows = [{"outgoing_id": f"o-{number}", **lost, "at": as_text(now - timedelta(hours=1))} for number in (3, 4)]
        opened.write(lambda connection: upsert(connection, outside_sends, rows))
    looked = run("doctor", "--data-dir", folder)
    assert looked.exit_code == 1
    assert "BAD  outside: 2 mails or messages were given up within a day: the gateway answers 503 (2)" in looked.output


# -- how far the subjects are, the disk, the version -------------------------------------------------------------------------


def mend_of(looked: Result, start: str) -> str:
    """What is to be done about the one thing that is wrong in these words."""
    lines = looked.output.splitlines()
    (at,) = [at for at, line in enumerate(lines) if line.startswith(f"BAD  {start}")]
    return lines[at + 1].strip()


def end_postings(folder: Path, count: int) -> None:
    """Say so many messages that matching, among others, has to pass; nobody handles them."""
    with exchange(settings_of(folder), run=False) as opened:
        said = [Said(PostingEnded(posting_id=f"p-never-{number}", revision=1, cause="expired")) for number in range(count)]
        opened.append(said, source="test")


def test_a_subject_far_behind_the_log_is_named(folder: Path, run: Run) -> None:
    end_postings(folder, 3)
    looked = run("doctor", "--data-dir", folder)
    assert looked.exit_code == 0, looked.output
    assert "ok   matching: 3 messages to do" in looked.output
    assert "ok   intake: 0 messages to do" in looked.output
    end_postings(folder, 2000)
    assert mend_of(run("doctor", "--data-dir", folder), "matching: 2000 or more messages to do").endswith("gongqiao run")
    with only_one(folder):  # as a running exchange has it
        assert "look again in a minute" in mend_of(run("doctor", "--data-dir", folder), "matching: 2000 or more messages to do")
    with exchange(settings_of(folder)) as opened:
        opened.runner.drain(120)
    assert "ok   matching: 0 messages to do" in run("doctor", "--data-dir", folder).output


def test_a_disk_with_too_little_room_is_named(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ok   disk: " in run("doctor", "--data-dir", folder).output
    monkeypatch.setattr(doctor, "_ROOM", 1 << 60)  # more than any disk has
    looked = run("doctor", "--data-dir", folder)
    assert looked.exit_code == 1
    assert mend_of(looked, "disk: ").startswith("make space")


def test_data_of_a_newer_version_want_a_newer_program(folder: Path, run: Run) -> None:
    with closing(sqlite3.connect(folder / "gongqiao.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    looked = run("doctor", "--data-dir", folder)
    assert looked.exit_code == 1
    assert f"made by a newer version (schema 9999, this program knows {newest()})" in looked.output
    assert "upgrade the program" in mend_of(looked, "schema: ")


def test_data_of_an_older_version_want_one_start(tmp_path: Path, run: Run) -> None:
    oldest = min(known_revisions())
    command.upgrade(config(f"sqlite:///{tmp_path / 'gongqiao.sqlite'}"), oldest)
    (tmp_path / "master.key").write_text("ab" * 32)
    looked = run("doctor", "--data-dir", tmp_path)
    assert mend_of(looked, f"schema: {oldest}, newest {newest()}").startswith("start the exchange once")
    assert looked.output.count("BAD") == 1
    with exchange(settings_of(tmp_path), run=False):
        pass
    assert f"ok   schema: {newest()}" in run("doctor", "--data-dir", tmp_path).output
