"""Every condition of an entry with its verdict: what the text asks for, what is given, whether it holds.

The evaluator decides from states alone; words are made only here, when somebody asks why. Hints that travel with recommendations carry no
such list.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from matcher.policy.conditions import FALSE, MISSING, TRUE, UNNAMED, Prepared, Tree, compiled, decide
from matcher.policy.facts import KnownTags, Span, Tags
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue
from matcher.policy.named import named
from matcher.policy.wording import condition_words, label, stated_words, value_words

MET, NOT_MET, UNKNOWN = "met", "not_met", "unknown"
_BY_STATE = {FALSE: NOT_MET, TRUE: MET, MISSING: UNKNOWN, UNNAMED: UNKNOWN}
Verdict = dict[str, Any]


def trace(catalogue: Catalogue, entry: Entry, prepared: Prepared) -> list[tuple[Tree, str]]:
    """Each condition of the entry with its verdict, in the file's order; empty outside the window, where no condition is read."""
    if not entry.window.holds(prepared.day):
        return []
    states = prepared.states
    return [
        (tree, _BY_STATE[states[tree] if isinstance(tree, int) else decide(tree, states)]) for tree in compiled(catalogue).trees[entry.id]
    ]


def verdicts(catalogue: Catalogue, entry: Entry, prepared: Prepared) -> list[Verdict]:
    """The trace in words: ``{"field", "words", "wanted", "given", "verdict"}`` a condition.

    ``verdict``: ``met``, ``not_met``, ``unknown``. ``given``: what is known of the fact, None where nothing is. A condition with
    branches has no field and names them under ``any_of`` or ``all_of``.
    """
    return [_verdict(catalogue, prepared, tree, verdict) for tree, verdict in trace(catalogue, entry, prepared)]


def without_given(conditions: Iterable[Verdict], kept: tuple[str, ...]) -> list[Verdict]:
    """The same without what is known, except of facts whose names begin with one of ``kept``."""
    found = []
    for one in conditions:
        shown: Verdict = {name: without_given(one[name], kept) for name in ("any_of", "all_of") if name in one}
        secret = one["field"] is not None and not one["field"].startswith(kept)
        if secret:
            shown["given"] = None
        found.append({**one, **shown})
    return found


def _verdict(catalogue: Catalogue, prepared: Prepared, tree: Tree, verdict: str) -> Verdict:
    if isinstance(tree, int):
        field, words, wanted = _asked(catalogue, tree)
        atom = compiled(catalogue).atoms[tree]
        if atom.figure is not None and (bound := named(catalogue.figures, atom.figure, prepared.facts, prepared.day)) is not None:
            words = condition_words(catalogue, atom, bound)
            wanted = _wanted(catalogue, field, words)
        given = prepared.facts.get(field)
        return {"field": field, "words": words, "wanted": wanted, "given": _given(catalogue, field, given), "verdict": verdict}
    group, parts = tree
    found = [_verdict(catalogue, prepared, part, _BY_STATE[decide(part, prepared.states)]) for part in parts]
    words = ("，或者" if group == "any" else "并且").join(dict.fromkeys(part["words"] for part in found))
    return {"field": None, "words": words, "wanted": None, "given": None, "verdict": verdict, f"{group}_of": found}


@lru_cache(maxsize=4096)
def _asked(catalogue: Catalogue, number: int) -> tuple[str, str, str | None]:
    """Field, words and the wanted value of an atom, by the catalogue alone."""
    atom = compiled(catalogue).atoms[number]
    words = stated_words(catalogue, atom)
    if atom.op == "unstated":
        return atom.field, words, None
    if atom.kind == "bool":
        return atom.field, words, value_words(catalogue, atom.field, atom.value)
    return atom.field, words, _wanted(catalogue, atom.field, condition_words(catalogue, atom))


def _wanted(catalogue: Catalogue, field: str, words: str) -> str:
    return words.removeprefix(label(catalogue, field)).removeprefix("为")


def _given(catalogue: Catalogue, field: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Span) and value.high - value.low > Decimal(1):
        return f"{value_words(catalogue, field, value.low)}以上"
    if isinstance(value, Tags | KnownTags) and not value.holds - frozenset(catalogue.shared.categories.always):
        open_ = isinstance(value, KnownTags) or value.open
        return None if open_ else value_words(catalogue, field, value)
    return value_words(catalogue, field, value)
