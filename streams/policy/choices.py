"""What an employer has to choose between (E-23): two benefits that exclude each other, what each comes to, and which pays more.

The numbers go into notices as text (``choice``: the other benefit; ``choice_yuan``, ``choice_other_yuan``: the two totals).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from matcher.policy.conditions import prepare
from matcher.policy.counted import POVERTY, POVERTY_SHARE
from matcher.policy.emission import Emission, LeftOut, emit
from matcher.policy.evaluate import evaluate_entry
from matcher.policy.loader import Catalogue
from matcher.policy.wording import yuan_words
from streams.policy import rules
from streams.policy.known import EmployerFacts

Numbers = dict[str, str]


def choice_for(catalogue: Catalogue, emission: Emission, benefit: str) -> Numbers:
    """The choice that a benefit stands in, seen from its side; empty where there is none or where a total is unknown."""
    for one in emission.left_out:
        lost, kept = _benefits(catalogue, one)
        if one.total is None or one.kept_total is None or benefit not in (lost, kept):
            continue
        own, other = (one.kept_total, one.total) if benefit == kept else (one.total, one.kept_total)
        return {"choice": lost if benefit == kept else kept, "choice_yuan": _text(own), "choice_other_yuan": _text(other)}
    return {}


def gave_way(catalogue: Catalogue, emission: Emission) -> dict[str, Numbers]:
    """The benefits that gave way to another one by an exclusion, with both totals where they are known."""
    told = {catalogue.benefit_of[result.entry_id] for result in emission.told}
    found = {}
    for one in emission.left_out:
        lost, kept = _benefits(catalogue, one)
        if kept not in (lost, "") and lost not in told:
            found[lost] = choice_for(catalogue, emission, lost) or {"choice": kept}
    return found


def choices(catalogue: Catalogue, known: EmployerFacts, day: Any) -> list[dict[str, Any]]:
    """Every choice of an employer as things stand, the one that pays more first in each."""
    return [
        {"benefit": kept, "yuan": _text(one.kept_total), "other": lost, "other_yuan": _text(one.total)}
        for one in _emission(catalogue, known.facts, day).left_out
        if one.total is not None and one.kept_total is not None
        for lost, kept in [_benefits(catalogue, one)]
    ]


def choice_at(catalogue: Catalogue, known: EmployerFacts, day: Any, field: str, count: Decimal, benefit: str) -> Numbers:
    """The choice that a benefit will stand in once ``count`` people are reached."""
    facts = {**known.facts, field: count}
    if field == POVERTY and facts.get(POVERTY_SHARE) == known.counters.share is not None:
        facts[POVERTY_SHARE] = rules.share_percent(int(count), known.counters.headcount) or Decimal(0)
    return choice_for(catalogue, _emission(catalogue, facts, day), benefit)


def choice_words(catalogue: Catalogue, numbers: Mapping[str, str], at: str = "按现在的人数") -> str:
    """「它和“一次性吸纳就业补贴”只能享受一项：……」; "" where there is no choice."""
    other = catalogue.benefit_names.get(numbers.get("choice", ""))
    if other is None or "choice_yuan" not in numbers:
        return f"它和“{other}”只能享受一项。" if other is not None else ""
    own, beside = Decimal(numbers["choice_yuan"]), Decimal(numbers["choice_other_yuan"])
    more = "两项一样多" if own == beside else "这一项更多" if own > beside else f"“{other}”更多"
    return f"它和“{other}”只能享受一项：{at}，这一项合计{yuan_words(own)}，“{other}”合计{yuan_words(beside)}，{more}。"


def _emission(catalogue: Catalogue, facts: Mapping[str, Any], day: Any) -> Emission:
    prepared = prepare(catalogue, dict(facts), day)
    return emit(catalogue, [evaluate_entry(catalogue, entry, prepared) for entry in catalogue.entries], prepared)


def _benefits(catalogue: Catalogue, one: LeftOut) -> tuple[str, str]:
    return catalogue.benefit_of[one.result.entry_id], catalogue.benefit_of[one.for_entry] if one.for_entry is not None else ""


def _text(value: Decimal | None) -> str:
    return format(value.normalize(), "f") if value is not None else ""
