"""What a person agreed to, purpose by purpose, with its days: what holds, and what was said before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from matcher.shapes import Consent, Person

Purpose = Literal["recommend", "share_with_employers", "share_with_civil_affairs"]
PURPOSES: tuple[str, ...] = get_args(Purpose)
#: Each in words, as the form asks for it.
WORDS = {
    "recommend": "向我推荐岗位",
    "share_with_employers": "向合适的用人单位展示我的工种、经历、技能和学历",
    "share_with_civil_affairs": "把低保渐退期的起止时间、登记失业期间的生活困难告诉民政部门",
}
Entry = dict[str, Any]  # {"purpose", "given", "at", "by"}


def followed(history: Sequence[Entry], consent: Consent | None, at: str, by: str) -> list[Entry]:
    """The history with what a profile says now. Silence takes back what was given, and says nothing where nothing was given."""
    found = list(history)
    for purpose in PURPOSES:
        before, now = holds(history, purpose), getattr(consent, purpose) if consent is not None else None
        if now is None and before:
            now = False
        if now is not None and now != before:
            found.append({"purpose": purpose, "given": now, "at": at, "by": by})
    return found


def holds(history: Sequence[Entry], purpose: str) -> bool | None:
    """What was said last of a purpose; None where nothing was."""
    return next((bool(one["given"]) for one in reversed(history) if one["purpose"] == purpose), None)


def current(history: Sequence[Entry]) -> list[dict[str, Any]]:
    """Every purpose: whether it is agreed to, and since when; ``given`` null and no ``since`` where nothing was said."""
    last = {one["purpose"]: one for one in history}
    return [
        {"purpose": purpose, "words": WORDS[purpose], "given": last[purpose]["given"], "since": last[purpose]["at"]}
        if purpose in last
        else {"purpose": purpose, "words": WORDS[purpose], "given": None}
        for purpose in PURPOSES
    ]


def kept_refusals(person: Person, kept: Person | None) -> tuple[Person, tuple[str, ...]]:
    """A third party's word about a person: what the person did not agree to stays so. And what was not taken over."""
    before, now = kept.consent if kept is not None else None, person.consent
    if before is None or now is None:
        return person, ()
    refused = [purpose for purpose in PURPOSES if getattr(before, purpose) is False and getattr(now, purpose) is True]
    if not refused:
        return person, ()
    consent = now.model_copy(update=dict.fromkeys(refused, False))
    words = "、".join(f"“{WORDS[purpose]}”" for purpose in refused)
    return person.model_copy(update={"consent": consent}), (f"本人不同意{words}，没有改动；要由本人或公共就业服务机构办理",)
