"""Canaries through the whole exchange: found in the one encrypted table only, and there not readable."""

from __future__ import annotations

import copy
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.commands.rebuild import rebuild
from infra.composition import exchange
from infra.settings import Settings
from search.index import open_index, tantivy_url
from search.query import Query
from streams.delivery.messages import RecommendationIssued
from streams.runtime.messages import Unreadable
from streams.runtime.tables import log, private_values
from streams.runtime.topology import SUBJECTS
from tests.privacy.canaries import (
    CONTACT_NAME,
    CONTACT_PHONE,
    EMPLOYER,
    ID_NUMBER,
    LOGINS,
    LOST,
    MAIL,
    NAME,
    PERSON,
    PHONE,
    POSTING,
    SECRETS,
    TEXT_PHONE,
    WISH,
    House,
    found_in,
    outside,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass
class Story:
    """What was seen of one run: answers by who asked what, files while it ran, after it stopped and after the person was deleted."""

    house: House
    posting_id: str = ""  # the exchange gives it
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    metrics: str = ""
    running: dict[str, bytes] = field(default_factory=dict)
    stopped: Path = Path()
    backup: Path = Path()
    deleted: dict[str, bytes] = field(default_factory=dict)


def paths(posting_id: str) -> tuple[str, ...]:
    return (
        "/api/v1/postings?q=焊工",
        f"/api/v1/postings?q={TEXT_PHONE}",
        f"/api/v1/postings/{posting_id}",
        f"/api/v1/postings/{posting_id}/candidates",
        "/api/v1/people/u-canary",
        "/api/v1/people/u-canary/recommendations",
        "/api/v1/people/u-canary/inbox",
        "/api/v1/people/u-canary/saved-searches",
        f"/api/v1/matches/u-canary/{posting_id}",
        f"/api/v1/matches/u-canary/{posting_id}/steps",
        "/api/v1/employers/e-canary",
        "/api/v1/employers/e-canary/gap",
        "/api/v1/commissioners/a-commissioner/gaps",
        "/api/v1/feed",
        "/api/v1/feed/snapshot",
        "/api/openapi.json",
        "/health/ready",
    )


def live(house: House, story: Story, files: Path) -> None:
    """Send everything in by every way, ask for everything as everybody, and delete the person."""
    other = {**copy.deepcopy(PERSON), "person_id": "u-other", "private": {"name": NAME, "phone": PHONE}}
    for path, body in (("employers", EMPLOYER), ("people", PERSON), ("people", other), ("postings", POSTING)):
        answer = house.call("administrator", "POST", f"/api/v1/{path}?wait=1", json=body)
        assert answer.status_code == 200, answer.text
        story.answers["administrator", f"POST {path}"] = answer.text
        story.posting_id = str(answer.json()["id"])
    posting_id = story.posting_id
    broken = [
        {"person_id": "u-bad", "kind": LOST, "private": PERSON["private"]},
        {"person_id": "u-bad", "kind": [LOST], "private": {"name": {"first": NAME}, "phone": [PHONE]}},
        {"person_id": "u-bad", "kind": "graduate", "birth_year_month": ID_NUMBER, "private": PERSON["private"]},
    ]
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in broken) + "\n{" + LOST
    kind = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "one"}
    answer = house.call("administrator", "POST", "/api/v1/people", content=lines.encode(), headers=kind)
    assert answer.status_code == 422, answer.text
    story.answers["administrator", "POST broken people"] = answer.text
    files.mkdir()
    people = files / "people.jsonl"
    people.write_text(lines + "\n" + json.dumps({**PERSON, "person_id": "u-file"}, ensure_ascii=False) + "\n")
    said = house.run("ingest", "--kind", "people", "--data-dir", str(house.folder), str(people))
    assert "4" in said

    house.until(
        lambda: house.ask(f"SELECT 1 FROM delivery_pairs WHERE person_id = 'u-canary' AND posting_id = '{posting_id}' AND state = 'issued'")
    )
    inbox = house.call("jobseeker", "GET", "/api/v1/people/u-canary/inbox")
    assert inbox.status_code == 200, inbox.text
    match_id = next(item["match_id"] for item in inbox.json()["items"] if item["posting_id"] == posting_id)
    for who in (*LOGINS, None):
        for path in paths(posting_id):
            answer = house.call(who, "GET", path)
            story.answers[who or "nobody", path] = answer.text + json.dumps(dict(answer.headers))
    answer_path = f"/api/v1/people/u-canary/inbox/{match_id}/answer"
    assert house.call("jobseeker", "POST", answer_path, json={"answer": "interested"}).status_code < 300
    step = {"step": "invited", "on": "2026-11-20", "reason": f"请联系{TEXT_PHONE}"}
    assert house.call("employer", "POST", f"/api/v1/matches/u-canary/{posting_id}/steps", json=step).status_code < 300
    house.until(lambda: len(house.reached.letters) > 0 and len(house.reached.calls) > 0)
    for who in (*LOGINS, None):
        story.answers[who or "nobody", "steps after an invitation"] = house.call(
            who, "GET", f"/api/v1/matches/u-canary/{posting_id}/steps"
        ).text
    story.metrics = house.call(None, "GET", "/metrics").text
    story.running = house.files()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("canaries")
    with outside() as reached:
        house = House(folder / "data", reached)
        told = Story(house)
        try:
            house.start()
            live(house, told, folder / "files")
            house.run("backup", str(folder / "backup.tar"), "--data-dir", str(house.folder))
            told.backup = folder / "backup.tar"
            house.stop()
            told.stopped = Path(shutil.copytree(house.folder, folder / "stopped"))
            house.start()
            assert house.call("administrator", "DELETE", "/api/v1/people/u-canary").status_code < 300
            house.until(lambda: not house.ask("SELECT 1 FROM delivery_pairs WHERE person_id = 'u-canary'"))
            house.stop()
            settle(house.folder)
            told.deleted = house.files()
            yield told
        finally:
            house.stop()


