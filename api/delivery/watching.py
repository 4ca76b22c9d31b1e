"""What each role watches, as the place of the last message about it in the log and how many subjects have got past it."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from api.access.accounts import Caller
from streams.delivery.messages import InterestShown, RecommendationEnded, RecommendationIssued
from streams.hiring.messages import OpeningsTaken, StepTaken
from streams.hiring.tables import pairs as hiring_pairs
from streams.intake.messages import PostingChanged, PostingEnded, PostingHeld, PostingPublished
from streams.matching.messages import PostingMatched
from streams.runtime.tables import log, offsets
from streams.staffing.messages import GapChanged

_PERSON = tuple(cls.type for cls in (RecommendationIssued, RecommendationEnded, InterestShown))
_EMPLOYER = tuple(
    cls.type
    for cls in (PostingPublished, PostingChanged, PostingEnded, PostingHeld, PostingMatched, InterestShown, StepTaken, OpeningsTaken)
)
_STAFF = tuple(cls.type for cls in (GapChanged, PostingHeld, PostingPublished, PostingEnded, StepTaken, OpeningsTaken))


def last_change(connection: Connection, caller: Caller) -> str:
    """A mark that changes when something this caller may watch has changed (for staff and employers: also when others' has).

    A message is in the log before the subjects that keep it have handled it: the mark moves again as each of them gets past it, so that
    whoever asks at the last mark sees it everywhere.
    """
    if caller.role == "jobseeker":
        mine = select(func.max(log.c.seq)).where(log.c.key == caller.person_id, log.c.type.in_(_PERSON))
        last = int(connection.execute(mine).scalar() or 0)
        # Steps are kept by posting in the log; of a person they are known to hiring.
        steps = select(func.coalesce(func.sum(hiring_pairs.c.number), 0)).where(hiring_pairs.c.person_id == caller.person_id)
        return f"{last}.{_past(connection, last)}.{int(connection.execute(steps).scalar_one())}"
    last = max(_last_of(connection, type_) for type_ in (_EMPLOYER if caller.role == "employer" else _STAFF))
    return f"{last}.{_past(connection, last)}"


def _last_of(connection: Connection, type_: str) -> int:
    # One seek in the index of types each; all in one query would read every message of these types.
    return int(connection.execute(select(func.max(log.c.seq)).where(log.c.type == type_)).scalar() or 0)


def _past(connection: Connection, seq: int) -> int:
    return int(connection.execute(select(func.count()).where(offsets.c.seq >= seq)).scalar_one())
