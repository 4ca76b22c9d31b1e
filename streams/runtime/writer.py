"""The one writer: a thread with the only write connection. API appends and units of work share its commits."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from queue import Empty
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from streams.runtime.database import EngineFault, is_engine_fault, plain_reason, savepoint, transaction_stands
from streams.runtime.jobs import Entry, Jobs
from streams.runtime.log import APPENDED, Bell, Log
from streams.runtime.sealing import MADE

_logger = logging.getLogger("gongqiao.writer")


class Writer(Jobs):
    """Runs jobs one after another, each in its own savepoint, and commits them in groups, at most once in ``window`` seconds. A group
    takes what waits already for up to ``together`` seconds: with 10 ms instead of 30 single postings took a tenth longer to the inbox.

    Promises: a job's effects are durable (``synchronous=FULL``) when its future answers, and only then; a job that raises leaves
    nothing and does not touch the others of its group, unless the engine itself gave up the transaction; a commit that fails fails
    every job of its group with ``EngineFault``.
    """

    def __init__(self, engine: Engine, bell: Bell, *, window: float = 0.010, together: float = 0.030):
        super().__init__()
        self._engine = engine
        self._bell = bell
        self._window = window
        self._together = together
        self._connection: Connection | None = None
        self._committed = 0.0  # when the last group was durable
        self.fault: str | None = None  # why the last commit failed, in plain words; None when all is well

    def _ended(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _drop_connection(self) -> None:
        """Throw the connection away, with whatever transaction it still thinks it has; the next group opens a new one."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.invalidate()
            connection.close()
        except Exception as error:  # it is gone either way
            _logger.debug("closing a faulty connection failed", extra={"reason": type(error).__name__})

    def _group(self, first: Entry) -> bool:
        done: list[tuple[Future[Any], Any]] = []
        waiting: list[Future[Any]] = [first[1]]
        go_on = True
        try:
            if self._connection is None or self._connection.closed:
                self._connection = self._engine.connect()
            connection = self._connection
            connection.info.pop(APPENDED, None)
            connection.info.pop(MADE, None)
            with connection.begin():
                deadline = time.monotonic() + self._together
                entry: Entry | None = first
                while entry is not None:
                    job, future = entry
                    try:
                        with savepoint(connection):
                            answer = job(connection)
                        done.append((future, answer))
                    except BaseException as error:
                        if not isinstance(error, Exception) or (is_engine_fault(error) and not transaction_stands(connection)):
                            raise
                        waiting.remove(future)
                        # A full disk may undo one statement alone, and the group goes on; who waits is told in plain words all the same.
                        engines = isinstance(error, DBAPIError) and is_engine_fault(error)
                        future.set_exception(EngineFault(plain_reason(error)) if engines else error)
                    if time.monotonic() >= deadline:
                        break
                    try:
                        # A commit right after another one waits for company until the window is over: with single postings every
                        # subject would otherwise commit alone, three hundred times a second.
                        entry = self._next(self._committed + self._window - time.monotonic())
                    except Empty:
                        break
                    if entry is None:
                        go_on = False
                        break
                    waiting.append(entry[1])
                appended = connection.info.pop(APPENDED, None)
                end = Log.end(connection) if appended else 0
        except BaseException as error:
            self.fault = str(error) if isinstance(error, EngineFault) else plain_reason(error)
            _logger.error("commit failed", extra={"reason": self.fault})
            self._drop_connection()
            for future in waiting:
                future.set_exception(error if isinstance(error, EngineFault) else EngineFault(self.fault))
            return go_on
        self.fault = None
        self._committed = time.monotonic()
        if appended:
            self._bell.appended(appended, end)
        for future, answer in done:
            future.set_result(answer)
        self._bell.ring()
        return go_on
