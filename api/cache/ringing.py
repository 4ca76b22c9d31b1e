"""One bell for all processes: what is committed here is rung there, and what is committed there is rung here."""

from __future__ import annotations

import logging
import threading
from uuid import uuid4

from api.cache.shapes import Cache, CacheFault
from streams.runtime.log import Bell

_logger = logging.getLogger("gongqiao.ringing")
APART_S = 0.05  # a busy process commits a hundred times a second; twenty rings are soon enough for a page


class Ringing:
    """Ties a process's bell to the cache's. Without the engine nothing is lost: whoever waits looks by itself now and then."""

    def __init__(self, bell: Bell, cache: Cache):
        self._bell = bell
        self._cache = cache
        self._me = uuid4().hex[:12]
        self._remote = 0  # rings of the bell that came from others, and so do not go out again
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ringing", daemon=True)
        self._end = lambda: None

    def start(self) -> None:
        self._end = self._cache.listen(self._heard)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.ring()
        if self._thread.is_alive():
            self._thread.join(5)
        self._end()

    def _heard(self, text: str) -> None:
        if text != self._me:
            with self._lock:
                self._remote += 1
                self._bell.ring()

    def _own(self) -> int:
        with self._lock:
            return self._bell.count - self._remote

    def _run(self) -> None:
        told, seen = self._own(), self._bell.count
        while not self._stopping.is_set():
            seen = self._bell.wait(seen, 1.0)
            own = self._own()
            if own == told:
                continue
            told = own
            try:
                self._cache.ring(self._me)
            except CacheFault:
                continue  # the others look by themselves
            self._stopping.wait(APART_S)
