"""What a handler answers. Outcomes are values; a handler never commits, sleeps, raises on purpose or touches a log itself.

*Not for me* is ``Drop`` (silent), *for me but broken* is ``DeadLetter`` (kept with field and reason): two different answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from streams.runtime.messages import Message


@dataclass(frozen=True)
class Emit:
    """Append this message, derived from the one being handled. ``discriminator`` tells apart two messages of one type and key."""

    message: Message
    discriminator: str = ""


@dataclass(frozen=True)
class Drop:
    """Nothing to do, for a reason that is counted but not kept."""

    reason: str


@dataclass(frozen=True)
class DeadLetter:
    """For this handler but broken: kept until somebody retries it. ``reason`` names no personal data."""

    reason: str
    field: str | None = None


@dataclass(frozen=True)
class Retry:
    """Hold this key and try again ``after``; at most five times, then a dead letter."""

    after: timedelta
    reason: str


@dataclass(frozen=True)
class Continue:
    """One page is done; call again with the same message and ``work.cursor`` set to this."""

    cursor: str


Outcome = Emit | Drop | DeadLetter | Retry | Continue
Outcomes = Sequence[Outcome] | None
