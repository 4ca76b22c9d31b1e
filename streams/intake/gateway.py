"""The door of intake: what the API, the pages and ``gongqiao ingest`` call. Everything said comes in through here, or not at all.

Reading happens before the transaction; identity, private values, keys and the message are written in one. Answers are per item, so
that one bad line never spoils a batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

import orjson
from sqlalchemy import Connection, delete, select

from matcher.shapes import FieldError, Posting, ShapeError
from streams.intake.identity import content_hash, owner_of, owners_of, posting_id_of
from streams.intake.messages import (
    DuplicateSplit,
    EmployerReceived,
    HoldDecided,
    PersonDeletionReceived,
    PersonReceived,
    PostingConfirmed,
    PostingReceived,
    PostingWithdrawalReceived,
)
from streams.intake.profiles import ReadEmployer, ReadPerson, read_received_employer, read_received_person
from streams.intake.reading import NEW_ID, ReadPosting, read_received
from streams.intake.tables import received
from streams.runtime.exchange import Exchange, Said
from streams.runtime.tables import upsert

BATCH = 500  # items a transaction: a lost one costs little to send again, and the writer is never held for long


@dataclass(frozen=True)
class Answer:
    """What became of one item. ``line`` counts from 1. ``outcome``: ``accepted`` (appended), ``unchanged`` (the same as the last
    version; nothing was appended, ``message_id`` is that of the last version) or ``rejected`` (``errors`` says why)."""

    line: int
    outcome: Literal["accepted", "unchanged", "rejected"]
    id: str | None = None
    message_id: str | None = None
    errors: tuple[FieldError, ...] = ()
    notes: tuple[str, ...] = ()

    def accepted(self) -> dict[str, Any]:
        """As the contract's ``accepted`` entry."""
        entry: dict[str, Any] = {"line": self.line, "id": self.id, "message_id": self.message_id}
        if self.outcome == "unchanged":
            entry["unchanged"] = True
        if self.notes:
            entry["notes"] = list(self.notes)
        return entry

    def rejected(self) -> dict[str, Any]:
        """As the contract's ``rejected`` entry."""
        return {"line": self.line, "errors": [error.model_dump(exclude_none=True) for error in self.errors]}


@dataclass(frozen=True)
class Idempotency:
    """The caller's key, the scope it holds in (the credential), and what was sent."""

    scope: str
    key: str
    content: bytes


@dataclass(frozen=True)
class Item:
    """One object of a batch with its line; ``given_id`` fixes the id (PUT), ``error`` is what a reader before us found."""

    line: int
    raw: Any
    given_id: str | None = None


def items(raws: Iterable[Any]) -> list[Item]:
    """Objects as items with their lines from 1."""
    return [raw if isinstance(raw, Item) else Item(line, raw) for line, raw in enumerate(raws, start=1)]


# -- postings ----------------------------------------------------------------------------------------------------------


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
            read.append((item, read_received(item.raw, defaults=defaults)))
        except ShapeError as error:
            read.append((item, error))

    def job(connection: Connection, part: Sequence[tuple[Item, ReadPosting | ShapeError]]) -> list[Answer]:
        return _Postings(exchange, connection, sender, via, verified, owner_allowed, ids_given, recorded_at).write(part)

    return _in_batches(exchange, read, job, idempotency)


