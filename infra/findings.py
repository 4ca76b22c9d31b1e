"""What ``gongqiao doctor`` found at one look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One look: fine or not, what was seen, and what to do."""

    fine: bool
    what: str
    mend: str = ""
