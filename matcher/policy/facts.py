"""Facts: what is known of a posting, a person, an employer and an event, typed by the catalogue's list of fields.

An absent or null fact is unknown. A set that is given is complete. ``KnownTags`` and ``Span`` carry partial knowledge that only the
exchange itself can produce (a person whose categories nobody asked for; an age in the month of birth); JSON facts never need them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from matcher.policy.loader import Catalogue
from matcher.shapes import FieldError, ShapeError

FIRST_DAY = date(2021, 1, 1)
LAST_DAY = date(2100, 12, 31)
MOST_FACTS = 1000


@dataclass(frozen=True)
class KnownTags:
    """A set of which only a part is known: ``holds`` and ``absent``; about any other tag nothing is known."""

    holds: frozenset[str]
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Span:
    """A number of which only the bounds are known, both included."""

    low: Decimal
    high: Decimal


Value: TypeAlias = "bool | Decimal | date | str | tuple[Any, ...] | frozenset[str] | KnownTags | Span"
Facts: TypeAlias = "dict[str, Value]"


@dataclass(frozen=True)
class Tags:
    """Categories as conditions read them: derived tags added, candidates unknown."""

    holds: frozenset[str]
    possible: frozenset[str]
    absent: frozenset[str]
    open: bool

    def known(self, tag: str) -> bool | None:
        if tag in self.holds:
            return True
        if tag in self.absent:
            return False
        return None if self.open or tag in self.possible else False


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _scalar(kind: str, value: Any) -> Value | None:
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "number":
        return _number(value)
    if kind == "date":
        return _day(value)
    return value if isinstance(value, str) and value else None


_EXPECTED = {
    "bool": "true or false expected",
    "number": "a number expected",
    "date": "a date expected, such as 2026-11-20",
    "enum": "a text expected",
    "set": "a list of texts expected; [] means known to be empty",
}


def read_fact(kind: str, value: Any) -> Value:
    """One fact as its type wants it; raises ``ValueError`` with what was expected. A list given for an eq or in field is kept as tuple."""
    found: Value | None
    if isinstance(value, KnownTags | Span):
        return value
    if kind == "set":
        if isinstance(value, list | tuple | set | frozenset) and all(isinstance(item, str) and item for item in value):
            return frozenset(value)
    elif isinstance(value, list | tuple) and kind in ("enum", "bool"):
        items = tuple(_scalar(kind, item) for item in value)
        if all(item is not None for item in items):
            return items
    else:
        found = _scalar(kind, value)
        if found is not None:
            return found
    raise ValueError(f"{_EXPECTED[kind]}; leave an unknown fact out")


def read_facts(catalogue: Catalogue, raw: Any) -> tuple[Facts, list[str]]:
    """Typed facts and the names of those that no condition reads. Raises ``ShapeError`` naming each faulty fact."""
    if not isinstance(raw, Mapping):
        raise ShapeError([FieldError(field="facts", message="an object of dotted field and value expected")])
    if len(raw) > MOST_FACTS:
        raise ShapeError([FieldError(field="facts", message=f"{len(raw)} facts given, at most {MOST_FACTS} are read")])
    fields = catalogue.fields
    facts: Facts = {}
    ignored: list[str] = []
    errors: list[FieldError] = []
    for name, value in raw.items():
        known = fields.get(name)
        if known is None or known.type == "unstated_marker":
            ignored.append(name)
            continue
        if value is None:
            continue
        try:
            facts[name] = read_fact(known.type, value)
        except ValueError as error:
            allowed = list(known.values) if known.type in ("enum", "set") else None
            errors.append(FieldError(field=f"facts.{name}", message=str(error), allowed=allowed or None))
    if errors:
        raise ShapeError(errors)
    return facts, ignored


def read_day(value: Any) -> date:
    """The day a question is asked for; raises ``ShapeError`` for an impossible day or one outside 2021 to 2100."""
    day = _day(value)
    if day is None:
        raise ShapeError([FieldError(field="date", message="an existing date expected, such as 2026-11-20")])
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ShapeError([FieldError(field="date", message=f"a date from {FIRST_DAY} to {LAST_DAY} expected")])
    return day


def _closed_under(tags: Iterable[str], implies: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    todo = list(tags)
    while todo:
        tag = todo.pop()
        if tag not in found:
            found.add(tag)
            todo += implies.get(tag, ())
    return found


def tags_of(catalogue: Catalogue, value: frozenset[str] | KnownTags) -> Tags:
    """``person.category`` with what follows from it (``categories`` of the catalogue)."""
    rules = catalogue.shared.categories
    given = value.holds if isinstance(value, KnownTags) else value
    holds = _closed_under([*given, *rules.always], rules.implies)
    absent: set[str] = set(value.absent) if isinstance(value, KnownTags) else set()
    # Whoever is known not to be X is not anything that implies X either.
    growing = True
    while growing:
        more = {tag for tag, implied in rules.implies.items() if tag not in absent and any(other in absent for other in implied)}
        absent |= more
        growing = bool(more)
    possible = {tag for tag, hints in rules.candidates.items() if tag not in holds and any(hint in holds for hint in hints)}
    return Tags(frozenset(holds), frozenset(possible), frozenset(absent - holds), isinstance(value, KnownTags))
