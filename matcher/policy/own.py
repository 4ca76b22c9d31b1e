"""What the catalogue tells one person or one employer about themselves, apart from any match: the channels beside ``hint_per_match``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from matcher.policy.conditions import Prepared, prepare
from matcher.policy.facts import Facts
from matcher.policy.hint import Hint, hints_of
from matcher.policy.loader import Catalogue
from matcher.policy.package import package
from matcher.policy.pairing import Side, merged, person_side, posting_side
from matcher.shapes import Employer, Person, read_posting

EMPLOYER_CHANNELS = ("enterprise_push", "institution_level")
_NO_POSTING = read_posting({"posting_id": "-", "source": "enterprise", "title": "-"})


def person_own_facts(catalogue: Catalogue, person: Person, day: date) -> Facts:
    """What a person says of themselves, with what their intention makes of it: who wants to found is founding."""
    facts = merged(person_side(catalogue, person, day), Side({}, {}))
    if person.intention == "startup":
        facts.setdefault("person.starting_business", True)
    if person.intention == "flexible":
        facts.setdefault("person.employment_form", "flexible")
    return facts


def employer_own_facts(catalogue: Catalogue, employer: Employer | None) -> Facts:
    """What an employer's record says of it. Nothing of a hire, and nothing that insurance data or the exchange's counts add."""
    side = posting_side(catalogue, _NO_POSTING, employer)
    facts: Facts = {name: value for name, value in side.derived.items() if name.startswith("employer.")}
    return facts | {name: stated.value for name, stated in side.explicit.items()}


@dataclass(frozen=True)
class Told:
    """Entries told with their status, their amounts in words, and what their sums come to (ceilings counted in full)."""

    statuses: dict[str, str]
    amounts: dict[str, str]
    yuan: Decimal


class OwnHints:
    """What is told to people and employers on one day under one catalogue; those that no fact tells apart share an answer."""

    def __init__(self, catalogue: Catalogue, as_of: date):
        self._catalogue = catalogue
        self._as_of = as_of
        self._known: dict[Any, Told] = {}

    def of_person(self, person: Person) -> Told:
        """The package of a person or founder (``person_push``, ``founder_push``), as the API gives it."""
        facts = person_own_facts(self._catalogue, person, self._as_of)
        return self._told("person", facts, lambda prepared: package(self._catalogue, prepared).hints)

    def of_employer(self, employer: Employer) -> Told:
        """What is told to an employer or institution (``enterprise_push``, ``institution_level``)."""

        def hints(prepared: Prepared) -> tuple[Hint, ...]:
            found = {hint["entry_id"]: hint for channel in EMPLOYER_CHANNELS for hint in hints_of(self._catalogue, prepared, channel)}
            return tuple(found.values())

        return self._told("employer", employer_own_facts(self._catalogue, employer), hints)

    def _told(self, whose: str, facts: Facts, hints_of_facts: Callable[[Prepared], tuple[Hint, ...]]) -> Told:
        key = (whose, frozenset(facts.items()))
        found = self._known.get(key)
        if found is None:
            hints = hints_of_facts(prepare(self._catalogue, facts, self._as_of))
            yuan = sum((Decimal(str(hint["amount"].get("yuan", 0))) for hint in hints), Decimal(0))
            statuses = {hint["entry_id"]: hint["status"] for hint in hints}
            amounts = {hint["entry_id"]: hint["amount"]["basis"] for hint in hints}
            found = self._known[key] = Told(statuses, amounts, yuan)
        return found
