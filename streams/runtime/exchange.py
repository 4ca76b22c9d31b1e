"""What the edge holds: append what was said outside, read what the subjects know, wait for what follows."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from streams.runtime.database import EngineFault, is_engine_fault, plain_reason
from streams.runtime.log import Bell, Log
from streams.runtime.messages import Message, from_json, masked, outermost, to_json
from streams.runtime.tables import idempotency, upsert

T = TypeVar("T")


class IdempotencyConflict(ValueError):
    """The same ``Idempotency-Key`` came with another content."""


class Runner(Protocol):
    """What handles the messages: the loops of this process (embedded), or workers elsewhere."""

    look_every: float  # seconds after which who waits looks again, though no bell rang

    @property
    def loops(self) -> Mapping[str, Any]:
        """The loops of this process by subject; none where workers elsewhere do it."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def drain(self, timeout: float = 60.0) -> None:
        """Wait until everything said so far is handled; raises ``EngineFault`` when the time is over."""

    def got_past(self, connection: Connection, message_id: str, subject: str) -> bool | None:
        """Whether the subject has got past this message; None where there is no such message."""

    def faults(self) -> dict[str, str]:
        """What the loops of this process wait for, by subject, in plain words."""


class Writes(Protocol):
    """Who commits: the one writer of the embedded file, or units of work among others'. Durable when it answers."""

    @property
    def fault(self) -> str | None: ...

    def run(self, job: Callable[[Connection], T], timeout: float | None = None) -> T: ...

    def submit(self, job: Callable[[Connection], T]) -> Future[T]: ...


@dataclass(frozen=True)
class Said:
    """One message from outside, and what must be written with it in the same transaction (private values, a person's key).

    ``id``: given where the message has an identity of its own (a tick's instant); otherwise a new one.
    """

    message: Message
    before: Callable[[Connection], None] | None = None
    id: str | None = None
    occurred_at: datetime | None = None
    recorded_at: datetime | None = None


class Exchange:
    """The exchange as one process has it. Everything that is appended from outside goes through ``append``."""

    def __init__(self, log: Log, readers: Engine, writer: Writes, bell: Bell, runner: Any, *, now: Callable[[], datetime] | None = None):
        self.log = log
        self.vault = log.vault
        self.runner = runner
        self.bell = bell
        self.now = now or (lambda: datetime.now(UTC))
        self._readers = readers
        self._writer = writer

    @property
    def fault(self) -> str | None:
        """Why the last commit failed, in plain words; None when all is well."""
        return self._writer.fault

    def close(self) -> None:
        """Close the readers' connections. The last one that is closed makes SQLite put its log into the file."""
        self._readers.dispose()

    @contextmanager
    def reading(self) -> Any:
        """A read-only connection: committed rows only. Raises ``EngineFault`` where the database is out of reach."""
        try:
            with self._readers.connect() as connection:
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            if not is_engine_fault(error):
                raise
            raise EngineFault(plain_reason(error)) from error

    def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job in a transaction; durable when it answers. For tables of the edge (accounts, sessions, audit)."""
        return self._writer.run(job)

    def append(self, said: Sequence[Said], *, source: str) -> list[str]:
        """Append messages from outside in one transaction; durable when it answers. Gives their ids, in order."""
        return self._writer.run(lambda connection: self.append_within(connection, said, source=source))

    def append_within(self, connection: Connection, said: Sequence[Said], *, source: str) -> list[str]:
        """The same inside a transaction of the writer."""
        now = self.now()
        envelopes = []
        for one in said:
            if one.before is not None:
                one.before(connection)
            id_, recorded_at = one.id or str(uuid4()), one.recorded_at or now
            envelopes.append(outermost(masked(one.message), recorded_at=recorded_at, source=source, occurred_at=one.occurred_at, id=id_))
        self.log.append(connection, envelopes)
        return [envelope.id for envelope in envelopes]

    def once(self, scope: str, key: str | None, content: bytes, job: Callable[[Connection], dict[str, Any]]) -> dict[str, Any]:
        """Run ``job`` in one transaction, once per (scope, key): a second call answers what the first answered.

        Raises ``IdempotencyConflict`` where the same key comes with other content. Without a key it is simply run.
        """
        if key is None:
            return self._writer.run(job)
        fingerprint = hashlib.sha256(content).hexdigest()

        def guarded(connection: Connection) -> dict[str, Any]:
            row = connection.execute(select(idempotency).where(idempotency.c.scope == scope, idempotency.c.key == key)).mappings().first()
            if row is not None:
                if row["fingerprint"] != fingerprint:
                    raise IdempotencyConflict("this Idempotency-Key was used with other content; use a new key")
                return dict(from_json(row["answer"]))
            answer = job(connection)
            values = {"scope": scope, "key": key, "fingerprint": fingerprint, "answer": to_json(answer), "at": self.now().isoformat()}
            upsert(connection, idempotency, values)
            return answer

        return self._writer.run(guarded)

    def wait_handled(self, message_id: str, subject: str, timeout: float) -> bool:
        """Wait until ``subject`` has got past this message; False when the time is over, or where there is no such message."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self.bell.count
            with self.reading() as connection:
                past = self.runner.got_past(connection, message_id, subject)
            if past is None:
                return False
            if past:
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.bell.wait(seen, min(left, self.runner.look_every))
