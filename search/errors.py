"""What can go wrong in a search, one class a meaning."""

from __future__ import annotations

from collections.abc import Sequence


class QueryError(ValueError):
    """The asker's mistake: which field, what is wrong with it, and what is allowed instead.

    ``field`` is the name the asker used (``region``, ``sort``, ``cursor`` …), ``allowed`` the values or the form accepted, None where
    any list would be arbitrary. The faulty value is not repeated: it may be 10,000 characters long.
    """

    def __init__(self, field: str, message: str, allowed: Sequence[str] | None = None):
        self.field = field
        self.message = message
        self.allowed = list(allowed) if allowed is not None else None
        super().__init__(f"{field}: {message}" + (f" (allowed: {', '.join(self.allowed)})" if self.allowed else ""))


class IndexFault(RuntimeError):
    """The index's fault, not the asker's: locked, damaged or unreachable. Worth trying again, never a reason to drop a message."""


class MappingChanged(IndexFault):
    """The index on disk was built with another mapping; a reindex makes a new one beside it."""


class ShrunkIndex(RuntimeError):
    """A new index holds too few of the old one's documents; it was not put in its place."""

    def __init__(self, old: int, new: int, at_least: float):
        self.old, self.new, self.at_least = old, new, at_least
        super().__init__(
            f"the new index holds {new} postings, the old one {old}: less than {at_least:.0%}, so the old one stays. "
            "Look for what is missing, or swap with force if so many postings really ended."
        )
