"""Criteria: what speaks for a pair, in points that a reader can add up (docs/matching.md).

All points are whole tenths, so that the readable form here and the columnar form (``matcher.columns``) give the same number to the last
bit. The score is the sum of the eight criteria's points. A criterion on which the posting or the person is silent is "not stated" and worth
``NEUTRAL`` of its points, the same to everyone.

Sex, age, marital status, household registration, ethnicity, disability and health are read by none of these functions; words about them in
titles, skills and texts are dropped before anything is compared (``matcher.text.without_protected``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from matcher import education, places
from matcher.blockers import fresh_on, region_meets
from matcher.distance import kilometres_of, spot, squared_chord, squared_chord_of
from matcher.experience import comparable_years, year_thousandths
from matcher.fen import in_fen
from matcher.occupation_likeness import Reader, likeness_to_person, reader_of
from matcher.pay import monthly
from matcher.shapes import Person, Posting
from matcher.skills import met_skills, posting_skills
from matcher.wording import FORMS, chinese_list, number

CRITERIA = ("occupation", "skills", "education", "experience", "place", "pay", "hours", "freshness")
#: The most a criterion can give, in tenths of a point; together 1000, that is a score of 100.
OF = {"occupation": 400, "skills": 150, "education": 80, "experience": 100, "place": 120, "pay": 80, "hours": 40, "freshness": 30}
#: What "not stated" is worth: half, and a quarter for the occupation, whose likeness is rarely above a quarter by chance.
NEUTRAL = {"occupation": 100, "skills": 75, "education": 40, "experience": 50, "place": 60, "pay": 40, "hours": 20, "freshness": 15}

#: Kilometres up to which a distance is worth so many tenths; beyond the last one nothing.
DISTANCE_STEPS = ((5, 120), (10, 110), (20, 95), (30, 80), (50, 60), (100, 35))
SAME_COUNTY, SAME_CITY, SAME_PROVINCE = 110, 80, 40
WISHED_COUNTY, WISHED_CITY, WISHED_PROVINCE, WISH_INSIDE = 120, 100, 80, 70
#: Days since publication or confirmation up to which a posting is worth so many tenths; older ones give the last value.
FRESHNESS_STEPS = ((3, 30), (7, 26), (14, 20), (30, 14), (60, 8))
STALE = 4
PAY_TOP_ONLY = 60


@dataclass(frozen=True)
class Criterion:
    """One criterion of a pair. ``tenths`` of ``of`` tenths; ``stated`` False where either side is silent."""

    name: str
    tenths: int
    text: str
    stated: bool = True

    @property
    def of(self) -> int:
        return OF[self.name]

    def as_json(self) -> dict[str, object]:
        """``{"criterion", "points", "of", "text"}`` of the contract."""
        return {"criterion": self.name, "points": self.tenths / 10, "of": self.of // 10, "text": self.text}


def _silent(name: str, text: str) -> Criterion:
    return Criterion(name, NEUTRAL[name], f"{text}，按{number(NEUTRAL[name] / 10)}分计", stated=False)


# ---- what the person can do ----------------------------------------------------------------------------------------------------------


def occupation(posting: Posting, person: Person, reader: Reader) -> Criterion:
    found = likeness_to_person(posting, person, reader)
    if found is None:
        return _silent("occupation", "没有写明期望职业、工作经历和专业")
    return Criterion("occupation", occupation_tenths(found.thousandths), found.text)


def occupation_tenths(thousandths: int) -> int:
    return (OF["occupation"] * thousandths + 500) // 1000


def skills(posting: Posting, person: Person) -> Criterion:
    needed = posting_skills(posting)
    if not needed:
        return _silent("skills", "岗位没有写明技能要求")
    met = met_skills(needed, person)
    if met is None:
        return _silent("skills", "求职者没有写明技能")
    tenths = OF["skills"] * len(met) // len(needed)
    if not met:
        text = f"岗位需要{chinese_list(needed)}，求职者所写的技能中没有相近的"
    elif len(met) == len(needed):
        text = f"岗位需要{chinese_list(needed)}，求职者都具备"
    else:
        text = f"岗位需要{chinese_list(needed)}，求职者具备{chinese_list(met)}（{len(needed)}项中的{len(met)}项）"
    return Criterion("skills", tenths, text)


def education_level(posting: Posting, person: Person) -> Criterion:
    asked, own = education.code_of(posting.education_min), education.code_of(person.education.level)
    if asked == education.NO_REQUIREMENT:
        return Criterion("education", OF["education"], "岗位不限学历")
    if education.rank(asked) is None:
        return _silent("education", "岗位没有写明学历要求")
    met = education.meets(asked, own)
    if met is None:
        return _silent("education", "求职者没有写明学历")
    text = f"岗位要求{education.name_of(asked)}及以上学历，求职者学历是{education.name_of(own)}"
    return Criterion("education", OF["education"], f"{text}，符合") if met else Criterion("education", 0, f"{text}，不符合")


def experience(posting: Posting, person: Person, reader: Reader) -> Criterion:
    needed = posting.experience_years_min
    if needed is None:
        return _silent("experience", "岗位没有写明经验要求")
    if needed == 0:
        return Criterion("experience", OF["experience"], "岗位不要求工作经验")
    years = comparable_years(posting, person, reader)
    if years is None:
        return _silent("experience", "求职者没有写明可以比较的工作经历")
    asked = f"岗位要求{number(needed)}年以上同类工作经验"
    if years.thousandths >= year_thousandths(needed):
        return Criterion("experience", OF["experience"], f"{asked}，求职者有{number(years.total)}年，符合")
    if years.unknown:
        return _silent("experience", f"{asked}，求职者的部分工作经历不能确定是不是同类、有几年")
    own = f"有{number(years.total)}年" if years.total else "没有同类工作经验"
    tenths = OF["experience"] * years.thousandths // year_thousandths(needed)
    return Criterion("experience", tenths, f"{asked}，求职者{own}，不够")


# ---- where, for how much, how, how fresh ---------------------------------------------------------------------------------------------


def distance_tenths(square: int) -> int:
    """Tenths for a squared chord (``matcher.distance``)."""
    return next((tenths for kilometres, tenths in DISTANCE_STEPS if square <= squared_chord_of(kilometres)), 0)


def home_tenths(posting_region: str, home: str) -> int:
    """Tenths for the posting's region against the region where the person lives, where no distance is known."""
    if posting_region == home:
        level = places.level_of(home)
        return SAME_COUNTY if level == "county" else SAME_CITY if level == "city" else SAME_PROVINCE
    if places.province_of(posting_region) != places.province_of(home):
        return 0
    levels = {places.level_of(posting_region), places.level_of(home)}
    same_city = "province" not in levels and places.city_of(posting_region) == places.city_of(home)
    return SAME_CITY if same_city else SAME_PROVINCE


