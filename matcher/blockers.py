"""Blockers: the rules that keep a pair apart, each answering for itself and none of them part of the score (contract.md).

Silence never blocks: where the posting or the person says nothing there is no blocker. The one exception is consent, and even that is
taken as given where ``Rules.missing_consent_is_given`` says so (the batch commands). ``as_of`` is a whole day in Shanghai.

A blocker is ``{"code", "text", "needed", "given", "would_change"}``: ``text`` and ``would_change`` in plain Chinese for person, employer
and commissioner alike, so they hold no birth month and no group of the person's; ``would_change`` is None where nobody can change it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypedDict

from matcher import certificates, education, places
from matcher.days import day_of
from matcher.distance import kilometres_of, spot, squared_chord, squared_chord_of
from matcher.experience import comparable_years, year_thousandths
from matcher.fen import in_fen
from matcher.groups import names_of, open_to_person
from matcher.occupation_likeness import Reader, reader_of
from matcher.pay import monthly
from matcher.shapes import Person, Posting
from matcher.wording import FORMS, chinese_list, number

#: In the order in which they are listed.
BLOCKER_CODES = (
    "closed", "filled", "held", "expired", "not_yet_open", "group", "legal_age", "consent", "employment_form", "region", "distance", "pay",
    "education", "certificate", "experience", "availability",
)  # fmt: skip
LEGAL_AGE = 16
#: More certificates than this are not read, on either form of the matcher.
MOST_CERTIFICATES = 63


@dataclass(frozen=True)
class Rules:
    """What may be set: how long a posting without ``apply_by`` lives, and what a consent nobody recorded counts as."""

    expire_after_days: int = 60
    missing_consent_is_given: bool = False


#: How the batch commands read their files (contract.md).
BATCH_RULES = Rules(missing_consent_is_given=True)


class Blocker(TypedDict):
    code: str
    text: str
    needed: Any
    given: Any
    would_change: str | None
    #: how much the change asks for, to order near misses; None where nobody can change it
    effort: int | None


def _blocker(code: str, text: str, needed: Any, given: Any, would_change: str | None = None, effort: int | None = None) -> Blocker:
    return Blocker(code=code, text=text, needed=needed, given=given, would_change=would_change, effort=effort)


# ---- the posting alone -------------------------------------------------------------------------------------------------------------


def limit_day(posting: Posting) -> date | None:
    """The last open day that the posting states: ``apply_by``, for a gig also the day on which it starts; None where it states none."""
    starts = day_of(posting.work.starts_at) if posting.form == "gig" and posting.work.starts_at is not None else None
    return min((day for day in (posting.apply_by, starts) if day is not None), default=None)


def last_open_day(posting: Posting, rules: Rules) -> date | None:
    """The last day on which the posting is open; None where nothing limits it.

    What it states, else the 60th day after it was published or last confirmed.
    """
    stated, seen = limit_day(posting), fresh_on(posting)
    if stated is not None or seen is None:
        return stated
    return seen + timedelta(days=rules.expire_after_days)


def fresh_on(posting: Posting) -> date | None:
    """The day on which the posting was published or, if later, confirmed."""
    days = [day_of(instant) for instant in (posting.published_at, posting.confirmed_at) if instant is not None]
    return max(days, default=None)


def posting_blockers(posting: Posting, as_of: date, rules: Rules) -> list[Blocker]:
    """The blockers that hold for everybody: closed, filled, held, expired, not_yet_open."""
    found: list[Blocker] = []
    if posting.status == "closed":
        found.append(_blocker("closed", "岗位已经关闭", "open", "closed"))
    if posting.openings_left == 0:
        headcount = posting.headcount or 1
        found.append(_blocker("filled", f"招聘{headcount}人，已经招满", headcount, posting.filled))
    if posting.status == "held":
        found.append(_blocker("held", "岗位正在审核，暂不推荐", "open", "held"))
    last = last_open_day(posting, rules)
    if last is not None and as_of > last:
        if posting.apply_by is not None and last == posting.apply_by:
            text = f"报名截止日期{last.isoformat()}已过"
        elif posting.form == "gig" and posting.work.starts_at is not None:
            text = f"零工已于{last.isoformat()}开工"
        else:
            text = f"发布或确认后已超过{rules.expire_after_days}天"
        found.append(_blocker("expired", text, last.isoformat(), as_of.isoformat()))
    opens = None if posting.published_at is None else day_of(posting.published_at)
    if opens is not None and as_of < opens:
        days = (opens - as_of).days
        found.append(
            _blocker(
                "not_yet_open", f"岗位{opens.isoformat()}起开放", opens.isoformat(), as_of.isoformat(), f"到{opens.isoformat()}即可", days
            )
        )
    return found


# ---- the pair ------------------------------------------------------------------------------------------------------------------------


def region_meets(posting_region: str, wished: str) -> bool:
    """Whether a posting there meets a wish for that region: it lies inside, or is stated no closer than a region that holds the wish."""
    return places.covers(wished, posting_region) or places.covers(posting_region, wished)


def sixteen_on(birth_year_month: str) -> date:
    """The first day of the month after the birth month, sixteen years on (contract.md)."""
    year, month = (int(part) for part in birth_year_month.split("-"))
    return date(year + LEGAL_AGE + month // 12, month % 12 + 1, 1)


def distance_is_judged(posting: Posting, person: Person) -> bool:
    """Only where no region is wished for, or the posting lies in the person's own city; else the named region decides (contract.md)."""
    if posting.location is None or person.location is None or person.desired.max_distance_km is None:
        return False
    if not person.desired.regions:
        return True
    if posting.region is None or person.region is None:
        return False
    return places.level_of(posting.region) != "province" and places.city_of(posting.region) == places.city_of(person.region)


