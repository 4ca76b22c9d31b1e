"""What ``gongqiao doctor`` or ``feed-check`` found at one look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One look: fine or not, what was seen, and what to do."""

    fine: bool
    what: str
    mend: str = ""

    def line(self) -> str:
        """As it is printed; what to do stands under what is wrong."""
        return f"{'ok  ' if self.fine else 'BAD '} {self.what}" + ("" if self.fine else f"\n     {self.mend}")
