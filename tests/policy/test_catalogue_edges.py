"""Both sides of every date and every number of the catalogue, and every fact unknown once: read from the catalogue, none listed here."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from matcher.policy import answer_facts, load_catalogue
from matcher.policy.format import Entry
from matcher.policy.loader import leaves
from matcher.policy.terms import Leaf
from tests.policy.policy_cases import beside, day_inside, decisive, inside, outside, plain, pools, result_of

CATALOGUE = load_catalogue()
ENTRIES = {entry.id: entry for entry in CATALOGUE.entries}


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_first_and_last_day_are_inside_and_their_neighbours_outside(entry_id: str) -> None:
    entry = ENTRIES[entry_id]

    def status(day: date) -> str:
        return result_of(CATALOGUE, entry, {}, day).status

    assert status(entry.window.from_) != "OUT_OF_WINDOW"
    assert status(entry.window.from_ - timedelta(days=1)) == "OUT_OF_WINDOW"
    if entry.window.to is None:
        assert status(date(2100, 12, 31)) != "OUT_OF_WINDOW"
    else:
        assert status(entry.window.to) != "OUT_OF_WINDOW"
        assert status(entry.window.to + timedelta(days=1)) == "OUT_OF_WINDOW"


def test_outside_the_window_no_condition_is_read() -> None:
    answer = answer_facts(CATALOGUE, {"employer.size": "large"}, "2021-01-01")
    assert all(result["status"] == "OUT_OF_WINDOW" and not result["missing"] and not result["failed"] for result in answer["results"])
    assert answer["emitted"] == []


def _decided(entry: Entry) -> list[Leaf]:
    """Leaves that facts can decide, once a field and test."""
    found: dict[str, Leaf] = {}
    for leaf in leaves(entry.conditions):
        if leaf.op != "unstated" and leaf.certainty is None:
            found.setdefault(f"{leaf.field} {leaf.op} {leaf.value}", leaf)
    return list(found.values())


PAIRS = [
    (entry.id, f"{leaf.field} {leaf.op} {leaf.value}")
    for entry in CATALOGUE.entries
    for leaf in _decided(entry)
    if inside(leaf, CATALOGUE.shared.fields[leaf.field].type)
]


@pytest.mark.parametrize(("entry_id", "test"), PAIRS)
def test_each_condition_holds_up_to_its_bound_and_fails_beyond_it(entry_id: str, test: str) -> None:
    entry = ENTRIES[entry_id]
    leaf = next(leaf for leaf in _decided(entry) if f"{leaf.field} {leaf.op} {leaf.value}" == test)
    kind = CATALOGUE.shared.fields[leaf.field].type
    for good in (beside(entry, leaf, plain(value)) for value in inside(leaf, kind)):
        for bad in (beside(entry, leaf, plain(value)) for value in outside(leaf, kind)):
            facts = decisive(CATALOGUE, entry, leaf.field, good, bad)
            if facts is None:
                # urban_rural_worker is everyone's: such a condition can only be unknown.
                assert leaf.value == ["urban_rural_worker"], f"no facts make {test} decisive"
                continue
            unknown = result_of(CATALOGUE, entry, facts)
            assert unknown.status == "NEEDS_CHECK"
            assert leaf.field in unknown.missing
            failed = result_of(CATALOGUE, entry, {**facts, leaf.field: bad})
            assert leaf.field in failed.failed or failed.status == "NEEDS_CHECK"


DOUBTFUL = [entry.id for entry in CATALOGUE.entries if any(isinstance(leaf, Leaf) and leaf.op == "unstated" for leaf in entry.conditions)]


@pytest.mark.parametrize("entry_id", DOUBTFUL)
def test_an_unstated_condition_keeps_the_best_facts_from_being_certain(entry_id: str) -> None:
    entry = ENTRIES[entry_id]
    best = {}
    for leaf in _decided(entry):
        values = inside(leaf, CATALOGUE.shared.fields[leaf.field].type)
        if values:
            old = best.get(leaf.field)
            best[leaf.field] = sorted({*old, *values[0]}) if isinstance(old, list) else plain(values[0])
    found = result_of(CATALOGUE, entry, best)
    assert found.status == "NEEDS_CHECK"
    assert found.unstated


def _clear(leaf: Leaf) -> bool:
    return leaf.op != "unstated" and leaf.certainty is None and not (isinstance(leaf.value, str) and leaf.value in CATALOGUE.shared.figures)


CLEAR = [entry.id for entry in CATALOGUE.entries if all(_clear(leaf) for leaf in leaves(entry.conditions))]


@pytest.mark.parametrize("entry_id", CLEAR)
def test_an_entry_that_states_all_its_conditions_can_be_certain(entry_id: str) -> None:
    entry = ENTRIES[entry_id]
    draw = random.Random(entry_id)
    choices = {name: [value for value in values if value is not None] for name, values in pools(CATALOGUE, entry).items()}
    tried = ({name: draw.choice(values) for name, values in choices.items()} for _ in range(20_000))
    assert any(result_of(CATALOGUE, entry, facts, day_inside(entry)).status == "ELIGIBLE" for facts in tried)
