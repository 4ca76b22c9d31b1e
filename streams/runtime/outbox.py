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
    """Put an outbox in order that was restored from another server's life, where transactions had other numbers: by the order in which its
    rows were written, before whatever is said now. Answers how many; nothing where there is none. Called by the mover when it starts."""
    return int(connection.execute(_SETTLE).rowcount)


# What is numbered beyond this server's newest transaction betrays a restored outbox. Rows of transactions still running are let be.
_SETTLE = text(
    """
    WITH said AS MATERIALIZED (
        SELECT pg_snapshot_xmin(now.now)::text::bigint AS oldest, pg_snapshot_xmax(now.now)::text::bigint AS newest
        FROM (SELECT pg_current_snapshot() AS now) AS now
    )
    UPDATE outbox SET xid = 0 FROM said
    WHERE (outbox.xid < said.oldest OR outbox.xid >= said.newest) AND EXISTS (SELECT 1 FROM outbox AS other WHERE other.xid >= said.newest)
    """
)