@dataclass
class _Postings:
    exchange: Exchange
    connection: Connection
    sender: str
    via: str
    verified: bool
    owner_allowed: Callable[[str, frozenset[str]], bool] | None
    ids_given: bool
    recorded_at: datetime | None

    def write(self, part: Sequence[tuple[Item, ReadPosting | ShapeError]]) -> list[Answer]:
        named = {_given_id(item, read) for item, read in part if isinstance(read, ReadPosting)} - {None}
        known = _known(self.connection, "posting", [name for name in named if name])
        placed: list[tuple[Item, ReadPosting, str, str] | Answer] = []
        for item, read in part:
            placed.append(_rejected(item, read) if isinstance(read, ShapeError) else self._place(item, read, known))
        ids = [entry[2] for entry in placed if not isinstance(entry, Answer)]
        known.update(_known(self.connection, "posting", [id_ for id_ in ids if id_ not in known]))
        answers: list[Answer] = []
        said: list[Said] = []
        rows: dict[str, dict[str, Any]] = {}
        now = (self.recorded_at or self.exchange.now()).isoformat()
        for entry in placed:
            if isinstance(entry, Answer):
                answers.append(entry)
                continue
            item, read, id_, owner = entry
            answers.append(self._say(item, read, id_, owner, known, said, rows, now))
        self.exchange.append_within(self.connection, said, source=self.sender)
        upsert(self.connection, received, list(rows.values()))
        return answers

    def _place(self, item: Item, read: ReadPosting, known: Mapping[str, Any]) -> tuple[Item, ReadPosting, str, str] | Answer:
        """Id and owner of one posting; an answer where it has no owner or belongs to somebody else."""
        posting = read.posting
        owner = owner_of(posting)
        if owner is None:
            where = {"gig_market": "market_id", "labour_brand": "brand_id"}.get(posting.source, "employer.employer_id")
            return _refused(item, where, "required: whose posting it is")
        if self.owner_allowed is not None and not self.owner_allowed(posting.source, owners_of(posting)):
            return _refused(item, _owner_field(posting), "this credential may write its own owner's postings only")
        given = _given_id(item, read)
        marked = f"{posting.source}|{owner}"
        if given is not None and given in known:
            if known[given]["owner"] != marked:
                return _refused(item, "posting_id", "this posting belongs to another owner")
            return item, read, given, owner
        if item.given_id is not None:
            return _refused(item, "posting_id", "no such posting")
        if given is not None and self.ids_given:
            return item, read, given, owner
        source_id = posting.source_id or given
        if source_id is None and self.via == "file":
            # A line without any number is known by what it says, so that the same file twice changes nothing.
            source_id = f"content:{content_hash(posting)}"
        if source_id is None:
            return item, read, str(uuid4()), owner
        read = replace(read, posting=posting.model_copy(update={"source_id": source_id}))
        return item, read, posting_id_of(posting.source, owner, source_id), owner

    def _say(
        self,
        item: Item,
        read: ReadPosting,
        id_: str,
        owner: str,
        known: dict[str, Any],
        said: list[Said],
        rows: dict[str, dict[str, Any]],
        now: str,
    ) -> Answer:
        vault = self.exchange.vault
        posting = read.posting.model_copy(update={"posting_id": id_})
        contact_hash = vault.lookup("contact", orjson.dumps(read.contact, option=orjson.OPT_SORT_KEYS).decode()) if read.contact else ""
        fingerprint = hashlib.sha256(f"{content_hash(posting)}|{contact_hash}".encode()).hexdigest()[:32]
        before = known.get(id_)
        if before is not None and before["fingerprint"] == fingerprint:
            return Answer(item.line, "unchanged", id_, before["message_id"], notes=read.notes)
        message_id = str(uuid4())
        if read.contact:
            vault.keep(self.connection, "posting", id_, dict(read.contact))
        message = PostingReceived(posting_id=id_, posting=posting, owner=owner, via=self.via, verified=self.verified, notes=read.notes)
        said.append(Said(message, id=message_id, recorded_at=self.recorded_at))
        row = {
            "kind": "posting",
            "id": id_,
            "owner": f"{posting.source}|{owner}",
            "fingerprint": fingerprint,
            "message_id": message_id,
            "at": now,
        }
        rows[id_] = row
        known[id_] = row
        return Answer(item.line, "accepted", id_, message_id, notes=read.notes)


def _given_id(item: Item, read: ReadPosting | ShapeError) -> str | None:
    if item.given_id is not None:
        return item.given_id
    if isinstance(read, ReadPosting) and read.posting.posting_id != NEW_ID:
        return read.posting.posting_id
    return None


