"""A posting that comes or changes, and the saved searches that find it: pushed within the budgets, once a posting and search.

Whether a search finds a posting is the reference evaluator's answer (``search.reference``), so it is the search's own. A person is told of
a posting once, however many of their searches find it, and not where a recommendation told them already.

Nobody is told first because of an id: a posting begins among the searches at a place of its own, and within a page the pair's hash decides
who is told while the day's budget lasts. What waits goes out oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, and_, bindparam, case, delete, exists, literal, or_, select, tuple_, update

from matcher.match_order import match_id
from search.documents import IndexDocument, document_of
from search.percolator import keys_of_document
from search.query import read_query
from search.reference import matches
from search.tree import All
from streams.delivery import rules
from streams.delivery.known_pairs import Row
from streams.delivery.messages import SearchFound
from streams.delivery.pushing import Desk
from streams.delivery.tables import finds, merged, outgoing, postings, search_keys, searches, sides
from streams.intake.messages import PostingPublished
from streams.runtime.messages import from_json
from streams.runtime.outcomes import Continue, Emit, Outcome
from streams.runtime.subjects import Preparation, Work
from streams.runtime.tables import Look, upsert

PAGE = 500  # searches looked at, or finds pushed, in one unit of work
WAITS_DAYS = 7  # what no budget had room for by then is old news
FORGOTTEN_DAYS = 365  # what ended so long ago may be told anew

_ANY = Look(select(search_keys.c.search_id).limit(1))
# Searches in a ring: those after the posting's own place first, then those before it.
_RING = case((searches.c.search_id > bindparam("first"), "0"), else_="1")
_CANDIDATES = Look(
    select(searches.c.search_id, searches.c.person_id, searches.c.parameters, _RING)
    .where(
        searches.c.search_id.in_(select(search_keys.c.search_id).where(search_keys.c.key.in_(bindparam("keys", expanding=True)))),
        or_(bindparam("ring") < _RING, and_(bindparam("ring") == _RING, searches.c.search_id > bindparam("after"))),
    )
    .order_by(_RING, searches.c.search_id)
    .limit(PAGE),
    among="keys",
)
_CONSENTED = Look(
    select(sides.c.id).where(sides.c.kind == "person", sides.c.on_market.is_(True), sides.c.id.in_(bindparam("ids", expanding=True))),
    among="ids",
)


def look_for_searches(message: PostingPublished, preparation: Preparation) -> IndexDocument | None:
    """The posting as the index holds it, cut into tokens before the transaction opens; None while nobody has saved a search."""
    if not _ANY.rows(preparation.reading):
        return None
    return document_of(message.posting, message.revision)


def find(message: PostingPublished, work: Work) -> list[Outcome]:
    """The newest version of a posting: searches that find it no longer let it go, those that find it now are told. In pages."""
    connection = work.connection
    document = work.prepared
    if document is None:
        if not _ANY.rows(connection):
            return []
        document = document_of(message.posting, message.revision)
    phase, _, after = (work.cursor or "known:").partition(":")
    if phase == "known":
        last = _let_go(connection, document, after, rules.as_text(work.envelope.recorded_at))
        if last is not None:
            return [Continue(f"known:{last}")]
    return _tell(work, document, after if phase == "ring" else "")


def _first_asked(posting_id: str) -> str:
    """After which search a posting begins: another place for each, as searches' ids are spread."""
    return str(uuid5(NAMESPACE_URL, posting_id))


@lru_cache(maxsize=20_000)
def _tree(parameters: bytes) -> All:
    """A saved search as it is asked; many people save the same one, and every posting asks them again."""
    return read_query(from_json(parameters)).tree()


def _let_go(connection: Connection, document: IndexDocument, after: str, now: str) -> str | None:
    """End what is found no longer; answers where to go on, None at the end."""
    known = connection.execute(
        select(finds.c.search_id, finds.c.match_id, searches.c.parameters)
        .join(searches, searches.c.search_id == finds.c.search_id)
        .where(finds.c.posting_id == document.posting_id, finds.c.state != "ended", finds.c.search_id > after)
        .order_by(finds.c.search_id)
        .limit(PAGE)
    ).all()
    gone = [row for row in known if not matches(document, _tree(row.parameters))]
    if gone:
        ids = [row.search_id for row in gone]
        _end(connection, and_(finds.c.posting_id == document.posting_id, finds.c.search_id.in_(ids)), "no_longer_found", now)
        cancel(connection, [row.match_id for row in gone])
    return known[-1].search_id if len(known) == PAGE else None


