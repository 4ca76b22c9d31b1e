"""What each role watches: whether a message of the log concerns a caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from api.access import scope
from api.access.accounts import Caller
from streams.delivery.messages import HintEnding, InterestShown, RecommendationEnded, RecommendationIssued, SearchFound
from streams.hiring.messages import OpeningsTaken, StepTaken
from streams.hiring.tables import pairs as hiring_pairs
from streams.hiring.tables import postings as hiring_postings
from streams.intake import queries as intake
from streams.intake.messages import PostingChanged, PostingEnded, PostingHeld, PostingPublished
from streams.matching.messages import PostingMatched
from streams.runtime.subjects import Topology
from streams.runtime.tables import log, offsets
from streams.staffing.messages import GapChanged
from streams.staffing.tables import employers

_PERSON = tuple(cls.type for cls in (RecommendationIssued, RecommendationEnded, InterestShown, HintEnding, SearchFound, StepTaken))
_OFFERS = (PostingPublished, PostingChanged, PostingEnded, PostingHeld)
_POSTINGS = tuple(cls.type for cls in (*_OFFERS, PostingMatched, InterestShown, OpeningsTaken, StepTaken))
_STAFF = tuple(cls.type for cls in (PostingPublished, PostingHeld, PostingEnded, InterestShown, OpeningsTaken, StepTaken, GapChanged))
#: Whose tables the pages of employers and staff show. What concerns a jobseeker is said by the subject that keeps it.
_KEEPERS = ("intake", "delivery", "hiring", "staffing")
PAGE = 500  # rows looked at in one query; a connection that was away for days goes through them page by page


def _watched(caller: Caller) -> tuple[str, ...]:
    if caller.role == "jobseeker":
        return _PERSON
    return _STAFF if caller.role in scope.STAFF else _POSTINGS


def settled_until(connection: Connection, topology: Topology, caller: Caller, end: int) -> int:
    """Up to where (at most ``end``) everything this caller watches is in the tables that are shown.

    A message is in the log before the subjects that keep it have handled it: whoever were told at once would look too early, and would
    not be told again.
    """
    if caller.role == "jobseeker":
        return end
    at: dict[str, int] = {name: seq for name, seq in connection.execute(select(offsets.c.subject, offsets.c.seq))}
    for name in _KEEPERS:
        for type_ in set(topology.subject(name).types) & set(_watched(caller)):
            # One seek in the index of types each.
            first = select(func.min(log.c.seq)).where(log.c.type == type_, log.c.seq > at.get(name, 0))
            waiting = connection.execute(first).scalar()
            if waiting is not None:
                end = min(end, int(waiting) - 1)
    return end


def last_change(connection: Connection, caller: Caller, after: int, until: int) -> int | None:
    """The place of the last message behind ``after``, up to ``until``, that this caller may watch; None where there is none."""
    types = _watched(caller)
    query = select(log.c.seq, log.c.key, log.c.type).where(log.c.type.in_(types))
    if caller.role == "jobseeker":
        query = query.where((log.c.key == caller.person_id) | (log.c.type == StepTaken.type))
    before = until + 1
    while True:
        # From the end backwards: the last one that concerns the caller is all that is asked for.
        bounds = (log.c.seq > after) & (log.c.seq < before)
        rows = connection.execute(query.where(bounds).order_by(log.c.seq.desc()).limit(PAGE)).all()
        mine = _concerned(connection, caller, rows)
        found = next((row.seq for row in rows if (row.type, row.key) in mine), None)
        if found is not None or len(rows) < PAGE:
            return found
        before = rows[-1].seq


def _concerned(connection: Connection, caller: Caller, rows: Sequence[Any]) -> set[tuple[str, str]]:
    """Type and key of those rows that are about the caller, their own postings, or postings and employers of their region."""
    keys = {(row.type, row.key) for row in rows}
    if caller.role == "administrator":
        return keys
    if caller.role == "jobseeker":
        return _of_person(connection, caller.person_id, keys)
    found: set[tuple[str, str]] = set()
    interested = sorted({key for type_, key in keys if type_ == InterestShown.type})
    found.update((InterestShown.type, person_id) for person_id in _at_own_postings(connection, caller, interested))
    posting_ids = sorted({key for type_, key in keys if type_ not in (GapChanged.type, InterestShown.type)})
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
        if posting is not None and _is_own(caller, posting):
            found.add((type_, key))
    return found


def _of_person(connection: Connection, person_id: str | None, keys: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What has the person as its key, and steps (kept by posting) of postings the person has to do with."""
    found = {(type_, key) for type_, key in keys if key == person_id and type_ != StepTaken.type}
    stepped = sorted({key for type_, key in keys if type_ == StepTaken.type})
    for start in range(0, len(stepped), PAGE):
        part = stepped[start : start + PAGE]
        query = select(hiring_pairs.c.posting_id).where(hiring_pairs.c.person_id == person_id, hiring_pairs.c.posting_id.in_(part))
        found.update((StepTaken.type, posting_id) for posting_id in connection.execute(query).scalars())
    return found


def _at_own_postings(connection: Connection, caller: Caller, person_ids: list[str]) -> set[str]:
    """Those of these people who are known at a posting of this caller's: interest is said with the person alone as its key."""
    found: set[str] = set()
    for start in range(0, len(person_ids), PAGE):
        query = (
            select(hiring_pairs.c.person_id, hiring_pairs.c.posting_id, hiring_postings.c.employer_id)
            .join(hiring_postings, hiring_postings.c.posting_id == hiring_pairs.c.posting_id)
            .where(hiring_pairs.c.person_id.in_(person_ids[start : start + PAGE]))
        )
        rows = connection.execute(query).all()
        if caller.role == "employer":
            found.update(row.person_id for row in rows if row.employer_id is not None and row.employer_id == caller.employer_id)
            continue
        known = intake.postings_by_id(connection, sorted({row.posting_id for row in rows}))
        own = {posting_id for posting_id, posting in known.items() if _is_own(caller, posting)}
        found.update(row.person_id for row in rows if row.posting_id in own)
    return found


def _is_own(caller: Caller, posting: dict[str, Any]) -> bool:
    if caller.role == "employer":
        return posting["employer_id"] is not None and posting["employer_id"] == caller.employer_id
    if caller.role == "commissioner":
        return scope.in_region(caller, posting["region"])
    return posting["owner"] in caller.owner_ids
