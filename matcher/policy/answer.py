"""The answer to facts and a date, as JSON: ``gongqiao hints`` and ``POST /api/v1/hints``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, get_args

from matcher.policy.conditions import prepare
from matcher.policy.emission import emit
from matcher.policy.evaluate import Result, evaluate_entry
from matcher.policy.facts import Facts, read_day, read_facts
from matcher.policy.format import Channel
from matcher.policy.loader import Catalogue
from matcher.policy.verdicts import verdicts
from matcher.shapes import FieldError, ShapeError

T = TypeVar("T")
CHANNELS: tuple[str, ...] = get_args(Channel)


def plain(value: Decimal) -> int | float:
    """A sum as JSON number: whole where it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def result_json(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = {
        "entry_id": result.entry_id,
        "status": result.status,
        "missing": list(result.missing),
        "failed": list(result.failed),
        "unstated": list(result.unstated),
    }
    if result.yuan is not None:
        found["yuan"] = plain(result.yuan)
    if result.percent is not None:
        found["percent"] = plain(result.percent)
    if result.yuan_per_month is not None:
        found["yuan_per_month"] = plain(result.yuan_per_month)
    return found


def read_channel(value: Any) -> str | None:
    if value is not None and value not in CHANNELS:
        raise ShapeError([FieldError(field="channel", message="one of the listed values expected", allowed=list(CHANNELS))])
    channel: str | None = value
    return channel


def emitted(catalogue: Catalogue, facts: Mapping[str, Any], day: date, channel: str | None = None) -> list[str]:
    """Ids of the entries told for these facts on that day, after all emission rules."""
    told: list[str] = answer_facts(catalogue, facts, day, channel)["emitted"]
    return told


@dataclass(frozen=True)
class Question:
    """Facts, day and channel, read and checked."""

    facts: Facts
    ignored: tuple[str, ...]
    day: date
    channel: str | None
    conditions: bool = False


def read_question(catalogue: Catalogue, facts: Any, day: Any, channel: Any = None, conditions: Any = None) -> Question:
    """Raises ``ShapeError`` with every faulty field (``facts.person.age``, ``date``, ``channel``) and what is allowed."""
    errors: list[FieldError] = []

    def read(part: Callable[[], T]) -> T | None:
        try:
            return part()
        except ShapeError as error:
            errors.extend(error.errors)
            return None

    when = read(lambda: read_day(day))
    known = read(lambda: read_facts(catalogue, facts))
    where = read(lambda: read_channel(channel))
    if conditions is not None and not isinstance(conditions, bool):
        errors.append(FieldError(field="conditions", message="true or false expected", allowed=["true", "false"]))
    if errors or when is None or known is None:
        raise ShapeError(errors)
    return Question(known[0], tuple(known[1]), when, where, conditions is True)


def answer(catalogue: Catalogue, question: Question) -> dict[str, Any]:
    """``{"results", "emitted", "ignored", "catalogue_version"}`` with every entry in ``results``; where the question asks for conditions,
    each with all of them and their verdicts."""
    prepared = prepare(catalogue, question.facts, question.day)
    results = [evaluate_entry(catalogue, entry, prepared) for entry in catalogue.entries]
    told = [result_json(result) for result in results]
    if question.conditions:
        for entry, one in zip(catalogue.entries, told, strict=True):
            one["conditions"] = verdicts(catalogue, entry, prepared)
    return {
        "results": told,
        "emitted": [result.entry_id for result in emit(catalogue, results, prepared, question.channel).told],
        "ignored": list(question.ignored),
        "catalogue_version": catalogue.version,
    }


def answer_facts(catalogue: Catalogue, facts: Any, day: date | str, channel: str | None = None, conditions: Any = None) -> dict[str, Any]:
    """``answer`` for facts as they come (a JSON object); raises ``ShapeError`` as ``read_question``."""
    return answer(catalogue, read_question(catalogue, facts, day, channel, conditions))
