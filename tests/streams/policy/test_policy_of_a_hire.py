"""What a hire opens, what has to happen first, and what a day ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.policy import load_catalogue
from streams.hiring.messages import StepTaken
from streams.intake.messages import PersonRemoved
from streams.policy import rules
from streams.policy import tables as policy
from streams.policy.wording import notice_words
from tests.streams.policy.policy_exchange import PolicyExchange, claim, decided, employer, insured, person, posting, step

CATALOGUE = load_catalogue()
HIRING = "hiring_one_off__000_registered_unemployed"
LADDER = "hiring_one_off__004_private_small_micro_ladder"


def hired(exchange: PolicyExchange, **more: str) -> None:
    exchange.say(employer(), person(), posting(), step(**more))


def kinds(exchange: PolicyExchange, entry: str = HIRING) -> list[str]:
    return [notice["kind"] for notice in sorted(exchange.notices(entry_id=entry), key=lambda one: (one["day"], one["kind"]))]


def test_a_hire_opens_what_its_facts_allow_with_sum_and_last_day(exchange: PolicyExchange) -> None:
    hired(exchange)
    offer = exchange.offers(payee_kind="employer")[HIRING]
    assert (offer["status"], offer["state"], offer["yuan"], offer["last_day"]) == ("ELIGIBLE", "open", "1000", date(2023, 12, 31))
    assert kinds(exchange) == ["offer"]
    assert [one.kind for one in exchange.out("policy.person_notice") if one.entry_id == HIRING] == ["offer"]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"months": 12}, "open"),
        ({"months": 11.9}, None),
        ({"on": "2023-07-20"}, "open"),
        ({"on": "2023-07-19"}, None),
        ({"on": "2023-07-01"}, None),
    ],
)
def test_one_fact_changed(exchange: PolicyExchange, changes: dict[str, str], state: str | None) -> None:
    hired(exchange, **changes)
    found = exchange.offers().get(HIRING)
    assert (found["state"] if found is not None else None) == state


@pytest.mark.parametrize(
    ("facts", "offered"), [({}, False), ({"person.in_internship": False}, False), ({"person.in_internship": True}, True)]
)
def test_the_rest_of_an_internship_is_offered_for_a_hire_out_of_one(
    exchange: PolicyExchange, facts: dict[str, bool], offered: bool
) -> None:
    exchange.say(employer(recognition=["internship_unit"]), person(facts=facts), posting(), step())
    assert ("internship_remaining_term__000" in exchange.offers()) == offered


def test_somebody_who_registered_for_jobs_but_not_as_unemployed_opens_nothing(exchange: PolicyExchange) -> None:
    exchange.say(employer(), person(kind="jobseeker"), posting(), step())
    assert HIRING not in exchange.offers()


def test_the_same_again_says_nothing_new(exchange: PolicyExchange) -> None:
    hired(exchange)
    exchange.tick()
    before = exchange.tables()
    exchange.say(step(), step(), employer(), person(), posting())
    for _ in range(3):
        exchange.tick()
    assert exchange.tables() == before


def test_the_order_in_which_it_is_heard_does_not_change_what_is_offered(opened: Callable[..., PolicyExchange]) -> None:
    one, other = opened(), opened()
    hired(one)
    other.say(step(), posting(), person(), employer())
    for exchange in (one, other):
        exchange.tick()
    compared = ("entry_id", "status", "state", "yuan", "missing", "earliest")
    assert [[row[name] for name in compared] for row in one.rows(policy.offers)] == [
        [row[name] for name in compared] for row in other.rows(policy.offers)
    ]


def test_the_person_counts_as_they_were_when_hired(exchange: PolicyExchange) -> None:
    hired(exchange)
    exchange.say(person(revision=2, changed=True, kind="jobseeker", categories=[]))
    exchange.tick()
    assert exchange.offers()[HIRING]["state"] == "open"


IN_DIFFICULTY = {"categories": ["registered_unemployed", "employment_difficulty"]}


@pytest.mark.parametrize("over", [step("not_hired", before="hired"), step("left", "2023-09-01")])
def test_a_hire_that_ended_on_the_day_it_began_opens_nothing(exchange: PolicyExchange, over: StepTaken) -> None:
    exchange.say(employer(size="small"), person(**IN_DIFFICULTY), posting(), step())
    assert {"job_post_subsidy", "hiring_one_off"} <= {row["benefit"] for row in exchange.rows(policy.offers, state="open")}
    exchange.say(over)
    assert exchange.rows(policy.hires)[0]["left_on"] == date(2023, 9, 1)
    exchange.tick("2023-09-02").tick("2024-03-02")
    assert exchange.rows(policy.offers, state="open") == []
    exchange.say(claim("c-1", "job_post_subsidy"))
    assert (exchange.claim("c-1")["stage"], [one["rule"] for one in exchange.claim("c-1")["reasons"]]) == ("refused", ["about"])


@pytest.mark.parametrize(
    ("left", "yuan"),
    [("2023-09-02", "300"), ("2023-10-01", "300"), ("2023-10-02", "600"), ("2024-01-01", "1200"), ("2026-08-31", "10800")],
)
def test_what_is_paid_by_the_month_is_for_the_months_worked(exchange: PolicyExchange, left: str, yuan: str) -> None:
    exchange.say(employer(size="small"), person(**IN_DIFFICULTY), posting(), step(months=36))
    (offer,) = exchange.rows(policy.offers, benefit="job_post_subsidy")
    assert offer["yuan"] == "10800"
    exchange.on(left).say(step("left", left))
    exchange.tick()
    (offer,) = exchange.rows(policy.offers, benefit="job_post_subsidy")
    assert (offer["state"], offer["yuan"]) == ("open", yuan)
    assert ("在岗" in offer["basis"]) == (yuan != "10800")


# -- windows -------------------------------------------------------------------------------------------------------------


def test_holders_are_told_thirty_and_seven_days_before_and_the_day_after_it_is_gone(exchange: PolicyExchange) -> None:
    # Of no variant that is still open: 劳动密集型企业 would be.
    exchange.say(employer(facts={"employer.labour_intensive": False}), person(), posting(), step())
    exchange.pass_days("2024-01-02")
    told = {(notice["day"].isoformat(), notice["kind"]) for notice in exchange.notices(entry_id=HIRING)}
    assert told == {("2023-09-01", "offer"), ("2023-12-01", "closing"), ("2023-12-24", "closing"), ("2024-01-01", "closed")}
    assert exchange.offers()[HIRING]["closed_because"] == "window"
    assert all(row["state"] != "open" for row in exchange.rows(policy.offers) if row["last_day"] and row["last_day"] < date(2024, 1, 1))
    events = {(one.event, one.day.isoformat(), one.days_left) for one in exchange.out("policy.window_changed") if one.entry_id == HIRING}
    assert events == {("closing", "2023-12-01", 30), ("closing", "2023-12-24", 7), ("closed", "2024-01-01", None)}


def test_nothing_is_offered_for_a_hire_of_the_last_day_once_that_day_is_over(exchange: PolicyExchange) -> None:
    exchange.say(employer(), person(), posting())
    exchange.on("2024-01-01")
    exchange.say(step(on="2023-12-31"))
    assert HIRING not in exchange.offers(state="open")


def test_a_window_opens_on_its_first_day(exchange: PolicyExchange) -> None:
    exchange.tick("2023-07-18").pass_days("2023-07-21")
    opened = {(one.entry_id, one.day) for one in exchange.out("policy.window_changed") if one.event == "opened"}
    assert (HIRING, date(2023, 7, 20)) in opened
    assert {day for _, day in opened} == {date(2023, 7, 20)}


def test_a_second_tick_of_a_day_and_a_pause_tell_nobody_twice(exchange: PolicyExchange) -> None:
    hired(exchange)
    for day in ("2023-12-01", "2023-12-01", "2023-12-01"):
        exchange.tick(day)
    assert kinds(exchange).count("closing") == 1


def test_what_is_claimed_is_not_announced_as_closing(exchange: PolicyExchange) -> None:
    hired(exchange)
    exchange.say(claim())
    exchange.pass_days("2023-12-02")
    assert kinds(exchange) == ["offer"]


# -- deferred conditions -------------------------------------------------------------------------------------------------


def ladder_hire(exchange: PolicyExchange, number: int = 1, **changes: str) -> None:
    exchange.say(person(f"u-{number}"), posting(f"p-{number}"), step(person_id=f"u-{number}", posting_id=f"p-{number}", **changes))


def test_six_months_are_scheduled_checked_on_their_day_and_then_certain(exchange: PolicyExchange) -> None:
    exchange.on("2024-02-01").say(employer(size="small", ownership="private"))
    ladder_hire(exchange, on="2024-02-01")
    offer = exchange.offers()[LADDER]
    assert (offer["status"], offer["earliest"]) == ("NEEDS_CHECK", date(2024, 8, 1))
    due = {one.due for one in exchange.out("policy.check_scheduled")}
    assert date(2024, 3, 1) in due or date(2024, 8, 1) in due
    exchange.pass_days("2024-07-31")
    assert exchange.offers()[LADDER]["status"] == "NEEDS_CHECK"
    exchange.pass_days("2024-08-01")
    assert exchange.offers()[LADDER]["status"] == "ELIGIBLE"
    assert "ready" in kinds(exchange, LADDER)


@pytest.mark.parametrize(("left", "holds"), [("2024-07-31", False), ("2024-08-01", True)])
def test_who_leaves_before_six_months_closes_it_and_who_leaves_after_does_not(exchange: PolicyExchange, left: str, holds: bool) -> None:
    exchange.on("2024-02-01").say(employer(size="small", ownership="private"))
    ladder_hire(exchange, on="2024-02-01")
    exchange.on(left).say(step("left", left))
    exchange.tick("2024-09-01")
    found = exchange.offers(state="open").get(LADDER)
    assert (found["status"] if found is not None else None) == ("ELIGIBLE" if holds else None)


# -- counts that change the rate (E-24) ----------------------------------------------------------------------------------


def test_the_hundredth_stable_hire_raises_what_the_earlier_ones_bring_and_what_was_paid_gets_a_top_up(exchange: PolicyExchange) -> None:
    exchange.on("2024-01-10").say(employer(size="small", ownership="private", facts={"employer.newly_absorbed_count": 99}))
    ladder_hire(exchange, 1, on="2024-01-10")
    ladder_hire(exchange, 2, on="2024-01-10")
    exchange.tick("2024-07-11")
    assert {row["yuan"] for row in exchange.rows(policy.offers, entry_id=LADDER)} == {"1000"}
    paid = exchange.rows(policy.offers, entry_id=LADDER)[0]
    exchange.say(claim(person_id=paid["person_id"], about=paid["about"], on="2024-01-10"))
    exchange.say(decided("approve"), decided("pay"))
    exchange.say(employer(revision=2, size="small", ownership="private", facts={"employer.newly_absorbed_count": 100}))
    exchange.tick("2024-07-12")
    offers = {row["person_id"]: row for row in exchange.rows(policy.offers, entry_id=LADDER)}
    assert {row["yuan"] for row in offers.values()} == {"1500"}
    notices = {notice["person_id"]: notice for notice in exchange.notices(entry_id=LADDER) if notice["kind"] in ("top_up", "changed")}
    assert {person_id: notice["kind"] for person_id, notice in notices.items()} == {
        paid["person_id"]: "top_up",
        next(one for one in offers if one != paid["person_id"]): "changed",
    }
    assert notices[paid["person_id"]]["yuan"] == "500"
    exchange.say(claim("c-2", person_id=paid["person_id"], about=paid["about"], on="2024-01-10"))
    top_up = exchange.claim("c-2")
    assert (top_up["stage"], top_up["held"], top_up["yuan"]) == ("accepted", False, "500")
    exchange.say(claim("c-3", person_id=paid["person_id"], about=paid["about"], on="2024-01-10"))
    assert exchange.claim("c-3")["stage"] == "refused"
    before = exchange.tables()
    exchange.tick()
    assert exchange.tables() == before


@pytest.mark.parametrize("held", [False, True])
def test_an_accepted_claim_that_nobody_has_decided_yet_is_raised_with_the_rate(exchange: PolicyExchange, held: bool) -> None:
    exchange.on("2024-01-10").say(employer(size="small", ownership="private", facts={"employer.newly_absorbed_count": 99}))
    ladder_hire(exchange, 1, on="2024-01-10")
    exchange.tick("2024-07-11")
    about = exchange.offers()[LADDER]["about"]
    exchange.say(claim(about=about, on="2024-01-10", person_id="u-1"))
    if held:
        exchange.say(decided("hold", reason="核实用工"))
    exchange.say(employer(revision=2, size="small", ownership="private", facts={"employer.newly_absorbed_count": 100}))
    exchange.tick("2024-07-12")
    raised = exchange.claim("c-1")
    assert (raised["stage"], raised["held"], raised["yuan"]) == ("accepted", held, "1500")
    offer = exchange.offers()[LADDER]
    assert (offer["state"], offer["yuan"], offer["paid_yuan"]) == ("claimed", "1500", "1500")
    assert [(one.stage, one.yuan) for one in exchange.out("claim.stage_changed")][-1] == ("accepted", "1500")
    notice = next(one for one in exchange.notices(entry_id=LADDER) if one["kind"] == "raised")
    assert (notice["yuan"], notice["numbers"]) == ("1500", {"before": "1000"})
    assert "由1000元提高到1500元，不用再申请" in notice_words(load_catalogue(), notice)
    before = exchange.tables()
    exchange.tick()
    assert exchange.tables() == before
    exchange.say(claim("c-2", about=about, on="2024-01-10"))
    assert exchange.claim("c-2")["stage"] == "refused"  # nothing is left to claim


def test_an_approved_claim_keeps_its_sum_and_the_rest_is_a_top_up(exchange: PolicyExchange) -> None:
    exchange.on("2024-01-10").say(employer(size="small", ownership="private", facts={"employer.newly_absorbed_count": 99}))
    ladder_hire(exchange, 1, on="2024-01-10")
    exchange.tick("2024-07-11")
    exchange.say(claim(about=exchange.offers()[LADDER]["about"], on="2024-01-10"), decided("approve"))
    exchange.say(employer(revision=2, size="small", ownership="private", facts={"employer.newly_absorbed_count": 100}))
    exchange.tick("2024-07-12")
    assert exchange.claim("c-1")["yuan"] == "1000"
    assert [notice["yuan"] for notice in exchange.notices(kind="top_up")] == ["500"]


def test_the_counting_period_is_a_setting(opened: Callable[..., PolicyExchange]) -> None:
    counted = {}
    for period in ("year", "all"):
        exchange = opened(absorbed_period=period)
        exchange.on("2024-01-10").say(employer(size="small", ownership="private"))
        ladder_hire(exchange, 1, on="2024-01-10")
        ladder_hire(exchange, 2, on="2025-01-10")
        exchange.tick("2025-08-01")
        counted[period] = exchange.rows(policy.employers)[0]["counters"]["absorbed"]
    assert counted == {"year": 1, "all": 2}


# -- thresholds of bases and workshops (E-23) ----------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "said"), [(24, None), (25, "5"), (28, "2"), (29, "1"), (30, None), (46, "4"), (50, None), (101, None)])
def test_a_threshold_within_reach_is_told_to_a_base_and_to_nobody_else(exchange: PolicyExchange, count: int, said: str | None) -> None:
    base = {"recognition": ["poverty_base"], "facts": {"employer.poverty_labour_count": count}}
    exchange.say(employer("e-1", **base), employer("e-2", facts=base["facts"]))
    exchange.tick()
    exchange.tick()
    told = [notice for notice in exchange.notices(kind="threshold") if notice["benefit"] == "poverty_base_ladder_reward"]
    assert [(notice["employer_id"], notice["numbers"]["missing"]) for notice in told] == ([("e-1", said)] if said else [])


@pytest.mark.parametrize(
    ("poverty", "headcount", "facts", "told"),
    [
        (297, 1000, {}, "5"),
        (296, 1000, {}, None),  # six more
        (299, 1000, {}, "2"),  # 300 of 1001 are not 30 %, 301 of 1002 are
        (300, 1000, {}, None),  # reached
        (297, 999, {}, None),  # 1000 people are asked for
        (297, 1000, {"employer.labour_intensive": False}, None),
        (297, 1000, {"employer.poverty_labour_share_percent": 29.7}, None),
    ],
)
def test_a_share_within_reach_is_told_to_a_labour_intensive_employer(
    exchange: PolicyExchange, poverty: int, headcount: int, facts: dict[str, Any], told: str | None
) -> None:
    stated = {"employer.poverty_labour_count": poverty, "employer.headcount": headcount, "employer.labour_intensive": True, **facts}
    exchange.say(employer(facts=stated))
    exchange.tick()
    exchange.tick()
    near = [one for one in exchange.notices(kind="threshold") if one["entry_id"] == "hiring_one_off__001_labour_intensive"]
    assert [one["numbers"]["missing"] for one in near] == ([told] if told else [])
    if told == "5":
        assert notice_words(CATALOGUE, near[0]) == ("“一次性吸纳就业补贴”：脱贫劳动力有297人，占职工总数的29.7%，再吸纳5人就达到30%。")


@given(st.integers(1, 3000), st.integers(1000, 5000))
def test_as_many_as_are_missing_reach_the_share_and_one_fewer_does_not(part: int, whole: int) -> None:
    missing = rules.missing_for_share(part, Decimal(whole), Decimal(30))
    assert (part + missing) * 100 >= 30 * (whole + missing)
    assert missing == 0 or (part + missing - 1) * 100 < 30 * (whole + missing - 1)


def test_the_reward_of_a_base_is_offered_once_it_is_reached(exchange: PolicyExchange) -> None:
    for revision, count, yuan in ((1, 29, None), (2, 30, "50000"), (3, 49, "50000"), (4, 50, "100000"), (5, 100, "250000")):
        exchange.say(employer(revision=revision, recognition=["poverty_base"], facts={"employer.poverty_labour_count": count}))
        exchange.tick()
        found = exchange.offers(benefit="poverty_base_ladder_reward", state="open")
        assert [row["yuan"] for row in found.values()] == ([yuan] if yuan else [])


def test_the_threshold_notice_names_the_choice_and_which_pays_more(exchange: PolicyExchange) -> None:
    """E-23: reward and subsidy a head exclude each other; at 30 people the reward comes to more."""
    base = {"recognition": ["poverty_base", "poverty_workshop"], "facts": {"employer.poverty_labour_count": 28}}
    exchange.on("2024-02-01").say(employer(**base))
    exchange.tick()
    (near,) = exchange.notices(kind="threshold", benefit="poverty_base_ladder_reward")
    assert near["numbers"] == {
        "count": "28", "threshold": "30", "missing": "2",
        "choice": "hiring_one_off", "choice_yuan": "50000", "choice_other_yuan": "45000",
    }  # fmt: skip
    assert notice_words(CATALOGUE, near) == (
        "“就业帮扶基地阶梯性奖励”：现在有28人，再有2人就达到30人。"
        "它和“一次性吸纳就业补贴”只能享受一项：达到30人时，这一项合计5万元，“一次性吸纳就业补贴”合计4.5万元，这一项更多。"
    )


def test_reward_and_subsidy_a_head_are_never_offered_both_and_the_count_decides_which(exchange: PolicyExchange) -> None:
    """Hires and employer are evaluated apart, through two channels: 33 people, reward; 34, subsidy a head; 50, reward again."""
    exchange.on("2024-02-01")
    for revision, count, reward in ((1, 29, False), (2, 30, True), (3, 33, True), (4, 34, False), (5, 49, False), (6, 50, True)):
        facts = {"employer.poverty_labour_count": count, "employer.labour_intensive": False}
        exchange.say(employer(revision=revision, recognition=["poverty_base", "poverty_workshop"], facts=facts))
        if revision == 1:
            exchange.say(person(categories=["poverty_alleviated_labour"]), posting(), step(on="2024-02-01"))
        exchange.tick()
        open_ = {row["benefit"] for row in exchange.rows(policy.offers, state="open", payee_kind="employer")}
        assert {"hiring_one_off", "poverty_base_ladder_reward"} & open_ == {"poverty_base_ladder_reward" if reward else "hiring_one_off"}
    ended = [one for one in exchange.notices(kind="closed") if one["numbers"].get("choice") == "poverty_base_ladder_reward"]
    assert ended[0]["benefit"] == "hiring_one_off"
    assert "“就业帮扶基地阶梯性奖励”合计5万元，“就业帮扶基地阶梯性奖励”更多" in notice_words(CATALOGUE, ended[0])


def test_hires_from_poverty_are_counted_and_leave_the_count_when_they_leave(exchange: PolicyExchange) -> None:
    exchange.say(employer(recognition=["poverty_workshop"], insured_employees=10))
    exchange.say(person(categories=["registered_unemployed", "poverty_alleviated_labour"]), posting(), step())
    exchange.tick()
    counted = exchange.rows(policy.employers)[0]["counters"]
    assert {name: counted[name] for name in ("absorbed", "poverty", "share")} == {"absorbed": 0, "poverty": 1, "share": "10.0"}
    exchange.say(step("left", "2023-09-02"))
    exchange.tick("2023-09-03")
    assert exchange.rows(policy.employers)[0]["counters"]["poverty"] == 0


# -- found by comparing data (E-09) --------------------------------------------------------------------------------------


def test_insurance_data_find_a_hire_that_did_not_come_through_the_exchange(exchange: PolicyExchange) -> None:
    exchange.say(employer(), person(), insured(on="2023-09-01"))
    notice = next(notice for notice in exchange.notices(entry_id=HIRING) if notice["kind"] == "comparison")
    assert (notice["employer_id"], notice["status"], notice["yuan"]) == ("e-1", "NEEDS_CHECK", "1000")
    assert exchange.offers()[HIRING]["missing"] == ["contract.min_months"]
    assert notice["numbers"]["missing"] == "contract.min_months"
    told = notice_words(load_catalogue(), {**notice, "last_day": notice["last_day"].isoformat()})
    assert told.endswith("还要确认：劳动合同期限。")
    exchange.say(insured(on="2023-09-01"))
    exchange.tick()
    assert len(exchange.notices(entry_id=HIRING)) == 1


def test_a_hire_through_the_exchange_is_not_found_a_second_time(exchange: PolicyExchange) -> None:
    hired(exchange)
    exchange.say(insured(on="2023-09-02"))
    assert [(row["origin"], row["insured_on"]) for row in exchange.rows(policy.hires)] == [("platform", date(2023, 9, 2))]


def test_who_was_not_registered_as_unemployed_gives_no_notice(exchange: PolicyExchange) -> None:
    exchange.say(employer(), person(kind="jobseeker", categories=[]), insured())
    assert exchange.notices(entry_id=HIRING) == []
    assert exchange.notices(kind="comparison") == []


# -- forgetting ----------------------------------------------------------------------------------------------------------


def test_of_a_forgotten_person_only_numbers_stay(exchange: PolicyExchange) -> None:
    hired(exchange)
    exchange.say(claim())
    exchange.say(PersonRemoved(person_id="u-1", revision=2))
    exchange.tick()
    assert "u-1" not in repr(exchange.tables())
    assert len(exchange.rows(policy.hires)) == len(exchange.rows(policy.claims)) == 1
