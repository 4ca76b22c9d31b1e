"""People in S shards, for a market that is larger than one machine's memory.

Matching keeps its tables and hands people and postings on: a person to the one shard that a hash of the id names, a posting to each shard
once. A shard keeps its people as columns, finds its own best K with their hints and answers with a part. When the parts of all shards are
there matching merges them: the best K of the whole are among the best K of each, so that the recommendations do not depend on S.

What keeps a pair from being missed: a shard hears of people and postings from matching alone, in one topic whose key is the shard, in the
order in which matching handled them. Whoever of the two came later finds the other, as without shards.
Postings are not split: a hundred thousand fit everywhere, and persons are held against them in matching as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import Column, Connection, Integer, LargeBinary, String, Table, bindparam, delete, func, select

from matcher.columns_people import PeopleColumns
from matcher.match_order import is_in_market, sort_key
from matcher.shapes import Employer, Person, Posting, read_shape
from streams.intake.messages import PersonChanged, PersonRegistered, PersonRemoved, PostingChanged, PostingPublished, posting_document
from streams.matching import handlers, queries, tables
from streams.matching.handlers import Found, hinted_pairs, most_pairs
from streams.matching.memory import OFF, ON, Documents, Market
from streams.matching.messages import Pair, PersonLeftMarket, PersonMatched, PostingLeftMarket, PostingMatched
from streams.runtime.messages import Envelope, Message, from_json, to_json
from streams.runtime.outcomes import Drop, Emit, Outcomes
from streams.runtime.subjects import Handler, Preparation, Subject, Topic, Topology, Work
from streams.runtime.tables import log, metadata, outbox, upsert, upsert_newer


def shard_of(person_id: str, shards: int) -> int:
    """The shard of a person; the same everywhere and for ever, as long as S is the same."""
    return int.from_bytes(hashlib.sha256(person_id.encode()).digest()[:8], "big") % shards


def placed_otherwise(connection: Connection, shards: int) -> bool:
    """Whether people were placed in another number of shards, or before there were any: a posting would not be held against them."""
    lying = connection.execute(select(shard_people.c.person_id, shard_people.c.shard).limit(1000)).all()
    if shards == 1 or lying:
        return any(shards == 1 or row.shard != str(shard_of(row.person_id, shards)) for row in lying)
    if connection.execute(select(tables.people.c.person_id).where(tables.people.c.state == ON).limit(1)).first() is None:
        return False
    # Whoever is in matching's table was placed in the same transaction, and may be on the way.
    placed = (PersonPlaced.type, PersonTakenOut.type)
    return all(connection.execute(select(said.c.id).where(said.c.type.in_(placed)).limit(1)).first() is None for said in (log, outbox))


# -- messages --------------------------------------------------------------------------------------------------------------


class PersonPlaced(Message):
    """A person who may be recommended is new or changed, to the shard that has them."""

    type: ClassVar[str] = "shard.person_placed"
    key: ClassVar[str] = "shard"
    sealed_for: ClassVar[str | None] = "person_id"
    shard: str
    person_id: str
    revision: int
    person: Person


class PersonTakenOut(Message):
    """A person is removed or wants no recommendations any more. Not sealed: it must be read when their key is destroyed."""

    type: ClassVar[str] = "shard.person_taken_out"
    key: ClassVar[str] = "shard"
    shard: str
    person_id: str
    revision: int


class PostingAnnounced(Message):
    """A posting that is new or changed, to one shard."""

    type: ClassVar[str] = "shard.posting_announced"
    key: ClassVar[str] = "shard"
    shard: str
    shards: int
    posting_id: str
    revision: int
    posting: Posting
    employer: Employer | None = None


class PartFound(Message):
    """The best of one shard for a posting, best first."""

    type: ClassVar[str] = "shard.part_found"
    key: ClassVar[str] = "posting_id"
    posting_id: str
    revision: int
    shard: str
    shards: int
    considered: int
    pairs: tuple[Pair, ...]


# -- tables ----------------------------------------------------------------------------------------------------------------

shard_people = Table(
    "shards_people",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("shard", String, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

parts = Table(
    "matching_parts",
    metadata,
    Column("posting_id", String, primary_key=True),
    Column("shard", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("part", LargeBinary, nullable=False),
)

_POSTING = select(tables.postings.c.revision, tables.postings.c.state).where(tables.postings.c.posting_id == bindparam("posting_id"))


# -- matching, which hands on and merges -----------------------------------------------------------------------------------


class _Nobody:
    """The people of matching where the shards have them."""

    def upsert(self, person: Person) -> None:
        return None

    def remove(self, person_id: str) -> None:
        return None


class WholeMarket(Market):
    """Postings, employers and documents; nobody in columns."""

    def __init__(self, settings: Mapping[str, Any]):
        super().__init__(settings)
        self.people = _Nobody()  # type: ignore[assignment]

    def load_people(self, connection: Connection) -> None:
        return None


def note_posting(message: PostingPublished, preparation: Preparation) -> Employer | None:
    market: Market = preparation.memory
    market.posting_documents.put(message.posting_id, message.posting)
    with market.lock:
        if is_in_market(message.posting):
            market.postings.upsert(message.posting)
        else:
            market.postings.remove(message.posting_id)
    return market.employer(preparation.reading, message.posting.employer.employer_id)


def announce(shards: int) -> Any:
    """The handler that keeps a posting and announces it to each shard once."""

    def announce_posting(message: PostingPublished, work: Work) -> Outcomes:
        row = work.connection.execute(_POSTING, {"posting_id": message.posting_id}).first()
        if row is not None and row.revision >= message.revision:
            return [Drop("superseded")]
        in_market = is_in_market(message.posting)
        document = {
            "posting_id": message.posting_id,
            "revision": message.revision,
            "state": ON if in_market else OFF,
            "document": to_json(posting_document(message.posting)),
        }
        upsert(work.connection, tables.postings, document)
        work.connection.execute(delete(parts).where(parts.c.posting_id == message.posting_id))
        if not in_market:
            if row is None:
                return [Drop("not a market posting")]
            return handlers.leave(message.posting_id, message.revision, "not_in_market", work)
        return [
            Emit(
                PostingAnnounced(
                    shard=str(number),
                    shards=shards,
                    posting_id=message.posting_id,
                    revision=message.revision,
                    posting=message.posting,
                    employer=work.prepared,
                )
            )
            for number in range(shards)
        ]

    return announce_posting


def merge_parts(message: PartFound, work: Work) -> Outcomes:
    """Keep a part; the last of a revision gives the posting's pairs."""
    row = work.connection.execute(_POSTING, {"posting_id": message.posting_id}).first()
    if row is None or row.revision != message.revision or row.state != ON:
        return [Drop("superseded")]
    part = {"posting_id": message.posting_id, "shard": message.shard, "revision": message.revision, "part": message.body_json()}
    upsert(work.connection, parts, part)
    here = (parts.c.posting_id == message.posting_id, parts.c.revision == message.revision)
    if work.connection.execute(select(func.count()).select_from(parts).where(*here)).scalar_one() < message.shards:
        return None
    found = [PartFound.model_validate(from_json(body)) for body in work.connection.execute(select(parts.c.part).where(*here)).scalars()]
    work.connection.execute(delete(parts).where(parts.c.posting_id == message.posting_id))
    posting = queries.postings(work.connection, [message.posting_id])[message.posting_id]
    best = merged(found, most_pairs(posting.openings_left))
    return handlers.announce_pairs(posting, message.revision, Found(best, sum(one.considered for one in found)), work, changed=True)


