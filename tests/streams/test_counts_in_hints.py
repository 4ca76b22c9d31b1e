"""What policy counts of an employer decides the rate that hints of its next pairs are told at (E-24)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from matcher.days import SHANGHAI
from matcher.policy import hints_for_pair, load_catalogue
from matcher.policy.counted import with_counts
from matcher.shapes import Employer, read_employer, read_person
from streams.matching import handlers, queries, tables
from streams.matching.memory import Market
from streams.policy.messages import EmployerCounted
from streams.policy.tables import offers
from tests.one_subject import OneSubject
from tests.streams.policy.policy_exchange import PolicyExchange, employer, person, posting, step

LADDER = "hiring_one_off__004_private_small_micro_ladder"
COUNT = "employer.newly_absorbed_count"


class Matching(OneSubject):
    subject = handlers.SUBJECT
    remembers = (tables.employers, tables.counts, tables.postings, tables.people)
    begins = datetime(2024, 7, 20, 10, 0, tzinfo=SHANGHAI)

    @property
    def memory(self) -> Market:
        found: Any = self.open.runner.loops["matching"].memory  # type: ignore[attr-defined]
        assert isinstance(found, Market)
        return found

    def employer(self) -> Employer:
        """As the API and replay read it, and as the matcher's memory has it: one and the same."""
        found: Employer = self.ask(queries.employers, ["e-1"])["e-1"]
        assert self.ask(lambda connection: self.memory.employer(connection, "e-1")) == found
        return found

    def told(self) -> float | None:
        """The sum that the hint of a new pair names, read the way the API reads it."""
        hints = hints_for_pair(load_catalogue(), posting().posting, read_person(SOMEBODY), self.employer(), self.today)
        return next(hint["amount"].get("yuan") for hint in hints if hint["entry_id"] == LADDER)


SOMEBODY = {"person_id": "u-new", "kind": "registered_unemployed", "region": "140105", "categories": ["registered_unemployed"]}


@pytest.fixture
def matching(tmp_path: Path, empty_exchange: Path) -> Iterator[Matching]:
    file = tmp_path / "matching.sqlite"
    shutil.copy(empty_exchange, file)
    made = Matching(file)
    yield made
    try:
        assert made.dead() == []
    finally:
        made.close()


@pytest.fixture
def policy(tmp_path: Path, empty_exchange: Path) -> Iterator[PolicyExchange]:
    file = tmp_path / "policy.sqlite"
    shutil.copy(empty_exchange, file)
    made = PolicyExchange(file)
    yield made
    try:
        assert made.dead() == []
    finally:
        made.close()


def hire(exchange: PolicyExchange, numbers: range, on: str) -> None:
    for n in numbers:
        exchange.say(person(f"u-{n}"), posting(f"p-{n}"), step(person_id=f"u-{n}", posting_id=f"p-{n}", on=on))


def test_the_hundredth_stable_hire_that_policy_counts_raises_what_a_new_pair_is_told(policy: PolicyExchange, matching: Matching) -> None:
    small = employer(size="small", ownership="private")
    matching.say(small, posting())
    assert matching.told() == 1000
    policy.on("2024-01-10").say(small)
    hire(policy, range(99), "2024-01-10")
    hire(policy, range(99, 100), "2024-01-12")
    policy.tick("2024-07-11")
    first = policy.out("employer.counted")[-1]
    assert first.absorbed == 99
    matching.say(first)
    assert matching.told() == 1000
    policy.tick("2024-07-12")
    matching.say(policy.out("employer.counted")[-1])
    assert matching.employer().facts[COUNT] == 100
    assert matching.told() == 1500
    said = len(policy.out("employer.counted"))
    policy.tick()
    assert len(policy.out("employer.counted")) == said  # nothing new, nothing said


def test_a_process_that_starts_anew_has_the_counts_from_its_table(matching: Matching) -> None:
    matching.say(employer(), EmployerCounted(employer_id="e-1", revision=1, absorbed=7, poverty=3, share="30.0"))
    again = Market({})
    matching.ask(again.load)
    assert matching.ask(lambda c: again.employer(c, "e-1")) == matching.employer()


def test_an_older_count_changes_nothing_and_one_that_is_heard_before_its_employer_waits(matching: Matching) -> None:
    newer = EmployerCounted(employer_id="e-1", revision=2, absorbed=8, poverty=0)
    matching.say(newer)
    matching.say(EmployerCounted(employer_id="e-1", revision=1, absorbed=7, poverty=5, share="50.0"), employer())
    assert matching.rows(tables.counts) == [{"employer_id": "e-1", "revision": 2, "absorbed": 8, "poverty": 0, "share": None}]
    assert matching.ask(queries.employers, ["e-1"])["e-1"].facts[COUNT] == 8


def test_a_share_that_is_not_known_any_more_is_gone(matching: Matching) -> None:
    matching.say(employer(), EmployerCounted(employer_id="e-1", revision=1, absorbed=0, poverty=3, share="30.0"))
    matching.say(EmployerCounted(employer_id="e-1", revision=2, absorbed=0, poverty=3))
    assert "employer.poverty_labour_share_percent" not in matching.employer().facts


@pytest.mark.parametrize(("stated", "counted", "holds"), [(None, 0, 1), (None, 5, 5), (100, 5, 100), (5, 100, 100), ("vierzig", 5, 5)])
def test_of_a_stated_and_a_counted_number_the_higher_holds(stated: Any, counted: int, holds: int) -> None:
    given = {COUNT: stated} if stated is not None else {}
    found = with_counts(read_employer({"employer_id": "e-1", "facts": given}), counted, 0, None)
    assert found.facts[COUNT] == holds


def test_a_hire_of_autumn_counts_for_its_own_year_in_spring(policy: PolicyExchange) -> None:
    policy.on("2024-09-02").say(employer(size="small", ownership="private"))
    hire(policy, range(100), "2024-09-02")
    policy.tick("2025-03-01")
    assert {row["yuan"] for row in policy.rows(offers, entry_id=LADDER)} == {"1000"}
    policy.tick("2025-03-02")
    assert {row["yuan"] for row in policy.rows(offers, entry_id=LADDER)} == {"1500"}
    assert policy.out("employer.counted") == []  # none of this year: a new pair is told the rate of the first
