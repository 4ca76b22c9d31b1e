"""Searches that people save: kept under the keys by which a posting finds them; listed; dropped."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select

from search.errors import QueryError
from search.percolator import keys_of_search
from search.query import read_query
from streams.delivery.finding import cancel
from streams.delivery.messages import SearchDropped, SearchSaved
from streams.delivery.rules import MOST_SEARCHES
from streams.delivery.tables import finds, pairs, postings, search_keys, searches, sides
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import DeadLetter, Drop, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import insert_new

MOST_FOUND = 50  # shown at once; the newest


def save_search(message: SearchSaved, work: Work) -> Outcomes:
    """Kept from now on; postings that are there already were found by the search itself."""
    connection = work.connection
    removed = select(sides.c.id).where(sides.c.kind == "person", sides.c.id == message.person_id, sides.c.reason == "removed")
    if connection.execute(removed.where(sides.c.on_market.is_(False))).first() is not None:
        return [Drop("the person was removed")]
    number = select(func.count()).where(searches.c.person_id == message.person_id)
    if connection.execute(number).scalar_one() >= MOST_SEARCHES:
        return [Drop("too many saved searches")]
    try:
        keys = keys_of_search(read_query(message.parameters))
    except QueryError as error:
        return [DeadLetter(f"a parameter that no search takes: {error.field}", "parameters")]
    row = {
        "search_id": message.search_id,
        "person_id": message.person_id,
        "name": message.name,
        "parameters": to_json(message.parameters),
        "saved_at": work.envelope.recorded_at.astimezone(UTC).isoformat(timespec="seconds"),
    }
    if not insert_new(connection, searches, row):
        return [Drop("saved already")]
    insert_new(connection, search_keys, [{"key": key, "search_id": message.search_id} for key in keys])
    return None


def drop_search(message: SearchDropped, work: Work) -> Outcomes:
    """Not wanted any more, nor is what it found and nobody was told of yet."""
    connection, search_id = work.connection, message.search_id
    owner = connection.execute(select(searches.c.person_id).where(searches.c.search_id == search_id)).scalar()
    if owner != message.person_id:
        return [Drop("no such search of this person")]
    connection.execute(delete(search_keys).where(search_keys.c.search_id == search_id))
    connection.execute(delete(searches).where(searches.c.search_id == search_id))
    found = list(connection.execute(select(finds.c.match_id).where(finds.c.search_id == search_id)).scalars())
    connection.execute(delete(finds).where(finds.c.search_id == search_id))
    for start in range(0, len(found), 500):
        cancel(connection, found[start : start + 500])
    return None


# -- answers -------------------------------------------------------------------------------------------------------------


def of_person(connection: Connection, person_id: str) -> list[dict[str, Any]]:
    """A person's saved searches, the newest first: ``search_id``, ``name``, ``parameters``, ``saved_at`` and ``found``, how many postings
    they were told of that are still there."""
    numbers: dict[str, int] = {
        search_id: number
        for search_id, number in connection.execute(
            select(finds.c.search_id, func.count())
            .where(finds.c.person_id == person_id, finds.c.state == "issued")
            .group_by(finds.c.search_id)
        )
    }
    rows = connection.execute(
        select(searches).where(searches.c.person_id == person_id).order_by(searches.c.saved_at.desc(), searches.c.search_id)
    ).mappings()
    return [
        {
            "search_id": row["search_id"],
            "name": row["name"],
            "parameters": from_json(row["parameters"]),
            "saved_at": row["saved_at"],
            "found": numbers.get(row["search_id"], 0),
        }
        for row in rows
    ]


def found_for(connection: Connection, person_id: str, limit: int = MOST_FOUND) -> list[dict[str, Any]]:
    """Postings that a person's searches found and that they neither answered nor have as a recommendation, the newest first."""
    unanswered = or_(pairs.c.match_id.is_(None), pairs.c.answer.is_(None) & (pairs.c.state != "issued"))
    query = (
        select(
            finds.c.match_id, finds.c.posting_id, func.max(finds.c.pushed_on).label("pushed_on"), func.max(finds.c.changed_at).label("at")
        )
        .join(pairs, pairs.c.match_id == finds.c.match_id, isouter=True)
        .where(finds.c.person_id == person_id, finds.c.state == "issued", unanswered)
        .group_by(finds.c.match_id, finds.c.posting_id)
        .order_by(func.max(finds.c.changed_at).desc(), finds.c.match_id)
        .limit(limit)
    )
    found = [dict(row) for row in connection.execute(query).mappings()]
    names = names_of(connection, person_id, [row["match_id"] for row in found])
    ids = [row["posting_id"] for row in found]
    documents = {
        id_: doc
        for id_, doc in connection.execute(select(postings.c.posting_id, postings.c.document).where(postings.c.posting_id.in_(ids)))
    }
    return [
        {
            "match_id": row["match_id"],
            "posting_id": row["posting_id"],
            "pushed_on": row["pushed_on"],
            "searches": names.get(row["match_id"], []),
            "posting": from_json(documents[row["posting_id"]]) if row["posting_id"] in documents else None,
        }
        for row in found
    ]


def names_of(connection: Connection, person_id: str, ids: list[str]) -> dict[str, list[str]]:
    """By which of a person's searches these pairs were found: match -> names."""
    found: dict[str, list[str]] = {}
    if ids:
        query = (
            select(finds.c.match_id, searches.c.name)
            .join(searches, searches.c.search_id == finds.c.search_id)
            .where(finds.c.person_id == person_id, finds.c.state == "issued", finds.c.match_id.in_(ids))
            .order_by(searches.c.saved_at, searches.c.search_id)
        )
        for match_id, name in connection.execute(query):
            found.setdefault(match_id, []).append(name)
    return found


def found_posting(connection: Connection, person_id: str, match_id: str) -> str | None:
    """The posting of a pair that a person's search found; None where none did."""
    query = (
        select(finds.c.posting_id).where(finds.c.person_id == person_id, finds.c.match_id == match_id, finds.c.state == "issued").limit(1)
    )
    return connection.execute(query).scalar()