def settle(folder: Path) -> None:
    """Whatever the last run had left to do is done."""
    with exchange(Settings(data_dir=folder)) as opened:
        opened.runner.drain(240)


def cells(file: Path) -> Iterator[tuple[str, str, Any]]:
    """Table, column and value of every cell of a database."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert {"log", "private_values", "delivery_pairs", "intake_people", "audit_log"} <= set(tables) or "audit" in " ".join(tables)
        for table in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    yield table, name, value


def text_of(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def test_the_canaries_would_be_seen() -> None:
    for what, secret in SECRETS.items():
        assert what in found_in(f"…{secret}…".encode())
        assert what in found_in(json.dumps({"a": secret}))
    assert "telephone in a text" in found_in("１５９ １１２２ ３３４４".encode())


def test_every_way_in_was_taken(story: Story) -> None:
    found = {table for table, _, value in cells(story.stopped / "gongqiao.sqlite") if "u-canary" in text_of(value)}
    assert {"log", "intake_people", "matching_people", "delivery_pairs", "hiring_pairs", "private_values", "person_keys"} <= found
    assert any(text_of(value) == "u-file" for _, _, value in cells(story.stopped / "gongqiao.sqlite"))
    assert story.house.reached.letters
    assert story.house.reached.calls


def test_no_cell_of_any_table_shows_one(story: Story) -> None:
    shown = {(table, name): found for table, name, value in cells(story.stopped / "gongqiao.sqlite") if (found := found_in(text_of(value)))}
    assert shown == {}


def test_no_byte_of_any_file_shows_one_neither_running_nor_stopped(story: Story) -> None:
    assert any(name.endswith("-wal") and data for name, data in story.running.items()), "the log of the database was looked at too"
    assert any(name.startswith("index/") for name in story.running)
    stopped = {str(path): path.read_bytes() for path in story.stopped.rglob("*") if path.is_file()}
    backup = {"backup": story.backup.read_bytes()}
    for files in (story.running, stopped, backup):
        assert {name: found for name, data in files.items() if (found := found_in(data))} == {}


def test_the_private_table_has_them_and_gives_them_to_nobody_without_the_key(story: Story) -> None:
    settings = Settings(data_dir=story.stopped)
    with exchange(settings, run=False) as opened, opened.reading() as connection:
        private = opened.vault.reveal(connection, "person", "u-canary")
        assert private == {"name": NAME, "id_number": ID_NUMBER, "phone": PHONE, "mail": MAIL}
        contact = opened.vault.reveal(connection, "posting", story.posting_id)
        assert {CONTACT_NAME, CONTACT_PHONE} <= set(" ".join(contact.values()).replace('"', " ").split()) | set(contact.values())
        for row in connection.execute(private_values.select()):
            assert found_in(row.sealed) == set()


def test_no_answer_to_anybody_shows_one(story: Story) -> None:
    shown = {who: found for who, text in story.answers.items() if (found := found_in(text))}
    assert shown == {}
    assert "〔已隐去〕" in story.answers["administrator", f"/api/v1/postings/{story.posting_id}"]


def test_no_line_of_the_log_and_no_metric_shows_one(story: Story) -> None:
    everything = "".join(story.house.said)
    assert '"level"' in everything
    assert found_in(everything) == set()
    assert found_in(story.metrics) == set()


def test_a_letter_carries_nothing_but_the_address_it_goes_to(story: Story) -> None:
    for letter in story.house.reached.letters:
        assert found_in(letter) <= {"mail address"}
    for call in story.house.reached.calls:
        assert found_in(call) <= {"telephone"}


def test_the_index_finds_none_of_them(story: Story) -> None:
    index = open_index(tantivy_url((story.stopped / "index").absolute()))
    try:
        assert story.posting_id in index.search(Query(text="焊工")).posting_ids
        for secret in SECRETS.values():
            assert story.posting_id not in index.search(Query(text=secret)).posting_ids
    finally:
        index.close()


def test_what_is_said_of_a_person_is_sealed_in_the_log_and_nowhere_else_in_it(story: Story) -> None:
    where = {table for table, _, value in cells(story.stopped / "gongqiao.sqlite") if WISH in text_of(value)}
    assert "log" not in where
    assert "intake_people" in where, "a subject's own projection has it"


def test_a_deleted_person_is_gone_from_every_table_and_their_past_is_tombstones(story: Story) -> None:
    file = story.house.folder / "gongqiao.sqlite"
    naming = {table for table, _, value in cells(file) if isinstance(value, str | bytes) and "u-canary" in text_of(value)}
    # What still names the id: the log (keys and tombstones; whom a posting was matched with), that they left, that an opening was talked
    # about, who asked for them, and their account.
    assert naming <= {"log", "delivery_sides", "hiring_pairs", "access_audit", "access_accounts"}
    assert not any("u-canary" in text_of(value) and WISH in text_of(value) for _, _, value in cells(file))
    with exchange(Settings(data_dir=story.house.folder), run=False) as opened, opened.reading() as connection:
        rows = connection.execute(log.select().where(log.c.key == "u-canary").order_by(log.c.seq)).mappings().all()
        sealed = [opened.log.decode(connection, row) for row in rows if row["type"] in ("person.received", "person.registered")]
        assert len(sealed) >= 2
        assert all(isinstance(one, Unreadable) and one.broken is None for one in sealed)
        assert opened.vault.reveal(connection, "person", "u-canary") == {}


# What a subject made of somebody who was forgotten cannot be made again: what it keeps of them, in tables that have no name of theirs.
# Whose turn it was (``delivery_pairs``, and what another was recommended at one time) depends on how many a posting had reached, them
# included.
NOT_MADE_AGAIN = {
    "intake": set(),
    "matching": set(),
    "delivery": {"delivery_budgets", "delivery_counts", "delivery_pairs", "delivery_reach"},
    "hiring": {"hiring_pairs", "hiring_steps", "hiring_openings"},
    "staffing": set(),
    "policy": {"policy_hires", "policy_employers", "policy_claims", "policy_claim_steps", "policy_internships"},
}


@pytest.mark.parametrize("subject", [subject.name for subject in SUBJECTS])
def test_everything_still_rebuilds_without_them(story: Story, subject: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(story.house.folder, tmp_path / "data"))
    reached = story.house.reached
    settings = Settings(
        data_dir=folder, smtp_url=reached.smtp_url, gateway_url=reached.gateway_url, gateway_secret="x", quiet_from=0, quiet_to=0
    )
    report = rebuild(settings, subject, check_only=True)
    assert report.tombstones > 0 or subject == "staffing"
    assert report.new_outputs == []
    assert set(report.changed_tables) <= NOT_MADE_AGAIN[subject], report
    with closing(sqlite3.connect(folder / "gongqiao.sqlite")) as connection:
        for id_ in (*report.missing_outputs, *report.changed_outputs):
            (type_, key, body) = connection.execute("SELECT type, key, body FROM log WHERE id = ?", (id_,)).fetchone()
            speaks_of_them = "u-canary" in text_of(body) or key == story.posting_id
            turn_of_another = subject == "delivery" and type_ == RecommendationIssued.type
            assert speaks_of_them or turn_of_another, f"only what speaks of them is not said again: {type_} {text_of(body)}"


def test_a_backup_shows_none_of_them(story: Story) -> None:
    """A backup from before the deletion still has the wrapped key: with the master key it opens them, until it is thrown away."""
    assert found_in(story.backup.read_bytes()) == set()
