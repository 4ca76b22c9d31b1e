"""Which step may follow which. The API asks before it appends a step; the handler asks again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from matcher.policy.facts import FIRST_DAY
from streams.hiring.messages import Step

NAMES: Final[dict[str, str]] = {
    "invited": "邀请面谈",
    "talking": "洽谈中",
    "offered": "已发录用意向",
    "hired": "已录用",
    "not_hired": "未录用",
    "left": "已离职",
}

# A step back to talks after a refusal or a departure is a new attempt; from a hire the only way on is that the person left.
_AFTER: Final[dict[str | None, tuple[str, ...]]] = {
    None: ("invited", "talking", "offered", "hired", "not_hired"),
    "invited": ("talking", "offered", "hired", "not_hired"),
    "talking": ("offered", "hired", "not_hired"),
    "offered": ("hired", "not_hired"),
    "hired": ("left",),
    "not_hired": ("invited", "talking", "offered", "hired"),
    "left": ("invited", "talking", "offered", "hired"),
}

IN_TALKS: Final = ("invited", "talking")
OPEN: Final = ("invited", "talking", "offered")


def allowed_after(before: Step | str | None) -> tuple[str, ...]:
    """The steps that may follow this one, in their usual order."""
    return _AFTER[before]


def check(before: Step | str | None, step: Step | str) -> str | None:
    """None when ``step`` may follow ``before`` (or repeats it); otherwise why not, in plain Chinese, with what is possible."""
    if step == before or step in _AFTER[before]:
        return None
    possible = "、".join(f"“{NAMES[name]}”" for name in _AFTER[before])
    now = f"目前是“{NAMES[before]}”" if before is not None else "目前还没有任何进展"
    return f"{now}，不能改为“{NAMES[step]}”；可以改为{possible}。"


def day_fault(step: Step | str, on: date, today: date, hired_on: date | None = None) -> str | None:
    """Why a step cannot be of this day, in plain Chinese with what to do; None where it can. Benefits, openings and counts begin with the
    day on which somebody is hired, so that day must have come."""
    if step not in ("hired", "left"):
        return None
    if on > today:
        until = "还没有入职的，先发录用意向，入职当天再办理录用" if step == "hired" else "还没有离职的，到离职当天再办理"
        return f"{NAMES[step]}的日期{on.isoformat()}还没有到；{until}"
    if on < FIRST_DAY:
        return f"{NAMES[step]}的日期{on.isoformat()}太早，应在{FIRST_DAY.isoformat()}以后"
    if step == "left" and hired_on is not None and on < hired_on:
        return f"离职日期{on.isoformat()}早于录用日期{hired_on.isoformat()}，请改为录用当天或以后的日期"
    return None


def beyond_headcount(hired: int, headcount: int | None) -> int:
    """How many hires exceed the openings stated (0 where none do, or no headcount was stated)."""
    return max(0, hired - headcount) if headcount is not None else 0


def openings(steps: Iterable[tuple[str | None, str | None]]) -> dict[str, int]:
    """Of (step, day) of all pairs of one posting: hired, accepted (offered) and in talks (invited, talking)."""
    found = {"hired": 0, "accepted": 0, "in_talks": 0}
    for step, _ in steps:
        if step == "hired":
            found["hired"] += 1
        elif step == "offered":
            found["accepted"] += 1
        elif step in IN_TALKS:
            found["in_talks"] += 1
    return found
