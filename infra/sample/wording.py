"""Titles and descriptions of the made-up postings, joined from the sentence parts of phrases.yaml.

Every part is short and filled from the posting's own fields, so that descriptions agree with pay, headcount and requirements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from infra.sample.tables import EDUCATION_NAMES, Trade, one_of, phrases

MOST_OF_ONE_TITLE = 45  # the sample promises that no title occurs fifty times
_OFFICE = frozenset(("it", "finance", "education", "health"))
_SERVICE = frozenset(("catering", "retail", "domestic", "eldercare", "tourism"))


class Titles:
    """Gives a posting its title and counts, so that a frequent one gets an addition before it is given too often."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: Counter[str] = Counter()

    def give(self, trade: Trade, source: str, slots: dict[str, Any]) -> str:
        """A title for a posting of this trade, decorated as the source is used to; its plain form goes into ``slots``."""
        rng, parts = self._rng, phrases()["titles"]
        suffixes = {"gig_market": parts["gig_suffix"], "labour_brand": parts["brand_suffix"]}.get(source, parts["suffix"])
        # The plainest title of a trade comes first in its list and is the one that most employers write.
        slots["title"] = title = trade.titles[int(rng.random() ** 1.7 * len(trade.titles))]
        draw = rng.random()
        if draw < 0.18 and trade.specialties:
            title += f"（{one_of(rng, trade.specialties)}）"
        elif draw < 0.3:
            title += one_of(rng, suffixes).format_map(slots)
        elif draw < 0.36:
            title = one_of(rng, parts["prefix"]) + title
        elif draw < 0.4 and source == "enterprise":
            title = (slots["county"] if rng.random() < 0.5 else one_of(rng, parts["grade"])) + title
        # A long run of one seed has more postings than plain titles: add until the title is rare enough.
        while self._given[title] >= MOST_OF_ONE_TITLE:
            if len(title) > 40:
                title = f"{one_of(rng, trade.titles)} {len(self._given)}"
            title += rng.choice((one_of(rng, suffixes).format_map(slots), f"·{slots['county']}", f" {one_of(rng, trade.skills)}"))
        self._given[title] += 1
        return title

    def count(self, title: str) -> bool:
        """Counts a title made elsewhere; False when there are enough of it."""
        if self._given[title] >= MOST_OF_ONE_TITLE:
            return False
        self._given[title] += 1
        return True


def _join(rng: Random, lead: str, parts: Sequence[str]) -> str:
    style = rng.random()
    if style < 0.3:
        return "\n".join([lead.rstrip("：") + "：" if lead else "工作：", *(f"{number}、{part}" for number, part in enumerate(parts, 1))])
    if style < 0.45:
        return "\n".join([lead, *(f"- {part}" for part in parts)]).lstrip("\n")
    return lead + ("；" if style < 0.75 else "，").join(parts) + "。"


def _some(rng: Random, items: Sequence[str], low: int, high: int) -> list[str]:
    return rng.sample(list(items), min(len(items), low + int(rng.random() * (high - low + 1))))


def _requirements(rng: Random, posting: dict[str, Any], slots: dict[str, Any]) -> list[str]:
    """Sentences that say what the posting's fields ask for, never more."""
    text = phrases()
    found = []
    education = posting.get("education_min")
    if education == "90":
        found.append(one_of(rng, text["no_education"]))
    elif education is not None:
        found.append(one_of(rng, text["education"]).format(level=EDUCATION_NAMES[education]))
    years = posting.get("experience_years_min")
    if years == 0:
        found.append(one_of(rng, text["no_years"]))
    elif years is not None:
        found.append(one_of(rng, text["years"]).format(years=years))
    for certificate in posting.get("certificates", ())[:2]:
        found.append(one_of(rng, text["certificate"]).format(certificate=certificate))
    skills = posting.get("skills", ())
    if skills:
        found.append(one_of(rng, text["skill"]).format(skill=one_of(rng, skills)))
    found += _some(rng, text["trait"], 0, 2)
    return [part.format_map(slots) for part in found]


def _conditions(rng: Random, trade: Trade, posting: dict[str, Any], slots: dict[str, Any]) -> list[str]:
    text = phrases()
    found = []
    if posting.get("pay"):
        if rng.random() < 0.5 and posting["pay"].get("unit") == "month":
            found.append(one_of(rng, text["pay_line"]))
    else:
        found.append(one_of(rng, text["pay_open"]))
    family = trade.family
    shift = "shift_office" if family in _OFFICE else "shift_service" if family in _SERVICE else "shift_factory"
    for part, chance in ((shift, 0.7), ("board", 0.45), ("lodging", 0.4), ("transport", 0.18), ("insurance", 0.5), ("training", 0.15)):
        if rng.random() < chance:
            found.append(one_of(rng, text[part]))
    rng.shuffle(found)
    return [part.format_map(slots) for part in found]


