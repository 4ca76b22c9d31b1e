"""What must hold for any facts at all."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.policy import answer_facts, load_catalogue
from matcher.policy.facts import FIRST_DAY, listed_values, range_of
from matcher.policy.loader import leaves

CATALOGUE = load_catalogue()
FIELDS = {name: known for name, known in CATALOGUE.shared.fields.items() if known.type != "unstated_marker"}
DAYS = st.dates(date(2021, 10, 1), date(2028, 12, 31)) | st.sampled_from([date(2022, 9, 1), date(2023, 9, 1), date(2024, 5, 1)])


def _values(name: str) -> st.SearchStrategy[Any]:
    known = FIELDS[name]
    words = listed_values(CATALOGUE, name) or [*known.values, *CATALOGUE.shared.vocabulary.get(name, {}), "something_else"]
    if known.type == "bool":
        return st.booleans()
    if known.type == "set":
        return st.lists(st.sampled_from(words), max_size=4)
    if known.type == "date":
        return st.dates(known.first_day or FIRST_DAY, date(2024, 1, 1)).map(date.isoformat)
    if known.type == "enum":
        return st.sampled_from(words) | st.lists(st.sampled_from(words), max_size=2)
    bounds = [leaf.value for entry in CATALOGUE.entries for leaf in leaves(entry.conditions) if leaf.field == name]
    numbers = [float(one) for bound in bounds for one in (bound if isinstance(bound, list) else [bound]) if isinstance(one, int | float)]
    low, high = range_of(known)
    near = [n + step for n in numbers or [low + 1.0] for step in (-1, -0.1, 0, 0.1, 1) if low <= n + step <= high]
    return st.sampled_from(near) | st.integers(low, min(high, low + 200))


FACTS = st.lists(st.sampled_from(sorted(FIELDS)), max_size=25, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: _values(name) for name in names})
)
# The facts that hiring benefits ask for, so that enough of the examples get far.
HIRING = st.fixed_dictionaries(
    {},
    optional={
        name: _values(name)
        for name in (
            "employer.kind", "employer.size", "employer.ownership", "employer.recognition", "employer.poverty_labour_count",
            "employer.newly_absorbed_count", "employer.labour_intensive", "person.category", "person.age", "person.employed",
            "person.registered_unemployed_months", "person.starting_business", "graduate.in_graduation_year", "graduate.fresh",
            "graduate.years_since_leaving_school", "internship.completed", "employment.is_new_hire", "employment.stable_months",
            "contract.min_months", "contract.signed", "social_insurance.paid_in_full", "social_insurance.ui_enrolled", "posting.type",
            "person.employment_form", "employer.headcount", "employer.poverty_labour_share_percent",
        )
    },
)  # fmt: skip
ANY = FACTS | HIRING


def _statuses(facts: dict[str, Any], day: date) -> dict[str, str]:
    return {result["entry_id"]: result["status"] for result in answer_facts(CATALOGUE, facts, day)["results"]}


@settings(max_examples=150, deadline=None)
@given(facts=ANY, day=DAYS, data=st.data())
def test_adding_a_fact_never_makes_an_entry_certain_that_was_known_not_to_hold(
    facts: dict[str, Any], day: date, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(set(FIELDS) - set(facts))))
    before = _statuses(facts, day)
    after = _statuses({**facts, name: data.draw(_values(name))}, day)

    assert not [entry for entry, status in before.items() if status == "NOT_ELIGIBLE" and after[entry] == "ELIGIBLE"]
    # What the unknown fact cannot change it does not change; only gig work's presumption yields to what is said of the form.
    if name != "person.employment_form":
        assert not [entry for entry, status in before.items() if status == "ELIGIBLE" and after[entry] != "ELIGIBLE"]


@settings(max_examples=100, deadline=None)
@given(facts=ANY, day=DAYS)
def test_unknown_never_gives_certainty(facts: dict[str, Any], day: date) -> None:
    for result in answer_facts(CATALOGUE, facts, day)["results"]:
        entry = CATALOGUE.by_id[result["entry_id"]]
        if result["status"] == "ELIGIBLE":
            required = [leaf for leaf in entry.conditions if hasattr(leaf, "field")]
            assert all(leaf.op != "unstated" and leaf.certainty is None for leaf in required)
            presumed = {"person.employment_form"} if "gig" in (facts.get("posting.type") or "") else set()
            assert {leaf.field for leaf in required} <= set(facts) | presumed
        if result["status"] == "NEEDS_CHECK":
            assert result["missing"] or result["unstated"]
        else:
            assert not result["missing"]
        assert bool(result["failed"]) == (result["status"] == "NOT_ELIGIBLE")


@settings(max_examples=60, deadline=None)
@given(facts=ANY, day=DAYS, data=st.data())
def test_the_order_of_facts_and_of_what_a_set_holds_does_not_matter(facts: dict[str, Any], day: date, data: st.DataObject) -> None:
    names = data.draw(st.permutations(list(facts)))
    turned = {name: facts[name][::-1] if isinstance(facts[name], list) else facts[name] for name in names}
    first, second = answer_facts(CATALOGUE, facts, day), answer_facts(CATALOGUE, turned, day)
    assert first["results"] == second["results"]
    assert first["emitted"] == second["emitted"]


@settings(max_examples=40, deadline=None)
@given(facts=ANY, day=DAYS, hukou=st.sampled_from(["140105", "rural", True, 3, ["x"], {"any": "thing"}]))
def test_household_registration_changes_nothing_over_all_entries(facts: dict[str, Any], day: date, hukou: Any) -> None:
    without = answer_facts(CATALOGUE, facts, day)
    with_it = answer_facts(CATALOGUE, {**facts, "person.hukou": hukou, "person.household_registration": hukou}, day)
    assert with_it["results"] == without["results"]
    assert with_it["emitted"] == without["emitted"]
    assert set(with_it["ignored"]) == {"person.hukou", "person.household_registration"}


@settings(max_examples=200, deadline=None)
@given(facts=ANY, day=DAYS, channel=st.sampled_from([None, "hint_per_match", "enterprise_push", "founder_push"]))
def test_what_is_told_keeps_every_rule_of_emission(facts: dict[str, Any], day: date, channel: str | None) -> None:
    answer = answer_facts(CATALOGUE, facts, day, channel)
    live = {result["entry_id"] for result in answer["results"] if result["status"] in ("ELIGIBLE", "NEEDS_CHECK")}
    told = [CATALOGUE.by_id[entry] for entry in answer["emitted"]]
    benefits = {CATALOGUE.benefit_of[entry.id] for entry in told}

    assert set(answer["emitted"]) <= live
    assert len({(CATALOGUE.benefit_of[entry.id], entry.payee) for entry in told}) == len(told)
    assert not {"job_expansion_subsidy", "hiring_one_off"} <= benefits
    assert not {"poverty_base_ladder_reward", "hiring_one_off"} <= benefits
    if "graduate_startup_bundle" in benefits:
        assert not {"startup_one_off_subsidy", "startup_rent_subsidy", "startup_si_subsidy"} & benefits
    for entry in told:
        assert channel is None or channel in entry.usable_as
        assert set(entry.usable_as) != {"modifier"}
        assert entry.evaluable_at != "never_until_rule_exists"
        if entry.pointer_only:
            same = CATALOGUE.by_benefit[CATALOGUE.benefit_of[entry.id]]
            assert not [one for one in same if one.id in live and not one.pointer_only and one.document != "003"]
    if channel is None:
        # Every benefit that holds is told, or something it gives way to is.
        silent = {CATALOGUE.benefit_of[entry] for entry in live} - benefits
        for benefit in silent:
            tellable = [e for e in CATALOGUE.by_benefit[benefit] if e.id in live and set(e.usable_as) != {"modifier"}]
            tellable = [e for e in tellable if e.evaluable_at != "never_until_rule_exists"]
            rivals = {"job_expansion_subsidy", "hiring_one_off", "poverty_base_ladder_reward", "graduate_startup_bundle"}
            rivals |= {"startup_one_off_subsidy", "startup_rent_subsidy", "startup_si_subsidy"}
            assert not tellable or benefit in rivals or all(e.pointer_only for e in tellable)
