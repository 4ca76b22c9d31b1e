"""As much of PromQL as the alerts speak, evaluated over samples given by hand or scraped from a process: does an alert fire?

Not Prometheus: no staleness, no alignment of steps; ``rate`` and ``deriv`` are the plain slope between first and last sample of the range.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
ALERTS = Path(__file__).parents[2] / "infra" / "deploy" / "prometheus" / "alerts.yaml"


@dataclass(frozen=True)
class Series:
    """One metric with its labels; ``points`` are (seconds, value), the last one is now."""

    name: str
    labels: Labels
    points: tuple[tuple[float, float], ...]


def series(name: str, *values: float, every: float = 60.0, **labels: str) -> Series:
    """Values one after another, the last one now."""
    start = -every * (len(values) - 1)
    return Series(name, frozenset(labels.items()), tuple((start + every * at, value) for at, value in enumerate(values)))


def scraped(text: str, instance: str) -> list[Series]:
    """What one process's ``/metrics`` says now."""
    return [
        Series(sample.name, frozenset({**sample.labels, "instance": instance}.items()), ((0.0, float(sample.value)),))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def rules() -> dict[str, str]:
    """The expressions of the alerts by name."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def firing(samples: Iterable[Series]) -> set[str]:
    """The alerts that fire on these samples, however long they would have to."""
    known = list(samples)
    return {name for name, expression in rules().items() if _value(promql_parser.parse(expression), known)}


Vector = dict[Labels, float]
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def _slope(points: tuple[tuple[float, float], ...]) -> float | None:
    if len(points) < 2:
        return None
    return (points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0])


_RANGE: dict[str, Callable[[tuple[tuple[float, float], ...]], float | None]] = {
    "rate": lambda points: None if (slope := _slope(points)) is None else max(slope, 0.0),
    "deriv": _slope,
    "delta": lambda points: None if len(points) < 2 else points[-1][1] - points[0][1],
    "min_over_time": lambda points: min(value for _, value in points) if points else None,
    "max_over_time": lambda points: max(value for _, value in points) if points else None,
}


def _chosen(selector: Any, known: list[Series]) -> list[Series]:
    def fits(one: Series) -> bool:
        labels = dict(one.labels)
        for matcher in selector.matchers.matchers:
            has, kind = labels.get(matcher.name, ""), str(matcher.op)
            if kind.endswith("NotEqual") or kind.endswith("NotRe"):
                raise NotImplementedError(kind)
            if not (re.fullmatch(matcher.value, has) if kind.endswith("Re") else has == matcher.value):
                return False
        return one.name == selector.name

    return [one for one in known if fits(one)]


def _grouped(labels: Labels, names: list[str] | None) -> Labels:
    return frozenset(pair for pair in labels if names and pair[0] in names)


def _value(expression: Any, known: list[Series]) -> Vector:
    if isinstance(expression, promql_parser.ParenExpr):
        return _value(expression.expr, known)
    if isinstance(expression, promql_parser.VectorSelector):
        return {one.labels: one.points[-1][1] for one in _chosen(expression, known)}
    if isinstance(expression, promql_parser.AggregateExpr):
        how: Callable[[list[float]], float] = {"sum": sum, "min": min, "max": max}[str(expression.op)]
        groups: dict[Labels, list[float]] = {}
        for labels, value in _value(expression.expr, known).items():
            groups.setdefault(_grouped(labels, expression.modifier and expression.modifier.labels), []).append(value)
        return {labels: how(values) for labels, values in groups.items()}
    if isinstance(expression, promql_parser.Call):
        (argument,) = expression.args
        if expression.func.name == "absent":
            return {} if _value(argument, known) else {frozenset(): 1.0}
        since = -argument.range.total_seconds()
        found = {
            one.labels: _RANGE[expression.func.name](tuple(point for point in one.points if point[0] >= since))
            for one in _chosen(argument.vector_selector, known)
        }
        return {labels: value for labels, value in found.items() if value is not None}
    if isinstance(expression, promql_parser.BinaryExpr):
        return _binary(expression, known)
    raise NotImplementedError(type(expression).__name__)


def _binary(expression: Any, known: list[Series]) -> Vector:
    operator, left = str(expression.op), _value(expression.lhs, known)
    if isinstance(expression.rhs, promql_parser.NumberLiteral):
        return {labels: value for labels, value in left.items() if _COMPARE[operator](value, expression.rhs.val)}
    right = _value(expression.rhs, known)
    matching = expression.modifier and expression.modifier.matching

    def shared(labels: Labels) -> Labels:
        return _grouped(labels, matching.labels) if matching else labels

    others = {shared(labels) for labels in right}
    if operator == "and":
        return {labels: value for labels, value in left.items() if shared(labels) in others}
    if operator == "unless":
        return {labels: value for labels, value in left.items() if shared(labels) not in others}
    if operator == "or":
        mine = {shared(labels) for labels in left}
        return left | {labels: value for labels, value in right.items() if shared(labels) not in mine}
    raise NotImplementedError(operator)
