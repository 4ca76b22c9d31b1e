"""What a unit of work of delivery knows of its pairs, loaded in bulk: their rows, budgets, twins, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, select

from matcher.match_order import match_id
from streams.delivery.leanings import BACK, FORWARD, Leanings
from streams.delivery.tables import budgets, finds, merged, pairs, sides
from streams.delivery.turns import Place, Reach, in_turn
from streams.matching.messages import Pair
from streams.runtime.subjects import Work
from streams.runtime.tables import Look

Row = dict[str, Any]

# Statements are made once: making one takes 70 us, running it 20, and there are a dozen a message.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_PAIRS = Look(select(pairs).where(pairs.c.match_id.in_(_IDS)), among="ids")
# One kind at a time: SQLite scans the whole table for a list of (kind, id) pairs.
USED = Look(
    select(budgets.c.id, budgets.c.used).where(
        budgets.c.kind == bindparam("kind"), budgets.c.id.in_(_IDS), budgets.c.day == bindparam("day")
    ),
    among="ids",
)
_AWAY = Look(
    select(sides.c.id, sides.c.reason).where(sides.c.kind == bindparam("kind"), sides.c.id.in_(_IDS), sides.c.on_market.is_(False)),
    among="ids",
)
_TOLD = {
    side: Look(select(finds.c.match_id).where(column.in_(_IDS), finds.c.pushed_on.is_not(None), finds.c.state == "issued"), among="ids")
    for side, column in (("person", finds.c.person_id), ("posting", finds.c.posting_id))
}
_MERGED = Look(select(merged.c.posting_id, merged.c.merged_into).where(merged.c.merged_into.in_(_IDS)), among="ids")


class KnownPairs:
    """``load`` first; then ``rows`` by match id, and pairs in the order in which they take what is left of the budgets."""

    def __init__(self, work: Work):
        self._connection = work.connection
        self._day = work.as_of.isoformat()
        self.rows: dict[str, Row] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self._used: dict[tuple[str, str], int] = {}
        self._away: dict[tuple[str, str], str] = {}
        self._twins: dict[tuple[str, str], str] = {}
        self._told: set[str] = set()  # pairs that a saved search has told the person of
        self._reach = Reach(work.connection, balanced=bool(work.settings.get("balance_exposure", True)))
        self._own = Leanings(work.connection, work.as_of)
        self._turn: dict[str, str] = {}  # pairs that go out before one of the same person with a better score, or after all others: why

    # -- loading -------------------------------------------------------------------------------------------------------

    def load(self, who: Iterable[tuple[str, str]]) -> None:
        """Load the rows of these (person, posting) pairs, the day's budgets of both sides, and pushed pairs with the same opening."""
        wanted = list(who)
        self._ids.update({pair: match_id(*pair) for pair in wanted})
        if wanted:
            self.adopt(_PAIRS.mappings(self._connection, ids=[self._ids[pair] for pair in wanted]))
        self._load_sides([person for person, _ in wanted], [posting for _, posting in wanted])

    def adopt(self, rows: Iterable[Row]) -> None:
        self.rows.update((row["match_id"], row) for row in rows)

    def load_sides(self) -> None:
        """Budgets and twins for the rows that were adopted."""
        self._load_sides([row["person_id"] for row in self.rows.values()], [row["posting_id"] for row in self.rows.values()])

    def _load_sides(self, people: list[str], openings: list[str]) -> None:
        if not people:
            return
        both = (("person", sorted(set(people))), ("posting", sorted(set(openings))))
        self._used = {(kind, id_): 0 for kind, ids in both for id_ in ids}
        self._reach.load(openings)
        self._own.load(people, openings)
        # One posting with its fifty people or one person with fifty postings: asked from the side of the one.
        side, ones = min(both, key=lambda each: len(each[1]))
        self._told.update(match_id for (match_id,) in _TOLD[side].rows(self._connection, ids=ones))
        for kind, ids in both:
            used = USED.rows(self._connection, kind=kind, ids=ids, day=self._day)
            self._used.update(((kind, id_), number) for id_, number in used)
            away = _AWAY.rows(self._connection, kind=kind, ids=ids)
            self._away.update(((kind, id_), reason) for id_, reason in away)
        gone_into: dict[str, str] = {gone: into for gone, into in _MERGED.rows(self._connection, ids=sorted(set(openings)))}
        if gone_into:
            twins = self._connection.execute(
                select(pairs.c.person_id, pairs.c.posting_id, pairs.c.answer)
                .where(
                    pairs.c.person_id.in_(sorted(set(people))), pairs.c.posting_id.in_(sorted(gone_into)), pairs.c.pushed_on.is_not(None)
                )
                .order_by(pairs.c.match_id)
            )
            for person_id, posting_id, answer in twins:
                twin = (person_id, gone_into[posting_id])
                self._twins[twin] = _weightier(self._twins.get(twin, ""), answer or "")

    # -- whose turn it is ----------------------------------------------------------------------------------------------

    def note_openings(self, posting_id: str, openings: int) -> None:
        self._reach.note_openings(posting_id, openings)

    def pairs_in_turn(self, found: Sequence[Pair]) -> Iterator[Pair]:
        """One person's pairs, given best first, in the order in which they take the budget; priority does not reorder them."""
        known = [self.rows.get(self._ids[(pair.person_id, pair.posting_id)]) for pair in found]
        places = [self._place(-pair.band, pair.person_id, pair.posting_id, row) for pair, row in zip(found, known, strict=True)]
        for number, why in in_turn(places, self._reach.share):
            pair = found[number]
            if why is not None:
                self._turn[self._ids[(pair.person_id, pair.posting_id)]] = why
            yield pair

    def rows_in_turn(self) -> Iterator[Row]:
        """What waited, adopted best first, in the order in which it takes the new day's budgets."""
        rows = list(self.rows.values())
        places = [self._place(-8 * row["band"] - row["priority"], row["person_id"], row["posting_id"], row) for row in rows]
        for number, why in in_turn(places, self._reach.share):
            if why is not None:
                self._turn[rows[number]["match_id"]] = why
            yield rows[number]

    def _place(self, near: int, person_id: str, posting_id: str, row: Row | None) -> Place:
        stand = self._own.stand(person_id, posting_id)
        competes = (row is None or row["state"] != "issued") and stand != BACK
        return Place(near, person_id, posting_id, competes, stand == FORWARD)


def _weightier(one: str, other: str) -> str:
    """Of two answers to the same opening, the one that says more."""
    order = ("", "seen", "refused", "interested")
    return max(one, other, key=order.index)