def asked(connection: Connection, document: IndexDocument, after: str) -> tuple[list[tuple[str, str]], int, str | None]:
    """One page of the searches that the posting is asked for: (search, person) of those that find it, how many there were, and where to
    go on; None at the end."""
    ring, _, search_id = after.partition(":")
    first = _first_asked(document.posting_id)
    rows = _CANDIDATES.rows(connection, keys=keys_of_document(document), first=first, ring=ring, after=search_id)
    met = [(search_id, person_id) for search_id, person_id, said, _ in rows if matches(document, _tree(said))]
    return met, len(rows), f"{rows[-1][3]}:{rows[-1][0]}" if len(rows) == PAGE else None


def _tell(work: Work, document: IndexDocument, after: str) -> list[Outcome]:
    connection, posting_id = work.connection, document.posting_id
    met, _, go_on = asked(connection, document, after)
    known: dict[str, Row] = {
        row["search_id"]: dict(row)
        for row in connection.execute(
            select(finds).where(finds.c.posting_id == posting_id, finds.c.search_id.in_([search_id for search_id, _ in met]))
        ).mappings()
    }
    now = rules.as_text(work.envelope.recorded_at)
    fresh: list[Row] = []
    for search_id, person_id in met:
        row = known.get(search_id)
        if row is None:
            row = _new(search_id, posting_id, person_id, now)
        elif row["state"] != "ended":
            continue
        fresh.append(row)
    fresh.sort(key=lambda row: (row["match_id"], row["search_id"]))
    outcomes: list[Outcome] = list(_Teller(work, fresh).decide())
    if go_on is not None:
        outcomes.append(Continue(f"ring:{go_on}"))
    return outcomes


class _Teller:
    """Decides what becomes of finds, with what delivery knows of their people and postings, and writes them."""

    def __init__(self, work: Work, rows: list[Row]):
        self._work = work
        self._rows = rows
        self._day = work.as_of.isoformat()
        self._desk = Desk(work)
        people = sorted({row["person_id"] for row in rows})
        self._desk.load([(row["person_id"], row["posting_id"]) for row in rows])
        self._consented = {id_ for (id_,) in _CONSENTED.rows(work.connection, ids=people)}
        self._told = _told(work.connection, [row["match_id"] for row in rows])
        self._told |= _told_of_twins(work.connection, people, sorted({row["posting_id"] for row in rows}))

    def decide(self) -> list[Emit]:
        for row in self._rows:
            if row["match_id"] in self._told or row["pushed_on"] is not None:
                self._show(row)
                continue
            reason = self._reason(row)
            if reason is None:
                self._show(row)
                said = SearchFound(
                    person_id=row["person_id"], search_id=row["search_id"], posting_id=row["posting_id"], match_id=row["match_id"]
                )
                self._desk.tell(row, Emit(said, discriminator=f"{row['search_id']}\x1f{row['posting_id']}"))
                self._told.add(row["match_id"])
                continue
            row.update(state="held", reason=reason, held_on=self._day if reason in rules.WAITING_FOR_A_DAY else None)
            if reason not in (rules.NOTHING_NEW, rules.NO_CONSENT):
                self._desk.note_find(row, reason)
        upsert(self._work.connection, finds, self._rows)
        return self._desk.close()

    def _show(self, row: Row) -> None:
        row.update(state="issued", reason=None, held_on=None, pushed_on=row["pushed_on"] or self._day)

    def _reason(self, row: Row) -> str | None:
        pair: Row = self._desk.rows.get(row["match_id"]) or {}
        answer = pair.get("answer")
        if answer == "refused" and pair["answered_on"]:
            days = (self._work.as_of - date.fromisoformat(pair["answered_on"])).days
            answer = answer if days < rules.REFUSAL_HOLDS_DAYS else None
        return rules.hold_back_find(
            answer=answer,
            issued=pair.get("state") == "issued",
            step=pair.get("step"),
            twin=self._desk.twin_answer(row["person_id"], row["posting_id"]),
            consented=row["person_id"] in self._consented,
            person_full=self._desk.is_full("person", row["person_id"]),
            posting_full=self._desk.is_full("posting", row["posting_id"]),
        )


def _told(connection: Connection, ids: list[str]) -> set[str]:
    """Those of these pairs whose person was told of the posting by another of their searches."""
    query = select(finds.c.match_id).where(finds.c.match_id.in_(sorted(set(ids))), finds.c.pushed_on.is_not(None))
    return set(connection.execute(query).scalars()) if ids else set()


def _told_of_twins(connection: Connection, people: list[str], openings: list[str]) -> set[str]:
    """Pairs whose person was told of the same opening under another id that was merged into it."""
    if not people:
        return set()
    query = (
        select(finds.c.person_id, merged.c.merged_into)
        .join(merged, merged.c.posting_id == finds.c.posting_id)
        .where(merged.c.merged_into.in_(openings), finds.c.person_id.in_(people), finds.c.pushed_on.is_not(None))
    )
    return {match_id(person_id, into) for person_id, into in connection.execute(query)}


