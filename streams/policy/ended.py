"""A hire that is over: one that ended on the day it began brings nothing, and what is paid by the month is for the months worked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from matcher.policy.amounts import Shown
from matcher.policy.calendar import add_months, whole_months
from matcher.policy.terms import Amount, MonthlyPerPerson
from matcher.policy.wording import yuan_words


def never_began(hire: Mapping[str, Any]) -> bool:
    """Whether a hire was taken back, or the person left on the first day: nobody was employed (吸纳就业), and no month was (每人每月)."""
    hired_on, left_on = hire["hired_on"], hire["left_on"]
    return hired_on is not None and left_on is not None and left_on <= hired_on


def for_months_worked(shown: Shown, amount: Amount, hire: Mapping[str, Any], day: date) -> Shown:
    """What is paid a month, of somebody who has left: at most the months that they began. Whether a broken month counts no
    document says, so it is in the most that it can come to."""
    left_on = hire["left_on"]
    if not isinstance(amount, MonthlyPerPerson) or left_on is None or left_on > day:
        return shown
    whole = whole_months(hire["hired_on"], left_on)
    begun = whole + (add_months(hire["hired_on"], whole) < left_on)
    if begun >= amount.max_months:
        return shown
    words = f"{yuan_words(amount.yuan_per_month)}/月 × 在岗{begun}个月（已离职）"
    return replace(shown, yuan=amount.yuan_per_month * begun, basis=words)
