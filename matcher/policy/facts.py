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

from matcher.days import plain_day
from matcher.policy.format import FactField
from matcher.policy.loader import Catalogue
from matcher.shapes import FieldError, ShapeError

FIRST_DAY = date(2021, 1, 1)
LAST_DAY = date(2100, 12, 31)
MOST_FACTS = 1000
LONGEST_TEXT = 100
MOST_TAGS = 200
# What a number of this unit can be at all, both included; a fact without a unit is a count.
RANGES = {"岁": (0, 150), "个月": (0, 1_200), "年": (0, 100), "%": (0, 100), "人": (0, 10_000_000), "元": (0, 10**12), "": (0, 10**12)}


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
    if isinstance(value, str):
        try:
            return plain_day(value)
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


class FactFault(ValueError):
    """Why a fact cannot be read, and what is allowed instead."""

    def __init__(self, message: str, allowed: list[str] | None = None):
        super().__init__(f"{message}; leave an unknown fact out")
        self.allowed = allowed


def range_of(field: FactField) -> tuple[int, int]:
    """The least and the greatest number that the fact can be."""
    low, high = RANGES[field.unit]
    return field.low if field.low is not None else low, field.high if field.high is not None else high


def listed_values(catalogue: Catalogue, name: str) -> list[str] | None:
    """The words that the fact is closed to; ``None``: any text is known, and what no condition names matches none."""
    field = catalogue.fields[name]
    words = catalogue.shared.vocabulary.get(name)
    if words is None or field.open:
        return None
    return list(dict.fromkeys([*words, *field.values, *field.words]))


def read_fact(catalogue: Catalogue, name: str, value: Any) -> Value:
    """One fact as the catalogue declares it, inside its range; raises ``FactFault`` with what was expected. A list given for an eq or in
    field is kept as tuple."""
    if isinstance(value, KnownTags | Span):
        return value
    field = catalogue.fields[name]
    found = _typed(field.type, value)
    if found is None:
        raise FactFault(_EXPECTED[field.type], listed_values(catalogue, name))
    if isinstance(found, Decimal):
        low, high = range_of(field)
        if not low <= found <= high:
            raise FactFault(f"a number from {low} to {high} expected", [f"{low} to {high}"])
    elif isinstance(found, date):
        first = field.first_day or FIRST_DAY
        if not first <= found <= LAST_DAY:
            raise FactFault(f"a date from {first} to {LAST_DAY} expected", [f"{first} to {LAST_DAY}"])
    elif field.type in ("enum", "set"):
        _check_words(catalogue, name, (found,) if isinstance(found, str) else found)
    return found


def _check_words(catalogue: Catalogue, name: str, given: Any) -> None:
    allowed = listed_values(catalogue, name)
    if len(given) > MOST_TAGS:
        raise FactFault(f"at most {MOST_TAGS} values expected", allowed)
    if any(len(item) > LONGEST_TEXT for item in given):
        raise FactFault(f"texts of at most {LONGEST_TEXT} characters expected", allowed)
    if allowed is not None and any(item not in allowed for item in given):
        raise FactFault("one of the listed values expected", allowed)


def _typed(kind: str, value: Any) -> Value | None:
    if kind == "set":
        if isinstance(value, list | tuple | set | frozenset) and all(isinstance(item, str) and item for item in value):
            return frozenset(value)
        return None
    if isinstance(value, list | tuple) and kind in ("enum", "bool"):
        items = tuple(_scalar(kind, item) for item in value)
        return items if all(item is not None for item in items) else None
    return _scalar(kind, value)


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
            facts[name] = read_fact(catalogue, name, value)
        except FactFault as fault:
            errors.append(FieldError(field=f"facts.{name}", message=str(fault), allowed=fault.allowed))
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
