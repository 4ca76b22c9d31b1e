"""Every exclusion of the catalogue once: the two are told apart, named beside each other, and never summed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import pytest

from matcher.policy import load_catalogue
from matcher.policy.bundle import Item, conflict
from matcher.policy.conditions import prepare
from matcher.policy.emission import emit
from matcher.policy.evaluate import evaluate_entry, evaluate_read
from matcher.policy.format import Entry
from matcher.policy.hint import hints_of

CATALOGUE = load_catalogue()
ENTRIES = {entry.id: entry for entry in CATALOGUE.entries}
RULES = {rule.id: rule for rule in CATALOGUE.shared.exclusion_rules}
OWN_WORDS = [(entry.id, one.benefit) for entry in CATALOGUE.entries for one in entry.excludes]
BETWEEN = [
    (rule.id, first, second)
    for rule in RULES.values()
    for first, second in combinations(rule.between, 2)
    # The bundle stands against each single subsidy; the single ones stand beside each other.
    if rule.rule != "bundle_first" or first == rule.between[0]
]


def shared_day(one: Entry, other: Entry) -> date | None:
    """A day inside both windows."""
    day = max(one.window.from_, other.window.from_)
    return day if one.window.holds(day) and other.window.holds(day) else None


def item(entry: Entry) -> Item:
    return Item(entry, CATALOGUE.benefit_of[entry.id], Decimal(1), False, True)


@pytest.mark.parametrize(("entry_id", "benefit"), OWN_WORDS)
def test_what_an_entry_excludes_is_named_beside_it_and_never_in_one_sum(entry_id: str, benefit: str) -> None:
    entry = ENTRIES[entry_id]
    met = [(other, day) for other in CATALOGUE.by_benefit[benefit] if (day := shared_day(entry, other)) is not None]
    assert met, "an exclusion of something that is never open at the same time says nothing"
    for other, day in met:
        why = conflict(CATALOGUE, item(entry), item(other))
        assert why is not None
        hint = next(
            hint for hint in hints_of(CATALOGUE, prepare(CATALOGUE, {}, day), None, all_statuses=True) if hint["entry_id"] == entry_id
        )
        if hint["status"] in ("ELIGIBLE", "NEEDS_CHECK"):
            assert benefit in {one["benefit"] for one in hint["excludes"]}


@pytest.mark.parametrize(("rule_id", "first", "second"), BETWEEN)
def test_of_two_benefits_that_a_rule_sets_apart_one_is_told(rule_id: str, first: str, second: str) -> None:
    rule = RULES[rule_id]
    pairs = [
        (one, other, day)
        for one in CATALOGUE.by_benefit[first]
        for other in CATALOGUE.by_benefit[second]
        if (day := shared_day(one, other)) is not None
    ]
    assert pairs
    for one, other, day in pairs:
        assert conflict(CATALOGUE, item(one), item(other)) is not None
        prepared = prepare(CATALOGUE, {}, day)
        both = [evaluate_entry(CATALOGUE, entry, prepared) for entry in (one, other)]
        if not all(result.live for result in both):
            continue
        told = {CATALOGUE.benefit_of[result.entry_id] for result in emit(CATALOGUE, both, prepared).told}
        if rule.rule in ("one_of", "higher_total", "bundle_first") and not one.pointer_only and not other.pointer_only:
            assert len(told & {first, second}) <= 1
        else:
            assert rule.rule == "never_sum" or one.pointer_only or other.pointer_only


@pytest.mark.parametrize("rule_id", [rule.id for rule in RULES.values() if rule.rule == "one_variant"])
def test_of_several_variants_one_is_told(rule_id: str) -> None:
    benefit = RULES[rule_id].between[0]
    for entry in CATALOGUE.by_benefit[benefit]:
        for day in (entry.window.from_, entry.window.to or date(2026, 11, 21)):
            prepared = prepare(CATALOGUE, {}, day)
            told = emit(CATALOGUE, evaluate_read(CATALOGUE, {}, day), prepared).told
            assert sum(CATALOGUE.benefit_of[result.entry_id] == benefit for result in told) <= 1


def test_after_the_last_day_of_the_excluded_one_the_other_is_told_again() -> None:
    """X1 ends with 扩岗补助 (2022-12-31): from the next day 一次性吸纳就业补贴 stands alone."""
    last = max(entry.window.to for entry in CATALOGUE.by_benefit["job_expansion_subsidy"] if entry.window.to is not None)
    for day, rivals in ((last, True), (last + timedelta(days=1), False)):
        hints = hints_of(CATALOGUE, prepare(CATALOGUE, {}, day), "hint_per_match", all_statuses=True)
        named = {one["benefit"] for hint in hints if hint["benefit"] == "hiring_one_off" for one in hint["excludes"]}
        assert ("job_expansion_subsidy" in named) == rivals


def test_every_kind_of_rule_has_been_looked_at() -> None:
    looked_at = {rule_id for rule_id, _, _ in BETWEEN} | {rule.id for rule in RULES.values() if rule.rule in ("one_variant", "per_year")}
    assert looked_at == set(RULES)
