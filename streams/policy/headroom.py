"""Near the layoff limit (E-12: 000 第(二)条): the year that is running is the one in which something can still be done about its rate.

The refund asks for the rate of the year before, and which limit the next year will have no document says: the notice names the limit in
force today and says so. Where none is in force nothing is told.
"""

from __future__ import annotations

from datetime import date

from matcher.match_order import name_id
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue
from streams.policy import rules
from streams.policy.known import catalogue_of, layoffs_of
from streams.policy.offers import notify
from streams.runtime.messages import NAMESPACE
from streams.runtime.outcomes import Outcome
from streams.runtime.subjects import Work

BENEFIT = "job_retention_refund"


def limiting(catalogue: Catalogue, day: date) -> tuple[Entry, bool]:
    """The entry whose limit counts on a day, and whether it is in force. Outside every window the newest stated one is what a later year
    will most likely be held to."""
    entries = catalogue.by_benefit[BENEFIT]
    open_ = [entry for entry in entries if entry.window.holds(day)]
    return (open_[0], True) if open_ else (max(entries, key=lambda one: one.window.from_), False)


def warn_of_headroom(work: Work, employer_id: str) -> list[Outcome]:
    """A notice when few more layoffs are left in this year, when none is, and when it is over: each once a year, and only to an employer
    that has laid somebody off."""
    catalogue, day = catalogue_of(work.settings), work.as_of
    entry, in_force = limiting(catalogue, day)
    found = layoffs_of(work.connection, employer_id, day.year, work.settings)
    bound = rules.layoff_bound(catalogue, entry, found.insured) if in_force and found is not None else None
    if found is None or bound is None:
        return []
    more = rules.headroom(found, bound).more
    level = rules.headroom_level(found, more)
    if level is None:
        return []
    about = {"employer_id": employer_id, "person_id": None, "benefit": BENEFIT, "entry_id": entry.id, "about": str(day.year)}
    figures = {"percent": rules.percent_text(found.percent), "bound": rules.percent_text(bound)}
    counts = {"more": str(abs(more)), "laid_off": str(found.laid_off)}
    numbers = {"level": level, "year": str(day.year), **figures, **counts}
    return notify(work, name_id(NAMESPACE, f"layoffs|{employer_id}|{day.year}|{level}"), "layoffs", "employer", about, numbers=numbers)
