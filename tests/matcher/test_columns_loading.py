"""People filled into columns at once are the people put in one by one, to the last number; and they go on from there."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import columns_loading
from matcher.columns_loading import fill_people
from matcher.columns_people import PeopleColumns
from matcher.shapes import Person, read_person, read_posting
from tests.matcher.made_up_pairs import made_up_person, made_up_posting

DAY = date(2026, 11, 20)


def written(person: Person) -> Any:
    """As the exchange keeps a person, decoded."""
    return orjson.loads(person.model_dump_json(exclude_none=True, by_alias=True, exclude={"private"}))


def one_by_one(people: list[Person]) -> PeopleColumns:
    columns = PeopleColumns()
    for person in people:
        columns.upsert(person)
    return columns


def at_once(people: list[Person]) -> PeopleColumns:
    columns = PeopleColumns()
    fill_people(columns, (written(person) for person in people))
    return columns


def numbers(columns: PeopleColumns) -> dict[str, Any]:
    wished, floors, traits, rows, pool, limits = columns.people()
    names, starts, lengths = columns._names.arrays
    size = columns.row_count
    return {
        "wished": wished.tolist(),
        "floors": floors.tolist(),
        "traits": traits.tolist(),
        "rows": rows.tolist(),
        "pool": pool[: columns._records.pool.size].tolist(),
        "limits": limits[: columns.limits._squares.size].tolist(),
        "names": [columns._names.name(row) for row in range(size)],
        "found": [columns.row_of(columns._names.name(row)) for row in range(size)],
        "starts": starts[:size].tolist(),
        "lengths": lengths[:size].tolist(),
        "bytes": names[: columns._names.pool.size].tobytes(),
        "record starts": columns._records.arrays[1][:size].tolist(),
        "record lengths": columns._records.arrays[2][:size].tolist(),
        "atoms": columns.atoms.list,
        "skills": columns.skills.list,
        "certificates": list(columns.certificates._names),
        "regions": columns.regions.list,
        "groups": columns.groups.table(("graduate",)).tolist(),
    }


def people_of(seed: int, count: int) -> list[Person]:
    draw = random.Random(seed)
    return [read_person(made_up_person(draw, number)) for number in range(count)]


@given(st.integers(0, 10_000), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_filled_at_once_or_one_by_one_the_numbers_are_the_same(seed: int, count: int) -> None:
    people = people_of(seed, count)
    assert numbers(at_once(people)) == numbers(one_by_one(people))


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    people = people_of(7, 300)
    whole = numbers(at_once(people))
    monkeypatch.setattr(columns_loading, "BLOCK", 7)
    assert numbers(at_once(people)) == whole == numbers(one_by_one(people))


def test_people_come_change_and_go_afterwards_and_match_alike() -> None:
    people = people_of(11, 200)
    filled, put = at_once(people), one_by_one(people)
    changes = people_of(12, 260)
    for columns in (filled, put):
        for person in people[::3]:
            columns.remove(person.person_id)
        for person in changes:
            columns.upsert(person)
    draw = random.Random(13)
    for number in range(30):
        posting = read_posting(made_up_posting(draw, number, open_only=True))
        assert filled.match_counted(posting, DAY, 50) == put.match_counted(posting, DAY, 50)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"skills": []},
        {"skills": ["女"]},
        {"skills": ["焊工", "女", "焊工"]},
        {"experience": []},
        {"certificates": []},
        {"categories": []},
        {"consent": {}},
        {"consent": {"recommend": False}},
        {"education": {"level": "90", "major": "男"}},
        {"desired": {"titles": ["女"], "pay_min": 0, "max_distance_km": 0}},
    ],
)
def test_what_is_stated_as_none_is_not_what_is_not_stated(given: dict[str, Any]) -> None:
    person = read_person({"person_id": "u-1", "kind": "jobseeker", **given})
    assert numbers(at_once([person])) == numbers(one_by_one([person]))


def test_columns_that_hold_somebody_are_not_filled() -> None:
    columns = one_by_one(people_of(1, 1))
    with pytest.raises(ValueError, match="without people"):
        fill_people(columns, [])


def test_an_id_of_many_bytes_is_found() -> None:
    people = [read_person({"person_id": id_, "kind": "jobseeker"}) for id_ in ("人" * 60, "e\u0301", "\u00e9", "u-1")]
    columns = at_once(people)
    assert [columns.row_of(person.person_id) for person in people] == [0, 1, 2, 3]
    assert columns.row_of("nobody") is None
    assert np.array_equal(columns.people().rows["end"], [0, 0, 0, 0])
