"""The embedded runner: every subject in one process over one SQLite file."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, select

from streams.runtime.database import EngineFault, is_engine_fault, plain_reason, savepoint
from streams.runtime.jobs import WriterStopped
from streams.runtime.log import Bell, Log
from streams.runtime.messages import Envelope, Unreadable
from streams.runtime.processing import Failed, Processed, process
from streams.runtime.setbacks import Setbacks
from streams.runtime.subjects import Memory, Preparation, Subject
from streams.runtime.tables import Look, offsets, upsert
from streams.runtime.tables import log as log_table
from streams.runtime.writer import Writer

_logger = logging.getLogger("gongqiao.runner")
MAX_BACKOFF_S = 30.0

_OFFSET = Look(select(offsets.c.seq, offsets.c.cursor, offsets.c.page).where(offsets.c.subject == bindparam("subject")))
_PAST = (
    select(func.coalesce(offsets.c.seq, 0) >= log_table.c.seq)
    .select_from(log_table.outerjoin(offsets, offsets.c.subject == bindparam("subject")))
    .where(log_table.c.id == bindparam("id"))
)


class SubjectLoop:
    """Follows the log for one subject, in a thread of its own: a slow subject holds up nobody else.

    Promises, per subject: messages of one key are handled in the order of the log; state, outputs and offset commit together, so each
    message takes effect exactly once, also over a kill at any moment; a message that fails rolls back to its own savepoint and becomes
    a dead letter; ``Retry`` parks its key (later messages of that key wait behind it, other keys go on) at most five times; a fault of
    the engine is waited for without end, with back-off to 30 s, and ``fault`` says so.
    """

    def __init__(
        self,
        subject: Subject,
        log: Log,
        readers: Engine,
        writer: Writer,
        bell: Bell,
        settings: Mapping[str, Any],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self.subject = subject
        self.fault: str | None = None
        self.handled = 0
        self.memory: Memory | None = None
        self._log = log
        self._readers = readers
        self._writer = writer
        self._bell = bell
        self._settings = settings
        self._now = now
        self._setbacks = Setbacks(subject.name, now)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"subject-{subject.name}", daemon=True)
        self.ready = threading.Event()
        self._ear = bell.listen(subject.types)
        self._haste = threading.Event()  # somebody waits for everything to be handled, or for the end
        self._looked = 0.0  # when it last woke up to work
        self._idle_at = -1  # the end of the log when last there was nothing to do
        self._after = 0  # where the batch in hand was read from

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the batch in hand; what is not committed is handled again next time."""
        self._stopping.set()
        self._haste.set()
        self._ear.wake()

    def make_haste(self, wanted: bool) -> None:
        """Whether somebody waits for everything to be handled: then there is no rest between batches."""
        if wanted:
            self._haste.set()
        elif not self._stopping.is_set():
            self._haste.clear()

    @property
    def idle_at(self) -> int:
        """The end of the log as it was when there was nothing left to do; -1 while there is."""
        at = self._idle_at
        return at if at < 0 else self._bell.nothing_for(self.subject.types, at)

    def join(self) -> None:
        if self._thread.is_alive():
            self._thread.join()

    # -- the loop ------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        backoff = 0.05
        while not self._stopping.is_set():
            self._ear.forget()
            try:
                if self.memory is None and self.subject.memory is not None:
                    memory = self.subject.memory(self._settings)
                    with self._readers.connect() as connection:
                        memory.load(connection)
                    self.memory = memory
                self.ready.set()
                busy = self.step()
                self.fault = None
                backoff = 0.05
            except WriterStopped:
                return
            except Exception as error:
                # Whatever gets here is no message's fault: those were turned into outcomes below.
                self.memory = None
                self.fault = plain_reason(error) if is_engine_fault(error) else f"{type(error).__name__} in the runner"
                _logger.error(
                    "subject waits", extra={"subject": self.subject.name, "reason": self.fault}, exc_info=not is_engine_fault(error)
                )
                self._stopping.wait(backoff)
                backoff = min(backoff * 2, MAX_BACKOFF_S)
                continue
            if not busy and not self._stopping.is_set():
                self._ear.wait(0.5)
                rest = self._looked + self.subject.rest - time.monotonic()
                if rest > 0:
                    self._haste.wait(rest)
                self._looked = time.monotonic()

    def step(self) -> bool:
        """Handle one batch; answers whether there was any work."""
        with self._readers.connect() as connection:
            after, cursor, page = self._place(connection)
            due, waiting_keys = self._setbacks.parked(connection)
            end = self._log.end(connection)
            batch = self._log.read(connection, self.subject.types, after, self.subject.batch)
        if cursor is not None and (not batch or batch[0].seq != after + 1):
            cursor = None  # what went on in pages is nobody's message any more
        if due is not None and cursor is None:
            self._idle_at = -1
            self._handle_parked(due)
            return True
        if not batch:
            self._idle_at = end
            return False
        self._idle_at = -1
        self._after = after
        if cursor is not None:
            # A message in mid-pages is finished before anything else of its key, whatever was handed back meanwhile.
            batch = batch[:1]
            waiting_keys = {}
        self._handle_batch(batch, cursor, page, waiting_keys)
        return True

    def _place(self, connection: Connection) -> tuple[int, str | None, int]:
        """How far the subject is: the last place it has done, and cursor and page of a message in mid-pages."""
        found: list[tuple[Any, ...]] = _OFFSET.rows(connection, subject=self.subject.name)
        return found[0] if found else (0, None, 0)  # type: ignore[return-value]

    def _prepare(self, envelope: Envelope, reading: Connection) -> Any:
        handler = self.subject.handler_of(envelope.type)
        if handler is None or handler.prepare is None:
            return None
        try:
            return handler.prepare(envelope.message, Preparation(envelope, self.memory, self._settings, reading))
        except Exception as error:
            if is_engine_fault(error):
                raise
            return Failed.of(error)

    def _handle_batch(self, batch: list[Envelope | Unreadable], cursor: str | None, page: int, waiting: dict[str, int]) -> None:
        prepared: list[Any] = [None] * len(batch)
        if self.subject.prepares:
            with self._readers.connect() as reading:
                prepared = [None if isinstance(e, Unreadable) or e.key in waiting else self._prepare(e, reading) for e in batch]

        def job(connection: Connection) -> int:
            self._still_here(connection)
            parked_keys = dict(waiting)
            for place, (envelope, ready) in enumerate(zip(batch, prepared, strict=True)):
                outcome = self._one(connection, envelope, ready, parked_keys, cursor if place == 0 else None, page if place == 0 else 0)
                if outcome is _AGAIN:
                    return place  # the offset stands before this message, whose pages go on; those behind it wait
            self._advance(connection, batch[-1].seq)
            return len(batch)

        try:
            done = self._writer.run(job)
        except _Contaminated:
            self._handle_singly(batch, cursor, page, waiting)
            return
        self.handled += done
        self._forget_prepared(batch[done + 1 :])

    def _forget_prepared(self, messages: list[Envelope | Unreadable]) -> None:
        """Put the memory back to the tables for messages that were prepared and then undone, or wait behind one that goes on in pages."""
        if self.memory is None or not messages:
            return
        with self._readers.connect() as connection:
            for envelope in messages:
                if isinstance(envelope, Envelope):
                    self.memory.refresh(connection, envelope)

    def _still_here(self, connection: Connection) -> None:
        """Nobody else may have gone on from where this batch was read: a second process on the same file would handle it twice."""
        if self._place(connection)[0] != self._after:
            raise EngineFault(f"another process handles {self.subject.name} on this database; run only one")

    def _handle_singly(self, batch: list[Envelope | Unreadable], cursor: str | None, page: int, waiting: dict[str, int]) -> None:
        """One message at a time: after a failure in a batch whose later messages were prepared with memory of what was undone."""
        assert self.memory is not None
        self._forget_prepared(batch)
        parked_keys = dict(waiting)
        for place, envelope in enumerate(batch):
            with self._readers.connect() as reading:
                ready = None if isinstance(envelope, Unreadable) or envelope.key in parked_keys else self._prepare(envelope, reading)
            failed: list[bool] = []

            def job(
                connection: Connection,
                envelope: Envelope | Unreadable = envelope,
                ready: Any = ready,
                place: int = place,
                failed: list[bool] = failed,
            ) -> bool:
                self._still_here(connection)
                at = cursor if place == 0 else None
                outcome = self._one(connection, envelope, ready, parked_keys, at, page if place == 0 else 0, failed=failed)
                if outcome is _AGAIN:
                    return False
                self._advance(connection, envelope.seq)
                return True

            finished = self._writer.run(job)
            self._after = envelope.seq
            self.handled += 1
            if failed:
                self._forget_prepared([envelope])
            if not finished:
                return

    def _one(
        self,
        connection: Connection,
        envelope: Envelope | Unreadable,
        ready: Any,
        parked_keys: dict[str, int],
        cursor: str | None,
        page: int,
        *,
        failed: list[bool] | None = None,
    ) -> object:
        """One message inside the write transaction. With memory and ``failed`` absent, a failure asks for singles."""
        if isinstance(envelope, Unreadable):
            self._setbacks.bury_broken(connection, envelope)
            return None
        if envelope.key in parked_keys:
            self._setbacks.park_behind(connection, envelope)
            return None
        result = process(self.subject, self._log, connection, envelope, ready, self.memory, self._settings, cursor)
        if result.failed and self.memory is not None and failed is None:
            raise _Contaminated
        if result.failed and failed is not None:
            failed.append(True)
        if result.retry is not None:
            self._setbacks.park(connection, envelope, attempts=1, after=result.retry.after, reason=result.retry.reason)
            parked_keys[envelope.key] = envelope.seq
            return None
        if result.dead is not None:
            self._setbacks.bury(connection, envelope, result)
            return None
        if result.cursor is not None:
            values = {"subject": self.subject.name, "seq": envelope.seq - 1, "cursor": result.cursor, "page": page + 1}
            upsert(connection, offsets, values)
            return _AGAIN
        return None

    # -- parked keys and dead letters ----------------------------------------------------------------------------------

    def _handle_parked(self, seq: int) -> None:
        with self._readers.connect() as connection:
            envelope = self._log.read_at(connection, [seq])[0]
            ready = self._prepare(envelope, connection) if isinstance(envelope, Envelope) else None

        def job(connection: Connection) -> bool:
            def handle(envelope: Envelope) -> Processed:
                return process(self.subject, self._log, connection, envelope, ready, self.memory, self._settings, None, all_pages=True)

            return self._setbacks.again(connection, envelope, handle)

        failed = self._writer.run(job)
        self.handled += 1
        if failed:
            self._forget_prepared([envelope])

    def _advance(self, connection: Connection, seq: int) -> None:
        upsert(connection, offsets, {"subject": self.subject.name, "seq": seq, "cursor": None, "page": 0})


