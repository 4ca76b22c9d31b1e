"""Each blocker on both sides of its boundary: one complete happy pair, one fact changed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from matcher.blockers import BATCH_RULES, Rules
from matcher.explain import Explanation, explain
from matcher.shapes import read_person, read_posting

AS_OF = date(2026, 11, 20)
POSTING: dict[str, Any] = {
    "posting_id": "p-1", "source": "enterprise", "title": "焊工", "description": "车间焊接", "occupation_code": "6-18-02-04",
    "type": "regular",    "employment_form": "full_time", "headcount": 2, "region": "140105", "location": {"lat": 37.73, "lon": 112.56},
    "pay": {"min": 5000, "max": 7000, "unit": "month"}, "education_min": "60", "experience_years_min": 1, "skills": ["氩弧焊"],
    "certificates": ["焊工证"], "published_at": "2026-11-01T09:00:00+08:00", "apply_by": "2026-12-31",
}  # fmt: skip
PERSON: dict[str, Any] = {
    "person_id": "u-1", "kind": "registered_unemployed", "region": "140106", "birth_year_month": "1996-04", "registered_at": "140106",
    "desired": {"titles": ["电焊工"], "regions": ["140100"], "max_distance_km": 30, "pay_min": 4500, "employment_forms": ["full_time"],
                "available_from": "2026-11-20"},
    "location": {"lat": 37.72, "lon": 112.53}, "education": {"level": "47"}, "experience": [{"title": "焊工", "years": 4}],
    "skills": ["氩弧焊"], "certificates": ["焊工证"], "categories": ["registered_unemployed"], "consent": {"recommend": True},
}  # fmt: skip


def pair(posting: dict[str, Any] | None = None, person: dict[str, Any] | None = None, rules: Rules = BATCH_RULES) -> Explanation:
    changed = {**PERSON, **(person or {})}
    if person and "desired" in person:
        changed["desired"] = {**PERSON["desired"], **person["desired"]}
    return explain(read_posting({**POSTING, **(posting or {})}), read_person(changed), AS_OF, rules=rules)


def codes(posting: dict[str, Any] | None = None, person: dict[str, Any] | None = None, rules: Rules = BATCH_RULES) -> list[str]:
    return [found["code"] for found in pair(posting, person, rules).blockers]


def test_the_happy_pair_has_no_blocker() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("posting", "expected"),
    [
        ({"status": "open"}, []),
        ({"status": "closed"}, ["closed"]),
        ({"status": "held"}, ["held"]),
        ({"filled": 1}, []),
        ({"filled": 2}, ["filled"]),
        ({"headcount": None, "filled": 0}, []),
        ({"apply_by": "2026-11-20"}, []),
        ({"apply_by": "2026-11-19"}, ["expired"]),
        # without apply_by: the 60th day is open, the 61st is not
        ({"apply_by": None, "published_at": "2026-09-21T23:00:00+08:00"}, []),
        ({"apply_by": None, "published_at": "2026-09-20T23:00:00+08:00"}, ["expired"]),
        ({"apply_by": None, "published_at": "2026-09-20", "confirmed_at": "2026-09-21T08:00:00+08:00"}, []),
        ({"apply_by": None, "published_at": None}, []),
        # a day in Shanghai: 17:00 UTC is the next day there
        ({"apply_by": None, "published_at": "2026-09-20T17:00:00Z"}, []),
        # a gig is open on the day on which it starts, and gone the next; it does not age
        ({"type": "gig", "employment_form": None, "apply_by": None, "work": {"starts_at": "2026-11-20T06:00"}}, ["employment_form"]),
        ({"published_at": "2026-11-20T21:00:00+08:00"}, []),
        ({"published_at": "2026-11-21T00:00:00+08:00"}, ["not_yet_open"]),
    ],
)
def test_the_state_and_the_days_of_a_posting(posting: dict[str, Any], expected: list[str]) -> None:
    assert codes(posting) == expected


@pytest.mark.parametrize(
    ("starts", "expected"), [("2026-11-20T06:00", []), ("2026-11-19T23:59", ["expired", "availability"]), ("2027-06-01T06:00", [])]
)
def test_a_gig_is_gone_the_day_after_it_starts_and_does_not_age_before(starts: str, expected: list[str]) -> None:
    gig = {"type": "gig", "employment_form": None, "apply_by": None, "published_at": "2026-08-01", "work": {"starts_at": starts}}
    assert codes(gig, {"desired": {"employment_forms": ["gig"]}}) == expected


@pytest.mark.parametrize("confirmed", ["2026-09-21", None])
def test_the_life_of_a_posting_is_a_setting(confirmed: str | None) -> None:
    rules = Rules(expire_after_days=10, missing_consent_is_given=True)
    posting = {"apply_by": None, "published_at": "2026-11-10", "confirmed_at": confirmed}
    assert codes(posting, rules=rules) == []
    assert codes({**posting, "published_at": "2026-11-09"}, rules=rules) == ["expired"]


@pytest.mark.parametrize(
    ("needed", "level", "expected"),
    [
        ("60", "47", []),  # 技工学校 and 普通高中 share a rank
        ("60", "71", ["education"]),
        ("31", "47", ["education"]),
        ("31", "14", []),
        ("31", "90", []),  # a person's 90 is unknown
        ("31", None, []),
        ("90", "81", []),  # a posting's 90 asks for nothing
        (None, "81", []),
        ("大专", "47", ["education"]),  # names are read as codes
        ("不限", "81", []),
        ("中专/技校", "普通高中", []),
    ],
)
def test_education_is_compared_by_rank(needed: str | None, level: str | None, expected: list[str]) -> None:
    assert codes({"education_min": needed}, {"education": {"level": level}}) == expected


@pytest.mark.parametrize(
    ("needed", "own", "expected"),
    [
        (["焊工证"], ["特种作业操作证（焊工）"], []),
        (["焊工证"], ["电工证"], ["certificate"]),
        (["焊工证", "电工证"], ["焊工证"], ["certificate"]),
        (["焊工证"], [], ["certificate"]),
        (["焊工证"], None, []),
        ([], [], []),
        (None, [], []),
    ],
)
def test_every_certificate_asked_for_is_needed_under_whatever_name(needed: Any, own: Any, expected: list[str]) -> None:
    assert codes({"certificates": needed}, {"certificates": own}) == expected


@pytest.mark.parametrize(
    ("needed", "jobs", "expected"),
    [
        (4, [{"title": "焊工", "years": 4}], []),
        (4.5, [{"title": "焊工", "years": 4}], ["experience"]),
        (5, [{"title": "焊工", "years": 3}, {"title": "电焊工", "years": 2}], []),  # the same or a near trade adds up
        (5, [{"title": "焊工", "years": 3}, {"title": "会计", "years": 9}], ["experience"]),  # another trade does not
        (1, [{"title": "会计", "years": 9}], ["experience"]),
        (1, [], ["experience"]),
        (1, None, []),
        (1, [{"years": 3}], []),  # without a trade: unknown
        (1, [{"title": "焊工"}], []),  # without years: unknown
        (0, [], []),
        (None, [], []),
        (2, [{"occupation_code": "6-18-02-04", "years": 2}], []),
        (2, [{"title": "铆工", "years": 5}], []),  # perhaps the same trade: unknown
    ],
)
def test_years_in_the_same_or_a_near_trade_add_up(needed: float | None, jobs: Any, expected: list[str]) -> None:
    assert codes({"experience_years_min": needed}, {"experience": jobs}) == expected


@pytest.mark.parametrize(
    ("form", "wished", "expected"),
    [("part_time", ["full_time"], ["employment_form"]), ("part_time", ["full_time", "part_time"], []), ("part_time", None, []),
     ("part_time", [], []), (None, ["gig"], [])],
)  # fmt: skip
def test_the_form_of_work_blocks_only_where_others_are_wished_for(form: Any, wished: Any, expected: list[str]) -> None:
    assert codes({"employment_form": form}, {"desired": {"employment_forms": wished}}) == expected


@pytest.mark.parametrize(
    ("region", "wished", "expected"),
    [
        ("140105", ["140100"], []),  # a city covers its counties
        ("140105", ["140000"], []),  # a province its cities
        ("140105", ["140106"], ["region"]),
        ("140105", ["140200", "140105"], []),
        ("140100", ["140121"], []),  # a city-level posting meets a wish for one of its counties
        ("140200", ["140121"], ["region"]),
        ("140105", [], []),
        ("140105", None, []),
        (None, ["140200"], []),
    ],
)
def test_a_posting_outside_every_wished_region_is_blocked(region: Any, wished: Any, expected: list[str]) -> None:
    assert codes({"region": region}, {"desired": {"regions": wished, "max_distance_km": None}}) == expected


# 0.2698 degrees of latitude are 30 km on the mean sphere.
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"lat": 37.72 + 0.2697}, []),
        ({"lat": 37.72 + 0.2699}, ["distance"]),
        ({"lat": 37.72 + 0.2699, "regions": None}, ["distance"]),
        ({"lat": 37.72 + 0.2699, "home": "140212", "regions": ["140105"]}, []),  # a named region away from home overrides distance
        ({"lat": 37.72 + 0.2699, "home": None}, []),
        ({"lat": None}, []),
        ({"lat": 37.72 + 0.2699, "limit": None}, []),
    ],
)
def test_distance_counts_only_without_a_wished_region_or_in_the_own_city(change: dict[str, Any], expected: list[str]) -> None:
    location = None if change["lat"] is None else {"lat": change["lat"], "lon": 112.53}
    desired = {"regions": change.get("regions", ["140100"]), "max_distance_km": change.get("limit", 30)}
    assert codes({"location": location}, {"region": change.get("home", "140106"), "desired": desired}) == expected


@pytest.mark.parametrize(
    ("pay", "floor", "expected"),
    [
        ({"min": 5000, "max": 7000, "unit": "month"}, 7000, []),
        ({"min": 5000, "max": 7000, "unit": "month"}, 7000.01, ["pay"]),
        ({"min": 5000, "unit": "month"}, 8000, []),  # 「5000以上」 has no known top
        ({"max": 4000, "unit": "month"}, 4500, ["pay"]),
        ({"max": 6000, "unit": "month", "months": 14}, 7000, []),
        ({"max": 84000, "unit": "year"}, 7000, []),
        ({"max": 84000, "unit": "year"}, 7001, ["pay"]),
        ({"max": 1200, "unit": "week"}, 5200, []),
        ({"max": 1200, "unit": "week"}, 5201, ["pay"]),
        ({"max": 200, "unit": "day"}, 4350, []),
        ({"max": 200, "unit": "day"}, 4351, ["pay"]),
        ({"max": 25, "unit": "hour"}, 4350, []),
        ({"max": 25, "unit": "hour"}, 4351, ["pay"]),
        ({"max": 5, "unit": "piece"}, 4500, []),
        ({"max": 100}, 4500, []),  # a missing unit is not compared
        ({"min": 5000, "max": 7000, "unit": "month"}, None, []),
    ],
)
def test_pay_blocks_when_its_top_is_under_the_floor(pay: Any, floor: float | None, expected: list[str]) -> None:
    assert codes({"pay": pay}, {"desired": {"pay_min": floor}}) == expected


@pytest.mark.parametrize(
    ("open_to", "person", "expected"),
    [
        (["graduate"], {"kind": "graduate", "categories": []}, []),
        (["graduate"], {"categories": ["college_graduate"]}, []),
        (["graduate"], {"categories": []}, ["group"]),
        (["graduate"], {"categories": None}, []),  # missing categories never block
        (["registered_unemployed"], {"categories": []}, []),  # the kind's own category
        (["registered_unemployed"], {"kind": "jobseeker", "categories": ["registered_unemployed"]}, ["group"]),
        (["veteran", "graduate"], {"categories": ["veteran"]}, []),
        ([], {"categories": []}, []),
        (None, {"categories": []}, []),
    ],
)
def test_a_posting_for_a_group_is_open_to_that_group(open_to: Any, person: dict[str, Any], expected: list[str]) -> None:
    assert codes({"open_to": open_to}, person) == expected


@pytest.mark.parametrize(
    ("born", "expected"), [("2010-10", []), ("2010-11", ["legal_age"]), ("2010-09", []), ("2011-12", ["legal_age"]), (None, [])]
)
def test_sixteen_is_reached_on_the_first_of_the_month_after_the_birth_month(born: str | None, expected: list[str]) -> None:
    assert codes(None, {"birth_year_month": born}) == expected


def test_sixteen_in_december_is_reached_in_january() -> None:
    posting = read_posting({**POSTING, "apply_by": "2027-12-31"})
    person = read_person({**PERSON, "birth_year_month": "2010-12"})
    assert [found["code"] for found in explain(posting, person, date(2026, 12, 31), rules=BATCH_RULES).blockers] == ["legal_age"]
    assert explain(posting, person, date(2027, 1, 1), rules=BATCH_RULES).blockers == ()


@pytest.mark.parametrize(
    ("consent", "batch", "live"),
    [({"recommend": True}, [], []), ({"recommend": False}, ["consent"], ["consent"]), ({}, [], ["consent"]), (None, [], ["consent"])],
)
def test_a_consent_nobody_recorded_blocks_except_in_a_batch(consent: Any, batch: list[str], live: list[str]) -> None:
    assert codes(None, {"consent": consent}) == batch
    assert codes(None, {"consent": consent}, Rules()) == live


@pytest.mark.parametrize(
    ("starts", "free", "expected"),
    [("2026-12-01T08:00", "2026-12-01", []), ("2026-12-01T08:00", "2026-12-02", ["availability"]), ("2026-12-01T08:00", None, []),
     (None, "2027-05-01", [])],
)  # fmt: skip
def test_availability_needs_a_day_of_start(starts: str | None, free: str | None, expected: list[str]) -> None:
    assert codes({"work": {"starts_at": starts}}, {"desired": {"available_from": free}}) == expected


def test_silence_on_both_sides_blocks_nothing() -> None:
    posting = read_posting({"posting_id": "p", "source": "enterprise", "title": "保洁员"})
    person = read_person({"person_id": "u", "kind": "jobseeker"})
    told = explain(posting, person, AS_OF, rules=BATCH_RULES)
    assert told.blockers == ()
    assert told.not_stated == ["occupation", "skills", "education", "experience", "place", "pay", "hours", "freshness"]


def test_a_blocker_says_what_was_needed_what_was_given_and_what_would_change_it() -> None:
    (found,) = pair({"pay": {"min": 3000, "max": 3900, "unit": "month"}}).as_json()["blockers"]
    assert found == {
        "code": "pay",
        "text": "岗位折合月薪最高3900元，期望不低于4500元",
        "needed": 4500.0,
        "given": 3900.0,
        "would_change": "期望月薪降低600元，或者岗位最高月薪提高600元",
    }


def test_near_misses_stand_smallest_change_first_and_leave_out_what_nobody_can_change() -> None:
    told = pair(
        {"status": "closed", "pay": {"max": 4400, "unit": "month"}, "education_min": "21", "work": {"starts_at": "2026-12-01T08:00"}},
        {"certificates": [], "desired": {"available_from": "2026-12-31"}},
    )
    assert [found["code"] for found in told.near_miss] == ["pay", "availability", "certificate", "education"]
    assert "closed" in [found["code"] for found in told.blockers]


def test_no_text_of_a_blocker_tells_a_birth_month_or_a_group_of_the_person() -> None:
    told = pair({"open_to": ["veteran"]}, {"birth_year_month": "2011-03", "categories": ["disabled"]}).as_json()
    assert [found["code"] for found in told["blockers"]] == ["group", "legal_age"]
    assert "2011" not in str(told)
    assert "disabled" not in str(told)
    assert "残疾" not in str(told)
