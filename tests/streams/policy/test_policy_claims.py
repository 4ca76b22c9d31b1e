"""Claims: any day inside the window, accepted at once, held only with an explanation that can be objected to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from matcher.match_order import match_id
from streams.policy import queries, rules
from streams.policy import tables as policy
from streams.policy.messages import ClaimObjected
from tests.streams.policy.policy_exchange import PolicyExchange, claim, decided, employer, insured, person, posting, step, year


@pytest.fixture
def hired(exchange: PolicyExchange) -> PolicyExchange:
    exchange.say(employer(), person(), posting(), step())
    return exchange


def held_for(exchange: PolicyExchange, claim_id: str) -> list[str]:
    found = exchange.claim(claim_id)
    assert found["held"] == bool(found["reasons"]) or found["stage"] in ("refused", "rejected")
    assert all(one["text"] for one in found["reasons"])
    return [one["rule"] for one in found["reasons"]]


def test_a_claim_is_accepted_in_the_instant_it_arrives_with_what_the_rules_say(hired: PolicyExchange) -> None:
    hired.say(claim())
    found = hired.claim("c-1")
    assert (found["stage"], found["held"], found["status"], found["yuan"], found["missing"]) == ("accepted", False, "ELIGIBLE", "1000", [])
    assert found["entry_id"] == "hiring_one_off__000_registered_unemployed"
    steps = hired.rows(policy.claim_steps)
    assert [one["step"] for one in steps] == ["received", "accepted"]
    assert steps[0]["at"] == steps[1]["at"]
    assert hired.offers(benefit="hiring_one_off")["hiring_one_off__000_registered_unemployed"]["state"] == "claimed"


@pytest.mark.parametrize("day", ["2023-09-01", "2023-10-17", "2023-12-31"])
def test_any_day_inside_the_window_is_good(hired: PolicyExchange, day: str) -> None:
    hired.on(day).say(claim())
    assert hired.claim("c-1")["stage"] == "accepted"


def test_the_day_after_the_last_it_is_refused_with_the_window(exchange: PolicyExchange) -> None:
    # Of no variant that is still open: 劳动密集型企业 would be.
    exchange.say(employer(facts={"employer.labour_intensive": False}), person(), posting(), step())
    exchange.on("2024-01-01").say(claim())
    found = exchange.claim("c-1")
    assert (found["stage"], [one["rule"] for one in found["reasons"]]) == ("refused", ["window"])


def test_a_benefit_that_nobody_knows_is_refused_in_words(hired: PolicyExchange) -> None:
    hired.say(claim(benefit="made_up"))
    assert hired.claim("c-1")["stage"] == "refused"


def test_what_does_not_hold_is_accepted_and_says_why_so_that_somebody_can_look(exchange: PolicyExchange) -> None:
    exchange.say(employer(), person(), posting(), step(months=6))
    exchange.say(claim())
    found = exchange.claim("c-1")
    assert found["stage"] == "accepted"
    assert "contract.min_months" in found["failed"] or found["status"] == "NEEDS_CHECK"


def test_a_claimant_fills_what_nobody_has_said_and_cannot_overwrite_what_is_known(exchange: PolicyExchange) -> None:
    exchange.say(employer(), person(), posting(), step(months=None))
    exchange.say(claim("c-1", declared={"contract.min_months": 12, "person.registered_unemployed_months": 1}))
    assert exchange.claim("c-1")["status"] == "ELIGIBLE"
    exchange.say(person("u-2", registered_unemployed_on="2023-08-01"), posting("p-2"), step(person_id="u-2", posting_id="p-2"))
    exchange.say(claim("c-2", person_id="u-2", about=match_id("u-2", "p-2"), declared={"person.registered_unemployed_months": 7}))
    assert exchange.claim("c-2")["entry_id"] != "hiring_one_off__000_registered_unemployed" or exchange.claim("c-2")["status"] != "ELIGIBLE"


@pytest.mark.parametrize(
    ("day", "recognised", "entry"),
    [
        ("2023-09-01", [], "hiring_one_off__000_registered_unemployed"),
        ("2024-09-01", [], "hiring_one_off__004_private_small_micro_ladder"),
        # Of a recognised workshop both hold, with the same sum: the later document (001) is the one told.
        ("2024-09-01", ["poverty_workshop"], "hiring_one_off__001_workshop_general"),
    ],
)
def test_of_somebody_unknown_employer_and_contract_are_known_all_the_same(
    exchange: PolicyExchange, day: str, recognised: list[str], entry: str
) -> None:
    """What everything declared of a person comes to depends on the employer that the exchange knows: no workshop, no workshop's subsidy."""
    exchange.on(day).say(employer(size="small", recognition=recognised), posting(), step(on=day, months=12))
    declared = {
        "person.category": ["registered_unemployed"], "person.registered_unemployed_months": 8, "person.age": 30,
        "contract.min_months": 6, "employer.recognition": ["poverty_workshop"], "employment.stable_months": 8,
    }  # fmt: skip
    exchange.say(claim(on=day, declared=declared))
    found = exchange.claim("c-1")
    assert (found["entry_id"], found["stage"], found["yuan"]) == (entry, "accepted", "1000")
    assert found["status"] == ("ELIGIBLE" if entry.startswith("hiring_one_off__000") else "NEEDS_CHECK")


