"""渐退期 (J-16): six months from the first month above the standard, told when it begins and before it ends."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from matcher.policy import load_catalogue
from matcher.policy.hint import hints_for_pair
from streams.policy import rules
from streams.policy.exits import for_civil_affairs
from streams.policy.messages import IncomeRecorded
from streams.policy.wording import notice_words
from tests.streams.policy.policy_exchange import PolicyExchange, employer, person, posting

FAMILY = ["registered_unemployed", "dibao_family_member"]


def income(month: str, yuan: str, standard: str = "600") -> IncomeRecorded:
    return IncomeRecorded(person_id="u-1", month=date.fromisoformat(f"{month}-01"), income_per_head_yuan=yuan, standard_yuan=standard)


@pytest.mark.parametrize(
    ("months", "span"),
    [
        ([], None),
        ([("2023-09", False)], None),
        ([("2023-09", True)], ("2023-09-01", "2024-02-29")),
        ([("2023-09", True), ("2023-10", True)], ("2023-09-01", "2024-02-29")),
        ([("2023-09", True), ("2023-10", False)], None),
        ([("2023-09", True), ("2023-10", False), ("2023-11", True)], ("2023-11-01", "2024-04-30")),
        ([("2023-10", True), ("2023-09", True)], ("2023-09-01", "2024-02-29")),
    ],
)
def test_the_clock_starts_with_the_first_month_above_the_standard(months: list[tuple[str, bool]], span: tuple[str, str] | None) -> None:
    found = rules.gradual_exit([(date.fromisoformat(f"{month}-01"), above) for month, above in months], 6)
    assert (None if found is None else tuple(day.isoformat() for day in found)) == span


@pytest.mark.parametrize(("yuan", "told"), [("600", []), ("600.01", ["exit_started"])])
def test_exactly_the_standard_is_not_above_it(exchange: PolicyExchange, yuan: str, told: list[str]) -> None:
    exchange.say(person(categories=FAMILY), income("2023-09", yuan))
    assert [notice["kind"] for notice in exchange.notices()] == told


def test_it_is_told_at_its_start_and_thirty_and_seven_days_before_its_end(exchange: PolicyExchange) -> None:
    exchange.say(person(categories=FAMILY), income("2023-09", "900"), income("2023-09", "900"), income("2023-10", "950"))
    exchange.pass_days("2024-03-02")
    told = sorted(
        (notice["day"].isoformat(), notice["kind"], notice["numbers"]["days_left"]) for notice in exchange.notices(audience="person")
    )
    assert [one for one in told if one[1].startswith("exit")] == [
        ("2023-09-01", "exit_started", "181"),
        ("2024-01-30", "exit_ending", "30"),
        ("2024-02-22", "exit_ending", "7"),
    ]
    assert {notice["last_day"] for notice in exchange.notices(benefit="dibao_gradual_exit")} == {date(2024, 2, 29)}


def test_the_notice_says_as_many_months_as_the_entry(exchange: PolicyExchange) -> None:
    exchange.say(person(categories=FAMILY), income("2023-09", "900"))
    (notice,) = exchange.notices(kind="exit_started")
    notice["last_day"] = notice["last_day"].isoformat()
    for months, words in (("6", "有6个月渐退期，从2023年9月1日算起"), ("12", "有12个月渐退期")):
        assert words in notice_words(load_catalogue(), {**notice, "numbers": {**notice["numbers"], "months": months}})
    assert notice["numbers"]["months"] == "6"


def test_civil_affairs_are_told_of_those_who_agreed_only(exchange: PolicyExchange) -> None:
    agreed = {"recommend": True, "share_with_civil_affairs": True}
    exchange.say(person(categories=FAMILY), income("2023-09", "900"))
    assert exchange.ask(listed, date(2023, 9, 1)) == []
    exchange.say(person(categories=FAMILY, revision=2, changed=True, consent={"share_with_civil_affairs": False}))
    assert exchange.ask(listed, date(2023, 9, 1)) == []
    exchange.say(person(categories=FAMILY, revision=3, changed=True, consent=agreed))
    assert exchange.ask(listed, date(2023, 9, 1)) == [{"person_id": "u-1", "from": "2023-09-01", "to": "2024-02-29", "region": "140105"}]
    assert exchange.ask(listed, date(2023, 9, 1), lambda person: False) == []
    exchange.say(person(revision=4, changed=True, consent=agreed))
    assert exchange.ask(listed, date(2023, 9, 1)) == []  # not of such a family


@pytest.mark.parametrize(("day", "within"), [("2023-08-31", 0), ("2023-09-01", 1), ("2024-02-29", 1), ("2024-03-01", 0)])
def test_the_list_begins_and_ends_with_the_clock(exchange: PolicyExchange, day: str, within: int) -> None:
    exchange.say(person(categories=FAMILY, consent={"share_with_civil_affairs": True}), income("2023-09", "900"))
    assert len(exchange.ask(listed, date.fromisoformat(day))) == within


def test_pages_of_the_list_miss_nobody(exchange: PolicyExchange) -> None:
    for number in range(5):
        given = {"share_with_civil_affairs": number != 2}
        record = income("2023-09", "900").model_copy(update={"person_id": f"u-{number}"})
        exchange.say(person(f"u-{number}", categories=FAMILY, consent=given), record)
    found, after = [], ""
    while True:
        items, following = exchange.ask(for_civil_affairs, load_catalogue(), date(2023, 9, 1), lambda person: True, after, 2)
        found += [item["person_id"] for item in items]
        if following is None:
            break
        after = following
    assert found == ["u-0", "u-1", "u-3", "u-4"]


def listed(connection: Any, day: date, in_region: Any = lambda person: True) -> list[dict[str, str]]:
    return for_civil_affairs(connection, load_catalogue(), day, in_region, "", 100)[0]


def test_who_is_of_no_such_family_is_told_nothing(exchange: PolicyExchange) -> None:
    exchange.say(person(), income("2023-09", "900"))
    assert exchange.notices() == []


@pytest.mark.parametrize(("categories", "named"), [(FAMILY, True), (["registered_unemployed"], False)])
def test_a_recommendation_to_such_a_family_names_both_protections(categories: list[str], named: bool) -> None:
    who = person(categories=categories).person
    hints = hints_for_pair(load_catalogue(), posting().posting, who, employer().employer, date(2026, 11, 20))
    found = {hint["benefit"] for hint in hints} & {"dibao_employment_cost_deduction", "dibao_gradual_exit"}
    assert len(found) == (2 if named else 0)
