"""What the matcher puts first for sixty people, held to the grades of GUIDE.md."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.relevance.market import FOLDER, gains, market, ndcg


def test_the_set_is_whole_and_every_grade_is_of_a_pair_that_exists() -> None:
    given = market()
    kinds = [person.kind for person in given.people]
    assert (kinds.count("registered_unemployed"), kinds.count("graduate")) == (30, 30)
    known = {posting.posting_id for posting in given.postings}
    with (FOLDER / "grades.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert {row["person"] for row in rows} == {person.person_id for person in given.people}
    assert all(row["posting"] in known and row["grade"] in "123" for row in rows)
    assert len({(row["person"], row["posting"]) for row in rows}) == len(rows)


def test_ties_share_their_places_and_the_best_order_is_worth_one() -> None:
    grades = {"a": 3, "b": 1}
    assert ndcg({"a": 2, "b": 1, "c": 0}, grades) == 1
    assert ndcg({"c": 2, "b": 1, "a": 0}, grades) < ndcg({"b": 2, "a": 1, "c": 0}, grades) < 1
    tied = ndcg({"a": 1, "b": 1, "c": 1}, grades)
    assert tied == ndcg({"c": 1, "b": 1, "a": 1}, grades)
    assert ndcg({"c": 2, "b": 1, "a": 0}, grades) < tied < 1


def test_a_posting_that_suits_is_kept_from_hardly_anybody_by_a_rule() -> None:
    """A grade of 2 or 3 says that no stated demand is missed; then no rule should take the posting away."""
    given = market()
    lost = {
        (person.person_id, posting_id)
        for person in given.people
        for posting_id, grade in given.grades[person.person_id].items()
        if grade >= 2 and posting_id not in given.recommended(person)
    }
    # 设备维修工 for somebody who was 装配钳工: near work, and names that nothing tells to be near.
    assert lost <= {("u17", "p197")}


@pytest.mark.parametrize(("kind", "least"), [("u", 0.94), ("g", 0.835)])
def test_the_right_postings_come_first_and_well_above_search(kind: str, least: float) -> None:
    """Measured: 0.948 and 0.846; BM25 0.889 and 0.678 (docs/relevance.md)."""
    matcher, words = gains()
    own = [gain for name, gain in matcher.items() if name.startswith(kind)]
    searched = [gain for name, gain in words.items() if name.startswith(kind)]
    worst = sorted((round(gain, 2), name) for name, gain in matcher.items() if name.startswith(kind))[:5]
    assert np.mean(own) >= least, worst
    assert np.mean(own) >= np.mean(searched) + 0.04


def test_hardly_anybody_finds_something_unsuitable_among_the_first_three() -> None:
    """The aim is nobody; these eight are known, with the reason in docs/relevance.md. Whoever mends one strikes it out here."""
    given = market()
    wrong = {
        person.person_id
        for person in given.people
        if any(given.grade(person, posting_id) == 0 for posting_id in given.recommended(person)[:3])
    }
    assert wrong <= {"u23", "u27", "g06", "g07", "g08", "g09", "g20", "g28"}
