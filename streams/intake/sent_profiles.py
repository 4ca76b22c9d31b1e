"""People and employers that come in, and people who are to be forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import Connection, Table, delete, select, update

from matcher.shapes import Employer, Person, ShapeError, ShapeT, read_employer, read_shape
from streams.intake.consents import kept_refusals
from streams.intake.identity import posting_id_of
from streams.intake.messages import EmployerReceived, PersonDeletionReceived, PersonReceived
from streams.intake.own_words import own_employer, own_person
from streams.intake.profiles import ReadEmployer, ReadPerson, read_received_employer, read_received_person
from streams.intake.reading import NEW_ID
from streams.intake.sent import BATCH, Answer, Idempotency, Item, Rights, in_batches, items, known_rows, refused, rejected
from streams.intake.tables import employers, people, received
from streams.runtime.exchange import Exchange, Said
from streams.runtime.messages import from_json
from streams.runtime.tables import private_values, upsert

# -- people ------------------------------------------------------------------------------------------------------------


def receive_people(
    exchange: Exchange,
    raws: Iterable[Any],
    *,
    sender: str,
    defaults: Mapping[str, Any] | None = None,
    owner_allowed: Callable[[str], bool] | None = None,
    rights: Rights = Rights(),
    recorded_at: datetime | None = None,
    idempotency: Idempotency | None = None,
) -> list[Answer]:
    """People from one sender. ``private`` goes to the encrypted table, the rest is sealed with the person's own key.

    Who brings no ``person_id`` but an identity number that is known is that person again; otherwise the exchange gives an id.
    ``owner_allowed(person_id)`` says whether this credential may write that person; ``rights`` what else binds it.
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
        known = known_rows(connection, "person", ids)
        kept = _kept(connection, people, Person, ids) if rights != Rights() else {}
        answers: list[Answer] = []
        said: list[Said] = []
        rows: dict[str, dict[str, Any]] = {}
        now = (recorded_at or exchange.now()).isoformat()
        for item, one in placed:
            if isinstance(one, ShapeError):
                answers.append(rejected(item, one))
                continue
            id_ = one.person.person_id
            if item.given_id is not None and item.given_id != id_:
                answers.append(refused(item, "person_id", "another one than the address names"))
                continue
            if owner_allowed is not None and not owner_allowed(id_):
                answers.append(refused(item, "person_id", "this credential may not write this person"))
                continue
            if rights.only_senders and known.get(id_, {}).get("owner", sender) != sender:
                answers.append(refused(item, "person_id", "this credential may not write this person: somebody else sent them first"))
                continue
            old = kept.get(id_)
            no = rights.refusal(item, _regions(one.person), _regions(old) if old is not None else None)
            if no is not None:
                answers.append(no)
                continue
            if rights.own_words:
                person, said_of = own_person(one.person, old)
                one = replace(one, person=person, notes=(*one.notes, *said_of))
            if rights.only_senders:
                person, said_of = kept_refusals(one.person, old)
                one = replace(one, person=person, notes=(*one.notes, *said_of))
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

    return in_batches(exchange, read, job, idempotency)


def _regions(person: Person) -> tuple[str | None, ...]:
    return (person.region, person.registered_at)


def _kept(connection: Connection, table: Table, shape: type[ShapeT], ids: Sequence[str]) -> dict[str, ShapeT]:
    """What intake knows of these, by id."""
    key = next(iter(table.primary_key.columns))
    found: dict[str, ShapeT] = {}
    for start in range(0, len(ids), BATCH):
        rows = connection.execute(select(key, table.c.doc).where(key.in_(list(ids[start : start + BATCH]))))
        found.update({id_: read_shape(shape, from_json(document)) for id_, document in rows})
    return found


def _identified(exchange: Exchange, connection: Connection, read: ReadPerson) -> ReadPerson:
    if read.person.person_id != NEW_ID:
        return read
    id_ = None
    if "id_number" in read.private:
        id_ = person_with(exchange, connection, "id_number", read.private["id_number"])
    return replace(read, person=read.person.model_copy(update={"person_id": id_ or str(uuid4())}))


