"""Postings that come in: whose they are, which id they have, whether they say anything new; then the message, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import Connection, select

from matcher.days import day_of
from matcher.shapes import Posting, ShapeError
from streams.intake.identity import content_hash, owners_of, posting_id_of
from streams.intake.messages import PostingConfirmed, PostingReceived
from streams.intake.reading import NEW_ID, ReadPosting, read_received
from streams.intake.sent import BATCH, Answer, Idempotency, Item, Rights, in_batches, items, known_rows, refused, rejected
from streams.intake.tables import employers, postings, received
from streams.runtime.exchange import Exchange, Said
from streams.runtime.tables import upsert

CONFIRMED_AFTER = timedelta(days=7)


def receive_postings(
    exchange: Exchange,
    raws: Iterable[Any],
    *,
    sender: str,
    via: str = "api",
    verified: bool = False,
    defaults: Mapping[str, Any] | None = None,
    owner_allowed: Callable[[str, frozenset[str]], bool] | None = None,
    ids_given: bool = False,
    rights: Rights = Rights(),
    recorded_at: datetime | None = None,
    idempotency: Idempotency | None = None,
) -> list[Answer]:
    """Postings from one sender (JSON objects, or ``Item`` with line and fixed id); durable when it answers.

    ``sender`` becomes the messages' source (no personal data). ``defaults`` fills in what is true of all (``source``, ``employer``,
    ``market_id``, ``brand_id``). ``owner_allowed(source, names)`` says whether this credential may write a posting of that source whose
    owner goes by these names; None allows all. ``ids_given`` takes a ``posting_id`` as it is (the sample, a restore); otherwise the
    exchange gives it, and a sender's own ``posting_id`` counts as its ``source_id`` where there is none.
    """
    read: list[tuple[Item, ReadPosting | ShapeError]] = []
    for item in items(raws):
        try:
            one = read_received(item.raw, defaults=defaults)
            read.append((item, replace(one, notes=(*item.notes, *one.notes))))
        except ShapeError as error:
            read.append((item, error))

    def job(connection: Connection, part: Sequence[tuple[Item, ReadPosting | ShapeError]]) -> list[Answer]:
        return _Postings(exchange, connection, sender, via, verified, owner_allowed, ids_given, rights, recorded_at).write(part)

    return in_batches(exchange, read, job, idempotency)


@dataclass(frozen=True)
class _Place:
    """An id a posting may have, the owner under which it has it, and what the source calls it. ``fixed``: the caller brought the id."""

    id: str
    source: str
    owner: str
    source_id: str | None
    fixed: bool = False

    @property
    def mark(self) -> str:
        """Source and owner as ``received`` keeps them."""
        return f"{self.source}|{self.owner}"


@dataclass
class _Postings:
    exchange: Exchange
    connection: Connection
    sender: str
    via: str
    verified: bool
    owner_allowed: Callable[[str, frozenset[str]], bool] | None
    ids_given: bool
    rights: Rights
    recorded_at: datetime | None
    _registered: dict[str, str] = field(default_factory=dict)

    def write(self, part: Sequence[tuple[Item, ReadPosting | ShapeError]]) -> list[Answer]:
        self._registered = self._employers_of(part) if self.owner_allowed is not None else {}
        candidates = {item.line: self._candidates(item, read) for item, read in part if isinstance(read, ReadPosting)}
        wanted = {place.id for places in candidates.values() if not isinstance(places, Answer) for place in places}
        known = known_rows(self.connection, "posting", sorted(wanted))
        places_kept = self._regions_of(sorted(known)) if self.rights.in_charge is not None else {}
        answers: list[Answer] = []
        said: list[Said] = []
        rows: dict[str, dict[str, Any]] = {}
        now = (self.recorded_at or self.exchange.now()).isoformat()
        for item, read in part:
            if isinstance(read, ShapeError):
                answers.append(rejected(item, read))
                continue
            places = candidates[item.line]
            place = places if isinstance(places, Answer) else self._place(item, places, known)
            if not isinstance(place, Answer):
                kept = (places_kept[place.id],) if place.id in places_kept else None
                place = self.rights.refusal(item, (read.posting.region,), kept) or place
            answers.append(place if isinstance(place, Answer) else self._say(item, read, place, known, said, rows, now))
        self.exchange.append_within(self.connection, said, source=self.sender)
        upsert(self.connection, received, list(rows.values()))
        return answers

    def _regions_of(self, ids: list[str]) -> dict[str, str | None]:
        """Posting -> region, of those that intake has handled."""
        found: dict[str, str | None] = {}
        for start in range(0, len(ids), BATCH):
            query = select(postings.c.posting_id, postings.c.region).where(postings.c.posting_id.in_(ids[start : start + BATCH]))
            found.update({posting_id: region for posting_id, region in self.connection.execute(query)})
        return found

    def _employers_of(self, part: Sequence[tuple[Item, ReadPosting | ShapeError]]) -> dict[str, str]:
        """Credit code -> id of the employers registered with the codes that occur."""
        codes = {read.posting.employer.uscc for _, read in part if isinstance(read, ReadPosting)} - {None}
        query = select(employers.c.uscc, employers.c.employer_id).where(employers.c.uscc.in_(sorted(code for code in codes if code)))
        return {code: employer_id for code, employer_id in self.connection.execute(query)}

    def _candidates(self, item: Item, read: ReadPosting) -> list[_Place] | Answer:
        """The ids this posting may have, the likeliest first; an answer where it has no owner or belongs to somebody else."""
        posting = read.posting
        owners = list(owners_of(posting))
        if not owners:
            return refused(item, _owner_field(posting), "required: whose posting it is")
        if self.owner_allowed is not None:
            own = [name for name in owners if self.owner_allowed(posting.source, frozenset((name,)))]
            uscc, employer_id = posting.employer.uscc, posting.employer.employer_id
            if not own or (uscc is not None and self._registered.get(uscc, employer_id) != employer_id):
                # Without the second condition an employer could write under somebody else's credit code, beside its own id.
                return refused(item, _owner_field(posting), "this credential may write its own owner's postings only")
            owners = [name for name in owners if name in own or (name == uscc and uscc in self._registered)]
        given = _given_id(item, read)
        source = posting.source
        places = [_Place(given, source, owner, posting.source_id, fixed=True) for owner in owners] if given is not None else []
        if item.given_id is not None:
            return places
        source_id = posting.source_id or given
        if source_id is None and self.via == "file":
            # A line without any number is known by what it says, so that the same file twice changes nothing.
            source_id = f"content:{content_hash(posting)}"
        if given is not None and self.ids_given:
            return places
        if source_id is None:
            return [_Place(str(uuid4()), source, owners[0], None)]
        return places + [_Place(posting_id_of(source, owner, source_id), source, owner, source_id) for owner in owners]

    def _place(self, item: Item, places: list[_Place], known: Mapping[str, Any]) -> _Place | Answer:
        """A known posting of this owner first; else the first id the exchange would give."""
        for place in places:
            if place.id in known and known[place.id]["owner"] == place.mark:
                return place
        fixed = [place for place in places if place.fixed]
        if fixed and any(place.id in known for place in fixed):
            return refused(item, "posting_id", "this posting belongs to another owner")
        if item.given_id is not None:
            return refused(item, "posting_id", "no such posting")
        return next(place for place in places if not place.fixed or self.ids_given)

    def _say(
        self,
        item: Item,
        read: ReadPosting,
        place: _Place,
        known: dict[str, Any],
        said: list[Said],
        rows: dict[str, dict[str, Any]],
        now: str,
    ) -> Answer:
        vault = self.exchange.vault
        id_, owner = place.id, place.owner
        posting = read.posting.model_copy(update={"posting_id": id_, "source_id": place.source_id})
        contact_hash = vault.lookup("contact", orjson.dumps(read.contact, option=orjson.OPT_SORT_KEYS).decode()) if read.contact else ""
        fingerprint = hashlib.sha256(f"{content_hash(posting)}|{contact_hash}".encode()).hexdigest()[:32]
        before = known.get(id_)
        message_id = str(uuid4())
        if before is not None and before["fingerprint"] == fingerprint:
            if not _stands_still(posting, before):
                return Answer(item.line, "unchanged", id_, before["message_id"], notes=read.notes)
            said.append(Said(PostingConfirmed(posting_id=id_, by=self.sender), id=message_id, recorded_at=self.recorded_at))
            rows[id_] = known[id_] = {**before, "message_id": message_id, "at": now}
            return Answer(item.line, "confirmed", id_, message_id, notes=read.notes)
        if read.contact:
            vault.keep(self.connection, "posting", id_, dict(read.contact))
        message = PostingReceived(posting_id=id_, posting=posting, owner=owner, via=self.via, verified=self.verified, notes=read.notes)
        said.append(Said(message, id=message_id, recorded_at=self.recorded_at))
        row = {
            "kind": "posting",
            "id": id_,
            "owner": place.mark,
            "fingerprint": fingerprint,
            "message_id": message_id,
            "at": now,
        }
        rows[id_] = row
        known[id_] = row
        return Answer(item.line, "accepted", id_, message_id, notes=read.notes)


def _stands_still(posting: Posting, before: Mapping[str, Any]) -> bool:
    """Whether the same content with a later confirmation is worth a message: a list handed in daily must not announce everything daily."""
    if posting.confirmed_at is None:
        return False
    return day_of(posting.confirmed_at) - day_of(datetime.fromisoformat(before["at"])) >= CONFIRMED_AFTER


def _given_id(item: Item, read: ReadPosting | ShapeError) -> str | None:
    if item.given_id is not None:
        return item.given_id
    if isinstance(read, ReadPosting) and read.posting.posting_id != NEW_ID:
        return read.posting.posting_id
    return None


def _owner_field(posting: Posting) -> str:
    return {"gig_market": "market_id", "labour_brand": "brand_id"}.get(posting.source, "employer.employer_id")
