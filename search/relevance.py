"""Relevance: how like a posting is what was typed. Depends on the posting and the words alone, never on the rest of the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from matcher import likeness as likenesses
from matcher.occupations import concepts, concepts_of_title, kinship_thousandths

_CONCEPTS_A_WISH = 3


@dataclass(frozen=True, slots=True)
class Described:
    """What relevance looks at: the posting's title and its occupation code."""

    title: str
    occupation_code: str | None


class Rerank(Protocol):
    def __call__(self, wish: str, described: Sequence[Described]) -> Sequence[int]:
        """Whole numbers, 0 to 1,000, one for each posting; the same input always gives the same number."""


def by_likeness(wish: str, described: Sequence[Described]) -> Sequence[int]:
    """``matcher.likeness.likeness`` of each posting's title and code to the words typed, as if somebody wished for a job of that title.

    The same numbers (a test holds it), reached from the other side: matching prepares a posting for many wishes, here one wish meets 1,000
    postings. 12 us a title met before, 100 us a new one, where the general form takes 1,700 us.
    """
    names = concepts()
    wished = [(names[number], confidence) for number, confidence in concepts_of_title(wish, _CONCEPTS_A_WISH)]
    known: dict[Described, int] = {}
    for posting in described:
        if posting not in known:
            known[posting] = _likeness(wish, wished, posting)
    return [known[posting] for posting in described]


def _likeness(wish: str, wished: list[tuple[str, int]], posting: Described) -> int:
    meant = likenesses.posting_concepts(posting.title, posting.occupation_code)
    kin = 0
    for name, confidence in wished:
        near = max((kinship_thousandths(code, name) * sure // 1000 for code, sure in meant), default=0)
        kin = max(kin, near * confidence // 1000)
    return likenesses.joined(likenesses.title_reading(posting.title, wish), kin, 0)
