"""What intake answers: postings with their state, held ones to decide, people, employers. Read-only; every function takes a connection.

A posting is answered as a ``dict`` (``posting``): its row's plain columns, ``posting`` (contract JSON as the public sees it, without
contact), ``reasons``, ``sources``, ``notes`` and ``decision`` as values. Who may see it is the caller's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, or_, select

from streams.intake.consents import Entry
from streams.intake.messages import PostingChanged, PostingEnded, PostingHeld, PostingPublished
from streams.intake.tables import duplicates, employers, people, postings, received
from streams.regions import lies_in
from streams.runtime.messages import from_json
from streams.runtime.tables import log

Found = dict[str, Any]
MOST = 500
_PLAIN = tuple(
    column.name for column in postings.columns if column.name not in ("doc", "notes", "reasons", "decision", "sources", "content_hash")
)
_TOLD = tuple(column.name for column in people.c if column.name not in ("doc", "consents"))
_STATUS = {"published": "open", "held": "held"}
_VERSIONS = (PostingPublished.type, PostingChanged.type)
# For a page in the order of ids. Not the plain column: SQLite would take the index by state, in which nearly all are published, and sort
# half a million postings for every page of five hundred.
_PUBLISHED = postings.c.state.concat("") == "published"


# -- postings ----------------------------------------------------------------------------------------------------------


def posting(connection: Connection, posting_id: str) -> Found | None:
    """One posting in any state; ``state: received`` (and little more) where intake has not handled it yet; None where nobody sent it."""
    found = postings_by_id(connection, [posting_id]).get(posting_id)
    if found is not None:
        return found
    row = connection.execute(select(received).where(received.c.kind == "posting", received.c.id == posting_id)).mappings().first()
    if row is None:
        return None
    source, _, owner = (row["owner"] or "|").partition("|")
    empty: Found = dict.fromkeys(_PLAIN)
    return empty | {
        "posting_id": posting_id,
        "state": "received",
        "revision": 0,
        "source": source,
        "owner": owner,
        "reasons": [],
        "sources": [],
        "notes": [],
        "decision": None,
        "posting": None,
        "filled": 0,
        "hired": 0,
        "received_at": row["at"],
    }


def sent(connection: Connection, kind: str, id_: str) -> Found | None:
    """What was sent last of a posting, person or employer, handled or not: ``{message_id, owner, at}``; of postings ``owner`` is
    ``source|owner``, of the others who sent it."""
    row = connection.execute(select(received).where(received.c.kind == kind, received.c.id == id_)).mappings().first()
    return None if row is None else {name: row[name] for name in ("message_id", "owner", "at")}


def postings_by_id(connection: Connection, posting_ids: Sequence[str]) -> dict[str, Found]:
    """Those of these postings that intake has handled, by id."""
    found: dict[str, Found] = {}
    for start in range(0, len(posting_ids), MOST):
        part = list(posting_ids[start : start + MOST])
        for answer in _answers(connection, select(postings).where(postings.c.posting_id.in_(part))):
            found[answer["posting_id"]] = answer
    return found


def states_of(connection: Connection, posting_ids: Sequence[str]) -> dict[str, tuple[str, frozenset[str]]]:
    """State and rules it is held by, of those of these postings that intake has handled, by id; without their content."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for start in range(0, len(posting_ids), MOST):
        query = select(postings.c.posting_id, postings.c.state, postings.c.reasons)
        part = list(posting_ids[start : start + MOST])
        for posting_id, state, reasons in connection.execute(query.where(postings.c.posting_id.in_(part))):
            found[posting_id] = (state, frozenset(reason["rule"] for reason in from_json(reasons)) if state == "held" else frozenset())
    return found


def visible(connection: Connection, posting_ids: Sequence[str]) -> set[str]:
    """Those of these ids that are published now: what a search may show."""
    found: set[str] = set()
    for start in range(0, len(posting_ids), MOST):
        part = list(posting_ids[start : start + MOST])
        query = select(postings.c.posting_id).where(postings.c.posting_id.in_(part), postings.c.state == "published")
        found.update(connection.execute(query).scalars())
    return found


def contact_holder(connection: Connection, posting_id: str) -> str:
    """The posting under whose id the contact of this opening is kept: itself, or the one whose version is shown in its place."""
    content_from = connection.execute(select(postings.c.content_from).where(postings.c.posting_id == posting_id)).scalar()
    return content_from or posting_id


def held(connection: Connection, *, region: str | None = None, after: str | None = None, limit: int = 50) -> list[Found]:
    """Held postings for staff to decide, the longest waiting first; ``region`` covers its cities and counties. ``after``: a posting_id
    of the last page."""
    query = select(postings).where(postings.c.state == "held")
    query = in_region(query, region)
    if after is not None:
        mark = connection.execute(select(postings.c.changed_at).where(postings.c.posting_id == after)).scalar() or ""
        query = query.where(or_(postings.c.changed_at > mark, (postings.c.changed_at == mark) & (postings.c.posting_id > after)))
    return _answers(connection, query.order_by(postings.c.changed_at, postings.c.posting_id).limit(limit))


