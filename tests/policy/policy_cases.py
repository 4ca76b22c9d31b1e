"""Facts for the policy tests: values worth trying for every field, and a search for facts that make one condition decisive."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from matcher.policy import faulty_facts, load_catalogue
from matcher.policy.conditions import prepare
from matcher.policy.evaluate import Result, evaluate_entry
from matcher.policy.facts import listed_values, read_facts
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue, leaves
from matcher.policy.terms import Leaf


def day_inside(entry: Entry) -> date:
    """A day inside the window, after every other document so that modifiers hold where the window allows it."""
    return max(entry.window.from_, min(entry.window.to or date(2024, 5, 1), date(2024, 5, 1)))


def result_of(catalogue: Catalogue, entry: Entry, facts: dict[str, Any], day: date | None = None) -> Result:
    read, _ = read_facts(catalogue, facts)
    return evaluate_entry(catalogue, entry, prepare(catalogue, read, day or day_inside(entry)))


def inside(leaf: Leaf, kind: str) -> list[Any]:
    """Values for which the leaf holds: the bound itself where it is included, else the next one."""
    value = leaf.value
    if leaf.op in ("in", "contains_any"):
        return [[item] if kind == "set" else item for item in value]
    if leaf.op == "between":
        return list(value)
    if kind == "bool" or leaf.op == "eq":
        return [value]
    if isinstance(value, str) and kind == "number":
        return []  # a figure that no document states
    return [_step(value, kind, {"gt": 1, "lt": -1}[leaf.op])] if leaf.op in ("gt", "lt") else [value]


def outside(leaf: Leaf, kind: str) -> list[Any]:
    """Values for which the leaf fails, just beyond the bound; none where the fact cannot be so at all (fewer than no years)."""
    catalogue = load_catalogue()
    return [value for value in _beyond(leaf, kind) if not faulty_facts(catalogue, {leaf.field: value})]


def other_word(name: str, but: Iterable[str]) -> str:
    """A word that the fact takes and the condition does not name, nor a modifier as one that may count."""
    catalogue = load_catalogue()
    listed = listed_values(catalogue, name)
    named = {*but, *(modifier.value for modifier in catalogue.shared.modifiers)}
    return "something_else" if listed is None else next(word for word in reversed(listed) if word not in named)


def _beyond(leaf: Leaf, kind: str) -> list[Any]:
    value = leaf.value
    if leaf.op == "contains_any":
        return [[]]
    if leaf.op == "in":
        return [other_word(leaf.field, value)]
    if leaf.op == "between":
        return [_step(value[0], kind, -1), _step(value[1], kind, 1)]
    if kind == "bool":
        return [not value]
    if leaf.op == "eq":
        return [_step(value, kind, 1)] if kind in ("number", "date") else [other_word(leaf.field, [value])]
    if isinstance(value, str) and kind == "number":
        return []
    if leaf.op in ("gt", "lt"):
        return [value]
    return [_step(value, kind, -1 if leaf.op == "gte" else 1)]


def _step(value: Any, kind: str, direction: int) -> Any:
    if kind == "date":
        day = value if isinstance(value, date) else date.fromisoformat(value)
        return (day + timedelta(days=direction)).isoformat()
    return float(Decimal(str(value)) + Decimal("0.1") * direction)


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def pools(catalogue: Catalogue, entry: Entry) -> dict[str, list[Any]]:
    """For each field of an entry: unknown, and values on both sides of everything that it is compared with."""
    found: dict[str, list[Any]] = {}
    for leaf in leaves(entry.conditions):
        kind = catalogue.shared.fields[leaf.field].type
        if kind == "unstated_marker":
            continue
        pool = found.setdefault(leaf.field, [None])
        pool += [plain(value) for value in inside(leaf, kind) + outside(leaf, kind)]
        if kind == "set":
            pool.append(sorted({item for other in leaves(entry.conditions) if other.field == leaf.field for item in other.value}))
    return found


def beside(entry: Entry, leaf: Leaf, value: Any) -> Any:
    """A value of a set that keeps the entry's other conditions on the same set true."""
    if leaf.op != "contains_any" or sum(other.field == leaf.field for other in entry.conditions if isinstance(other, Leaf)) < 2:
        return value
    others = {other.value[0] for other in entry.conditions if isinstance(other, Leaf) and other.field == leaf.field and other != leaf}
    return sorted({*value, *others})


def decisive(catalogue: Catalogue, entry: Entry, field: str, good: Any, bad: Any, tries: int = 4000) -> dict[str, Any] | None:
    """Facts under which the entry holds with ``good`` for ``field`` and is known not to hold with ``bad``.

    Where another branch waits for a figure that no document states, ``bad`` can only leave it open: then ``good`` must make it certain.
    """
    choices = pools(catalogue, entry)
    figures = any(isinstance(leaf.value, str) and leaf.value in catalogue.shared.figures for leaf in leaves(entry.conditions))
    # Seeded by the names, so that a failure comes back.
    draw = random.Random(f"{entry.id} {field} {good} {bad}")
    for _ in range(tries):
        facts = {name: draw.choice(values) for name, values in choices.items() if name != field}
        facts = {name: value for name, value in facts.items() if value is not None}
        with_good, with_bad = (result_of(catalogue, entry, {**facts, field: value}).status for value in (good, bad))
        if figures and (with_good, with_bad) == ("ELIGIBLE", "NEEDS_CHECK"):
            return facts
        if with_good in ("ELIGIBLE", "NEEDS_CHECK") and with_bad == "NOT_ELIGIBLE":
            return facts
    return None