def _owner_field(posting: Posting) -> str:
    return {"gig_market": "market_id", "labour_brand": "brand_id"}.get(posting.source, "employer.employer_id")


def withdraw_posting(exchange: Exchange, posting_id: str, reason: str, *, by: str, sender: str) -> str:
    """The source takes its posting back; answers the message's id. The same content may be sent again later."""

    def job(connection: Connection) -> str:
        # Forgotten, so that the identical posting sent again is a new version and opens it anew.
        row = {"kind": "posting", "id": posting_id}
        known = _known(connection, "posting", [posting_id]).get(posting_id)
        message = PostingWithdrawalReceived(posting_id=posting_id, reason=reason, by=by)
        message_id = exchange.append_within(connection, [Said(message)], source=sender)[0]
        if known is not None:
            values = {**known, **row, "fingerprint": "withdrawn", "message_id": message_id, "at": exchange.now().isoformat()}
            upsert(connection, received, values)
        return message_id

    return exchange.write(job)


def confirm_posting(exchange: Exchange, posting_id: str, *, by: str, sender: str) -> str:
    """The source says the posting still stands: its days start anew. Answers the message's id."""
    return exchange.append([Said(PostingConfirmed(posting_id=posting_id, by=by))], source=sender)[0]


def decide_hold(exchange: Exchange, posting_id: str, decision: Literal["release", "reject"], *, by: str, reason: str, sender: str) -> str:
    """Staff release a held posting as it is, or reject it. Answers the message's id."""
    message = HoldDecided(posting_id=posting_id, decision=decision, by=by, reason=reason)
    return exchange.append([Said(message)], source=sender)[0]


def split_duplicates(exchange: Exchange, posting_id: str, from_posting_id: str, *, by: str, sender: str) -> str:
    """Staff say that two postings are two openings; remembered. Answers the message's id."""
    message = DuplicateSplit(posting_id=posting_id, from_posting_id=from_posting_id, by=by)
    return exchange.append([Said(message)], source=sender)[0]


# -- people ------------------------------------------------------------------------------------------------------------


def receive_people(
    exchange: Exchange,
    raws: Iterable[Any],
    *,
    sender: str,
    defaults: Mapping[str, Any] | None = None,
    owner_allowed: Callable[[str], bool] | None = None,
    recorded_at: datetime | None = None,
    idempotency: Idempotency | None = None,
) -> list[Answer]:
    """People from one sender. ``private`` goes to the encrypted table, the rest is sealed with the person's own key.

    Who brings no ``person_id`` but an identity number that is known is that person again; otherwise the exchange gives an id.
    ``owner_allowed(person_id)`` says whether this credential may write that person.
    """
    read: list[tuple[Item, ReadPerson | ShapeError]] = []
    for item in items(raws):
        try:
            read.append((item, read_received_person(item.raw, defaults=defaults, person_id=item.given_id or NEW_ID)))
        except ShapeError as error:
            read.append((item, error))

    def job(connection: Connection, part: Sequence[tuple[Item, ReadPerson | ShapeError]]) -> list[Answer]:
        vault = exchange.vault
        placed = [(item, one if isinstance(one, ShapeError) else _identified(exchange, connection, one)) for item, one in part]
        ids = [one.person.person_id for _, one in placed if isinstance(one, ReadPerson)]
        known = _known(connection, "person", ids)
        answers: list[Answer] = []
        said: list[Said] = []
        rows: dict[str, dict[str, Any]] = {}
        now = (recorded_at or exchange.now()).isoformat()
        for item, one in placed:
            if isinstance(one, ShapeError):
                answers.append(_rejected(item, one))
                continue
            id_ = one.person.person_id
            if item.given_id is not None and item.given_id != id_:
                answers.append(_refused(item, "person_id", "another one than the address names"))
                continue
            if owner_allowed is not None and not owner_allowed(id_):
                answers.append(_refused(item, "person_id", "this credential may not write this person"))
                continue
            whole = orjson.dumps(
                {"person": one.person.model_dump(mode="json", exclude={"private"}), "private": one.private}, option=orjson.OPT_SORT_KEYS
            )
            fingerprint = vault.lookup("person", whole.decode())
            before = known.get(id_)
            if before is not None and before["fingerprint"] == fingerprint:
                answers.append(Answer(item.line, "unchanged", id_, before["message_id"], notes=one.notes))
                continue
            message_id = str(uuid4())
            vault.make_key(connection, id_)
            if one.private:
                vault.keep(connection, "person", id_, dict(one.private))
            said.append(Said(PersonReceived(person_id=id_, person=one.person), id=message_id, recorded_at=recorded_at))
            row = {"kind": "person", "id": id_, "owner": sender, "fingerprint": fingerprint, "message_id": message_id, "at": now}
            rows[id_] = known[id_] = row
            answers.append(Answer(item.line, "accepted", id_, message_id, notes=one.notes))
        exchange.append_within(connection, said, source=sender)
        upsert(connection, received, list(rows.values()))
        return answers

    return _in_batches(exchange, read, job, idempotency)


