"""Numbers and words of an entry that fit the format and cannot be meant: steps with holes, negative sums, products that do not come out.

Each fault is "key: what is wrong", as the loader's own; any of them would cost somebody money.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from matcher.policy.format import Entry, FactField, SharedFile
from matcher.policy.terms import (
    LadderPercentOfBase,
    LadderPerPerson,
    LadderTotal,
    Leaf,
    MonthlyPerPerson,
    PercentStep,
    PersonStep,
    TotalStep,
)


def implausible(entry: Entry) -> Iterator[str]:
    """The faults of one entry's sums and quotations."""
    if not entry.quote.strip():
        yield "quote: empty; the sentence of the document expected"
    for exclusion in entry.excludes:
        if not exclusion.quote.strip():
            yield f"excludes: {exclusion.benefit}: quote: empty; the sentence of the document expected"
    amount = entry.amount
    for key, number in _numbers("amount", amount.model_dump()):
        if number < 0:
            yield f"{key}: {number} is negative; 0 or more expected"
    if isinstance(amount, MonthlyPerPerson) and amount.yuan_per_month * amount.max_months != amount.max_total_yuan:
        product = amount.yuan_per_month * amount.max_months
        yield f"amount.max_total_yuan: {amount.max_total_yuan} given, but yuan_per_month × max_months is {product}"
    if isinstance(amount, LadderPerPerson | LadderTotal):
        yield from _count_steps(amount.steps)
    if isinstance(amount, LadderPercentOfBase):
        yield from _percent_steps(amount.steps_derived)


def implausible_shared(shared: SharedFile) -> Iterator[str]:
    """Quotations of the shared file that are empty."""
    quoted = [(f"exclusion_rules.{rule.id}", one.quote) for rule in shared.exclusion_rules for one in rule.sources]
    quoted += [("stackable", one.quote) for one in shared.stackable]
    quoted += [(f"conflicts.{conflict.id}", one.quote) for conflict in shared.conflicts for one in conflict.targets]
    for key, quote in quoted:
        if not quote.strip():
            yield f"{key}: quote: empty; the sentence of the document expected"


def not_checked_yet(entry: Entry, today: date) -> str | None:
    """Only the check of the files asks this: a catalogue in use must not depend on the clock of the machine that reads it."""
    return f"checked_on: {entry.checked_on} is in the future; {today} or earlier expected" if entry.checked_on > today else None


def bound_fault(leaf: Leaf, known: FactField) -> str | None:
    """A bound below what the fact can be at all: the condition would hold, or fail, for everybody."""
    least = known.low or 0
    for bound in leaf.value if isinstance(leaf.value, list) else [leaf.value]:
        # A text names a figure, whose table has bounds of its own.
        if isinstance(bound, int | float | Decimal) and not bound >= least:
            return f"{leaf.field}: {leaf.op} {bound}: {least} or more expected"
    if leaf.op == "between" and all(isinstance(bound, int | float | Decimal) for bound in leaf.value) and leaf.value[0] > leaf.value[1]:
        return f"{leaf.field}: between {leaf.value[0]} and {leaf.value[1]}: the lower bound comes first"
    return None


def _numbers(key: str, value: Any) -> Iterator[tuple[str, Decimal | int]]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name != "when":  # a condition, looked at as one
                yield from _numbers(f"{key}.{name}", part)
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _numbers(f"{key}.{number}", part)
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield key, value


def _count_steps(steps: Sequence[PersonStep | TotalStep]) -> Iterator[str]:
    for number, step in enumerate(steps):
        if step.max is not None and step.max < step.min:
            yield f"amount.steps.{number}.max: {step.max} is less than min {step.min}"
        following = steps[number + 1] if number + 1 < len(steps) else None
        if following is None:
            continue
        if step.max is None:
            yield f"amount.steps.{number}.max: expected, as another step follows"
        elif following.min != step.max + 1:
            what = "a gap" if following.min > step.max + 1 else "an overlap"
            yield f"amount.steps.{number}.max: {what}: ends at {step.max}, the next step begins at {following.min}"


def _percent_steps(steps: Sequence[PercentStep]) -> Iterator[str]:
    for number, (step, following) in enumerate(pairwise(steps)):
        # What one step leaves out at its end the next one takes in at its beginning.
        if (step.lt, step.lte) != (following.gte, following.gt) or (step.lt is None) == (step.lte is None):
            yield f"amount.steps_derived.{number}: a gap or an overlap: the next step has to begin (gte, gt) where this one ends (lt, lte)"