def _group(posting: Posting, person: Person) -> Blocker | None:
    if open_to_person(posting.open_to, person):
        return None
    return _blocker("group", f"岗位只面向{names_of(posting.open_to or ())}", list(posting.open_to or ()), "不在岗位面向的人群之内")


def _legal_age(person: Person, as_of: date) -> Blocker | None:
    if person.birth_year_month is None:
        return None
    from_day = sixteen_on(person.birth_year_month)
    if as_of >= from_day:
        return None
    effort = (from_day - as_of).days
    return _blocker("legal_age", "未满16周岁，用人单位不得招用", "满16周岁", "未满16周岁", "年满16周岁后即可", effort)


def _consent(person: Person, rules: Rules) -> Blocker | None:
    given = None if person.consent is None else person.consent.recommend
    if given or (given is None and rules.missing_consent_is_given):
        return None
    text = "求职者没有同意接受岗位推荐" if given is False else "还没有求职者同意接受岗位推荐的记录"
    return _blocker("consent", text, True, given, "求职者同意接受岗位推荐", 1)


def _employment_form(posting: Posting, person: Person) -> Blocker | None:
    form, wished = posting.form, person.desired.employment_forms
    if form is None or not wished or form in wished:
        return None
    text = f"岗位是{FORMS[form]}，期望的是{chinese_list(FORMS[name] for name in wished)}"
    return _blocker("employment_form", text, form, list(wished), f"也愿意做{FORMS[form]}", 40)


def _region(posting: Posting, person: Person) -> Blocker | None:
    wished = person.desired.regions
    if posting.region is None or not wished or any(region_meets(posting.region, region) for region in wished):
        return None
    where = places.full_name(posting.region)
    names = chinese_list(places.full_name(region) for region in wished)
    return _blocker("region", f"岗位在{where}，期望的工作地区是{names}", posting.region, list(wished), f"也愿意到{where}工作", 50)


def _distance(posting: Posting, person: Person) -> Blocker | None:
    limit = person.desired.max_distance_km
    if limit is None or posting.location is None or person.location is None or not distance_is_judged(posting, person):
        return None
    square = squared_chord(spot(posting.location), spot(person.location))
    if square <= squared_chord_of(limit):
        return None
    # Rounded up, so that the change named is enough.
    far = math.ceil(kilometres_of(square) * 10 - 1e-6) / 10
    more = math.ceil((far - limit) * 10 - 1e-6) / 10
    return _blocker(
        "distance",
        f"相距约{number(far)}公里，愿意接受的距离是{number(limit)}公里以内",
        limit,
        far,
        f"可接受的距离增加{number(more)}公里",
        _share(more, limit),
    )


