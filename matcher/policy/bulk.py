"""Hints of many pairs at once: the same answers as pair by pair, decided once for all pairs that no condition can tell apart.

What conditions read of a person is the state of each atom (and the facts that an amount or an exclusion reads). Two people with the
same states give the same hints at the same posting, and two postings with the same states on their side the same hints for the same
person. So a person becomes a small number once a day, a posting with its employer another, and only pairs of numbers not met before
are evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import count
from operator import itemgetter
from typing import Any, Generic, TypeVar

from matcher.policy.conditions import (
    CATEGORY,
    FALSE,
    FORM,
    Prepared,
    States,
    Tree,
    compiled,
    decide_all,
    derived_tags,
    finish,
    parity_holds,
    prepare,
    read_states,
    state_of,
)
from matcher.policy.emission import STATING_DOCUMENTS, emit, set_apart
from matcher.policy.evaluate import evaluate_read, live_results
from matcher.policy.facts import KnownTags, Tags, Value
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue
from matcher.policy.pairing import Side, facts_of_raw, merged, pair_facts, person_raw, posting_side, stated_facts
from matcher.policy.terms import ByReference
from matcher.shapes import Employer, Person, Posting

Statuses = list[tuple[str, str]]
PER_MATCH = "hint_per_match"
# People read from their fields are kept up to this number; the same number of facts.
_MOST_PEOPLE = 100_000


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
    """The entries that can be told in this channel on that day, and those that decide whether one of them is told: what states the benefit
    of a pointer, and what an exclusion rule weighs against it."""
    usable = [entry for entry in catalogue.entries if channel in entry.usable_as and entry.window.holds(day)]
    pointed = {catalogue.benefit_of[entry.id] for entry in usable if entry.pointer_only}
    weighed = set_apart(catalogue, {catalogue.benefit_of[entry.id] for entry in usable})
    wanted = {entry.id for entry in usable}
    return tuple(
        entry
        for entry in catalogue.entries
        if entry.id in wanted
        or (
            entry.window.holds(day)
            and not entry.pointer_only
            and (
                (catalogue.benefit_of[entry.id] in pointed and entry.document in STATING_DOCUMENTS)
                or catalogue.benefit_of[entry.id] in weighed
            )
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


def _atoms_in(trees: Iterable[Tree]) -> Iterator[int]:
    for tree in trees:
        if isinstance(tree, int):
            yield tree
        else:
            yield from _atoms_in(tree[1])


@dataclass
class _Base:
    """A posting with its employer: what is known without a person, the entries that a person can still open, and answers found."""

    side: Side
    prepared: Prepared
    open: _Open
    answers: dict[int, Any]


@dataclass(frozen=True)
class _Open:
    """Entries that are not known to fail, and how to read the states of their atoms."""

    number: int
    entries: tuple[Entry, ...]
    states_of: Callable[[States], Any]


class PairHints(Generic[AnswerT]):
    """Answers for pairs on one day in one channel, one for all pairs that no condition can tell apart; ``answer`` says what.

    Several threads may ask at once: numbers are never given twice, and the same pair evaluated twice gives the same answer.
    """

    most_pairs = 200_000  # pairs of numbers remembered with their answer
    most_answers = 100_000  # distinct answers remembered; real postings and people fall into a few thousand

    def __init__(self, catalogue: Catalogue, as_of: date, channel: str = PER_MATCH):
        self.catalogue = catalogue
        self.as_of = as_of
        self.channel = channel
        self._plan = plan = compiled(catalogue)
        self._parity = parity_holds(plan, as_of)
        # Entries that a text of exclusion names are read too, when a hint says what it excludes.
        self.entries = told_entries(catalogue, as_of, channel)
        self._relevant = frozenset(_atoms_in(tree for entry in self._read(self.entries) for tree in plan.trees[entry.id])) | frozenset(
            number for entry in self.entries for number in plan.cases.get(entry.id, ())
        )
        # A fact that an amount or a modifier reads as it stands counts as it stands; gig work by the type of the posting.
        self._stands = frozenset((*plan.raw_fields, FORM, "posting.type"))
        self._reads = frozenset(plan.atoms[number].field for number in self._relevant) | self._stands
        self._views: dict[Any, PersonView] = {}
        self._bases: dict[Any, _Base] = {}
        self._opens: dict[tuple[str, ...], _Open] = {}
        self._all_open = self._open(self.entries)
        self._parts: dict[Any, _Part] = {}
        self._part_numbers: dict[Any, int] = {}
        self._view_numbers: dict[Any, int] = {}
        self._answers: dict[Any, AnswerT] = {}
        self._kept = 0
        self._next = count()

    def _read(self, entries: Iterable[Entry]) -> list[Entry]:
        """These entries and all whose conditions are read on their account: excluded benefits, referenced amounts, modifiers."""
        found = {entry.id: entry for entry in entries}
        for entry in list(found.values()):
            for exclusion in entry.excludes:
                found.update((other.id, other) for other in self.catalogue.by_benefit[exclusion.benefit])
            if isinstance(entry.amount, ByReference) and not isinstance(entry.amount.reference, str):
                found.update((name, self.catalogue.by_id[name]) for name in entry.amount.reference)
        found.update((entry.id, entry) for entry, _ in self._plan.false_is_unknown)
        return list(found.values())

    def _open(self, entries: tuple[Entry, ...]) -> _Open:
        key = tuple(entry.id for entry in entries)
        found = self._opens.get(key)
        if found is None:
            atoms = {number for entry in self._read(entries) for number in _atoms_in(self._plan.trees[entry.id])}
            atoms |= {number for entry in entries for number in self._plan.cases.get(entry.id, ())}
            # Two atoms at least: itemgetter gives a tuple only then.
            found = _Open(len(self._opens), entries, itemgetter(0, 0, *sorted(atoms)))
            self._opens[key] = found
        return found

    def view(self, person: Person) -> PersonView:
        """What hints read of this person on this day."""
        raw = person_raw(person, self.catalogue)
        if person.facts:
            return self._make_view(Side(facts_of_raw(raw, self.as_of), stated_facts(self.catalogue, person.facts, 2)))
        found = self._views.get(raw)
        if found is None:
            if len(self._views) > _MOST_PEOPLE:
                self._views.clear()
            found = self._views[raw] = self._make_view(Side(facts_of_raw(raw, self.as_of), {}))
        return found

    def _make_view(self, side: Side) -> PersonView:
        values = side.derived
        if side.explicit:
            values = {**values, **{name: stated.value for name, stated in side.explicit.items()}}
        parts = [self._part(name, value) for name, value in values.items() if name in self._reads]
        if side.explicit:
            parts.sort(key=lambda part: part.field)
        explicit = frozenset(side.explicit)
        key = (tuple([part.number for part in parts]), explicit)
        number = self._view_numbers.get(key)
        if number is None:
            number = self._view_numbers.setdefault(key, next(self._next))
        return PersonView(number, tuple(parts), explicit)

    def _part(self, name: str, value: Value) -> _Part:
        found = self._parts.get((name, value))
        if found is None:
            read: Value | Tags = value
            if name == CATEGORY and isinstance(value, frozenset | KnownTags):
                read = derived_tags(self.catalogue, value)
            atoms = self._plan.atoms
            relevant = [number for number in self._plan.by_field.get(name, ()) if number in self._relevant]
            states = tuple((number, state_of(atoms[number], read, self._parity)) for number in relevant)
            number = self._part_numbers.setdefault((name, states, value if name in self._stands else None), next(self._next))
            found = _Part(name, read, states, number)
            if len(self._parts) < _MOST_PEOPLE:
                self._parts[(name, value)] = found
        return found

    def answer(self, prepared: Prepared, entries: tuple[Entry, ...]) -> AnswerT:
        """The answer for a pair whose facts were not met before; any entry but ``entries`` is known not to be told."""
        raise NotImplementedError

    def for_posting(self, posting: Posting, employer: Employer | None, people: Iterable[Person | PersonView]) -> list[AnswerT]:
        """The answer for each of these people, in their order. Equal pairs share one answer: do not change it."""
        base = self._base(posting_side(self.catalogue, posting, employer))
        answers: list[AnswerT] = []
        known = base.answers
        for one in people:
            view = one if isinstance(one, PersonView) else self.view(one)
            found = known.get(view.number)
            if found is None:
                found = known[view.number] = self._answer(base, view)
                self._kept += 1
            answers.append(found)
        return answers

    def for_pair(self, posting: Posting, employer: Employer | None, person: Person | PersonView) -> AnswerT:
        return self.for_posting(posting, employer, (person,))[0]

    def _base(self, side: Side) -> _Base:
        prepared = read_states(self.catalogue, merged(side, Side({}, {})), self.as_of)
        facts = prepared.facts
        key = (
            self._all_open.states_of(prepared.states),
            tuple(facts.get(name) for name in self._plan.raw_fields),
            facts.get("posting.type"),
            frozenset((name, stated.owned) for name, stated in side.explicit.items()),
        )
        found = self._bases.get(key)
        if found is None:
            if self._kept > self.most_pairs or len(self._answers) > self.most_answers:
                self._bases.clear()
                self._answers.clear()
                self._kept = 0
            # What fails without the person fails with any person: knowing more never undoes a false condition, a modified field aside.
            undecided = self.entries
            if not self._plan.modified_fields & facts.keys():
                trees = self._plan.trees
                undecided = tuple(entry for entry in self.entries if decide_all(trees[entry.id], prepared.states) != FALSE)
            found = self._bases[key] = _Base(side, prepared, self._open(undecided), {})
        return found

    def _answer(self, base: _Base, view: PersonView) -> AnswerT:
        states: States = base.prepared.states.copy()
        facts = dict(base.prepared.facts)
        explicit = base.side.explicit
        left = base.open
        for part in view.parts:
            name = part.field
            if name in explicit and (name not in view.explicit or explicit[name].owned):
                continue
            if name in facts:
                left = self._all_open  # the person's own facts say otherwise than the posting's or the employer's
            facts[name] = part.value
            for number, state in part.states:
                states[number] = state
        prepared = finish(self._plan, Prepared(self.as_of, facts, states))
        key = (left.number, left.states_of(states), *[facts.get(name) for name in self._plan.raw_fields])
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = self.answer(prepared, left.entries)
        return found


class PairStatuses(PairHints[Statuses]):
    """Told entries with their status."""

    def answer(self, prepared: Prepared, entries: tuple[Entry, ...]) -> Statuses:
        live = live_results(self.catalogue, entries, prepared)
        return [(result.entry_id, result.status) for result in emit(self.catalogue, live, prepared, self.channel).told]


@lru_cache(maxsize=2)
def pair_statuses(catalogue: Catalogue, as_of: date, channel: str = PER_MATCH) -> PairStatuses:
    """The bulk evaluator of this catalogue and day."""
    return PairStatuses(catalogue, as_of, channel)


def hints_for_posting(
    catalogue: Catalogue, posting: Posting, employer: Employer | None, people: Iterable[Person | PersonView], as_of: date
) -> list[Statuses]:
    """For each person the entries told with a recommendation of this posting, ELIGIBLE and NEEDS_CHECK: ``[(entry_id, status), …]``."""
    return pair_statuses(catalogue, as_of).for_posting(posting, employer, people)
