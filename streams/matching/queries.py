"""What matching answers: the shapes it matches with, as its tables have them. Read-only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select

from matcher.policy.counted import with_counts
from matcher.shapes import Employer, Person, Posting, ShapeT, read_shape
from streams.matching import tables
from streams.runtime.messages import from_json


class Counted(NamedTuple):
    """What policy counts of an employer, as ``with_counts`` takes it."""

    absorbed: int
    poverty: int
    share: str | None


NOTHING_COUNTED = Counted(0, 0, None)


def _many(connection: Connection, shape: type[ShapeT], table: Table, ids: Iterable[str]) -> dict[str, ShapeT]:
    key = next(iter(table.primary_key.columns))
    wanted = sorted(set(ids))
    found = {}
    for start in range(0, len(wanted), 500):
        rows = connection.execute(select(key, table.c.document).where(key.in_(wanted[start : start + 500])))
        found.update({id_: read_shape(shape, from_json(document)) for id_, document in rows})
    return found


def postings(connection: Connection, ids: Iterable[str]) -> dict[str, Posting]:
    """Postings by id, whether on the market or not."""
    return _many(connection, Posting, tables.postings, ids)


def people(connection: Connection, ids: Iterable[str]) -> dict[str, Person]:
    """People by id, without private values."""
    return _many(connection, Person, tables.people, ids)


def employers(connection: Connection, ids: Iterable[str]) -> dict[str, Employer]:
    """Employers by id, with what policy counts of them: as hints of their postings read them."""
    found = _many(connection, Employer, tables.employers, ids)
    counted = counts(connection, found)
    return {id_: with_counts(employer, *counted.get(id_, NOTHING_COUNTED)) for id_, employer in found.items()}


def everybody(connection: Connection) -> tuple[list[Person], list[Employer]]:
    """All people and employers as they stated themselves, in the order of their ids."""
    found: list[list[Any]] = []
    for shape, table in ((Person, tables.people), (Employer, tables.employers)):
        key = next(iter(table.primary_key.columns))
        documents = connection.execute(select(table.c.document).order_by(key)).scalars()
        found.append([read_shape(shape, from_json(document)) for document in documents])
    return found[0], found[1]


def counts(connection: Connection, ids: Iterable[str] | None = None) -> dict[str, Counted]:
    """What policy counts of these employers, or of all; one of whom nothing is counted is not in the answer."""
    table = tables.counts
    query = select(table.c.employer_id, table.c.absorbed, table.c.poverty, table.c.share)
    wanted = sorted(set(ids)) if ids is not None else []
    pages = [query.where(table.c.employer_id.in_(wanted[start : start + 500])) for start in range(0, len(wanted), 500)]
    return {
        id_: Counted(absorbed, poverty, share)
        for page in (pages if ids is not None else [query])
        for id_, absorbed, poverty, share in connection.execute(page)
    }


def on_market(connection: Connection, posting_id: str) -> bool:
    """Whether the posting is offered on the market now."""
    return connection.execute(select(tables.postings.c.state).where(tables.postings.c.posting_id == posting_id)).scalar() == "on"
