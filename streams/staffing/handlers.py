"""Keeps the list of key employers and their shortages, and announces each gap the moment it changes."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import bindparam, select

from matcher.days import day_of
from streams.hiring.messages import OpeningsTaken
from streams.intake.messages import EmployerRegistered, PostingChanged, PostingEnded, PostingPublished
from streams.runtime.clock import ClockTick
from streams.runtime.messages import to_json
from streams.runtime.outcomes import Continue, Drop, Emit, Outcome, Outcomes
from streams.runtime.subjects import Handler, Subject, Work
from streams.runtime.tables import Look, insert_new, upsert
from streams.staffing import rules
from streams.staffing.messages import GapChanged, ShortageReported
from streams.staffing.reckoning import gap_of
from streams.staffing.tables import employers, gaps, listings, openings, postings, shortages

PAGE = 200  # employers looked at in one unit of work of a tick

# Asked with every posting, and so made once: making one takes 70 us, running it 20.
_POSTING = select(postings).where(postings.c.posting_id == bindparam("id"))
_EMPLOYER = select(employers).where(employers.c.employer_id == bindparam("id"))
_LAST = select(gaps).where(gaps.c.employer_id == bindparam("id"))
# Most employers are watched by nobody, and each of their postings asks.
_WATCHED = tuple(
    Look(query)
    for query in (
        select(shortages.c.employer_id).where(shortages.c.employer_id == bindparam("id")),
        select(gaps.c.employer_id).where(gaps.c.employer_id == bindparam("id")),
        select(employers.c.employer_id).where(employers.c.employer_id == bindparam("id"), employers.c.has_key),
    )
)


def keep_employer(message: EmployerRegistered, work: Work) -> Outcomes:
    """The employer and its entry on the list of guaranteed employers."""
    known = work.connection.execute(select(employers).where(employers.c.employer_id == message.employer_id)).mappings().first()
    if known is not None and known["revision"] >= message.revision:
        return [Drop("superseded")]
    employer = message.employer
    key = employer.key
    row = {
        "employer_id": message.employer_id,
        "revision": message.revision,
        "name": employer.name,
        "region": employer.region,
        "size": employer.size,
        "ownership": employer.ownership,
        "has_key": key is not None,
        "key_class": key.class_ if key is not None else None,
        "key_level": key.level if key is not None else None,
        "key_from": key.from_ if key is not None else None,
        "key_to": key.to if key is not None else None,
        "listed": known["listed"] if known is not None else False,
    }
    _note_listing(work, row, was=dict(known) if known is not None else row)
    upsert(work.connection, employers, row)
    return _announce(work, message.employer_id)


def _note_listing(work: Work, row: dict[str, Any], was: dict[str, Any]) -> bool:
    """Note entry to or exit from the list; whether there was one. An exit carries the ground of the entry it ends."""
    now = rules.is_listed(row["has_key"], row["key_from"], row["key_to"], work.as_of)
    if now == row["listed"]:
        return False
    row["listed"] = now
    ground = row if now else was
    event = {
        "employer_id": row["employer_id"],
        "day": work.as_of,
        "event": "entered" if now else "left",
        "key_class": ground["key_class"],
        "key_level": ground["key_level"],
    }
    insert_new(work.connection, listings, event)
    return True


def take_shortage(message: ShortageReported, work: Work) -> Outcomes:
    """The newest report replaces the one before: it says how many are missing since that day."""
    known = work.connection.execute(select(shortages).where(shortages.c.employer_id == message.employer_id)).mappings().first()
    lines = to_json([line.model_dump(mode="json", exclude_none=True) for line in message.lines])
    if known is not None and known["lines"] == lines and known["since"] == message.since:
        return [Drop("said before")]
    row = {
        "employer_id": message.employer_id,
        "number": (known["number"] if known is not None else 0) + 1,
        "since": message.since,
        "reported_on": work.as_of,
        "by": message.by,
        "lines": lines,
    }
    upsert(work.connection, shortages, row)
    return _announce(work, message.employer_id)


def keep_posting(message: PostingPublished, work: Work) -> Outcomes:
    """Postings give hires their occupation, and stand for a shortage where none was reported."""
    known = work.connection.execute(_POSTING, {"id": message.posting_id}).mappings().first()
    if known is not None and known["revision"] >= message.revision:
        return [Drop("superseded")]
    posting = message.posting
    row: dict[str, Any] = {
        "posting_id": message.posting_id,
        "revision": message.revision,
        "employer_id": posting.employer.employer_id,
        "title": posting.title,
        "occupation_code": posting.occupation_code,
        "headcount": posting.headcount,
        "published_on": day_of(posting.published_at) if posting.published_at is not None else _first_day(known, work),
        "ended": None,
    }
    upsert(work.connection, postings, row)
    return _announce(work, row["employer_id"], known["employer_id"] if known is not None else None)


def _first_day(known: Any, work: Work) -> date:
    return known["published_on"] if known is not None and known["published_on"] is not None else work.as_of


def end_posting(message: PostingEnded, work: Work) -> Outcomes:
    known = work.connection.execute(select(postings).where(postings.c.posting_id == message.posting_id)).mappings().first()
    if known is None:
        return [Drop("never published")]
    if known["revision"] >= message.revision:
        return [Drop("superseded")]
    upsert(work.connection, postings, {**known, "revision": message.revision, "ended": message.cause})
    return _announce(work, known["employer_id"])


def count_openings(message: OpeningsTaken, work: Work) -> Outcomes:
    """Every confirmed hire makes the gap smaller at once; an offer and a talk stand beside it."""
    known = work.connection.execute(select(openings.c.revision).where(openings.c.posting_id == message.posting_id)).scalar()
    if known is not None and known >= message.revision:
        return [Drop("superseded")]
    row = {
        "posting_id": message.posting_id,
        "revision": message.revision,
        "hired": message.hired,
        "accepted": message.accepted,
        "in_talks": message.in_talks,
        "hired_by_day": to_json({day.isoformat(): number for day, number in sorted(message.hired_by_day.items())}),
        "employer_id": message.employer_id,
        "title": message.title,
        "occupation_code": message.occupation_code,
    }
    upsert(work.connection, openings, row)
    of_posting = work.connection.execute(select(postings.c.employer_id).where(postings.c.posting_id == message.posting_id)).scalar()
    return _announce(work, of_posting or message.employer_id)


def follow_the_list(message: ClockTick, work: Work) -> Outcomes:
    """Entries and exits come with their day, in pages."""
    after = work.cursor or ""
    query = select(employers).where(employers.c.has_key, employers.c.employer_id > after).order_by(employers.c.employer_id).limit(PAGE)
    rows = work.connection.execute(query).mappings().all()
    outcomes: list[Outcome] = []
    for known in rows:
        row = dict(known)
        if _note_listing(work, row, was=row):
            upsert(work.connection, employers, row)
            outcomes.extend(_announce(work, row["employer_id"], always=True))
    if len(rows) == PAGE:
        outcomes.append(Continue(rows[-1]["employer_id"]))
    return outcomes


def _announce(work: Work, *employer_ids: str | None, always: bool = False) -> list[Outcome]:
    """Reckon the gaps of these employers anew and announce those that changed; employers that nobody watches have none."""
    outcomes: list[Outcome] = []
    for employer_id in dict.fromkeys(id_ for id_ in employer_ids if id_ is not None):
        connection = work.connection
        if not any(look.rows(connection, id=employer_id) for look in _WATCHED):
            continue
        employer = connection.execute(_EMPLOYER, {"id": employer_id}).mappings().first()
        last = connection.execute(_LAST, {"id": employer_id}).mappings().first()
        found = gap_of(connection, employer_id)
        row: dict[str, Any] = {
            "employer_id": employer_id,
            "region": employer["region"] if employer is not None else None,
            "basis": found.basis,
            "since": found.since,
            **{name: found.total(name) for name in ("reported", "filled", "accepted", "in_talks", "gap")},
            "lines": to_json([line.document() for line in found.lines]),
        }
        if last is not None and not always and all(last[name] == value for name, value in row.items()):
            continue
        row["revision"] = (last["revision"] if last is not None else 0) + 1
        upsert(connection, gaps, row)
        outcomes.append(Emit(GapChanged(**{name: row[name] for name in GapChanged.model_fields})))
    return outcomes


SUBJECT = Subject(
    "staffing",
    (
        Handler(on=EmployerRegistered, handle=keep_employer, emits=(GapChanged,)),
        Handler(on=ShortageReported, handle=take_shortage, emits=(GapChanged,)),
        Handler(on=PostingPublished, handle=keep_posting, emits=(GapChanged,)),
        Handler(on=PostingChanged, handle=keep_posting, emits=(GapChanged,)),
        Handler(on=PostingEnded, handle=end_posting, emits=(GapChanged,)),
        Handler(on=OpeningsTaken, handle=count_openings, emits=(GapChanged,)),
        Handler(on=ClockTick, handle=follow_the_list, emits=(GapChanged,)),
    ),
    rest=0.1,
)
