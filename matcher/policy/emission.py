"""Which of the entries that hold are told: pointers give way, exclusions choose, one hint a benefit and payee.

The order is fixed: entries that are never told, pointers, the exclusion rules of ``_catalogue.yaml``, the channel, then one hint a benefit
and payee. Exclusions choose before the channel limits: what may not be had together may not be had through two channels either.
Everything left out is kept with the rule and the entry it gave way to, so that a hint can name its alternative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from matcher.policy.amounts import KEPT, amount_in_force, is_stated
from matcher.policy.conditions import Prepared
from matcher.policy.evaluate import ELIGIBLE
from matcher.policy.format import Entry, ExclusionRule
from matcher.policy.loader import Catalogue

# 003 is a plan: what it says of a benefit never outweighs a document that states it (pointer_only_rule names the other four).
STATING_DOCUMENTS = frozenset({"000", "001", "002", "004"})
# Rules under which one entry gives way to another; the others (never_sum, per_year) only concern sums.
CHOOSING = frozenset({"one_variant", "one_of", "higher_total", "bundle_first"})


class Answered(Protocol):
    """What emission reads of a result."""

    @property
    def entry_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def live(self) -> bool: ...
    @property
    def missing(self) -> tuple[str, ...]: ...
    @property
    def unstated(self) -> tuple[str, ...]: ...
    @property
    def yuan(self) -> Decimal | None: ...


Key: TypeAlias = Callable[[Answered], Any]


@dataclass(frozen=True)
class LeftOut:
    """An entry that holds and is not told: ``rule`` (an exclusion's id, ``pointer`` or ``one_hint``) and what it gave way to."""

    result: Answered
    rule: str
    for_entry: str | None
    total: Decimal | None = None
    kept_total: Decimal | None = None


@dataclass
class Emission:
    """``told`` in the catalogue's order, and what was left out."""

    told: list[Answered] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    """What emission needs of an entry."""

    entry: Entry
    benefit: str
    order: int
    dated: int
    tellable: bool
    states_benefit: bool
    kept_before: frozenset[str]


@dataclass(frozen=True)
class _Plan:
    known: dict[str, _Known]
    rules: tuple[ExclusionRule, ...]
    weighed: frozenset[str]


@lru_cache(maxsize=8)
def _plan(catalogue: Catalogue) -> _Plan:
    documents = sorted(catalogue.shared.documents, key=lambda document: document.validity_from)
    dated = {document.id: number for number, document in enumerate(documents)}
    kept: dict[str, set[str]] = {}
    for entry in catalogue.entries:
        if entry.superseded_by is not None and entry.superseded_by.mode == KEPT:
            kept.setdefault(entry.superseded_by.entry, set()).add(entry.id)
    known = {
        entry.id: _Known(
            entry=entry,
            benefit=catalogue.benefit_of[entry.id],
            order=number,
            dated=dated[entry.document],
            tellable=set(entry.usable_as) != {"modifier"} and entry.evaluable_at != "never_until_rule_exists",
            states_benefit=not entry.pointer_only and entry.document in STATING_DOCUMENTS,
            kept_before=frozenset(kept.get(entry.id, ())),
        )
        for number, entry in enumerate(catalogue.entries)
    }
    # At most one variant is settled before one benefit is weighed against another.
    rules = tuple(sorted(catalogue.shared.exclusion_rules, key=lambda rule: rule.rule != "one_variant"))
    weighed = frozenset(benefit for rule in rules if rule.rule in CHOOSING for benefit in rule.between)
    return _Plan(known, rules, weighed)


def emit(catalogue: Catalogue, results: Iterable[Answered], prepared: Prepared, channel: str | None = None) -> Emission:
    """The entries told under ``emission_rule``; ``channel`` limits them to entries usable so.

    An entry of another channel is never told, but one whose sum is known still stands against what it excludes.
    """
    return _Choice(catalogue, prepared).told(results, channel)


def set_apart(catalogue: Catalogue, benefits: Iterable[str]) -> frozenset[str]:
    """The benefits that an exclusion rule weighs against one of these, through whatever channel they come."""
    found = set(benefits)
    rules = [rule for rule in catalogue.shared.exclusion_rules if rule.rule in CHOOSING and found & set(rule.between)]
    return frozenset(benefit for rule in rules for benefit in rule.between)


def best(group: list[Answered], keys: Iterable[Key]) -> Answered:
    """The first by these keys, each worked out only among those that the keys before it leave level."""
    for key in keys:
        if len(group) == 1:
            break
        values = [key(result) for result in group]
        least = min(values)
        group = [result for result, value in zip(group, values, strict=True) if value == least]
    return group[0]


class _Choice:
    """One emission: the results still in the running, by benefit."""

    def __init__(self, catalogue: Catalogue, prepared: Prepared):
        self.catalogue = catalogue
        self.prepared = prepared
        self.plan = _plan(catalogue)
        self.live: dict[str, list[Answered]] = {}
        self.out = Emission()

    def told(self, results: Iterable[Answered], channel: str | None) -> Emission:
        known = self.plan.known
        holding = [result for result in results if result.live]
        stated = {known[result.entry_id].benefit for result in holding if known[result.entry_id].states_benefit}
        for result in holding:
            one = known[result.entry_id]
            if not one.tellable or not (_usable(one, channel) or self._weighs(result)):
                continue
            if one.entry.pointer_only and one.benefit in stated:
                self.out.left_out.append(LeftOut(result, "pointer", None))
            else:
                self.live.setdefault(one.benefit, []).append(result)
        for rule in self.plan.rules:
            self._apply(rule)
        for group in self.live.values():
            usable = [result for result in group if _usable(known[result.entry_id], channel)]
            if usable:
                self._one_hint(usable)
        self.out.told.sort(key=lambda result: known[result.entry_id].order)
        return self.out

    def _weighs(self, result: Answered) -> bool:
        """Whether an entry of another channel stands against what it excludes: with a sum; without one it says nothing."""
        one = self.plan.known[result.entry_id]
        return one.benefit in self.plan.weighed and not one.entry.pointer_only and result.yuan is not None

    def _one_hint(self, group: list[Answered]) -> None:
        if len(group) == 1:
            self.out.told.append(group[0])
            return
        known = self.plan.known
        payees: dict[str, list[Answered]] = {}
        for result in group:
            payees.setdefault(known[result.entry_id].entry.payee, []).append(result)
        for same in payees.values():
            present = {result.entry_id for result in same}
            kept = best([result for result in same if not known[result.entry_id].kept_before & present], self._version_keys())
            self.out.told.append(kept)
            self.out.left_out += [LeftOut(result, "one_hint", kept.entry_id) for result in same if result is not kept]

    def _stated(self, result: Answered) -> bool:
        return is_stated(amount_in_force(self.catalogue, self.plan.known[result.entry_id].entry, self.prepared.day))

    def _version_keys(self) -> tuple[Key, ...]:
        """``one_hint_rule``: ELIGIBLE, a stated amount, the later document; then the higher figure and the fewer open questions."""
        known = self.plan.known
        return (
            lambda result: result.status != ELIGIBLE,
            lambda result: not self._stated(result),
            lambda result: -known[result.entry_id].dated,
            lambda result: -(result.yuan or 0),
            lambda result: len(result.missing),
            lambda result: known[result.entry_id].order,
        )

    def _worth_keys(self) -> tuple[Key, ...]:
        """X1, X4: ELIGIBLE before NEEDS_CHECK, then the higher stated amount. Where the rules leave it open, the variant with the fewest
        open questions: of several promises the one nearest to being kept, and only then the later document."""
        known = self.plan.known
        return (
            lambda result: result.status != ELIGIBLE,
            _by_yuan,
            lambda result: not self._stated(result),
            lambda result: len(result.missing) + len(result.unstated),
            lambda result: -known[result.entry_id].dated,
            lambda result: known[result.entry_id].order,
        )

    def _apply(self, rule: ExclusionRule) -> None:
        present = [benefit for benefit in rule.between if benefit in self.live]
        if not present:
            return
        if rule.rule == "one_variant":
            group = self.live[present[0]]
            if len(group) > 1:
                kept = best(group, self._worth_keys())
                self._drop([result for result in group if result is not kept], rule, kept)
            return
        if len(present) < 2:
            return
        if rule.rule == "bundle_first":
            if present[0] == rule.between[0]:
                losers = [result for benefit in present[1:] for result in self.live[benefit]]
                self._drop(losers, rule, self.live[present[0]][0])
            return
        if rule.rule not in ("one_of", "higher_total"):
            return  # never_sum, per_year: nothing is left out of one question; sums heed them
        rivals = [best(self.live[benefit], self._worth_keys()) for benefit in present]
        status_and_yuan = self._worth_keys()[:2]
        benefit_of = self.catalogue.benefit_of
        totals: dict[str, Decimal | None] = {}
        if rule.rule == "one_of":
            keys: tuple[Key, ...] = (*status_and_yuan, lambda result: len(result.missing))
        else:
            totals = {result.entry_id: self._total(result, rule) for result in rivals}
            # A total that is known goes before one that is not; without totals the surer one, then the one with a figure, then the one
            # that this very hire opens (listed last).
            keys = (
                lambda result: (totals[result.entry_id] is None, -(totals[result.entry_id] or 0)),
                *status_and_yuan,
                lambda result: -present.index(benefit_of[result.entry_id]),
            )
        kept = best(rivals, keys)
        losers = [result for benefit in present if benefit != benefit_of[kept.entry_id] for result in self.live[benefit]]
        self._drop(losers, rule, kept, totals)

    def _total(self, result: Answered, rule: ExclusionRule) -> Decimal | None:
        """What the benefit comes to for the same absorbed people: a ladder's total, or the sum a head times their number."""
        if result.yuan is None:
            return None
        if self.plan.known[result.entry_id].entry.amount.type == "ladder_total":
            return result.yuan
        count = self.prepared.facts.get(rule.count_fact or "")
        return result.yuan * count if isinstance(count, Decimal) else None

    def _drop(self, losers: list[Answered], rule: ExclusionRule, kept: Answered, totals: dict[str, Decimal | None] | None = None) -> None:
        totals = totals or {}
        gone = {result.entry_id for result in losers}
        for benefit in {self.catalogue.benefit_of[name] for name in gone}:
            left = [result for result in self.live[benefit] if result.entry_id not in gone]
            if left:
                self.live[benefit] = left
            else:
                del self.live[benefit]
        self.out.left_out += [
            LeftOut(result, rule.id, kept.entry_id, totals.get(result.entry_id), totals.get(kept.entry_id)) for result in losers
        ]


def _usable(one: _Known, channel: str | None) -> bool:
    return channel is None or channel in one.entry.usable_as


def _by_yuan(result: Answered) -> tuple[bool, Decimal | int]:
    yuan = result.yuan
    return (yuan is None, -(yuan or 0))
