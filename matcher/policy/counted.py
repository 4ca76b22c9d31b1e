"""What the exchange itself counts of an employer (E-23, E-24), beside what the employer's own record states."""

from __future__ import annotations

from typing import Any

from matcher.shapes import Employer

ABSORBED = "employer.newly_absorbed_count"
POVERTY = "employer.poverty_labour_count"
POVERTY_SHARE = "employer.poverty_labour_share_percent"


def whole(value: Any) -> int:
    """A stated count; what is no number counts nothing."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def with_counts(employer: Employer, absorbed: int, poverty: int, share: str | None) -> Employer:
    """The employer as conditions and ladders read it for one of its hires. Of a stated and a counted number the higher holds (the record
    also knows hires from before the exchange), and the hire itself is one of those it counts with (004 第21项). A stated share stands."""
    facts: dict[str, Any] = dict(employer.facts)
    facts[ABSORBED] = max(1, absorbed, whole(facts.get(ABSORBED)))
    facts[POVERTY] = max(poverty, whole(facts.get(POVERTY)))
    if share is not None and facts.get(POVERTY_SHARE) is None:
        facts[POVERTY_SHARE] = float(share)
    return employer.model_copy(update={"facts": facts})