def of_employer(connection: Connection, employer_id: str, *, states: Sequence[str] | None = None, limit: int = 200) -> list[Found]:
    """An employer's postings, newest first. Those merged into another opening are among them unless ``states`` leaves them out."""
    query = select(postings).where(postings.c.employer_id == employer_id)
    if states is not None:
        query = query.where(postings.c.state.in_(list(states)))
    return _answers(connection, query.order_by(postings.c.received_at.desc(), postings.c.received_seq.desc()).limit(limit))


def of_owner(connection: Connection, source: str, owner: str, *, limit: int = 200) -> list[Found]:
    """The postings of a market, a brand or any other owner at its source, newest first."""
    query = select(postings).where(postings.c.source == source, postings.c.owner == owner)
    return _answers(connection, query.order_by(postings.c.received_at.desc(), postings.c.received_seq.desc()).limit(limit))


def published(connection: Connection, *, after: str = "", limit: int = MOST) -> list[Found]:
    """All that is public, in the order of ids, a page at a time (``after`` the last id)."""
    query = select(postings).where(_PUBLISHED, postings.c.posting_id > after)
    return _answers(connection, query.order_by(postings.c.posting_id).limit(limit))


def published_every(connection: Connection, count: int) -> list[str]:
    """Of all that is public, in the order of ids, the first of every ``count`` but for the very first: where pages of that size start."""
    place = func.row_number().over(order_by=postings.c.posting_id).label("place")
    placed = select(postings.c.posting_id, place).where(_PUBLISHED).subquery()
    query = select(placed.c.posting_id).where(placed.c.place > 1, placed.c.place % count == 1)
    return list(connection.execute(query.order_by(placed.c.posting_id)).scalars())


def published_versions(connection: Connection, start: str, limit: int) -> dict[str, str]:
    """Of all that is public, from the id ``start`` on and in the order of ids: the instant at which its last version became public."""
    query = select(postings.c.posting_id).where(_PUBLISHED, postings.c.posting_id >= start)
    ids = list(connection.execute(query.order_by(postings.c.posting_id).limit(limit)).scalars())
    found: dict[str, str] = {}
    for at in range(0, len(ids), MOST):
        # Not the row's own ``changed_at``: that moves with every answer of a jobseeker.
        said = select(log.c.key, func.max(log.c.recorded_at)).where(log.c.key.in_(ids[at : at + MOST]), log.c.type.in_(_VERSIONS))
        found.update((posting_id, instant) for posting_id, instant in connection.execute(said.group_by(log.c.key)))
    return {posting_id: found[posting_id] for posting_id in ids if posting_id in found}


def ended_at(connection: Connection, found: Found) -> str:
    """The instant at which this posting, which is not public any more, was taken down."""
    types = (*_VERSIONS, PostingHeld.type, PostingEnded.type)
    query = select(log.c.type, log.c.recorded_at).where(log.c.key == found["posting_id"], log.c.type.in_(types))
    last = connection.execute(query.order_by(log.c.seq.desc()).limit(1)).first()
    # PostgreSQL: what was said this moment may not be in the log yet. Later the row's own instant moves on with whatever touches it.
    return last.recorded_at if last is not None and last.type == PostingEnded.type else found["changed_at"]


def ending_by(connection: Connection, day: date, *, employer_id: str | None = None, limit: int = 200) -> list[Found]:
    """Public postings whose last open day is this day or earlier, soonest first: whose sources should be asked whether they still stand."""
    query = select(postings).where(postings.c.state == "published", postings.c.last_open_day <= day.isoformat())
    if employer_id is not None:
        query = query.where(postings.c.employer_id == employer_id)
    return _answers(connection, query.order_by(postings.c.last_open_day, postings.c.posting_id).limit(limit))


def merged(connection: Connection, posting_id: str) -> list[Found]:
    """What was merged into this opening, with score and evidence, eldest first: ``{posting_id, source, owner, title, score, evidence}``."""
    query = (
        select(postings.c.posting_id, postings.c.source, postings.c.owner, postings.c.title, duplicates.c.score, duplicates.c.evidence)
        .join(duplicates, duplicates.c.posting_id == postings.c.posting_id)
        .where(postings.c.merged_into == posting_id)
        .order_by(postings.c.received_at, postings.c.received_seq)
    )
    return [{**row, "evidence": from_json(row["evidence"])} for row in connection.execute(query).mappings()]


def counts(connection: Connection, *, region: str | None = None, employer_id: str | None = None) -> dict[str, int]:
    """How many postings are in which state."""
    query = in_region(select(postings.c.state, func.count()).group_by(postings.c.state), region)
    if employer_id is not None:
        query = query.where(postings.c.employer_id == employer_id)
    return {state: int(count) for state, count in connection.execute(query)}