def push_found(work: Work) -> list[Outcome]:
    """A new day: what had no room goes out, oldest first, as far as it is still true. In pages, cursor ``found:…``."""
    connection, day = work.connection, work.as_of.isoformat()
    query = select(finds, postings.c.document).join(postings, postings.c.posting_id == finds.c.posting_id, isouter=True)
    query = query.where(finds.c.held_on.is_not(None), finds.c.held_on < day)
    order = (finds.c.changed_at, finds.c.match_id, finds.c.search_id)
    after = (work.cursor or "").removeprefix("found:").split("\x1f")
    if len(after) == len(order):
        query = query.where(tuple_(*order) > tuple_(*map(literal, after)))
    rows = [dict(row) for row in connection.execute(query.order_by(*order).limit(PAGE)).mappings()]
    too_old = _ago(work, WAITS_DAYS)
    still: list[Row] = []
    over: list[Row] = []
    for row in rows:
        document = row.pop("document")
        open_ = row["changed_at"] >= too_old and _is_open(from_json(document) if document is not None else {}, day)
        (still if open_ else over).append(row)
    for row in over:
        row.update(state="ended", reason="expired", held_on=None)
    upsert(connection, finds, over)
    outcomes: list[Outcome] = list(_Teller(work, still).decide())
    if len(rows) == PAGE:
        outcomes.append(Continue("found:" + "\x1f".join(rows[-1][column.name] for column in order)))
    return outcomes


def _is_open(document: dict[str, Any], day: str) -> bool:
    """As far as delivery knows: intake says the rest, but perhaps later in the same tick."""
    ends = [str(document[name])[:10] for name in ("apply_by", "starts_at") if document.get(name)]
    return all(end >= day for end in ends)


# -- what ends it --------------------------------------------------------------------------------------------------------


def end_finds(connection: Connection, posting_id: str, reason: str, now: str) -> None:
    """The posting is held or over: it leaves every inbox, and nothing of it goes out any more."""
    ids = select(finds.c.match_id).where(finds.c.posting_id == posting_id, finds.c.state != "ended")
    gone = list(connection.execute(ids).scalars())
    if gone:
        _end(connection, finds.c.posting_id == posting_id, reason, now)
        cancel(connection, gone)


def end_finds_of_person(connection: Connection, person_id: str, reason: str, now: str) -> None:
    """The person is served no longer: their searches stay, what they found does not."""
    gone = list(connection.execute(select(finds.c.match_id).where(finds.c.person_id == person_id, finds.c.state != "ended")).scalars())
    if gone:
        _end(connection, finds.c.person_id == person_id, reason, now)
        cancel(connection, gone)


def forget_searches(connection: Connection, person_id: str) -> None:
    """Nothing stays of what somebody searched for."""
    own = select(searches.c.search_id).where(searches.c.person_id == person_id)
    connection.execute(delete(search_keys).where(search_keys.c.search_id.in_(own)))
    connection.execute(delete(searches).where(searches.c.person_id == person_id))
    connection.execute(delete(finds).where(finds.c.person_id == person_id))


def sweep_finds(work: Work) -> None:
    """What ended long ago is forgotten."""
    work.connection.execute(delete(finds).where(finds.c.state == "ended", finds.c.changed_at < _ago(work, FORGOTTEN_DAYS)))


def cancel(connection: Connection, ids: Iterable[str]) -> None:
    """Nothing is sent outside for these pairs, unless another search of the same person still finds the posting."""
    still = exists().where(finds.c.match_id == outgoing.c.match_id, finds.c.state == "issued")
    waiting = outgoing.c.state.in_(("waiting", "due"))
    connection.execute(
        update(outgoing)
        .where(outgoing.c.match_id.in_(sorted(set(ids))), outgoing.c.kind == "found", waiting, ~still)
        .values(state="cancelled")
    )


def _end(connection: Connection, which: Any, reason: str, now: str) -> None:
    ended = {"state": "ended", "reason": reason, "held_on": None, "changed_at": now}
    connection.execute(update(finds).where(which, finds.c.state != "ended").values(**ended))


def _new(search_id: str, posting_id: str, person_id: str, now: str) -> Row:
    return {
        "search_id": search_id, "posting_id": posting_id, "person_id": person_id, "match_id": match_id(person_id, posting_id),
        "state": "held", "reason": None, "held_on": None, "pushed_on": None, "changed_at": now,
    }  # fmt: skip


def _ago(work: Work, days: int) -> str:
    return rules.as_text(work.envelope.recorded_at - timedelta(days=days))
