"""The sum at stake in one recommendation: what the hints told with it come to when everything that cannot be had together is left out.

Each side of the hire has its own sum; sums of two sides, or of two recommendations, are never added. What is paid to others (training
organisations, placement agencies) is no sum of either side.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from decimal import Decimal
from itertools import combinations
from typing import Any

from matcher.policy.answer import plain
from matcher.policy.bundle import Item, Outside, bundled, has_own_sum
from matcher.policy.evaluate import ELIGIBLE, NEEDS_CHECK
from matcher.policy.loader import Catalogue
from matcher.policy.wording import yuan_words

#: Whose money it is, in the order in which it is told: the unit where somebody works as an intern is the employer.
SIDES: tuple[tuple[str, tuple[str, ...]], ...] = (("jobseeker", ("jobseeker",)), ("employer", ("employer", "intern_unit")))
Stake = dict[str, Any]


def at_stake(catalogue: Catalogue, hints: Iterable[Mapping[str, Any]]) -> list[Stake]:
    """For each side with a sum ``{"side", "yuan", "certain_yuan", "to_check_yuan", "at_most", "entries", "left_out", "unsaid"}``.

    ``certain_yuan`` is of entries that are ELIGIBLE, ``to_check_yuan`` of NEEDS_CHECK, ``yuan`` both; ``at_most``: a sum among them is a
    ceiling; ``left_out``: what excludes one that was chosen, and why; ``unsaid``: of some of them no text says whether they may be had
    together. The bundle is one over both sides, so that no two of all entries named exclude each other.
    """
    hints = list(hints)
    payees = {payee for _, whose in SIDES for payee in whose}
    items = [
        Item(entry, catalogue.benefit_of[entry.id], Decimal(str(yuan)), bool(hint["amount"]["at_most"]), hint["status"] == ELIGIBLE)
        for hint in hints
        if hint["status"] in (ELIGIBLE, NEEDS_CHECK)
        and (yuan := hint["amount"].get("yuan")) is not None
        and (entry := catalogue.by_id[hint["entry_id"]]).payee in payees
        and has_own_sum(entry)
    ]
    if not items:
        return []
    whole = bundled(catalogue, "", items)
    together = {frozenset(pair) for pair in whole.unsaid}
    found: list[Stake] = []
    for side, whose in SIDES:
        own = [item for item in whole.items if item.entry.payee in whose]
        if not own:
            continue
        certain = sum((item.yuan for item in own if item.certain), Decimal(0))
        total = sum((item.yuan for item in own), Decimal(0))
        found.append(
            {
                "side": side,
                "yuan": plain(total),
                "certain_yuan": plain(certain),
                "to_check_yuan": plain(total - certain),
                "at_most": any(item.at_most for item in own),
                "entries": [item.entry.id for item in own],
                "left_out": left_out(catalogue, whole.outside, hints, {item.entry.id for item in own}, whose),
                "unsaid": any(frozenset((one.benefit, other.benefit)) in together for one, other in combinations(own, 2)),
            }
        )
    return found


def left_out(
    catalogue: Catalogue, outside: Iterable[Outside], hints: Iterable[Mapping[str, Any]], taken: Container[str], payees: Container[str]
) -> list[dict[str, Any]]:
    """What a bundle had to leave out: entry and name, its amount (``yuan``, None where no sum is known, ``at_most``, ``basis``), the taken
    entry that it cannot stand ``beside``, and why (``rule``, ``source``, ``quote``); ``text`` says all of it.

    Also what gave way to a taken entry before anything was told: a hint names it under ``excludes``.
    """
    told = {hint["entry_id"]: hint for hint in hints}
    found: dict[str, dict[str, Any]] = {}
    for one in outside:
        name = one.item.entry.id
        if one.item.entry.payee in payees and one.rule != "one_hint":
            amount = {"yuan": plain(one.item.yuan), "at_most": one.item.at_most, "basis": told[name]["amount"]["basis"]}
            found[name] = _left(catalogue, name, one.beside, one.rule, one.quote, amount)
    for hint in told.values():
        for beside in hint["excludes"]:
            name = beside.get("entry_id")
            if name is None or name in found or hint["entry_id"] not in taken or catalogue.by_id[name].payee not in payees:
                continue
            total = beside.get("total_yuan")  # of all whom the choice is about
            amount = beside["amount"] if total is None else {**beside["amount"], "yuan": total}
            found[name] = _left(catalogue, name, hint["entry_id"], beside["rule"], beside.get("quote", ""), amount)
    return list(found.values())


def _left(catalogue: Catalogue, entry_id: str, beside: str, rule: str, quote: str, amount: Mapping[str, Any]) -> dict[str, Any]:
    name, other, yuan = catalogue.by_id[entry_id].name, catalogue.by_id[beside].name, amount.get("yuan")
    source = next((one.sources[0].source for one in catalogue.shared.exclusion_rules if one.id == rule and one.sources), rule)
    document = catalogue.documents.get(source[:3])
    where = f"《{document.title}》{source[3:].strip()}：" if document is not None else ""
    stated = f"{'最多' if amount['at_most'] else ''}{yuan_words(Decimal(str(yuan)))}" if yuan is not None else f"标准：{amount['basis']}"
    return {
        "entry_id": entry_id,
        "name": name,
        "yuan": yuan,
        "at_most": amount["at_most"],
        "basis": amount["basis"],
        "beside": beside,
        "beside_name": other,
        "rule": rule,
        "source": source if document is not None else None,
        "quote": quote,
        "text": f"没有算“{name}”（{stated}）：和“{other}”只能享受一项{f'（{where}“{quote}”）' if quote else ''}。",
    }
