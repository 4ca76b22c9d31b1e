"""``gongqiao audit``: whether the log of who read whose data is whole, and who is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import delete, update

from api.access import scope
from api.access.accounts import Caller
from api.access.audit import Look
from api.access.tables import audit
from infra.composition import exchange
from tests.infra.conftest import settings_of

Run = Callable[..., Result]
STAFF = Caller(account_id="a-1", login="c", role="commissioner", display="c", region="140105")


@pytest.fixture
def logged(folder: Path) -> Path:
    with exchange(settings_of(folder), run=False) as opened:
        for person_id in ("u-1", "u-2", "u-1"):
            scope.note(opened, STAFF, [Look(person_id, "profile")])
    return folder


def head_of(said: str) -> str:
    return next(line.removeprefix("head: ") for line in said.splitlines() if line.startswith("head: "))


def test_a_whole_log_prints_its_head_which_can_be_held_against_it_later(logged: Path, run: Run) -> None:
    first = run("audit", "verify", "--data-dir", logged)
    assert first.exit_code == 0, first.output
    assert "audit log whole: 3 entries" in first.output
    head = head_of(first.output)
    assert head.startswith("3:")
    with exchange(settings_of(logged), run=False) as opened:
        scope.note(opened, STAFF, [Look("u-1", "profile")])
    later = run("audit", "verify", "--data-dir", logged, "--head", head)
    assert (later.exit_code, "4 entries, among them the noted entry 3" in later.output) == (0, True)


def test_the_first_broken_place_is_said_and_the_exit_code_is_one(logged: Path, run: Run) -> None:
    with exchange(settings_of(logged), run=False) as opened:
        opened.write(lambda connection: connection.execute(update(audit).where(audit.c.n == 2).values(account_id="a-2")))
    found = run("audit", "verify", "--data-dir", logged)
    assert found.exit_code == 1
    assert "audit log broken: entry 2 (" in found.output
    assert "entries before it that hold together: 1" in found.output


def test_a_cut_tail_needs_the_noted_head(logged: Path, run: Run) -> None:
    head = head_of(run("audit", "verify", "--data-dir", logged).output)
    with exchange(settings_of(logged), run=False) as opened:
        opened.write(lambda connection: connection.execute(delete(audit).where(audit.c.n == 3)))
    without = run("audit", "verify", "--data-dir", logged)
    assert without.exit_code == 0
    assert "a cut tail is told only by a head noted earlier" in without.output
    found = run("audit", "verify", "--data-dir", logged, "--head", head)
    assert found.exit_code == 1
    assert "the log ends at entry 2, and entry 3 was noted" in found.output


@pytest.mark.parametrize("head", ["3", "x:1", "0:" + "0" * 64, "3:" + "g" * 64])
def test_a_head_that_is_none_is_a_usage_error(logged: Path, run: Run, head: str) -> None:
    found = run("audit", "verify", "--data-dir", logged, "--head", head)
    assert found.exit_code == 2
    assert "NUMBER:HASH expected" in found.output


def test_entries_of_one_person_are_listed_the_newest_first(logged: Path, run: Run) -> None:
    found = run("audit", "list", "--data-dir", logged, "--person", "u-1")
    assert found.exit_code == 0, found.output
    lines = [line.split("  ") for line in found.output.splitlines() if "profile" in line]
    assert [(line[0], line[2], line[4], line[5], line[6]) for line in lines] == [
        ("3", "a-1", "140105", "u-1", "profile"),
        ("1", "a-1", "140105", "u-1", "profile"),
    ]
