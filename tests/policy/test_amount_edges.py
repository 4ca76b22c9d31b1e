"""Every number of every amount has a case on each side of it, and a number of a kind that nobody looks at fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from matcher.policy import load_catalogue
from matcher.policy.amounts import figure, shown
from matcher.policy.conditions import prepare
from matcher.policy.evaluate import evaluate_entry
from matcher.policy.facts import read_facts
from matcher.policy.format import Entry
from matcher.policy.terms import ByCategory, ByLevel, LadderPercentOfBase, LadderPerPerson, LadderTotal, PercentBySize, PercentStep
from tests.policy.policy_cases import day_inside

CATALOGUE = load_catalogue()
ENTRIES = {entry.id: entry for entry in CATALOGUE.entries}
# Numbers that bound something: facts on both sides of them are tried below. ``min`` and ``max`` of ladders, steps of a rate.
BOUNDS = {"min", "max", "gte", "gt", "lt", "lte"}
# Numbers that are the figure itself: what is answered, or what the words of a hint show.
FIGURES = {
    "yuan", "yuan_per_person", "yuan_per_month", "max_total_yuan", "max_months", "months", "num", "den", "percent", "base_percent",
    "percent_of_base", "above_percent", "each_points", "adds_percent_of_base", "max_yuan", "previous_max_yuan", "max_times_per_year",
    "total_percent", "employer_percent", "employee_percent", "referenced_kinds_percent", "already_paid_percent", "owed_percent",
    "max_credit_yuan", "max_rate_percent", "max_principal_yuan", "principal_lte_yuan", "yuan_per_year", "previous_yuan_per_year",
    "min_share_of_space_percent", "min_yuan", "total_budget_yuan", "counties", "grades_min", "grades_max",
    "min_employed_per_zero_employment_family", "posts_total_approx", "levels", "percent_by_size", "max_yuan_per_year",
}  # fmt: skip


def numbers(value: Any, name: str = "") -> Iterator[tuple[str, Decimal]]:
    """Every number below, with the name of the field that holds it (of a table, the table's name)."""
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from numbers(getattr(value, field), field)
    elif isinstance(value, dict):
        for item in value.values():
            yield from numbers(item, name)
    elif isinstance(value, tuple):
        for item in value:
            yield from numbers(item, name)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield name, Decimal(value)


def answered(entry: Entry, facts: dict[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Figure of an entry, whatever its conditions say: yuan and percent."""
    read, _ = read_facts(CATALOGUE, facts)
    found = figure(CATALOGUE, entry, prepare(CATALOGUE, read, day_inside(entry)))
    return found.yuan, found.percent


def test_no_number_of_an_amount_is_of_a_kind_nobody_tries() -> None:
    unknown = {name for entry in CATALOGUE.entries for name, _ in numbers(entry.amount)} - BOUNDS - FIGURES
    assert unknown == set()
    bounded = {entry.id for entry in CATALOGUE.entries if any(name in BOUNDS for name, _ in numbers(entry.amount))}
    assert bounded == {entry.id for entry in CATALOGUE.entries if isinstance(entry.amount, LADDERS)}


LADDERS = (LadderPerPerson, LadderTotal, LadderPercentOfBase)


def steps_of(entry: Entry) -> tuple[Any, ...]:
    amount = entry.amount
    return amount.steps_derived if isinstance(amount, LadderPercentOfBase) else amount.steps  # type: ignore[union-attr]


STEPS = [(entry.id, number) for entry in CATALOGUE.entries if isinstance(entry.amount, LADDERS) for number in range(len(steps_of(entry)))]


def _sides(step: Any) -> tuple[list[Decimal], list[Decimal]]:
    """Values just inside and just outside of a step."""
    tenth = Decimal("0.1")
    inside, outside = [], []
    if isinstance(step, PercentStep):
        if step.gte is not None:
            inside.append(step.gte)
            outside += [step.gte - tenth] if step.gte > 0 else []
        if step.gt is not None:
            inside.append(step.gt + tenth)
            outside.append(step.gt)
        if step.lt is not None:
            inside.append(step.lt - tenth)
            outside.append(step.lt)
        if step.lte is not None:
            inside.append(step.lte)
            outside.append(step.lte + tenth)
        return inside, outside
    inside.append(step.min)
    outside.append(step.min - 1)
    if step.max is not None:
        inside.append(step.max)
        outside.append(step.max + 1)
    return inside, outside


@pytest.mark.parametrize(("entry_id", "number"), STEPS)
def test_a_step_of_a_ladder_holds_up_to_its_bounds_and_no_further(entry_id: str, number: int) -> None:
    entry = ENTRIES[entry_id]
    step = steps_of(entry)[number]
    basis = entry.amount.basis  # type: ignore[union-attr]
    wanted = step.percent if isinstance(step, PercentStep) else getattr(step, "yuan_per_person", getattr(step, "yuan", None))
    inside, outside = _sides(step)
    assert inside
    for value in inside:
        assert wanted in answered(entry, {basis: float(value)})
    for value in outside:
        assert wanted not in answered(entry, {basis: float(value)})
    assert answered(entry, {}) == (None, None)


BY_LEVEL = [(entry.id, level) for entry in CATALOGUE.entries if isinstance(entry.amount, ByLevel) for level in entry.amount.levels]


@pytest.mark.parametrize(("entry_id", "level"), BY_LEVEL)
def test_each_level_has_its_sum_and_another_level_has_not(entry_id: str, level: str) -> None:
    entry = ENTRIES[entry_id]
    amount = entry.amount
    assert isinstance(amount, ByLevel)
    assert answered(entry, {amount.level_fact: level}) == (amount.levels[level], None)
    assert answered(entry, {amount.level_fact: "something_else"}) == (None, None)
    assert answered(entry, {}) == (None, None)


BY_SIZE = [
    (entry.id, size) for entry in CATALOGUE.entries if isinstance(entry.amount, PercentBySize) for size in entry.amount.percent_by_size
]


@pytest.mark.parametrize(("entry_id", "size"), BY_SIZE)
def test_each_size_has_its_percentage(entry_id: str, size: str) -> None:
    entry = ENTRIES[entry_id]
    amount = entry.amount
    assert isinstance(amount, PercentBySize)
    assert answered(entry, {"employer.size": size, "employer.kind": "enterprise"}) == (None, amount.percent_by_size[size])
    assert answered(entry, {"employer.size": "none", "employer.kind": "enterprise"}) == (None, None)
    assert answered(entry, {"employer.kind": "enterprise"}) == (None, None)


@pytest.mark.parametrize("entry_id", [entry.id for entry in CATALOGUE.entries if isinstance(entry.amount, ByCategory)])
def test_each_case_of_a_sum_by_category_holds_for_its_people_alone(entry_id: str) -> None:
    entry = ENTRIES[entry_id]
    amount = entry.amount
    assert isinstance(amount, ByCategory)
    first = amount.cases[0]
    assert first.yuan is not None
    for tag in first.when.value:
        assert answered(entry, {first.when.field: [tag]})[0] == first.yuan
    assert answered(entry, {first.when.field: [], "employer.newly_absorbed_count": 1})[0] != first.yuan
    assert answered(entry, {}) == (None, None)


def test_every_other_figure_is_said_where_its_amount_is_shown() -> None:
    """Fixed sums, ceilings, months and shares: the number itself, in yuan or in the words of the hint."""
    said_elsewhere = {
        "previous_max_yuan", "previous_yuan_per_year", "total_budget_yuan", "counties", "already_paid_percent", "owed_percent",
        "max_times_per_year", "above_percent", "each_points", "adds_percent_of_base", "principal_lte_yuan",
        "min_employed_per_zero_employment_family", "posts_total_approx", "referenced_kinds_percent",
    }  # fmt: skip
    unsaid = []
    for entry in CATALOGUE.entries:
        if entry.amount.type in ("non_monetary", "timing_change", "in_kind", "modifier", "post"):
            continue
        found = shown(CATALOGUE, entry, prepare(CATALOGUE, {}, day_inside(entry)))
        words = found.basis
        later = entry.superseded_by
        if later is not None and later.mode == "restated_keep_earlier_criteria":
            continue
        for name, value in numbers(entry.amount):
            if name in said_elsewhere or name in BOUNDS:
                continue
            plain = format(value.normalize(), "f")
            in_wan = format((value / 10_000).normalize(), "f")
            if plain not in words and f"{in_wan}万" not in words and found.yuan != value and name != "percent":
                unsaid.append((entry.id, name, plain, words))
    assert unsaid == []


def test_the_skipped_part_of_a_ladder_is_what_its_derived_steps_leave_out() -> None:
    """``steps_derived`` must follow from base, step and top: at each ten points one step, from just above the top the top."""
    for entry in CATALOGUE.entries:
        amount = entry.amount
        if not isinstance(amount, LadderPercentOfBase):
            continue
        for tenths in range(0, 1001):
            rate = Decimal(tenths) / 10
            over = max(Decimal(0), rate - amount.step.above_percent) // amount.step.each_points
            wanted = (
                amount.top.percent_of_base
                if rate > amount.top.above_percent
                else amount.base_percent + over * amount.step.adds_percent_of_base
            )
            assert answered(entry, {amount.basis: float(rate)}) == (None, wanted), rate


def test_the_day_decides_the_version_on_both_sides_of_every_change() -> None:
    """Where one entry replaces another, the last day of the old and the first of the new are neighbours or leave a stated gap."""
    for entry in CATALOGUE.entries:
        if entry.superseded_by is None or entry.window.to_basis != "derived_superseded":
            continue
        later = ENTRIES[entry.superseded_by.entry]
        assert entry.window.to is not None
        prepared = prepare(CATALOGUE, {}, entry.window.to + timedelta(days=1))
        assert evaluate_entry(CATALOGUE, entry, prepared).status == "OUT_OF_WINDOW"
        assert entry.window.to + timedelta(days=1) == later.window.from_, entry.id
