"""PostgreSQL: from the outbox into the log, in the order of the transactions. Many append, one moves.

A transaction gets its number (xid) at its first write and may be seen long after a later one. So rows are moved only when every
transaction up to theirs is over (``pg_snapshot_xmin`` of the same statement): ``log.seq``, given by the one mover, then grows in an order
in which nothing can turn up late, and everybody who follows the log by ``seq`` sees each row once.
Who appends takes its advisory lock before its first write (``locks.hold_in_transaction``): what is said under one lock is then moved in
the order in which it was said.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from streams.runtime.locks import hold_in_transaction
from streams.runtime.tables import log

_NAMES = ", ".join(f'"{column.name}"' for column in log.c if column.name != "seq")
# A row numbered beyond this statement's newest transaction comes from a database that was restored into this one: numbers began anew.
_MOVE = text(
    f"""
    WITH said AS MATERIALIZED (
        SELECT pg_snapshot_xmin(now.now)::text::bigint AS oldest, pg_snapshot_xmax(now.now)::text::bigint AS newest
        FROM (SELECT pg_current_snapshot() AS now) AS now
    ), over AS MATERIALIZED (
        SELECT outbox.* FROM outbox, said
        WHERE outbox.xid < said.oldest OR outbox.xid >= said.newest
        ORDER BY outbox.xid, outbox.n LIMIT :most
    ), gone AS (
        DELETE FROM outbox USING over WHERE outbox.n = over.n RETURNING outbox.n
    ), moved AS (
        INSERT INTO log ({_NAMES}) SELECT {_NAMES} FROM over ORDER BY xid, n ON CONFLICT (id) DO NOTHING
    )
    SELECT count(*) FROM gone
    """
)


def move_outbox(connection: Connection, most: int = 1000) -> int:
    """Move at most so many rows into the log inside the caller's transaction; answers how many left the outbox.

    An id that the log has already is dropped. Two movers cannot mix their places: the second waits until the first has committed.
    """
    hold_in_transaction(connection, "mover")
    return int(connection.execute(_MOVE, {"most": most}).scalar_one())


def settle_restored(connection: Connection) -> int:
    """Rows of a restored outbox are numbered by transactions of another server's life: put them first, in their own order. Answers how
    many. To be called before anything appends."""
    statement = text("UPDATE outbox SET xid = 0 WHERE xid <> 0 AND xid >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return int(connection.execute(statement).rowcount)