def held_by_rule(connection: Connection, *, region: str | None = None) -> dict[str, int]:
    """How many postings each rule holds now; one that two rules hold counts for both."""
    found: dict[str, int] = {}
    for (reasons,) in connection.execute(in_region(select(postings.c.reasons).where(postings.c.state == "held"), region)):
        for rule in {reason["rule"] for reason in from_json(reasons)}:
            found[rule] = found.get(rule, 0) + 1
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def in_region(query: Select[Any], region: str | None) -> Select[Any]:
    """Postings in a region: a province by two digits, a city by four; those without a region are the province's business."""
    return query.where(lies_in(postings.c.region, region)) if region is not None else query


def _answers(connection: Connection, query: Select[Any]) -> list[Found]:
    rows = connection.execute(query).mappings().all()
    shown = [row["content_from"] for row in rows if row["content_from"]]
    others: dict[str, bytes] = {}
    if shown:
        found = connection.execute(select(postings.c.posting_id, postings.c.doc).where(postings.c.posting_id.in_(shown)))
        others = {posting_id: doc for posting_id, doc in found}
    return [_answer(row, others.get(row["content_from"])) for row in rows]


def _answer(row: RowMapping, other: bytes | None) -> Found:
    document = from_json(other if other is not None else row["doc"])
    document["posting_id"] = row["posting_id"]
    document["status"] = _STATUS.get(row["state"], "closed")
    document["filled"] = row["filled"]
    answer: Found = {name: row[name] for name in _PLAIN}
    answer["posting"] = {name: value for name, value in document.items() if value not in ({}, None)}
    for name in ("reasons", "sources", "notes"):
        answer[name] = from_json(row[name])
    answer["decision"] = from_json(row["decision"]) if row["decision"] else None
    return answer


# -- people and employers ----------------------------------------------------------------------------------------------


def person(connection: Connection, person_id: str) -> Found | None:
    """``{person_id, revision, kind, region, changed_at, person}``, ``person`` as contract JSON without private values."""
    row = connection.execute(select(people).where(people.c.person_id == person_id)).mappings().first()
    return None if row is None else {**{name: row[name] for name in _TOLD}, "person": from_json(row["doc"])}


def consents(connection: Connection, person_id: str) -> list[Entry] | None:
    """What a person agreed to and took back, the oldest first; None where there is no such person."""
    row = connection.execute(select(people.c.consents).where(people.c.person_id == person_id)).first()
    return None if row is None else from_json(row.consents) if row.consents is not None else []


def people_by_id(connection: Connection, person_ids: Sequence[str]) -> dict[str, Found]:
    """The same for many, by id."""
    found: dict[str, Found] = {}
    for start in range(0, len(person_ids), MOST):
        query = select(people).where(people.c.person_id.in_(list(person_ids[start : start + MOST])))
        for row in connection.execute(query).mappings():
            found[row["person_id"]] = {**{name: row[name] for name in _TOLD}, "person": from_json(row["doc"])}
    return found


def person_counts(connection: Connection) -> dict[str, int]:
    """How many people are registered, by kind."""
    return {kind: int(count) for kind, count in connection.execute(select(people.c.kind, func.count()).group_by(people.c.kind))}


def employer(connection: Connection, employer_id: str) -> Found | None:
    """``{employer_id, revision, name, uscc, region, verified, changed_at, employer}``, ``employer`` as contract JSON."""
    return employers_by_id(connection, [employer_id]).get(employer_id)


def employers_by_id(connection: Connection, employer_ids: Sequence[str]) -> dict[str, Found]:
    """The same for many, by id."""
    found: dict[str, Found] = {}
    for start in range(0, len(employer_ids), MOST):
        query = select(employers).where(employers.c.employer_id.in_(list(employer_ids[start : start + MOST])))
        for row in connection.execute(query).mappings():
            values = {name: row[name] for name in row if name != "doc"}
            found[row["employer_id"]] = {**values, "verified": bool(row["verified"]), "employer": from_json(row["doc"])}
    return found


def unconfirmed(connection: Connection, region: str | None, after: str | None, limit: int) -> list[Found]:
    """Employers that registered themselves and that staff have not confirmed, by id after ``after``: ``{employer_id, revision, name, uscc,
    region, changed_at, held}``, ``held`` how many of its postings wait."""
    wanted = select(employers.c.employer_id).where(employers.c.verified.is_(False), employers.c.employer_id > (after or ""))
    if region is not None:
        wanted = wanted.where(lies_in(employers.c.region, region))
    ids = list(connection.execute(wanted.order_by(employers.c.employer_id).limit(limit)).scalars())
    waiting = select(postings.c.employer_id, func.count()).where(postings.c.employer_id.in_(ids), postings.c.state == "held")
    held_of = {id_: int(count) for id_, count in connection.execute(waiting.group_by(postings.c.employer_id))}
    known = employers_by_id(connection, ids)
    told = ("employer_id", "revision", "name", "uscc", "region", "changed_at")
    return [{**{name: known[id_][name] for name in told}, "held": held_of.get(id_, 0)} for id_ in ids]


def employer_with(connection: Connection, uscc: str) -> str | None:
    """The employer registered under this credit code."""
    query = select(employers.c.employer_id).where(employers.c.uscc == uscc).order_by(employers.c.employer_id)
    return connection.execute(query.limit(1)).scalar()
