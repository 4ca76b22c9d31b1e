"""The best bundle: the greatest sum that may be had together, and why the rest stays out."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.policy import load_catalogue
from matcher.policy.bundle import Bundle, best_bundles, conflict, items_of
from matcher.policy.conditions import prepare
from matcher.policy.evaluate import evaluate_read
from matcher.policy.facts import read_facts

CATALOGUE = load_catalogue()
GRADUATE_2022 = {
    "employer.kind": "enterprise", "employer.ownership": "private", "employer.size": "small", "employer.recognition": [],
    "employer.newly_absorbed_count": 20, "employer.labour_intensive": False, "employment.is_new_hire": True,
    "employment.stable_months": 6, "person.category": ["college_graduate", "employment_difficulty"], "graduate.in_graduation_year": True,
    "contract.signed": True, "contract.min_months": 12, "social_insurance.ui_enrolled": True,
}  # fmt: skip


def _bundles(facts: dict[str, Any], day: date) -> dict[str, Bundle]:
    read, _ = read_facts(CATALOGUE, facts)
    return {bundle.payee: bundle for bundle in best_bundles(CATALOGUE, prepare(CATALOGUE, read, day))}


def test_of_two_that_exclude_each_other_the_greater_is_in_the_bundle() -> None:
    bundle = _bundles(GRADUATE_2022, date(2022, 9, 1))["employer"]
    assert {item.entry.id: item.yuan for item in bundle.items if item.certain} == {
        "job_post_subsidy__004": 10800,
        "job_expansion_subsidy__001": 1500,
    }
    assert bundle.certain_yuan == 12300
    outside = {one.item.entry.id: one for one in bundle.outside}
    assert outside["hiring_one_off__004_private_small_micro_ladder"].beside == "job_expansion_subsidy__001"
    assert outside["hiring_one_off__004_private_small_micro_ladder"].rule == "X1"
    assert "不重复享受" in outside["hiring_one_off__004_private_small_micro_ladder"].quote


def test_after_its_last_day_the_other_one_comes_in() -> None:
    bundle = _bundles(GRADUATE_2022, date(2023, 1, 1))["employer"]
    assert {item.entry.id for item in bundle.items if item.certain} == {
        "job_post_subsidy__004",
        "hiring_one_off__004_private_small_micro_ladder",
    }
    assert ("job_post_subsidy", "hiring_one_off") in bundle.unsaid


@settings(max_examples=60, deadline=None)
@given(
    facts=st.fixed_dictionaries(
        {},
        optional={
            "employer.kind": st.sampled_from(["enterprise", "law_firm"]),
            "employer.size": st.sampled_from(["micro", "large"]),
            "employer.ownership": st.sampled_from(["private", "state"]),
            "employer.recognition": st.lists(st.sampled_from(["poverty_workshop", "poverty_base"]), max_size=2),
            "employer.newly_absorbed_count": st.sampled_from([5, 100]),
            "person.category": st.lists(
                st.sampled_from(["employment_difficulty", "college_graduate", "poverty_alleviated_labour"]), max_size=2
            ),
            "training.kind": st.just("pre_job"),
        },
    ),
    day=st.sampled_from([date(2022, 9, 1), date(2023, 9, 1), date(2026, 11, 20)]),
)
def test_no_allowed_selection_is_worth_more(facts: dict[str, Any], day: date) -> None:
    read, _ = read_facts(CATALOGUE, facts)
    prepared = prepare(CATALOGUE, read, day)
    items = items_of(CATALOGUE, evaluate_read(CATALOGUE, read, day), prepared, ("hint_per_match",))
    for bundle in best_bundles(CATALOGUE, prepared):
        same = [item for item in items if item.entry.payee == bundle.payee]
        for first, second in combinations(bundle.items, 2):
            assert conflict(CATALOGUE, first, second) is None
        allowed = (
            chosen
            for size in range(len(same) + 1)
            for chosen in combinations(same, size)
            if all(conflict(CATALOGUE, first, second) is None for first, second in combinations(chosen, 2))
        )
        assert bundle.yuan == max(sum(item.yuan for item in chosen) for chosen in allowed)
        assert len(bundle.items) + len(bundle.outside) == len(same)
