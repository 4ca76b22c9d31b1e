"""An entry as everybody may read it, without anybody's facts: what it asks for, whom it is for, and whether its window is open."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal

from matcher.policy.conditions import CATEGORY, FALSE, Tree, compiled, decide_all, prepare
from matcher.policy.facts import read_facts, tags_of
from matcher.policy.format import Entry
from matcher.policy.loader import Catalogue, leaves
from matcher.policy.wording import in_order, stated_words

WindowState = Literal["open", "coming", "over"]


def asked_for(catalogue: Catalogue, entry: Entry) -> list[str]:
    """Each condition in words; where the text names no criterion, its own words in quotation marks."""
    found = [_words(catalogue, tree) for tree in compiled(catalogue).trees[entry.id]]
    return list(dict.fromkeys(found))


def _words(catalogue: Catalogue, tree: Tree) -> str:
    if isinstance(tree, int):
        return stated_words(catalogue, compiled(catalogue).atoms[tree])
    group, parts = tree
    return ("，或者" if group == "any" else "并且").join(dict.fromkeys(_words(catalogue, part) for part in parts))


# Groups that a condition names by another fact than ``person.category``: its field and a value of it, None for any value.
_NAMED_OTHERWISE: dict[tuple[str, object], str] = {
    ("graduate.level", "college"): "college_graduate",
    ("graduate.level", "secondary_vocational"): "secondary_vocational_graduate",
    ("founder.category", "returned_migrant_worker"): "returned_migrant_worker",
    ("person.employment_form", "flexible"): "flexible_worker",
    ("person.registered_unemployed_months", None): "registered_unemployed",
}


def groups_of(catalogue: Catalogue, entry: Entry) -> list[str]:
    """Codes of ``person.category`` that the entry's conditions name, in the vocabulary's order."""
    codes = set()
    for leaf in leaves(entry.conditions):
        values = leaf.value if isinstance(leaf.value, list) else [leaf.value]
        if leaf.field == CATEGORY and leaf.op == "contains_any":
            codes |= set(values)
        codes |= {_NAMED_OTHERWISE[key] for value in (*values, None) if (key := (leaf.field, value)) in _NAMED_OTHERWISE}
    return in_order(catalogue, CATEGORY, codes)


@lru_cache(maxsize=64)
def groups_with(catalogue: Catalogue, group: str) -> frozenset[str]:
    """A group and those that everybody in it belongs to: what graduates get is for graduates in difficulty too."""
    return tags_of(catalogue, frozenset({group})).holds - frozenset(catalogue.shared.categories.always) | {group}


# Employers as the lists name them (C-09), and what is known of one: each list is what such an employer is not excluded from.
EMPLOYERS: dict[str, tuple[str, dict[str, object]]] = {
    "small_micro": ("小微企业", {"employer.kind": "enterprise", "employer.size": "small"}),
    "medium": ("中型企业", {"employer.kind": "enterprise", "employer.size": "medium"}),
    "large": ("大型企业", {"employer.kind": "enterprise", "employer.size": "large"}),
    "individual_business": (
        "个体工商户", {"employer.kind": "individual_business", "employer.size": "none", "employer.ownership": "other"},
    ),
    "poverty_workshop": ("帮扶车间", {"employer.recognition": ["poverty_workshop"]}),
    "poverty_base": ("就业帮扶基地", {"employer.recognition": ["poverty_base"]}),
    "internship_unit": ("就业见习单位", {"employer.recognition": ["internship_unit"]}),
}  # fmt: skip


@lru_cache(maxsize=2)
def employers_of(catalogue: Catalogue, day: date) -> dict[str, frozenset[str]]:
    """For each kind of employer the entries that pay employers and that it is not excluded from, whatever their window."""
    trees = compiled(catalogue).trees
    found = {}
    for code, (_, facts) in EMPLOYERS.items():
        states = prepare(catalogue, read_facts(catalogue, facts)[0], day).states
        asks_more = {"poverty_workshop", "poverty_base", "internship_unit"} - {code}
        found[code] = frozenset(
            entry.id
            for entry in catalogue.entries
            if entry.payee in ("employer", "intern_unit")
            and decide_all(trees[entry.id], states) != FALSE
            # Nothing is known of a recognition where none is stated: a list for small firms does not show what workshops get.
            and not any(leaf.field == "employer.recognition" and asks_more & set(leaf.value) for leaf in leaves(entry.conditions))
        )
    return found


def window_state(entry: Entry, day: date) -> WindowState:
    if entry.window.holds(day):
        return "open"
    return "coming" if day < entry.window.from_ else "over"
