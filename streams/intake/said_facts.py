"""What a source states as ``facts``: more than can be meant are refused, and of one that cannot be so its sender reads what is allowed.

The rules take such a fact as unknown (``matcher.policy.pairing``); without a word to the sender it would stay so for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matcher.policy import Catalogue, faulty_facts, load_catalogue
from matcher.policy.facts import FIRST_DAY, LAST_DAY, MOST_FACTS, listed_values, range_of
from matcher.shapes import FieldError, ShapeError

_MOST_TOLD = 10


def notes_on_facts(given: Any) -> list[str]:
    """One sentence for each fact of a wrong type, range or word; no value is repeated. Raises ``ShapeError`` where there are too many."""
    if not isinstance(given, Mapping) or not given:
        return []
    if len(given) > MOST_FACTS:
        raise ShapeError([FieldError(field="facts", message=f"{len(given)} facts given, at most {MOST_FACTS} are read")])
    catalogue = load_catalogue()
    faulty = [error.field.removeprefix("facts.") for error in faulty_facts(catalogue, given)]
    told = [f"facts.{name}（{catalogue.fields[name].label}）没有采用：应填{_allowed(catalogue, name)}，不知道就不填" for name in faulty]
    return told if len(told) <= _MOST_TOLD else [*told[:_MOST_TOLD], f"facts中另有{len(told) - _MOST_TOLD}项没有采用"]


def _allowed(catalogue: Catalogue, name: str) -> str:
    field = catalogue.fields[name]
    if field.type == "bool":
        return "true或false"
    if field.type == "number":
        low, high = range_of(field)
        return f"{low}至{high}的数"
    if field.type == "date":
        return f"{field.first_day or FIRST_DAY}至{LAST_DAY}的日期，例如2026-11-20"
    words = listed_values(catalogue, name)
    one = f"{'、'.join(words)}之一" if words is not None else "文字"
    return f"一个列表，每项是{one}" if field.type == "set" else one
