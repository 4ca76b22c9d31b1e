"""What another version of the catalogue would change: which entries differ, and which pairs gain or lose what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from matcher.policy.bulk import pair_statuses
from matcher.policy.evaluate import ELIGIBLE
from matcher.policy.hint import hints_for_pair
from matcher.policy.loader import Catalogue
from matcher.shapes import Employer, Person, Posting


@dataclass(frozen=True)
class EntryChange:
    """``change``: added, removed or changed; ``keys``: what of the entry differs (``window``, ``amount``, ``conditions`` …)."""

    entry_id: str
    change: str
    keys: tuple[str, ...] = ()


@dataclass
class EntryEffect:
    """Pairs that get this hint only with the new catalogue (``gained``), only with the old (``lost``), or for which it becomes certain or
    stops being so; the first few of them by id."""

    gained: int = 0
    lost: int = 0
    made_certain: int = 0
    made_uncertain: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Difference:
    """``pairs`` compared, ``changed`` among them, ``yuan`` the change of the sum of all told hints' sums (ceilings counted in full)."""

    entries: list[EntryChange]
    pairs: int = 0
    changed: int = 0
    yuan: float = 0
    effects: dict[str, EntryEffect] = field(default_factory=dict)


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
    old: Catalogue, new: Catalogue, offers: Iterable[tuple[Posting, Employer | None]], people: list[Person], as_of: date, examples: int = 5
) -> Difference:
    """Every posting with every person on that day, under both catalogues."""
    found = Difference(entry_changes(old, new))
    before_of, after_of = pair_statuses(old, as_of), pair_statuses(new, as_of)
    amounts_may_differ = any(change.change == "changed" and "amount" in change.keys for change in found.entries)
    for posting, employer in offers:
        before = before_of.for_posting(posting, employer, people)
        after = after_of.for_posting(posting, employer, people)
        found.pairs += len(people)
        for person, had, has in zip(people, before, after, strict=True):
            if had == has and not amounts_may_differ:
                continue
            yuan = _worth(new, posting, person, employer, as_of) - _worth(old, posting, person, employer, as_of)
            if had == has and yuan == 0:
                continue
            found.changed += 1
            found.yuan += yuan
            _count(found, dict(had), dict(has), (person.person_id, posting.posting_id), examples)
    return found


def _worth(catalogue: Catalogue, posting: Posting, person: Person, employer: Employer | None, as_of: date) -> float:
    hints: list[dict[str, Any]] = hints_for_pair(catalogue, posting, person, employer, as_of)
    return float(sum(hint["amount"].get("yuan", 0) for hint in hints))


def _count(found: Difference, had: dict[str, str], has: dict[str, str], pair: tuple[str, str], examples: int) -> None:
    for entry_id in {**had, **has}:
        before, after = had.get(entry_id), has.get(entry_id)
        if before == after:
            continue
        effect = found.effects.setdefault(entry_id, EntryEffect())
        if before is None:
            effect.gained += 1
        elif after is None:
            effect.lost += 1
        elif after == ELIGIBLE:
            effect.made_certain += 1
        else:
            effect.made_uncertain += 1
        if len(effect.examples) < examples:
            effect.examples.append(pair)
