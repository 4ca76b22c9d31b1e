"""One request after another: credentials, problems as exceptions, and asking again where that repeats nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from api.client.errors import problem_of, retry_after

AGAIN = (429, 503)  # what passes
_SAFE = ("GET", "PUT", "DELETE")  # asked twice they say and do the same


class Asker:
    """Requests to ``{address}/api/v1``.

    429 and 503 are asked again after ``Retry-After``, at most ``retries`` times and never later than ``longest_wait`` seconds; so is a
    connection that broke, but only for what repeats nothing: reading, replacing, ending, and what carries an ``Idempotency-Key``.
    """

    def __init__(
        self,
        address: str,
        *,
        key: str | None = None,
        login: tuple[str, str] | None = None,
        retries: int = 4,
        longest_wait: float = 60.0,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        if key is not None and login is not None:
            raise ValueError("give a key or a login with its password, not both")
        headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
        self._http = httpx.Client(
            base_url=address.rstrip("/"),
            headers=headers,
            auth=httpx.BasicAuth(*login) if login is not None else None,
            timeout=timeout,
            transport=transport,
        )
        self._retries = retries
        self._longest = longest_wait
        self._sleep = sleep

    def close(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, *, prefix: str = "/api/v1", good: tuple[int, ...] = (), **given: Any) -> httpx.Response:
        """One answer, read whole. Raises ``ProblemError`` unless it is a success or one of ``good``."""
        tried = 0
        while True:
            tried += 1
            try:
                answer = self._http.request(method, prefix + path, **given)
            except httpx.TransportError:
                if tried > self._retries or not _repeats_nothing(method, given):
                    raise
                self._sleep(_pause(tried))
                continue
            if answer.is_success or answer.status_code in good:
                return answer
            if not self._may_wait(answer, tried):
                raise problem_of(answer)
            self._sleep(self._wait(answer, tried))

    def json(self, method: str, path: str, **given: Any) -> Any:
        """The same, as JSON."""
        return self.ask(method, path, **given).json()

    @contextmanager
    def streaming(self, path: str, *, headers: Mapping[str, str] | None = None, timeout: Any = None) -> Iterator[httpx.Response]:
        """An answer that is read piece by piece. Raises ``ProblemError``; what breaks off on the way is the reader's to go on with."""
        extra = {} if timeout is None else {"timeout": timeout}
        tried = 0
        while True:
            tried += 1
            with self._http.stream("GET", "/api/v1" + path, headers=dict(headers or {}), **extra) as answer:
                if answer.is_success:
                    yield answer
                    return
                answer.read()
            if not self._may_wait(answer, tried):
                raise problem_of(answer)
            self._sleep(self._wait(answer, tried))

    def _may_wait(self, answer: httpx.Response, tried: int) -> bool:
        return answer.status_code in AGAIN and tried <= self._retries and self._wait(answer, tried) <= self._longest

    def _wait(self, answer: httpx.Response, tried: int) -> float:
        said = retry_after(answer)
        return said if said is not None else _pause(tried)


def _repeats_nothing(method: str, given: Mapping[str, Any]) -> bool:
    return method in _SAFE or "Idempotency-Key" in (given.get("headers") or {})


def _pause(tried: int) -> float:
    # Not all who lost the same connection come back at the same moment.
    return float(min(30.0, 0.5 * 2 ** (tried - 1)) * random.uniform(0.5, 1.0))
