"""In which order pairs take what is left of the day's budgets.

Best first: band, and priority where people are ordered (C-04). Of near equals, which share both, those of a trade in which the person has
shown interest go first, then the one whose posting has reached the fewest people for each of its openings, so that forty people are not all
sent to the same three postings while others stay empty. No score changes, nobody passes a better band, nothing is read of a person. What
went out before a pair of its person with a better score says why (``FEW_REACHED``, ``OWN_INTEREST``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, func, select, union

from streams.delivery.tables import finds, pairs, reach, sides
from streams.runtime.tables import Look, upsert

FEW_REACHED, OWN_INTEREST = "few_reached", "own_interest"

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_REACHED = Look(select(reach.c.posting_id, reach.c.people, reach.c.openings).where(reach.c.posting_id.in_(_IDS)), among="ids")
# Whoever was told by a recommendation or by a search of their own, each once.
_TOLD = union(
    *(select(of.c.match_id, of.c.posting_id).where(of.c.posting_id.in_(_IDS), of.c.pushed_on.is_not(None)) for of in (pairs, finds))
).subquery()
_COUNTED = Look(select(_TOLD.c.posting_id, func.count().label("people")).group_by(_TOLD.c.posting_id), among="ids")


class Place(NamedTuple):
    """A pair that waits for its turn. ``near``: the smaller, the earlier; those with the same are near equals. ``new``: not pushed yet.
    ``liked``: alike to what the person said they are interested in."""

    near: int
    person_id: str
    posting_id: str
    new: bool = True
    liked: bool = False


class Reach:
    """How many people each posting of a unit of work has reached, and how many openings are left; counts on while pairs go out."""

    def __init__(self, connection: Connection, *, balanced: bool):
        self._connection = connection
        self._balanced = balanced
        self._people: dict[str, int] = {}
        self._openings: dict[str, int] = {}
        self._touched: dict[str, None] = {}

    def load(self, postings: Iterable[str]) -> None:
        wanted = sorted(set(postings))
        for posting_id, people, openings in _REACHED.rows(self._connection, ids=wanted):
            self._people[posting_id], self._openings[posting_id] = people, openings
        # New, or back on the market after its row was swept.
        self._people.update(_COUNTED.rows(self._connection, ids=[id_ for id_ in wanted if id_ not in self._people]))

    def note_openings(self, posting_id: str, openings: int) -> None:
        """What matching says is left of a posting."""
        if self._openings.get(posting_id) != openings:
            self._openings[posting_id] = openings
            self._touched[posting_id] = None

    def add(self, posting_id: str) -> None:
        """One person more was told of the posting."""
        self._people[posting_id] = self._people.get(posting_id, 0) + 1
        self._touched[posting_id] = None

    def share(self, posting_id: str) -> int:
        """Whole people reached for each opening; the same for all where exposure is not balanced."""
        return self._people.get(posting_id, 0) // max(1, self._openings.get(posting_id, 1)) if self._balanced else 0

    def save(self) -> None:
        rows = [
            {"posting_id": id_, "people": self._people.get(id_, 0), "openings": self._openings.get(id_, 1)} for id_ in sorted(self._touched)
        ]
        upsert(self._connection, reach, rows)


def sweep_reach(connection: Connection) -> None:
    """Forget the counts of postings that are not on the market: one that comes back is counted again from whom it was pushed to."""
    offered = exists().where(sides.c.kind == "posting", sides.c.id == reach.c.posting_id, sides.c.on_market.is_(True))
    connection.execute(delete(reach).where(~offered))


def in_turn(places: Sequence[Place], share: Callable[[str], int]) -> Iterator[tuple[int, str | None]]:
    """The numbers of ``places``, which are given best first, in the order of their turns, each with why it goes out before a pair of the
    same person with a better score (None where it does not). ``share`` may grow while it is walked through."""
    heap = [(place.near, not place.liked, share(place.posting_id), number) for number, place in enumerate(places)]
    heapify(heap)
    waiting: dict[str, deque[int]] = {}
    for number, place in enumerate(places):
        if place.new:
            waiting.setdefault(place.person_id, deque()).append(number)
    gone: set[int] = set()
    while heap:
        near, other, then, number = heap[0]
        place = places[number]
        now = share(place.posting_id)
        if now != then:
            heapreplace(heap, (near, other, now, number))
            continue
        heappop(heap)
        gone.add(number)
        own = waiting.get(place.person_id, deque())
        passes = place.new and own[0] != number
        yield number, (OWN_INTEREST if place.liked else FEW_REACHED) if passes else None
        while own and own[0] in gone:
            own.popleft()
