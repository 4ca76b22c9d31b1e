"""The cache of one process: the default, and what the embedded exchange runs with."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from api.cache.shapes import Limit, Room

MOST_BUCKETS = 50_000
MOST_BYTES = 32 * 1024 * 1024


class MemoryCache:
    """Buckets, values and listeners of this process, under one lock. Never at fault."""

    fault: str | None = None

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        # A bucket that is full again is worth nothing; those touched longest ago are at the front.
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float, float]] = OrderedDict()  # tokens, when, full again at
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0
        self._listeners: list[Callable[[str], None]] = []

    def take(self, limit: Limit, who: str, cost: int = 1) -> Room:
        with self._lock:
            now = self._clock()
            tokens, at, _ = self._buckets.get((limit.name, who), (float(limit.most), now, now))
            tokens = min(limit.most, tokens + max(0.0, now - at) * limit.most / limit.seconds)
            allowed = tokens + 1e-9 >= cost
            if allowed and cost != 0:
                tokens = min(float(limit.most), max(0.0, tokens - cost))
                self._put((limit.name, who), tokens, now, limit)
            return Room(limit, allowed, tokens)

    def _put(self, key: tuple[str, str], tokens: float, now: float, limit: Limit) -> None:
        self._buckets.pop(key, None)
        if tokens >= limit.most:
            return
        self._buckets[key] = (tokens, now, now + (limit.most - tokens) * limit.seconds / limit.most)
        if len(self._buckets) > MOST_BUCKETS:
            full = [name for name, (_, _, again) in self._buckets.items() if again <= now]
            for name in full or [next(iter(self._buckets))]:
                del self._buckets[name]

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        with self._lock:
            self._drop(name)
            if seconds <= 0 or len(value) > MOST_BYTES:
                return
            self._values[name] = (self._clock() + seconds, value)
            self._bytes += len(value)
            while self._bytes > MOST_BYTES:
                self._drop(next(iter(self._values)))

    def kept(self, name: str) -> bytes | None:
        with self._lock:
            found = self._values.get(name)
            if found is None:
                return None
            if found[0] <= self._clock():
                self._drop(name)
                return None
            return found[1]

    def _drop(self, name: str) -> None:
        found = self._values.pop(name, None)
        if found is not None:
            self._bytes -= len(found[1])

    def ring(self, text: str) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for heard in listeners:
            heard(text)

    def listen(self, heard: Callable[[str], None]) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(heard)

        def end() -> None:
            with self._lock:
                if heard in self._listeners:
                    self._listeners.remove(heard)

        return end

    def close(self) -> None:
        with self._lock:
            self._listeners.clear()
