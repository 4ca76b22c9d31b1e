"""Figures that a text names and does not state (当地低保标准, 上年度失业率控制目标, 当地最低工资标准), where the dated tables hold them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from matcher.figures import NATION, Dated, Figures
from matcher.policy.loader import PERSON_PLACE, POSTING_PLACE

_NATIONAL_TARGET = "national_surveyed_unemployment_control_target_previous_year"


def named(figures: Figures, name: str, facts: Mapping[str, Any], day: date) -> Dated | None:
    """The value of a name under ``figures`` of the catalogue on that day; None where no table gives it or the place is unknown."""
    if name == _NATIONAL_TARGET:
        # 上年度: the target of the calendar year before.
        return figures.in_force("surveyed_unemployment_target", NATION, date(day.year - 1, 12, 31))
    if name == "local_dibao_standard":
        return _local(figures, name, facts.get(PERSON_PLACE), day)
    return None


def monthly_minimum_wage(figures: Figures, facts: Mapping[str, Any], day: date) -> Dated | None:
    """The month's minimum wage where the post is."""
    return _local(figures, "minimum_wage_month", facts.get(POSTING_PLACE), day)


def _local(figures: Figures, name: str, place: Any, day: date) -> Dated | None:
    return figures.in_force(name, place, day) if isinstance(place, str) else None
