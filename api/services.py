"""What the edge works with, made by the composition and passed inwards."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from api.access.provider import Provider
from api.cache.memory import MemoryCache
from api.cache.shapes import Cache
from api.market_copy import MarketCopy
from streams.delivery.channels import Channel
from streams.delivery.targets import Rules
from streams.runtime.exchange import Exchange


@dataclass(frozen=True)
class Options:
    """Settings the edge needs to know."""

    production: bool = False
    public_url: str | None = None
    session_hours: int = 12
    second_factor_required: bool = False  # of staff
    requests_a_minute: int = 12_000  # of one account
    anonymous_requests_a_minute: int = 1_200  # of one address
    facet_seconds: float = 0.0  # how long counted facets may be shown again
    suggestion_seconds: float = 0.0  # the same of suggestions
    webhook_rules: Rules = field(default_factory=Rules)  # where webhooks may lead
    subject_settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Services:
    """The exchange, the postings index (``search``'s interface), and what readiness asks: engine name -> () -> None or what is wrong.

    ``started`` tells this run from others: files made on the way carry it.
    """

    exchange: Exchange
    index: Any
    options: Options = field(default_factory=Options)
    checks: dict[str, Callable[[], str | None]] = field(default_factory=dict)
    market: MarketCopy | None = None  # the matcher's arrays where matching runs in other processes
    mail: Channel | None = None  # for what is sent on request; notices are the sender's
    cache: Cache = field(default_factory=MemoryCache)  # rate limits, wake-ups, what was counted lately
    provider: Provider | None = None  # that staff may sign in with
    scratch: Path | None = None  # folder for files made on the way, such as the feed's snapshot
    refused: Counter[str] = field(default_factory=Counter)  # requests over a limit, by its name, since the start
    started: str = field(default_factory=lambda: uuid4().hex[:12])

    @property
    def shared(self) -> bool:
        """Whether the subjects run in other processes: what they commit rings no bell here by itself."""
        return not self.exchange.runner.loops

    def log_end(self) -> int:
        """The last place in the log as committed by whomever."""
        with self.exchange.reading() as connection:
            return int(self.exchange.log.end(connection))

    def scratch_folder(self) -> Path:
        """The folder for files made on the way; one of its own in the system's where none was given."""
        if self.scratch is None:
            self.scratch = Path(tempfile.mkdtemp(prefix="gongqiao-"))
        return self.scratch