def _identified(exchange: Exchange, connection: Connection, read: ReadPerson) -> ReadPerson:
    if read.person.person_id != NEW_ID:
        return read
    id_ = None
    if "id_number" in read.private:
        id_ = person_with(exchange, connection, "id_number", read.private["id_number"])
    return replace(read, person=read.person.model_copy(update={"person_id": id_ or str(uuid4())}))


def person_with(exchange: Exchange, connection: Connection, field: str, value: str) -> str | None:
    """The person whose private ``field`` has this value, found by keyed hash; nothing is decrypted."""
    from streams.runtime.tables import private_values

    query = select(private_values.c.owner_id).where(
        private_values.c.lookup == exchange.vault.lookup(field, value),
        private_values.c.owner_kind == "person",
        private_values.c.field == field,
    )
    return connection.execute(query.order_by(private_values.c.owner_id).limit(1)).scalar()


def delete_person(exchange: Exchange, person_id: str, *, sender: str, reason: str = "own wish") -> str | None:
    """Forget a person: key and private values are destroyed in the transaction that says so. None where nobody of that id is known."""

    def job(connection: Connection) -> str | None:
        if person_id not in _known(connection, "person", [person_id]):
            return None
        message_id = exchange.append_within(connection, [Said(PersonDeletionReceived(person_id=person_id, reason=reason))], source=sender)[
            0
        ]
        exchange.vault.destroy_key(connection, person_id)
        connection.execute(delete(received).where(received.c.kind == "person", received.c.id == person_id))
        return message_id

    answer = exchange.write(job)
    exchange.vault.forget(person_id)  # once more: a reader may have warmed it before the commit
    return answer


# -- employers ---------------------------------------------------------------------------------------------------------


