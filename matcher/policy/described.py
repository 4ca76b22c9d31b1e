"""An entry as everybody may read it, without anybody's facts: what it asks for, whom it is for, and whether its window is open."""

from __future__ import annotations

from datetime import date
from typing import Literal

from matcher.policy.conditions import CATEGORY, Tree, compiled
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue, leaves
from matcher.policy.wording import condition_words, in_order

WindowState = Literal["open", "coming", "over"]


def asked_for(catalogue: Catalogue, entry: Entry) -> list[str]:
    """Each condition in words; where the text names no criterion, its own words in quotation marks."""
    found = [_words(catalogue, tree) for tree in compiled(catalogue).trees[entry.id]]
    return list(dict.fromkeys(found))


def _words(catalogue: Catalogue, tree: Tree) -> str:
    if isinstance(tree, int):
        atom = compiled(catalogue).atoms[tree]
        words = condition_words(catalogue, atom)
        if atom.op == "unstated":
            return f"{words}（由经办机构核定）"
        return f"{words}（文件写得不明确）" if atom.certainty == "ambiguous" else words
    group, parts = tree
    return ("，或者" if group == "any" else "并且").join(dict.fromkeys(_words(catalogue, part) for part in parts))


def groups_of(catalogue: Catalogue, entry: Entry) -> list[str]:
    """Codes of ``person.category`` that the entry's conditions name, in the vocabulary's order."""
    codes = {code for leaf in leaves(entry.conditions) if leaf.field == CATEGORY and leaf.op == "contains_any" for code in leaf.value}
    return in_order(catalogue, CATEGORY, codes)


def window_state(entry: Entry, day: date) -> WindowState:
    if entry.window.holds(day):
        return "open"
    return "coming" if day < entry.window.from_ else "over"
