"""推送民政 (J-16): registered unemployed people in hardship, once per change, and only those who agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from streams.intake.messages import PersonRemoved
from streams.policy import referrals
from streams.policy import tables as policy
from streams.policy.messages import CivilAffairsTold
from tests.streams.policy.policy_exchange import PolicyExchange, person

AGREED = {"recommend": True, "share_with_civil_affairs": True}
HARD = {"person.living_difficulty": True}
WHERE = "140105"


def say(exchange: PolicyExchange, revision: int = 1, **changes: Any) -> None:
    given = {"consent": AGREED, "facts": HARD, "registered_at": WHERE, **changes}
    exchange.say(person(revision=revision, changed=revision > 1, **given))


def due(exchange: PolicyExchange, region: str = WHERE) -> list[referrals.Told]:
    found: list[referrals.Told] = exchange.ask(referrals.due, region, 100)
    assert exchange.ask(referrals.waiting, region) == len(found)
    return found


def tell(exchange: PolicyExchange, batch: str = "b-1") -> None:
    exchange.say(*(CivilAffairsTold(person_id=told["person_id"], batch=batch, told=told, by="account:k-1") for told in due(exchange)))


def test_what_is_told_is_the_least_that_names_person_place_and_day(exchange: PolicyExchange) -> None:
    say(exchange)
    expected = {
        "person_id": "u-1", "region": WHERE, "state": "hardship", "since": "2023-09-01", "registered_unemployed_on": "2023-01-01",
    }  # fmt: skip
    assert due(exchange) == [expected]
    assert set(expected) <= set(referrals.FIELDS)
    tell(exchange)
    assert exchange.ask(referrals.told_in, WHERE, "b-1") == [expected]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, True),
        ({"consent": {"recommend": True}}, False),
        ({"consent": {"share_with_civil_affairs": False}}, False),
        ({"facts": {}}, False),
        ({"facts": {"person.living_difficulty": False}}, False),
        ({"kind": "jobseeker", "categories": []}, False),
        ({"kind": "graduate", "categories": ["college_graduate"]}, False),
    ],
)
def test_only_registered_unemployed_people_in_hardship_who_agreed(exchange: PolicyExchange, changes: dict[str, Any], told: bool) -> None:
    say(exchange, **changes)
    assert bool(due(exchange)) == told


@pytest.mark.parametrize(("day", "told"), [("2022-12-14", False), ("2022-12-15", True), ("2026-11-20", True)])
def test_nobody_is_told_of_before_the_document_says_so(exchange: PolicyExchange, day: str, told: bool) -> None:
    exchange.on(day)
    say(exchange, registered_unemployed_on="2022-01-01")
    assert bool(due(exchange)) == told


def test_a_change_is_told_once(exchange: PolicyExchange) -> None:
    say(exchange)
    tell(exchange)
    assert due(exchange) == []
    exchange.on("2023-09-05")
    say(exchange, 2, intention="flexible")  # nothing that is told
    assert due(exchange) == []
    say(exchange, 3, registered_at="140106")
    assert [(one["region"], one["since"]) for one in due(exchange, "140100")] == [("140106", "2023-09-05")]
    say(exchange, 4)
    assert due(exchange, "140100") == []  # as it was told


def test_that_it_is_over_is_told_of_those_of_whom_it_was_told(exchange: PolicyExchange) -> None:
    say(exchange)
    say(exchange, 2, facts={})
    assert exchange.rows(policy.referrals) == []
    say(exchange, 3)
    tell(exchange)
    exchange.on("2023-10-01")
    say(exchange, 4, facts={})
    assert due(exchange) == [{"person_id": "u-1", "region": WHERE, "state": "ended", "since": "2023-10-01"}]
    tell(exchange, "b-2")
    assert due(exchange) == []
    exchange.on("2023-11-01")
    say(exchange, 5)
    assert [(one["state"], one["since"]) for one in due(exchange)] == [("hardship", "2023-11-01")]


def test_who_takes_the_consent_back_is_in_no_list_any_more_also_not_in_one_opened_again(exchange: PolicyExchange) -> None:
    say(exchange)
    tell(exchange)
    say(exchange, 2, consent={"share_with_civil_affairs": False}, facts={})
    assert due(exchange) == []
    assert exchange.ask(referrals.told_in, WHERE, "b-1") == []
    assert exchange.ask(referrals.lists, WHERE, 10) == []
    say(exchange, 3)
    assert due(exchange) == []
    assert len(exchange.ask(referrals.told_in, WHERE, "b-1")) == 1


def test_two_lists_made_at_once_tell_a_change_once(exchange: PolicyExchange) -> None:
    say(exchange)
    (told,) = due(exchange)
    for batch in ("b-1", "b-2"):
        exchange.say(CivilAffairsTold(person_id="u-1", batch=batch, told=told, by="account:k-1"))
    assert [len(exchange.ask(referrals.told_in, WHERE, batch)) for batch in ("b-1", "b-2")] == [1, 0]


def test_what_changed_while_a_list_was_made_is_still_due(exchange: PolicyExchange) -> None:
    say(exchange)
    (told,) = due(exchange)
    say(exchange, 2, registered_unemployed_on="2023-02-01")
    exchange.say(CivilAffairsTold(person_id="u-1", batch="b-1", told=told, by="account:k-1"))
    assert [one["registered_unemployed_on"] for one in due(exchange)] == ["2023-02-01"]


def test_what_was_told_may_be_heard_before_the_person(exchange: PolicyExchange) -> None:
    """A rebuild hears facts in the order of their topics."""
    told = {"person_id": "u-1", "region": WHERE, "state": "hardship", "since": "2023-08-01", "registered_unemployed_on": "2023-01-01"}
    exchange.say(CivilAffairsTold(person_id="u-1", batch="b-1", told=told, by="account:k-1"))
    assert due(exchange) == []
    say(exchange)
    assert due(exchange) == []
    assert exchange.ask(referrals.told_in, WHERE, "b-1") == [told]


@pytest.mark.parametrize(("region", "number"), [("140105", 1), ("140100", 1), ("140000", 1), ("140106", 0), ("140200", 0)])
def test_each_office_sees_its_own_region(exchange: PolicyExchange, region: str, number: int) -> None:
    say(exchange)
    assert len(due(exchange, region)) == number
    tell(exchange)
    assert len(exchange.ask(referrals.told_in, region, "b-1")) == number
    assert (
        exchange.ask(referrals.lists, region, 10)
        == [{"batch": "b-1", "told_on": "2023-09-01", "told_at": "2023-09-01T02:00:00+00:00", "people": 1}][:number]
    )


def test_the_last_list_comes_first_also_among_those_of_one_day(exchange: PolicyExchange) -> None:
    for number, batch in enumerate(("b-3", "b-1", "b-4", "b-2")):
        exchange.at += timedelta(hours=1)
        exchange.say(person(id_=f"u-{number}", consent=AGREED, facts=HARD, registered_at=WHERE))
        tell(exchange, batch)
    exchange.on("2023-09-02")
    exchange.say(person(id_="u-5", consent=AGREED, facts=HARD, registered_at=WHERE))
    tell(exchange, "b-0")
    assert [one["batch"] for one in exchange.ask(referrals.lists, WHERE, 4)] == ["b-0", "b-2", "b-4", "b-1"]


def test_of_somebody_forgotten_nothing_is_left(exchange: PolicyExchange) -> None:
    say(exchange)
    tell(exchange)
    exchange.say(PersonRemoved(person_id="u-1", revision=2))
    assert exchange.rows(policy.referrals) == []
