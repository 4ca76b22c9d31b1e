"""Live wake-ups: one thread listens to the exchange's bell and wakes every open event stream of this process.

Where other processes commit, their rings come through the cache (``api/cache/ringing.py``); and because those may be lost, the thread looks
by itself as well: a stream finds out ``LOOK_S`` later at most.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from streams.runtime.log import Bell

_logger = logging.getLogger("gongqiao.live")
LOOK_S = 2.0


class Wakeups:
    """Wakes coroutines when something was committed; each then looks for what concerns it.

    ``count`` goes up with every wake-up: who reads it before looking and waits with it afterwards misses nothing in between.
    """

    def __init__(self, bell: Bell, look: Callable[[], int] | None = None, *, every: float = LOOK_S):
        """``look`` answers where the log ends, as committed by whomever; raises where the state does not answer."""
        self._bell = bell
        self._look = look
        self._every = every
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
        seen, end = self._bell.count, -1
        looked = time.monotonic()
        while not self._stopping.is_set():
            now = self._bell.wait(seen, 1.0 if self._look is None else min(1.0, self._every))
            rung = now != seen
            seen = now
            if self._look is not None and time.monotonic() - looked >= self._every:
                before, end, looked = end, self._end(end), time.monotonic()
                rung = rung or end != before
            if rung:
                self._call()
        self._call()

    def _end(self, known: int) -> int:
        try:
            return self._look() if self._look is not None else known
        except Exception as error:  # readiness says what is wrong with the state; the streams wait
            _logger.debug("the end of the log is not known", extra={"reason": type(error).__name__})
            return known

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
