"""What can still be claimed once the variant that was chosen is over, and what insurance data alone find of it."""

from __future__ import annotations

from datetime import date

import pytest

from streams.policy import tables as policy
from tests.streams.policy.policy_exchange import PolicyExchange, claim, decided, employer, insured, person, posting, step, year

HIRING = "hiring_one_off__000_registered_unemployed"
LADDER = "hiring_one_off__004_private_small_micro_ladder"


@pytest.fixture
def small(exchange: PolicyExchange) -> PolicyExchange:
    """A private small firm hired somebody registered unemployed for long: two variants hold, one of them until 2023-12-31."""
    exchange.on("2023-10-01")
    exchange.say(employer(size="small"), person(registered_unemployed_on="2022-01-01"), posting(), step(on="2023-10-01"))
    return exchange


def test_once_the_chosen_variant_is_over_the_one_still_open_is_offered(small: PolicyExchange) -> None:
    assert small.offers(benefit="hiring_one_off").keys() == {HIRING}
    small.pass_days("2023-12-31")
    assert small.offers(benefit="hiring_one_off").keys() == {HIRING}
    small.pass_days("2024-01-01")
    (offer,) = small.offers(benefit="hiring_one_off").values()
    assert (offer["entry_id"], offer["state"], offer["status"], offer["yuan"]) == (LADDER, "open", "NEEDS_CHECK", "1000")
    assert (offer["missing"], offer["earliest"], offer["last_day"]) == (["employment.stable_months"], date(2024, 4, 1), None)
    small.pass_days("2024-04-05")
    (offer,) = small.offers(benefit="hiring_one_off").values()
    assert (offer["entry_id"], offer["state"], offer["status"], offer["yuan"]) == (LADDER, "open", "ELIGIBLE", "1000")
    said = [(one["day"].isoformat(), one["kind"]) for one in small.notices(entry_id=LADDER)]
    assert sorted(said) == [("2024-01-01", "offer"), ("2024-04-01", "ready")]


def test_the_claim_of_the_one_still_open_is_accepted(small: PolicyExchange) -> None:
    small.pass_days("2024-04-05")
    small.say(claim(on="2023-10-01"))
    found = small.claim("c-1")
    assert (found["stage"], found["held"], found["entry_id"], found["status"], found["yuan"]) == (
        "accepted",
        False,
        LADDER,
        "ELIGIBLE",
        "1000",
    )


def test_a_claim_before_the_first_tick_of_the_day_is_of_the_variant_that_is_open_that_day(small: PolicyExchange) -> None:
    small.pass_days("2023-12-31")
    small.on("2024-01-01").say(claim(on="2023-10-01"))
    found = small.claim("c-1")
    assert (found["stage"], found["entry_id"], found["yuan"], found["missing"]) == (
        "accepted",
        LADDER,
        "1000",
        ["employment.stable_months"],
    )
    (offer,) = small.rows(policy.offers, benefit="hiring_one_off")
    assert (offer["entry_id"], offer["state"], offer["paid_yuan"]) == (LADDER, "claimed", "1000")
    said = [(one.kind, one.entry_id) for one in small.out("policy.person_notice") if one.benefit == "hiring_one_off"]
    small.tick()
    small.tick()
    assert [(one.kind, one.entry_id) for one in small.out("policy.person_notice") if one.benefit == "hiring_one_off"] == said
    assert said[-2:] == [("closed", HIRING), ("offer", LADDER)]
    (offer,) = small.rows(policy.offers, benefit="hiring_one_off")
    assert (offer["entry_id"], offer["state"], offer["paid_yuan"]) == (LADDER, "claimed", "1000")
    assert "closed" in {one.event for one in small.out("policy.window_changed") if one.entry_id == HIRING}
    small.say(claim("c-2", on="2023-10-01"))
    assert [one["rule"] for one in small.claim("c-2")["reasons"]] == ["claimed_before"]