def test_a_workshop_that_is_no_small_firm_claims_for_somebody_unknown_as_a_workshop(exchange: PolicyExchange) -> None:
    exchange.on("2024-09-01").say(employer(size="large", recognition=["poverty_workshop"]), posting(), step(on="2024-09-01"))
    exchange.say(claim(on="2024-09-01", declared={"person.category": ["registered_unemployed"]}))
    assert exchange.claim("c-1")["entry_id"] == "hiring_one_off__001_workshop_general"


def test_household_registration_changes_nothing(exchange: PolicyExchange) -> None:
    found = []
    for number, hukou in enumerate(("140105", "370100")):
        person_id, posting_id = f"u-{number}", f"p-{number}"
        exchange.say(employer(), person(person_id), posting(posting_id), step(person_id=person_id, posting_id=posting_id))
        about = match_id(person_id, posting_id)
        exchange.say(claim(f"c-{number}", person_id=person_id, about=about, declared={"person.hukou": hukou}))
        found.append({name: exchange.claim(f"c-{number}")[name] for name in ("stage", "held", "status", "yuan", "missing", "entry_id")})
    assert found[0] == found[1]


def test_the_same_thing_twice_is_refused(hired: PolicyExchange) -> None:
    hired.say(claim("c-1"), claim("c-2"), claim("c-1"))
    assert [row["stage"] for row in hired.rows(policy.claims)] == ["accepted", "refused"]
    assert held_for(hired, "c-2") == ["claimed_before"]


def test_stages_carry_their_times_and_the_medians_are_shown(hired: PolicyExchange) -> None:
    hired.say(claim())
    hired.on("2023-09-03").say(decided("approve", yuan="1000"))
    hired.on("2023-09-04").say(decided("pay"))
    assert hired.claim("c-1")["stage"] == "paid"
    assert hired.ask(queries.claim_times) == {"review_hours": 48.0, "payment_hours": 24.0}
    said = [one.stage for one in hired.out("claim.stage_changed")]
    assert said == ["accepted", "approved", "paid"]
    assert len([step for step in said if step != "refused"]) <= rules.MOST_STEPS


@pytest.mark.parametrize(("most", "holds"), [(3, 0), (4, 0), (5, 1), (6, 1), (7, 2)])
def test_a_claim_has_no_more_steps_than_the_setting_says(opened: Callable[..., PolicyExchange], most: int, holds: int) -> None:
    exchange = opened(claim_most_steps=most)
    exchange.say(employer(), person(), posting(), step(), claim())
    for _ in range(3):
        exchange.say(decided("hold", reason="核实合同"), decided("release"))
    exchange.say(decided("approve"), decided("pay"))
    steps = [one["step"] for one in exchange.rows(policy.claim_steps)]
    assert steps == ["received", "accepted", *["held", "released"] * holds, "approved", "paid"]
    assert rules.steps_taken(steps) <= most


@pytest.mark.parametrize(
    ("stage", "taken", "held"), [("accepted", 1, True), ("accepted", 2, False), ("approved", 2, True), ("approved", 3, False)]
)
def test_the_last_hold_that_leaves_room_to_decide(stage: str, taken: int, held: bool) -> None:
    wrong = rules.may_decide(stage, False, "hold", "核实", taken=taken, most=5)
    assert (wrong is None) == held
    assert held or "最多5步" in str(wrong)