def wish_tenths(posting_region: str, wished: str) -> int | None:
    """Tenths for a posting's region against one wished region; None where it does not meet the wish."""
    if not region_meets(posting_region, wished):
        return None
    if not places.covers(wished, posting_region):
        return WISH_INSIDE
    return {"county": WISHED_COUNTY, "city": WISHED_CITY, "province": WISHED_PROVINCE}[places.level_of(wished)]


def place(posting: Posting, person: Person) -> Criterion:
    """The best of what is known: the distance (else the regions' nearness), and a wish that the posting's region meets."""
    found: list[tuple[int, str]] = []
    where = "" if posting.region is None else places.full_name(posting.region)
    if posting.location is not None and person.location is not None:
        square = squared_chord(spot(posting.location), spot(person.location))
        found.append((distance_tenths(square), f"岗位与住处相距约{number(kilometres_of(square), 1)}公里"))
    elif posting.region is not None and person.region is not None:
        tenths = home_tenths(posting.region, person.region)
        nearness = {SAME_COUNTY: "与求职者在同一县区", SAME_CITY: "与求职者在同一城市", SAME_PROVINCE: "与求职者同省"}.get(tenths)
        found.append((tenths, f"岗位在{where}，{nearness or '求职者在' + places.full_name(person.region)}"))
    if posting.region is not None and person.desired.regions:
        met = [(worth, region) for region in person.desired.regions if (worth := wish_tenths(posting.region, region)) is not None]
        if met:
            best, region = max(met, key=lambda pair: pair[0])
            found.append((best, f"岗位在{where}，求职者期望到{places.full_name(region)}工作"))
        elif not found:
            wished = chinese_list(places.full_name(region) for region in person.desired.regions)
            found.append((0, f"岗位在{where}，求职者期望到{wished}工作"))
    if not found:
        return _silent("place", "岗位地点或者求职者的住处没有写明")
    tenths, text = max(found, key=lambda pair: pair[0])
    return Criterion("place", tenths, text)


