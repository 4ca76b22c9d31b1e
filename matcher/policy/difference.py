"""What another version of the catalogue would change: which entries differ, and which pairs gain or lose what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

from matcher.policy.bulk import pair_statuses
from matcher.policy.evaluate import ELIGIBLE
from matcher.policy.hint import hints_for_pair
from matcher.policy.loader import Catalogue
from matcher.policy.own import OwnHints
from matcher.shapes import Employer, Person, Posting


@dataclass(frozen=True)
class EntryChange:
    """``change``: added, removed or changed; ``keys``: what of the entry differs (``window``, ``amount``, ``conditions`` …)."""

    entry_id: str
    change: str
    keys: tuple[str, ...] = ()


@dataclass
class EntryEffect:
    """Pairs (people, employers) that get this hint only with the new catalogue (``gained``), only with the old (``lost``), or for which it
    becomes certain or stops being so, or whose amount in words differs (of people and employers); the first few of them by id."""

    gained: int = 0
    lost: int = 0
    made_certain: int = 0
    made_uncertain: int = 0
    other_amount: int = 0
    examples: list[Any] = field(default_factory=list)


@dataclass
class OwnDifference:
    """People (their package as jobseeker or founder) or employers: how many were ``compared``, for how many something changes, by how much
    all told sums change, and for each entry who gains and loses it."""

    compared: int = 0
    changed: int = 0
    yuan: float = 0
    effects: dict[str, EntryEffect] = field(default_factory=dict)


@dataclass
class Difference:
    """``pairs`` compared, ``changed`` among them, ``yuan`` the change of the sum of all told hints' sums (ceilings counted in full);
    ``people`` and ``employers``: what is told to each of them about themselves."""

    entries: list[EntryChange]
    pairs: int = 0
    changed: int = 0
    yuan: float = 0
    effects: dict[str, EntryEffect] = field(default_factory=dict)
    people: OwnDifference = field(default_factory=OwnDifference)
    employers: OwnDifference = field(default_factory=OwnDifference)


@dataclass(frozen=True)
class PairChange:
    """One pair under both catalogues: hints (entry to status) gained and lost, those of another status, and the change of the sum."""

    person_id: str
    posting_id: str
    gained: dict[str, str]
    lost: dict[str, str]
    changed: dict[str, list[str]]
    yuan: Decimal

    def as_json(self) -> dict[str, Any]:
        """The same names as a line of ``gongqiao replay``."""
        return {
            "person_id": self.person_id, "posting_id": self.posting_id, "change": "changed", "hints_gained": self.gained,
            "hints_lost": self.lost, "hints_changed": self.changed, "yuan": float(self.yuan),
        }  # fmt: skip


@dataclass(frozen=True)
class OwnChange:
    """What one person (``whose`` person_id) or one employer (employer_id) is told about themselves under both catalogues."""

    whose: str
    id: str
    gained: dict[str, str]
    lost: dict[str, str]
    changed: dict[str, list[str]]
    amounts: dict[str, list[str]]  # of hints told under both: the amount in words where it differs, a percentage among them
    yuan: Decimal

    def as_json(self) -> dict[str, Any]:
        """The same names as a line of ``gongqiao replay``."""
        return {
            self.whose: self.id, "change": "changed", "hints_gained": self.gained, "hints_lost": self.lost, "hints_changed": self.changed,
            "amounts_changed": self.amounts, "yuan": float(self.yuan),
        }  # fmt: skip


def entry_changes(old: Catalogue, new: Catalogue) -> list[EntryChange]:
    """Entries that are not the same in both, in the order of the new catalogue, removed ones last."""
    found = []
    for entry in new.entries:
        before = old.by_id.get(entry.id)
        if before is None:
            found.append(EntryChange(entry.id, "added"))
        elif before != entry:
            keys = tuple(name for name in type(entry).model_fields if getattr(before, name) != getattr(entry, name))
            found.append(EntryChange(entry.id, "changed", keys))
    return found + [EntryChange(entry.id, "removed") for entry in old.entries if entry.id not in new.by_id]


def difference(
    old: Catalogue,
    new: Catalogue,
    offers: Iterable[tuple[Posting, Employer | None]],
    people: list[Person],
    as_of: date,
    examples: int = 5,
    each: Callable[[PairChange], None] | None = None,
) -> Difference:
    """Every posting with every person on that day, under both catalogues; ``each`` is called with every pair that differs."""
    found = Difference(entry_changes(old, new))
    before_of, after_of = pair_statuses(old, as_of), pair_statuses(new, as_of)
    amounts_may_differ = sums_may_differ(found.entries)
    total = Decimal(0)
    for posting, employer in offers:
        before = before_of.for_posting(posting, employer, people)
        after = after_of.for_posting(posting, employer, people)
        found.pairs += len(people)
        for person, had, has in zip(people, before, after, strict=True):
            if had == has and not amounts_may_differ:
                continue
            yuan = sum_change(old, new, posting, person, employer, as_of)
            if had == has and not yuan:
                continue
            found.changed += 1
            total += yuan
            _count(found.effects, dict(had), dict(has), (person.person_id, posting.posting_id), examples)
            if each is not None:
                each(PairChange(person.person_id, posting.posting_id, *hint_changes(dict(had), dict(has)), yuan))
    found.yuan = float(total)
    return found


def own_changes(
    old: Catalogue, new: Catalogue, people: Iterable[Person], employers: Iterable[Employer], as_of: date
) -> Iterator[OwnChange]:
    """People and employers who are told something else about themselves on that day: as jobseekers, founders, enterprises, institutions."""
    before, after = OwnHints(old, as_of), OwnHints(new, as_of)
    each = chain(
        (("person_id", person.person_id, before.of_person(person), after.of_person(person)) for person in people),
        (("employer_id", one.employer_id, before.of_employer(one), after.of_employer(one)) for one in employers),
    )
    for whose, id_, had, has in each:
        if had != has:
            amounts = {name: [had.amounts[name], words] for name, words in has.amounts.items() if had.amounts.get(name, words) != words}
            yield OwnChange(whose, id_, *hint_changes(had.statuses, has.statuses), amounts, has.yuan - had.yuan)


def own_difference(changes: Iterable[OwnChange], compared: int, examples: int = 5) -> OwnDifference:
    """These changes of people, or of employers, as numbers."""
    found, total = OwnDifference(compared), Decimal(0)
    for change in changes:
        found.changed += 1
        total += change.yuan
        had = {**change.lost, **{name: one[0] for name, one in change.changed.items()}}
        has = {**change.gained, **{name: one[1] for name, one in change.changed.items()}}
        _count(found.effects, had, has, change.id, examples)
        for entry_id in change.amounts:
            found.effects.setdefault(entry_id, EntryEffect()).other_amount += 1
    found.yuan = float(total)
    return found


def sums_may_differ(changes: Iterable[EntryChange]) -> bool:
    """Whether the sum of a pair can differ though its hints do not: by an amount, or by a version from which another takes its amount."""
    return any(change.change != "changed" or {"amount", "window", "superseded_by"} & set(change.keys) for change in changes)


def sum_change(old: Catalogue, new: Catalogue, posting: Posting, person: Person, employer: Employer | None, as_of: date) -> Decimal:
    """By how much the sum of all told hints' sums changes for a pair on that day."""
    return _worth(new, posting, person, employer, as_of) - _worth(old, posting, person, employer, as_of)