def test_what_the_checks_find_holds_a_claim_whatever_the_number_of_steps(opened: Callable[..., PolicyExchange]) -> None:
    exchange = opened(claim_most_steps=3)
    exchange.say(employer(), employer("e-2"), person(), posting(), step(), insured(employer_id="e-2", on="2023-08-01"))
    exchange.say(claim())
    assert exchange.claim("c-1")["held"]
    exchange.say(decided("release", reason="已核实"), decided("approve"), decided("pay"))
    assert exchange.claim("c-1")["stage"] == "paid"


@pytest.mark.parametrize(
    ("stage", "held", "decision", "reason", "allowed"),
    [
        ("accepted", False, "approve", None, True),
        ("accepted", True, "approve", None, False),
        ("accepted", False, "pay", None, False),
        ("accepted", False, "reject", None, False),
        ("accepted", False, "reject", "材料不符", True),
        ("approved", False, "pay", None, True),
        ("approved", True, "pay", None, False),
        ("approved", False, "approve", None, False),
        ("accepted", False, "release", None, False),
        ("accepted", True, "release", None, True),
        ("refused", False, "release", None, True),
        ("paid", False, "hold", "再核实", False),
        ("accepted", False, "sing", None, False),
    ],
)
def test_what_may_be_decided_when(stage: str, held: bool, decision: str, reason: str | None, allowed: bool) -> None:
    assert (rules.may_decide(stage, held, decision, reason) is None) == allowed


# -- C-16 ----------------------------------------------------------------------------------------------------------------


def second_employer(exchange: PolicyExchange) -> None:
    exchange.say(employer("e-2"), posting("p-2", employer_id="e-2"), step(posting_id="p-2", employer_id="e-2"))


def test_one_person_claimed_by_two_employers_is_held(hired: PolicyExchange) -> None:
    second_employer(hired)
    hired.say(claim("c-1"), claim("c-2", employer_id="e-2", about=match_id("u-1", "p-2")))
    assert [held_for(hired, id_) for id_ in ("c-1", "c-2")] == [["same_person_several_employers"]] * 2
    assert [one["step"] for one in hired.rows(policy.claim_steps, claim_id="c-1")] == ["received", "accepted", "held"]


@pytest.mark.parametrize(("left", "held"), [("2023-09-10", []), ("2023-09-11", ["same_person_several_employers"])])
def test_one_job_after_the_other_is_not_two_at_once(hired: PolicyExchange, left: str, held: list[str]) -> None:
    hired.on("2023-09-12").say(claim("c-1"), step("left", left))
    hired.say(employer("e-2"), posting("p-2", employer_id="e-2"), step(posting_id="p-2", employer_id="e-2", on="2023-09-10"))
    hired.say(claim("c-2", employer_id="e-2", about=match_id("u-1", "p-2"), on="2023-09-10"))
    assert [rule for rule in held_for(hired, "c-2") if rule == "same_person_several_employers"] == held


def test_what_is_paid_already_and_what_staff_released_is_not_held_for_a_later_claim(exchange: PolicyExchange) -> None:
    for number in (1, 2, 3, 4):
        one, other = f"u-{number}", f"p-{number}"
        exchange.say(employer(f"e-{number}"), person(one), posting(other, employer_id=f"e-{number}"))
        exchange.say(step(person_id=one, posting_id=other, employer_id=f"e-{number}"))
        exchange.say(claim(f"c-{number}", person_id=one, employer_id=f"e-{number}", about=match_id(one, other), account="k1:same"))
        if number == 1:
            exchange.say(decided("approve", "c-1"), decided("pay", "c-1"))
        if number == 3:
            exchange.say(decided("release", "c-2", reason="同一集团的单位"))
    assert [held_for(exchange, f"c-{number}") for number in (1, 2, 3, 4)] == [[], [], ["one_account"], ["one_account"]]


@pytest.mark.parametrize("swapped", [False, True])
def test_two_years_of_one_employer_are_two_things(exchange: PolicyExchange, swapped: bool) -> None:
    exchange.on("2022-07-01").say(employer(), year(year_=2021))
    exchange.tick()
    exchange.on("2023-09-01").say(year(year_=2022))
    exchange.tick()
    claims = [
        claim("c-1", "job_retention_refund", person_id=None, about="2021", on="2023-08-01"),
        claim("c-2", "job_retention_refund", person_id=None, about="2022", on="2023-09-01"),
    ]
    exchange.say(*(reversed(claims) if swapped else claims))
    assert [(exchange.claim(id_)["stage"], held_for(exchange, id_)) for id_ in ("c-1", "c-2")] == [("accepted", [])] * 2
    exchange.say(claim("c-3", "job_retention_refund", person_id=None, about="2022", on="2023-08-15"))
    assert held_for(exchange, "c-3") == ["claimed_before"]


