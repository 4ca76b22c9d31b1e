"""Live wake-ups: one thread listens to the exchange's bell and wakes every open event stream of this process."""

from __future__ import annotations

import asyncio
import threading

from streams.runtime.log import Bell


class Wakeups:
    """Wakes coroutines when something was committed; each then looks for what concerns it."""

    def __init__(self, bell: Bell):
        self._bell = bell
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: set[asyncio.Event] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wakeups", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def stop_soon(self) -> None:
        """Let every open stream end; safe to call from a signal handler."""
        self._stopping.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def stop(self) -> None:
        self._stopping.set()
        self._bell.ring()
        if self._thread.is_alive():
            self._thread.join(5)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def _run(self) -> None:
        seen = self._bell.count
        while not self._stopping.is_set():
            now = self._bell.wait(seen, 1.0)
            if now != seen and self._loop is not None and not self._loop.is_closed():
                seen = now
                self._loop.call_soon_threadsafe(self._wake)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for waiter in self._waiters:
            waiter.set()

    async def wait(self, timeout: float) -> bool:
        """Until something was committed or the time is over; False when it is over."""
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter.wait(), timeout)
            return True
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
