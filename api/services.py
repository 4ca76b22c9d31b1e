"""What the edge works with, made by the composition and passed inwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.runtime.exchange import Exchange


@dataclass(frozen=True)
class Options:
    """Settings the edge needs to know."""

    production: bool = False
    public_url: str | None = None
    session_hours: int = 12
    subject_settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Services:
    """The exchange, the postings index (``search``'s interface), and what readiness asks: engine name -> () -> None or what is wrong."""

    exchange: Exchange
    index: Any
    options: Options = field(default_factory=Options)
    checks: dict[str, Callable[[], str | None]] = field(default_factory=dict)
    scratch: Path | None = None  # folder for files made on the way, such as the feed's snapshot
