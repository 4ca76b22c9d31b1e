"""Near misses: what would have to change, the smallest change first."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.blockers import BLOCKER_CODES, Blocker


def near_miss(found: Sequence[Blocker]) -> list[Blocker]:
    """The blockers that someone could change, ordered by effort (docs/matching.md): a yes, days, yuan, kilometres, a form of work, a
    region, a certificate, years of experience, a level of education."""
    fixable = [item for item in found if item["would_change"] is not None]
    return sorted(fixable, key=lambda item: (item["effort"] or 0, BLOCKER_CODES.index(item["code"])))