def hint_changes(had: Mapping[str, str], has: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], dict[str, list[str]]]:
    """Hints (entry to status) gained, lost, and of another status than before."""
    gained = {name: status for name, status in has.items() if name not in had}
    lost = {name: status for name, status in had.items() if name not in has}
    return gained, lost, {name: [had[name], status] for name, status in has.items() if had.get(name, status) != status}


def _worth(catalogue: Catalogue, posting: Posting, person: Person, employer: Employer | None, as_of: date) -> Decimal:
    hints: list[dict[str, Any]] = hints_for_pair(catalogue, posting, person, employer, as_of)
    return sum((Decimal(str(hint["amount"].get("yuan", 0))) for hint in hints), Decimal(0))


def _count(effects: dict[str, EntryEffect], had: Mapping[str, str], has: Mapping[str, str], who: Any, examples: int) -> None:
    for entry_id in {**had, **has}:
        before, after = had.get(entry_id), has.get(entry_id)
        if before == after:
            continue
        effect = effects.setdefault(entry_id, EntryEffect())
        if before is None:
            effect.gained += 1
        elif after is None:
            effect.lost += 1
        elif after == ELIGIBLE:
            effect.made_certain += 1
        else:
            effect.made_uncertain += 1
        if len(effect.examples) < examples:
            effect.examples.append(who)
