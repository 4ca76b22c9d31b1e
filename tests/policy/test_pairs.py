"""Facts of a pair, the families of hiring benefits one fact at a time, and bulk against pair by pair."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.policy import evaluate, hints_for_pair, hints_for_posting, load_catalogue, pair_facts, pair_statuses, statuses_for_pair
from matcher.policy.conditions import prepare
from matcher.policy.emission import emit
from matcher.policy.evaluate import evaluate_entry
from matcher.policy.facts import KnownTags, Span
from matcher.policy.pairing import faulty_facts
from matcher.policy.stake import at_stake
from matcher.shapes import Employer, Person, Posting, read_employer, read_person, read_posting

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 20)

POSTING = {
    "posting_id": "p-1", "source": "enterprise", "title": "焊工", "type": "regular", "employment_form": "full_time", "region": "140105",
    "contract_months": 12, "occupation_code": "6-18-02-04",
}  # fmt: skip
EMPLOYER = {
    "employer_id": "e-9", "size": "small", "ownership": "private", "kind": "enterprise", "industry": [], "programme": [],
    "recognition": [], "facts": {"employer.labour_intensive": False},
}  # fmt: skip
PERSON = {
    "person_id": "u-7", "kind": "registered_unemployed", "birth_year_month": "1996-04", "registered_unemployed_on": "2026-03-02",
    "education": {"level": "47", "graduated_on": "2014-07-01"}, "categories": ["registered_unemployed", "employment_difficulty"],
    "facts": {"graduate.in_graduation_year": False},
}  # fmt: skip


def _pair(
    posting: dict[str, Any] | None = None, employer: dict[str, Any] | None = None, person: dict[str, Any] | None = None
) -> tuple[Posting, Person, Employer]:
    return read_posting(POSTING | (posting or {})), read_person(PERSON | (person or {})), read_employer(EMPLOYER | (employer or {}))


def _status(entry: str, day: date = TODAY, **changes: dict[str, Any]) -> str:
    posting, person, employer = _pair(**changes)
    results = evaluate(CATALOGUE, pair_facts(posting, person, employer, day), day)
    return next(result.status for result in results if result.entry_id == entry)


def test_a_pair_says_what_its_shapes_say() -> None:
    posting, person, employer = _pair()
    facts = pair_facts(posting, person, employer, TODAY)
    assert facts["contract.min_months"] == 12
    assert facts["posting.in_province"] is True
    assert facts["employment.is_new_hire"] is True
    assert facts["employer.size"] == "small"
    assert facts["employer.recognition"] == frozenset()
    assert facts["person.category"] == frozenset({"registered_unemployed", "employment_difficulty"})
    assert facts["person.age"] == 30
    assert facts["person.registered_unemployed_months"] == 8
    assert facts["person.unemployed"] is True
    assert facts["graduate.years_since_graduation"] > 12
    assert facts["graduate.level"] == "secondary_vocational"
    assert facts["posting.occupation"] == "6-18-02-04"
    assert facts["graduate.in_graduation_year"] is False
    assert "social_insurance.paid_in_full" not in facts


def test_what_nobody_said_is_not_there() -> None:
    posting = read_posting({"posting_id": "p", "source": "enterprise", "title": "普工"})
    person = read_person({"person_id": "u", "kind": "graduate"})
    facts = pair_facts(posting, person, None, TODAY)
    assert facts == {"employment.is_new_hire": True, "person.category": KnownTags(frozenset({"college_graduate"}))}


# The subsidy for a post (004 第21项), then one fact changed at a time.
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "ELIGIBLE"),
        ({"employer": {"size": "micro"}}, "ELIGIBLE"),
        ({"employer": {"size": "medium"}}, "NOT_ELIGIBLE"),
        ({"employer": {"size": None}}, "NEEDS_CHECK"),
        ({"employer": {"ownership": "state"}}, "NOT_ELIGIBLE"),
        ({"employer": {"kind": "individual_business", "size": None, "ownership": None}}, "NOT_ELIGIBLE"),
        ({"employer": {"kind": "unit_insured_individual_business", "size": None, "ownership": None}}, "NEEDS_CHECK"),
        ({"posting": {"contract_months": 11.9}}, "NOT_ELIGIBLE"),
        ({"posting": {"contract_months": None}}, "NEEDS_CHECK"),
        ({"person": {"categories": ["registered_unemployed"]}}, "NOT_ELIGIBLE"),
        ({"person": {"categories": ["disabled"]}}, "NEEDS_CHECK"),
        ({"person": {"categories": []}}, "NOT_ELIGIBLE"),
        ({"person": {"categories": None}}, "NEEDS_CHECK"),
        ({"person": {"registered_at": "110101"}}, "ELIGIBLE"),
        ({"person": {"kind": "jobseeker"}}, "ELIGIBLE"),
        ({"person": {"facts": {"person.category": []}}}, "NOT_ELIGIBLE"),
        ({"posting": {"facts": {"contract.min_months": 6}}}, "NOT_ELIGIBLE"),
        ({"posting": {"facts": {"employment.is_new_hire": False}}}, "NOT_ELIGIBLE"),
    ],
)
def test_job_post_subsidy_one_fact_at_a_time(changes: dict[str, Any], status: str) -> None:
    assert _status("job_post_subsidy__004", **changes) == status


FAMILIES = yaml.safe_load((Path(__file__).parent / "families.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", FAMILIES, ids=[f"{case['entry']}-{case['status']}" for case in FAMILIES])
def test_each_family_has_its_happy_case_and_one_fact_changed(case: dict[str, Any]) -> None:
    assert _status(case["entry"], case["day"], **case.get("changes", {})) == case["status"]


def test_registration_of_a_jobseeker_never_counts_as_unemployment() -> None:
    _, person, _ = _pair(person={"kind": "jobseeker", "categories": None})
    posting, _, employer = _pair()
    facts = pair_facts(posting, person, employer, TODAY)
    assert "person.unemployed" not in facts
    assert "person.registered_unemployed_months" not in facts
    results = {result.entry_id: result for result in evaluate(CATALOGUE, facts, TODAY)}
    assert results["hiring_tax_relief__002"].status == "NOT_ELIGIBLE"
    assert results["job_post_subsidy__004"].status == "NEEDS_CHECK"


def test_missing_categories_leave_every_other_tag_unknown() -> None:
    posting, person, employer = _pair(person={"categories": None})
    results = {result.entry_id: result for result in evaluate(CATALOGUE, pair_facts(posting, person, employer, TODAY), TODAY)}
    assert results["job_post_subsidy__004"].missing == ("person.category",)
    assert results["hiring_tax_relief__002"].missing == ()


def test_the_month_of_birth_leaves_two_ages_and_both_count() -> None:
    posting, person, employer = _pair(person={"birth_year_month": "2001-11"})
    facts = pair_facts(posting, person, employer, TODAY)
    assert facts["person.age"] == Span(Decimal(24), Decimal(25))


def test_a_wrongly_typed_fact_of_a_shape_is_unknown_and_can_be_named() -> None:
    posting, person, employer = _pair(posting={"contract_months": None, "facts": {"contract.min_months": "一年", "nonsense": 1}})
    assert "contract.min_months" not in pair_facts(posting, person, employer, TODAY)
    assert [error.field for error in faulty_facts(CATALOGUE, posting.facts)] == ["facts.contract.min_months"]


def test_hints_are_best_first_and_carry_what_the_contract_asks() -> None:
    posting, person, employer = _pair()
    hints = hints_for_pair(CATALOGUE, posting, person, employer, TODAY)
    first = hints[0]
    assert first["entry_id"] == "job_post_subsidy__004"
    assert first["status"] == "ELIGIBLE"
    assert first["amount"] == {"yuan": 10800, "basis": "300元/月 × 最长36个月", "at_most": True}
    assert first["source"]["clause"] == "第21项"
    assert first["window"] == {"from": "2021-11-01", "to": None, "basis": "none_stated"}
    assert [hint["status"] for hint in hints] == sorted((hint["status"] for hint in hints), key=["ELIGIBLE", "NEEDS_CHECK"].index)
    for hint in hints:
        assert {
            "entry_id",
            "benefit",
            "name",
            "payee",
            "status",
            "amount",
            "missing",
            "failed",
            "unstated",
            "source",
            "window",
            "excludes",
            "evaluable_at",
            "text",
        } <= set(hint)
        assert "hint_per_match" in CATALOGUE.by_id[hint["entry_id"]].usable_as


def test_a_hint_says_what_must_happen_and_what_is_still_open() -> None:
    posting, person, employer = _pair(posting={"contract_months": None})
    hints = {hint["entry_id"]: hint for hint in hints_for_pair(CATALOGUE, posting, person, employer, TODAY)}
    assert "劳动合同期限不少于12个月" in hints["job_post_subsidy__004"]["text"]
    assert hints["job_post_subsidy__004"]["questions"] == [{"field": "contract.min_months", "question": "劳动合同签多久？"}]
    ladder = hints["hiring_one_off__004_private_small_micro_ladder"]
    assert "稳定就业满6个月后申请（最早2027年5月20日）" in ladder["text"]
    assert ladder["earliest"] == "2027-05-20"


def test_an_open_choice_reads_as_a_choice() -> None:
    posting, person, employer = _pair(
        person={"categories": ["college_graduate"], "kind": "graduate", "facts": {}, "education": {}}, posting={"type": "gig"}
    )
    hints = {hint["entry_id"]: hint for hint in hints_for_pair(CATALOGUE, posting, person, employer, TODAY, all_statuses=True)}
    assert "还要确认：处于毕业年度，或者毕业年数不超过2年；本人已缴纳社会保险费。" in hints["flexible_si_subsidy__001"]["text"]


def test_all_statuses_say_why_not() -> None:
    posting, person, employer = _pair(employer={"size": "large"})
    hints = {hint["entry_id"]: hint for hint in hints_for_pair(CATALOGUE, posting, person, employer, TODAY, all_statuses=True)}
    assert len(hints) == len(CATALOGUE.entries)
    assert hints["job_post_subsidy__004"]["status"] == "NOT_ELIGIBLE"
    assert "须单位规模为微型或小型（现为大型）" in hints["job_post_subsidy__004"]["text"]
    assert hints["hiring_one_off__000_registered_unemployed"]["status"] == "OUT_OF_WINDOW"
    assert "2023年7月20日至2023年12月31日" in hints["hiring_one_off__000_registered_unemployed"]["text"]


def _base_and_workshop(count: int) -> tuple[Posting, Person, Employer]:
    return _pair(
        employer={
            "recognition": ["poverty_base", "poverty_workshop"],
            "facts": {"employer.poverty_labour_count": count, "employer.labour_intensive": False},
        },
        person={"categories": ["poverty_alleviated_labour"]},
    )


def test_a_choice_is_named_with_both_totals() -> None:
    """At 34 people from poverty the subsidy a head (1,500 each) comes to more than the reward of a base (50,000)."""
    posting, person, employer = _base_and_workshop(34)
    hints = {hint["benefit"]: hint for hint in hints_for_pair(CATALOGUE, posting, person, employer, TODAY)}
    assert hints["hiring_one_off"]["amount"]["yuan"] == 1500
    (beside,) = hints["hiring_one_off"]["excludes"]
    assert (beside["benefit"], beside["rule"]) == ("poverty_base_ladder_reward", "X2")
    assert (beside["this_total_yuan"], beside["total_yuan"]) == (51000, 50000)
    assert "与就业帮扶基地阶梯性奖励只能享受一项（合计51000元，对方合计50000元）" in hints["hiring_one_off"]["text"]


def _two_variants(absorbed: int, stable: int | None = None) -> dict[str, Any]:
    """A small private enterprise hires somebody registered for months: 1,000 at once, or 1,500 after six months from 100 people on."""
    facts = {"employment.stable_months": stable, "employer.newly_absorbed_count": absorbed, "employer.labour_intensive": False}
    posting, person, employer = _pair(
        posting={"contract_months": 12, "facts": {name: value for name, value in facts.items() if value is not None}},
        person={"kind": "registered_unemployed", "categories": [], "registered_unemployed_on": "2023-01-01"},
    )
    hints = hints_for_pair(CATALOGUE, posting, person, employer, date(2023, 9, 1))
    (told,) = (hint for hint in hints if hint["benefit"] == "hiring_one_off")
    return {**told, "stake": next(one for one in at_stake(CATALOGUE, hints) if one["side"] == "employer")}


def test_a_variant_of_the_same_payment_that_would_pay_more_is_named_beside_the_surer_one() -> None:
    told = _two_variants(100)
    assert (told["entry_id"], told["status"]) == ("hiring_one_off__000_registered_unemployed", "ELIGIBLE")
    (beside,) = told["excludes"]
    assert (beside["entry_id"], beside["rule"], beside["yuan"]) == ("hiring_one_off__004_private_small_micro_ladder", "X4", 1500)
    assert "与民营小微企业吸纳就业阶梯性补助只能享受一项（对方1500元）" in told["text"]
    (left,) = (one for one in told["stake"]["left_out"] if one["rule"] == "X4")
    assert (left["entry_id"], left["yuan"], left["beside"]) == (beside["entry_id"], 1500, told["entry_id"])
    assert (
        left["text"]
        == "没有算“民营小微企业吸纳就业阶梯性补助”（1500元）：和“一次性吸纳就业补贴（企业招用登记失业半年以上人员）”只能享受一项。"
    )


def test_one_that_pays_no_more_is_not() -> None:
    assert _two_variants(99)["excludes"] == []
    assert _two_variants(100, stable=6)["entry_id"] == "hiring_one_off__004_private_small_micro_ladder"
    assert _two_variants(100, stable=6)["excludes"] == []


@pytest.mark.parametrize(
    ("count", "a_head"), [(29, True), (30, False), (33, False), (34, True), (49, True), (50, False), (66, False), (67, True)]
)
def test_of_a_reward_and_a_subsidy_a_head_one_is_told_whatever_channel_they_come_from(count: int, a_head: bool) -> None:
    """The reward belongs to the employer's channel, the subsidy to the pair's: nobody is promised both."""
    posting, person, employer = _base_and_workshop(count)
    prepared = prepare(CATALOGUE, pair_facts(posting, person, employer, TODAY), TODAY)
    results = [evaluate_entry(CATALOGUE, entry, prepared) for entry in CATALOGUE.entries]
    told = {
        channel: {CATALOGUE.benefit_of[result.entry_id] for result in emit(CATALOGUE, results, prepared, channel).told}
        for channel in ("hint_per_match", "enterprise_push")
    }
    assert ("hiring_one_off" in told["hint_per_match"]) == a_head
    assert ("poverty_base_ladder_reward" in told["enterprise_push"]) == (not a_head)
    benefits = {hint["benefit"] for hint in hints_for_pair(CATALOGUE, posting, person, employer, TODAY)}
    assert ("hiring_one_off" in benefits) == a_head
    found = [hint for hint in hints_for_pair(CATALOGUE, posting, person, employer, TODAY, all_statuses=True) if "left_out" in hint]
    left = {hint["benefit"]: hint["left_out"] for hint in found if hint["left_out"]["rule"] == "X2"}
    assert left.get("hiring_one_off", {}).get("for") == (None if a_head else "poverty_base_ladder_reward__001")


_TAGS = st.sampled_from([*CATALOGUE.shared.vocabulary["person.category"], "something_else"])
_PERSONS = st.fixed_dictionaries(
    {"person_id": st.just("u"), "kind": st.sampled_from(["registered_unemployed", "graduate", "jobseeker"])},
    optional={
        "categories": st.lists(_TAGS, max_size=3),
        "birth_year_month": st.sampled_from(["1998-11", "2001-11", "2002-05", "2008-12", "1966-01"]),
        "registered_unemployed_on": st.dates(date(2026, 1, 1), TODAY).map(date.isoformat),
        "education": st.fixed_dictionaries(
            {},
            optional={
                "level": st.sampled_from(["21", "47", "60", "90"]),
                "graduated_on": st.sampled_from(["2024-11-20", "2024-11-19", "2026-07-01", "2027-07-01"]),
            },
        ),
        "facts": st.fixed_dictionaries(
            {},
            optional={
                "person.category": st.lists(_TAGS, max_size=2),
                "graduate.fresh": st.booleans(),
                "graduate.in_graduation_year": st.booleans(),
                "graduate.years_since_leaving_school": st.sampled_from([1, 2, 3]),
                "internship.completed": st.booleans(),
                "contract.min_months": st.sampled_from([6, 12]),
                "person.employment_form": st.sampled_from(["flexible", "full_time"]),
                "employer.size": st.sampled_from(["small", "large"]),
                "employer.newly_absorbed_count": st.sampled_from([5, 100]),
                "posting.type": st.sampled_from(["gig", "internship"]),
                "certificate.level": st.sampled_from(["junior_5", "senior_3"]),
                "person.employed": st.booleans(),
                "person.hukou": st.just("140105"),
            },
        ),
    },
)
_EMPLOYERS = st.none() | st.fixed_dictionaries(
    {"employer_id": st.just("e")},
    optional={
        "size": st.sampled_from(["micro", "small", "medium", "large", "none"]),
        "ownership": st.sampled_from(["private", "state", "other"]),
        "kind": st.sampled_from(["enterprise", "individual_business", "unit_insured_individual_business", "public_institution"]),
        "recognition": st.lists(st.sampled_from(["poverty_workshop", "poverty_base", "internship_unit"]), max_size=2),
        "programme": st.lists(st.sampled_from(["ten_platforms", "taixin_zone"]), max_size=1),
        "industry": st.lists(st.sampled_from(["catering", "express_delivery"]), max_size=1),
        "facts": st.fixed_dictionaries(
            {},
            optional={
                "employer.labour_intensive": st.booleans(),
                "employer.headcount": st.sampled_from([999, 1000]),
                "employer.poverty_labour_share_percent": st.sampled_from([29.9, 30]),
                "employer.poverty_labour_count": st.sampled_from([29, 33, 34, 50]),
                "employer.newly_absorbed_count": st.sampled_from([0, 99, 100]),
                "person.category": st.lists(_TAGS, max_size=1),
                "employment.stable_months": st.sampled_from([5, 6]),
            },
        ),
    },
)
_POSTINGS = st.fixed_dictionaries(
    {"posting_id": st.just("p"), "source": st.just("enterprise"), "title": st.sampled_from(["焊工", "快递员"])},
    optional={
        "type": st.sampled_from(["regular", "gig", "internship", "public_welfare_post"]),
        "employment_form": st.sampled_from(["full_time", "part_time", "gig", "internship"]),
        "region": st.sampled_from(["140105", "110101"]),
        "contract_months": st.sampled_from([11, 12, 24]),
        "occupation_code": st.sampled_from(["6-18-02-04", "4-02-07-08"]),
        "facts": st.fixed_dictionaries(
            {},
            optional={
                "posting.type": st.sampled_from(["gig", "internship"]),
                "contract.min_months": st.sampled_from([3, 12]),
                "posting.county_kind": st.lists(st.sampled_from(["hardship_remote_area"]), max_size=1),
                "graduate.fresh": st.booleans(),
                "internship.completed": st.booleans(),
                "social_insurance.paid_in_full": st.booleans(),
            },
        ),
    },
)


@settings(max_examples=60, deadline=None)
@given(
    postings=st.lists(st.tuples(_POSTINGS, _EMPLOYERS), min_size=1, max_size=3),
    people=st.lists(_PERSONS, min_size=1, max_size=8),
    day=st.sampled_from([TODAY, date(2022, 9, 1), date(2023, 9, 1)]),
)
def test_in_bulk_every_pair_gets_what_it_gets_alone(postings: list[Any], people: list[Any], day: date) -> None:
    persons = [read_person(person) for person in people]
    bulk = pair_statuses(CATALOGUE, day)
    views = [bulk.view(person) for person in persons]
    for posting_data, employer_data in postings:
        posting, employer = read_posting(posting_data), None if employer_data is None else read_employer(employer_data)
        plain = [statuses_for_pair(CATALOGUE, posting, person, employer, day) for person in persons]
        assert hints_for_posting(CATALOGUE, posting, employer, persons, day) == plain
        assert bulk.for_posting(posting, employer, views) == plain
        told = [[hint["entry_id"] for hint in hints_for_pair(CATALOGUE, posting, person, employer, day)] for person in persons]
        assert [sorted(ids) for ids in told] == [sorted(entry for entry, _ in found) for found in plain]
        full = hints_for_pair(CATALOGUE, posting, persons[0], employer, day, all_statuses=True)
        short = hints_for_pair(CATALOGUE, posting, persons[0], employer, day)
        shown = {hint["entry_id"]: hint for hint in full if hint["told"]}
        assert {hint["entry_id"]: hint["text"] for hint in short} == {entry: hint["text"] for entry, hint in shown.items()}
