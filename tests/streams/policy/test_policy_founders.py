"""归集简办 (J-37): four facts from data, one claim, one check; what the founder says does not overwrite data."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from matcher.policy import load_catalogue
from streams.intake.messages import PersonRemoved
from streams.policy import founders
from streams.policy import tables as policy
from streams.policy.known import person_facts
from streams.policy.messages import FounderRecorded
from tests.streams.policy.policy_exchange import PolicyExchange, claim, decided, person

BUNDLE = "graduate_startup_bundle"
CATALOGUE = load_catalogue()


def graduate(exchange: PolicyExchange) -> None:
    facts = {"graduate.fresh": True}
    education = {"level": "21", "graduated_on": "2023-07-01"}
    exchange.say(person(kind="graduate", categories=["college_graduate"], facts=facts, education=education))


def recorded(**changes: Any) -> FounderRecorded:
    complete: dict[str, Any] = {
        "registered_with_market_regulator": True, "registered_on": date(2023, 8, 1), "has_tax_activity": True,
        "has_social_insurance_payment": True, "jobs_created": 1,
    }  # fmt: skip
    return FounderRecorded(person_id="u-1", by="account:k-1", **{**complete, **changes})


def test_the_four_facts_are_those_that_the_bundle_asks_for() -> None:
    asked = {leaf.field for leaf in CATALOGUE.by_id["graduate_startup_bundle__000"].conditions}
    assert set(founders.CHECKED) <= asked
    assert founders.merging(CATALOGUE).between[0] == BUNDLE


def test_data_alone_make_the_one_claim_certain(exchange: PolicyExchange) -> None:
    graduate(exchange)
    exchange.say(recorded(), claim("c-1", BUNDLE, employer_id=None))
    found = exchange.claim("c-1")
    assert (found["stage"], found["status"], found["yuan"], found["missing"]) == ("accepted", "ELIGIBLE", "15000", [])


@pytest.mark.parametrize(
    ("changes", "status", "named"),
    [
        ({"has_tax_activity": False}, "NOT_ELIGIBLE", "founder.has_tax_activity"),
        ({"has_social_insurance_payment": False}, "NOT_ELIGIBLE", "founder.has_social_insurance_payment"),
        ({"jobs_created": 0}, "NOT_ELIGIBLE", "founder.jobs_created"),
        ({"registered_with_market_regulator": False, "registered_on": None}, "NOT_ELIGIBLE", "founder.registered_with_market_regulator"),
        ({"has_tax_activity": None}, "NEEDS_CHECK", "founder.has_tax_activity"),
        ({"jobs_created": None}, "NEEDS_CHECK", "founder.jobs_created"),
        ({"registered_on": date(2023, 6, 30)}, "NOT_ELIGIBLE", "founder.started_after_graduation"),
        ({"registered_on": None}, "NEEDS_CHECK", "founder.started_after_graduation"),
    ],
)
def test_one_fact_changed(exchange: PolicyExchange, changes: dict[str, Any], status: str, named: str) -> None:
    graduate(exchange)
    exchange.say(recorded(**changes), claim("c-1", BUNDLE, employer_id=None))
    found = exchange.claim("c-1")
    assert (found["entry_id"], found["status"]) == ("graduate_startup_bundle__000", status)
    assert named in (found["failed"] if status == "NOT_ELIGIBLE" else found["missing"])


def test_what_the_founder_declares_fills_what_data_do_not_say_and_overwrites_nothing(exchange: PolicyExchange) -> None:
    graduate(exchange)
    exchange.say(recorded(jobs_created=0, has_tax_activity=None))
    declared = {"founder.jobs_created": 3, "founder.has_tax_activity": True}
    exchange.say(claim("c-1", BUNDLE, employer_id=None, declared=declared))
    found = exchange.claim("c-1")
    assert (found["status"], found["failed"], found["missing"]) == ("NOT_ELIGIBLE", ["founder.jobs_created"], [])


def test_data_that_come_after_the_claim_check_it_once(exchange: PolicyExchange) -> None:
    graduate(exchange)
    exchange.say(claim("c-1", BUNDLE, employer_id=None))
    assert exchange.claim("c-1")["status"] == "NEEDS_CHECK"
    exchange.say(recorded(), recorded())
    assert (exchange.claim("c-1")["status"], exchange.claim("c-1")["missing"]) == ("ELIGIBLE", [])
    assert [one["step"] for one in exchange.rows(policy.claim_steps)] == ["received", "accepted", "checked"]
    before = exchange.tables()
    exchange.say(recorded())
    assert exchange.tables() == before
    exchange.say(decided("approve"), recorded(jobs_created=0))
    assert (exchange.claim("c-1")["stage"], exchange.claim("c-1")["status"]) == ("approved", "ELIGIBLE")


def test_the_newest_report_holds(exchange: PolicyExchange) -> None:
    graduate(exchange)
    exchange.say(recorded(), recorded(jobs_created=2, has_tax_activity=None))
    told = exchange.ask(founders.report, "u-1")
    assert told["founder.jobs_created"] == 2
    assert "founder.has_tax_activity" not in told


def test_who_registered_a_business_is_founding(exchange: PolicyExchange) -> None:
    exchange.say(person(), recorded(jobs_created=None))
    known = exchange.ask(person_facts, CATALOGUE, person().person, exchange.today)
    assert known["person.starting_business"] is True
    exchange.say(recorded(registered_with_market_regulator=False, registered_on=None))
    assert "person.starting_business" not in exchange.ask(person_facts, CATALOGUE, person().person, exchange.today)


def test_of_somebody_forgotten_nothing_is_left(exchange: PolicyExchange) -> None:
    graduate(exchange)
    exchange.say(recorded(), PersonRemoved(person_id="u-1", revision=2))
    assert exchange.rows(policy.founders) == []
