"""The sum at stake: never more than what the told hints allow together, certain and to be checked apart."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from matcher.policy import emitted, load_catalogue
from matcher.policy.bundle import Item, best_bundles, conflict
from matcher.policy.conditions import Prepared, prepare
from matcher.policy.facts import read_facts
from matcher.policy.hint import hints_of
from matcher.policy.stake import SIDES, at_stake
from tests.policy.test_bundle import GRADUATE_2022
from tests.policy.test_evaluator_properties import ANY, DAYS

CATALOGUE = load_catalogue()
CASES = yaml.safe_load((Path(__file__).parent / "vectors.yaml").read_text(encoding="utf-8"))


def _prepared(facts: dict[str, Any], day: date) -> Prepared:
    return prepare(CATALOGUE, read_facts(CATALOGUE, facts)[0], day)


def _stakes(facts: dict[str, Any], day: date) -> dict[str, dict[str, Any]]:
    return {one["side"]: one for one in at_stake(CATALOGUE, hints_of(CATALOGUE, _prepared(facts, day), "hint_per_match"))}


def _holds(facts: dict[str, Any], day: date) -> dict[str, dict[str, Any]]:
    """What must hold for any facts on any day; answers the sums."""
    prepared = _prepared(facts, day)
    hints = hints_of(CATALOGUE, prepared, "hint_per_match")
    told = {hint["entry_id"]: hint for hint in hints}
    stakes = at_stake(CATALOGUE, hints)
    allowed: dict[str, Decimal] = {}
    for bundle in best_bundles(CATALOGUE, prepared):
        side = next((side for side, payees in SIDES if bundle.payee in payees), "")
        allowed[side] = allowed.get(side, Decimal(0)) + bundle.yuan
    named = []
    for stake in stakes:
        sums = {"ELIGIBLE": Decimal(0), "NEEDS_CHECK": Decimal(0)}
        for entry_id in stake["entries"]:
            hint, entry = told[entry_id], CATALOGUE.by_id[entry_id]
            yuan = Decimal(str(hint["amount"]["yuan"]))
            sums[hint["status"]] += yuan
            named.append(Item(entry, hint["benefit"], yuan, hint["amount"]["at_most"], hint["status"] == "ELIGIBLE"))
            assert entry.window.holds(day)
        assert (Decimal(str(stake["certain_yuan"])), Decimal(str(stake["to_check_yuan"]))) == (sums["ELIGIBLE"], sums["NEEDS_CHECK"])
        assert Decimal(str(stake["yuan"])) == sum(sums.values()) <= allowed[stake["side"]]
    assert not [(one.entry.id, other.entry.id) for one, other in combinations(named, 2) if conflict(CATALOGUE, one, other)]
    assert len({item.entry.id for item in named}) == len(named)
    return {stake["side"]: stake for stake in stakes}


@settings(max_examples=150, deadline=None)
@given(facts=ANY, day=DAYS)
def test_no_sum_is_more_than_its_entries_and_no_two_of_them_exclude_each_other(facts: dict[str, Any], day: date) -> None:
    _holds(facts, day)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_case_of_the_catalogue_has_a_sum_within_what_the_case_says(case: dict[str, Any]) -> None:
    day = case["date"] if isinstance(case["date"], date) else date.fromisoformat(case["date"])
    stakes = _holds(case["facts"], day)
    named = {entry_id for stake in stakes.values() for entry_id in stake["entries"]}
    wrong = {entry_id for entry_id, status in case["expect"].items() if status in ("NOT_ELIGIBLE", "OUT_OF_WINDOW")}
    assert not named & wrong
    assert named <= set(emitted(CATALOGUE, case["facts"], day, "hint_per_match"))


def test_of_rivals_one_is_counted_and_what_is_certain_stands_apart() -> None:
    stake = _stakes(GRADUATE_2022, date(2022, 9, 1))["employer"]
    assert {"job_post_subsidy__004", "job_expansion_subsidy__001"} <= set(stake["entries"])
    assert stake["certain_yuan"] == 12300
    assert not [entry_id for entry_id in stake["entries"] if entry_id.startswith("hiring_one_off")]
    assert stake["at_most"] is True  # 300 yuan a month for at most 36 months
    assert stake["unsaid"] is True  # no document says that these two may be had together


def test_an_open_question_moves_a_sum_from_certain_to_be_checked() -> None:
    less = {name: value for name, value in GRADUATE_2022.items() if name != "contract.min_months"}
    certain, open_ = (_stakes(facts, date(2022, 9, 1))["employer"] for facts in (GRADUATE_2022, less))
    assert certain["certain_yuan"] - open_["certain_yuan"] == 10800
    assert open_["yuan"] == certain["yuan"]


@pytest.mark.parametrize(("day", "told"), [(date(2022, 12, 31), True), (date(2023, 1, 1), False)])
def test_on_the_last_day_it_is_in_the_sum_and_on_the_day_after_it_is_not(day: date, told: bool) -> None:
    stake = _stakes(GRADUATE_2022, day)["employer"]
    assert ("job_expansion_subsidy__001" in stake["entries"]) is told


def test_without_a_sum_there_is_no_stake() -> None:
    assert at_stake(CATALOGUE, []) == []
    hints = hints_of(CATALOGUE, _prepared(GRADUATE_2022, date(2022, 9, 1)), "hint_per_match")
    assert at_stake(CATALOGUE, [hint for hint in hints if "yuan" not in hint["amount"]]) == []


@pytest.mark.parametrize("status", ["NOT_ELIGIBLE", "OUT_OF_WINDOW"])
def test_what_is_answered_with_no_is_never_in_a_sum(status: str) -> None:
    hints = hints_of(CATALOGUE, _prepared(GRADUATE_2022, date(2022, 9, 1)), "hint_per_match")
    assert at_stake(CATALOGUE, [{**hint, "status": status} for hint in hints]) == []


def test_what_the_sum_leaves_out_is_named_with_its_amount_and_why() -> None:
    """X1: of 扩岗补助 and 一次性吸纳就业补贴 one is told and counted; the other stands beside the sum in words."""
    stake = _stakes(GRADUATE_2022, date(2022, 9, 1))["employer"]
    (one,) = [out for out in stake["left_out"] if out["rule"] == "X1"]
    assert one["beside"] in stake["entries"]
    assert one["entry_id"] not in stake["entries"]
    assert one["name"] == CATALOGUE.by_id[one["entry_id"]].name
    assert (one["yuan"], one["source"], one["quote"]) == (1000, "001 一、2(3)", "与一次性吸纳就业补贴不重复享受")
    assert one["text"].startswith(f"没有算“{one['name']}”（1000元）：和“{one['beside_name']}”只能享受一项（《关于贯彻落实")


@settings(max_examples=60, deadline=None)
@given(facts=ANY, day=DAYS)
def test_everything_left_out_has_a_name_an_amount_and_a_reason_in_chinese(facts: dict[str, Any], day: date) -> None:
    for stake in at_stake(CATALOGUE, hints_of(CATALOGUE, _prepared(facts, day), "hint_per_match")):
        assert len({one["entry_id"] for one in stake["left_out"]}) == len(stake["left_out"])
        for one in stake["left_out"]:
            assert one["beside"] in stake["entries"]
            assert one["entry_id"] not in stake["entries"]
            assert one["name"]
            assert one["basis"]
            assert not re.search(r"[A-Za-z]{4,}", one["text"]), one["text"]