def pay_tenths(low: int | None, top: int | None, floor: int) -> int | None:
    """Tenths for comparable monthly pay against a floor, all in fen; None where the silent top would decide."""
    if low is not None and low >= floor:
        return OF["pay"]
    if top is None:
        return None
    if top < floor:
        return 0
    if low is None:
        return PAY_TOP_ONLY
    half = OF["pay"] // 2
    return half + (half * (top - floor) // (top - low) if top > low else half)


def pay(posting: Posting, person: Person) -> Criterion:
    comparable, floor = monthly(posting.pay), person.desired.pay_min
    if comparable is None:
        if posting.pay.unit == "piece":
            return _silent("pay", "岗位按件计酬，不能折合成月薪比较")
        return _silent("pay", "岗位没有写明可以比较的薪酬")
    if floor is None:
        return _silent("pay", "求职者没有写明期望薪酬")
    low, top = comparable
    tenths = pay_tenths(None if low is None else in_fen(low), None if top is None else in_fen(top), in_fen(floor))
    wished = f"求职者期望不低于{number(floor)}元"
    if tenths is None:
        return _silent("pay", f"岗位折合月薪{number(low or 0)}元以上，没有写明上限，{wished}")
    if low is None:
        offered = f"岗位折合月薪最高{number(top or 0)}元"
    elif top is None:
        offered = f"岗位折合月薪{number(low)}元以上"
    elif low == top:
        offered = f"岗位折合月薪{number(low)}元"
    else:
        offered = f"岗位折合月薪{number(low)}至{number(top)}元"
    if tenths == OF["pay"]:
        verdict = "符合"
    elif tenths == 0:
        verdict = "达不到"
    else:
        verdict = "有可能达到"
    return Criterion("pay", tenths, f"{offered}，{wished}，{verdict}")


def hours(posting: Posting, person: Person) -> Criterion:
    form, wished = posting.form, person.desired.employment_forms
    if form is None:
        return _silent("hours", "岗位没有写明用工形式")
    if not wished:
        return _silent("hours", "求职者没有写明期望的用工形式")
    names = chinese_list(FORMS[name] for name in wished)
    if form in wished:
        return Criterion("hours", OF["hours"], f"岗位是{FORMS[form]}，求职者期望{names}，符合")
    return Criterion("hours", 0, f"岗位是{FORMS[form]}，求职者期望{names}，不符合")


def freshness_tenths(days: int) -> int:
    return next((tenths for limit, tenths in FRESHNESS_STEPS if days <= limit), STALE)


def freshness(posting: Posting, as_of: date) -> Criterion:
    seen = fresh_on(posting)
    if seen is None:
        return _silent("freshness", "岗位没有写明发布日期")
    days = max(0, (as_of - seen).days)
    if seen > as_of:
        return Criterion("freshness", freshness_tenths(0), f"岗位将于{seen.isoformat()}发布")
    when = "今天" if days == 0 else f"{days}天前"
    confirmed = posting.confirmed_at is not None and (posting.published_at is None or posting.confirmed_at > posting.published_at)
    return Criterion("freshness", freshness_tenths(days), f"岗位{when}{'确认仍在招聘' if confirmed else '发布'}")


def criteria(posting: Posting, person: Person, as_of: date, reader: Reader | None = None) -> Sequence[Criterion]:
    """The eight criteria of a pair in the order of ``CRITERIA``. ``reader`` spares working likeness out anew where it is known."""
    reader = reader or reader_of(posting)
    return (
        occupation(posting, person, reader),
        skills(posting, person),
        education_level(posting, person),
        experience(posting, person, reader),
        place(posting, person),
        pay(posting, person),
        hours(posting, person),
        freshness(posting, as_of),
    )
