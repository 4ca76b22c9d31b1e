"""One thing is claimed and paid once: whatever day or name the claimant writes, and also after a rejection."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.match_order import match_id
from streams.policy import tables as policy
from tests.streams.policy.policy_exchange import PolicyExchange, claim, decided, employer, insured, person, posting, step, year

ENTRY = "hiring_one_off__000_registered_unemployed"
TRAINING = "order_directed_training"  # of training bodies alone


@pytest.fixture
def hired(exchange: PolicyExchange) -> PolicyExchange:
    exchange.on("2023-11-01").say(employer(), person(), posting(), step())
    return exchange


def told(exchange: PolicyExchange, *claim_ids: str) -> list[tuple[str, bool, list[str]]]:
    found = [exchange.claim(id_) for id_ in claim_ids]
    assert all(reason["text"] for one in found for reason in one["reasons"])
    return [(one["stage"], one["held"], [reason["rule"] for reason in one["reasons"]]) for one in found]


ACCEPTED, AGAIN, UNKNOWN = ("accepted", False, []), ("refused", False, ["claimed_before"]), ("refused", False, ["about"])


def test_a_hire_has_one_day_whatever_is_written(hired: PolicyExchange) -> None:
    hired.say(claim("c-1", on="2023-09-20"), claim("c-2", on="2023-10-02"))
    assert told(hired, "c-1", "c-2") == [ACCEPTED, AGAIN]
    assert hired.claim("c-1")["on"].isoformat() == "2023-09-01"


@pytest.mark.parametrize("about", ["x", "", "2023"])
def test_what_is_no_hire_of_the_claimant_is_refused(hired: PolicyExchange, about: str) -> None:
    hired.say(claim("c-1", "job_post_subsidy"), claim("c-2", "job_post_subsidy", about=about))
    hired.say(claim("c-3", "job_post_subsidy", person_id=None, about=about))
    assert told(hired, "c-1", "c-2", "c-3") == [ACCEPTED, UNKNOWN, UNKNOWN]


def test_anothers_hire_is_nobody_elses_thing(hired: PolicyExchange) -> None:
    about = match_id("u-1", "p-1")
    hired.say(employer("e-2"), person("u-2"))
    hired.say(claim("c-1", employer_id="e-2", about=about), claim("c-2", person_id="u-2", about=about))
    hired.say(claim("c-3", "courier_work_injury_insurance", person_id="u-2", employer_id=None, about=about))
    assert told(hired, "c-1", "c-2", "c-3") == [UNKNOWN] * 3


def test_a_reward_of_the_whole_unit_is_claimed_once(exchange: PolicyExchange) -> None:
    exchange.on("2026-11-01").say(employer(recognition=["poverty_base"], facts={"employer.poverty_labour_count": 100}))
    exchange.tick("2026-11-02")
    for number, (about, on) in enumerate((("", "2026-11-01"), ("x", "2026-11-01"), ("2026", "2026-11-02"), ("", "2026-11-02"))):
        exchange.say(claim(f"c-{number}", "poverty_base_ladder_reward", person_id=None, about=about, on=on))
    assert told(exchange, "c-0", "c-1", "c-2", "c-3") == [ACCEPTED, UNKNOWN, UNKNOWN, AGAIN]
    assert exchange.claim("c-0")["yuan"] == "250000"


def test_a_reward_of_the_whole_unit_is_not_of_a_hire(exchange: PolicyExchange) -> None:
    exchange.on("2023-11-01").say(employer(recognition=["poverty_base"]), person(), posting(), step())
    exchange.say(claim("c-1", "poverty_base_ladder_reward"))
    assert told(exchange, "c-1") == [UNKNOWN]


def test_a_refund_is_claimed_once_for_each_year_that_is_known(exchange: PolicyExchange) -> None:
    exchange.on("2023-11-01").say(employer(size="large"))
    exchange.say(claim("c-0", "job_retention_refund", person_id=None, on="2023-11-01"))
    exchange.say(decided("reject", "c-0", reason="没有参保数据"), year())
    exchange.tick("2023-11-02")
    for number, (about, on) in enumerate((("2022", "2023-11-01"), ("2022", "2023-10-31"), ("", "2023-11-02"), ("x", "2023-11-02")), 1):
        exchange.say(claim(f"c-{number}", "job_retention_refund", person_id=None, about=about, on=on))
    assert told(exchange, "c-1", "c-2", "c-3", "c-4") == [ACCEPTED, AGAIN, UNKNOWN, UNKNOWN]
    assert "2022" in exchange.claim("c-3")["reasons"][0]["text"]


def test_a_claim_from_before_the_data_came_is_looked_at_beside_that_of_the_year(exchange: PolicyExchange) -> None:
    exchange.on("2023-11-01").say(employer(size="large"))
    exchange.say(claim("c-0", "job_retention_refund", person_id=None, on="2023-11-01"), year())
    exchange.tick("2023-11-02")
    exchange.say(claim("c-1", "job_retention_refund", person_id=None, about="2022", on="2023-11-01"))
    assert told(exchange, "c-0", "c-1") == [ACCEPTED, ("accepted", True, ["same_again"])]


@pytest.mark.parametrize("benefit", ["startup_one_off_subsidy", "flexible_si_subsidy"])
def test_a_persons_own_claim_is_one_whatever_day_is_written(exchange: PolicyExchange, benefit: str) -> None:
    exchange.on("2023-10-01").say(person(categories=["employment_difficulty", "registered_unemployed"]))
    for number, (about, on) in enumerate((("", "2023-10-01"), ("a", "2023-10-01"), ("", "2023-09-30"))):
        exchange.say(claim(f"c-{number}", benefit, employer_id=None, about=about, on=on))
    assert told(exchange, "c-0", "c-1", "c-2") == [ACCEPTED, UNKNOWN, AGAIN]


def test_a_sum_that_is_still_to_be_set_is_claimed_once_too(hired: PolicyExchange) -> None:
    hired.say(claim("c-1", "hiring_tax_relief"), claim("c-2", "hiring_tax_relief", on="2023-10-01"))
    assert told(hired, "c-1", "c-2") == [ACCEPTED, AGAIN]
    assert hired.claim("c-1")["yuan"] is None
    hired.say(decided("approve", yuan="300"), decided("reject", reason="算错了"))
    assert hired.offers(benefit="hiring_tax_relief")["hiring_tax_relief__002"]["state"] == "open"
    hired.say(claim("c-3", "hiring_tax_relief"))
    assert told(hired, "c-3") == [ACCEPTED]


def test_the_same_person_hired_again_by_the_same_employer_is_looked_at(hired: PolicyExchange) -> None:
    hired.say(posting("p-2"), step("left", "2023-10-20"), step(on="2023-10-21", posting_id="p-2"))
    hired.say(claim("c-1", "job_post_subsidy"), claim("c-2", "job_post_subsidy", about=match_id("u-1", "p-2")))
    assert told(hired, "c-1", "c-2") == [ACCEPTED, ("accepted", True, ["same_again"])]
    hired.say(decided("release", "c-2"))
    assert told(hired, "c-2") == [ACCEPTED]


def test_a_second_posting_of_the_same_hire_is_the_same_thing(hired: PolicyExchange) -> None:
    hired.say(posting("p-2"), step(posting_id="p-2"))
    hired.say(claim("c-1", "job_post_subsidy"), claim("c-2", "job_post_subsidy", about=match_id("u-1", "p-2")))
    assert told(hired, "c-1", "c-2") == [ACCEPTED, AGAIN]


def test_a_match_whose_step_joined_what_insurance_showed_is_claimed_by_its_own_id(exchange: PolicyExchange) -> None:
    exchange.on("2023-09-02").say(employer(), person(), posting(), insured(), step())
    exchange.say(claim("c-1"), claim("c-2", about=exchange.rows(policy.hires)[0]["hire_id"]))
    assert told(exchange, "c-1", "c-2") == [ACCEPTED, AGAIN]


def test_a_certificate_is_claimed_once_a_year(exchange: PolicyExchange) -> None:
    exchange.on("2023-08-10").say(person())
    for number, (about, on) in enumerate((("a", "2023-08-01"), ("a", "2023-08-02"), ("b", "2023-08-02"), ("a", "2022-08-01"))):
        exchange.say(claim(f"c-{number}", "skill_upgrade_subsidy", employer_id=None, about=about, on=on))
    stages = told(exchange, "c-0", "c-1", "c-2")
    assert stages == [ACCEPTED, AGAIN, ACCEPTED]
    assert "claimed_before" not in told(exchange, "c-3")[0][2]


# -- rejected, and what becomes of it ------------------------------------------------------------------------------------


def paid(exchange: PolicyExchange) -> list[dict[str, Any]]:
    return exchange.rows(policy.claims, stage="paid")


def test_a_rejected_claim_is_not_taken_up_again_beside_a_new_one(hired: PolicyExchange) -> None:
    hired.say(claim("c-1"), decided("reject", reason="合同不清楚"), claim("c-2"), decided("release", "c-1"))
    assert [one[0] for one in told(hired, "c-1", "c-2")] == ["rejected", "accepted"]
    for id_ in ("c-1", "c-2"):
        hired.say(decided("approve", id_), decided("pay", id_))
    hired.say(decided("release", "c-1"))
    assert [one["claim_id"] for one in paid(hired)] == ["c-2"]


def test_a_rejected_claim_that_is_taken_up_again_is_claimed_and_comes_to_its_sum(hired: PolicyExchange) -> None:
    hired.say(claim("c-1"), decided("approve", yuan="800"), decided("reject", reason="填错了"))
    assert hired.claim("c-1")["yuan"] == "1000"
    hired.say(decided("release", "c-1"))
    assert (hired.claim("c-1")["stage"], hired.claim("c-1")["yuan"]) == ("accepted", "1000")
    assert (hired.offers()[ENTRY]["state"], hired.offers()[ENTRY]["paid_yuan"]) == ("claimed", "1000")
    hired.say(claim("c-2"))
    assert told(hired, "c-2") == [AGAIN]


def test_a_refused_claim_that_is_released_in_place_of_a_rejected_one_comes_to_the_sum(hired: PolicyExchange) -> None:
    hired.say(claim("c-1"), claim("c-2"), decided("release", "c-2"))
    assert told(hired, "c-2") == [AGAIN]
    hired.say(decided("reject", "c-1", reason="填错了"), decided("release", "c-2"))
    assert (told(hired, "c-2"), hired.claim("c-2")["yuan"]) == ([ACCEPTED], "1000")
    assert hired.offers()[ENTRY]["state"] == "claimed"


def test_what_is_taken_up_again_is_held_for_what_has_come_up_since(hired: PolicyExchange) -> None:
    hired.say(posting("p-2"), step("left", "2023-10-20"), step(on="2023-10-21", posting_id="p-2"))
    hired.say(claim("c-1", "job_post_subsidy"), decided("reject", reason="合同不清楚"))
    hired.say(claim("c-2", "job_post_subsidy", about=match_id("u-1", "p-2")), decided("release", "c-1"))
    assert told(hired, "c-1", "c-2") == [("accepted", True, ["same_again"]), ACCEPTED]
    assert [one["step"] for one in hired.rows(policy.claim_steps, claim_id="c-1")][-2:] == ["released", "held"]


@pytest.mark.parametrize("granted", [None, "800", "1200"])
def test_what_staff_granted_or_wrote_beside_a_rejection_does_not_change_the_next_claim(hired: PolicyExchange, granted: str | None) -> None:
    hired.say(claim("c-1"))
    if granted is not None:
        hired.say(decided("approve", yuan=granted))
        assert hired.claim("c-1")["yuan"] == granted
    hired.say(decided("reject", reason="填错了", yuan="0"))
    assert hired.offers()[ENTRY]["paid_yuan"] is None
    hired.say(claim("c-2"))
    assert (told(hired, "c-2"), hired.claim("c-2")["yuan"]) == ([ACCEPTED], "1000")


def test_a_hold_grants_nothing(hired: PolicyExchange) -> None:
    hired.say(claim("c-1"), decided("hold", reason="核实合同", yuan="1"))
    assert (hired.claim("c-1")["held"], hired.claim("c-1")["yuan"]) == (True, "1000")


def test_what_was_claimed_before_its_offer_was_open_is_not_topped_up_by_what_data_report(exchange: PolicyExchange) -> None:
    exchange.on("2023-11-01").say(employer(size="large"), year(leavings={"dismissed": 90}))
    exchange.tick("2023-11-02")
    assert {row["state"] for row in exchange.rows(policy.offers, benefit="job_retention_refund")} == {"excluded"}
    exchange.say(claim("c-1", "job_retention_refund", person_id=None, about="2022", on="2023-11-01"), year(refunded="100"))
    exchange.tick("2023-11-03")
    assert {row["state"] for row in exchange.rows(policy.offers, benefit="job_retention_refund")} == {"open"}
    exchange.say(claim("c-2", "job_retention_refund", person_id=None, about="2022", on="2023-11-01"))
    assert told(exchange, "c-2") == [AGAIN]


def test_a_training_body_names_what_it_claims_for(exchange: PolicyExchange) -> None:
    exchange.on("2026-11-01").say(employer())
    for number, about in enumerate(("焊工班2026-09", "焊工班2026-10", "焊工班2026-10")):
        exchange.say(claim(f"c-{number}", TRAINING, person_id=None, about=about, on="2026-11-01"))
    rules = [[reason["rule"] for reason in exchange.claim(f"c-{number}")["reasons"]] for number in range(3)]
    assert [("about" in found, "claimed_before" in found) for found in rules] == [(False, False), (False, False), (False, True)]