class _Contaminated(Exception):
    """A message of a batch failed after later ones were prepared with its memory."""


_AGAIN = object()


class EmbeddedRunner:
    """All subjects of a topology over one file; ``start``, ``stop``, ``drain``."""

    look_every = 0.25

    def __init__(
        self,
        log: Log,
        readers: Engine,
        writer: Writer,
        bell: Bell,
        settings: Mapping[str, Any],
        *,
        now: Callable[[], datetime] | None = None,
    ):
        clock = {"now": now} if now is not None else {}
        self.loops = {s.name: SubjectLoop(s, log, readers, writer, bell, settings, **clock) for s in log.topology.subjects}
        self._log = log
        self._readers = readers
        self._bell = bell

    def start(self) -> None:
        for loop in self.loops.values():
            loop.start()

    def stop(self) -> None:
        """Graceful: each subject finishes the batch in hand."""
        for loop in self.loops.values():
            loop.stop()
        for loop in self.loops.values():
            loop.join()

    def drain(self, timeout: float = 60.0) -> None:
        """Wait until every subject has handled everything in the log (parked messages that are not due aside)."""
        deadline = time.monotonic() + timeout
        for loop in self.loops.values():
            loop.make_haste(True)
        try:
            while True:
                seen = self._bell.count
                end = self._end()
                # Looked at again behind the loops: one may have been idle before another said something that is for it.
                if all(loop.idle_at >= end for loop in self.loops.values()) and self._end() == end:
                    return
                if time.monotonic() > deadline:
                    lagging = [name for name, loop in self.loops.items() if loop.idle_at < end]
                    faults = {name: self.loops[name].fault for name in lagging}
                    raise EngineFault(f"not drained within {timeout:.0f} s: {faults}")
                self._bell.wait(seen, 0.02)
        finally:
            for loop in self.loops.values():
                loop.make_haste(False)

    def _end(self) -> int:
        with self._readers.connect() as connection:
            return self._log.end(connection)

    def got_past(self, connection: Connection, message_id: str, subject: str) -> bool | None:
        """Whether the subject has got past this message; None where there is no such message."""
        row = connection.execute(_PAST, {"id": message_id, "subject": subject}).first()
        return None if row is None else bool(row[0])

    def faults(self) -> dict[str, str]:
        return {name: loop.fault for name, loop in self.loops.items() if loop.fault}


__all__ = ["EmbeddedRunner", "SubjectLoop", "savepoint"]
