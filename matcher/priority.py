"""Priority: who comes first among equals. It orders people inside a band of the score and never filters (contract.md)."""

from __future__ import annotations

from datetime import date

from matcher.groups import groups_of
from matcher.shapes import Employer, Person, Posting

LOCAL, ELSEWHERE, DIFFICULTY = 4, 2, 1


def priority(posting: Posting, person: Person, employer: Employer | None, as_of: date) -> tuple[int, tuple[str, ...]]:
    """Points of priority of a pair and their reasons; see ``priority_in``."""
    return priority_in(posting.region, person, employer, as_of)


def priority_in(region: str | None, person: Person, employer: Employer | None, as_of: date) -> tuple[int, tuple[str, ...]]:
    """Points of priority at a posting in ``region`` and their reasons.

    At a key employer's posting 4 for a registered unemployed person registered in the posting's county, 2 for another registered unemployed
    person (C-04); at any posting 1 more for recognised employment difficulty.
    """
    points, reasons = 0, []
    groups = groups_of(person)
    if employer is not None and employer.is_key(as_of) and "registered_unemployed" in groups:
        if region is not None and person.registered_at == region:
            points, reasons = LOCAL, ["registered_unemployed_local"]
        else:
            points, reasons = ELSEWHERE, ["registered_unemployed"]
    if "employment_difficulty" in groups:
        points += DIFFICULTY
        reasons.append("employment_difficulty")
    return points, tuple(reasons)
