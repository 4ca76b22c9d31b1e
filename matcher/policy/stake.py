"""The sum at stake in one recommendation: what the hints told with it come to when everything that cannot be had together is left out.

Each side of the hire has its own sum; sums of two sides, or of two recommendations, are never added. What is paid to others (training
organisations, placement agencies) is no sum of either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import combinations
from typing import Any

from matcher.policy.answer import plain
from matcher.policy.bundle import Item, bundled, has_own_sum
from matcher.policy.evaluate import ELIGIBLE, NEEDS_CHECK
from matcher.policy.loader import Catalogue

#: Whose money it is, in the order in which it is told: the unit where somebody works as an intern is the employer.
SIDES: tuple[tuple[str, tuple[str, ...]], ...] = (("jobseeker", ("jobseeker",)), ("employer", ("employer", "intern_unit")))
Stake = dict[str, Any]


def at_stake(catalogue: Catalogue, hints: Iterable[Mapping[str, Any]]) -> list[Stake]:
    """For each side with a sum ``{"side", "yuan", "certain_yuan", "to_check_yuan", "at_most", "entries", "left_out", "unsaid"}``.

    ``certain_yuan`` is of entries that are ELIGIBLE, ``to_check_yuan`` of NEEDS_CHECK, ``yuan`` both; ``at_most``: a sum among them is a
    ceiling; ``left_out``: entries with a sum that exclude one that was chosen; ``unsaid``: of some of them no text says whether they may
    be had together. The bundle is one over both sides, so that no two of all entries named exclude each other.
    """
    payees = {payee for _, whose in SIDES for payee in whose}
    items = [
        Item(entry, catalogue.benefit_of[entry.id], Decimal(str(yuan)), bool(hint["amount"]["at_most"]), hint["status"] == ELIGIBLE)
        for hint in hints
        if hint["status"] in (ELIGIBLE, NEEDS_CHECK)
        and (yuan := hint["amount"].get("yuan")) is not None
        and (entry := catalogue.by_id[hint["entry_id"]]).payee in payees
        and has_own_sum(entry)
    ]
    if not items:
        return []
    whole = bundled(catalogue, "", items)
    together = {frozenset(pair) for pair in whole.unsaid}
    found: list[Stake] = []
    for side, whose in SIDES:
        own = [item for item in whole.items if item.entry.payee in whose]
        if not own:
            continue
        certain = sum((item.yuan for item in own if item.certain), Decimal(0))
        total = sum((item.yuan for item in own), Decimal(0))
        found.append(
            {
                "side": side,
                "yuan": plain(total),
                "certain_yuan": plain(certain),
                "to_check_yuan": plain(total - certain),
                "at_most": any(item.at_most for item in own),
                "entries": [item.entry.id for item in own],
                "left_out": [out.item.entry.id for out in whole.outside if out.item.entry.payee in whose],
                "unsaid": any(frozenset((one.benefit, other.benefit)) in together for one, other in combinations(own, 2)),
            }
        )
    return found
