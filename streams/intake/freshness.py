"""Whether a posting still stands: when its source has to say so again, and what speaks for one that hires nobody.

What is shown are counts and days (posted again and again, nobody answered, nobody hired), never a verdict on why: a rare trade looks the
same as a posting that only collects addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select

from streams.intake.queries import in_region
from streams.intake.tables import postings
from streams.runtime.messages import from_json

#: A source is asked so many days before its posting expires unconfirmed; an ``apply_by`` is a day it chose itself.
ASK_DAYS = 14
#: What counts as a sign: times the same opening was public within a year, people interested and left without an answer, days public
#: without a hire.
OFTEN = 4
UNANSWERED, ANSWER_DAYS = 5, 21
LONG_DAYS = 120
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Freshness:
    """``signs``: what is unusual, in plain Chinese; empty for most. ``confirm_by``: the last day on which the source can confirm before the
    posting ends; ``ask``: whether the source should be asked now."""

    confirmed_on: date | None
    confirm_by: date | None
    ask: bool
    days_public: int
    times_public: int
    posted_again: int
    hired: int
    in_talks: int
    interested: int | None
    signs: tuple[str, ...]


def freshness(connection: Connection, posting_id: str, as_of: date, *, interested: int | None = None) -> Freshness | None:
    """How a posting stands on that day; None where intake does not know it.

    ``interested``: how many people said that they were (hiring knows); None: not asked, so that nothing is said of answers.
    """
    known = connection.execute(select(postings).where(postings.c.posting_id == posting_id)).mappings().first()
    if known is None:
        return None
    row = dict(known)
    first = row["first_public"] or row["public_since"]
    days = (as_of - date.fromisoformat(first)).days + 1 if first else 0
    again = _posted_again(connection, row, as_of)
    hired, in_talks = row["hired"], row["in_talks"] or 0
    times = row["times_public"] or 0
    until = date.fromisoformat(row["last_open_day"]) if row["last_open_day"] else None
    ask = row["state"] == "published" and until is not None and until - as_of <= timedelta(days=ASK_DAYS)
    said_last = from_json(row["doc"]).get("confirmed_at") or row["published_at"]
    found = signs(times + again, days, hired, in_talks + (row["accepted"] or 0), interested)
    return Freshness(
        date.fromisoformat(said_last[:10]) if said_last else None, until, ask, days, times, again, hired, in_talks, interested, found
    )


def signs(times: int, days: int, hired: int, answered: int, interested: int | None) -> tuple[str, ...]:
    """What is unusual about an opening that was public ``times`` times and ``days`` days."""
    found = []
    if times >= OFTEN:
        found.append(f"同一岗位一年内发布过{times}次")
    if interested is not None and interested >= UNANSWERED and not answered and not hired and days >= ANSWER_DAYS:
        found.append(f"{interested}人表示感兴趣，{days}天内没有联系任何人")
    if days >= LONG_DAYS and not hired:
        found.append(f"已发布{days}天，没有录用记录")
    return tuple(found)


def _posted_again(connection: Connection, row: Mapping[str, Any], as_of: date) -> int:
    """Other postings of the employer with the same title in the same place that ended within a year: the same opening under new numbers."""
    whose = row["employer_id"] or row["uscc"]
    if whose is None:
        return 0
    column = postings.c.employer_id if row["employer_id"] else postings.c.uscc
    query = select(func.count()).where(
        column == whose,
        postings.c.title == row["title"],
        postings.c.region == row["region"],
        postings.c.posting_id != row["posting_id"],
        postings.c.state.in_(("withdrawn", "expired")),
        postings.c.changed_at >= (as_of - YEAR).isoformat(),
        postings.c.times_public > 0,
    )
    return int(connection.execute(query).scalar() or 0)


def to_confirm(
    connection: Connection, as_of: date, *, employer_id: str | None = None, owner: str | None = None, limit: int = 200
) -> list[dict[str, Any]]:
    """Public postings of an employer or owner that end within ``ASK_DAYS`` unless their source confirms them, the soonest first."""
    until = (as_of + timedelta(days=ASK_DAYS)).isoformat()
    query = select(postings.c.posting_id, postings.c.title, postings.c.last_open_day).where(
        postings.c.state == "published", postings.c.last_open_day <= until
    )
    if employer_id is not None:
        query = query.where(postings.c.employer_id == employer_id)
    if owner is not None:
        query = query.where(postings.c.owner == owner)
    rows = connection.execute(query.order_by(postings.c.last_open_day, postings.c.posting_id).limit(limit)).mappings()
    return [{**row, "days_left": (date.fromisoformat(row["last_open_day"]) - as_of).days} for row in rows]


def unusual(connection: Connection, as_of: date, *, region: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Public postings of a region with signs that intake can see by itself (often public, long without a hire), the longest first."""
    since = (as_of - timedelta(days=LONG_DAYS - 1)).isoformat()
    query = select(
        postings.c.posting_id, postings.c.title, postings.c.employer_id, postings.c.region, postings.c.first_public,
        postings.c.times_public, postings.c.hired, postings.c.in_talks, postings.c.accepted,
    ).where(
        postings.c.state == "published",
        or_(postings.c.times_public >= OFTEN, (postings.c.first_public <= since) & (postings.c.hired == 0)),
    )  # fmt: skip
    found = []
    for row in connection.execute(
        in_region(query, region).order_by(postings.c.first_public, postings.c.posting_id).limit(limit)
    ).mappings():
        days = (as_of - date.fromisoformat(row["first_public"])).days + 1 if row["first_public"] else 0
        answered = (row["in_talks"] or 0) + (row["accepted"] or 0)
        said = signs(row["times_public"] or 0, days, row["hired"], answered, None)
        found.append({**{name: row[name] for name in ("posting_id", "title", "employer_id", "region")}, "signs": list(said)})
    return found
