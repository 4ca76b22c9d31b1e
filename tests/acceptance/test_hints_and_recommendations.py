"""``gongqiao hints``, and the hints that come with recommendations and explanations: one catalogue, one answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.batch_run import DAY, PERSON, POSTING, Done, changed, explain, match, put, ran

HINT = {
    "entry_id", "benefit", "name", "payee", "status", "amount", "missing", "failed", "unstated", "source", "window", "excludes",
    "evaluable_at", "text",
}  # fmt: skip
STATUSES = {"ELIGIBLE", "NEEDS_CHECK", "NOT_ELIGIBLE", "OUT_OF_WINDOW"}
EMPLOYER = {
    "employer_id": "e-1", "region": "140105", "size": "small", "ownership": "private", "kind": "enterprise", "industry": ["catering"],
    "insured_employees": 28, "programme": ["ten_platforms"], "recognition": [], "facts": {"employer.labour_intensive": False},
}  # fmt: skip
OFFER = {
    **POSTING, "type": "regular", "employment_form": "full_time", "contract_months": 12, "region": "140105",
    "employer": {"employer_id": "e-1"},
}  # fmt: skip
SEEKER = {
    **PERSON, "kind": "registered_unemployed", "registered_unemployed_on": "2026-03-02", "birth_year_month": "1996-04",
    "categories": ["employment_difficulty"], "education": {"level": "47"}, "facts": {"graduate.in_graduation_year": False},
}  # fmt: skip
#: What the contract's shapes above say in the catalogue's fields, put down by hand (``prospective_fields``, ``facts_rule``).
FACTS = {
    "posting.type": "regular", "posting.in_province": True, "contract.min_months": 12, "employment.is_new_hire": True,
    "employer.size": "small", "employer.ownership": "private", "employer.kind": "enterprise", "employer.industry": ["catering"],
    "employer.insured_employees": 28, "employer.programme": ["ten_platforms"], "employer.recognition": [],
    "employer.labour_intensive": False, "person.category": ["registered_unemployed", "employment_difficulty"], "person.age": 30,
    "person.registered_unemployed_months": 8, "person.unemployed": True, "person.employed": False, "person.employment_form": "full_time",
    "graduate.in_graduation_year": False, "graduate.level": "secondary_vocational",
}  # fmt: skip


def hints(folder: Path, *lines: Any) -> Done:
    output = folder / "hints.jsonl"
    return ran(["hints", "--facts", put(folder / "facts.jsonl", lines), "--output", output], output)


def test_every_entry_of_the_catalogue_is_answered_in_the_contracts_form(tmp_path: Path) -> None:
    done = hints(tmp_path, {"id": "a", "date": DAY, "facts": {}}, {"id": 2, "date": DAY, "facts": FACTS})
    assert done.code == 0
    assert [line["id"] for line in done.lines] == ["a", 2]
    entries = [[result["entry_id"] for result in line["results"]] for line in done.lines]
    assert entries[0] == entries[1]
    assert len(set(entries[0])) == len(entries[0]) >= 100
    for line in done.lines:
        for result in line["results"]:
            assert result["status"] in STATUSES
            assert isinstance(result["missing"], list)
            assert isinstance(result["failed"], list)
            if result["status"] in ("NOT_ELIGIBLE", "OUT_OF_WINDOW"):
                assert "yuan" not in result
                assert "percent" not in result
            if result["status"] == "NOT_ELIGIBLE":
                assert result["failed"]
            if result["status"] == "OUT_OF_WINDOW":
                assert not result["missing"] + result["failed"]
        by_id = {result["entry_id"]: result["status"] for result in line["results"]}
        assert line["emitted"]
        assert {by_id[entry] for entry in line["emitted"]} <= {"ELIGIBLE", "NEEDS_CHECK"}


def test_a_channel_limits_what_is_emitted(tmp_path: Path) -> None:
    every, few = hints(
        tmp_path, {"id": 1, "date": DAY, "facts": FACTS}, {"id": 2, "date": DAY, "facts": FACTS, "channel": "hint_per_match"}
    ).lines
    assert every["results"] == few["results"]
    assert 0 < len(few["emitted"]) < len(every["emitted"])


def test_the_hints_of_a_pair_are_those_of_the_command_for_the_same_facts(tmp_path: Path) -> None:
    told = hints(tmp_path, {"id": 1, "date": DAY, "facts": FACTS, "channel": "hint_per_match"}).lines[0]
    line = match(tmp_path, [OFFER], [SEEKER], "--hints", employers=[EMPLOYER]).lines[0]
    assert {hint["entry_id"] for hint in line["hints"]} == set(told["emitted"])
    full = explain(tmp_path, OFFER, SEEKER, employers=[EMPLOYER])["hints"]
    by_id = {hint["entry_id"]: hint for hint in full}
    assert set(by_id) == {result["entry_id"] for result in told["results"]}
    for result in told["results"]:
        hint = by_id[result["entry_id"]]
        assert (hint["status"], sorted(hint["missing"]), sorted(hint["failed"])) == (
            result["status"], sorted(result["missing"]), sorted(result["failed"])
        ), result["entry_id"]  # fmt: skip
    assert {hint["status"] for hint in full} == STATUSES
    assert line["catalogue_version"]


def test_a_hint_has_the_contracts_form_and_only_two_statuses_come_with_a_recommendation(tmp_path: Path) -> None:
    found = match(tmp_path, [OFFER], [SEEKER], "--hints", employers=[EMPLOYER]).lines[0]["hints"]
    assert found
    for hint in found:
        assert set(hint) >= HINT
        assert hint["status"] in ("ELIGIBLE", "NEEDS_CHECK")
        assert set(hint["source"]) >= {"doc_number", "document", "clause", "quote"}
        assert hint["source"]["quote"]
        assert set(hint["window"]) >= {"from", "to", "basis"}
        assert hint["window"]["from"] <= DAY <= (hint["window"]["to"] or "9999")
        assert set(hint["amount"]) >= {"basis", "at_most"}
        assert hint["text"].endswith("。")
        assert "None" not in hint["text"]
        assert not [word for word in ("。。", "；。", "，。", "：。") if word in hint["text"]]
        if hint["status"] == "NEEDS_CHECK":
            assert hint["missing"] or hint["unstated"]
    pairs = [(hint["benefit"], hint["payee"]) for hint in found]
    assert len(pairs) == len(set(pairs)), "one hint per benefit and payee"
    subsidy = next(hint for hint in found if hint["benefit"] == "job_post_subsidy")
    assert (subsidy["name"], subsidy["payee"], subsidy["amount"]["yuan"], subsidy["amount"]["at_most"]) == (
        "岗位补贴",
        "employer",
        10800,
        True,
    )


def test_the_employers_file_joins_by_id_and_by_credit_code(tmp_path: Path) -> None:
    coded = changed(EMPLOYER, uscc="91140100MA0TEST01X")
    by_code = changed(OFFER, employer=None)
    by_code["employer"] = {"uscc": "91140100MA0TEST01X"}
    one = match(tmp_path, [OFFER], [SEEKER], "--hints", employers=[coded]).lines[0]["hints"]
    other = match(tmp_path, [by_code], [SEEKER], "--hints", employers=[coded]).lines[0]["hints"]
    none = match(tmp_path, [OFFER], [SEEKER], "--hints").lines[0]["hints"]
    assert one == other
    assert one != none
    assert all(hint["status"] == "NEEDS_CHECK" for hint in none if hint["benefit"] == "job_post_subsidy")


def test_hints_change_no_score_and_no_order_and_can_be_left_out(tmp_path: Path) -> None:
    with_hints = match(tmp_path, [OFFER], [SEEKER], "--hints", employers=[EMPLOYER]).lines[0]
    without = match(tmp_path, [OFFER], [SEEKER], employers=[EMPLOYER]).lines[0]
    assert not without.get("hints")
    assert {**with_hints, "hints": None} == {**without, "hints": None}


def test_a_silent_contract_is_asked_for_and_never_eligible(tmp_path: Path) -> None:
    entry = "job_post_subsidy__004"
    silent = {name: value for name, value in OFFER.items() if name != "contract_months"}
    for offer, status in ((OFFER, "ELIGIBLE"), (silent, "NEEDS_CHECK"), (changed(OFFER, contract_months=6), "NOT_ELIGIBLE")):
        hint = next(item for item in explain(tmp_path, offer, SEEKER, employers=[EMPLOYER])["hints"] if item["entry_id"] == entry)
        assert hint["status"] == status
        assert ("contract.min_months" in hint["missing"]) == (status == "NEEDS_CHECK")
        assert ("contract.min_months" in hint["failed"]) == (status == "NOT_ELIGIBLE")


def test_a_set_that_is_given_is_complete_and_a_missing_one_unknown(tmp_path: Path) -> None:
    def status(person: dict[str, Any]) -> str:
        told = explain(tmp_path, OFFER, person, employers=[EMPLOYER])["hints"]
        return str(next(item["status"] for item in told if item["entry_id"] == "job_post_subsidy__004"))

    assert status(SEEKER) == "ELIGIBLE"
    assert status(changed(SEEKER, categories=[])) == "NOT_ELIGIBLE"
    assert status({name: value for name, value in SEEKER.items() if name != "categories"}) == "NEEDS_CHECK"


def test_a_jobseeker_is_never_registered_unemployed(tmp_path: Path) -> None:
    told = explain(tmp_path, OFFER, changed(SEEKER, kind="jobseeker", categories=["registered_unemployed"]), employers=[EMPLOYER])
    same = explain(tmp_path, OFFER, changed(SEEKER, kind="jobseeker", categories=[]), employers=[EMPLOYER])
    assert [(hint["entry_id"], hint["status"]) for hint in told["hints"]] == [(hint["entry_id"], hint["status"]) for hint in same["hints"]]


@pytest.mark.parametrize(
    ("day", "status"),
    [("2023-07-19", "OUT_OF_WINDOW"), ("2023-07-20", "NEEDS_CHECK"), ("2028-07-19", "NEEDS_CHECK"), ("2028-07-20", "OUT_OF_WINDOW")],
)
def test_both_days_of_a_window_are_included(tmp_path: Path, day: str, status: str) -> None:
    results = hints(tmp_path, {"id": 1, "date": day, "facts": FACTS}).lines[0]["results"]
    assert next(item["status"] for item in results if item["entry_id"] == "job_post_subsidy__000") == status


def test_household_registration_changes_nothing(tmp_path: Path) -> None:
    one, other = hints(
        tmp_path, {"id": 1, "date": DAY, "facts": FACTS}, {"id": 2, "date": DAY, "facts": {**FACTS, "person.hukou": "rural"}}
    ).lines
    assert (one["results"], one["emitted"]) == (other["results"], other["emitted"])


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"date": DAY, "facts": {}}, "id"),
        ({"id": 1, "facts": {}}, "date"),
        ({"id": 1, "date": DAY}, "facts"),
        ({"id": 1, "date": "2026-13-01", "facts": {}}, "date"),
        ({"id": 1, "date": DAY, "facts": []}, "facts"),
        ({"id": 1, "date": DAY, "facts": {"contract.min_months": "twelve"}}, "facts.contract.min_months"),
        ({"id": 1, "date": DAY, "facts": {}, "channel": "pigeon"}, "channel"),
        ({"id": 10**30, "date": DAY, "facts": {}}, "id"),
        ("{", "(line)"),
    ],
)
def test_a_faulty_question_is_rejected_and_the_others_answered(tmp_path: Path, line: Any, field: str) -> None:
    done = hints(tmp_path, line, {"id": "good", "date": DAY, "facts": {"unheard.of": 1, "person.age": None}})
    assert done.code == 0
    assert [answer["id"] for answer in done.lines] == ["good"]
    assert [(entry["line"], entry["field"]) for entry in done.rejected] == [(1, field)]


def test_answers_are_the_same_bytes_again_and_whatever_the_order_of_the_facts(tmp_path: Path) -> None:
    first = hints(tmp_path, {"id": 1, "date": DAY, "facts": FACTS})
    again = hints(tmp_path, {"facts": dict(reversed(FACTS.items())), "date": DAY, "id": 1})
    assert json.loads(again.raw)["results"] == json.loads(first.raw)["results"]
    assert json.loads(again.raw)["emitted"] == json.loads(first.raw)["emitted"]
    assert hints(tmp_path, {"id": 1, "date": DAY, "facts": FACTS}).raw == first.raw


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    done = ran(["hints", "--facts", tmp_path / "gone.jsonl", "--output", tmp_path / "o"])
    assert done.code == 2
    assert "gone.jsonl" in done.stderr
