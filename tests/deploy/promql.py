"""As much of PromQL as the alerts speak, evaluated scrape by scrape over samples given by hand or taken from processes: which alerts fire?

Not Prometheus: scrapes and evaluations are one, and ``deriv`` is the plain slope between first and last sample of the range.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Key = tuple[str, Labels]  # a metric's name and its labels
Points = list[tuple[float, float]]  # seconds and value, the last one is now
Vector = dict[Labels, float]
ALERTS = Path(__file__).parents[2] / "infra" / "deploy" / "prometheus" / "alerts.yaml"
KEPT_S = 3600.0  # longer than any range of an alert
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Rule:
    """An alert's expression, and for how many seconds it must hold."""

    expression: Any
    hold: float


def rules() -> dict[str, Rule]:
    """The alerts by name."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: Rule(promql_parser.parse(rule["expr"]), _seconds(rule.get("for", "0s"))) for g in groups for rule in g["rules"]}


def _seconds(duration: str) -> float:
    return float(duration[:-1]) * _UNITS[duration[-1]]


def scraped(text: str, instance: str) -> dict[Key, float]:
    """What one process's ``/metrics`` says now."""
    return {
        (sample.name, frozenset({**sample.labels, "instance": instance}.items())): float(sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class History:
    """Scrapes one after another, each with its time in seconds, and the alerts that fire after the last one.

    As in Prometheus: a series that a scrape does not have is gone, though not out of ranges; an alert fires once its expression has held,
    for the same labels, at every scrape for as long as its ``for:`` says. Whoever gives times that run faster than the clock has minutes
    pass in seconds.
    """

    def __init__(self) -> None:
        self.firing: set[str] = set()
        self.now = 0.0
        self._rules = rules()
        self._points: dict[str, dict[Labels, Points]] = defaultdict(dict)
        self._since: dict[str, dict[Labels, float]] = {name: {} for name in self._rules}

    def scrape(self, at: float, samples: Mapping[Key, float]) -> set[str]:
        """Add what all processes say at this time; answers the alerts that fire then."""
        self.now = at
        for (name, labels), value in samples.items():
            points = self._points[name].setdefault(labels, [])
            points.append((at, value))
            while points[0][0] < at - KEPT_S:
                points.pop(0)
        self.firing = set()
        for alert, rule in self._rules.items():
            before = self._since[alert]
            self._since[alert] = {labels: before.get(labels, at) for labels in _value(rule.expression, self)}
            if any(at - since >= rule.hold for since in self._since[alert].values()):
                self.firing.add(alert)
        return self.firing

    def chosen(self, selector: Any) -> dict[Labels, Points]:
        """The series that a selector means, by their labels."""
        return {labels: points for labels, points in self._points[selector.name].items() if _fits(dict(labels), selector)}


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def _rate(points: Points) -> float | None:
    """A counter that is less than before began anew."""
    if len(points) < 2:
        return None
    values = [value for _, value in points]
    grown = sum(after - before if after >= before else after for before, after in pairwise(values))
    return grown / (points[-1][0] - points[0][0])


def _slope(points: Points) -> float | None:
    if len(points) < 2:
        return None
    return (points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0])


_RANGE: dict[str, Callable[[Points], float | None]] = {"rate": _rate, "deriv": _slope}


def _fits(labels: dict[str, str], selector: Any) -> bool:
    for matcher in selector.matchers.matchers:
        has, kind = labels.get(matcher.name, ""), str(matcher.op)
        if kind.endswith("NotEqual") or kind.endswith("NotRe"):
            raise NotImplementedError(kind)
        if not (re.fullmatch(matcher.value, has) if kind.endswith("Re") else has == matcher.value):
            return False
    return True


def _grouped(labels: Labels, names: list[str] | None) -> Labels:
    return frozenset(pair for pair in labels if names and pair[0] in names)


def _value(expression: Any, history: History) -> Vector:
    if isinstance(expression, promql_parser.ParenExpr):
        return _value(expression.expr, history)
    if isinstance(expression, promql_parser.VectorSelector):
        return {labels: points[-1][1] for labels, points in history.chosen(expression).items() if points[-1][0] == history.now}
    if isinstance(expression, promql_parser.AggregateExpr):
        how: Callable[[list[float]], float] = {"sum": sum, "min": min, "max": max}[str(expression.op)]
        groups: dict[Labels, list[float]] = {}
        for labels, value in _value(expression.expr, history).items():
            groups.setdefault(_grouped(labels, expression.modifier and expression.modifier.labels), []).append(value)
        return {labels: how(values) for labels, values in groups.items()}
    if isinstance(expression, promql_parser.Call):
        return _called(expression, history)
    if isinstance(expression, promql_parser.BinaryExpr):
        return _binary(expression, history)
    raise NotImplementedError(type(expression).__name__)


def _called(expression: Any, history: History) -> Vector:
    (argument,) = expression.args
    if expression.func.name == "absent":
        return {} if _value(argument, history) else {frozenset(): 1.0}
    since = history.now - argument.range.total_seconds()
    found = {
        labels: _RANGE[expression.func.name]([point for point in points if point[0] > since])
        for labels, points in history.chosen(argument.vector_selector).items()
    }
    return {labels: value for labels, value in found.items() if value is not None}


def _binary(expression: Any, history: History) -> Vector:
    operator, left = str(expression.op), _value(expression.lhs, history)
    if isinstance(expression.rhs, promql_parser.NumberLiteral):
        return {labels: value for labels, value in left.items() if _COMPARE[operator](value, expression.rhs.val)}
    right = _value(expression.rhs, history)
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
