"""The best bundle: for each payee the greatest sum of benefits that may be had together, and what had to stay out.

Two benefits do not add up when an exclusion rule or an entry's own text says so, or when they would pay twice for the same training
(X6). That two benefits do add up is stated only for the pairs under ``stackable``; of others nothing is said, and the bundle says so.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations

from matcher.policy.amounts import KEPT, shown
from matcher.policy.conditions import Prepared
from matcher.policy.emission import Answered
from matcher.policy.evaluate import ELIGIBLE, evaluate_entry
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue

_APART = ("one_of", "higher_total", "bundle_first", "never_sum")
_ONCE = "同一次培训只能享受一项"  # X6 has no sentence of its own in the documents


@dataclass(frozen=True)
class Item:
    """An entry with its sum; ``at_most``: the sum is a ceiling; ``certain``: ELIGIBLE."""

    entry: Entry
    benefit: str
    yuan: Decimal
    at_most: bool
    certain: bool


@dataclass(frozen=True)
class Outside:
    """An item that is not in the bundle: what it cannot stand beside, by which rule (an exclusion's id, or the clause), in what words."""

    item: Item
    beside: str
    rule: str
    quote: str


@dataclass
class Bundle:
    """``yuan`` is the sum of ``items``, ``certain_yuan`` of those that are ELIGIBLE. ``unsaid``: pairs of benefits in the bundle of which
    no text says that they may be had together."""

    payee: str
    items: list[Item] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)
    unsaid: list[tuple[str, str]] = field(default_factory=list)

    @property
    def yuan(self) -> Decimal:
        return sum((item.yuan for item in self.items), Decimal(0))

    @property
    def certain_yuan(self) -> Decimal:
        return sum((item.yuan for item in self.items if item.certain), Decimal(0))


def conflict(catalogue: Catalogue, first: Item, second: Item) -> tuple[str, str] | None:
    """Why two benefits cannot be had together: rule and words; ``None`` where nothing forbids it."""
    if first.benefit == second.benefit:
        return "one_hint", "同一补贴项目只享受一次"
    for rule in catalogue.shared.exclusion_rules:
        if rule.rule in _APART and first.benefit in rule.between and second.benefit in rule.between:
            # The bundle stands against each single subsidy; the single ones stand beside each other.
            if rule.rule == "bundle_first" and rule.between[0] not in (first.benefit, second.benefit):
                continue
            return rule.id, rule.sources[0].quote if rule.sources else _ONCE
    for one, other in ((first, second), (second, first)):
        for exclusion in one.entry.excludes:
            if exclusion.benefit == other.benefit:
                return exclusion.source, exclusion.quote
    return None


def has_own_sum(entry: Entry) -> bool:
    """Whether what the entry pays is a sum for one person; a pointer says nothing of its own, a reward by count is the enterprise's."""
    return not entry.pointer_only and entry.amount.type != "ladder_total"


def items_of(catalogue: Catalogue, results: Iterable[Answered], prepared: Prepared, channels: Iterable[str]) -> list[Item]:
    """Entries that hold or may hold in these channels and have a sum for one person. A reward of the whole enterprise is no such sum."""
    usable = frozenset(channels)
    live = [result for result in results if result.live]
    # A version kept for its criteria stands for its successor, whose amount it shows.
    kept = {
        entry.superseded_by.entry
        for result in live
        if (entry := catalogue.by_id[result.entry_id]).superseded_by is not None and entry.superseded_by.mode == KEPT
    }
    found = []
    for result in live:
        entry = catalogue.by_id[result.entry_id]
        if entry.id in kept or usable.isdisjoint(entry.usable_as) or not has_own_sum(entry):
            continue
        amount = shown(catalogue, entry, prepared)
        if amount.yuan is not None:
            found.append(Item(entry, catalogue.benefit_of[entry.id], amount.yuan, amount.at_most, result.status == ELIGIBLE))
    return found


def best_bundles(
    catalogue: Catalogue,
    prepared: Prepared,
    channels: Iterable[str] = ("hint_per_match",),
    *,
    among: Container[str] | None = None,
    pockets: Mapping[str, str] | None = None,
) -> list[Bundle]:
    """One bundle a payee over all these channels, the greatest sum first. Of equal sums the one with more that is certain, then the
    catalogue's order. ``among`` limits the entries; ``pockets`` names payees that are one (a founder is the jobseeker)."""
    results = [evaluate_entry(catalogue, entry, prepared) for entry in catalogue.entries if among is None or entry.id in among]
    by_payee: dict[str, list[Item]] = {}
    for item in items_of(catalogue, results, prepared, channels):
        by_payee.setdefault((pockets or {}).get(item.entry.payee, item.entry.payee), []).append(item)
    bundles = [bundled(catalogue, payee, items) for payee, items in by_payee.items()]
    return sorted(bundles, key=lambda bundle: (-bundle.yuan, -bundle.certain_yuan, bundle.payee))


def bundled(catalogue: Catalogue, payee: str, items: list[Item]) -> Bundle:
    """The greatest sum of these items that may be had together."""
    apart = {
        frozenset((one, other)): why
        for one, other in combinations(range(len(items)), 2)
        if (why := conflict(catalogue, items[one], items[other])) is not None
    }
    chosen = _greatest(items, set(apart), len(items))
    bundle = Bundle(payee, [items[number] for number in chosen])
    for number, item in enumerate(items):
        if number in chosen:
            continue
        for other in chosen:
            why = apart.get(frozenset((number, other)))
            if why is not None:
                bundle.outside.append(Outside(item, items[other].entry.id, *why))
                break
    together = [frozenset(pair.benefits) for pair in catalogue.shared.stackable]
    for first, second in combinations(bundle.items, 2):
        if frozenset((first.benefit, second.benefit)) not in together:
            bundle.unsaid.append((first.benefit, second.benefit))
    return bundle


def _greatest(items: list[Item], apart: set[frozenset[int]], count: int) -> tuple[int, ...]:
    """The numbers of the items of the greatest sum without two that stand apart; branch and bound, a handful of items in practice."""
    best: tuple[tuple[Decimal, Decimal], tuple[int, ...]] = ((Decimal(-1), Decimal(0)), ())
    rest = [Decimal(0)] * (count + 1)
    for number in range(count - 1, -1, -1):
        rest[number] = rest[number + 1] + items[number].yuan

    def walk(number: int, taken: tuple[int, ...], total: Decimal, certain: Decimal) -> None:
        nonlocal best
        if total + rest[number] < best[0][0]:
            return
        if number == count:
            if (total, certain) > best[0]:
                best = ((total, certain), taken)
            return
        item = items[number]
        if not any(frozenset((number, other)) in apart for other in taken):
            walk(number + 1, (*taken, number), total + item.yuan, certain + (item.yuan if item.certain else 0))
        walk(number + 1, taken, total, certain)

    walk(0, (), Decimal(0), Decimal(0))
    return best[1]
