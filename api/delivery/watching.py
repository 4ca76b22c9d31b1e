"""What each role watches: whether a message of the log concerns a caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from api.access import scope
from api.access.accounts import Caller
from streams.delivery.messages import InterestShown, RecommendationEnded, RecommendationIssued
from streams.hiring.messages import OpeningsTaken, StepTaken
from streams.intake import queries as intake
from streams.intake.messages import PostingChanged, PostingEnded, PostingHeld, PostingPublished
from streams.matching.messages import PostingMatched
from streams.runtime.tables import log
from streams.staffing.messages import GapChanged
from streams.staffing.tables import employers

_PERSON = tuple(cls.type for cls in (RecommendationIssued, RecommendationEnded, InterestShown))
_OFFERS = (PostingPublished, PostingChanged, PostingEnded, PostingHeld)
_POSTINGS = tuple(cls.type for cls in (*_OFFERS, PostingMatched, OpeningsTaken, StepTaken))
_STAFF = tuple(cls.type for cls in (PostingHeld, PostingEnded, OpeningsTaken))
PAGE = 500  # rows looked at in one query; a connection that was away for days goes through them page by page


def last_change(connection: Connection, caller: Caller, after: int) -> int | None:
    """The place of the last message behind ``after`` that this caller may watch; None where there is none."""
    if caller.role == "jobseeker":
        types: tuple[str, ...] = _PERSON
    elif caller.role == "employer":
        types = _POSTINGS
    elif caller.role in scope.STAFF:
        types = (*_STAFF, GapChanged.type)
    else:
        types = _POSTINGS
    query = select(log.c.seq, log.c.key, log.c.type).where(log.c.type.in_(types))
    if caller.role == "jobseeker":
        query = query.where(log.c.key == caller.person_id)
    before: int | None = None
    while True:
        # From the end backwards: the last one that concerns the caller is all that is asked for.
        bounds = log.c.seq > after if before is None else (log.c.seq > after) & (log.c.seq < before)
        rows = connection.execute(query.where(bounds).order_by(log.c.seq.desc()).limit(PAGE)).all()
        if caller.role == "jobseeker":
            return rows[0].seq if rows else None
        mine = _concerned(connection, caller, rows)
        found = next((row.seq for row in rows if (row.type, row.key) in mine), None)
        if found is not None or len(rows) < PAGE:
            return found
        before = rows[-1].seq


def _concerned(connection: Connection, caller: Caller, rows: Sequence[Any]) -> set[tuple[str, str]]:
    """Type and key of those rows that are about this caller's own postings, or about postings and employers of their region."""
    keys = {(row.type, row.key) for row in rows}
    if caller.role == "administrator":
        return keys
    found: set[tuple[str, str]] = set()
    posting_ids = sorted({key for type_, key in keys if type_ != GapChanged.type})
    known = intake.postings_by_id(connection, posting_ids)
    gaps = sorted({key for type_, key in keys if type_ == GapChanged.type})
    regions: dict[str, str | None] = {}
    for start in range(0, len(gaps), PAGE):
        query = select(employers.c.employer_id, employers.c.region).where(employers.c.employer_id.in_(gaps[start : start + PAGE]))
        regions.update({employer_id: region for employer_id, region in connection.execute(query)})
    for type_, key in keys:
        if type_ == GapChanged.type:
            if scope.in_region(caller, regions.get(key)):
                found.add((type_, key))
            continue
        posting = known.get(key)
        if posting is None:
            continue
        if caller.role == "employer":
            own = posting["employer_id"] is not None and posting["employer_id"] == caller.employer_id
        elif caller.role == "commissioner":
            own = scope.in_region(caller, posting["region"])
        else:
            own = posting["owner"] in caller.owner_ids
        if own:
            found.add((type_, key))
    return found
