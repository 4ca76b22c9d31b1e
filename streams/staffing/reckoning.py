"""Reckons an employer's gap from staffing's own tables; shared by the handlers, which announce it, and the queries, which answer it."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, select

from matcher.likeness import likeness
from streams.runtime.messages import from_json
from streams.staffing import rules
from streams.staffing.tables import employers, openings, postings, shortages


@lru_cache(maxsize=10_000)
def alike(title: str, occupation_code: str | None, other: str) -> int:
    """Likeness of a posting's title and code to a line's title, in thousandths."""
    return likeness(title, None, occupation_code, other)


def gap_of(connection: Connection, employer_id: str) -> rules.Gap:
    """The gap as the tables stand: of the reported shortage, or where none was reported of the employer's postings."""
    shortage = connection.execute(select(shortages).where(shortages.c.employer_id == employer_id)).mappings().first()
    supplies = supplies_of(connection, employer_id)
    if shortage is not None:
        lines = [rules.Line(line["title"], line.get("occupation_code"), line["number"]) for line in from_json(shortage["lines"])]
        return rules.gap_of_shortage(lines, shortage["since"], supplies, alike)
    listed_from = connection.execute(select(employers.c.key_from).where(employers.c.employer_id == employer_id)).scalar()
    return rules.gap_of_postings(supplies, listed_from)


def supplies_of(connection: Connection, employer_id: str) -> list[rules.Supply]:
    """What each posting of an employer has brought, by posting."""
    of_openings = (openings.c.hired_by_day, openings.c.accepted, openings.c.in_talks)
    known = (
        select(postings, *of_openings)
        .select_from(postings.outerjoin(openings, openings.c.posting_id == postings.c.posting_id))
        .where(postings.c.employer_id == employer_id)
    )
    # Openings and postings come from two subjects: a posting not heard of yet counts by what its openings say of it.
    early = (
        select(openings.c.posting_id, openings.c.title, openings.c.occupation_code, *of_openings)
        .where(openings.c.employer_id == employer_id)
        .where(openings.c.posting_id.not_in(select(postings.c.posting_id)))
    )
    found = []
    for row in (*connection.execute(known).mappings(), *connection.execute(early).mappings()):
        over = row.get("ended") is not None
        days = from_json(row["hired_by_day"]) if row["hired_by_day"] is not None else {}
        found.append(
            rules.Supply(
                posting_id=row["posting_id"],
                title=row["title"],
                occupation_code=row["occupation_code"],
                hired_by_day=tuple(sorted((date.fromisoformat(day), number) for day, number in days.items())),
                # Offers and talks for a posting that is over have become moot.
                accepted=0 if over else row["accepted"] or 0,
                in_talks=0 if over else row["in_talks"] or 0,
                headcount=row.get("headcount"),
                published_on=row.get("published_on"),
                ended=row.get("ended"),
            )
        )
    return sorted(found, key=lambda supply: supply.posting_id)
