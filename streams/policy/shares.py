"""Shares of people from poverty that an employer is near to (E-23: 001 三、12(4))."""

from __future__ import annotations

from datetime import date
from typing import Any

from matcher.policy.counted import POVERTY_SHARE
from matcher.policy.loader import Catalogue
from matcher.shapes import Employer
from streams.policy import rules
from streams.policy.known import Counters

HEADCOUNT = "employer.headcount"


def shares_ahead(catalogue: Catalogue, employer: Employer | None, found: Counters, day: date) -> list[dict[str, Any]]:
    """Shares that are asked for and not reached yet, by an employer of the size asked for, with how many more people reach them. Of a share
    that the employer states itself nobody knows what it would take."""
    if not found.poverty or found.headcount is None or found.share is None:
        return []
    if employer is not None and employer.facts.get(POVERTY_SHARE) is not None:
        return []
    ahead = []
    for entry in catalogue.entries:
        bound = rules.share_asked(entry, POVERTY_SHARE)
        if bound is None or not entry.window.holds(day):
            continue
        missing = rules.missing_for_share(found.poverty, found.headcount, bound)
        large = all(found.headcount >= least for least in rules.thresholds(entry, HEADCOUNT))
        if missing and large:
            step: dict[str, Any] = {"benefit": catalogue.benefit_of[entry.id], "entry_id": entry.id, "name": entry.name}
            shown = {"count": found.poverty, "share": rules.percent_text(found.share), "threshold_percent": rules.percent_text(bound)}
            ahead.append({**step, **shown, "missing": missing})
    return ahead
