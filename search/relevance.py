"""Relevance: how like a posting is what was typed. Depends on the posting and the words alone, never on the rest of the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Described:
    """What relevance looks at: the posting's title and its occupation code."""

    title: str
    occupation_code: str | None


class Rerank(Protocol):
    def __call__(self, wish: str, described: Sequence[Described]) -> Sequence[int]:
        """Whole numbers, 0 to 1,000, one for each posting; the same input always gives the same number."""


def by_likeness(wish: str, described: Sequence[Described]) -> Sequence[int]:
    """``matcher.likeness`` of each posting's title to the words typed, as if they were the title somebody wishes for."""
    from matcher.likeness import likeness

    # Titles repeat: among the best 1,000 for 「焊工」 a few dozen are distinct.
    known: dict[Described, int] = {}
    for posting in described:
        if posting not in known:
            known[posting] = likeness(posting.title, "", posting.occupation_code, wish)
    return [known[posting] for posting in described]