def _pay(posting: Posting, person: Person) -> Blocker | None:
    floor, comparable = person.desired.pay_min, monthly(posting.pay)
    if floor is None or comparable is None or comparable[1] is None or in_fen(comparable[1]) >= in_fen(floor):
        return None
    top = comparable[1]
    short = math.ceil(floor - top - 1e-6)
    return _blocker(
        "pay",
        f"岗位折合月薪最高{number(top)}元，期望不低于{number(floor)}元",
        floor,
        round(top, 2),
        f"期望月薪降低{short}元，或者岗位最高月薪提高{short}元",
        _share(short, floor),
    )


def _education(posting: Posting, person: Person) -> Blocker | None:
    asked, own = education.code_of(posting.education_min), education.code_of(person.education.level)
    if education.meets(asked, own) is not False:
        return None
    needed, given = education.name_of(asked), education.name_of(own)
    steps = (education.rank(asked) or 0) - (education.rank(own) or 0)
    text = f"岗位要求{needed}及以上学历，求职者学历是{given}"
    return _blocker("education", text, asked, own, f"取得{needed}学历", 200 * steps)


def needed_certificates(posting: Posting) -> tuple[str, ...]:
    """The certificates the posting asks for, each once, at most ``MOST_CERTIFICATES``."""
    return tuple(dict.fromkeys(posting.certificates or ()))[:MOST_CERTIFICATES]


def _certificate(posting: Posting, person: Person) -> Blocker | None:
    needed = needed_certificates(posting)
    if person.certificates is None:
        return None
    missing = [name for name in needed if not any(certificates.same(name, own) for own in person.certificates)]
    if not missing:
        return None
    held = [name for name in needed if name not in missing]
    text = f"岗位要求{chinese_list(needed)}，求职者没有{chinese_list(missing)}"
    return _blocker("certificate", text, list(needed), held, f"取得{chinese_list(missing)}", 60 * len(missing))


def _experience(posting: Posting, person: Person, reader: Reader) -> Blocker | None:
    needed = posting.experience_years_min
    if not needed:
        return None
    years = comparable_years(posting, person, reader)
    if years is None or years.unknown or years.thousandths >= year_thousandths(needed):
        return None
    # Rounded up, so that the change named is enough.
    more = number(math.ceil((needed - years.total) * 100 - 1e-6) / 100)
    text = f"岗位要求{number(needed)}年以上同类工作经验，求职者有{number(years.total)}年"
    if years.total == 0:
        text = f"岗位要求{number(needed)}年以上同类工作经验，求职者没有同类工作经验"
    return _blocker("experience", text, needed, years.total, f"再积累{more}年同类工作经验", 90 + math.ceil(30 * (needed - years.total)))


def _availability(posting: Posting, person: Person) -> Blocker | None:
    if posting.work.starts_at is None or person.desired.available_from is None:
        return None
    starts, free = day_of(posting.work.starts_at), person.desired.available_from
    if free <= starts:
        return None
    days = (free - starts).days
    text = f"岗位{starts.isoformat()}开始上班，求职者{free.isoformat()}才能到岗"
    return _blocker("availability", text, starts.isoformat(), free.isoformat(), f"提前{days}天到岗，或者岗位推迟{days}天开始", days)


def _share(part: float, whole: float) -> int:
    """A hundredth of the limit is one unit of effort."""
    return max(1, math.ceil(100 * part / whole)) if whole else 100


def blockers(posting: Posting, person: Person, as_of: date, rules: Rules, reader: Reader | None = None) -> list[Blocker]:
    """Every blocker of this pair on this day, in the order of ``BLOCKER_CODES``. ``reader`` as in ``criteria.criteria``."""
    pair = (
        _group(posting, person),
        _legal_age(person, as_of),
        _consent(person, rules),
        _employment_form(posting, person),
        _region(posting, person),
        _distance(posting, person),
        _pay(posting, person),
        _education(posting, person),
        _certificate(posting, person),
        _experience(posting, person, reader or reader_of(posting)),
        _availability(posting, person),
    )
    return posting_blockers(posting, as_of, rules) + [found for found in pair if found is not None]
