"""What a hire opens, claimed through the interface: whose it is, why it is held, how one objects."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from matcher.match_order import match_id
from streams.policy.tables import claims
from tests.api.conftest import EMPLOYER, PERSON, Market, furnish
from tests.api.test_signing_in import cookie_of, sign_in


@pytest.fixture
def hired(market: Market) -> Market:
    """u-7 hired by e-9 with a contract of twelve months."""
    furnish(market)
    step = {"step": "hired", "on": "2026-11-20", "contract": {"signed": True, "months": 12, "insured_on": "2026-11-20"}}
    answer = market.post("employer", f"/matches/u-7/{market.posting_id}/steps", step)
    assert answer.status_code == 202, answer.text
    market.settle()
    return market


def about(market: Market) -> str:
    return match_id("u-7", market.posting_id)


def claimed(market: Market, who: str = "employer", **changes: Any) -> Any:
    body = {"benefits": ["job_post_subsidy"], "employer_id": "e-9", "about": about(market), "evidence": ["labour_contract"], **changes}
    return market.post(who, "/claims", body)


def test_a_hire_shows_what_it_opens_and_the_claim_is_accepted_at_once(hired: Market) -> None:
    standing = hired.get("employer", "/employers/e-9/policies").json()
    offers = {one["benefit"]: one for one in standing["offers"]}
    assert offers["job_post_subsidy"]["owed_yuan"] == "10800"
    answer = claimed(hired)
    assert answer.status_code == 202, answer.text
    (told,) = answer.json()["claims"]
    assert told["stage"] == "accepted"
    found = hired.get("employer", f"/claims/{told['claim_id']}").json()
    assert [step["step"] for step in found["steps"]] == ["received", "accepted"]
    assert (found["benefit"], found["on"], found["yuan"]) == ("job_post_subsidy", "2026-11-20", "10800")
    assert "account" not in found


def test_only_the_claimant_and_the_staff_of_the_region_see_it(hired: Market) -> None:
    (told,) = claimed(hired).json()["claims"]
    path = f"/claims/{told['claim_id']}"
    asked = {
        who: hired.get(who, path).status_code for who in ("employer", "other-employer", "jobseeker", "commissioner", "other-commissioner")
    }
    assert asked == {"employer": 200, "other-employer": 404, "jobseeker": 404, "commissioner": 200, "other-commissioner": 404}


def test_nobody_claims_for_anothers_hire(hired: Market) -> None:
    assert hired.post(
        "administrator", "/employers?wait=1", {**EMPLOYER, "employer_id": "e-1", "uscc": "91140100MA0K3YBJ13"}
    ).status_code in (200, 422)
    assert claimed(hired, "other-employer").status_code == 403
    assert claimed(hired, "jobseeker").status_code == 403
    (told,) = claimed(hired, "employer", about=match_id("u-8", hired.posting_id)).json()["claims"]
    assert told["stage"] == "refused"  # nobody's hire


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"benefits": ["made_up"]}, 422, "made_up"),
        ({"benefits": []}, 422, "benefits"),
        ({"declared": {"contract.min_months": "twelve"}}, 422, "facts.contract.min_months"),
        ({"declared": {"claim.date": "1999-01-01"}}, 422, "2021-01-01 to 2100-12-31"),
        ({"declared": {"employer.size": "tiny"}}, 422, "facts.employer.size"),
        ({"on": "1999-01-01"}, 422, "2021-01-01"),
        ({"on": "2200-01-01"}, 422, "2100-12-31"),
        ({"evidence": ["hukou_book"]}, 422, "evidence"),
        ({"benefits": ["unemployment_aid"], "employer_id": None, "person_id": "u-7", "about": ""}, 409, "2022年12月31日"),
        ({"on": "2026-11-21"}, 409, "还没有到"),
        ({"hukou": "140105"}, 422, "hukou"),
    ],
)
def test_what_cannot_be_claimed_is_said_with_the_reason(hired: Market, changes: dict[str, Any], status: int, said: str) -> None:
    who = "jobseeker" if "person_id" in changes else "employer"
    answer = claimed(hired, who, **changes)
    assert answer.status_code == status
    assert said in answer.text


def test_held_objected_released_approved_and_paid(hired: Market) -> None:
    (first,) = claimed(hired).json()["claims"]
    (second,) = claimed(hired).json()["claims"]
    assert second["stage"] == "refused"
    told = hired.get("employer", f"/claims/{second['claim_id']}").json()
    assert told["reasons"][0]["rule"] == "claimed_before"
    assert hired.post("employer", f"/claims/{second['claim_id']}/objections", {"reason": "第一件填错了"}).status_code == 202
    listed = hired.get("commissioner", "/claims").json()
    assert listed["items"][0]["claim_id"] == second["claim_id"]
    assert (listed["counts"]["objected"], listed["counts"]["accepted"]) == (1, 1)
    path = f"/claims/{first['claim_id']}/decisions"
    assert hired.post("commissioner", path, {"decision": "pay"}).status_code == 409
    assert hired.post("commissioner", path, {"decision": "hold"}).status_code == 409
    assert hired.post("commissioner", path, {"decision": "hold", "reason": "核实合同"}).status_code == 202
    assert hired.post("commissioner", path, {"decision": "approve"}).status_code == 409
    assert hired.post("commissioner", path, {"decision": "release", "reason": "合同属实"}).status_code == 202
    assert hired.post("commissioner", path, {"decision": "approve", "yuan": 10800}).status_code == 202
    assert hired.post("commissioner", path, {"decision": "pay"}).status_code == 202
    assert hired.get("employer", f"/claims/{first['claim_id']}").json()["stage"] == "paid"
    times = hired.get("commissioner", "/claims").json()["times"]
    assert set(times) == {"review_hours", "payment_hours"}


def rules_of(market: Market, who: str, answer: Any) -> list[tuple[str, list[str], str]]:
    assert answer.status_code == 202, answer.text
    found = [market.get(who, f"/claims/{one['claim_id']}").json() for one in answer.json()["claims"]]
    return [(one["stage"], [reason["rule"] for reason in one["reasons"]], one["on"]) for one in found]


def test_another_day_or_another_name_for_it_is_no_other_thing(hired: Market) -> None:
    assert rules_of(hired, "employer", claimed(hired, on="2026-11-19")) == [("accepted", [], "2026-11-20")]
    assert rules_of(hired, "employer", claimed(hired, on="2026-11-18")) == [("refused", ["claimed_before"], "2026-11-20")]
    for changes in ({"about": "x"}, {"about": ""}, {"about": "y", "person_id": "u-7"}, {"about": "", "person_id": "u-7"}):
        ((stage, rules, _),) = rules_of(hired, "employer", claimed(hired, **changes))
        assert (stage, rules) == ("refused", ["about"])


def test_a_person_claims_a_thing_once_whatever_day_is_written(hired: Market) -> None:
    def asked(**changes: Any) -> list[tuple[str, list[str]]]:
        body = {"benefits": ["startup_one_off_subsidy"], "person_id": "u-7", **changes}
        return [(stage, rules) for stage, rules, _ in rules_of(hired, "jobseeker", hired.post("jobseeker", "/claims", body))]

    assert asked(on="2026-11-20") == [("accepted", [])]
    assert asked(on="2026-11-19") == asked(on="2026-11-18") == asked() == [("refused", ["claimed_before"])]
    assert asked(about="k") == [("refused", ["about"])]


def test_what_was_claimed_anew_is_not_taken_up_again_beside_it(hired: Market) -> None:
    (first,) = claimed(hired).json()["claims"]
    path = f"/claims/{first['claim_id']}/decisions"
    assert hired.post("commissioner", path, {"decision": "approve", "yuan": 800}).status_code == 202
    assert hired.post("commissioner", path, {"decision": "reject", "reason": "填错了", "yuan": 0}).status_code == 202
    (second,) = claimed(hired).json()["claims"]
    found = hired.get("employer", f"/claims/{second['claim_id']}").json()
    assert (found["stage"], found["yuan"]) == ("accepted", "10800")
    assert "marked_yuan" not in found
    answer = hired.post("commissioner", path, {"decision": "release"})
    assert answer.status_code == 409
    assert "同一件事另有一件申请" in answer.json()["detail"]
    other = f"/claims/{second['claim_id']}/decisions"
    assert hired.post("commissioner", other, {"decision": "reject", "reason": "重复"}).status_code == 202
    assert hired.post("commissioner", path, {"decision": "release"}).status_code == 202
    assert hired.get("employer", f"/claims/{first['claim_id']}").json()["yuan"] == "10800"


def test_an_account_is_the_same_however_it_is_written(hired: Market) -> None:
    written = ("6222000011112222333", "6222 0000 1111 2222 333", "\t6222-0000-1111-2222-333 ", "６２２２００００１１１１２２２２３３３")
    for number, account in enumerate(written):
        assert claimed(hired, account=account, benefits=["job_post_subsidy"]).status_code == 202, number
    with hired.services.exchange.reading() as connection:
        kept = set(connection.execute(select(claims.c.account)).scalars())
    assert len(kept) == 1
    answer = claimed(hired, account="6 - 2 - 2")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "account"


def test_a_person_claims_a_package_at_once(hired: Market) -> None:
    standing = hired.get("jobseeker", "/people/u-7/policies").json()
    assert standing["package"]["hints"]
    assert standing["package"]["documents"]["unstated"]
    body = {"benefits": ["startup_one_off_subsidy", "startup_rent_subsidy"], "person_id": "u-7"}
    made = hired.post("jobseeker", "/claims", body).json()["claims"]
    assert len(made) == 2
    own = hired.get("jobseeker", "/people/u-7/policies").json()["claims"]
    assert len({one["package"] for one in own}) == 1


def test_why_not_says_it_of_every_other_entry(hired: Market) -> None:
    told = hired.get("employer", "/employers/e-9/policies?why_not=true").json()["why_not"]
    assert {"NOT_ELIGIBLE", "OUT_OF_WINDOW"} <= {one["status"] for one in told}
    assert all(one["failed"] for one in told if one["status"] == "NOT_ELIGIBLE")


def test_an_employer_does_not_read_how_many_of_a_few_come_from_poverty(market: Market) -> None:
    """One hire would tell of that very person."""
    furnish(market)
    from_poverty = {**PERSON, "person_id": "u-7", "categories": [*PERSON.get("categories", ()), "poverty_alleviated_labour"]}
    assert market.post("administrator", "/people?wait=1", from_poverty).status_code == 200
    counted, reasons = [], []
    for step in ("before", "after"):
        if step == "after":
            hire = {"step": "hired", "on": "2026-11-20", "contract": {"signed": True, "months": 12, "insured_on": "2026-11-20"}}
            assert market.post("employer", f"/matches/u-7/{market.posting_id}/steps", hire).status_code == 202
            market.settle()
        told = market.get("employer", "/employers/e-9/policies?why_not=true").json()
        reasons.append({one["entry_id"]: one["text"] for one in told["why_not"]}["poverty_base_ladder_reward__001"])
        assert (told["counters"]["poverty"], told["counters"]["share"], told["shares"]) == (None, None, []), step
        counted.append(market.get("commissioner", "/employers/e-9/policies").json()["counters"]["poverty"])
    assert counted == [0, 1]
    assert reasons[0] == reasons[1]
    seen_by_staff = market.get("commissioner", "/employers/e-9/policies?why_not=true").json()["why_not"]
    assert "现为1人" in {one["entry_id"]: one["text"] for one in seen_by_staff}["poverty_base_ladder_reward__001"]
    page = market.client.get("/employer/policies", headers={**cookie_of(sign_in(market, login="employer")), "Accept": "text/html"}).text
    assert "<strong>不到10</strong>在岗脱贫劳动力" in page


def test_an_employer_of_many_from_poverty_reads_how_many(market: Market) -> None:
    furnish(market)
    many = {**EMPLOYER, "employer_id": "e-9", "facts": {"employer.poverty_labour_count": 12, "employer.headcount": 60}}
    assert market.post("administrator", "/employers?wait=1", many).status_code == 200
    market.settle()
    counters = market.get("employer", "/employers/e-9/policies").json()["counters"]
    assert (counters["poverty"], counters["share"]) == (12, "20.0")


@pytest.mark.parametrize(
    ("faulty", "field", "said"),
    [
        ({"year": 2027}, "year", "2020 to 2026"),
        ({"year": 2019}, "year", "2020"),
        ({"leavings": [{"reason": "dismissed", "number": 20}, {"reason": "laid_off", "number": 9}]}, "leavings", "0 to 28"),
    ],
)
def test_a_year_s_data_that_cannot_be_are_named_with_what_is_allowed(hired: Market, faulty: dict[str, Any], field: str, said: str) -> None:
    given = {"year": 2026, "insured_by_month": [27, 28], "leavings": [{"reason": "dismissed", "number": 28}]}
    answer = hired.post("commissioner", "/employers/e-9/insurance-years", {**given, **faulty})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"].endswith(field)
    assert said in error["message"]
    assert hired.post("commissioner", "/employers/e-9/insurance-years", given).status_code == 202


def test_insurance_data_give_the_layoff_rate_with_its_headroom_and_a_notice_can_be_read(hired: Market) -> None:
    year = {"year": 2025, "insured_by_month": [28] * 12, "leavings": [{"reason": "dismissed", "number": 2}], "contributions_yuan": 36000.5}
    assert hired.post("commissioner", "/employers/e-9/insurance-years", year).status_code == 202
    found = hired.get("employer", "/employers/e-9/policies").json()["layoffs"]
    assert (found["year"], found["laid_off"], found["bound_percent"], found["headroom"], found["in_force"]) == (2025, 2, "20", 3, False)
    notices = hired.get("employer", "/employers/e-9/policies").json()["notices"]
    assert notices
    assert all(one["text"].endswith("。") for one in notices)
    id_ = notices[0]["notice_id"]
    assert hired.post("other-employer", f"/notices/{id_}/seen").status_code == 404
    assert hired.post("employer", f"/notices/{id_}/seen").status_code == 202
    seen = {one["notice_id"]: one["seen_on"] for one in hired.get("employer", "/employers/e-9/policies").json()["notices"]}
    assert seen[id_] == "2026-11-20"


def test_a_hire_that_insurance_data_show_gives_a_notice(market: Market) -> None:
    furnish(market)
    answer = market.post("commissioner", "/employers/e-9/insured", {"person_id": "u-7", "insured_on": "2026-11-01"})
    assert answer.status_code == 202
    kinds = {one["kind"] for one in market.get("employer", "/employers/e-9/policies").json()["notices"]}
    assert "comparison" in kinds
    numbers = market.get("commissioner", "/proposals/job_retention_refund").json()["comparison"]
    assert (numbers["found"], numbers["left_register"]) == (1, 1)
    assert market.post("commissioner", "/employers/e-9/insured", {"person_id": "u-99", "insured_on": "2026-11-01"}).status_code == 404


def test_nothing_private_is_in_any_answer(hired: Market) -> None:
    said = hired.get("employer", "/employers/e-9/policies?why_not=true").text + hired.get("jobseeker", "/people/u-7/policies").text
    assert all(value not in said for value in PERSON["private"].values())


def test_incomes_above_the_standard_start_the_six_months(hired: Market) -> None:
    family = {**PERSON, "categories": ["registered_unemployed", "dibao_family_member"], "private": None}
    assert hired.post("administrator", "/people?wait=1", family).status_code == 200
    hired.settle()
    month = {"month": "2026-11", "income_per_head_yuan": 900, "standard_yuan": 700}
    assert hired.post("commissioner", "/people/u-7/incomes", month).status_code == 202
    (told,) = (one for one in hired.get("jobseeker", "/people/u-7/policies").json()["notices"] if one["kind"] == "exit_started")
    assert told["last_day"] == "2027-04-30"
    assert "6个月渐退期" in told["text"]
