"""Pure decisions of staffing: what fills which line of a shortage, what is left, who is responsible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from matcher.places import covers
from matcher.text import normalise

# Thousandths of likeness from which two titles are the same job: 焊工/二保焊工 908, 普工/操作工 797, 保安/保洁 238, 电工/电焊工 132.
ALIKE = 600

Likeness = Callable[[str, str | None, str], int]  # title, occupation code, other title -> thousandths


@dataclass(frozen=True)
class Supply:
    """What a posting has brought: hires by day, accepted offers and talks (none once it is over)."""

    posting_id: str
    title: str | None
    occupation_code: str | None
    hired_by_day: tuple[tuple[date, int], ...] = ()
    accepted: int = 0
    in_talks: int = 0
    headcount: int | None = None
    published_on: date | None = None
    ended: str | None = None

    @property
    def hired(self) -> int:
        return sum(number for _, number in self.hired_by_day)

    def hired_since(self, day: date) -> int:
        """Hires that began on that day or later."""
        return sum(number for on, number in self.hired_by_day if on >= day)


@dataclass(frozen=True)
class Line:
    title: str
    occupation_code: str | None
    reported: int
    filled: int = 0
    accepted: int = 0
    in_talks: int = 0

    @property
    def gap(self) -> int:
        return self.reported - self.filled

    def document(self) -> dict[str, Any]:
        found = {"title": self.title, "occupation_code": self.occupation_code, "reported": self.reported, "filled": self.filled}
        return {**found, "accepted": self.accepted, "in_talks": self.in_talks, "gap": self.gap}


@dataclass(frozen=True)
class Gap:
    """gap = reported - filled, in all and by line. ``elsewhere``: hires that fill no reported line, or more than was reported."""

    basis: str  # shortage | postings
    since: date | None
    lines: tuple[Line, ...] = field(default_factory=tuple)
    elsewhere: int = 0

    def total(self, name: str) -> int:
        return sum(getattr(line, name) for line in self.lines)

    def age_days(self, as_of: date) -> int:
        """Days since the shortage began; 0 once it is closed."""
        return max(0, (as_of - self.since).days) if self.since is not None and self.total("gap") > 0 else 0


def gap_of_shortage(lines: Sequence[Line], since: date, supplies: Iterable[Supply], likeness: Likeness) -> Gap:
    """What is left of a reported shortage: hires since ``since`` fill the line of the same occupation, else of the same or a like title.

    A line is never filled beyond its number; what is too much goes to the next line that fits.
    """
    filled = list(lines)
    elsewhere = 0
    for supply in sorted(supplies, key=lambda s: s.posting_id):
        places = fitting_lines(lines, supply, likeness)
        left = supply.hired_since(since)
        for place in places:
            taken = min(left, filled[place].gap)
            filled[place] = replace(filled[place], filled=filled[place].filled + taken)
            left -= taken
        elsewhere += left
        if places:
            # Talks are counted where they are most likely to end: at the best line that still has a gap.
            place = next((p for p in places if filled[p].gap > 0), places[0])
            line = filled[place]
            filled[place] = replace(line, accepted=line.accepted + supply.accepted, in_talks=line.in_talks + supply.in_talks)
    return Gap("shortage", since, tuple(filled), elsewhere)


def fitting_lines(lines: Sequence[Line], supply: Supply, likeness: Likeness) -> list[int]:
    """Places of the lines a posting can fill, best first: same occupation code, then same title, then like title."""
    found: list[tuple[int, int, int]] = []
    for place, line in enumerate(lines):
        same_code = line.occupation_code is not None and line.occupation_code == supply.occupation_code
        same_title = supply.title is not None and normalise(line.title) == normalise(supply.title)
        if same_code or same_title:
            found.append((-2 * same_code - same_title, 0, place))
        elif supply.title is not None and (alike := likeness(supply.title, supply.occupation_code, line.title)) >= ALIKE:
            found.append((0, -alike, place))
    return [place for _, _, place in sorted(found)]


def gap_of_postings(supplies: Iterable[Supply], listed_from: date | None) -> Gap:
    """Where no shortage was reported, the openings of the postings count as reported, those of one job as one line.

    An open posting counts with its headcount (one where none is stated, never fewer than were hired); one that is over counts with
    what it filled, and not at all if it was published before the employer came on the list.
    """
    lines: dict[tuple[str, str | None], Line] = {}
    since: date | None = None
    elsewhere = 0
    for supply in sorted(supplies, key=lambda s: (s.published_on or date.min, s.posting_id)):
        if supply.ended is not None and listed_from is not None and (supply.published_on or date.min) < listed_from:
            continue
        reported = supply.hired if supply.ended is not None else (supply.headcount or 1)
        filled = min(supply.hired, reported)
        elsewhere += supply.hired - filled
        if reported == 0:
            continue
        key = (normalise(supply.title or ""), supply.occupation_code)
        line = lines.get(key) or Line(supply.title or "", supply.occupation_code, 0)
        lines[key] = replace(
            line,
            reported=line.reported + reported,
            filled=line.filled + filled,
            accepted=line.accepted + supply.accepted,
            in_talks=line.in_talks + supply.in_talks,
        )
        if reported > filled and supply.published_on is not None:
            since = min(since or supply.published_on, supply.published_on)
    return Gap("postings", since, tuple(lines.values()), elsewhere)


def is_listed(has_key: bool, key_from: date | None, key_to: date | None, as_of: date) -> bool:
    """On the list of guaranteed employers that day, first and last day included (E-01)."""
    return has_key and (key_from is None or key_from <= as_of) and (key_to is None or as_of <= key_to)


def responsible(region: str | None, commissioners: Iterable[tuple[str, str]]) -> str | None:
    """The commissioner in charge of an employer in ``region``, out of (id, region) pairs: 属地, the nearest level first (000 第(一)条).

    The county's before the city's before the province's; of several at one place the first by id. None where nobody covers it.
    """
    if region is None:
        return None
    # A county code ends in neither 00 nor 0000: the fewer zeros, the nearer.
    covering = [(len(own) - len(own.rstrip("0")) if own.endswith("00") else 0, id_) for id_, own in commissioners if covers(own, region)]
    return min(covering)[1] if covering else None
