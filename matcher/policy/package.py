"""One package for one person (J-11: 002 六 打包兑现): everything open to them, one list of questions, one list of documents.

Also the choice of what may be had together and what had to stay out. Evaluated once, from facts that are the person's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from matcher.policy.bundle import Bundle, best_bundles
from matcher.policy.conditions import TRUE, Prepared, compiled, decide
from matcher.policy.evaluate import ELIGIBLE
from matcher.policy.format import Entry, Evidence
from matcher.policy.hint import Hint, hints_of
from matcher.policy.loader import Catalogue, leaves
from matcher.policy.stake import left_out
from matcher.policy.terms import Leaf

PERSON_CHANNELS = ("person_push", "founder_push")
# Who founds a business is the same person: what may not be had together is weighed over both.
ONE_POCKET = {"enterprise_founder": "jobseeker"}
# 004 第23项 names the proofs of employment; the words are the text's.
PROOFS = {
    "labour_contract": "劳动合同",
    "payroll_list": "工资发放明细单",
    "bank_wage_records": "银行工资流水清单",
    "social_insurance_proof": "社保缴费证明",
}


@dataclass(frozen=True)
class Documents:
    """``any_of``: one of these proofs is enough; ``not_asked``: what need not be handed in, in the text's words; ``unstated``: benefits for
    which the documents name no papers at all."""

    any_of: tuple[str, ...]
    not_asked: tuple[str, ...]
    unstated: tuple[str, ...]


@dataclass(frozen=True)
class Package:
    """``hints``: told, best first; ``questions``: every open fact once; ``bundles``: what adds up, by payee, over all channels."""

    hints: tuple[Hint, ...]
    questions: tuple[dict[str, str], ...]
    documents: Documents
    bundles: tuple[Bundle, ...]


def package(catalogue: Catalogue, prepared: Prepared, channels: Iterable[str] = PERSON_CHANNELS) -> Package:
    """The package of prepared facts. Entries of which nothing at all is known to hold are left to the public list."""
    hints: dict[str, Hint] = {}
    channels = tuple(channels)
    for channel in channels:
        for hint in hints_of(catalogue, prepared, channel):
            if hint["status"] == ELIGIBLE or _something_holds(catalogue, catalogue.by_id[hint["entry_id"]], prepared):
                hints.setdefault(hint["entry_id"], hint)
    chosen = sorted(hints.values(), key=lambda one: (one["status"] != ELIGIBLE, -(one["amount"].get("yuan") or 0), len(one["missing"])))
    names = {hint["entry_id"] for hint in chosen}
    kept = [
        bundle
        for bundle in best_bundles(catalogue, prepared, channels, among=names, pockets=ONE_POCKET)
        if len(bundle.items) > 1 or _left_out(catalogue, bundle, chosen)
    ]
    questions = {one["field"]: one for hint in chosen for one in hint["questions"]}
    return Package(
        tuple(chosen), tuple(questions.values()), documents(catalogue, prepared, [hint["benefit"] for hint in chosen]), tuple(kept)
    )


def _left_out(catalogue: Catalogue, bundle: Bundle, hints: Iterable[Hint]) -> list[dict[str, Any]]:
    payees = {bundle.payee, *(payee for payee, pocket in ONE_POCKET.items() if pocket == bundle.payee)}
    return left_out(catalogue, bundle.outside, hints, {item.entry.id for item in bundle.items}, payees)


def _something_holds(catalogue: Catalogue, entry: Entry, prepared: Prepared) -> bool:
    """Whether a condition is known to hold that is not true of everybody."""
    always = set(catalogue.shared.categories.always)
    for condition, tree in zip(entry.conditions, compiled(catalogue).trees[entry.id], strict=True):
        if isinstance(condition, Leaf) and condition.op == "contains_any" and always & set(condition.value):
            continue
        if decide(tree, prepared.states) == TRUE:
            return True
    return False


def evidence_rule(catalogue: Catalogue, prepared: Prepared, benefit: str) -> Evidence | None:
    """What the documents say of papers for this benefit: the open entry with ``evidence`` that names it (004 第23项)."""
    for entry in catalogue.entries:
        if entry.evidence is None or not entry.window.holds(prepared.day):
            continue
        named = {value for leaf in leaves(entry.conditions) if leaf.field == "claim.benefit" for value in leaf.value}
        if benefit in named:
            return entry.evidence
    return None


def documents(catalogue: Catalogue, prepared: Prepared, benefits: Iterable[str]) -> Documents:
    """The papers of all these benefits together, each once. Where no document names any, that is said instead of a list from memory."""
    any_of: dict[str, None] = {}
    not_asked: dict[str, None] = {}
    unstated: dict[str, None] = {}
    for benefit in benefits:
        rule = evidence_rule(catalogue, prepared, benefit)
        if rule is None:
            unstated.setdefault(catalogue.benefit_names[benefit])
            continue
        if benefit.startswith("startup_"):
            if not rule.startup_training_certificate_required:
                not_asked.setdefault("创业培训合格证书")
            continue
        for proof in rule.employment_proof_any_of:
            any_of.setdefault(PROOFS.get(proof, proof))
        if benefit.startswith("social_insurance"):
            not_asked.setdefault("社会保险费缴费明细账（单），基本医疗保险除外")
    return Documents(tuple(any_of), tuple(not_asked), tuple(unstated))


def package_json(catalogue: Catalogue, prepared: Prepared, found: Package) -> dict[str, Any]:
    """The package as JSON."""
    return {
        "date": prepared.day.isoformat(),
        "catalogue_version": catalogue.version,
        "hints": [dict(hint) for hint in found.hints],
        "questions": [dict(one) for one in found.questions],
        "documents": {
            "any_of": list(found.documents.any_of),
            "not_asked": list(found.documents.not_asked),
            "unstated": list(found.documents.unstated),
        },
        "bundles": [
            {
                "payee": bundle.payee,
                "yuan": float(bundle.yuan),
                "certain_yuan": float(bundle.certain_yuan),
                "entries": [item.entry.id for item in bundle.items],
                "left_out": _left_out(catalogue, bundle, found.hints),
                "unsaid": [list(pair) for pair in bundle.unsaid],
            }
            for bundle in found.bundles
        ],
    }
