"""One member of a subject's group of workers: batches of messages over PostgreSQL, each once in effect however often it is delivered.

What holds a group together is one lock a subject, taken by every unit of work until its transaction ends. Units of a subject therefore
write one after another, as embedded; what is slow (``prepare``) runs before, in all workers at once. Under the lock a unit looks again at
what the others did since it prepared: if that could have changed what it found, it prepares anew, still under the lock.

``handled`` says by message how far the subject is; a row is written in the same transaction as state and outputs. Its ``n`` grows in the
order of the commits, so that another worker's memory follows by asking for what is behind its own ``n``. ``offsets`` holds the floor:
everything up to there is handled; rows of ``handled`` far below it are swept away.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from streams.runtime.database import is_engine_fault
from streams.runtime.floor import FLOOR, first_unhandled, open_rows
from streams.runtime.locks import hold_in_transaction
from streams.runtime.log import Log
from streams.runtime.messages import Envelope, Unreadable
from streams.runtime.processing import Failed, Processed, process
from streams.runtime.setbacks import Setbacks
from streams.runtime.subjects import Memory, Preparation, Subject
from streams.runtime.tables import handled, insert_new, offsets, upsert
from streams.runtime.tables import log as log_table

_logger = logging.getLogger("gongqiao.runner")
KEPT = timedelta(days=1)  # handled rows below the floor are kept so long, for the memories of other workers
STALE_S = 3600.0  # a memory that has not followed for so long is loaded anew

_HANDLED = select(handled.c.message_id, handled.c.done, handled.c.cursor, handled.c.page).where(
    handled.c.subject == bindparam("subject"), handled.c.message_id.in_(bindparam("ids", expanding=True))
)
_LAST = select(func.coalesce(func.max(handled.c.n), 0)).where(handled.c.subject == bindparam("subject"))
_OTHERS = (
    select(handled.c.seq, handled.c.n, log_table.c.type, log_table.c.key)
    .join(log_table, log_table.c.seq == handled.c.seq)
    .where(handled.c.subject == bindparam("subject"), handled.c.n > bindparam("n"), handled.c.worker != bindparam("worker"))
    .order_by(handled.c.n)
)


@dataclass
class Place:
    """How far a subject is in one message."""

    done: bool = False
    cursor: str | None = None
    page: int = 0


_NOWHERE = Place()


@dataclass
class _Look:
    """What is known of a batch: how far the subject is in each message, and which of their keys wait."""

    places: dict[str, Place]
    waiting: dict[str, int]

    def place(self, message: Envelope | Unreadable) -> Place:
        return self.places.get(message.id, _NOWHERE)

    def waits(self, message: Envelope | Unreadable) -> bool:
        return message.key in self.waiting and self.place(message).cursor is None


class GroupMember:
    """Handles batches for one subject in one process; one thread at a time."""

    def __init__(
        self,
        subject: Subject,
        log: Log,
        engine: Engine,
        readers: Engine,
        settings: Mapping[str, Any],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        worker: str | None = None,
    ):
        self.subject = subject
        self.worker = worker or uuid4().hex
        self.memory: Memory | None = None
        self.handled = 0
        self.again = 0  # messages delivered that were done already
        self.redone = 0  # batches prepared twice because others got in between
        self._log = log
        self._engine = engine
        self._readers = readers
        self._settings = settings
        self._now = now
        self._setbacks = Setbacks(subject.name, now)
        self._followed = 0  # the ``n`` up to which the memory knows what the others did
        self._followed_at = time.monotonic()
        self._doubtful: dict[str, Envelope] = {}  # what the memory may have wrong: prepared, and not known to be committed

    # -- batches -------------------------------------------------------------------------------------------------------

    def handle(self, batch: Sequence[Envelope | Unreadable]) -> None:
        """Handle the messages in their order; all of them are committed when it answers.

        Raises an engine's fault, and then the same may be given again: what is committed is skipped.
        """
        left = list(batch)
        while left:
            left = self._step(left)

    def _step(self, batch: list[Envelope | Unreadable], *, single: bool = False) -> list[Envelope | Unreadable]:
        """Handle as many as one transaction can; answers what is left."""
        self.ready_memory()
        with self._readers.connect() as reading:
            look = self._look(reading, batch)
            chunk, rest = self._open(batch, look)
            self.again += len(batch) - len(chunk) - len(rest)
            if not chunk:
                return rest
            prepared = self._prepare_all(chunk, look, reading)
        try:
            with self._engine.begin() as connection:
                hold_in_transaction(connection, f"subject:{self.subject.name}")
                now = self._look(connection, batch)
                if now != look or self._others_matter(connection, chunk):
                    self.redone += 1
                    look = now
                    self._follow(connection)
                    chunk, rest = self._open(batch, look)
                    with self._readers.connect() as reading:
                        prepared = self._prepare_all(chunk, look, reading)
                finished = self._write(connection, chunk, prepared, look, single=single) if chunk else 0
        except _Contaminated:
            for message in chunk:
                left = [message]
                while left:
                    left = self._step(left, single=True)
            return rest
        self.handled += finished
        for message in chunk[:finished]:
            self._doubtful.pop(message.id, None)
        return chunk[finished:] + rest

    def _look(self, connection: Connection, batch: Sequence[Envelope | Unreadable]) -> _Look:
        floor = connection.execute(FLOOR, {"subject": self.subject.name}).scalar() or 0
        rows = connection.execute(_HANDLED, {"subject": self.subject.name, "ids": [message.id for message in batch]})
        places = {row.message_id: Place(row.done, row.cursor, row.page) for row in rows}
        for message in batch:
            if message.seq <= floor:  # its row may have been swept away
                places[message.id] = Place(done=True)
        keys = {message.key for message in batch}
        waiting = {key: seq for key, seq in self._setbacks.parked(connection)[1].items() if key in keys}
        return _Look(places, waiting)

    def _open(self, batch: list[Envelope | Unreadable], look: _Look) -> tuple[list[Envelope | Unreadable], list[Envelope | Unreadable]]:
        """What of a batch is to be handled in one transaction, and what behind it. What is done already is in neither.

        A message in mid-pages is finished before anything behind it, whatever its key waits for.
        """
        still = [message for message in batch if not look.place(message).done]
        if still and look.place(still[0]).cursor is not None:
            return still[:1], still[1:]
        at = next((at for at, message in enumerate(still) if look.place(message).cursor is not None), len(still))
        return still[:at], still[at:]

    def _prepare_all(self, batch: Sequence[Envelope | Unreadable], look: _Look, reading: Connection) -> list[Any]:
        return [None if isinstance(m, Unreadable) or look.waits(m) else self._prepare(m, reading) for m in batch]

    def _prepare(self, envelope: Envelope, reading: Connection) -> Any:
        handler = self.subject.handler_of(envelope.type)
        if handler is None or handler.prepare is None:
            return None
        if self.memory is not None:
            self._doubtful[envelope.id] = envelope
        try:
            return handler.prepare(envelope.message, Preparation(envelope, self.memory, self._settings, reading))
        except Exception as error:
            if is_engine_fault(error):
                raise
            return Failed.of(error)

    def _write(
        self, connection: Connection, batch: Sequence[Envelope | Unreadable], prepared: Sequence[Any], look: _Look, *, single: bool
    ) -> int:
        """State, outputs and ``handled`` of a batch; answers how many are finished (fewer where one goes on in pages)."""
        rows: list[dict[str, Any]] = []
        n = int(connection.execute(_LAST, {"subject": self.subject.name}).scalar_one())
        waiting = dict(look.waiting)
        finished = 0
        together: list[Envelope] | None = None if single else []
        for message, ready in zip(batch, prepared, strict=True):
            n += 1
            place = look.place(message)
            cursor = self._one(connection, message, ready, waiting, place, together)
            rows.append(self._row(message, n, cursor, place.page + 1 if cursor is not None else place.page))
            if cursor is not None:
                break
            finished += 1
        upsert(connection, handled, rows)
        if together:
            self._append(connection, together)
        return finished

    def _append(self, connection: Connection, together: list[Envelope]) -> None:
        try:
            self._log.append(connection, together)
        except Exception as error:
            if is_engine_fault(error):
                raise
            raise _Contaminated from error  # one of them cannot be written: alone, it is its message's dead letter

    def _row(self, message: Envelope | Unreadable, n: int, cursor: str | None, page: int) -> dict[str, Any]:
        return {
            "subject": self.subject.name,
            "message_id": message.id,
            "seq": message.seq,
            "cursor": cursor,
            "page": page,
            "done": cursor is None,
            "at": self._now().isoformat(),
            "n": n,
            "worker": self.worker,
        }

    def _one(
        self,
        connection: Connection,
        message: Envelope | Unreadable,
        ready: Any,
        waiting: dict[str, int],
        place: Place,
        together: list[Envelope] | None,
    ) -> str | None:
        """One message; answers where it goes on, if it does. What it emits is put into ``together``; without it the message is alone."""
        if isinstance(message, Unreadable):
            self._setbacks.bury_broken(connection, message)
            return None
        if message.key in waiting and place.cursor is None:
            self._setbacks.park_behind(connection, message)
            return None
        result = process(self.subject, self._log, connection, message, ready, self.memory, self._settings, place.cursor, together=together)
        if result.failed:
            if together is not None:
                raise _Contaminated
            if self.memory is not None:
                self._doubt(message)
        if result.retry is not None:
            self._setbacks.park(connection, message, attempts=1, after=result.retry.after, reason=result.retry.reason)
            waiting[message.key] = message.seq
        elif result.dead is not None:
            self._setbacks.bury(connection, message, result)
        return result.cursor

    # -- the memory ----------------------------------------------------------------------------------------------------

    def ready_memory(self) -> None:
        """Load the memory, or bring it up to date with what is committed: what the others did, and what this one prepared in vain."""
        if self.subject.memory is None:
            return
        with self._readers.connect() as connection:
            if self.memory is None or time.monotonic() - self._followed_at > STALE_S:
                followed = int(connection.execute(_LAST, {"subject": self.subject.name}).scalar_one())
                memory = self.subject.memory(self._settings)
                memory.load(connection)
                self.memory, self._followed, self._doubtful = memory, followed, {}
                self._followed_at = time.monotonic()
            else:
                self._follow(connection)

    def _follow(self, connection: Connection) -> None:
        """Refresh what others changed and what is in doubt."""
        if self.memory is None:
            return
        for message in self._doubtful.values():
            self.memory.refresh(connection, message)
        self._doubtful = {}
        last, rows = self._others(connection)
        for start in range(0, len(rows), 500):
            for changed in self._log.read_at(connection, [row.seq for row in rows[start : start + 500]]):
                if isinstance(changed, Envelope):
                    self.memory.refresh(connection, changed)
        self._followed = last
        self._followed_at = time.monotonic()

    def _others(self, connection: Connection) -> tuple[int, Sequence[Any]]:
        """The newest ``n``, and what other workers wrote behind the one up to which this one follows.

        Asked in one snapshot or under the lock, so that nothing commits in between. The newest is followed even where all of it is one's
        own: a worker alone would otherwise look through everything that it did since its start, with every batch.
        """
        last = int(connection.execute(_LAST, {"subject": self.subject.name}).scalar_one())
        if last <= self._followed:
            return self._followed, []
        return last, connection.execute(_OTHERS, {"subject": self.subject.name, "n": self._followed, "worker": self.worker}).all()

    def _doubt(self, message: Envelope) -> None:
        self._doubtful[f"failed {message.id}"] = message

    def _others_matter(self, connection: Connection, batch: Sequence[Envelope | Unreadable]) -> bool:
        """Whether another worker committed something, since this one looked, that could change what was prepared.

        A memory may know better than "anything could": ``independent(mine, theirs)`` of two types whose keys differ.
        """
        if self.memory is None:
            return False
        last, rows = self._others(connection)
        if not rows:
            self._followed = last
            return False
        independent = getattr(self.memory, "independent", None)
        if independent is None:
            return True
        mine = {(message.type, message.key) for message in batch}
        types = {type_ for type_, _ in mine}
        keys = {key for _, key in mine}
        return any(row.key in keys or not all(independent(type_, row.type) for type_ in types) for row in rows)

    # -- parked keys ---------------------------------------------------------------------------------------------------

    def handle_parked(self) -> bool:
        """Handle one parked message that is due; answers whether there was one."""
        with self._readers.connect() as connection:
            if self._setbacks.parked(connection)[0] is None:
                return False
        self.ready_memory()
        with self._engine.begin() as connection:
            hold_in_transaction(connection, f"subject:{self.subject.name}")
            seq, _ = self._setbacks.parked(connection)
            if seq is None:
                return False  # another worker was quicker
            self._follow(connection)
            self._parked_one(connection, seq)
        self._doubtful = {name: message for name, message in self._doubtful.items() if name.startswith("failed ")}
        self.handled += 1
        return True

    def _parked_one(self, connection: Connection, seq: int) -> None:
        message = self._log.read_at(connection, [seq])[0]
        n = int(connection.execute(_LAST, {"subject": self.subject.name}).scalar_one()) + 1
        upsert(connection, handled, [self._row(message, n, None, 0)])

        def handle(envelope: Envelope) -> Processed:
            with self._readers.connect() as reading:
                ready = self._prepare(envelope, reading)
            return process(self.subject, self._log, connection, envelope, ready, self.memory, self._settings, None, all_pages=True)

        if self._setbacks.again(connection, message, handle) and isinstance(message, Envelope):
            self._doubt(message)

    def bury_foreign(self, where: str, reason: str) -> None:
        """A record of a topic that no relay wrote: a dead letter that names topic, partition and offset. It is in no log, so it cannot be
        handled again; what it should have said has to be said once more."""
        with self._engine.begin() as connection:
            self._setbacks.bury_as(connection, 0, where, "unknown", self.subject.name, reason, None)

    # -- the floor -----------------------------------------------------------------------------------------------------

    def advance_floor(self) -> int:
        """Raise the subject's offset to where everything is handled, and sweep ``handled`` far below; answers the floor."""
        with self._readers.connect() as connection:
            floor = connection.execute(FLOOR, {"subject": self.subject.name}).scalar() or 0
            reached = floor
            while True:
                found = first_unhandled(connection, self._log, self.subject, reached)
                reached = found[0]
                if found[1]:
                    break
        if reached > floor:
            with self._engine.begin() as connection:
                insert_new(connection, offsets, {"subject": self.subject.name, "seq": reached, "cursor": None, "page": 0})
                connection.execute(
                    update(offsets).where(offsets.c.subject == self.subject.name, offsets.c.seq < reached).values(seq=reached)
                )
        return reached

    def sweep(self) -> int:
        """Delete rows of ``handled`` that the floor speaks for and that no worker's memory still follows."""
        with self._engine.begin() as connection:
            floor = connection.execute(FLOOR, {"subject": self.subject.name}).scalar() or 0
            old = (self._now() - KEPT).isoformat()
            ids = connection.execute(
                select(handled.c.message_id)
                .where(handled.c.subject == self.subject.name, handled.c.seq <= floor, handled.c.at < old, handled.c.done)
                .order_by(handled.c.seq)
                .limit(5000)
            ).scalars()
            names = list(ids)
            # The newest row stays: it holds the ``n`` from which the next is counted.
            last = connection.execute(_LAST, {"subject": self.subject.name}).scalar_one()
            return int(
                connection.execute(
                    delete(handled).where(handled.c.subject == self.subject.name, handled.c.message_id.in_(names), handled.c.n < last)
                ).rowcount
            )

    def overlooked(self, until: int) -> list[Envelope | Unreadable]:
        """Messages up to ``until`` in the log that nobody has handled; the first of them by place.

        Empty on a good day. The log in PostgreSQL is what was said; if a broker or a client loses a message, it is found here.
        """
        with self._readers.connect() as connection:
            floor = connection.execute(FLOOR, {"subject": self.subject.name}).scalar() or 0
            rows = open_rows(connection, self.subject.types, floor, until, self.subject.name, self.subject.batch)
            return self._log.read_at(connection, [row.seq for row in rows]) if rows else []


class _Contaminated(Exception):
    """A message of a batch failed: what it wrote has to be undone, and later ones were prepared with memory of it.

    So each goes alone then, with a savepoint. Of a batch that goes well no message has one, and all that it emits is appended at once:
    otherwise every message is four times to PostgreSQL and back.
    """
