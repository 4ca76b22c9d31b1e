"""One person employed by one employer at one time is one hire for offers, and one person for counts; each hire counts on its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from matcher.policy.counted import POVERTY
from streams.intake.messages import PersonRemoved
from streams.policy import tables as policy
from tests.streams.policy.policy_exchange import PolicyExchange, employer, insured, person, posting, step

FROM_POVERTY = ["registered_unemployed", "poverty_alleviated_labour"]


def begin(exchange: PolicyExchange, *, day: str = "2023-09-01", **about: Any) -> None:
    exchange.on(day)
    exchange.say(employer(size="small", recognition=["poverty_base"], facts={POVERTY: 0}))
    exchange.say(person(registered_unemployed_on="2022-01-01", **about), posting(), posting("p-2"))


def counted(exchange: PolicyExchange) -> dict[str, Any]:
    found: dict[str, Any] = exchange.rows(policy.employers)[0]["counters"]
    return found


def open_benefits(exchange: PolicyExchange) -> list[str]:
    return sorted(row["benefit"] for row in exchange.rows(policy.offers, state="open") if row["payee_kind"] == "employer")


def hire(exchange: PolicyExchange) -> dict[str, Any]:
    (found,) = exchange.rows(policy.hires)
    return found


# -- one hire ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        [insured(), step()],
        [step(), insured()],
        [insured(), step(), step(posting_id="p-2")],
        [step(), step(posting_id="p-2"), insured()],
        [step(posting_id="p-2"), insured(), step()],
    ],
)
def test_however_a_hire_is_heard_of_it_is_one_person_and_one_offer_a_benefit(
    opened: Callable[..., PolicyExchange], said: list[Any]
) -> None:
    once, several = opened(), opened()
    for exchange, messages in ((once, [step(insured_on="2023-09-01")]), (several, said)):
        begin(exchange, categories=[*FROM_POVERTY, "employment_difficulty"])
        exchange.say(*messages)
        exchange.tick("2023-09-02").tick("2023-09-03")
    assert hire(several)["hired_on"] == date(2023, 9, 1)
    assert counted(several)["poverty"] == 1
    assert {"hiring_one_off", "job_post_subsidy"} <= set(open_benefits(once))
    assert open_benefits(several) == open_benefits(once)


def test_the_step_s_contract_joins_what_insurance_showed_from_the_earliest_day(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(insured(on="2023-08-28", paid_in_full=True), step(on="2023-09-01", months=24))
    found = hire(exchange)
    assert (found["hired_on"], found["insured_on"], found["paid_in_full"]) == (date(2023, 8, 28), date(2023, 8, 28), True)
    assert (found["origin"], found["posting_id"], found["contract_months"]) == ("platform", "p-1", "24.0")
    exchange.say(step("left", "2023-09-20"))
    assert hire(exchange)["left_on"] == date(2023, 9, 20)


def test_the_day_is_the_earliest_also_where_the_step_came_first(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(step(on="2023-09-01"), insured(on="2023-08-28"))
    assert hire(exchange)["hired_on"] == date(2023, 8, 28)
    before = exchange.tables()
    exchange.say(step(on="2023-09-01"), insured(on="2023-08-28"))
    assert exchange.tables() == before


def test_a_step_taken_back_leaves_what_insurance_shows(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(insured(on="2023-09-03"), step(on="2023-09-01"), step("not_hired", before="hired"))
    found = hire(exchange)
    assert (found["origin"], found["hired_on"], found["left_on"], found["posting_id"]) == ("insurance", date(2023, 9, 3), None, None)


def test_leaving_one_posting_for_another_at_the_same_employer_ends_nothing(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(step(), step(posting_id="p-2", on="2023-10-01"), step("left", "2023-10-01"))
    assert (hire(exchange)["left_on"], hire(exchange)["hired_on"]) == (None, date(2023, 9, 1))
    exchange.say(step("left", "2023-11-01", posting_id="p-2"))
    assert hire(exchange)["left_on"] == date(2023, 11, 1)


@pytest.mark.parametrize(
    "again",
    [
        step(on="2023-10-05"),
        step(on="2023-10-05", posting_id="p-2"),
        insured(on="2023-10-05"),
    ],
)
def test_a_hire_after_the_former_one_ended_is_a_new_one(exchange: PolicyExchange, again: Any) -> None:
    begin(exchange, categories=FROM_POVERTY)
    exchange.say(step(), step("left", "2023-10-01"), again)
    exchange.tick("2023-10-06")
    spans = sorted((one["hired_on"], one["left_on"]) for one in exchange.rows(policy.hires))
    assert spans == [(date(2023, 9, 1), date(2023, 10, 1)), (date(2023, 10, 5), None)]
    assert counted(exchange)["poverty"] == 1


def test_insured_again_after_the_insurance_ended_is_a_new_hire_and_said_again_nothing(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(insured(ended="2023-10-01"), insured(on="2023-11-01"))
    assert len(exchange.rows(policy.hires)) == 2
    before = exchange.tables()
    exchange.say(insured(ended="2023-10-01"), insured(on="2023-11-01"))
    assert exchange.tables() == before


def test_the_same_person_at_two_employers_is_two_hires(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(employer("e-2"), step(), insured(employer_id="e-2"))
    assert {one["employer_id"] for one in exchange.rows(policy.hires)} == {"e-1", "e-2"}


# -- the count of six months ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [[insured(on="2026-03-01")], [step(on="2026-03-01")], [insured(on="2026-03-01"), step(on="2026-03-01")]])
def test_a_hire_counts_on_its_six_month_day_by_itself(exchange: PolicyExchange, said: list[Any]) -> None:
    begin(exchange, day="2026-03-01")
    exchange.say(*said)
    exchange.pass_days("2026-08-31")
    assert counted(exchange)["absorbed"] == 0
    exchange.pass_days("2026-09-01")
    assert counted(exchange)["absorbed"] == 1
    assert date(2026, 9, 1) in {one.due for one in exchange.out("policy.check_scheduled")}


def test_a_hire_that_is_offered_a_variant_without_six_months_counts_too(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(step())
    exchange.pass_days("2024-03-01")
    assert counted(exchange)["by_year"] == {"2023": 1}


def test_who_left_before_is_neither_scheduled_nor_counted(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(step())
    exchange.tick("2024-02-01")
    exchange.say(step("left", "2024-02-01"))
    assert hire(exchange)["check_on"] is None
    exchange.pass_days("2024-03-02")
    assert counted(exchange)["by_year"] == {}


def test_a_hire_of_a_person_who_is_forgotten_still_counts_on_its_day(exchange: PolicyExchange) -> None:
    begin(exchange)
    exchange.say(step())
    exchange.tick("2023-09-02")
    said = len(exchange.out("policy.check_scheduled"))
    exchange.say(PersonRemoved(person_id="u-1", revision=9))
    exchange.pass_days("2024-03-01")
    assert counted(exchange)["by_year"] == {"2023": 1}
    assert len(exchange.out("policy.check_scheduled")) == said
