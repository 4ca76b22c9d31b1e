"""Pay: what is comparable by the month, and what people write.

The rule of comparable monthly pay (contract.md): month as it is times ``months`` / 12, year / 12, week x 52 / 12, day x 21.75,
hour x 8 x 21.75; a missing unit is not compared, piece pay never is.
"""

from __future__ import annotations

from matcher.shapes import Pay

DAYS_A_MONTH = 21.75
HOURS_A_DAY = 8


def monthly(pay: Pay) -> tuple[float | None, float | None] | None:
    """Comparable monthly (min, max) in yuan, either side None where not stated; None when not comparable or nothing is stated.

    A stated 0 is not pay but an unknown value; a minimum above the maximum is a swapped pair, as which it is read.
    """
    unit = pay.unit
    if unit is None or unit == "piece":
        return None
    if unit == "month":
        factor = (pay.months or 12) / 12
    elif unit == "year":
        factor = 1 / 12
    elif unit == "week":
        factor = 52 / 12
    elif unit == "day":
        factor = DAYS_A_MONTH
    else:
        factor = HOURS_A_DAY * DAYS_A_MONTH
    low = pay.min * factor if pay.min else None
    high = pay.max * factor if pay.max else None
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        low, high = high, low
    return low, high
