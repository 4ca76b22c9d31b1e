"""Years of experience that count for a posting: those in the same or a near trade add up, other trades do not count (contract.md).

Trades are near when their likeness reaches ``NEAR`` or they belong to the same 小类 of the classification of 2022. An entry without a
title, whose trade (or the posting's) cannot be told, or whose likeness reaches ``DOUBTFUL`` only, is unknown: it neither counts nor shows
that there is no experience.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from matcher.occupation_likeness import Reader
from matcher.occupations import concepts, concepts_of_title, occupation
from matcher.shapes import Experience, Person, Posting
from matcher.text import without_protected

#: Likeness in thousandths from which two titles are near trades.
NEAR = 500
#: From here to ``NEAR`` nobody can say that it is another trade: 焊工 and 铆工, 装配钳工 and 机修钳工.
DOUBTFUL = 250
#: Confidence in thousandths from which a title tells its trade; below it, the trade is unknown rather than another one.
SURE = 500
OTHER, COUNTS, UNKNOWN = 0, 1, 2


@dataclass(frozen=True)
class Years:
    """``thousandths`` of a year that count; ``unknown`` when some entry could add to them."""

    thousandths: int
    unknown: bool

    @property
    def total(self) -> float:
        return self.thousandths / 1000


def minor_of(code: str) -> str:
    """The 小类 of an occupation code, after older codes were led to the official one."""
    found = occupation(code)
    return code[:7] if found is None else found.minor


@lru_cache(maxsize=200_000)
def trade_of_title(title: str) -> str | None:
    """The 小类 a title surely means, or its family where the classification has no class (「=普工」); None where it is not sure."""
    meant = concepts_of_title(title, 3)
    if not meant or meant[0][1] < SURE:
        return None
    name = concepts()[meant[0][0]]
    return name if name.startswith("=") else minor_of(name)


def posting_trade(posting: Posting) -> str | None:
    """The 小类 of the posting, by its code, else by its title; None where neither tells."""
    return minor_of(posting.occupation_code) if posting.occupation_code is not None else trade_of_title(posting.title)


def title_standing(reader: Reader, trade: str | None, title: str) -> int:
    """Whether a past job's title is of a near trade (``COUNTS``), of another one (``OTHER``), or cannot be told (``UNKNOWN``)."""
    alike = reader(title)
    if alike >= NEAR:
        return COUNTS
    found = trades_standing(trade, trade_of_title(title))
    return UNKNOWN if found == OTHER and alike >= DOUBTFUL else found


def trades_standing(one: str | None, other: str | None) -> int:
    if one is None or other is None:
        return UNKNOWN
    return COUNTS if one == other else OTHER


def entry_standing(reader: Reader, trade: str | None, entry: Experience) -> int:
    """The standing of one entry: near by its title or its code counts; else the one that tells decides."""
    found = []
    if entry.title is not None and without_protected(entry.title):
        found.append(title_standing(reader, trade, entry.title))
    if entry.occupation_code is not None:
        found.append(trades_standing(trade, minor_of(entry.occupation_code)))
    if COUNTS in found:
        return COUNTS
    return OTHER if OTHER in found else UNKNOWN


def year_thousandths(years: float) -> int:
    return round(years * 1000)


def comparable_years(posting: Posting, person: Person, reader: Reader) -> Years | None:
    """The years that count; None where the person states no experience at all (an empty list states that there is none)."""
    if person.experience is None:
        return None
    trade = posting_trade(posting)
    total, unknown = 0, False
    for entry in person.experience:
        standing = entry_standing(reader, trade, entry)
        if standing == UNKNOWN or (standing == COUNTS and entry.years is None):
            unknown = True
        elif standing == COUNTS and entry.years is not None:
            total += year_thousandths(entry.years)
    return Years(total, unknown)
