"""Many postings against many people: for every person the best postings, gathered posting by posting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.blockers import Rules, posting_blockers
from matcher.columns_kernel import ALIVE, Ask, People, blocker_bits, tenths_of
from matcher.columns_people import PeopleColumns
from matcher.compiled import compiled
from matcher.match_order import is_in_market
from matcher.shapes import Employer, Posting

Longs = npt.NDArray[np.int64]
_LAST = 0xFFFFFFFF


@compiled
def _offer(people: People, ask: Ask, number: int, heaps: Longs, held: npt.NDArray[Any]) -> int:  # pragma: no cover - compiled
    """Offers posting ``number`` to everybody it is open to; each row of ``heaps`` keeps its best, the worst of them first."""
    top = heaps.shape[1]
    offered = 0
    for row in range(people.rows):
        if not people.flags[row] & ALIVE or blocker_bits(people, ask, row, True):
            continue
        offered += 1
        parts = tenths_of(people, ask, row)
        score = parts[0] + parts[1] + parts[2] + parts[3] + parts[4] + parts[5] + parts[6] + ask.fresh
        # The better the larger: score, then the posting that comes first.
        key = (np.int64(score) << 32) | (_LAST - number)
        heap = heaps[row]
        if held[row] < top:
            child = held[row]
            held[row] += 1
            while child > 0 and key < heap[(child - 1) // 2]:
                heap[child] = heap[(child - 1) // 2]
                child = (child - 1) // 2
            heap[child] = key
        elif key > heap[0]:
            hole = 0
            while True:
                child = 2 * hole + 1
                if child >= top:
                    break
                if child + 1 < top and heap[child + 1] < heap[child]:
                    child += 1
                if heap[child] >= key:
                    break
                heap[hole] = heap[child]
                hole = child
            heap[hole] = key
    return offered


class BestPostings:
    """The best ``top`` postings of every person in ``columns``: score downwards, then posting id.

    ``postings`` is sorted by id once, so the result does not depend on the order in which they came.
    """

    def __init__(self, columns: PeopleColumns, postings: list[Posting], top: int) -> None:
        self._columns = columns
        self.postings = sorted(postings, key=lambda posting: posting.posting_id)
        width = max(1, min(top, len(postings)))
        self._heaps = np.zeros((columns.row_count, width), np.int64)
        self._held = np.zeros(columns.row_count, np.int32)

    def offer(self, number: int, as_of: date, employer: Employer | None, rules: Rules) -> int:
        """Offers ``postings[number]`` to everybody; to how many it is open without a blocker."""
        posting = self.postings[number]
        if not is_in_market(posting) or posting_blockers(posting, as_of, rules) or not len(self._columns):
            return 0
        people, ask = self._columns.ask(posting, as_of, employer, rules)
        return int(_offer(people, ask, number, self._heaps, self._held))

    def of(self, person_id: str) -> Iterator[tuple[Posting, int]]:
        """(posting, score in tenths) of one person, best first."""
        row = self._columns.row_of(person_id)
        if row is None:
            return
        for key in sorted(self._heaps[row, : self._held[row]].tolist(), reverse=True):
            yield self.postings[_LAST - (key & _LAST)], key >> 32
