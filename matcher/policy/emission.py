"""Which of the entries that hold are told: pointers give way, exclusions choose, one hint a benefit and payee.

The order is fixed: entries that are never told, pointers, the exclusion rules of ``_catalogue.yaml``, then one hint a benefit and payee.
Everything left out is kept with the rule and the entry it gave way to, so that a hint can name its alternative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from matcher.policy.amounts import KEPT, amount_in_force, is_stated
from matcher.policy.conditions import Prepared
from matcher.policy.evaluate import ELIGIBLE, Result
from matcher.policy.format import Entry, ExclusionRule
from matcher.policy.loader import Catalogue

# 003 is a plan: what it says of a benefit never outweighs a document that states it (pointer_only_rule names the other four).
STATING_DOCUMENTS = frozenset({"000", "001", "002", "004"})


@dataclass(frozen=True)
class LeftOut:
    """An entry that holds and is not told: ``rule`` (an exclusion's id, ``pointer`` or ``one_hint``) and what it gave way to."""

    result: Result
    rule: str
    for_entry: str | None
    total: Decimal | None = None
    kept_total: Decimal | None = None


@dataclass
class Emission:
    """``told`` in the catalogue's order, and what was left out."""

    told: list[Result] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass(frozen=True)
class _Plan:
    order: dict[str, int]
    dated: dict[str, int]
    tellable: frozenset[str]
    rules: tuple[ExclusionRule, ...]
    kept_before: dict[str, tuple[str, ...]]


@lru_cache(maxsize=8)
def _plan(catalogue: Catalogue) -> _Plan:
    documents = sorted(catalogue.shared.documents, key=lambda document: document.validity_from)
    kept: dict[str, list[str]] = {}
    for entry in catalogue.entries:
        if entry.superseded_by is not None and entry.superseded_by.mode == KEPT:
            kept.setdefault(entry.superseded_by.entry, []).append(entry.id)
    # At most one variant is settled before one benefit is weighed against another.
    rules = sorted(catalogue.shared.exclusion_rules, key=lambda rule: rule.rule != "one_variant")
    return _Plan(
        order={entry.id: number for number, entry in enumerate(catalogue.entries)},
        dated={document.id: number for number, document in enumerate(documents)},
        tellable=frozenset(
            entry.id
            for entry in catalogue.entries
            if set(entry.usable_as) != {"modifier"} and entry.evaluable_at != "never_until_rule_exists"
        ),
        rules=tuple(rules),
        kept_before={entry: tuple(earlier) for entry, earlier in kept.items()},
    )


def emit(catalogue: Catalogue, results: Iterable[Result], prepared: Prepared, channel: str | None = None) -> Emission:
    """The entries told under ``emission_rule``; ``channel`` limits them to entries usable so before any of them gives way to another."""
    plan = _plan(catalogue)
    by_id = catalogue.by_id
    holding = [result for result in results if result.live]
    stated = {
        catalogue.benefit_of[result.entry_id]
        for result in holding
        if not by_id[result.entry_id].pointer_only and by_id[result.entry_id].document in STATING_DOCUMENTS
    }
    out = Emission()
    live: list[Result] = []
    for result in holding:
        entry = by_id[result.entry_id]
        if result.entry_id not in plan.tellable or (channel is not None and channel not in entry.usable_as):
            continue
        if entry.pointer_only and catalogue.benefit_of[entry.id] in stated:
            out.left_out.append(LeftOut(result, "pointer", None))
            continue
        live.append(result)
    for rule in plan.rules:
        if len(live) > 1:
            live = _apply(catalogue, rule, live, prepared, out)
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in live:
        groups.setdefault((catalogue.benefit_of[result.entry_id], by_id[result.entry_id].payee), []).append(result)
    for group in groups.values():
        best = group[0] if len(group) == 1 else min(_without_successors(plan, group), key=_version_key(catalogue, plan, prepared))
        out.told.append(best)
        out.left_out += [LeftOut(result, "one_hint", best.entry_id) for result in group if result is not best]
    out.told.sort(key=lambda result: plan.order[result.entry_id])
    return out


def _without_successors(plan: _Plan, group: list[Result]) -> list[Result]:
    present = {result.entry_id for result in group}
    return [result for result in group if not any(earlier in present for earlier in plan.kept_before.get(result.entry_id, ()))]


def _version_key(catalogue: Catalogue, plan: _Plan, prepared: Prepared) -> Callable[[Result], tuple[object, ...]]:
    """``one_hint_rule``: ELIGIBLE, then a stated amount, then the later document; then the higher figure and the fewer open questions."""

    def key(result: Result) -> tuple[object, ...]:
        entry = catalogue.by_id[result.entry_id]
        return (
            result.status != ELIGIBLE,
            not is_stated(amount_in_force(catalogue, entry, prepared.day)),
            -plan.dated[entry.document],
            -(result.yuan or Decimal(0)),
            len(result.missing),
            plan.order[entry.id],
        )

    return key


def _worth_key(catalogue: Catalogue, plan: _Plan, prepared: Prepared) -> Callable[[Result], tuple[object, ...]]:
    """X1, X4: ELIGIBLE before NEEDS_CHECK, then the higher stated amount. Where the rules leave it open, the variant that has the fewest
    open questions: of several promises the one nearest to being kept, and only then the later document."""

    def key(result: Result) -> tuple[object, ...]:
        entry = catalogue.by_id[result.entry_id]
        return (
            result.status != ELIGIBLE,
            result.yuan is None,
            -(result.yuan or Decimal(0)),
            not is_stated(amount_in_force(catalogue, entry, prepared.day)),
            len(result.missing) + len(result.unstated),
            -plan.dated[entry.document],
            plan.order[entry.id],
        )

    return key


def _apply(catalogue: Catalogue, rule: ExclusionRule, live: list[Result], prepared: Prepared, out: Emission) -> list[Result]:
    plan = _plan(catalogue)
    groups = {benefit: [result for result in live if catalogue.benefit_of[result.entry_id] == benefit] for benefit in rule.between}
    present = [benefit for benefit, group in groups.items() if group]
    worth = _worth_key(catalogue, plan, prepared)
    if rule.rule == "one_variant":
        group = groups[rule.between[0]]
        if len(group) < 2:
            return live
        best = min(group, key=worth)
        return _drop(live, [result for result in group if result is not best], rule, best, out)
    if rule.rule == "bundle_first" and groups[rule.between[0]]:
        bundle = groups[rule.between[0]][0]
        return _drop(live, [result for benefit in rule.between[1:] for result in groups[benefit]], rule, bundle, out)
    if len(present) < 2:
        return live
    bests = [min(groups[benefit], key=worth) for benefit in present]
    if rule.rule == "one_of":
        kept = min(
            bests, key=lambda result: (*worth(result)[:3], len(result.missing), present.index(catalogue.benefit_of[result.entry_id]))
        )
        return _drop(live, [result for result in live if _rival(catalogue, rule, result, kept)], rule, kept, out)
    if rule.rule == "higher_total":
        totals = {result.entry_id: _total(catalogue.by_id[result.entry_id], result, rule, prepared) for result in bests}

        def by_total(result: Result) -> tuple[object, ...]:
            total = totals[result.entry_id]
            # A total that is known goes before one that is not; without totals the surer one, then the one with a figure, then the one that
            # this very hire opens (listed last).
            return (total is None, -(total or Decimal(0)), *worth(result)[:3], -present.index(catalogue.benefit_of[result.entry_id]))

        kept = min(bests, key=by_total)
        return _drop(live, [result for result in live if _rival(catalogue, rule, result, kept)], rule, kept, out, totals)
    return live  # never_sum, per_year: nothing is left out of one question; sums heed them (bundle.py)


def _rival(catalogue: Catalogue, rule: ExclusionRule, result: Result, kept: Result) -> bool:
    benefit = catalogue.benefit_of[result.entry_id]
    return benefit in rule.between and benefit != catalogue.benefit_of[kept.entry_id]


def _total(entry: Entry, result: Result, rule: ExclusionRule, prepared: Prepared) -> Decimal | None:
    """What the benefit comes to for the same absorbed people: a ladder's total, or the sum a head times their number."""
    if result.yuan is None:
        return None
    if entry.amount.type == "ladder_total":
        return result.yuan
    count = prepared.facts.get(rule.count_fact or "")
    return result.yuan * count if isinstance(count, Decimal) else None


def _drop(
    live: list[Result],
    losers: list[Result],
    rule: ExclusionRule,
    kept: Result,
    out: Emission,
    totals: dict[str, Decimal | None] | None = None,
) -> list[Result]:
    totals = totals or {}
    gone = {result.entry_id for result in losers}
    out.left_out += [LeftOut(result, rule.id, kept.entry_id, totals.get(result.entry_id), totals.get(kept.entry_id)) for result in losers]
    return [result for result in live if result.entry_id not in gone]