def test_a_claim_of_the_last_day_is_of_the_variant_of_that_day(small: PolicyExchange) -> None:
    small.on("2023-12-31").say(claim(on="2023-10-01"))
    assert (small.claim("c-1")["stage"], small.claim("c-1")["entry_id"]) == ("accepted", HIRING)


def test_a_proposal_of_a_year_that_is_over_is_not_claimed_before_the_first_tick_either(exchange: PolicyExchange) -> None:
    exchange.on("2023-12-30").say(employer(), year())
    exchange.tick("2023-12-31")
    exchange.on("2024-01-01").say(claim("c-1", "job_retention_refund", person_id=None, about="2022", on="2023-12-31"))
    assert [one["rule"] for one in exchange.claim("c-1")["reasons"]] == ["window"]
    assert exchange.rows(policy.offers, state="open") == []


@pytest.mark.parametrize("steps", [(), ("approve",), ("approve", "pay")])
def test_what_was_claimed_in_time_is_not_offered_again_under_another_variant(small: PolicyExchange, steps: tuple[str, ...]) -> None:
    small.say(claim(on="2023-10-01"), *(decided(one) for one in steps))
    small.pass_days("2024-04-05")
    (offer,) = small.rows(policy.offers, benefit="hiring_one_off")
    assert (offer["state"], offer["paid_yuan"]) == ("claimed", "1000")
    assert small.notices(entry_id=LADDER) == []
    small.say(claim("c-2", on="2023-10-01"))
    assert small.claim("c-2")["stage"] == "refused"


def test_a_rejected_claim_keeps_nothing_out(small: PolicyExchange) -> None:
    small.say(claim(on="2023-10-01"), decided("reject", reason="合同不满一年"))
    small.pass_days("2024-04-05")
    (offer,) = small.rows(policy.offers, benefit="hiring_one_off")
    assert (offer["entry_id"], offer["state"], offer["yuan"]) == (LADDER, "open", "1000")


def test_where_no_variant_is_open_the_claim_is_refused_for_the_window(exchange: PolicyExchange) -> None:
    exchange.on("2023-10-01")
    exchange.say(employer(size="large", facts={"employer.labour_intensive": False}))
    exchange.say(person(registered_unemployed_on="2022-01-01"), posting(), step(on="2023-10-01"))
    exchange.pass_days("2024-04-05")
    assert exchange.offers(benefit="hiring_one_off", state="open") == {}
    exchange.say(claim(on="2023-10-01"))
    found = exchange.claim("c-1")
    assert (found["stage"], found["entry_id"], [one["rule"] for one in found["reasons"]]) == ("refused", HIRING, ["window"])


# -- insurance data (E-09) -----------------------------------------------------------------------------------------------


def found_by_insurance(exchange: PolicyExchange, **changes: object) -> None:
    exchange.on("2026-03-01")
    exchange.say(employer(size="small"), person(registered_unemployed_on="2025-01-01", **changes))
    exchange.say(insured(on="2026-03-01", paid_in_full=True))


@pytest.mark.parametrize("categories", [["registered_unemployed"], ["registered_unemployed", "poverty_alleviated_labour"]])
def test_insurance_data_find_the_sum_that_every_worker_brings(exchange: PolicyExchange, categories: list[str]) -> None:
    found_by_insurance(exchange, categories=categories)
    (notice,) = exchange.notices(entry_id=LADDER)
    assert (notice["kind"], notice["yuan"]) == ("comparison", "1000")
    assert "employment.stable_months" in notice["numbers"]["missing"]
    offer = exchange.offers()[LADDER]
    assert (offer["origin"], offer["status"], offer["earliest"]) == ("comparison", "NEEDS_CHECK", date(2026, 9, 1))
    exchange.tick("2026-09-01")
    offer = exchange.offers()[LADDER]
    assert (offer["state"], offer["yuan"]) == ("open", "1000")
    assert "employment.stable_months" not in offer["missing"]


def test_what_asks_for_another_group_or_for_nobody_is_still_not_told(exchange: PolicyExchange) -> None:
    found_by_insurance(exchange)
    assert not any(row["entry_id"].startswith("job_post_subsidy") for row in exchange.rows(policy.offers))
