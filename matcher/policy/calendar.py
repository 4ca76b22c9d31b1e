"""Months, years and ages between two days.

A period of months ends on the day of the same number, or on the last day of a month that has no such day (民法典 第二百零二条). An age is
reached at the earliest on the first and at the latest on the last day of the month of birth: the day itself is not kept.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal


def add_months(day: date, months: int) -> date:
    """The day ``months`` later."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def whole_months(start: date, end: date) -> int:
    """Completed months from ``start`` to ``end`` (``end`` not before ``start``)."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def years_between(start: date, end: date) -> Decimal:
    """Years from ``start`` to ``end``: exactly n on the n-th anniversary, more than n on the day after it."""
    years = whole_months(start, end) // 12
    anniversary = add_months(start, years * 12)
    following = add_months(start, years * 12 + 12)
    return Decimal(years) + (Decimal((end - anniversary).days) / Decimal((following - anniversary).days)).quantize(Decimal("0.0001"))


def age_span(year: int, month: int, day: date) -> tuple[int, int]:
    """The least and the greatest age in whole years on ``day`` of someone born in that month; equal outside the month of birth."""
    reached = day.year - year
    if day.month < month:
        return reached - 1, reached - 1
    return (reached - 1, reached) if day.month == month else (reached, reached)
