"""What policy tells employers, by mail and gateway: at the address they entered, in one letter a day, and nowhere else."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from streams.delivery.tables import notices, outside_sends
from streams.policy.messages import PersonPolicyNotice, PolicyNotice
from streams.runtime.tables import log
from tests.delivery.made_up_messages import person_left, person_matched

MAIL, MOBILE = "hr@example.org", "13900000002"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"quiet_from": 22, "quiet_to": 7, "outside_channels": ("mail", "gateway")}


def wait(exchange: Any, **time: int) -> None:
    exchange.tick(exchange.at + timedelta(**time))


def of_a_hire() -> PersonPolicyNotice:
    fields = {"kind": "offer", "benefit": "job_post_subsidy", "entry_id": "job_post_subsidy__004", "status": "ELIGIBLE", "yuan": "10800"}
    who = {"audience": "employer", "person_id": "u-1", "employer_id": "e-1"}
    return PersonPolicyNotice(notice_id="n-hire", **who, day=date(2026, 11, 20), last_day=date(2026, 12, 31), **fields)


def to_employer(notice_id: str = "n-1", **more: Any) -> PolicyNotice:
    fields = {"kind": "offer", "employer_id": "e-1", "benefit": "job_retention_refund", "status": "ELIGIBLE", "yuan": "60000", **more}
    return PolicyNotice(notice_id=notice_id, day=date(2026, 11, 20), last_day=date(2026, 12, 31), **fields)


@pytest.fixture
def reached(exchange: Any) -> None:
    """The employer has entered where it is to be told."""
    exchange.open.write(lambda c: exchange.open.vault.keep(c, "employer", "e-1", {"mail": MAIL, "phone": MOBILE}))


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize("notice", [to_employer(), of_a_hire()], ids=["of itself", "of a hire"])
def test_an_employer_is_told_at_its_own_address_and_the_person_is_not(exchange, sender, letters, calls, notice):
    exchange.say(person_matched("u-1", 1), notice, notice)
    wait(exchange, minutes=10)
    assert sender.step() == 2
    ((told, mail),) = letters.taken
    assert told == [MAIL]
    assert "可以申请" in mail.get_content()
    assert "https://bridge.example.org/employer/policies" in mail.get_content()
    assert json.loads(calls[0][1])["to"] == MOBILE
    assert "e-1" not in json.loads(calls[0][1])["idempotency_key"]
    assert sender.step() == 0
    kept = repr(exchange.tables()) + repr(exchange.rows(log))
    assert MAIL not in kept
    assert MOBILE not in kept


def test_an_employer_without_an_address_is_told_nothing_outside(exchange, sender, letters, calls):
    exchange.say(to_employer())
    wait(exchange, minutes=10)
    assert sender.step() == 2
    assert (letters.taken, calls) == ([], [])
    assert {row["state"] for row in exchange.rows(outside_sends)} == {"no_address"}
    assert sender.step() == 0


@pytest.mark.usefixtures("reached")
def test_what_is_said_in_the_night_is_one_letter_in_the_morning(exchange, sender, letters):
    exchange.at = exchange.at.replace(hour=23)
    exchange.say(to_employer(), to_employer("n-2", benefit="job_post_subsidy"))
    wait(exchange, minutes=30)
    assert sender.step() == 0
    exchange.next_day(hour=6)
    assert sender.step() == 0
    exchange.tick(exchange.at.replace(hour=7))
    assert sender.step() == 2
    ((_, mail),) = letters.taken
    assert "2条" in mail["subject"]


@pytest.mark.usefixtures("reached")
def test_what_comes_after_the_letter_of_a_day_waits_for_that_of_the_next(exchange, sender, letters):
    exchange.say(to_employer())
    wait(exchange, minutes=10)
    sender.step()
    exchange.say(to_employer("n-2"))
    wait(exchange, hours=2)
    assert sender.step() == 0
    exchange.next_day()
    assert sender.step() == 2
    assert len(letters.taken) == 2


@pytest.mark.usefixtures("reached")
def test_an_employers_letter_promises_nothing_after_the_last_day(exchange, sender, letters):
    exchange.say(to_employer())
    wait(exchange, days=42)
    sender.step()
    assert letters.taken == []


@pytest.mark.usefixtures("reached")
def test_what_an_employer_is_told_of_a_person_goes_when_the_person_is_forgotten(exchange, sender, letters):
    exchange.say(person_matched("u-1", 1), of_a_hire(), person_left("u-1", 2, "removed"))
    wait(exchange, minutes=10)
    sender.step()
    assert letters.taken == []
    assert exchange.rows(notices) == []
