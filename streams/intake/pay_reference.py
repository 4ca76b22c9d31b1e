"""What a trade pays in a county (E-29): three quantiles, and never a cell so small that it shows one employer's pay.

From the postings that are public, and from surveys (薪酬调查, ``matcher.pay_surveys``) where the operator entered any: two sources, each
marked, for what is advertised is not what is paid. Too few in the county are answered with its city, then the province; too few of the
occupation with its 小类, then its 中类.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import Connection, select

from matcher import pay_surveys
from matcher.figures import current
from matcher.occupations import occupations
from matcher.places import city_of, level_of, province_of
from streams.intake.tables import postings

#: A cell with fewer postings or employers is not shown, nor one of which a single employer has more than ``MOST_OF_ONE``.
LEAST_POSTINGS = 10
LEAST_EMPLOYERS = 5
MOST_OF_ONE = 0.5
#: Amounts are rounded, so that one posting more or less cannot be read from them.
STEP = 100
#: Newest postings that are looked at: a province's whole trade is a matter of milliseconds.
MOST_READ = 20_000
#: A posting whose top is under so much of the lower quartile gets a note.
FAR_BELOW = 0.7


@dataclass(frozen=True)
class PayReference:
    """Monthly yuan: the lower quartile, the median and the upper quartile of the middle of what postings offer.

    ``occupation`` and ``region`` are those that the figures are for, perhaps wider than those asked for; ``postings`` and ``employers`` are
    rounded down to tens and fives.
    """

    occupation: str
    region: str
    lower: int
    median: int
    upper: int
    postings: int
    employers: int
    source: str = "postings"


def _wider(occupation: str, region: str) -> Iterator[tuple[str, str]]:
    """Places before trades: the next county's welder says more of a welder's pay than a fitter here."""
    places = [region]
    if level_of(region) == "county":
        places.append(city_of(region))
    if level_of(region) != "province":
        places.append(province_of(region))
    for code in dict.fromkeys((occupation, occupation[:7], occupation[:4])):
        for place in dict.fromkeys(places):
            yield code, place


@cache
def _codes(group: str) -> tuple[str, ...]:
    """The occupations of a 小类 or 中类, or the occupation itself: listed, for databases do not agree on what lies between two texts."""
    return tuple(code for code in occupations() if code.startswith(group)) or (group,)


def _place(region: str) -> str:
    return {"province": f"{region[:2]}%", "city": f"{region[:4]}%"}.get(level_of(region), region)


def pay_reference(connection: Connection, occupation: str, region: str) -> PayReference | None:
    """What postings offer for this occupation in this region; None where even the widest cell is too small. ``occupation``: a code of the
    2022 classification."""
    for code, place in _wider(occupation, region):
        query = (
            select(postings.c.pay_low, postings.c.pay_high, postings.c.employer_id, postings.c.uscc, postings.c.owner)
            .where(
                postings.c.state == "published",
                postings.c.occupation_code.in_(_codes(code)),
                postings.c.region.like(_place(place)),
                postings.c.pay_high.is_not(None) | postings.c.pay_low.is_not(None),
            )
            .order_by(postings.c.received_seq.desc())
            .limit(MOST_READ)
        )
        rows = connection.execute(query).all()
        middles = sorted((row.pay_low + row.pay_high) / 2 if row.pay_low and row.pay_high else row.pay_high or row.pay_low for row in rows)
        by_employer = Counter(row.employer_id or row.uscc or row.owner for row in rows)
        if shown(middles, by_employer):
            lower, median, upper = (round(_quantile(middles, part) / STEP) * STEP for part in (0.25, 0.5, 0.75))
            return PayReference(code, place, lower, median, upper, len(rows) // 10 * 10, len(by_employer) // 5 * 5)
    return None


def surveyed_pay(occupation: str, region: str, day: date) -> pay_surveys.SurveyedPay | None:
    """What a survey in force says of this occupation in this region, or of the next wider cell that it has."""
    rows = current().surveys
    cells = _wider(occupation, region) if rows else ()
    return next((found for code, place in cells if (found := pay_surveys.in_force(rows, code, place, day)) is not None), None)


def pay_of_others(
    connection: Connection, occupation: str | None, region: str | None, day: date
) -> tuple[PayReference | None, pay_surveys.SurveyedPay | None]:
    """Both sources for a posting: what others offer, and what a survey found."""
    if not occupation or not region:
        return None, None
    return pay_reference(connection, occupation, region), surveyed_pay(occupation, region, day)


def shown(middles: Sequence[float], by_employer: Counter[str]) -> bool:
    """Whether a cell is large enough to be shown."""
    enough = len(middles) >= LEAST_POSTINGS and len(by_employer) >= LEAST_EMPLOYERS
    return enough and max(by_employer.values()) <= MOST_OF_ONE * len(middles)


def _quantile(ordered: Sequence[float], part: float) -> float:
    at = part * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def note(reference: PayReference | pay_surveys.SurveyedPay, top: float) -> str | None:
    """What to tell the employer of a posting whose pay lies far below what others offer or, by a survey, pay; a note, no block."""
    if top >= FAR_BELOW * reference.lower:
        return None
    others = "同类岗位" if isinstance(reference, PayReference) else "薪酬调查中的同类岗位"
    return f"工资上限{top:g}元/月，明显低于{others}（多数在{reference.lower}—{reference.upper}元/月之间），可能招不到人"
