"""Relevance: how like a posting is what was typed. Depends on the posting and the words alone, never on the rest of the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from matcher.likeness import likeness


@dataclass(frozen=True, slots=True)
class Described:
    """What relevance looks at: the posting's title and its occupation code."""

    title: str
    occupation_code: str | None


class Rerank(Protocol):
    def __call__(self, wish: str, described: Sequence[Described]) -> Sequence[int]:
        """Whole numbers, 0 to 1,000, one for each posting; the same input always gives the same number."""


def by_likeness(wish: str, described: Sequence[Described]) -> Sequence[int]:
    """``matcher.likeness`` of each posting's title and code to the words typed, as if somebody wished for a job of that title.

    The description is left out: every posting found contains the words somewhere, what counts is whether they name its work.
    """
    return [_likeness(wish, posting.title, posting.occupation_code) for posting in described]


# 60 us a pair: remembered because titles repeat, and because a commit makes the index rank its head again.
@lru_cache(maxsize=100_000)
def _likeness(wish: str, title: str, code: str | None) -> int:
    return likeness(title, None, code, wish)
