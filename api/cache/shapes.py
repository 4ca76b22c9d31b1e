"""What the edge asks of its cache: how much room a caller has, what was worked out lately, and who is to be woken.

Nothing in it is needed: a cache that was flushed, stopped or never there costs warmth, and no data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Protocol


class CacheFault(RuntimeError):
    """The cache does not answer. Whoever asks goes on without it, as the case allows."""


@dataclass(frozen=True)
class Limit:
    """A bucket of ``most`` that is filled again evenly over ``seconds``. ``name`` tells it from others: to people, and in keys."""

    name: str
    most: int
    seconds: float


@dataclass(frozen=True)
class Room:
    """What is left in a bucket after asking: ``tokens`` of the limit's ``most``; ``allowed`` is whether what was asked for was there."""

    limit: Limit
    allowed: bool
    tokens: float

    @property
    def remaining(self) -> int:
        """Whole requests that are left now."""
        return max(0, int(self.tokens + 1e-6))

    @property
    def full_after(self) -> int:
        """Seconds until the bucket is full again."""
        return ceil(max(0.0, self.limit.most - self.tokens) * self.limit.seconds / self.limit.most)

    @property
    def wait(self) -> int:
        """Whole seconds until one is there again, at least 1; 0 where one is there."""
        short = 1 - self.tokens
        return max(1, ceil(short * self.limit.seconds / self.limit.most)) if short > 1e-6 else 0


class Cache(Protocol):
    """One interface, two backends: this process's memory, and Redis for several processes (``tests/contract/cache_suite.py``).

    Every method but ``listen`` and ``close`` may raise ``CacheFault``; none waits longer than half a second for an engine that is gone.
    """

    def take(self, limit: Limit, who: str, cost: int = 1) -> Room:
        """Take ``cost`` from the bucket of ``who``, or nothing where there is less: in one step, whoever else asks at the same moment.

        0 looks, a negative cost gives back (never above the limit's most).
        """

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        """Keep a value for so many seconds. The name carries a version of what made it, so that no older program's value is read."""

    def kept(self, name: str) -> bytes | None:
        """What is kept under this name; None where nothing is, or no more."""

    def ring(self, text: str) -> None:
        """Tell every listener of every process, this one's too."""

    def listen(self, heard: Callable[[str], None]) -> Callable[[], None]:
        """Call ``heard`` with what is rung from now on, in a thread of the cache's; answers how to end it.

        After a time without the engine ``heard("")`` is called once: something may have been missed.
        """

    @property
    def fault(self) -> str | None:
        """Why the engine did not answer when it was asked last, in plain words; None when all is well."""

    def close(self) -> None:
        """End listening and let go of connections."""
