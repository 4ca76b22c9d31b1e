"""PostgreSQL: units of work of one process among many. What the one writer (``writer.py``) promises, kept where many write.

Durable when it answers; never half done; a job that raises leaves nothing and does not touch the others of its group. After a lost
connection the unit's own row in ``writers`` says whether its last commit took place: if so it answers what it had to answer, if not the
jobs are run again in a new transaction, until ``patience`` is over; then ``EngineFault``. A job may therefore run more than once, but only
where nothing of an earlier run has been kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine, delete, select, text

from streams.runtime.database import EngineFault, is_engine_fault, plain_reason, savepoint, sqlstate, transaction_stands
from streams.runtime.jobs import Entry, Job, Jobs
from streams.runtime.locks import hold_in_transaction
from streams.runtime.log import APPENDED, Bell
from streams.runtime.tables import upsert, writers

T = TypeVar("T")
_logger = logging.getLogger("gongqiao.writer")

EDGE = "edge"  # the lock of everything that is written from outside
PATIENCE_S = 10.0


@dataclass(frozen=True)
class Answer:
    """What became of one job: what it answered, or what it raised (then nothing of it was kept)."""

    value: Any = None
    error: Exception | None = None


class Session:
    """Commits units of work over one connection, one unit at a time; opens another one when that is lost."""

    def __init__(self, engine: Engine, *, patience: float = PATIENCE_S):
        self._engine = engine
        self._patience = patience
        self._name = str(uuid4())
        self._number = 0
        self._known = False  # whether our row is in ``writers``
        self._connection: Connection | None = None
        self.fault: str | None = None

    def commit(self, jobs: Sequence[Job], lock: str) -> tuple[list[Answer], set[str]]:
        """Run the jobs, each in its own savepoint, in one transaction under this lock, and commit.

        Answers, once it is durable, what became of each, and the types of the messages appended. Raises ``EngineFault`` where nothing
        of it was kept, or where that cannot be found out before ``patience`` is over.
        """
        deadline = time.monotonic() + self._patience
        backoff = 0.02
        asked: tuple[list[Answer], set[str]] | None = None  # of a commit whose outcome is not known
        while True:
            try:
                if asked is not None:
                    if self._took_place():
                        self.fault = None
                        return asked
                    asked = None
                connection = self._connect()
                asked = self._run(connection, jobs, lock)
                connection.commit()
                self.fault = None
                return asked
            except Exception as error:
                self._drop()
                if not is_engine_fault(error):
                    raise
                self.fault = plain_reason(error)
                _logger.warning("unit of work interrupted", extra={"reason": self.fault})
                if time.monotonic() + backoff > deadline:
                    if asked is not None:
                        raise OutcomeUnknown(f"{self.fault}; whether it was kept is not known: ask for it, or send it again") from error
                    raise EngineFault(self.fault) from error
            except BaseException:
                self._drop()
                raise
            time.sleep(backoff)
            backoff = min(backoff * 2, 1.0)

    def close(self) -> None:
        """Forget this writer; best effort."""
        try:
            if self._connection is not None:
                self._connection.rollback()
                self._connection.execute(delete(writers).where(writers.c.writer == self._name))
                self._connection.commit()
        except Exception as error:
            _logger.debug("closing a session failed", extra={"reason": type(error).__name__})
        self._drop()

    def _run(self, connection: Connection, jobs: Sequence[Job], lock: str) -> tuple[list[Answer], set[str]]:
        connection.info.pop(APPENDED, None)
        hold_in_transaction(connection, lock)
        answers = []
        for job in jobs:
            try:
                with savepoint(connection):
                    value = job(connection)
                answers.append(Answer(value))
            except Exception as error:
                if is_engine_fault(error) and not transaction_stands(connection):
                    raise
                if sqlstate(error).startswith("40"):
                    raise EngineFault(plain_reason(error)) from error  # a deadlock: all of it again
                answers.append(Answer(error=error))
        self._number += 1
        upsert(connection, writers, {"writer": self._name, "n": self._number, "at": datetime.now(UTC).isoformat()})
        return answers, connection.info.pop(APPENDED, set())

    def _took_place(self) -> bool:
        """Whether the last commit, of a connection that is lost, took place. Waits until the server is through with it."""
        connection = self._connect()
        mine = select(writers.c.n).where(writers.c.writer == self._name)
        found = connection.execute(mine.with_for_update()).scalar()
        connection.rollback()
        return found == self._number

    def _connect(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect()
            try:
                # The server may not have noticed that the last one is gone: its process is ended, so that it holds no locks any more.
                connection.execute(_END, {"name": self._name})
                connection.execute(_NAME, {"name": self._name})
                if not self._known:
                    # The row is there before the first unit, so that whoever asks what became of that one waits for it.
                    upsert(connection, writers, {"writer": self._name, "n": 0, "at": datetime.now(UTC).isoformat()})
                connection.commit()
                self._known = True
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        """Throw the connection away, with whatever transaction it still has; the next unit opens a new one."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.invalidate()
            connection.close()
        except Exception as error:  # it is gone either way
            _logger.debug("closing a faulty connection failed", extra={"reason": type(error).__name__})


class OutcomeUnknown(EngineFault):
    """The connection was lost in mid-commit and the server does not come back: it may have been kept."""


_NAME = text("SELECT set_config('application_name', 'gongqiao ' || :name, false)")
_END = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gongqiao ' || :name AND pid <> pg_backend_pid()"
)


class Units(Jobs):
    """The writer of one process on PostgreSQL: jobs from any thread, committed in groups under the lock ``edge``.

    The same face as ``Writer``. The lock makes what is written from outside one after another in all processes, as the one writer makes
    it: what a job reads of its tables holds until it has committed.
    """

    def __init__(self, engine: Engine, bell: Bell, *, most: int = 200, patience: float = PATIENCE_S):
        super().__init__()
        self._engine = engine
        self._bell = bell
        self._most = most
        self._session = Session(engine, patience=patience)

    @property
    def fault(self) -> str | None:
        """Why the last commit failed, in plain words; None when all is well."""
        return self._session.fault

    def _ended(self) -> None:
        self._session.close()

    def _group(self, first: Entry) -> bool:
        # Whoever came while the last group was being committed; nobody is waited for while others want the lock.
        group, go_on = [first], True
        while go_on and len(group) < self._most:
            try:
                entry = self._next()
            except Empty:
                break
            if entry is None:
                go_on = False
            else:
                group.append(entry)
        self._commit(group)
        return go_on

    def _commit(self, group: list[Entry]) -> None:
        try:
            answers, appended = self._session.commit([job for job, _ in group], EDGE)
        except BaseException as error:
            _logger.error("commit failed", extra={"reason": self.fault or type(error).__name__})
            for _, future in group:
                future.set_exception(error if isinstance(error, EngineFault) else EngineFault(plain_reason(error)))
            return
        if appended:
            self._bell.said(appended)
        for (_, future), answer in zip(group, answers, strict=True):
            if answer.error is not None:
                future.set_exception(answer.error)
            else:
                future.set_result(answer.value)
        self._bell.ring()


def sweep_writers(connection: Connection, before: datetime) -> int:
    """Delete the rows of writers that are gone and have written nothing since; answers how many. For the rotation."""
    return int(connection.execute(_SWEEP, {"before": before.isoformat()}).rowcount)


_SWEEP = text(
    "DELETE FROM writers WHERE at < :before "
    "AND NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = 'gongqiao ' || writers.writer)"
)
