"""Many postings against many people: for every person the best postings, gathered posting by posting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from matcher.blockers import Rules, posting_blockers
from matcher.columns_people import PeopleColumns
from matcher.columns_scan import LAST, offer
from matcher.match_order import is_in_market
from matcher.shapes import Employer, Posting


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
        return int(offer(*people, *ask, number, self._heaps, self._held))

    def of(self, person_id: str) -> Iterator[tuple[Posting, int]]:
        """(posting, score in tenths) of one person, best first."""
        row = self._columns.row_of(person_id)
        if row is None:
            return
        for key in sorted(self._heaps[row, : self._held[row]].tolist(), reverse=True):
            yield self.postings[LAST - (key & LAST)], key >> 32
