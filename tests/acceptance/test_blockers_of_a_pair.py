"""Each blocker on both sides of its boundary, asked of ``explain`` and ``match`` alike; the expectation is worked out from contract.md."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.batch_run import PERSON, POSTING, changed, codes, explain, match

SEEN = {"published_at": "2026-11-01T09:00:00+08:00"}
GIG = {"type": "gig", "work": {"starts_at": "2026-12-01T08:00"}}
DATONG, TAIYUAN = {"lat": 40.08, "lon": 113.30}, {"lat": 37.87, "lon": 112.55}


@pytest.mark.parametrize(
    ("posting", "as_of", "expected"),
    [
        ({"published_at": "2026-11-20T21:00:00+08:00"}, "2026-11-20", set()),
        ({"published_at": "2026-11-20T21:00"}, "2026-11-19", {"not_yet_open"}),
        ({"published_at": "2026-11-19T16:00:00Z"}, "2026-11-19", {"not_yet_open"}),
        ({"published_at": "2026-11-19T15:59:59Z"}, "2026-11-19", set()),
        ({"published_at": "2026-11-01T23:59", "apply_by": "2026-12-31"}, "2026-12-31", set()),
        ({"published_at": "2026-11-01T23:59", "apply_by": "2026-12-31"}, "2027-01-01", {"expired"}),
        # with apply_by the sixty days do not count
        ({"published_at": "2026-01-01", "apply_by": "2026-12-31"}, "2026-12-31", set()),
        (SEEN, "2026-12-31", set()),  # 1 November and 60 days
        (SEEN, "2027-01-01", {"expired"}),
        ({**SEEN, "confirmed_at": "2026-12-31T20:00"}, "2027-03-01", set()),
        ({**SEEN, "confirmed_at": "2026-12-31T20:00"}, "2027-03-02", {"expired"}),
        ({}, "2040-01-01", set()),  # nothing is known of its age
        ({**SEEN, **GIG}, "2026-12-01", set()),
        ({**SEEN, **GIG}, "2026-12-02", {"expired"}),
        ({"published_at": "2026-01-01", **GIG}, "2026-12-01", set()),  # a gig ends when it starts, not after sixty days
        ({**SEEN, **GIG, "apply_by": "2027-01-31"}, "2026-12-02", {"expired"}),
        ({**SEEN, "work": {"starts_at": "2026-12-01T08:00"}}, "2026-12-02", set()),  # no gig: work may have started
        ({"status": "open"}, "2026-11-20", set()),
        ({"status": "closed"}, "2026-11-20", {"closed"}),
        ({"status": "held"}, "2026-11-20", {"held"}),
        ({"headcount": 5, "filled": 4}, "2026-11-20", set()),
        ({"headcount": 5, "filled": 5}, "2026-11-20", {"filled"}),
        ({"headcount": 5, "filled": 7}, "2026-11-20", {"filled"}),
        ({"headcount": 1, "filled": 0}, "2026-11-20", set()),
        ({"status": "closed", "headcount": 1, "filled": 1, "apply_by": "2026-11-19"}, "2026-11-20", {"closed", "filled", "expired"}),
    ],
)
def test_the_posting_on_its_day(tmp_path: Path, posting: dict[str, Any], as_of: str, expected: set[str]) -> None:
    assert codes(tmp_path, {**POSTING, **posting}, PERSON, as_of) == expected


@pytest.mark.parametrize(
    ("posting", "person", "expected"),
    [
        # education: ranks, not numbers
        ({"education_min": "60"}, {"education": {"level": "47"}}, set()),
        ({"education_min": "47"}, {"education": {"level": "61"}}, set()),
        ({"education_min": "31"}, {"education": {"level": "47"}}, {"education"}),
        ({"education_min": "31"}, {"education": {"level": "21"}}, set()),
        ({"education_min": "21"}, {"education": {"level": "31"}}, {"education"}),
        ({"education_min": "31"}, {"education": {"level": "90"}}, set()),
        ({"education_min": "90"}, {"education": {"level": "81"}}, set()),
        ({"education_min": "11"}, {}, set()),
        # certificates: [] says none
        ({"certificates": ["焊工证"]}, {"certificates": []}, {"certificate"}),
        ({"certificates": ["焊工证"]}, {}, set()),
        ({"certificates": ["焊工证"]}, {"certificates": ["焊工证", "电工证"]}, set()),
        ({"certificates": ["焊工证", "电工证"]}, {"certificates": ["焊工证"]}, {"certificate"}),
        ({"certificates": []}, {"certificates": []}, set()),
        # experience: same or near trade adds up, another does not count, what cannot be told is unknown
        ({"experience_years_min": 3}, {"experience": [{"title": "焊工", "years": 1}, {"title": "电焊工", "years": 2}]}, set()),
        ({"experience_years_min": 3}, {"experience": [{"title": "焊工", "years": 1}, {"title": "会计", "years": 9}]}, {"experience"}),
        ({"experience_years_min": 3}, {"experience": []}, {"experience"}),
        ({"experience_years_min": 3}, {}, set()),
        ({"experience_years_min": 3}, {"experience": [{"years": 1}]}, set()),
        ({"experience_years_min": 3}, {"experience": [{"title": "焊工"}]}, set()),
        ({"experience_years_min": 0}, {"experience": []}, set()),
        # form of work
        ({"employment_form": "full_time"}, {"desired": {"employment_forms": ["gig", "part_time"]}}, {"employment_form"}),
        ({"employment_form": "full_time"}, {"desired": {"employment_forms": []}}, set()),
        ({"type": "gig"}, {"desired": {"employment_forms": ["full_time"]}}, {"employment_form"}),
        ({"type": "gig", "employment_form": "full_time"}, {"desired": {"employment_forms": ["gig"]}}, set()),
        ({}, {"desired": {"employment_forms": ["gig"]}}, set()),
        # region
        ({"region": "140105"}, {"desired": {"regions": ["140100"]}}, set()),
        ({"region": "140105"}, {"desired": {"regions": ["140000"]}}, set()),
        ({"region": "140105"}, {"desired": {"regions": ["140106"]}}, {"region"}),
        ({"region": "140105"}, {"desired": {"regions": ["140200", "140105"]}}, set()),
        ({"region": "140100"}, {"desired": {"regions": ["140105"]}}, set()),  # a city-level posting meets a wish for its county
        ({"region": "140200"}, {"desired": {"regions": ["140105"]}}, {"region"}),
        ({"region": "410100"}, {"desired": {"regions": ["140000"]}}, {"region"}),
        ({"region": "140105"}, {"desired": {"regions": []}, "region": "140200"}, set()),
        ({}, {"desired": {"regions": ["140105"]}}, set()),
        # distance: only where no region is wished for, or in the person's own city
        ({"location": TAIYUAN}, {"location": DATONG, "desired": {"max_distance_km": 100}}, {"distance"}),
        ({"location": TAIYUAN}, {"location": DATONG, "desired": {"max_distance_km": 300}}, set()),
        ({"location": TAIYUAN}, {"location": DATONG}, set()),
        ({"location": TAIYUAN}, {"desired": {"max_distance_km": 1}}, set()),
        ({"region": "140100"}, {"region": "140200", "location": DATONG, "desired": {"max_distance_km": 1}}, set()),
        ({"location": TAIYUAN, "region": "140105"},
         {"location": DATONG, "region": "140213", "desired": {"max_distance_km": 100, "regions": ["140100"]}}, set()),
        ({"location": TAIYUAN, "region": "140105"},
         {"location": {"lat": 37.5, "lon": 112.2}, "region": "140106", "desired": {"max_distance_km": 10, "regions": ["140100"]}},
         {"distance"}),
        ({"location": TAIYUAN}, {"location": DATONG, "desired": {"max_distance_km": 1, "regions": []}}, {"distance"}),
        ({"location": TAIYUAN}, {"location": TAIYUAN, "desired": {"max_distance_km": 0}}, set()),
        # pay: the top of the comparable monthly pay
        ({"pay": {"min": 3000, "max": 4500, "unit": "month"}}, {"desired": {"pay_min": 4500}}, set()),
        ({"pay": {"min": 3000, "max": 4500, "unit": "month"}}, {"desired": {"pay_min": 4501}}, {"pay"}),
        ({"pay": {"max": 6000, "unit": "month", "months": 13}}, {"desired": {"pay_min": 6500}}, set()),
        ({"pay": {"max": 6000, "unit": "month", "months": 13}}, {"desired": {"pay_min": 6501}}, {"pay"}),
        ({"pay": {"max": 72000, "unit": "year"}}, {"desired": {"pay_min": 6000}}, set()),
        ({"pay": {"max": 72000, "unit": "year"}}, {"desired": {"pay_min": 6001}}, {"pay"}),
        ({"pay": {"max": 1200, "unit": "week"}}, {"desired": {"pay_min": 5200}}, set()),
        ({"pay": {"max": 1200, "unit": "week"}}, {"desired": {"pay_min": 5201}}, {"pay"}),
        ({"pay": {"max": 200, "unit": "day"}}, {"desired": {"pay_min": 4350}}, set()),
        ({"pay": {"max": 200, "unit": "day"}}, {"desired": {"pay_min": 4351}}, {"pay"}),
        ({"pay": {"max": 25, "unit": "hour"}}, {"desired": {"pay_min": 4350}}, set()),
        ({"pay": {"max": 25, "unit": "hour"}}, {"desired": {"pay_min": 4351}}, {"pay"}),
        ({"pay": {"max": 25, "unit": "hour"}, "work": {"hours_per_day": 4}}, {"desired": {"pay_min": 4350}}, set()),
        ({"pay": {"min": 1, "max": 2, "unit": "piece"}}, {"desired": {"pay_min": 9000}}, set()),
        ({"pay": {"min": 100, "max": 200}}, {"desired": {"pay_min": 9000}}, set()),  # a missing unit is not compared
        ({"pay": {"min": 5000, "unit": "month"}}, {"desired": {"pay_min": 9000}}, set()),  # its top is not stated
        ({"pay": {"max": 5000, "unit": "month"}}, {}, set()),
        ({}, {"desired": {"pay_min": 9000}}, set()),
        # group
        ({"open_to": ["graduate"]}, {"kind": "graduate"}, set()),
        ({"open_to": ["graduate"]}, {"kind": "graduate", "categories": []}, set()),
        ({"open_to": ["graduate"]}, {"categories": ["college_graduate"]}, set()),
        ({"open_to": ["graduate"]}, {"categories": []}, {"group"}),
        ({"open_to": ["graduate"]}, {}, set()),
        ({"open_to": ["employment_difficulty", "veteran"]}, {"categories": ["veteran"]}, set()),
        ({"open_to": ["registered_unemployed"]}, {"kind": "registered_unemployed", "categories": []}, set()),
        ({"open_to": ["registered_unemployed"]}, {"kind": "jobseeker", "categories": ["registered_unemployed"]}, {"group"}),
        ({"open_to": []}, {"categories": []}, set()),
        # consent: missing is taken as given by the batch commands
        ({}, {"consent": {"recommend": False}}, {"consent"}),
        ({}, {"consent": {"recommend": True}}, set()),
        ({}, {"consent": {}}, set()),
        ({}, {"consent": {"share_with_employers": False}}, set()),
        # sixteen on 1 December 2026 for a birth in November 2010
        ({}, {"birth_year_month": "2010-10"}, set()),
        ({}, {"birth_year_month": "2010-11"}, {"legal_age"}),
        # availability needs work.starts_at
        ({"work": {"starts_at": "2026-12-01T08:00"}}, {"desired": {"available_from": "2026-12-01"}}, set()),
        ({"work": {"starts_at": "2026-12-01T08:00"}}, {"desired": {"available_from": "2026-12-02"}}, {"availability"}),
        ({"work": {"hours_per_day": 8}}, {"desired": {"available_from": "2027-12-02"}}, set()),
    ],
)  # fmt: skip
def test_the_pair(tmp_path: Path, posting: dict[str, Any], person: dict[str, Any], expected: set[str]) -> None:
    assert codes(tmp_path, {**POSTING, **posting}, {**PERSON, **person}) == expected


@pytest.mark.parametrize(
    ("born", "first_day"), [("2010-11", "2026-12-01"), ("2010-12", "2027-01-01"), ("2010-01", "2026-02-01"), ("2012-02", "2028-03-01")]
)
def test_sixteen_is_reached_on_the_first_day_of_the_next_month(tmp_path: Path, born: str, first_day: str) -> None:
    person = changed(PERSON, birth_year_month=born)
    before = (date.fromisoformat(first_day) - timedelta(days=1)).isoformat()
    assert codes(tmp_path, POSTING, person, before) == {"legal_age"}
    assert codes(tmp_path, POSTING, person, first_day) == set()


def test_a_public_welfare_post_is_explained_but_recommended_to_nobody(tmp_path: Path) -> None:
    post = changed(POSTING, type="public_welfare_post")
    told = explain(tmp_path, post, PERSON)
    assert told["score"] > 0
    for by in ("person", "posting"):
        assert not match(tmp_path, [post], [PERSON], "--by", by).lines


def test_a_blocker_has_its_five_parts_and_near_misses_come_smallest_change_first(tmp_path: Path) -> None:
    posting = changed(
        POSTING, certificates=["焊工证"], education_min="21", pay={"max": 4400, "unit": "month"}, experience_years_min=5, region="140105"
    )
    person = changed(
        PERSON, certificates=[], education={"level": "71"}, desired={"pay_min": 4500, "regions": ["140200"]}, experience=[],
        consent={"recommend": False},
    )  # fmt: skip
    told = explain(tmp_path, posting, person)
    assert {item["code"] for item in told["blockers"]} == {"certificate", "education", "pay", "experience", "region", "consent"}
    for item in told["blockers"]:
        assert set(item) == {"code", "text", "needed", "given", "would_change"}
        assert item["text"]
        assert item["would_change"]
    assert {item["code"] for item in told["near_miss"]} == {item["code"] for item in told["blockers"]}
    order = [item["code"] for item in told["near_miss"]]
    # a yes and a hundred yuan are small, a certificate is less than years of work, and a degree is the most
    assert set(order[:2]) == {"consent", "pay"}
    assert order[-1] == "education"
    assert order.index("certificate") < order.index("experience")
    assert "100元" in next(item["would_change"] for item in told["near_miss"] if item["code"] == "pay")


def test_the_smaller_of_two_like_changes_comes_first(tmp_path: Path) -> None:
    def first(pay_top: float, kilometres: float) -> str:
        posting = changed(POSTING, pay={"max": pay_top, "unit": "month"}, location=TAIYUAN)
        person = changed(PERSON, location={"lat": 37.87, "lon": 112.89}, desired={"pay_min": 5000, "max_distance_km": kilometres})
        return str(explain(tmp_path, posting, person)["near_miss"][0]["code"])

    assert first(4990, 5) == "pay"
    assert first(2000, 29) == "distance"


# ---- a second opinion: the rules that need no judgement of texts, written down once more -------------------------------------------------

RANKS = {"11": 7, "14": 6, "21": 5, "31": 4, "41": 3, "47": 3, "61": 3, "71": 2, "81": 1}
FACTOR = {"year": 1 / 12, "week": 52 / 12, "day": 21.75, "hour": 8 * 21.75}


def covers(outer: str, inner: str) -> bool:
    return outer == inner or (outer.endswith("0000") and outer[:2] == inner[:2]) or (outer.endswith("00") and outer[:4] == inner[:4])


def expected_codes(posting: dict[str, Any], person: dict[str, Any], as_of: date) -> set[str]:
    found, wish = set(), person["desired"]
    seen = posting.get("published_at")
    published = datetime.fromisoformat(seen).date() if seen else None
    starts = posting.get("work", {}).get("starts_at")
    start = datetime.fromisoformat(starts).date() if starts else None
    gig = "gig" in (posting.get("type"), posting.get("employment_form"))
    if published and as_of < published:
        found.add("not_yet_open")
    if posting.get("apply_by"):
        last = date.fromisoformat(posting["apply_by"])
    elif gig and start:
        last = start
    else:
        last = published + timedelta(days=60) if published else None
    if (last and as_of > last) or (gig and start and as_of > start):
        found.add("expired")
    if posting.get("headcount") and posting.get("filled", 0) >= posting["headcount"]:
        found.add("filled")
    needed, own = RANKS.get(posting.get("education_min", "")), RANKS.get(person["education"].get("level", ""))
    if needed and own and own < needed:
        found.add("education")
    form = "gig" if gig else posting.get("employment_form")
    if form and wish.get("employment_forms") and form not in wish["employment_forms"]:
        found.add("employment_form")
    where, wished = posting.get("region"), wish.get("regions")
    if where and wished and not any(covers(region, where) or covers(where, region) for region in wished):
        found.add("region")
    pay = posting.get("pay", {})
    if pay.get("max") and wish.get("pay_min") and pay.get("unit") and pay["unit"] != "piece":
        factor = (pay.get("months") or 12) / 12 if pay["unit"] == "month" else FACTOR[pay["unit"]]
        if round(pay["max"] * factor, 2) < wish["pay_min"]:
            found.add("pay")
    if person.get("consent", {}).get("recommend") is False:
        found.add("consent")
    born = person.get("birth_year_month")
    if born:
        months = (as_of.year - int(born[:4])) * 12 + as_of.month - int(born[5:])
        if months <= 16 * 12:
            found.add("legal_age")
    if start and wish.get("available_from") and date.fromisoformat(wish["available_from"]) > start:
        found.add("availability")
    return found


def drawn(draw: random.Random, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    def some(values: Any, silent: float = 0.4) -> Any:
        return None if draw.random() < silent else draw.choice(values)

    day = [(date(2026, 11, 20) + timedelta(days=shift)).isoformat() for shift in (-61, -60, -59, -1, 0, 1)]
    regions = ["140000", "140100", "140105", "140106", "140200", "140213", "410100"]
    low = draw.choice([100, 3000, 4500])
    posting = {
        **POSTING, "posting_id": f"p-{number}", "published_at": some([f"{each}T20:00:00+08:00" for each in day]),
        "apply_by": some(day[2:], 0.7), "type": some(["gig", "regular"]), "employment_form": some(["full_time", "gig", "part_time"]),
        "work": {"starts_at": some([f"{each}T08:00" for each in day[3:]])}, "headcount": some([1, 2]), "filled": some([0, 1, 2], 0.7) or 0,
        "education_min": some(list(RANKS)), "region": some(regions),
        "pay": {"min": some([low]), "max": some([low, low * 2]), "unit": some(["month", *FACTOR, "piece"]), "months": some([12, 13], 0.7)},
    }  # fmt: skip
    posting = {name: value for name, value in posting.items() if value is not None}
    if "headcount" not in posting:
        del posting["filled"]
    person = {
        **PERSON, "person_id": f"u-{number}", "education": {"level": draw.choice([*RANKS, "90"])},
        "consent": {"recommend": draw.choice([True, True, None, False])}, "birth_year_month": some(["2010-10", "2010-11", "1990-01"]),
        "desired": {"regions": some([[region] for region in regions] + [[]]), "pay_min": some([3000, 4350, 6000, 9000]),
                    "employment_forms": some([["gig"], ["full_time"], []]), "available_from": some(day[3:])},
    }  # fmt: skip
    person["desired"] = {name: value for name, value in person["desired"].items() if value is not None}
    return posting, person


def test_match_recommends_exactly_the_pairs_that_a_second_reading_of_the_rules_leaves(tmp_path: Path) -> None:
    draw = random.Random(7)
    pairs = [drawn(draw, number) for number in range(90)]
    postings, people = [posting for posting, _ in pairs], [person for _, person in pairs]
    as_of = date(2026, 11, 20)
    expected = {
        (person["person_id"], posting["posting_id"])
        for posting in postings
        for person in people
        if not expected_codes(posting, person, as_of)
    }
    assert 50 < len(expected) < 4000
    for by in ("person", "posting"):
        done = match(tmp_path, postings, people, "--top", "1000", "--by", by)
        assert {(line["person_id"], line["posting_id"]) for line in done.lines} == expected
        assert len(done.lines) == len(expected)
    for posting, person in draw.sample([(posting, person) for posting in postings for person in people], 60):
        told = explain(tmp_path, posting, person)
        assert {item["code"] for item in told["blockers"]} == expected_codes(posting, person, as_of)
