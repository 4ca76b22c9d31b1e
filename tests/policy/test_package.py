"""One package for one person: everything once, one list of questions, one list of papers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from matcher.policy import load_catalogue
from matcher.policy.conditions import prepare
from matcher.policy.facts import read_facts
from matcher.policy.package import Package, documents, package, package_json

CATALOGUE = load_catalogue()
DAY = date(2023, 9, 1)
DIFFICULT: dict[str, Any] = {
    "person.category": ["registered_unemployed", "employment_difficulty"],
    "person.age": 45,
    "person.employment_form": "flexible",
    "person.unemployed": True,
    "person.employed": False,
}


def packed(facts: dict[str, Any], day: date = DAY) -> Package:
    return package(CATALOGUE, prepare(CATALOGUE, read_facts(CATALOGUE, facts)[0], day))


def test_a_person_in_difficulty_gets_the_flexible_insurance_subsidy_in_one_package() -> None:
    found = packed(DIFFICULT)
    benefits = [hint["benefit"] for hint in found.hints]
    assert "flexible_si_subsidy" in benefits
    assert len({(hint["benefit"], hint["payee"]) for hint in found.hints}) == len(found.hints)
    assert [hint["status"] for hint in found.hints] == sorted((hint["status"] for hint in found.hints), key=lambda s: s != "ELIGIBLE")


def test_each_question_stands_once_and_answering_it_takes_it_away() -> None:
    before = packed(DIFFICULT)
    fields = [one["field"] for one in before.questions]
    assert len(fields) == len(set(fields))
    assert all(one["question"].endswith("？") for one in before.questions)
    field = "person.starting_business"
    assert field in fields
    assert field not in [one["field"] for one in packed({**DIFFICULT, field: True}).questions]


def test_what_nothing_is_known_of_is_left_to_the_public_list() -> None:
    assert packed({}).hints == ()
    assert packed({"person.hukou": "140105"}).hints == ()


def test_after_its_last_day_nothing_of_it_is_in_the_package() -> None:
    facts = {"person.category": ["insured_unemployed"]}
    inside = {hint["benefit"] for hint in packed(facts, date(2022, 12, 31)).hints}
    after = {hint["benefit"] for hint in packed(facts, date(2023, 1, 1)).hints}
    assert "unemployment_aid" in inside
    assert "unemployment_aid" not in after


def test_papers_stand_once_and_where_no_document_names_any_that_is_said() -> None:
    prepared = prepare(CATALOGUE, {}, DAY)
    found = documents(CATALOGUE, prepared, ["hiring_one_off", "job_post_subsidy", "social_insurance_subsidy_hiring", "flexible_si_subsidy"])
    assert found.any_of == ("劳动合同", "工资发放明细单", "银行工资流水清单", "社保缴费证明")
    assert found.not_asked == ("社会保险费缴费明细账（单），基本医疗保险除外",)
    assert found.unstated == (CATALOGUE.benefit_names["flexible_si_subsidy"],)


def test_a_startup_subsidy_asks_for_no_training_certificate() -> None:
    found = documents(CATALOGUE, prepare(CATALOGUE, {}, DAY), ["startup_one_off_subsidy"])
    assert (found.any_of, found.not_asked) == ((), ("创业培训合格证书",))


@pytest.mark.parametrize("day", [date(2021, 10, 31)])
def test_before_the_text_no_paper_is_known(day: date) -> None:
    assert documents(CATALOGUE, prepare(CATALOGUE, {}, day), ["hiring_one_off"]).any_of == ()


def test_the_package_as_json_names_day_and_version() -> None:
    prepared = prepare(CATALOGUE, read_facts(CATALOGUE, DIFFICULT)[0], DAY)
    told = package_json(CATALOGUE, prepared, package(CATALOGUE, prepared))
    assert (told["date"], told["catalogue_version"]) == ("2023-09-01", CATALOGUE.version)
    assert set(told) == {"date", "catalogue_version", "hints", "questions", "documents", "bundles"}


FOUNDER: dict[str, Any] = {
    **DIFFICULT, "person.category": ["registered_unemployed", "employment_difficulty", "college_graduate"], "person.age": 24,
    "person.starting_business": True, "founder.first_time": True, "graduate.level": "college", "graduate.years_since_graduation": 1,
}  # fmt: skip


def _told(day: date) -> dict[str, Any]:
    prepared = prepare(CATALOGUE, read_facts(CATALOGUE, FOUNDER)[0], day)
    return package_json(CATALOGUE, prepared, package(CATALOGUE, prepared))


def test_what_a_person_may_have_together_is_weighed_over_all_channels() -> None:
    """Who founds a business is the same person: 归集简办 (15,000) comes through the founder's channel, 1,200 through the person's."""
    (bundle,) = _told(DAY)["bundles"]
    assert (bundle["payee"], bundle["yuan"]) == ("jobseeker", 16200)
    assert {CATALOGUE.by_id[name].payee for name in bundle["entries"]} == {"jobseeker", "enterprise_founder"}


def test_what_the_package_leaves_out_has_name_amount_and_reason() -> None:
    """X3: the graduate's bundle stands before the subsidies that it merges."""
    (bundle,) = _told(DAY)["bundles"]
    left = {CATALOGUE.benefit_of[one["entry_id"]]: one for one in bundle["left_out"]}
    assert set(left) == {"startup_one_off_subsidy", "startup_rent_subsidy"}
    for one in left.values():
        assert (one["beside"], one["rule"], one["source"]) == ("graduate_startup_bundle__000", "X3", "001 五、21")
        assert one["name"] in one["text"]
        assert one["beside_name"] in one["text"]
        assert one["basis"]
