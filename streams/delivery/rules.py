"""Pure decisions of delivery: what is new, what is pushed, what is held back and why, when it is quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from matcher.days import day_of, in_shanghai, midnight

REFUSAL_HOLDS_DAYS = 90  # a refusal is respected for so long; then a new version may be offered again

# Reasons for which something is not pushed. Those in BUDGETS lift with the day.
IN_HIRING = ("invited", "talking", "offered", "hired")  # steps after which a push would be late
APPLIED, REFUSED, SEEN, NOTHING_NEW, NEAR_DUPLICATE = "applied", "refused", "seen", "nothing_new", "near_duplicate"
PERSON_BUDGET, POSTING_BUDGET = "person_budget", "posting_budget"
BUDGETS = (PERSON_BUDGET, POSTING_BUDGET)
MOVED_BACK = "moved_back"  # by the person's own answers (leanings.py): goes out after everything else, from the next day on
WAITS = (*BUDGETS, MOVED_BACK)

MOST_SEARCHES = 20  # that one person may have saved
NO_CONSENT = "no_consent"
WAITING_FOR_A_DAY = (*BUDGETS, NO_CONSENT)  # what a saved search found is tried again on a later day

TEXTS = {
    "not_matched": "这个岗位没有进入推荐名单（未匹配，或不在最合适的范围内）。",
    "waiting": "已收到您的答复，用人单位也能看到。",
    "pushed": "已推送到收件箱。",
    APPLIED: "已对这个岗位表示感兴趣或正在接洽，不再重复推送。",
    REFUSED: "已表示不考虑这个岗位，不再推送。",
    SEEN: "已看过，新的情况不比上次更好，不再重复推送。",
    NOTHING_NEW: "已推送过，内容没有变化。",
    NEAR_DUPLICATE: "与已推送过的岗位是同一个空缺，不再重复推送。",
    PERSON_BUDGET: "今天推送给本人的岗位数已满，排到明天。",
    POSTING_BUDGET: "这个岗位今天推送的人数已满，排到明天。",
    MOVED_BACK: "按您以前的答复，这个岗位排在其他推荐之后；可以在收件箱里取消这条调整。",
    NO_CONSENT: "还没有同意接收岗位推荐，暂不推送。",
    "no_longer_found": "岗位有变化，不再符合保存的搜索。",
    "not_among_best": "有更合适的选择，暂不推送。",
    "blocked": "条件有变化，不再符合。",
    "hired": "您已被录用。",
    "filled": "岗位已招满。",
    "withdrawn": "用人单位已撤回岗位。",
    "expired": "岗位已过期。",
    "held": "岗位正在核查，暂停推荐。",
    "rejected": "岗位未通过核查。",
    "closed": "岗位已关闭。",
    "merged": "岗位与另一个相同的岗位合并。",
    "not_in_market": "岗位不在市场推荐范围内。",
    "consent": "本人已撤回推荐同意。",
    "removed": "本人已注销。",
}

#: Why a pair went out before one of the same person with a better score, or after all others, as its person reads it.
TURNS = {
    MOVED_BACK: "按您以前的答复，这个岗位排在其他推荐之后。",
    "own_interest": "您对同类工种的岗位感兴趣，所以在差不多合适的岗位里先推荐给您；匹配分数不受影响。",
    "few_reached": "与您其他的岗位差不多合适，但联系到的求职者较少，所以先推荐给您；匹配分数不受影响。",
}

STAGES = ("closing_30", "closing_7", "closed")  # of a benefit's window, as the inbox tells of them
ENDINGS_SHOWN_DAYS = 45
OF_POLICY = "policy."  # before the kind of a notice that policy made
ASKED_PERSON, ASKED_EMPLOYER = ASKED = ("asked.person", "asked.employer")  # whether what was stated still stands


def as_text(instant: datetime) -> str:
    """An instant as delivery's tables keep it: in UTC to the microsecond, so that texts compare as instants do."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def still_says(stage: str, last_day: str | None, today: date) -> bool:
    """Whether a notice of a window may still be told: what closes until its last day, and what has closed from the day after it."""
    if stage.startswith(OF_POLICY):
        return last_day is None or stage == f"{OF_POLICY}closed" or today <= date.fromisoformat(last_day)
    if stage in ASKED:
        return last_day is None or today <= date.fromisoformat(last_day)
    if stage == "closed":
        return last_day is None or date.fromisoformat(last_day) < today
    return last_day is not None and today <= date.fromisoformat(last_day)


def text_of(reason: str) -> str:
    """The reason in plain Chinese; an unknown one as it is."""
    return TEXTS.get(reason, reason)


