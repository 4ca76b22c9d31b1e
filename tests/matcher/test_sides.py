"""Both sides of the score are shown, and each can be added up from the points beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from matcher.blockers import BATCH_RULES
from matcher.columns_people import PeopleColumns
from matcher.criteria import CRITERIA, OF
from matcher.explain import explain
from matcher.shapes import read_person, read_posting
from matcher.sides import PERSON, POSTING, sides

AS_OF = date(2026, 11, 20)
PERSON_ROW: dict[str, Any] = {
    "person_id": "u-1", "kind": "jobseeker", "region": "140105", "birth_year_month": "1996-04",
    "desired": {"titles": ["焊工"], "pay_min": 4500, "employment_forms": ["full_time"]},
    "education": {"level": "47"}, "experience": [{"title": "焊工", "years": 4}], "skills": ["二保焊"],
}  # fmt: skip
POSTING_ROW: dict[str, Any] = {
    "posting_id": "p-1", "source": "enterprise", "title": "焊工", "region": "140105", "employment_form": "full_time",
    "pay": {"min": 5000, "max": 7000, "unit": "month"}, "education_min": "47", "experience_years_min": 2, "skills": ["二保焊"],
    "published_at": "2026-11-20T09:00:00+08:00",
}  # fmt: skip


def both(posting: dict[str, Any] | None = None, person: dict[str, Any] | None = None) -> tuple[float, float, dict[str, Any]]:
    found = explain(read_posting({**POSTING_ROW, **(posting or {})}), read_person({**PERSON_ROW, **(person or {})}), AS_OF).as_json()
    return found["suits_person"], found["suits_posting"], found


def test_every_criterion_belongs_to_a_side_and_the_trade_to_both() -> None:
    assert set(PERSON) | set(POSTING) == set(CRITERIA)
    assert set(PERSON) & set(POSTING) == {"occupation"}


@pytest.mark.parametrize(("posting", "person"), [({}, {}), ({"region": "140200"}, {}), ({"skills": ["氩弧焊"]}, {"education": {}})])
def test_each_side_is_the_share_of_the_points_that_are_shown(posting: dict[str, Any], person: dict[str, Any]) -> None:
    for_person, for_posting, found = both(posting, person)
    points = {entry["criterion"]: entry for entry in found["criteria"]}
    for value, names in ((for_person, PERSON), (for_posting, POSTING)):
        weight = {name: 0.5 if name == "occupation" else 1 for name in names}
        share = (
            100 * sum(points[name]["points"] * weight[name] for name in names) / sum(points[name]["of"] * weight[name] for name in names)
        )
        assert value == pytest.approx(share, abs=0.0501)


def test_what_the_person_wishes_moves_one_side_and_what_the_posting_asks_for_the_other() -> None:
    for_person, for_posting, _ = both()
    farther, same, _ = both({"region": "140200"})
    assert farther < for_person
    assert same == for_posting
    unchanged, lower, _ = both({"skills": ["氩弧焊", "看图"]})
    assert unchanged == for_person
    assert lower < for_posting


def test_the_batch_says_the_same() -> None:
    columns = PeopleColumns([read_person(PERSON_ROW)])
    (pair,) = columns.match(read_posting(POSTING_ROW), AS_OF, rules=BATCH_RULES)
    for_person, for_posting, _ = both()
    assert (pair.as_json()["suits_person"], pair.as_json()["suits_posting"]) == (for_person, for_posting)


@given(some.fixed_dictionaries({name: some.integers(0, most) for name, most in OF.items()}))
def test_a_side_is_between_nothing_and_a_hundred_with_one_decimal(tenths: dict[str, int]) -> None:
    for value in sides(tenths).values():
        assert 0 <= value <= 100
        assert round(value, 1) == value


@given(some.fixed_dictionaries({name: some.integers(0, most) for name, most in OF.items()}))
def test_the_score_lies_between_the_two(tenths: dict[str, int]) -> None:
    score, found = sum(tenths.values()) / 10, sides(tenths).values()
    assert min(found) - 0.05 <= score <= max(found) + 0.05


def test_nothing_and_everything() -> None:
    assert sides(dict.fromkeys(CRITERIA, 0)) == {"suits_person": 0.0, "suits_posting": 0.0}
    assert sides(dict(OF)) == {"suits_person": 100.0, "suits_posting": 100.0}
