"""Hints of many pairs at once: the same answers as pair by pair, decided once for all pairs that no condition can tell apart.

What conditions read of a person is the state of each atom (and the facts that an amount or an exclusion reads). Two people with the
same states give the same hints at the same posting, and two postings with the same states on their side the same hints for the same
person. So a person becomes a small number once a day, a posting with its employer another, and only pairs of numbers not met before
are evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import count
from typing import Any, Generic, TypeVar

from matcher.policy.conditions import (
    CATEGORY,
    Prepared,
    States,
    compiled,
    derived_tags,
    finish,
    parity_holds,
    prepare,
    read_states,
    state_of,
)
from matcher.policy.emission import STATING_DOCUMENTS, emit
from matcher.policy.evaluate import Result, evaluate_entry, evaluate_read
from matcher.policy.facts import KnownTags, Tags, Value
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue
from matcher.policy.pairing import Side, facts_of_raw, merged, pair_facts, person_raw, posting_side, stated_facts
from matcher.shapes import Employer, Person, Posting

Statuses = list[tuple[str, str]]
PER_MATCH = "hint_per_match"
# Distinct pairs of numbers kept; real postings and people fall into far fewer.
_MOST_KEPT = 500_000


@dataclass(frozen=True)
class _Part:
    """One fact of a person: its value as read, the states it gives, and a number that is equal for facts no condition tells apart."""

    field: str
    value: Value | Tags
    states: tuple[tuple[int, int], ...]
    number: int


@dataclass(frozen=True)
class PersonView:
    """A person as hints see them on one day; make it once with ``view`` and use it for every posting of that day."""

    number: int
    parts: tuple[_Part, ...]
    explicit: frozenset[str]


def told_entries(catalogue: Catalogue, day: date, channel: str = PER_MATCH) -> tuple[Entry, ...]:
    """The entries that can be told in this channel on that day, and those that decide whether a pointer among them is told."""
    usable = [entry for entry in catalogue.entries if channel in entry.usable_as and entry.window.holds(day)]
    pointed = {catalogue.benefit_of[entry.id] for entry in usable if entry.pointer_only}
    wanted = {entry.id for entry in usable}
    return tuple(
        entry
        for entry in catalogue.entries
        if entry.id in wanted
        or (
            catalogue.benefit_of[entry.id] in pointed
            and not entry.pointer_only
            and entry.document in STATING_DOCUMENTS
            and entry.window.holds(day)
        )
    )


def statuses_for_pair(
    catalogue: Catalogue, posting: Posting, person: Person, employer: Employer | None, as_of: date, channel: str = PER_MATCH
) -> Statuses:
    """The plain form: told entries of one pair with their status, in the catalogue's order."""
    facts = pair_facts(posting, person, employer, as_of, catalogue)
    results = evaluate_read(catalogue, facts, as_of)
    return [(result.entry_id, result.status) for result in emit(catalogue, results, prepare(catalogue, facts, as_of), channel).told]


AnswerT = TypeVar("AnswerT")


