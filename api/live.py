"""Live wake-ups: one thread listens to the exchange's bell and wakes every open event stream of this process."""

from __future__ import annotations

import asyncio
import threading

from streams.runtime.log import Bell


class Wakeups:
    """Wakes coroutines when something was committed; each then looks for what concerns it.

    ``count`` goes up with every wake-up: who reads it before looking and waits with it afterwards misses nothing in between.
    """

    def __init__(self, bell: Bell):
        self._bell = bell
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.Event | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.count = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen, and wake coroutines of this loop."""
        self._loop = loop
        self._next = asyncio.Event()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="wakeups", daemon=True)
        self._thread.start()

    def stop_soon(self) -> None:
        """Let every open stream end; safe to call from a signal handler, which must not wait for the bell's lock."""
        self._stopping.set()
        self._call()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.ring()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(5)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def _run(self) -> None:
        seen = self._bell.count
        while not self._stopping.is_set():
            now = self._bell.wait(seen, 1.0)
            if now != seen:
                seen = now
                self._call()
        self._call()

    def _call(self) -> None:
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the loop was closed meanwhile: nobody is waiting any more
            return

    def _wake(self) -> None:
        self.count += 1
        if self._next is not None:
            woken, self._next = self._next, asyncio.Event()
            woken.set()

    async def wait(self, seen: int, timeout: float) -> bool:
        """Until something was committed since ``count`` was ``seen``, or the time is over; False when it is over."""
        if self.count != seen or self._next is None or self.stopping:
            return True
        try:
            await asyncio.wait_for(self._next.wait(), timeout)
            return True
        except TimeoutError:
            return False
