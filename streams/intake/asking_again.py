"""Whoever said something long ago is asked whether it still stands: a person after 90 days, a source before its posting expires.

Asked once, on the first tick of the day on which it is due; a new version or a confirmation starts the days anew. Nobody is left out for
not answering: a person goes on being served, and a posting sinks by its freshness and ends on its day as it always did.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from matcher.blockers import last_open_day
from matcher.days import day_of, in_shanghai
from matcher.shapes import read_posting
from streams.intake.freshness import ASK_DAYS
from streams.intake.messages import EmployerAskedToConfirm, PersonAskedToConfirm, PersonConfirmed
from streams.intake.openings import Openings
from streams.intake.tables import people, postings
from streams.runtime.clock import ClockTick
from streams.runtime.messages import from_json
from streams.runtime.outcomes import Continue, Drop, Emit, Outcome, Outcomes
from streams.runtime.subjects import Work

PERSON_DAYS = 90
PAGE = 200
PEOPLE, POSTINGS = "ask_people", "ask_postings"  # phases of a tick, in cursors


def begins_a_day(message: ClockTick) -> bool:
    """Whether this is the first tick of its day: what is asked by the day is looked for once."""
    return message.last is None or day_of(message.last) != day_of(message.instant)


def ask_again(work: Work, openings: Openings) -> Outcomes:
    """People, then sources; in pages."""
    phase, _, after = (work.cursor or "").partition(":")
    if phase == PEOPLE:
        said, last = _ask_people(work, after)
        return [*said, Continue(f"{PEOPLE}:{last}" if last is not None else f"{POSTINGS}:")]
    said, last = _ask_sources(work, openings, after)
    return [*said, Continue(f"{POSTINGS}:{last}")] if last is not None else said


def _ask_people(work: Work, after: str) -> tuple[list[Outcome], str | None]:
    """Those who said nothing for 90 days and were not asked since; and where to go on, None at the end."""
    long_ago = (work.as_of - timedelta(days=PERSON_DAYS)).isoformat()
    query = select(people.c.person_id, people.c.confirmed_on).where(
        people.c.confirmed_on <= long_ago, people.c.asked_on.is_(None), people.c.person_id > after
    )
    rows = work.connection.execute(query.order_by(people.c.person_id).limit(PAGE)).all()
    ids = [row.person_id for row in rows]
    if ids:
        work.connection.execute(update(people).where(people.c.person_id.in_(ids)).values(asked_on=work.as_of.isoformat()))
    said: list[Outcome] = [
        Emit(
            PersonAskedToConfirm(person_id=row.person_id, since=date.fromisoformat(row.confirmed_on), on=work.as_of),
            discriminator=row.person_id,
        )
        for row in rows
    ]
    return said, ids[-1] if len(ids) == PAGE else None


def _ask_sources(work: Work, openings: Openings, after: str) -> tuple[list[Outcome], str | None]:
    """Employers whose postings end within two weeks and would stand longer if they were confirmed."""
    until = (work.as_of + timedelta(days=ASK_DAYS)).isoformat()
    query = select(postings.c.posting_id, postings.c.employer_id, postings.c.title, postings.c.last_open_day, postings.c.doc).where(
        postings.c.state == "published",
        postings.c.last_open_day <= until,
        or_(postings.c.asked_until.is_(None), postings.c.asked_until != postings.c.last_open_day),
        postings.c.posting_id > after,
    )
    rows = work.connection.execute(query.order_by(postings.c.posting_id).limit(PAGE)).mappings().all()
    for last_day in sorted({row["last_open_day"] for row in rows}):
        ids = [row["posting_id"] for row in rows if row["last_open_day"] == last_day]
        work.connection.execute(update(postings).where(postings.c.posting_id.in_(ids)).values(asked_until=last_day))
    said: list[Outcome] = [
        Emit(
            EmployerAskedToConfirm(
                employer_id=row["employer_id"],
                posting_id=row["posting_id"],
                title=row["title"],
                last_day=date.fromisoformat(row["last_open_day"]),
            ),
            discriminator=row["posting_id"],
        )
        for row in rows
        if row["employer_id"] is not None and _would_stand_longer(row, work, openings)
    ]
    return said, rows[-1]["posting_id"] if len(rows) == PAGE else None


def _would_stand_longer(row: Any, work: Work, openings: Openings) -> bool:
    # A last day that the source chose itself (apply_by, the start of a gig) does not move by a confirmation.
    confirmed = read_posting(from_json(row["doc"])).model_copy(update={"confirmed_at": in_shanghai(work.envelope.recorded_at)})
    last = last_open_day(confirmed, openings.rules)
    return last is None or last.isoformat() > row["last_open_day"]


def confirm_person(message: PersonConfirmed, work: Work) -> Outcomes:
    """What the person stated still stands: the days start anew."""
    mine = people.c.person_id == message.person_id
    values = {"confirmed_on": work.as_of.isoformat(), "asked_on": None}
    return None if work.connection.execute(update(people).where(mine).values(**values)).rowcount else [Drop("no such person")]
