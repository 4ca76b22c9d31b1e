"""What matching answers: the shapes it matches with, as its tables have them. Read-only."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Table, select

from matcher.shapes import Employer, Person, Posting, ShapeT, read_shape
from streams.matching import tables
from streams.runtime.messages import from_json


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
    """Employers by id."""
    return _many(connection, Employer, tables.employers, ids)


def on_market(connection: Connection, posting_id: str) -> bool:
    """Whether the posting is offered on the market now."""
    return connection.execute(select(tables.postings.c.state).where(tables.postings.c.posting_id == posting_id)).scalar() == "on"
