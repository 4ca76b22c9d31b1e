"""The runner of a process that handles nothing itself: workers elsewhere do, and their progress is in the database."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, Engine, bindparam, exists, func, select

from streams.runtime.database import EngineFault
from streams.runtime.log import Log
from streams.runtime.tables import handled, offsets, outbox
from streams.runtime.tables import log as log_table

_SUBJECT: BindParameter[str] = bindparam("subject")
_ID: BindParameter[str] = bindparam("id")
_DONE = select(
    exists().where(handled.c.subject == _SUBJECT, handled.c.message_id == _ID, handled.c.done),
    select(log_table.c.seq).where(log_table.c.id == _ID).scalar_subquery(),
    select(offsets.c.seq).where(offsets.c.subject == _SUBJECT).scalar_subquery(),
    exists().where(outbox.c.id == _ID),
)


class Elsewhere:
    """Starts and stops nothing, has no loops and no faults of its own; knows from the tables how far the workers are."""

    look_every = 0.05  # workers commit in other processes, whose bells are not heard here

    def __init__(self, log: Log, readers: Engine):
        self.loops: Mapping[str, Any] = {}
        self._log = log
        self._readers = readers

    def start(self) -> None:
        return None

    def stop(self) -> None:
        return None

    def faults(self) -> dict[str, str]:
        return {}

    def got_past(self, connection: Connection, message_id: str, subject: str) -> bool | None:
        done, seq, floor, said = connection.execute(_DONE, {"id": message_id, "subject": subject}).one()
        if done:
            return True
        if seq is None:
            return False if said else None
        return bool((floor or 0) >= seq)

    def drain(self, timeout: float = 60.0) -> None:
        """Wait until the outbox is empty and every subject has handled everything in the log."""
        from streams.runtime.floor import unhandled

        deadline = time.monotonic() + timeout
        while True:
            with self._readers.connect() as connection:
                waiting = {subject.name: unhandled(connection, self._log, subject) for subject in self._log.topology.subjects}
                waiting["outbox"] = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
            left = {name: count for name, count in waiting.items() if count}
            if not left:
                return
            if time.monotonic() > deadline:
                raise EngineFault(f"not drained within {timeout:.0f} s: {left}; are relay and workers running?")
            time.sleep(0.05)