def receive_employers(
    exchange: Exchange,
    raws: Iterable[Any],
    *,
    sender: str,
    verified: bool = False,
    defaults: Mapping[str, Any] | None = None,
    owner_allowed: Callable[[str], bool] | None = None,
    recorded_at: datetime | None = None,
    idempotency: Idempotency | None = None,
) -> list[Answer]:
    """Employers from one sender. Without an ``employer_id`` the credit code names the employer. ``owner_allowed(employer_id)``."""
    read: list[tuple[Item, ReadEmployer | ShapeError]] = []
    for item in items(raws):
        try:
            one = read_received_employer(item.raw, defaults=defaults, employer_id=item.given_id or NEW_ID)
            if one.employer.employer_id == NEW_ID:
                named = posting_id_of("employer", "uscc", one.employer.uscc) if one.employer.uscc else str(uuid4())
                one = replace(one, employer=one.employer.model_copy(update={"employer_id": named}))
            read.append((item, one))
        except ShapeError as error:
            read.append((item, error))

    def job(connection: Connection, part: Sequence[tuple[Item, ReadEmployer | ShapeError]]) -> list[Answer]:
        known = _known(connection, "employer", [one.employer.employer_id for _, one in part if isinstance(one, ReadEmployer)])
        answers: list[Answer] = []
        said: list[Said] = []
        rows: dict[str, dict[str, Any]] = {}
        now = (recorded_at or exchange.now()).isoformat()
        for item, one in part:
            if isinstance(one, ShapeError):
                answers.append(_rejected(item, one))
                continue
            id_ = one.employer.employer_id
            if item.given_id is not None and item.given_id != id_:
                answers.append(_refused(item, "employer_id", "another one than the address names"))
                continue
            if owner_allowed is not None and not owner_allowed(id_):
                answers.append(_refused(item, "employer_id", "this credential may write its own employer only"))
                continue
            whole = orjson.dumps([one.employer.model_dump(mode="json", by_alias=True), verified], option=orjson.OPT_SORT_KEYS)
            fingerprint = hashlib.sha256(whole).hexdigest()[:32]
            before = known.get(id_)
            if before is not None and before["fingerprint"] == fingerprint:
                answers.append(Answer(item.line, "unchanged", id_, before["message_id"], notes=one.notes))
                continue
            message_id = str(uuid4())
            message = EmployerReceived(employer_id=id_, employer=one.employer, verified=verified)
            said.append(Said(message, id=message_id, recorded_at=recorded_at))
            row = {"kind": "employer", "id": id_, "owner": sender, "fingerprint": fingerprint, "message_id": message_id, "at": now}
            rows[id_] = known[id_] = row
            answers.append(Answer(item.line, "accepted", id_, message_id, notes=one.notes))
        exchange.append_within(connection, said, source=sender)
        upsert(connection, received, list(rows.values()))
        return answers

    return _in_batches(exchange, read, job, idempotency)


# -- shared by the three -----------------------------------------------------------------------------------------------


def _in_batches(
    exchange: Exchange,
    read: list[tuple[Item, Any]],
    job: Callable[[Connection, Sequence[tuple[Item, Any]]], list[Answer]],
    idempotency: Idempotency | None,
) -> list[Answer]:
    """Without an idempotency key in transactions of ``BATCH``; with one all in one, for the answer is remembered with it."""
    if idempotency is None:
        answers: list[Answer] = []
        for start in range(0, len(read), BATCH):
            part = read[start : start + BATCH]
            answers.extend(exchange.write(lambda connection, part=part: job(connection, part)))  # type: ignore[misc]
        return answers

    def once(connection: Connection) -> dict[str, Any]:
        return {"answers": [_to_row(answer) for answer in job(connection, read)]}

    found = exchange.once(idempotency.scope, idempotency.key, idempotency.content, once)
    return [_from_row(row) for row in found["answers"]]


def _to_row(answer: Answer) -> dict[str, Any]:
    return {
        "line": answer.line,
        "outcome": answer.outcome,
        "id": answer.id,
        "message_id": answer.message_id,
        "errors": [error.model_dump() for error in answer.errors],
        "notes": list(answer.notes),
    }


def _from_row(row: Mapping[str, Any]) -> Answer:
    errors = tuple(FieldError.model_validate(error) for error in row["errors"])
    return Answer(row["line"], row["outcome"], row["id"], row["message_id"], errors, tuple(row["notes"]))


def _known(connection: Connection, kind: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), BATCH):
        query = select(received).where(received.c.kind == kind, received.c.id.in_(list(ids[start : start + BATCH])))
        found.update({row["id"]: dict(row) for row in connection.execute(query).mappings()})
    return found


def _rejected(item: Item, error: ShapeError) -> Answer:
    return Answer(item.line, "rejected", errors=tuple(error.errors))


def _refused(item: Item, field: str, message: str) -> Answer:
    return Answer(item.line, "rejected", errors=(FieldError(field=field, message=message),))
