"""Wrong passwords are counted, so that nobody can try thousands: by account and address, and by address."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from api.problems import TooMany

WINDOW_S = 300.0
FOR_ONE_NAME = 10  # wrong passwords for one login from one address
FOR_ONE_ADDRESS = 100  # from one address whatever the login; a counter hall may share one
MOST_KEPT = 20_000


class Throttle:
    """Failures of the last five minutes, in this process. A right password forgets those of its login."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, str], list[float]] = {}

    def check(self, address: str, login: str) -> None:
        """Raises ``TooMany`` while there were too many wrong passwords."""
        with self._lock:
            for key, most in (((address, login), FOR_ONE_NAME), ((address, ""), FOR_ONE_ADDRESS)):
                recent = self._recent(key)
                if len(recent) >= most:
                    wait = max(1, int(recent[-most] + WINDOW_S - self._clock()) + 1)
                    raise TooMany("密码连续输错次数太多，请过几分钟再试", headers={"Retry-After": str(wait)})

    def failed(self, address: str, login: str) -> None:
        with self._lock:
            if len(self._failures) >= MOST_KEPT:
                self._failures = {key: times for key, times in self._failures.items() if self._fresh(times[-1])}
                if len(self._failures) >= MOST_KEPT:
                    self._failures.clear()
            for key in ((address, login), (address, "")):
                self._failures[key] = [*self._recent(key)[-FOR_ONE_ADDRESS:], self._clock()]

    def succeeded(self, address: str, login: str) -> None:
        with self._lock:
            self._failures.pop((address, login), None)

    def _recent(self, key: tuple[str, str]) -> list[float]:
        return [at for at in self._failures.get(key, ()) if self._fresh(at)]

    def _fresh(self, at: float) -> bool:
        return self._clock() - at < WINDOW_S
