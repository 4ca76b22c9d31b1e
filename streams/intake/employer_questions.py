"""What an employer should be asked, and why (E-30): attributes that a benefit in force depends on and that nobody has stated. Pure.

Only what could still change an answer is asked: an entry that is out of its window, or that this employer already fails, asks nothing. The
questions are the catalogue's own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from matcher.policy.evaluate import evaluate_read
from matcher.policy.loader import Catalogue
from matcher.policy.pairing import posting_side
from matcher.policy.wording import question
from matcher.shapes import Employer, Posting

# Facts of an employer come with those of a posting; this one says nothing of its own.
_NO_POSTING = Posting(posting_id="(none)", source="enterprise", title="(none)")


@dataclass(frozen=True)
class EmployerQuestion:
    """``fact``: the dotted name; ``text``: the question in plain Chinese; ``benefits``: names of what depends on it."""

    fact: str
    text: str
    benefits: tuple[str, ...]


def questions(catalogue: Catalogue, employer: Employer, as_of: date, *, only: Collection[str] | None = None) -> list[EmployerQuestion]:
    """The questions to an employer, those on which most depends first. ``only``: facts that are missing right now, such as those of one
    hint; left out: all."""
    side = posting_side(catalogue, _NO_POSTING, employer)
    facts = {name: value for name, value in side.derived.items() if name.startswith("employer.")}
    facts |= {name: stated.value for name, stated in side.explicit.items()}
    asked: dict[str, dict[str, None]] = {}
    names = {entry.id: entry.name for entry in catalogue.entries}
    for result in evaluate_read(catalogue, facts, as_of):
        for fact in result.missing:
            if fact.startswith("employer.") and (only is None or fact in only):
                asked.setdefault(fact, {})[names[result.entry_id]] = None
    found = [EmployerQuestion(fact, question(catalogue, fact), tuple(benefits)) for fact, benefits in asked.items()]
    return sorted(found, key=lambda item: (-len(item.benefits), item.fact))