def said(band: int, of_hints: str) -> str:
    """What a version says that is worth saying again when it changes: its band and its hints. Score and rank inside a band are noise."""
    return f"{band}|{of_hints}"


@lru_cache(maxsize=10_000)  # a posting's pairs have few different lists of hints
def said_of_hints(hints: tuple[str, ...]) -> str:
    """The part of it that hints say. The colon stands also where no sum is known: rows of the first version have it."""
    return ";".join(sorted(hint if ":" in hint else f"{hint}:" for hint in hints))


def says_better(before: str | None, now: str) -> bool:
    """Whether the new version is good news: a higher band, or a hint that was not there."""
    if before is None:
        return True
    old_band, _, old_hints = before.partition("|")
    new_band, _, new_hints = now.partition("|")
    return int(new_band) > int(old_band) or bool(set(filter(None, new_hints.split(";"))) - set(filter(None, old_hints.split(";"))))


def best_first(band: int, priority: int, score: float, person_id: str, posting_id: str) -> str:
    """A text that sorts pairs best first: band, priority, score downwards, then person and posting (contract.md)."""
    return f"{99 - band:02d}.{99 - priority:02d}.{100_000 - round(score * 1000):06d}.{person_id}.{posting_id}"


class Situation(NamedTuple):
    """What is known of a pair when it is asked whether to push its newest version."""

    state: str | None  # None: the pair is new
    answer: str | None
    answered_on: date | None
    said_before: str | None
    said_now: str
    step: str | None  # between person and employer
    twin: str | None  # None: none; else the answer to a pushed pair with the same opening ("" when unanswered)
    person_pushes: int
    posting_pushes: int
    moved_back: bool = False  # by the person's answers to other postings


def hold_back(situation: Situation, as_of: date, person_limit: int, posting_limit: int) -> str | None:
    """Why this pair is not pushed now; None: push it."""
    s = situation
    if s.answer == "refused" and (s.answered_on is None or (as_of - s.answered_on).days < REFUSAL_HOLDS_DAYS):
        return REFUSED
    if s.state == "issued":
        if s.said_now == s.said_before:
            return NOTHING_NEW
        if s.answer == "interested" or s.step in IN_HIRING:
            return APPLIED
        if s.answer == "seen" and not says_better(s.said_before, s.said_now):
            return SEEN
    elif s.answer == "interested" or s.step in IN_HIRING:
        return None  # it comes back, or was answered before it came: whoever applied is not made to wait for a budget
    elif s.twin is not None:
        return REFUSED if s.twin == "refused" else None  # takes its twin's place without a push
    if s.moved_back and s.state != "issued":
        return MOVED_BACK
    if s.person_pushes >= person_limit:
        return PERSON_BUDGET
    if s.posting_pushes >= posting_limit:
        return POSTING_BUDGET
    return None


def hold_back_find(
    *, answer: str | None, issued: bool, step: str | None, twin: str | None, consented: bool, person_full: bool, posting_full: bool
) -> str | None:
    """Why a posting that a saved search found is not pushed; None: push it. ``answer``, ``issued`` and ``step`` are the pair's, ``twin``
    the answer to the same opening under another id that was pushed ("" when unanswered, None where none was)."""
    if "refused" in (answer, twin):
        return REFUSED
    if answer == "interested" or step in IN_HIRING:
        return APPLIED
    if answer == "seen":
        return SEEN
    if issued:
        return NOTHING_NEW
    if twin is not None:
        return NEAR_DUPLICATE
    if not consented:
        return NO_CONSENT
    return PERSON_BUDGET if person_full else POSTING_BUDGET if posting_full else None


def stronger(before: str | None, after: str) -> bool:
    """Whether an answer replaces the one before: ``seen`` never takes back a yes or a no."""
    return after != before and not (after == "seen" and before is not None)


def is_quiet(instant: datetime, quiet_from: int, quiet_to: int) -> bool:
    """Whether outside channels are silent: from ``quiet_from`` o'clock (included) until ``quiet_to`` o'clock (excluded), Shanghai."""
    hour = in_shanghai(instant).hour
    if quiet_from == quiet_to:
        return False
    if quiet_from < quiet_to:
        return quiet_from <= hour < quiet_to
    return hour >= quiet_from or hour < quiet_to


def next_waking(instant: datetime, quiet_from: int, quiet_to: int) -> datetime:
    """The instant itself, or the end of the quiet hours it lies in."""
    if not is_quiet(instant, quiet_from, quiet_to):
        return instant
    morning = midnight(day_of(instant)) + timedelta(hours=quiet_to)
    return morning if morning > instant else morning + timedelta(days=1)
