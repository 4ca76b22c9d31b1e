"""Jobs that one thread does for all: submitted from any thread, each answered by a future."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, Queue
from typing import Any, TypeVar

from sqlalchemy import Connection

from streams.runtime.database import EngineFault

T = TypeVar("T")
Job = Callable[[Connection], Any]
Entry = tuple[Job, Future[Any]]


class WriterStopped(EngineFault):
    """The writer has been stopped; what was submitted is not committed."""


class Jobs:
    """The queue and its thread. Who commits says in ``_group`` how: given the first entry, it takes more with ``_next``, answers every
    future, and says whether to go on."""

    def __init__(self) -> None:
        # Not a SimpleQueue: where its ``get`` is halted for longer than a short timeout, it waits without end (CPython 3.11 and 3.12).
        self._jobs: Queue[Entry | None] = Queue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what was submitted, then stop."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()

    def submit(self, job: Callable[[Connection], T]) -> Future[T]:
        future: Future[T] = Future()
        if self._stopped.is_set():
            future.set_exception(WriterStopped("the exchange is stopping"))
            return future
        self._jobs.put((job, future))
        if self._stopped.is_set():
            self._refuse_rest()
        return future

    def run(self, job: Callable[[Connection], T], timeout: float | None = None) -> T:
        """Submit and wait until it is durable."""
        return self.submit(job).result(timeout)

    def _next(self, wait: float = 0.0) -> Entry | None:
        """Another entry; ``None`` is the last. Raises ``Empty`` where none comes within ``wait`` seconds."""
        return self._jobs.get(timeout=wait) if wait > 0 else self._jobs.get_nowait()

    def _group(self, first: Entry) -> bool:
        raise NotImplementedError

    def _ended(self) -> None:
        """What is to be closed when the thread ends."""

    def _run(self) -> None:
        while (entry := self._jobs.get()) is not None:
            if not self._group(entry):
                break
        self._stopped.set()
        self._refuse_rest()
        self._ended()

    def _refuse_rest(self) -> None:
        while True:
            try:
                entry = self._jobs.get_nowait()
            except Empty:
                return
            if entry is not None:
                entry[1].set_exception(WriterStopped("the exchange is stopping"))