def person_with(exchange: Exchange, connection: Connection, field: str, value: str) -> str | None:
    """The person whose private ``field`` has this value, found by keyed hash; nothing is decrypted."""
    query = select(private_values.c.owner_id).where(
        private_values.c.lookup == exchange.vault.lookup(field, value),
        private_values.c.owner_kind == "person",
        private_values.c.field == field,
    )
    return connection.execute(query.order_by(private_values.c.owner_id).limit(1)).scalar()


def delete_person(exchange: Exchange, person_id: str, *, sender: str, reason: str = "own wish") -> str | None:
    """Forget a person: key and private values are destroyed in the transaction that says so. None where nobody of that id is known."""

    def job(connection: Connection) -> str | None:
        if person_id not in known_rows(connection, "person", [person_id]):
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
    rights: Rights = Rights(),
    recorded_at: datetime | None = None,
    idempotency: Idempotency | None = None,
) -> list[Answer]:
    """Employers from one sender. Without an ``employer_id`` the credit code names the employer. ``owner_allowed(employer_id)``;
    ``rights`` as for people: who speaks of itself, or is a register, cannot take a credit code that another employer has."""
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
        ids = [one.employer.employer_id for _, one in part if isinstance(one, ReadEmployer)]
        known = known_rows(connection, "employer", ids)
        kept = _kept(connection, employers, Employer, ids) if rights != Rights() else {}
        taken = _codes(connection, [one.employer.uscc for _, one in part if isinstance(one, ReadEmployer) and one.employer.uscc])
        answers: list[Answer] = []
        said: list[Said] = []
        rows: dict[str, dict[str, Any]] = {}
        now = (recorded_at or exchange.now()).isoformat()
        for item, one in part:
            if isinstance(one, ShapeError):
                answers.append(rejected(item, one))
                continue
            id_ = one.employer.employer_id
            if item.given_id is not None and item.given_id != id_:
                answers.append(refused(item, "employer_id", "another one than the address names"))
                continue
            if owner_allowed is not None and not owner_allowed(id_):
                answers.append(refused(item, "employer_id", "this credential may write its own employer only"))
                continue
            if rights.only_senders and known.get(id_, {}).get("owner", sender) != sender:
                answers.append(
                    refused(item, "employer_id", "this credential may write its own employers only: somebody else sent this one first")
                )
                continue
            old = kept.get(id_)
            no = rights.refusal(item, (one.employer.region,), (old.region,) if old is not None else None)
            if no is not None:
                answers.append(no)
                continue
            if rights.own_words:
                employer, said_of = own_employer(one.employer, old, confirmed=verified)
                one = replace(one, employer=employer, notes=(*one.notes, *said_of))
            if (rights.own_words or rights.only_senders) and taken.get(one.employer.uscc or "", {id_}) - {id_}:
                answers.append(refused(item, "uscc", "registered for another employer; ask the staff of your region to put it right"))
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

    return in_batches(exchange, read, job, idempotency)


def confirm_employer(exchange: Exchange, found: Mapping[str, Any], *, sender: str) -> str:
    """Staff confirm an employer as it stands (``queries.employer``); who sent it first stays its sender. Answers the message's id."""
    employer_id, message_id = found["employer_id"], str(uuid4())
    said = Said(EmployerReceived(employer_id=employer_id, employer=read_employer(found["employer"]), verified=True), id=message_id)

    def job(connection: Connection) -> None:
        exchange.append_within(connection, [said], source=sender)
        mine = (received.c.kind == "employer") & (received.c.id == employer_id)
        connection.execute(update(received).where(mine).values(message_id=message_id))

    exchange.write(job)
    return message_id


def _codes(connection: Connection, codes: Sequence[str]) -> dict[str, set[str]]:
    """Credit code -> ids of the employers that are registered with it."""
    found: dict[str, set[str]] = {}
    for start in range(0, len(codes), BATCH):
        query = select(employers.c.uscc, employers.c.employer_id).where(employers.c.uscc.in_(list(codes[start : start + BATCH])))
        for code, employer_id in connection.execute(query):
            found.setdefault(code, set()).add(employer_id)
    return found