def test_a_claim_for_another_person_is_not(hired: PolicyExchange) -> None:
    hired.say(person("u-2"), posting("p-2", employer_id="e-2"), employer("e-2"), step(person_id="u-2", posting_id="p-2", employer_id="e-2"))
    hired.say(claim("c-1"), claim("c-2", person_id="u-2", employer_id="e-2", about=match_id("u-2", "p-2")))
    assert held_for(hired, "c-2") == []


@pytest.mark.parametrize(("left", "held"), [("2024-07-31", False), ("2024-08-01", True), ("2024-08-31", True), ("2024-09-01", False)])
def test_a_contract_that_ends_just_after_the_condition_is_held(exchange: PolicyExchange, left: str, held: bool) -> None:
    exchange.on("2024-02-01").say(employer(size="small", ownership="private"), person(), posting(), step(on="2024-02-01"))
    exchange.on(left).say(step("left", left))
    exchange.on("2024-09-10").say(claim(on="2024-02-01"))
    found = exchange.claim("c-1")
    if found["entry_id"] == "hiring_one_off__004_private_small_micro_ladder":
        assert ("left_just_after" in held_for(exchange, "c-1")) == held
    else:
        assert not held


def test_leaving_after_the_claim_holds_it_then(exchange: PolicyExchange) -> None:
    exchange.on("2024-02-01").say(employer(size="small", ownership="private"), person(), posting(), step(on="2024-02-01"))
    exchange.tick("2024-08-02")
    exchange.say(claim(on="2024-02-01"))
    assert held_for(exchange, "c-1") == []
    exchange.on("2024-08-10").say(step("left", "2024-08-09"))
    assert held_for(exchange, "c-1") == ["left_just_after"]


def test_insured_by_another_employer_is_held_and_once_that_is_over_it_is_not(hired: PolicyExchange) -> None:
    hired.say(employer("e-2"), insured(employer_id="e-2", on="2023-08-01"))
    hired.say(claim())
    assert held_for(hired, "c-1") == ["insured_elsewhere"]
    hired.say(decided("release", reason="已核实"))
    hired.say(insured(employer_id="e-2", on="2023-08-01", ended="2023-08-15"))
    assert held_for(hired, "c-1") == []


def test_one_account_of_three_claimants_is_held(exchange: PolicyExchange) -> None:
    for number in (1, 2, 3):
        one, other = f"u-{number}", f"p-{number}"
        exchange.say(employer(f"e-{number}"), person(one), posting(other, employer_id=f"e-{number}"))
        exchange.say(step(person_id=one, posting_id=other, employer_id=f"e-{number}"))
        exchange.say(claim(f"c-{number}", person_id=one, employer_id=f"e-{number}", about=match_id(one, other), account="k1:same"))
        assert held_for(exchange, f"c-{number}") == (["one_account"] if number == 3 else [])
    assert [held_for(exchange, f"c-{number}") for number in (1, 2, 3)] == [["one_account"]] * 3


def test_many_relatives_at_one_employer_are_held(exchange: PolicyExchange) -> None:
    exchange.say(employer())
    for number in range(1, 6):
        one, other = f"u-{number}", f"p-{number}"
        exchange.say(person(one), posting(other), step(person_id=one, posting_id=other))
        exchange.say(claim(f"c-{number}", person_id=one, about=match_id(one, other), relative=number in (4, 5)))
    assert [held_for(exchange, f"c-{number}") for number in range(1, 6)] == [[], [], [], ["many_relatives"], ["many_relatives"]]


def test_two_that_exclude_each_other_are_held_with_the_words_of_the_text(exchange: PolicyExchange) -> None:
    facts = {"employer.poverty_labour_count": 30}
    exchange.say(employer(recognition=["poverty_base"], facts=facts), person(), posting(), step())
    exchange.tick()
    exchange.say(claim("c-1", "poverty_base_ladder_reward", person_id=None))
    exchange.say(claim("c-2"))
    assert held_for(exchange, "c-2") == ["excluded_together:X2"]
    assert "阶梯性奖励政策与一次性吸纳就业补贴政策不重复享受" in exchange.claim("c-2")["reasons"][0]["text"]