def describe_work(rng: Random, trade: Trade, posting: dict[str, Any], slots: dict[str, Any]) -> str:
    """The description of an enterprise's posting; one in six is a single line, as in real exchanges."""
    text = phrases()
    if rng.random() < 0.17:
        return "，".join(_some(rng, trade.duties, 1, 2))
    paragraphs = [one_of(rng, text["enterprise_opening"]).format_map(slots)]
    if posting.get("type") == "internship":
        paragraphs.append(one_of(rng, text["internship_lead"]) + "。")
    if posting.get("type") == "public_welfare_post":
        paragraphs.append(one_of(rng, text["welfare_lead"]) + "。")
    paragraphs.append(_join(rng, one_of(rng, text["duty_lead"]), _some(rng, trade.duties, 2, 5)))
    requirements = _requirements(rng, posting, slots)
    if requirements:
        paragraphs.append(_join(rng, one_of(rng, text["requirement_lead"]), requirements))
    conditions = _conditions(rng, trade, posting, slots)
    if conditions:
        paragraphs.append("，".join(conditions) + "。")
    if rng.random() < 0.35:
        paragraphs.append(one_of(rng, text["closing"]) + "。")
    between = "\n" if rng.random() < 0.6 else ""
    text_so_far = ""
    for paragraph in paragraphs:
        # A list ends without a full stop, so the next paragraph needs a line of its own whatever the hand at the keyboard.
        text_so_far += ("\n" if text_so_far and not text_so_far.endswith("。") else between if text_so_far else "") + paragraph
    return text_so_far


def describe_gig(rng: Random, trade: Trade, posting: dict[str, Any], slots: dict[str, Any]) -> str:
    """A gig in the market's short manner: who, when, how much, where, what."""
    text = phrases()
    parts = [one_of(rng, text["gig_opening"]), one_of(rng, text["gig_time"])]
    if posting.get("pay"):
        parts.append(one_of(rng, text["gig_pay"]))
    else:
        parts.append(one_of(rng, text["pay_open"]))
    if posting["work"].get("pay_on"):
        parts.append(one_of(rng, text["gig_settle"][posting["work"]["pay_on"]]))
    if rng.random() < 0.75:
        parts.append(one_of(rng, text["gig_task"]))
    if rng.random() < 0.5:
        parts.append(one_of(rng, text["gig_meet"]))
    parts += _some(rng, text["gig_extra"], 0, 3)
    if rng.random() < 0.3:
        rest = parts[1:]
        rng.shuffle(rest)
        parts[1:] = rest
    slots["duty"] = one_of(rng, trade.duties)
    return "，".join(part.format_map(slots) for part in parts) + ("。" if rng.random() < 0.6 else "")


def describe_order(rng: Random, trade: Trade, posting: dict[str, Any], slots: dict[str, Any]) -> str:
    """A brand's order: who sends how many people where, the work, the terms, where to sign up."""
    text = phrases()
    paragraphs = [
        one_of(rng, text["brand_opening"]).format_map(slots),
        _join(rng, one_of(rng, text["duty_lead"]), _some(rng, trade.duties, 1, 4)),
    ]
    requirements = _requirements(rng, posting, slots)
    if requirements and rng.random() < 0.8:
        paragraphs.append(one_of(rng, text["requirement_lead"]) + "，".join(requirements) + "。")
    if not posting.get("pay"):
        paragraphs.append(one_of(rng, text["pay_open"]) + "。")
    terms = _some(rng, text["brand_terms"], 2, 4) + ([one_of(rng, text["lodging"])] if rng.random() < 0.4 else [])
    paragraphs.append("；".join(part.format_map(slots) for part in terms) + "。")
    if rng.random() < 0.6:
        paragraphs.append(one_of(rng, text["brand_closing"]) + "。")
    return "\n".join(paragraphs)


def slots_of(rng: Random, trade: Trade, posting: dict[str, Any], county_name: str, employer: str) -> dict[str, Any]:
    """What the sentence parts may speak of."""
    places, pay, work = phrases()["places"], posting.get("pay") or {}, posting.get("work") or {}
    low = int(pay.get("min") or trade.low)
    high = int(pay.get("max") or low)
    return {
        "county": county_name,
        "employer": employer or "我们",
        "count": posting.get("headcount", 3),
        "road": one_of(rng, places["road"]),
        "place": county_name + one_of(rng, places["spot"]),
        "n": 3 + int(rng.random() * 22),
        "plus": 50 * (1 + int(rng.random() * 10)),
        "meal": 5 * (2 + int(rng.random() * 4)),
        "day": 8 + int(rng.random() * 18),
        "low": low,
        "high": high,
        "mid": (low + high) // 200 * 100,
        "rate": high,
        "unit": {"day": "天", "hour": "小时"}.get(pay.get("unit", ""), "天"),
        "hour": int(work["starts_at"][11:13]) if work.get("starts_at") else 7,
        "hours": work.get("hours_per_day", 8),
        "days": work.get("days", 1),
        "day_words": one_of(rng, ("这几天", "本周", "近日", "眼下")),
    }
