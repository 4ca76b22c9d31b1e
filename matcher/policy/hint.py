"""Hints of one pair as readers see them (contract.md, Hint): amount, what is missing, why not, the source, and one plain text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from matcher.policy.amounts import Shown, shown
from matcher.policy.answer import plain
from matcher.policy.bulk import PER_MATCH, PairHints
from matcher.policy.conditions import FALSE, MISSING, Prepared, Tree, compiled, decide, prepare
from matcher.policy.emission import Answered, Emission, LeftOut, emit
from matcher.policy.evaluate import ELIGIBLE, NEEDS_CHECK, NOT_ELIGIBLE, OUT_OF_WINDOW, Result, evaluate_entry
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue
from matcher.policy.named import named
from matcher.policy.pairing import pair_facts
from matcher.policy.verdicts import verdicts, without_given
from matcher.policy.wording import condition_words, day_words, how_words, question, step_words, value_words, window_words
from matcher.shapes import Employer, Person, Posting

Hint = dict[str, Any]
SOON_OVER = 30  # days before the last day from which a hint says so itself
EVERY_FACT = ("",)
_BEST_FIRST = {ELIGIBLE: 0, NEEDS_CHECK: 1, NOT_ELIGIBLE: 2, OUT_OF_WINDOW: 3}


def hints_for_pair(
    catalogue: Catalogue,
    posting: Posting,
    person: Person,
    employer: Employer | None,
    as_of: date,
    all_statuses: bool = False,
    said: tuple[str, ...] = EVERY_FACT,
) -> list[Hint]:
    """Hints of a pair, best first: those told with a recommendation, or with ``all_statuses`` every entry and why it is not told.

    Best: ELIGIBLE before NEEDS_CHECK, then the greater sum, then fewer open questions. ``said``: how the names of the facts begin of which
    it may be read what is known. Parts of the answer are shared between equal pairs: do not change what is inside.
    """
    if not all_statuses:
        return [dict(hint) for hint in _told(catalogue, as_of).for_pair(posting, employer, person)]
    prepared = prepare(catalogue, pair_facts(posting, person, employer, as_of, catalogue), as_of)
    return hints_of(catalogue, prepared, PER_MATCH, all_statuses=True, said=said)


class _ToldHints(PairHints[list[Hint]]):
    """The told hints of a pair, written once for all pairs that no condition can tell apart."""

    most_answers = 2_000  # texts and quotations of one answer come to some twenty kilobytes

    def answer(self, prepared: Prepared, entries: tuple[Entry, ...]) -> list[Hint]:
        results = [evaluate_entry(self.catalogue, entry, prepared) for entry in entries]
        return _written(self.catalogue, prepared, results, self.channel, all_statuses=False)


@lru_cache(maxsize=2)
def _told(catalogue: Catalogue, as_of: date) -> _ToldHints:
    return _ToldHints(catalogue, as_of)


def hints_of(
    catalogue: Catalogue, prepared: Prepared, channel: str | None, all_statuses: bool = False, said: tuple[str, ...] = EVERY_FACT
) -> list[Hint]:
    """Hints of prepared facts in one channel (``None``: all channels).

    With ``all_statuses`` every entry, with ``conditions`` (``verdicts``), whether it is ``told`` and what it gave way to (``left_out``).
    """
    results = [evaluate_entry(catalogue, entry, prepared) for entry in catalogue.entries]
    return _written(catalogue, prepared, results, channel, all_statuses, said)


def _written(
    catalogue: Catalogue,
    prepared: Prepared,
    results: list[Result],
    channel: str | None,
    all_statuses: bool,
    said: tuple[str, ...] = EVERY_FACT,
) -> list[Hint]:
    emission = emit(catalogue, results, prepared, channel)
    told = {result.entry_id for result in emission.told}
    chosen: list[Any] = list(results) if all_statuses else emission.told
    amounts = {result.entry_id: shown(catalogue, catalogue.by_id[result.entry_id], prepared) for result in chosen}
    left_out = {one.result.entry_id: one for one in emission.left_out}

    def best_first(result: Answered) -> tuple[Any, ...]:
        return (
            result.entry_id not in told and result.live,
            _BEST_FIRST[result.status],
            -(amounts[result.entry_id].yuan or Decimal(0)),
            len(result.missing) + len(result.unstated),
        )

    hints = []
    for result in sorted(chosen, key=best_first):
        hint = _hint(catalogue, result, amounts[result.entry_id], prepared, emission, said)
        if all_statuses:
            hint["told"] = result.entry_id in told
            hint["conditions"] = without_given(verdicts(catalogue, catalogue.by_id[result.entry_id], prepared), said)
            reason = left_out.get(result.entry_id)
            if reason is not None:
                hint["left_out"] = {"rule": reason.rule, "for": reason.for_entry}
        hints.append(hint)
    return hints


def _hint(
    catalogue: Catalogue, result: Result, amount: Shown, prepared: Prepared, emission: Emission, said: tuple[str, ...] = EVERY_FACT
) -> Hint:
    entry = catalogue.by_id[result.entry_id]
    document = catalogue.documents[entry.document]
    step, earliest = step_words(entry, prepared.day)
    excludes = _excludes(catalogue, entry, prepared, emission) if result.live else []
    hint: Hint = {
        "entry_id": entry.id,
        "benefit": catalogue.benefit_of[entry.id],
        "name": catalogue.benefit_names[catalogue.benefit_of[entry.id]],
        "title": entry.name,
        "payee": entry.payee,
        "status": result.status,
        "amount": {
            **({"yuan": plain(amount.yuan)} if amount.yuan is not None else {}),
            **({"percent": plain(result.percent)} if result.percent is not None else {}),
            **({"yuan_per_month": plain(amount.yuan_per_month)} if amount.yuan_per_month is not None else {}),
            "basis": amount.basis,
            "at_most": amount.at_most,
        },
        "missing": list(result.missing),
        "failed": list(result.failed),
        "unstated": list(result.unstated),
        "questions": [{"field": name, "question": question(catalogue, name)} for name in result.missing],
        "source": {"doc_number": document.doc_number, "document": document.title, "clause": entry.clause, "quote": entry.quote},
        "window": {
            "from": entry.window.from_.isoformat(),
            "to": entry.window.to.isoformat() if entry.window.to is not None else None,
            "basis": entry.window.to_basis,
        },
        "excludes": excludes,
        "evaluable_at": entry.evaluable_at,
        "application": entry.application,
        "how": how_words(entry),
        "date": prepared.day.isoformat(),
    }
    if earliest is not None and result.live:
        hint["earliest"] = earliest.isoformat()
    hint["text"] = "".join(_sentences(catalogue, entry, result, amount, prepared, step, earliest, excludes, said))
    return hint


def _sentences(
    catalogue: Catalogue,
    entry: Entry,
    result: Result,
    amount: Shown,
    prepared: Prepared,
    step: str,
    earliest: date | None,
    excludes: list[dict[str, Any]],
    said: tuple[str, ...],
) -> Iterable[str]:
    trees = compiled(catalogue).trees[entry.id]
    # Some of the documents are typed with halfwidth commas; a quotation keeps them, a sentence does not.
    yield entry.hint or f"{entry.name}：{entry.quote.rstrip('。').replace(',', '，')}。"
    if result.status == OUT_OF_WINDOW:
        yield f"政策期限：{window_words(entry)}，{day_words(prepared.day)}不在期限内。"
        return
    if result.status == NOT_ELIGIBLE:
        yield f"不符合：{'；'.join(f'须{words}' for words in _phrases(catalogue, prepared, trees, FALSE, said))}。"
        return
    if entry.amount.type not in ("non_monetary", "modifier", "timing_change", "post", "in_kind"):
        most = f"，最多{plain(amount.yuan)}元" if amount.yuan is not None and entry.amount.type == "monthly_per_person" else ""
        yield f"标准：{amount.basis}{most}。"
    if result.status == ELIGIBLE:
        yield "按现有信息符合条件。"
    open_words = _phrases(catalogue, prepared, trees, MISSING, said)
    if open_words:
        yield f"还要确认：{'；'.join(open_words)}。"
    if result.unstated:
        yield "文件没有写明具体条件的部分，由经办机构核定。"
    if step:
        yield f"{step}{f'（最早{day_words(earliest)}）' if earliest is not None else ''}。"
    if entry.window.to is not None and (left := (entry.window.to - prepared.day).days) <= SOON_OVER:
        yield f"{f'还有{left}天到期' if left else '今天是政策期限的最后一天'}（{day_words(entry.window.to)}）。"
    for one in excludes:
        yield f"与{one['name']}只能享受一项{_totals(one)}。"
    for words in entry.not_modelled:
        yield f"未计入：{words}。"


def _totals(one: dict[str, Any]) -> str:
    if "total_yuan" in one and "this_total_yuan" in one:
        return f"（合计{one['this_total_yuan']}元，对方合计{one['total_yuan']}元）"
    return f"（对方{one['yuan']}元）" if "yuan" in one else ""


def _phrases(catalogue: Catalogue, prepared: Prepared, trees: Iterable[Tree], wanted: int, said: tuple[str, ...]) -> list[str]:
    """The conditions of this value (open or false) in words; what another branch already decides is left out."""
    found = [_phrase(catalogue, prepared, tree, wanted, said) for tree in trees if decide(tree, prepared.states) == wanted]
    return list(dict.fromkeys(words for words in found if words))


def _phrase(catalogue: Catalogue, prepared: Prepared, tree: Tree, wanted: int, said: tuple[str, ...]) -> str:
    if isinstance(tree, int):
        atom = compiled(catalogue).atoms[tree]
        if wanted == MISSING and prepared.states[tree] != MISSING:
            return ""  # the text states no criterion: said once for the whole hint
        given = prepared.facts.get(atom.field)
        told = wanted == FALSE and given is not None and atom.kind != "bool" and atom.field.startswith(said)
        now = f"（现为{value_words(catalogue, atom.field, given)}）" if told else ""
        bound = named(catalogue.figures, atom.figure, prepared.facts, prepared.day) if atom.figure is not None else None
        return condition_words(catalogue, atom, bound) + now
    group, parts = tree
    words = _phrases(catalogue, prepared, parts, wanted, said)
    if len(words) < 2:
        return "".join(words)
    return f"{'，或者'.join(words)}" if group == "any" else f"{'并且'.join(words)}"


def _excludes(catalogue: Catalogue, entry: Entry, prepared: Prepared, emission: Emission) -> list[dict[str, Any]]:
    """What cannot be had beside this entry: rivals that gave way to it, and benefits its own text excludes that may hold as well.

    Of the variants of one payment (X4) the one nearest to being kept is told; a variant that would pay more is named beside it.
    """
    found: dict[str, dict[str, Any]] = {}
    own = catalogue.benefit_of[entry.id]
    for one in emission.left_out:
        if one.for_entry != entry.id or not one.rule.startswith("X"):
            continue
        benefit = catalogue.benefit_of[one.result.entry_id]
        if benefit != own:
            found.setdefault(benefit, _rival(catalogue, one, prepared, catalogue.benefit_names[benefit]))
        elif (one.result.yuan or 0) > (evaluate_entry(catalogue, entry, prepared).yuan or 0):
            found[one.result.entry_id] = _rival(catalogue, one, prepared, catalogue.by_id[one.result.entry_id].name)
    for exclusion in entry.excludes:
        if exclusion.benefit in found:
            continue
        if not any(evaluate_entry(catalogue, other, prepared).live for other in catalogue.by_benefit[exclusion.benefit]):
            continue
        found[exclusion.benefit] = {
            "benefit": exclusion.benefit,
            "name": catalogue.benefit_names[exclusion.benefit],
            "source": exclusion.source,
            "quote": exclusion.quote,
        }
    return list(found.values())


def _rival(catalogue: Catalogue, one: LeftOut, prepared: Prepared, name: str) -> dict[str, Any]:
    rule = next(rule for rule in catalogue.shared.exclusion_rules if rule.id == one.rule)
    found: dict[str, Any] = {
        "benefit": catalogue.benefit_of[one.result.entry_id],
        "name": name,
        "entry_id": one.result.entry_id,
        "rule": one.rule,
    }
    if rule.sources:
        found["source"], found["quote"] = rule.sources[0].source, rule.sources[0].quote
    for name, value in (("yuan", one.result.yuan), ("total_yuan", one.total), ("this_total_yuan", one.kept_total)):
        if value is not None:
            found[name] = plain(value)
    amount = shown(catalogue, catalogue.by_id[one.result.entry_id], prepared)
    found["amount"] = {
        **({"yuan": plain(amount.yuan)} if amount.yuan is not None else {}),
        "basis": amount.basis,
        "at_most": amount.at_most,
    }
    return found
