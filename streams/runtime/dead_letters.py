"""Dead letters: what a handler could not take, with field and reason, until somebody has it handled again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from streams.runtime.tables import dead_letters, log, parked, upsert


@dataclass(frozen=True)
class Letter:
    subject: str
    message_id: str
    type: str
    handler: str
    field: str | None
    reason: str
    at: str
    state: str


def letters(connection: Connection, *, subject: str | None = None, state: str | None = "open", limit: int = 100) -> list[Letter]:
    """Dead letters, oldest first; ``state`` None shows those handled again as well."""
    query = select(dead_letters).order_by(dead_letters.c.seq, dead_letters.c.subject, dead_letters.c.message_id).limit(limit)
    if subject is not None:
        query = query.where(dead_letters.c.subject == subject)
    if state is not None:
        query = query.where(dead_letters.c.state == state)
    fields = Letter.__dataclass_fields__
    return [Letter(**{name: row[name] for name in fields}) for row in connection.execute(query).mappings()]


def retry(connection: Connection, letter: Letter, *, now: datetime) -> bool:
    """Have one message handled for real, once more. It is parked at the head of its key, where the subject's loop finds it.

    Answers False where it is not open any more, and where no log has it (a foreign record on a topic): there is nothing to handle. If it
    fails again it is open again, with the new reason.
    """
    row = connection.execute(select(log.c.seq, log.c.key).where(log.c.id == letter.message_id)).first()
    if row is None:
        return False
    here = (dead_letters.c.subject == letter.subject, dead_letters.c.message_id == letter.message_id, dead_letters.c.state == "open")
    if connection.execute(update(dead_letters).where(*here).values(state="retried")).rowcount == 0:
        return False
    values = {
        "subject": letter.subject,
        "seq": row.seq,
        "key": row.key,
        "attempts": 0,
        "due_at": now.isoformat(),
        "reason": "retried by hand",
    }
    upsert(connection, parked, values)
    return True