@pytest.mark.parametrize(("month", "rules_"), [("2023-08", ["too_often"]), ("2021-12", [])])
def test_a_certificate_subsidy_is_looked_at_from_the_fourth_time_in_a_year(exchange: PolicyExchange, month: str, rules_: list[str]) -> None:
    """000 第(五)条 allows three; 004 第11项 names no number."""
    exchange.on(f"{month}-20").say(person())
    for number in (1, 2, 3, 4):
        exchange.say(claim(f"c-{number}", "skill_upgrade_subsidy", employer_id=None, about=f"cert-{number}", on=f"{month}-0{number}"))
    assert [held_for(exchange, f"c-{number}") for number in range(1, 5)] == [[], [], [], rules_]
    assert {exchange.claim(f"c-{number}")["stage"] for number in range(1, 5)} == {"accepted"}
    assert all("不超过3次（000 第(五)条）" in one["text"] for one in exchange.claim("c-4")["reasons"])


def test_the_startup_bundle_closes_the_parts_it_merges(exchange: PolicyExchange) -> None:
    exchange.say(person(kind="graduate", categories=["college_graduate"]))
    exchange.say(claim("c-1", "graduate_startup_bundle", employer_id=None))
    exchange.say(claim("c-2", "startup_one_off_subsidy", employer_id=None))
    exchange.say(claim("c-3", "startup_rent_subsidy", employer_id=None))
    assert exchange.claim("c-1")["stage"] == "accepted"
    assert [(exchange.claim(id_)["stage"], held_for(exchange, id_)) for id_ in ("c-2", "c-3")] == [("refused", ["merged"])] * 2
    exchange.say(decided("reject", "c-1", reason="不是应届毕业生"))
    exchange.say(claim("c-4", "startup_one_off_subsidy", employer_id=None, on="2023-08-31"))
    assert exchange.claim("c-4")["stage"] == "accepted"


def test_everyone_else_keeps_the_separate_forms(exchange: PolicyExchange) -> None:
    exchange.say(person())
    exchange.say(claim("c-1", "startup_one_off_subsidy", employer_id=None))
    assert exchange.claim("c-1")["stage"] == "accepted"


def test_a_hold_can_be_objected_to_and_what_staff_release_is_not_held_again(hired: PolicyExchange) -> None:
    second_employer(hired)
    hired.say(claim("c-1"), claim("c-2", employer_id="e-2", about=match_id("u-1", "p-2")))
    hired.say(decided("approve", "c-2"))
    assert hired.claim("c-2")["stage"] == "accepted"
    hired.say(ClaimObjected(claim_id="c-2", by="account:e-2", reason="此人上月已从前一家单位离职"))
    assert hired.claim("c-2")["objected"]
    hired.say(decided("release", "c-2", reason="已核实"))
    found = hired.claim("c-2")
    assert (found["held"], found["objected"], found["reasons"]) == (False, False, [])
    hired.say(insured(employer_id="e-2", on="2023-09-02"))
    assert "same_person_several_employers" not in held_for(hired, "c-2")
    hired.say(decided("approve", "c-2"))
    assert hired.claim("c-2")["stage"] == "approved"


def test_an_objection_to_nothing_is_dropped(hired: PolicyExchange) -> None:
    hired.say(claim())
    hired.say(ClaimObjected(claim_id="c-1", by="account:e-1", reason="催办"))
    assert not hired.claim("c-1")["objected"]


def test_a_rejected_claim_opens_its_offer_again(hired: PolicyExchange) -> None:
    hired.say(claim())
    hired.say(decided("reject", reason="合同不是本人签字"))
    assert hired.offers()["hiring_one_off__000_registered_unemployed"]["state"] == "open"
    hired.say(claim("c-2"))
    assert hired.claim("c-2")["stage"] == "accepted"


def test_the_day_of_the_event_must_have_come(hired: PolicyExchange) -> None:
    hired.say(claim(on="2023-09-02"))
    assert hired.claim("c-1")["stage"] == "refused"
    assert hired.claim("c-1")["on"] == date(2023, 9, 2)