class PairHints(Generic[AnswerT]):
    """Answers for pairs on one day in one channel, one for all pairs that no condition can tell apart; ``answer`` says what.

    Several threads may ask at once: numbers are never given twice, and the same pair evaluated twice gives the same answer.
    """

    def __init__(self, catalogue: Catalogue, as_of: date, channel: str = PER_MATCH):
        self.catalogue = catalogue
        self.as_of = as_of
        self.channel = channel
        self.entries = told_entries(catalogue, as_of, channel)
        self._plan = compiled(catalogue)
        self._parity = parity_holds(self._plan, as_of)
        self._parts: dict[Any, _Part] = {}
        self._part_numbers: dict[Any, int] = {}
        self._views: dict[Any, PersonView] = {}
        self._view_numbers: dict[Any, int] = {}
        self._bases: dict[Any, dict[int, AnswerT]] = {}
        self._kept = 0
        self._next = count()

    def view(self, person: Person) -> PersonView:
        """What hints read of this person on this day."""
        raw = person_raw(person)
        if not person.facts:
            found = self._views.get(raw)
            if found is None:
                found = self._views[raw] = self._make_view(Side(facts_of_raw(raw, self.as_of), {}))
                if len(self._views) > _MOST_KEPT:
                    self._views.clear()
            return found
        return self._make_view(Side(facts_of_raw(raw, self.as_of), stated_facts(self.catalogue, person.facts, 2)))

    def _make_view(self, side: Side) -> PersonView:
        values = {**side.derived, **{name: stated.value for name, stated in side.explicit.items()}}
        parts = tuple(self._part(name, value) for name, value in sorted(values.items()))
        explicit = frozenset(side.explicit)
        key = (tuple(part.number for part in parts), explicit)
        return PersonView(self._view_numbers.setdefault(key, next(self._next)), parts, explicit)

    def _part(self, name: str, value: Value) -> _Part:
        found = self._parts.get((name, value))
        if found is None:
            read: Value | Tags = value
            if name == CATEGORY and isinstance(value, frozenset | KnownTags):
                read = derived_tags(self.catalogue, value)
            atoms = self._plan.atoms
            states = tuple((number, state_of(atoms[number], read, self._parity)) for number in self._plan.by_field.get(name, ()))
            # A fact that an amount or a modifier reads as it stands counts as it stands.
            raw = value if name in self._plan.amount_fields or name in self._plan.modified_fields else None
            number = self._part_numbers.setdefault((name, states, raw), next(self._next))
            found = _Part(name, read, states, number)
            if len(self._parts) < _MOST_KEPT:
                self._parts[(name, value)] = found
        return found

    def answer(self, prepared: Prepared, results: list[Result]) -> AnswerT:
        """The answer for a pair whose facts were not met before; ``results`` are those of ``entries``."""
        raise NotImplementedError

    def for_posting(self, posting: Posting, employer: Employer | None, people: Iterable[Person | PersonView]) -> list[AnswerT]:
        """The answer for each of these people, in their order. Equal pairs share one answer: do not change it."""
        side = posting_side(self.catalogue, posting, employer)
        base = read_states(self.catalogue, merged(side, Side({}, {})), self.as_of)
        if self._kept > _MOST_KEPT:
            self._bases.clear()
            self._kept = 0
        known = self._bases.setdefault(self._base_key(side, base), {})
        answers: list[AnswerT] = []
        for one in people:
            view = one if isinstance(one, PersonView) else self.view(one)
            found = known.get(view.number)
            if found is None:
                found = known[view.number] = self._answer(side, base, view)
                self._kept += 1
            answers.append(found)
        return answers

    def for_pair(self, posting: Posting, employer: Employer | None, person: Person | PersonView) -> AnswerT:
        return self.for_posting(posting, employer, (person,))[0]

    def _base_key(self, side: Side, base: Prepared) -> Any:
        raw = tuple(base.facts.get(name) for name in self._plan.raw_fields)
        return (bytes(base.states), raw, frozenset((name, stated.owned) for name, stated in side.explicit.items()))

    def _answer(self, side: Side, base: Prepared, view: PersonView) -> AnswerT:
        states: States = base.states.copy()
        facts = dict(base.facts)
        for part in view.parts:
            if part.field in side.explicit and (part.field not in view.explicit or side.explicit[part.field].owned):
                continue
            facts[part.field] = part.value
            for number, state in part.states:
                states[number] = state
        prepared = finish(self._plan, Prepared(self.as_of, facts, states))
        return self.answer(prepared, [evaluate_entry(self.catalogue, entry, prepared) for entry in self.entries])


class PairStatuses(PairHints[Statuses]):
    """Told entries with their status."""

    def answer(self, prepared: Prepared, results: list[Result]) -> Statuses:
        return [(result.entry_id, result.status) for result in emit(self.catalogue, results, prepared, self.channel).told]


@lru_cache(maxsize=4)
def pair_statuses(catalogue: Catalogue, as_of: date, channel: str = PER_MATCH) -> PairStatuses:
    """The bulk evaluator of this catalogue and day."""
    return PairStatuses(catalogue, as_of, channel)


def hints_for_posting(
    catalogue: Catalogue, posting: Posting, employer: Employer | None, people: Iterable[Person | PersonView], as_of: date
) -> list[Statuses]:
    """For each person the entries told with a recommendation of this posting, ELIGIBLE and NEEDS_CHECK: ``[(entry_id, status), …]``."""
    return pair_statuses(catalogue, as_of).for_posting(posting, employer, people)
