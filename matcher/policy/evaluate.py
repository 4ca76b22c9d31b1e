"""What each entry of the catalogue says for one set of facts and one day.

Window first: outside it no condition is read. Then all conditions together: one known to be false is enough for NOT_ELIGIBLE, anything
unknown gives NEEDS_CHECK. Nothing that is unknown ever gives ELIGIBLE.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from matcher.policy.amounts import NONE, figure
from matcher.policy.conditions import FALSE, MISSING, TRUE, Prepared, compiled, decide_all, prepare, visit_failed, visit_open
from matcher.policy.facts import Facts, read_facts
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue

ELIGIBLE = "ELIGIBLE"
NEEDS_CHECK = "NEEDS_CHECK"
NOT_ELIGIBLE = "NOT_ELIGIBLE"
OUT_OF_WINDOW = "OUT_OF_WINDOW"
LIVE = (ELIGIBLE, NEEDS_CHECK)


@dataclass(frozen=True)
class Result:
    """``missing``: unknown facts of conditions still open; ``failed``: fields of the conditions that are false; ``unstated``: the text's
    own words where it names no criterion, or where only an authority can say; ``yuan`` and ``percent``: of one unit; ``yuan_per_month``:
    the share of a minimum wage that the dated tables hold."""

    entry_id: str
    status: str
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unstated: tuple[str, ...] = ()
    yuan: Decimal | None = None
    percent: Decimal | None = None
    yuan_per_month: Decimal | None = None

    @property
    def live(self) -> bool:
        return self.status in LIVE


def evaluate_entry(catalogue: Catalogue, entry: Entry, prepared: Prepared) -> Result:
    """One entry against prepared facts."""
    if not entry.window.holds(prepared.day):
        return Result(entry.id, OUT_OF_WINDOW)
    plan = compiled(catalogue)
    trees = plan.trees[entry.id]
    found = decide_all(trees, prepared.states)
    if found == FALSE:
        failed: dict[str, None] = {}
        visit_failed(trees, prepared.states, lambda number: failed.setdefault(plan.atoms[number].field))
        return Result(entry.id, NOT_ELIGIBLE, failed=tuple(failed))
    amount = figure(catalogue, entry, prepared)
    if found == TRUE:
        return Result(entry.id, ELIGIBLE, yuan=amount.yuan, percent=amount.percent, yuan_per_month=amount.yuan_per_month)
    missing: dict[str, None] = {}
    unstated: dict[str, None] = {}

    def seen(number: int) -> None:
        atom = plan.atoms[number]
        if prepared.states[number] == MISSING:
            missing.setdefault(atom.field)
        if prepared.states[number] != MISSING or atom.certainty == "ambiguous":
            unstated.setdefault(atom.words or atom.field)

    visit_open(trees, prepared.states, seen)
    return Result(entry.id, NEEDS_CHECK, tuple(missing), (), tuple(unstated), amount.yuan, amount.percent, amount.yuan_per_month)


class LiveResult:
    """A result that holds, with figures and open questions worked out only when somebody asks: most hints never compete."""

    __slots__ = ("_catalogue", "_entry", "_full", "_prepared", "entry_id", "status")

    def __init__(self, catalogue: Catalogue, entry: Entry, prepared: Prepared, status: str):
        self.entry_id, self.status = entry.id, status
        self._catalogue, self._entry, self._prepared = catalogue, entry, prepared
        self._full: Result | None = None

    @property
    def live(self) -> bool:
        return True

    def _worked_out(self) -> Result:
        if self._full is None:
            self._full = evaluate_entry(self._catalogue, self._entry, self._prepared)
        return self._full

    @property
    def missing(self) -> tuple[str, ...]:
        return self._worked_out().missing

    @property
    def unstated(self) -> tuple[str, ...]:
        return self._worked_out().unstated

    @property
    def yuan(self) -> Decimal | None:
        return figure(self._catalogue, self._entry, self._prepared).yuan


def live_results(catalogue: Catalogue, entries: Iterable[Entry], prepared: Prepared) -> list[LiveResult]:
    """The entries among these that hold or may hold. Their windows are taken as open on the day."""
    trees, states = compiled(catalogue).trees, prepared.states
    found = []
    for entry in entries:
        value = decide_all(trees[entry.id], states)
        if value != FALSE:
            found.append(LiveResult(catalogue, entry, prepared, ELIGIBLE if value == TRUE else NEEDS_CHECK))
    return found


def evaluate(catalogue: Catalogue, facts: dict[str, Any], day: date) -> list[Result]:
    """Every entry of the catalogue, in its order. Raises ``ShapeError`` naming a fact of the wrong type."""
    read, _ = read_facts(catalogue, facts)
    return evaluate_read(catalogue, read, day)


def evaluate_read(catalogue: Catalogue, facts: Facts, day: date, entries: Iterable[Entry] | None = None) -> list[Result]:
    """As ``evaluate`` for facts already read; ``entries`` limits which."""
    prepared = prepare(catalogue, facts, day)
    return [evaluate_entry(catalogue, entry, prepared) for entry in (catalogue.entries if entries is None else entries)]


__all__ = [
    "ELIGIBLE",
    "LIVE",
    "NEEDS_CHECK",
    "NONE",
    "NOT_ELIGIBLE",
    "OUT_OF_WINDOW",
    "Result",
    "evaluate",
    "evaluate_entry",
    "evaluate_read",
]
