"""What a subject could not do now: keys parked behind a ``Retry``, and dead letters. The same rows for every runner."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from streams.runtime.messages import Envelope, Unreadable
from streams.runtime.processing import Processed
from streams.runtime.tables import Look, dead_letters, parked, upsert

_logger = logging.getLogger("gongqiao.runner")
MAX_ATTEMPTS = 5
WAITS = "waits behind an earlier message of its key"

_PARKED = Look(select(parked).where(parked.c.subject == bindparam("subject")).order_by(parked.c.seq))


class Setbacks:
    """Writes and reads the parked messages and dead letters of one subject, inside the caller's transaction."""

    def __init__(self, subject: str, now: Callable[[], datetime]):
        self._subject = subject
        self._now = now

    def parked(self, connection: Connection) -> tuple[int | None, dict[str, int]]:
        """The place of a parked message that is due, and the keys that wait with the place of their first message."""
        first: dict[str, int] = {}
        due = None
        now = self._now().isoformat()
        for row in _PARKED.mappings(connection, subject=self._subject):
            if row["key"] not in first:
                first[row["key"]] = row["seq"]
                if due is None and row["due_at"] <= now:
                    due = row["seq"]
        return due, first

    def park(self, connection: Connection, envelope: Envelope, *, attempts: int, after: timedelta, reason: str) -> None:
        row = {
            "subject": self._subject,
            "seq": envelope.seq,
            "key": envelope.key,
            "attempts": attempts,
            "due_at": (self._now() + after).isoformat(),
            "reason": reason,
        }
        upsert(connection, parked, row)

    def park_behind(self, connection: Connection, envelope: Envelope) -> None:
        """Keep a message whose key waits already."""
        self.park(connection, envelope, attempts=0, after=timedelta(0), reason=WAITS)

    def again(self, connection: Connection, message: Envelope | Unreadable, handle: Callable[[Envelope], Processed]) -> bool:
        """Try a parked message once more, all its pages in one; answers whether it failed, so that what it did was undone.

        Parked again where it asks for that and has attempts left, a dead letter where it has none or is broken, else it is done.
        """
        here = (parked.c.subject == self._subject, parked.c.seq == message.seq)
        attempts = int(connection.execute(select(parked.c.attempts).where(*here)).scalar_one()) + 1
        failed = False
        if isinstance(message, Unreadable):
            self.bury_broken(connection, message)
        else:
            result = handle(message)
            failed = result.failed
            if result.retry is not None and attempts < MAX_ATTEMPTS:
                due = (self._now() + result.retry.after).isoformat()
                connection.execute(update(parked).where(*here).values(attempts=attempts, due_at=due, reason=result.retry.reason))
                return failed
            if result.retry is not None:
                self.bury(connection, message, worn_out(result, attempts))
            elif result.dead is not None:
                self.bury(connection, message, result)
        connection.execute(delete(parked).where(*here))
        return failed

    def bury(self, connection: Connection, envelope: Envelope, result: Processed) -> None:
        assert result.dead is not None
        reason, field = result.dead
        self.bury_as(connection, envelope.seq, envelope.id, envelope.type, result.handler, reason, field)

    def bury_broken(self, connection: Connection, envelope: Unreadable) -> None:
        """A message that cannot be read is a dead letter; one whose person was forgotten is nothing."""
        if envelope.broken is not None:
            self.bury_as(connection, envelope.seq, envelope.id, envelope.type, self._subject, envelope.broken, None)

    def bury_as(self, connection: Connection, seq: int, id_: str, type_: str, handler: str, reason: str, field: str | None) -> None:
        row = {
            "subject": self._subject,
            "message_id": id_,
            "seq": seq,
            "type": type_,
            "handler": handler,
            "field": field,
            "reason": reason[:2000],
            "at": self._now().isoformat(),
            "state": "open",
        }
        upsert(connection, dead_letters, row)
        _logger.warning("dead letter", extra={"subject": self._subject, "message_id": id_, "type": type_, "reason": reason[:200]})


def worn_out(result: Processed, attempts: int) -> Processed:
    """What becomes of a message that asked to be tried again once too often."""
    assert result.retry is not None
    return Processed(dead=(f"tried {attempts} times: {result.retry.reason}", None), handler=result.handler)
