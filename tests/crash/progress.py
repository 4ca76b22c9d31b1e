"""How far a data directory's subjects are, and everything that must be equal after two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, func, select

from infra.composition import exchange
from infra.settings import Settings
from search.index import open_index, tantivy_url
from search.query import Query
from streams.runtime.messages import Envelope
from streams.runtime.rebuild import subject_tables
from streams.runtime.subjects import Topology
from streams.runtime.tables import log, offsets


def behind(connection: Connection, topology: Topology) -> dict[str, int]:
    """Messages that are in the log for a subject and that it has not handled, by subject; those with none are left out."""
    at = {row.subject: row.seq for row in connection.execute(select(offsets.c.subject, offsets.c.seq))}
    found = {}
    for subject in topology.subjects:
        query = select(func.count()).where(log.c.type.in_(subject.types), log.c.seq > at.get(subject.name, 0))
        if left := int(connection.execute(query).scalar_one()):
            found[subject.name] = left
    return found


def contents(folder: Path) -> dict[str, Any]:
    """Messages by id with their bodies, rows of every subject's tables, ids and revisions in the index."""
    settings = Settings(data_dir=folder)
    with exchange(settings, run=False) as opened, opened.reading() as connection:
        messages = {}
        for row in connection.execute(select(log)).mappings():
            envelope = opened.log.decode(connection, row)
            assert isinstance(envelope, Envelope), "nobody was deleted, so nothing may be unreadable"
            messages[row["id"]] = (row["type"], row["key"], row["source"], row["causation_id"], envelope.message.body())
        tables = {
            table.name: sorted(repr(sorted(row.items())) for row in connection.execute(select(table)).mappings())
            for name in opened.runner.loops
            for table in subject_tables(name)
        }
    index = open_index(tantivy_url(settings.index.absolute()))
    found: dict[str, str] = {}
    cursor = None
    while True:
        page = index.search(Query(sort="date", limit=100, cursor=cursor))
        found.update((hit.posting_id, hit.title) for hit in page.hits)
        cursor = page.cursor
        if cursor is None:
            break
    versions = cast(Any, index)._versions(sorted({key for kind, key, *_ in messages.values() if kind.startswith("posting.")}))
    index.close()
    return {"messages": messages, "tables": tables, "index": {"found": found, "versions": versions, "facets": page.facets}}