def merged(found: list[PartFound], most: int) -> tuple[Pair, ...]:
    """The best of all parts, ranked anew: band, priority, score, then the person's id, as in one market."""
    pairs = [pair for part in found for pair in part.pairs]
    pairs.sort(key=lambda pair: (-sort_key(round(pair.score * 10), pair.priority), pair.person_id))
    return tuple(pair.model_copy(update={"rank": place}) for place, pair in enumerate(pairs[:most], start=1))


def hand_on(shards: int) -> Any:
    """The handler that matches a person with the postings, as without shards, and hands them to their shard."""

    def match_and_place(message: PersonRegistered, work: Work) -> Outcomes:
        outcomes = list(handlers.match_person(message, work) or ())
        if outcomes == [Drop("superseded")]:
            return outcomes
        shard = str(shard_of(message.person_id, shards))
        if handlers.wants_recommendations(message.person):
            placed: Message = PersonPlaced(shard=shard, person_id=message.person_id, revision=message.revision, person=message.person)
        else:
            placed = PersonTakenOut(shard=shard, person_id=message.person_id, revision=message.revision)
        return [*(one for one in outcomes if not isinstance(one, Drop)), Emit(placed)]

    return match_and_place


def take_out(shards: int) -> Any:
    def remove_and_take_out(message: PersonRemoved, work: Work) -> Outcomes:
        outcomes = list(handlers.remove_person(message, work) or ())
        taken = PersonTakenOut(shard=str(shard_of(message.person_id, shards)), person_id=message.person_id, revision=message.revision)
        return [*(one for one in outcomes if not isinstance(one, Drop)), Emit(taken)]

    return remove_and_take_out


# -- a shard ---------------------------------------------------------------------------------------------------------------


