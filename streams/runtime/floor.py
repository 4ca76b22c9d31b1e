"""The floor of a subject in the cluster: up to which place of the log all of its messages are handled, and which behind it are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, union_all

from streams.runtime.log import Log
from streams.runtime.subjects import Subject
from streams.runtime.tables import handled, offsets
from streams.runtime.tables import log as log_table

PAGE = 2000  # rows looked at in one step
FLOOR = select(offsets.c.seq).where(offsets.c.subject == bindparam("subject"))


def _places(types: Sequence[str], after: int, until: int) -> Any:
    return union_all(
        *(
            select(
                select(log_table.c.seq)
                .where(log_table.c.type == type_, log_table.c.seq > after, log_table.c.seq <= until)
                .order_by(log_table.c.seq)
                .limit(PAGE)
                .subquery()
                .c.seq
            )
            for type_ in types
        )
    ).subquery()


def open_rows(connection: Connection, types: Sequence[str], after: int, until: int, subject: str, most: int = PAGE) -> list[Any]:
    """Of the next messages of these types in (after, until] those that the subject has not finished, the first ``most`` of them."""
    places = _places(types, after, until)
    first = select(places.c.seq).order_by(places.c.seq).limit(PAGE).subquery()
    finished = select(handled.c.message_id).where(handled.c.subject == subject, handled.c.message_id == log_table.c.id, handled.c.done)
    query = select(log_table.c.seq).join(first, first.c.seq == log_table.c.seq).where(~finished.exists()).order_by(log_table.c.seq)
    return list(connection.execute(query.limit(most)).all())


def first_unhandled(connection: Connection, log: Log, subject: Subject, after: int) -> tuple[int, bool]:
    """How far everything behind ``after`` is handled, looking at most at ``PAGE`` messages, and whether that is where it ends."""
    end = log.end(connection)
    waiting = open_rows(connection, subject.types, after, end, subject.name, most=1)
    if waiting:
        return int(waiting[0].seq) - 1, True
    places = _places(subject.types, after, end)
    page = connection.execute(
        select(func.max(places.c.seq), func.count()).where(
            places.c.seq.in_(select(places.c.seq).order_by(places.c.seq).limit(PAGE).scalar_subquery())
        )
    ).one()
    if page[1] < PAGE:
        return max(end, after), True
    return int(page[0]), False


def unhandled(connection: Connection, log: Log, subject: Subject) -> int:
    """How many messages of the log a subject has not handled, counted to ``PAGE`` at most (parked ones and dead letters are handled)."""
    floor = connection.execute(FLOOR, {"subject": subject.name}).scalar() or 0
    return len(open_rows(connection, subject.types, floor, log.end(connection), subject.name))
