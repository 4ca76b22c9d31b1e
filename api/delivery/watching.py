"""What each role watches, as the place of the last message about it in the log."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from api.access.accounts import Caller
from streams.delivery.messages import InterestShown, RecommendationEnded, RecommendationIssued
from streams.hiring.messages import OpeningsTaken
from streams.intake.messages import PostingChanged, PostingEnded, PostingHeld, PostingPublished
from streams.matching.messages import PostingMatched
from streams.runtime.tables import log
from streams.staffing.messages import GapChanged

_PERSON = tuple(cls.type for cls in (RecommendationIssued, RecommendationEnded, InterestShown))
_EMPLOYER = tuple(cls.type for cls in (PostingPublished, PostingChanged, PostingEnded, PostingHeld, PostingMatched, OpeningsTaken))
_STAFF = tuple(cls.type for cls in (GapChanged, PostingHeld, OpeningsTaken))


def last_change(connection: Connection, caller: Caller) -> str:
    """A mark that changes when something this caller may watch has changed (for staff and employers: also when others' has)."""
    query = select(func.max(log.c.seq))
    if caller.role == "jobseeker":
        query = query.where(log.c.key == caller.person_id, log.c.type.in_(_PERSON))
    elif caller.role == "employer":
        query = query.where(log.c.type.in_(_EMPLOYER))
    else:
        query = query.where(log.c.type.in_(_STAFF))
    return str(connection.execute(query).scalar() or 0)