class Shards(Market):
    """The people of the shards that this process has met, each as columns of its own, read from the table when first asked for."""

    def __init__(self, settings: Mapping[str, Any]):
        super().__init__(settings)
        self.person_documents = Documents(Person, shard_people)
        self._columns: dict[str, PeopleColumns] = {}

    def load(self, connection: Connection) -> None:
        self._columns = {}

    def columns(self, shard: str, connection: Connection) -> PeopleColumns:
        made = self._columns.get(shard)
        if made is None:
            made = PeopleColumns()
            query = select(shard_people.c.document).where(shard_people.c.shard == shard, shard_people.c.state == ON)
            for (document,) in connection.execute(query.order_by(shard_people.c.person_id)):
                made.upsert(read_shape(Person, from_json(document)))
            self._columns[shard] = made
        return made

    def independent(self, mine: str, theirs: str) -> bool:
        return mine == theirs

    def refresh(self, connection: Connection, envelope: Envelope) -> None:
        person_id = getattr(envelope.message, "person_id", None)
        if person_id is None:
            return
        self.person_documents.drop(person_id)
        self._views.pop(person_id, None)
        made = self._columns.get(envelope.key)
        if made is None:
            return
        row = connection.execute(select(shard_people).where(shard_people.c.person_id == person_id)).mappings().first()
        if row is not None and row["state"] == ON:
            made.upsert(read_shape(Person, from_json(row["document"])))
        else:
            made.remove(person_id)


def place(message: PersonPlaced, preparation: Preparation) -> None:
    shards: Shards = preparation.memory
    shards.columns(message.shard, preparation.reading).upsert(message.person)
    shards.put_person(message.person)


def keep_placed(message: PersonPlaced, work: Work) -> Outcomes:
    document = message.person.model_dump_json(exclude_none=True, by_alias=True, exclude={"private"}).encode()
    return _keep(message.person_id, message.shard, message.revision, ON, document, work)


def take(message: PersonTakenOut, preparation: Preparation) -> None:
    shards: Shards = preparation.memory
    shards.columns(message.shard, preparation.reading).remove(message.person_id)
    shards.drop_person(message.person_id)


def keep_taken(message: PersonTakenOut, work: Work) -> Outcomes:
    return _keep(message.person_id, message.shard, message.revision, OFF, b"{}", work)


def _keep(person_id: str, shard: str, revision: int, state: str, document: bytes, work: Work) -> Outcomes:
    row = {"person_id": person_id, "shard": shard, "revision": revision, "state": state, "document": document}
    return None if upsert_newer(work.connection, shard_people, row) else [Drop("superseded")]


def find_part(message: PostingAnnounced, preparation: Preparation) -> Found:
    shards: Shards = preparation.memory
    people = shards.columns(message.shard, preparation.reading)
    best, considered = people.match_counted(
        message.posting, preparation.as_of, most_pairs(message.posting.openings_left), message.employer, shards.rules
    )
    return Found(hinted_pairs(shards, preparation, message.posting, message.employer, best), considered)


def say_part(message: PostingAnnounced, work: Work) -> Outcomes:
    found: Found = work.prepared
    part = PartFound(
        posting_id=message.posting_id,
        revision=message.revision,
        shard=message.shard,
        shards=message.shards,
        considered=found.considered,
        pairs=found.pairs,
    )
    return [Emit(part)]


# -- the topology ----------------------------------------------------------------------------------------------------------

SHARDS = Subject(
    "shards",
    (
        Handler(on=PersonPlaced, handle=keep_placed, prepare=place),
        Handler(on=PersonTakenOut, handle=keep_taken, prepare=take),
        Handler(on=PostingAnnounced, handle=say_part, prepare=find_part, emits=(PartFound,)),
    ),
    memory=Shards,
    batch=32,
)
TOPICS = (
    Topic("shards", "derived", "shard", (PersonPlaced, PersonTakenOut, PostingAnnounced)),
    Topic("shards.parts", "derived", "posting", (PartFound,)),
)
NUMBERED = frozenset({"shards"})  # keyed by the shard's number


def sharded(flows: Topology, shards: int) -> Topology:
    """The topology with people in so many shards; itself for one."""
    if shards == 1:
        return flows
    changed: dict[type[Message], Handler] = {}
    for posting in (PostingPublished, PostingChanged):
        changed[posting] = Handler(on=posting, handle=announce(shards), prepare=note_posting, emits=(PostingAnnounced, PostingLeftMarket))
    for person in (PersonRegistered, PersonChanged):
        emits = (PersonMatched, PersonLeftMarket, PersonPlaced, PersonTakenOut)
        changed[person] = Handler(on=person, handle=hand_on(shards), prepare=handlers.find_postings, emits=emits)
    changed[PersonRemoved] = Handler(
        on=PersonRemoved, handle=take_out(shards), prepare=handlers.forget_person, emits=(PersonLeftMarket, PersonTakenOut)
    )
    before = flows.subject("matching")
    kept = tuple(changed.get(handler.on, handler) for handler in before.handlers)
    merging = Handler(on=PartFound, handle=merge_parts, emits=(PostingMatched, PostingLeftMarket))
    matching = replace(before, handlers=(*kept, merging), memory=WholeMarket)
    subjects = tuple(matching if subject.name == "matching" else subject for subject in flows.subjects)
    return Topology((*flows.topics, *TOPICS), (*subjects, SHARDS))
