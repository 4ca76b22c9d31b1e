"""Two sides of one score: how a posting suits a person, and how a person suits a posting.

Each is the share of its criteria's points, 0 to 100 with one decimal, added up from the points that are shown beside it. The trade counts
half on each side: it is what the one wants to do and what the other needs done. So the score lies between the two, and ranks alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from matcher.criteria import OF

PERSON = ("occupation", "place", "pay", "hours", "freshness")
POSTING = ("occupation", "skills", "education", "experience")


def side(criteria: tuple[str, ...], tenths: Mapping[str, int]) -> float:
    """The share of these criteria's points, half a tenth rounded up."""
    halves = {name: 1 if name in PERSON and name in POSTING else 2 for name in criteria}
    most = sum(OF[name] * half for name, half in halves.items())
    return (2 * 1000 * sum(tenths[name] * half for name, half in halves.items()) + most) // (2 * most) / 10


def sides(tenths: Mapping[str, int]) -> dict[str, float]:
    """``suits_person``: how the posting suits the person; ``suits_posting``: how the person suits the posting. ``tenths``: of each
    criterion."""
    return {"suits_person": side(PERSON, tenths), "suits_posting": side(POSTING, tenths)}
