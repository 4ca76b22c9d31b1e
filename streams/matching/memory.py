"""The matcher's arrays in memory, made of matching's own tables, and the documents asked for lately."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from threading import RLock
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, Table, bindparam, select

from matcher.blockers import Rules
from matcher.columns_loading import fill_people
from matcher.columns_people import PeopleColumns
from matcher.columns_postings import PostingColumns
from matcher.policy import Catalogue, PairStatuses, load_catalogue, pair_statuses
from matcher.policy.bulk import PersonView
from matcher.policy.counted import with_counts
from matcher.postings_loading import fill_postings
from matcher.shapes import Employer, Person, Posting, read_shape
from streams.matching import queries, tables
from streams.matching.queries import NOTHING_COUNTED, Counted
from streams.runtime.messages import Envelope, from_json
from streams.runtime.tables import Look

ON, OFF = "on", "off"  # on the market or not
LATELY = 20_000
VIEWS = 1_000_000

DocumentT = TypeVar("DocumentT", Posting, Person, Employer)


class Documents(Generic[DocumentT]):
    """Shapes by id: those changed or asked for lately from memory, the others from the subject's table.

    What a batch in hand changes is put here before it is committed, so it is never looked for in the table too early.
    """

    def __init__(self, shape: type[DocumentT], table: Table, *, keep: int = LATELY):
        self._shape: type[DocumentT] = shape
        self._key = next(iter(table.primary_key.columns))
        self._keep = keep
        self._held: OrderedDict[str, DocumentT | None] = OrderedDict()
        self._query = Look(select(self._key, table.c.document).where(self._key.in_(bindparam("ids", expanding=True))), among="ids")

    def put(self, id_: str, document: DocumentT | None) -> None:
        self._held[id_] = document
        self._held.move_to_end(id_)
        while len(self._held) > self._keep:
            self._held.popitem(last=False)

    def drop(self, id_: str) -> None:
        self._held.pop(id_, None)

    def get(self, connection: Connection, id_: str | None) -> DocumentT | None:
        return self.many(connection, [id_]).get(id_) if id_ is not None else None

    def many(self, connection: Connection, ids: Iterable[str]) -> dict[str, DocumentT]:
        """Documents by id; an id that is not known is not in the answer."""
        wanted = list(dict.fromkeys(ids))
        missing = [id_ for id_ in wanted if id_ not in self._held]
        for start in range(0, len(missing), 500):
            page = missing[start : start + 500]
            for id_, document in self._query.rows(connection, ids=page):
                self.put(id_, read_shape(self._shape, from_json(document)))
        found = {}
        for id_ in wanted:
            held = self._held.get(id_)
            if held is not None:
                found[id_] = held
        return found


def documents_of(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """Our own rows, validated when they were written: a million of them are not read anew field by field."""
    for (document,) in connection.execution_options(yield_per=2000).execute(query):
        yield from_json(document)


class Market:
    """People and postings as columns, and employers: what a match needs. ``load`` makes it of the tables alone."""

    def __init__(self, settings: Mapping[str, Any]):
        # Held for the milliseconds of one match or one change: the API asks the same arrays (docs/decisions/0003).
        self.lock = RLock()
        self.rules = Rules(expire_after_days=int(settings.get("posting_days", 60)))
        self.people = PeopleColumns()
        self.postings = PostingColumns()
        self.person_documents: Documents[Person] = Documents(Person, tables.people)
        self.posting_documents: Documents[Posting] = Documents(Posting, tables.postings)
        self.employer_documents: Documents[Employer] = Documents(Employer, tables.employers)
        self._counts: dict[str, Counted] = {}  # of the employers of whom policy has counted something
        # A replay names another one; the exchange runs with the one it ships.
        self.catalogue: Catalogue = settings.get("catalogue") or load_catalogue()
        self._hints: PairStatuses | None = None
        # A reference a person (views are shared by all who read alike). With a hundred thousand people the forty of a posting are seldom
        # among the documents asked for lately: reading them anew took 2 ms a posting.
        self._views: dict[str, PersonView] = {}

    def hints(self, as_of: date) -> PairStatuses:
        """Hint statuses of pairs on a day; what was decided for a kind of pair is kept for that day."""
        if self._hints is None or self._hints.as_of != as_of:
            self._hints = pair_statuses(self.catalogue, as_of)
            self._views.clear()
        return self._hints

    def views(self, connection: Connection, ids: Iterable[str], as_of: date) -> dict[str, PersonView]:
        """What hints read of these people on a day, by id; who is not known is not in the answer."""
        wanted = list(ids)
        hints = self.hints(as_of)
        missing = [id_ for id_ in wanted if id_ not in self._views]
        for id_, person in self.person_documents.many(connection, missing).items():
            self.keep_view(id_, hints.view(person))
        return {id_: self._views[id_] for id_ in wanted if id_ in self._views}

    def keep_view(self, id_: str, view: PersonView) -> None:
        self._views.pop(id_, None)
        if len(self._views) >= VIEWS:
            del self._views[next(iter(self._views))]
        self._views[id_] = view

    def employers(self, connection: Connection, ids: Iterable[str]) -> dict[str, Employer]:
        """Employers by id as hints read them, with what policy counts of them."""
        found = self.employer_documents.many(connection, ids)
        return {id_: with_counts(employer, *self._counts.get(id_, NOTHING_COUNTED)) for id_, employer in found.items()}

    def employer(self, connection: Connection, id_: str | None) -> Employer | None:
        return self.employers(connection, [id_]).get(id_) if id_ is not None else None

    def put_counts(self, employer_id: str, counted: Counted) -> None:
        self._counts[employer_id] = counted

    def put_person(self, person: Person) -> None:
        """A person is new or changed."""
        self.person_documents.put(person.person_id, person)
        self._views.pop(person.person_id, None)

    def drop_person(self, person_id: str) -> None:
        """A person is gone."""
        self.person_documents.put(person_id, None)
        self._views.pop(person_id, None)

    def independent(self, mine: str, theirs: str) -> bool:
        """Whether what was found for a message of type ``mine`` holds though another worker committed one of ``theirs``, of another key, in
        between: postings are held against people, people against postings, both against employers, and nothing against its own kind."""
        return mine.split(".")[0] == theirs.split(".")[0]

    def load(self, connection: Connection) -> None:
        # In the order of the ids, so that the arrays do not depend on the history that made the tables. Nothing that is read here hangs
        # together in circles, and looking for such a thing again and again took a quarter of the time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            self.load_people(connection)
            postings = select(tables.postings.c.document).where(tables.postings.c.state == ON).order_by(tables.postings.c.posting_id)
            fill_postings(self.postings, documents_of(connection, postings))
            self._counts = queries.counts(connection)
        finally:
            if collecting:
                gc.enable()

    def load_people(self, connection: Connection) -> None:
        people = select(tables.people.c.document).where(tables.people.c.state == ON).order_by(tables.people.c.person_id)
        fill_people(self.people, documents_of(connection, people))

    def refresh(self, connection: Connection, envelope: Envelope) -> None:
        kind = envelope.type.split(".")[0]
        if kind == "posting":
            self.posting_documents.drop(envelope.key)
            row = connection.execute(select(tables.postings).where(tables.postings.c.posting_id == envelope.key)).mappings().first()
            if row is not None and row["state"] == ON:
                self.postings.upsert(read_shape(Posting, from_json(row["document"])))
            else:
                self.postings.remove(envelope.key)
        elif kind == "person":
            self.person_documents.drop(envelope.key)
            self._views.pop(envelope.key, None)
            row = connection.execute(select(tables.people).where(tables.people.c.person_id == envelope.key)).mappings().first()
            if row is not None and row["state"] == ON:
                self.people.upsert(read_shape(Person, from_json(row["document"])))
            else:
                self.people.remove(envelope.key)
        elif kind == "employer":
            self.employer_documents.drop(envelope.key)
            self._counts.pop(envelope.key, None)
            self._counts.update(queries.counts(connection, [envelope.key]))
