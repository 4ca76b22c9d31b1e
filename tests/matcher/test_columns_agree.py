"""The columnar matcher gives the numbers of the readable one, for every blocker and every criterion."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.blockers import BLOCKER_CODES, Rules
from matcher.columns_batch import BestPostings
from matcher.columns_people import PeopleColumns
from matcher.columns_postings import PostingColumns
from matcher.criteria import CRITERIA
from matcher.explain import explain
from matcher.match_order import sort_key
from matcher.pairs import Pair
from matcher.shapes import Employer, Person, Posting, read_employer, read_person, read_posting
from tests.matcher.made_up_pairs import AS_OF, made_up_person, made_up_posting

EMPLOYERS = {
    "e-0": read_employer({"employer_id": "e-0", "key": {"class": "白名单", "from": "2026-01-01"}}),
    "e-1": read_employer({"employer_id": "e-1", "key": {"class": "白名单", "from": "2026-12-01"}}),
    "e-2": None,
}


def employer_of(posting: Posting) -> Employer | None:
    return EMPLOYERS[posting.employer.employer_id or "e-2"]


def assert_same(posting: Posting, person: Person, pair: Pair, codes: frozenset[str] | None, rules: Rules) -> None:
    told = explain(posting, person, AS_OF, employer_of(posting), rules)
    assert dict(zip(CRITERIA, pair.tenths, strict=True)) == {item.name: item.tenths for item in told.criteria}, (posting, person)
    assert list(pair.not_stated) == told.not_stated, (posting, person)
    assert (pair.score_tenths, pair.score, pair.band) == (told.score_tenths, told.score, told.band)
    assert (pair.priority, pair.priority_reasons) == (told.priority, told.priority_reasons), (posting, person)
    if codes is not None:
        assert codes == {item["code"] for item in told.blockers}, (posting, person)


@pytest.mark.parametrize("seed", range(2))
def test_every_pair_of_a_made_up_market_has_the_same_numbers_on_both_forms(seed: int) -> None:
    draw = random.Random(seed)
    rules = Rules(missing_consent_is_given=bool(seed % 2))
    people = [read_person(made_up_person(draw, number)) for number in range(60)]
    postings = [read_posting(made_up_posting(draw, number)) for number in range(60)]
    columns = PeopleColumns(people)
    for posting in postings:
        for person in people:
            found = columns.pair(posting, person.person_id, AS_OF, employer_of(posting), rules)
            assert found is not None
            assert_same(posting, person, *found, rules)


@pytest.mark.parametrize("seed", range(4, 6))
def test_every_pair_has_the_same_numbers_from_the_persons_side(seed: int) -> None:
    draw = random.Random(seed)
    rules = Rules(missing_consent_is_given=bool(seed % 2))
    people = [read_person(made_up_person(draw, number)) for number in range(40)]
    postings = [read_posting(made_up_posting(draw, number)) for number in range(40)]
    columns = PostingColumns(postings)
    known = {name: employer for name, employer in EMPLOYERS.items() if employer is not None}
    for person in people:
        for posting in postings:
            found = columns.pair(posting, person, AS_OF, known, rules)
            assert found is not None
            assert_same(posting, person, *found, rules)


@pytest.mark.parametrize("seed", range(2))
def test_the_best_postings_are_those_of_sorting_every_explanation(seed: int) -> None:
    draw = random.Random(200 + seed)
    rules = Rules(missing_consent_is_given=True)
    postings = [read_posting(made_up_posting(draw, number, open_only=bool(number % 3))) for number in range(200)]
    columns = PostingColumns(postings)
    gathered_people = [read_person(made_up_person(draw, number)) for number in range(20)]
    gathered = BestPostings(PeopleColumns(gathered_people), postings, 10)
    for number, posting in enumerate(gathered.postings):
        gathered.offer(number, AS_OF, employer_of(posting), rules)
    some = 0
    for person in gathered_people:
        told = [explain(posting, person, AS_OF, employer_of(posting), rules) for posting in postings]
        wanted = sorted((-item.score_tenths, item.posting_id) for item in told if item.recommended)
        found, count = columns.match_counted(person, AS_OF, 10, rules=rules)
        assert [(-pair.score_tenths, pair.posting_id) for pair in found] == wanted[:10]
        assert [(-score, posting.posting_id) for posting, score in gathered.of(person.person_id)] == wanted[:10]
        assert count == len(wanted)
        some += bool(wanted)
    assert some > 3


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(["put", "change", "same words", "remove"]), min_size=1, max_size=40))
def test_changes_of_postings_leave_the_columns_as_if_built_anew(draw: random.Random, steps: list[str]) -> None:
    columns = PostingColumns()
    kept: dict[str, dict[str, Any]] = {}
    for number, step in enumerate(steps):
        name = draw.choice(sorted(kept)) if kept else ""
        if step == "put" or not kept:
            made = made_up_posting(draw, number)
        elif step == "change":
            made = {**made_up_posting(draw, number), "posting_id": name}
        elif step == "same words":
            words = {field: kept[name][field] for field in ("posting_id", "title", "description", "occupation_code")}
            made = {**made_up_posting(draw, number), **words}
        else:
            del kept[name]
            assert columns.remove(name)
            continue
        kept[made["posting_id"]] = made
        columns.upsert(read_posting(made))
    person = read_person(made_up_person(draw))
    rules = Rules(missing_consent_is_given=True)
    anew = PostingColumns(read_posting(kept[name]) for name in sorted(kept))
    for day in (AS_OF, AS_OF + timedelta(days=3)):
        assert columns.match(person, day, 50, rules=rules) == anew.match(person, day, 50, rules=rules)


def test_the_made_up_market_covers_every_blocker_and_every_criterion_stated_and_not() -> None:
    draw = random.Random(0)
    people = [read_person(made_up_person(draw, number)) for number in range(30)]
    postings = [read_posting(made_up_posting(draw, number)) for number in range(150)]
    blocked: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    worth: dict[str, set[int]] = {name: set() for name in CRITERIA}
    for posting in postings:
        for person in people:
            told = explain(posting, person, AS_OF, employer_of(posting))
            blocked.update(item["code"] for item in told.blockers)
            silent.update(told.not_stated)
            for item in told.criteria:
                worth[item.name].add(item.tenths)
    assert set(blocked) == set(BLOCKER_CODES)
    assert set(silent) == set(CRITERIA)
    assert all(len(found) >= 3 for found in worth.values()), worth


@pytest.mark.parametrize("seed", range(2))
def test_the_best_are_those_of_sorting_every_explanation(seed: int) -> None:
    draw = random.Random(100 + seed)
    rules = Rules(missing_consent_is_given=True)
    people = [read_person(made_up_person(draw, number)) for number in range(300)]
    columns = PeopleColumns(people)
    some = 0
    for number in range(12):
        posting = read_posting(made_up_posting(draw, number, open_only=True))
        told = [explain(posting, person, AS_OF, employer_of(posting), rules) for person in people]
        wanted = sorted((-sort_key(item.score_tenths, item.priority), item.person_id) for item in told if item.recommended)
        found, count = columns.match_counted(posting, AS_OF, 10, employer_of(posting), rules)
        assert [pair.person_id for pair in found] == [person_id for _, person_id in wanted[:10]]
        assert [pair.rank for pair in found] == list(range(1, len(found) + 1))
        assert count == len(wanted)
        some += bool(len(wanted) > 10)
    assert some


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(["put", "change", "remove"]), min_size=1, max_size=40))
def test_changes_of_people_leave_the_columns_as_if_built_anew(draw: random.Random, steps: list[str]) -> None:
    columns, kept = PeopleColumns(), {}
    for number, step in enumerate(steps):
        if step == "put" or not kept:
            person = read_person(made_up_person(draw, number))
        elif step == "change":
            person = read_person({**made_up_person(draw, number), "person_id": draw.choice(sorted(kept))})
        else:
            gone = draw.choice(sorted(kept))
            del kept[gone]
            assert columns.remove(gone)
            assert not columns.remove(gone)
            continue
        kept[person.person_id] = person
        columns.upsert(person)
    assert len(columns) == len(kept)
    posting = read_posting(made_up_posting(draw, open_only=True))
    rules = Rules(missing_consent_is_given=True)
    anew = PeopleColumns(kept[person_id] for person_id in sorted(kept))
    assert columns.match(posting, AS_OF, 50, rules=rules) == anew.match(posting, AS_OF, 50, rules=rules)


def test_many_changes_do_not_make_the_columns_grow_without_end() -> None:
    draw = random.Random(7)
    columns = PeopleColumns()
    for number in range(3000):
        columns.upsert(read_person({**made_up_person(draw, number), "person_id": f"u-{number % 50}"}))
        if number % 3 == 0:
            columns.remove(f"u-{(number + 7) % 50}")
    assert columns.nbytes < 2_000_000
    posting = read_posting(made_up_posting(draw, open_only=True))
    assert len(columns.match(posting, AS_OF, 100, rules=Rules(missing_consent_is_given=True))) <= len(columns) <= 50
