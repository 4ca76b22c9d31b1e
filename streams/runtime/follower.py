"""Following a table: what was committed since, each change once, none skipped.

PostgreSQL: a row carries the number of the transaction that wrote it last (hidden column ``xid``, kept by a trigger). Numbers are given at
a transaction's first write and commits come in any order, so "greater than the last number seen" would skip a late committer. Instead only
rows are taken whose transactions are all over: those below ``pg_snapshot_xmin``, the oldest number still running, which is then the
watermark from which the next look goes on. News is late by as long as the oldest write transaction on the server runs.

SQLite has one writer, so a table is followed by a column that grows with each row written; committed rows are what a read-only
connection shows. The log is followed so on both, because one alone writes it (``outbox``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Executable, RowMapping, Table, bindparam, literal_column, select, text

from streams.runtime.tables import log

_OLDEST = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


@dataclass(frozen=True)
class Followed:
    """Rows committed since, in the order of their transactions; ``since`` is for the next look; ``more``: there is more now."""

    rows: list[RowMapping]
    since: int
    more: bool = False


def mark(connection: Connection, table: Table = log) -> int:
    """From where to follow for who reads the whole table now: over the same connection, in the same transaction, before or after.

    What is committed while the table is read is shown again by the first look.
    """
    if connection.dialect.name == "postgresql" and table is not log:
        return int(connection.execute(_OLDEST).scalar_one())
    return int(connection.execute(select(_place(table)).order_by(_place(table).desc()).limit(1)).scalar() or 0)


def follow(connection: Connection, table: Table, since: int, *, most: int = 1000) -> Followed:
    """The next rows of the table behind ``since`` (0: from the start), about ``most`` of them: rows of one transaction stay together.

    Raises ``LookupError`` for a table that cannot be followed here. A deleted row is no news: followed tables say so in a column.
    """
    if connection.dialect.name != "postgresql" or table is log:
        rows = list(connection.execute(_by_place(table), {"since": since, "most": most}).mappings())
        return Followed(rows, rows[-1][_place(table).name] if rows else since, len(rows) == most)
    # The watermark before the rows: also where each statement sees a newer state, everything below it is over by then.
    oldest = int(connection.execute(_OLDEST).scalar_one())
    if oldest <= since:
        return Followed([], since)
    found = connection.execute(_by_transaction(table), {"since": since, "oldest": oldest, "most": most + 1}).mappings().all()
    if len(found) <= most:
        return Followed(list(found), oldest)
    last = found[-1]["xid"]
    rows = [row for row in found if row["xid"] < last]
    if not rows:  # one transaction that wrote more than that
        rows = list(connection.execute(_by_transaction(table), {"since": last, "oldest": last + 1, "most": None}).mappings())
        last += 1
    return Followed(rows, last, True)


def follow_all(connection: Connection, table: Table, since: int, *, most: int = 1000) -> Iterator[Followed]:
    """The same until there is no more now; every page says from where to go on."""
    while True:
        page = follow(connection, table, since, most=most)
        yield page
        if not page.more:
            return
        since = page.since


def _place(table: Table) -> Column[Any]:
    """The column by which a table is followed where one alone writes."""
    key = list(table.primary_key.columns)
    if len(key) == 1 and key[0].autoincrement is True:
        return key[0]
    raise LookupError(f"{table.name} has no column that grows with each row: embedded, it is not followed (docs/decisions/0003)")


@cache
def _by_place(table: Table) -> Executable:
    place = _place(table)
    return select(table).where(place > bindparam("since")).order_by(place).limit(bindparam("most"))


@cache
def _by_transaction(table: Table) -> Executable:
    xid: Any = literal_column(f"{table.name}.xid", BigInteger).label("xid")
    within = (xid >= bindparam("since"), xid < bindparam("oldest"))
    return select(table, xid).where(*within).order_by(xid, *table.primary_key.columns).limit(bindparam("most"))
