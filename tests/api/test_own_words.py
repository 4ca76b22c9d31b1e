"""What people and employers may say of themselves, and what stays as staff set it."""

from __future__ import annotations

import pytest

from matcher.shapes import Employer, Person
from streams.intake.own_words import RECOGNISED, own_employer, own_person
from tests.api.conftest import EMPLOYER, PERSON, POSTING, Market

SELF = {**PERSON, "private": None}


def test_nobody_recognises_themselves(market: Market) -> None:
    answer = market.post("jobseeker", "/people?wait=1", SELF).json()
    assert "失业登记" in answer["notes"][-1]
    found = market.get("jobseeker", "/people/u-7").json()
    assert found["kind"] == "jobseeker"
    assert found["categories"] == []
    assert "registered_unemployed_on" not in found
    assert "registered_at" not in found


def test_what_staff_recognised_stays_when_the_person_writes(market: Market) -> None:
    market.post("administrator", "/people?wait=1", PERSON)
    changed = {"kind": "graduate", "categories": ["veteran", "disabled"], "skills": ["氩弧焊"]}
    answer = market.post("jobseeker", "/people?wait=1", changed).json()
    assert "失业登记" in answer["notes"][-1]
    assert "认定" in answer["notes"][-1]
    found = market.get("jobseeker", "/people/u-7").json()
    assert found["kind"] == "registered_unemployed"
    assert found["categories"] == ["registered_unemployed", "employment_difficulty", "veteran"]
    assert found["registered_unemployed_on"] == "2026-03-02"
    assert found["skills"] == ["氩弧焊"]


def test_what_staff_said_a_moment_ago_is_not_lost(market: Market) -> None:
    market.post("administrator", "/people", PERSON)
    market.post("jobseeker", "/people?wait=1", {"kind": "jobseeker"})
    assert "employment_difficulty" in market.get("jobseeker", "/people/u-7").json()["categories"]


def test_sending_back_what_is_kept_needs_no_note(market: Market) -> None:
    market.post("administrator", "/people?wait=1", PERSON)
    assert "notes" not in market.post("jobseeker", "/people?wait=1", {**SELF, "skills": ["氩弧焊"]}).json()


def test_chinese_words_for_a_category_are_no_way_around(market: Market) -> None:
    market.post("jobseeker", "/people?wait=1", {"kind": "登记失业人员", "categories": "employment_difficulty、veteran"})
    found = market.get("jobseeker", "/people/u-7").json()
    assert (found["kind"], found["categories"]) == ("jobseeker", ["veteran"])


def test_facts_are_no_way_around(market: Market) -> None:
    market.post(
        "jobseeker", "/people?wait=1", {"kind": "jobseeker", "facts": {"person.category": ["employment_difficulty"], "person.older": True}}
    )
    assert market.get("jobseeker", "/people/u-7").json()["facts"] == {"person.older": True}


def test_an_employer_is_no_key_employer_by_its_own_word(market: Market) -> None:
    answer = market.post(
        "employer", "/employers?wait=1", {**EMPLOYER, "programme": ["ten_platforms"], "recognition": ["poverty_workshop"], "verified": True}
    )
    assert all(word in answer.json()["notes"][0] for word in ("重点企业名单", "所属平台", "认定情况"))
    found = market.get("employer", "/employers/e-9").json()
    assert found["verified"] is False
    assert not {"key", "programme", "recognition"} & found.keys()


def test_what_staff_set_for_an_employer_stays(market: Market) -> None:
    market.post("administrator", "/employers?wait=1", EMPLOYER)
    answer = market.post(
        "employer", "/employers?wait=1", {"name": "国家大企业", "size": "large", "key": {"class": "最高", "level": "province"}}
    )
    assert len(answer.json()["notes"]) == 2
    found = market.get("employer", "/employers/e-9").json()
    assert (found["name"], found["size"], found["verified"]) == ("太原样例机械有限公司", "large", True)
    assert found["key"]["class"] == "白名单"
    assert found["uscc"] == EMPLOYER["uscc"]


def test_no_employer_takes_anothers_credit_code(market: Market) -> None:
    market.post("administrator", "/employers?wait=1", EMPLOYER)
    answer = market.post("other-employer", "/employers", {"name": "冒名", "uscc": EMPLOYER["uscc"]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "uscc"
    posting = {**POSTING, "employer": {"uscc": EMPLOYER["uscc"]}}
    assert market.post("other-employer", "/postings", posting).status_code == 403


def test_a_commissioner_writes_what_lies_in_their_region_only(market: Market) -> None:
    assert market.post("commissioner", "/employers?wait=1", EMPLOYER).status_code == 200
    assert market.post("other-commissioner", "/employers", {**EMPLOYER, "region": "140213"}).status_code == 403
    assert market.post("other-commissioner", "/people", PERSON).status_code == 403
    assert market.post("commissioner", "/people?wait=1", PERSON).status_code == 200
    assert market.post("other-commissioner", "/people", {**PERSON, "region": "140213", "registered_at": "140213"}).status_code == 403
    assert market.post("other-commissioner", "/postings", POSTING).status_code == 403
    assert market.post("commissioner", "/postings?wait=1", POSTING).status_code == 200
    assert market.post("other-commissioner", "/postings", {**POSTING, "region": "140213"}).status_code == 403
    assert market.post("province", "/postings", {**POSTING, "headcount": 3}).status_code == 202
    assert market.post("province", "/postings", {**POSTING, "source_id": "HR-9", "region": None}).status_code == 202
    assert market.post("commissioner", "/postings", {**POSTING, "source_id": "HR-8", "region": None, "address": None}).status_code == 403


def test_a_register_writes_only_whom_it_sent_first(market: Market) -> None:
    assert market.post("partner", "/people?wait=1", {**PERSON, "person_id": "u-20", "private": None}).status_code == 200
    assert market.post("partner", "/people?wait=1", {**PERSON, "person_id": "u-20", "private": None, "skills": []}).status_code == 200
    market.post("administrator", "/people?wait=1", PERSON)
    assert market.post("partner", "/people", {**PERSON, "skills": []}).status_code == 403
    market.post("administrator", "/employers?wait=1", EMPLOYER)
    assert market.post("partner", "/employers", {**EMPLOYER, "size": "large"}).status_code == 403


@pytest.mark.parametrize("category", sorted(RECOGNISED))
def test_every_recognised_category_is_left_out(category: str) -> None:
    person = Person(person_id="u-1", kind="jobseeker", categories=(category, "veteran"))
    made, notes = own_person(person, None)
    assert made.categories == ("veteran",)
    assert notes


def test_recognised_categories_are_those_of_the_catalogue() -> None:
    from matcher.policy import load_catalogue

    known = load_catalogue().shared.fields["person.category"]
    assert set(known.values or ()) >= RECOGNISED


def test_what_is_not_stated_stays_unknown() -> None:
    made, notes = own_person(Person(person_id="u-1", kind="jobseeker"), None)
    assert made.categories is None
    assert notes == ()
    employer, said = own_employer(Employer(employer_id="e-1", name="甲"), None, confirmed=False)
    assert (employer.programme, employer.key, said) == (None, None, ())
