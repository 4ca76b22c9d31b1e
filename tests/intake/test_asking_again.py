"""Whoever said something long ago is asked once whether it still stands: people after 90 days, employers before a posting ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from streams.intake import gateway, queries
from streams.intake.messages import EmployerAskedToConfirm, PersonAskedToConfirm
from streams.runtime.tables import log
from tests.intake.conftest import FIRST_DAY, PERSON, Clock, Intake

DUE = FIRST_DAY + timedelta(days=90)


def registered(intake: Intake, person_id: str = "u-7") -> None:
    answer = gateway.receive_people(intake.exchange, [{**PERSON, "person_id": person_id, "private": None}], sender="test")[0]
    assert answer.outcome == "accepted", answer.errors
    intake.drain()


def asked(intake: Intake, type_: type[Any]) -> list[Any]:
    with intake.exchange.reading() as connection:
        rows = connection.execute(select(log).where(log.c.type == type_.type).order_by(log.c.seq)).mappings().all()
        return [intake.exchange.log.decode(connection, row).message for row in rows]


def people_asked(intake: Intake) -> list[tuple[str, date, date]]:
    return [(message.person_id, message.since, message.on) for message in asked(intake, PersonAskedToConfirm)]


def person(intake: Intake) -> tuple[str | None, str | None]:
    with intake.exchange.reading() as connection:
        found = queries.person(connection, "u-7")
    assert found is not None
    return found["confirmed_on"], found["asked_on"]


def go(intake: Intake, clock: Clock, day: date, hour: int = 10) -> None:
    clock.go_to(day, hour)
    intake.tick()


def test_a_person_who_said_nothing_for_ninety_days_is_asked_once(intake: Intake, clock: Clock) -> None:
    intake.tick()
    registered(intake)
    go(intake, clock, DUE - timedelta(days=1))
    assert people_asked(intake) == []
    go(intake, clock, DUE)
    assert people_asked(intake) == [("u-7", FIRST_DAY, DUE)]
    assert person(intake) == (FIRST_DAY.isoformat(), DUE.isoformat())
    go(intake, clock, DUE, hour=15)
    go(intake, clock, DUE + timedelta(days=200))
    assert len(people_asked(intake)) == 1


def test_a_confirmation_starts_the_days_anew(intake: Intake, clock: Clock) -> None:
    intake.tick()
    registered(intake)
    go(intake, clock, DUE)
    gateway.confirm_person(intake.exchange, "u-7", sender="test")
    intake.drain()
    assert person(intake) == (DUE.isoformat(), None)
    go(intake, clock, DUE + timedelta(days=89))
    assert len(people_asked(intake)) == 1
    go(intake, clock, DUE + timedelta(days=90))
    assert people_asked(intake)[1:] == [("u-7", DUE, DUE + timedelta(days=90))]


def test_a_new_version_is_a_confirmation_too(intake: Intake, clock: Clock) -> None:
    intake.tick()
    registered(intake)
    go(intake, clock, DUE)
    gateway.receive_people(intake.exchange, [{**PERSON, "private": None, "skills": ["氩弧焊"]}], sender="test")
    intake.drain()
    assert person(intake) == (DUE.isoformat(), None)


def test_a_pause_of_the_clock_asks_no_one_twice(intake: Intake, clock: Clock) -> None:
    intake.tick()
    registered(intake)
    go(intake, clock, DUE + timedelta(days=30))
    assert people_asked(intake) == [("u-7", FIRST_DAY, DUE)]  # by the tick of the day that was missed


def test_people_are_asked_in_pages(intake: Intake, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.intake.asking_again.PAGE", 2)
    intake.tick()
    for number in range(5):
        registered(intake, f"u-{number}")
    go(intake, clock, DUE)
    assert [who for who, _, _ in people_asked(intake)] == [f"u-{number}" for number in range(5)]


def test_who_was_forgotten_is_not_asked(intake: Intake, clock: Clock) -> None:
    intake.tick()
    registered(intake)
    gateway.delete_person(intake.exchange, "u-7", sender="test")
    intake.drain()
    go(intake, clock, DUE)
    assert people_asked(intake) == []


def test_an_employer_is_asked_once_two_weeks_before_its_posting_ends(intake: Intake, clock: Clock) -> None:
    intake.tick()
    posting_id = intake.posted()
    ends = FIRST_DAY + timedelta(days=60)
    go(intake, clock, ends - timedelta(days=15))
    assert asked(intake, EmployerAskedToConfirm) == []
    go(intake, clock, ends - timedelta(days=14))
    (said,) = asked(intake, EmployerAskedToConfirm)
    assert (said.employer_id, said.posting_id, said.title, said.last_day) == ("e-1", posting_id, "焊工", ends)
    go(intake, clock, ends - timedelta(days=3))
    assert len(asked(intake, EmployerAskedToConfirm)) == 1


def test_a_posting_that_was_confirmed_is_asked_about_again_before_its_new_end(intake: Intake, clock: Clock) -> None:
    intake.tick()
    posting_id = intake.posted()
    confirmed_on = FIRST_DAY + timedelta(days=50)
    go(intake, clock, confirmed_on)
    gateway.confirm_posting(intake.exchange, posting_id, by="a-1", sender="test")
    intake.drain()
    go(intake, clock, confirmed_on + timedelta(days=50))
    days = [said.last_day for said in asked(intake, EmployerAskedToConfirm)]
    assert days == [FIRST_DAY + timedelta(days=60), confirmed_on + timedelta(days=60)]


@pytest.mark.parametrize("changes", [{"apply_by": "2026-11-20"}, {"status": "closed"}, {"employer": {"name": "太原某某机械制造有限公司"}}])
def test_nobody_is_asked_about_what_a_confirmation_would_not_change(intake: Intake, clock: Clock, changes: dict[str, Any]) -> None:
    intake.tick()
    intake.posted(changes)
    go(intake, clock, FIRST_DAY + timedelta(days=55))
    assert asked(intake, EmployerAskedToConfirm) == []
