"""Every condition of an entry with its verdict: complete, in agreement with the status, readable, and only where somebody asks."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.policy import hints_for_pair, load_catalogue
from matcher.policy.conditions import prepare
from matcher.policy.evaluate import evaluate_entry
from matcher.policy.facts import Span, read_facts
from matcher.policy.format import Entry
from matcher.policy.hint import hints_of
from matcher.policy.loader import leaves
from matcher.policy.verdicts import Verdict, verdicts, without_given
from matcher.shapes import read_employer, read_person, read_posting
from tests.policy.policy_cases import day_inside, pools

CATALOGUE = load_catalogue()
STATUS = {"not_met": "NOT_ELIGIBLE", "unknown": "NEEDS_CHECK", "met": "ELIGIBLE"}
HIRING = CATALOGUE.by_id["hiring_one_off__000_registered_unemployed"]


def _verdicts(entry: Entry, facts: dict[str, Any], day: date) -> list[Verdict]:
    return verdicts(CATALOGUE, entry, prepare(CATALOGUE, read_facts(CATALOGUE, facts)[0], day))


def _flat(conditions: list[Verdict]) -> list[Verdict]:
    """The conditions without the groups that hold them."""
    return [
        leaf for one in conditions for leaf in (_flat(one.get("any_of") or one["all_of"]) if "any_of" in one or "all_of" in one else [one])
    ]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), entry=st.sampled_from(CATALOGUE.entries))
def test_the_verdicts_are_those_the_status_comes_from(data: st.DataObject, entry: Entry) -> None:
    day = day_inside(entry)
    facts = {name: data.draw(st.sampled_from(values)) for name, values in pools(CATALOGUE, entry).items()}
    prepared = prepare(CATALOGUE, read_facts(CATALOGUE, {name: value for name, value in facts.items() if value is not None})[0], day)
    found = verdicts(CATALOGUE, entry, prepared)
    result = evaluate_entry(CATALOGUE, entry, prepared)
    said = {one["verdict"] for one in found}
    worst = next((STATUS[verdict] for verdict in STATUS if verdict in said), "ELIGIBLE")
    assert worst == result.status
    leaves_said = _flat(found)
    assert [one["field"] for one in leaves_said] == [leaf.field for leaf in leaves(entry.conditions)]
    assert set(result.failed) <= {one["field"] for one in leaves_said if one["verdict"] == "not_met"}
    assert set(result.missing) <= {one["field"] for one in leaves_said if one["verdict"] == "unknown"}


@pytest.mark.parametrize("entry", CATALOGUE.entries, ids=lambda entry: entry.id)
def test_every_condition_reads_as_chinese(entry: Entry) -> None:
    for one in _flat(_verdicts(entry, {}, day_inside(entry))):
        assert one["words"]
        assert not re.search(r"[a-z_]{4,}", one["words"]), one["words"]
        assert one["wanted"] is None or one["wanted"]


@pytest.mark.parametrize(
    ("facts", "verdict", "said"),
    [({}, "unknown", None), ({"contract.min_months": 11}, "not_met", "11个月"), ({"contract.min_months": 12}, "met", "12个月")],
)
def test_one_fact_changed(facts: dict[str, Any], verdict: str, said: str | None) -> None:
    one = next(one for one in _verdicts(HIRING, facts, date(2023, 9, 1)) if one["field"] == "contract.min_months")
    assert (one["wanted"], one["given"], one["verdict"]) == ("不少于12个月", said, verdict)


@pytest.mark.parametrize(("day", "read"), [("2023-12-31", True), ("2024-01-01", False)])
def test_outside_the_window_no_condition_is_read(day: str, read: bool) -> None:
    assert bool(_verdicts(HIRING, {"contract.min_months": 6}, date.fromisoformat(day))) == read


def test_what_still_lasts_is_given_as_at_least() -> None:
    entry = CATALOGUE.by_id["hiring_one_off__004_private_small_micro_ladder"]
    prepared = prepare(CATALOGUE, {"employment.stable_months": Span(Decimal(3), Decimal(100_000))}, date(2024, 5, 1))
    one = next(one for one in verdicts(CATALOGUE, entry, prepared) if one["field"] == "employment.stable_months")
    assert (one["given"], one["verdict"]) == ("3个月以上", "unknown")


def test_only_an_explanation_carries_the_list() -> None:
    pair = (
        read_posting({"posting_id": "p", "source": "enterprise", "title": "焊工", "type": "regular", "contract_months": 12}),
        read_person({"person_id": "u", "kind": "registered_unemployed"}),
        read_employer({"employer_id": "e", "size": "small", "kind": "enterprise", "ownership": "private"}),
    )
    told = hints_for_pair(CATALOGUE, *pair, date(2026, 11, 20))
    assert told
    assert not any("conditions" in hint for hint in told)
    every = hints_for_pair(CATALOGUE, *pair, date(2026, 11, 20), all_statuses=True)
    assert all(bool(hint["conditions"]) == bool(_conditions(hint)) for hint in every)


def _conditions(hint: dict[str, Any]) -> bool:
    return hint["status"] != "OUT_OF_WINDOW" and bool(CATALOGUE.by_id[hint["entry_id"]].conditions)


def test_what_is_known_of_the_person_can_be_left_out() -> None:
    facts = read_facts(CATALOGUE, {"person.category": ["disabled"], "employer.kind": "enterprise", "contract.min_months": 12})[0]
    hints = hints_of(CATALOGUE, prepare(CATALOGUE, facts, date(2023, 9, 1)), None, all_statuses=True)
    whole = [one for hint in hints for one in _flat(hint["conditions"])]
    kept = [one for hint in hints for one in _flat(without_given(hint["conditions"], ("employer.",)))]
    assert {one["field"] for one in whole if one["given"]} >= {"person.category", "employer.kind", "contract.min_months"}
    assert {one["field"] for one in kept if one["given"]} == {"employer.kind"}
    assert [one["verdict"] for one in kept] == [one["verdict"] for one in whole]
