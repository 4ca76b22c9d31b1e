"""Conditions with three values: true, false, unknown, and for the unknown whether naming a fact would help.

The catalogue is compiled once: every distinct test of a fact becomes an *atom*, every entry a small tree over atom numbers. Reading a set
of facts gives one state an atom; entries are then decided from the states alone. That is what makes the bulk form agree with the
single form: two sets of facts with the same states (and the same amount facts) cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from matcher.figures import Figures
from matcher.policy.facts import Facts, KnownTags, Span, Tags, Value, tags_of
from matcher.policy.format import Entry
from matcher.policy.loader import PLACES, Catalogue
from matcher.policy.named import named
from matcher.policy.terms import AllOf, AnyOf, ByCategory, Condition, Leaf

# States of an atom. UNNAMED: unknown although the fact is given, or because the text states no criterion.
FALSE, TRUE, MISSING, UNNAMED = 0, 1, 2, 3

CATEGORY = "person.category"
FORM = "person.employment_form"
Tree: TypeAlias = "int | tuple[str, tuple[Any, ...]]"
States: TypeAlias = "list[int]"


@dataclass(frozen=True)
class Atom:
    """One test of one fact. ``soft``: values that count as unknown instead of false while the parity modifier's window is open.

    ``figure``: the name of the value where no document states it; ``value`` is None then.
    """

    field: str
    kind: str
    op: str
    value: Any
    certainty: str | None
    soft: frozenset[str]
    words: str
    figure: str | None = None

    @property
    def absent_state(self) -> int:
        return UNNAMED if self.op == "unstated" else MISSING


def _typed(kind: str, op: str, value: Any, figures: frozenset[str]) -> Any:
    def one(item: Any) -> Any:
        if isinstance(item, str) and item in figures:
            return None
        if kind == "number":
            return Decimal(str(item))
        if kind == "date":
            return item if isinstance(item, date) else date.fromisoformat(item)
        return item

    if op in ("in", "contains_any"):
        return frozenset(value)
    if op == "between":
        return (one(value[0]), one(value[1]))
    return value if op == "unstated" else one(value)


def _compare(op: str, value: Any, bound: Any) -> bool:
    if op == "eq":
        return bool(value == bound)
    if op == "gte":
        return bool(value >= bound)
    if op == "gt":
        return bool(value > bound)
    if op == "lte":
        return bool(value <= bound)
    return bool(value < bound)


def state_of(atom: Atom, value: Value | Tags, parity: bool) -> int:
    """The state of an atom whose fact is given."""
    if atom.op == "unstated" or atom.certainty == "ambiguous":
        return UNNAMED
    wanted = atom.value
    if atom.op == "contains_any":
        if isinstance(value, Tags):
            found = [value.known(tag) for tag in wanted]
            return TRUE if True in found else MISSING if None in found else FALSE
        return TRUE if not wanted.isdisjoint(value) else FALSE  # type: ignore[arg-type]
    if wanted is None or (atom.op == "between" and None in wanted):
        return UNNAMED  # a figure that no document states
    if isinstance(value, Span):
        low, high = (_holds(atom, end) for end in (value.low, value.high))
        # Every operator but eq and between is monotone; those two need the whole span.
        if atom.op in ("eq", "between"):
            if low and high and (atom.op == "between" or value.low == value.high):
                return TRUE
            lower, upper = wanted if atom.op == "between" else (wanted, wanted)
            return FALSE if value.high < lower or value.low > upper else MISSING
        return TRUE if low and high else FALSE if not low and not high else MISSING
    if isinstance(value, tuple):
        if any(_holds(atom, item) for item in value):
            return TRUE
        return UNNAMED if parity and atom.soft and any(item in atom.soft for item in value) else FALSE
    if _holds(atom, value):
        return TRUE
    return UNNAMED if parity and atom.soft and value in atom.soft else FALSE


def _holds(atom: Atom, value: Any) -> bool:
    if atom.op == "in":
        return value in atom.value
    if atom.op == "between":
        return bool(atom.value[0] <= value <= atom.value[1])
    return _compare(atom.op, value, atom.value)


@dataclass
class Compiled:
    """Atoms and trees of a catalogue; built once by ``compiled``. ``raw_fields``: facts read as they stand, not only through atoms."""

    atoms: list[Atom] = field(default_factory=list)
    by_field: dict[str, list[int]] = field(default_factory=dict)
    trees: dict[str, tuple[Tree, ...]] = field(default_factory=dict)
    cases: dict[str, tuple[int, ...]] = field(default_factory=dict)
    absent: list[int] = field(default_factory=list)
    amount_fields: frozenset[str] = frozenset()
    modified_fields: frozenset[str] = frozenset()
    raw_fields: tuple[str, ...] = ()
    parity: tuple[Entry, ...] = ()
    figures: Figures = field(default_factory=lambda: Figures({}))
    figure_atoms: tuple[int, ...] = ()
    false_is_unknown: tuple[tuple[Entry, str], ...] = ()


@lru_cache(maxsize=8)
def compiled(catalogue: Catalogue) -> Compiled:
    shared = catalogue.shared
    figures = frozenset(shared.figures)
    out = Compiled()
    numbers: dict[Any, int] = {}
    parity = [modifier for modifier in shared.modifiers if modifier.rule == "parity"]

    def atom(leaf: Leaf, entry: Entry) -> int:
        known = shared.fields.get(leaf.field)
        kind = known.type if known is not None else "unstated_marker"
        soft = frozenset(
            rule.value
            for rule in parity
            if rule.field == leaf.field
            and rule.in_kind == entry.kind
            and leaf.op == "in"
            and rule.counts_as in leaf.value
            and rule.value not in leaf.value
            and rule.value is not None
        )
        made = Atom(
            leaf.field,
            kind,
            leaf.op,
            _typed(kind, leaf.op, leaf.value, figures),
            leaf.certainty,
            soft,
            leaf.value if leaf.op == "unstated" else "",
            leaf.value if isinstance(leaf.value, str) and leaf.value in figures else None,
        )
        number = numbers.get(made)
        if number is None:
            number = numbers[made] = len(out.atoms)
            out.atoms.append(made)
            out.by_field.setdefault(leaf.field, []).append(number)
            out.absent.append(made.absent_state)
        return number

    def tree(condition: Condition, entry: Entry) -> Tree:
        if isinstance(condition, Leaf):
            return atom(condition, entry)
        if isinstance(condition, AnyOf):
            return ("any", tuple(tree(part, entry) for part in condition.any_of))
        assert isinstance(condition, AllOf)
        return ("all", tuple(tree(part, entry) for part in condition.all_of))

    amount_fields: set[str] = set()
    for entry in catalogue.entries:
        out.trees[entry.id] = tuple(tree(condition, entry) for condition in entry.conditions)
        amount = entry.amount
        if isinstance(amount, ByCategory):
            out.cases[entry.id] = tuple(atom(case.when, entry) for case in amount.cases)
        for name in ("basis", "level_fact"):
            named = getattr(amount, name, None)
            if named in shared.fields:
                amount_fields.add(named)
        if amount.type == "percent_of_base_by_size":
            amount_fields |= {"employer.size", "employer.kind"}
    amount_fields |= {rule.count_fact for rule in shared.exclusion_rules if rule.count_fact is not None}
    out.amount_fields = frozenset(amount_fields)
    out.parity = tuple(catalogue.by_id[modifier.entry] for modifier in parity)
    out.modified_fields = frozenset(modifier.field for modifier in shared.modifiers if modifier.rule == "false_is_unknown")
    read_as_they_stand = set(out.amount_fields | out.modified_fields)
    if catalogue.figures:
        out.figures = catalogue.figures
        out.figure_atoms = tuple(number for number, one in enumerate(out.atoms) if one.figure is not None)
        read_as_they_stand |= {out.atoms[number].field for number in out.figure_atoms} | PLACES.keys()
    out.raw_fields = tuple(sorted(read_as_they_stand))
    out.false_is_unknown = tuple(
        (catalogue.by_id[modifier.entry], modifier.field) for modifier in shared.modifiers if modifier.rule == "false_is_unknown"
    )
    return out


def decide(tree: Tree, states: States) -> int:
    """TRUE, FALSE or MISSING (unknown) of one condition."""
    if isinstance(tree, int):
        state = states[tree]
        return MISSING if state == UNNAMED else state
    group, parts = tree
    deciding = TRUE if group == "any" else FALSE
    unknown = False
    for part in parts:
        found = decide(part, states)
        if found == deciding:
            return deciding
        unknown = unknown or found == MISSING
    return MISSING if unknown else TRUE - deciding


def decide_all(trees: tuple[Tree, ...], states: States) -> int:
    """The conjunction: one condition known to be false is enough, whatever is unknown."""
    unknown = False
    for tree in trees:
        found = (MISSING if states[tree] == UNNAMED else states[tree]) if isinstance(tree, int) else decide(tree, states)
        if found == FALSE:
            return FALSE
        unknown = unknown or found == MISSING
    return MISSING if unknown else TRUE


def visit_open(trees: tuple[Tree, ...], states: States, seen: Callable[[int], None]) -> None:
    """Calls ``seen`` with every atom that is unknown in a condition that is still open (``missing_rule``)."""
    for tree in trees:
        if decide(tree, states) != MISSING:
            continue
        if isinstance(tree, int):
            seen(tree)
        else:
            visit_open(tree[1], states, seen)


def visit_failed(trees: tuple[Tree, ...], states: States, seen: Callable[[int], None]) -> None:
    """Calls ``seen`` with every false atom of the conditions that are false."""
    for tree in trees:
        if decide(tree, states) != FALSE:
            continue
        if isinstance(tree, int):
            seen(tree)
        else:
            visit_failed(tree[1], states, seen)


@dataclass(frozen=True)
class Prepared:
    """Facts of one question, read: derived tags added, modifiers applied, one state an atom."""

    day: date
    facts: dict[str, Value | Tags]
    states: States


def read_states(catalogue: Catalogue, facts: Facts, day: date) -> Prepared:
    """Facts with derived tags, one state an atom, before what one fact does to another (``finish``)."""
    plan = compiled(catalogue)
    read: dict[str, Value | Tags] = dict(facts)
    categories = read.get(CATEGORY)
    if isinstance(categories, frozenset | KnownTags):
        read[CATEGORY] = derived_tags(catalogue, categories)
    parity = parity_holds(plan, day)
    states = plan.absent.copy()
    for name, value in read.items():
        for number in plan.by_field.get(name, ()):
            states[number] = state_of(plan.atoms[number], value, parity)
    return Prepared(day, read, states)


def parity_holds(plan: Compiled, day: date) -> bool:
    """Whether 以单位形式参保的个体工商户 may count as enterprises on that day (000 第(十六)条)."""
    return any(entry.window.holds(day) for entry in plan.parity)


def finish(plan: Compiled, prepared: Prepared) -> Prepared:
    """What one fact does to another, in place.

    Gig work is flexible employment where nobody says otherwise (``facts_rule``). Then the modifier of 000 第(十二)条: when all its stated
    conditions hold, its field stops being known as false. Conditions that name a figure are decided where the dated tables hold it.
    """
    read, states = prepared.facts, prepared.states
    for number in plan.figure_atoms:
        atom, value = plan.atoms[number], read.get(plan.atoms[number].field)
        bound = named(plan.figures, atom.figure or "", read, prepared.day)
        if value is not None and bound is not None:
            states[number] = state_of(replace(atom, value=bound.value), value, False)
    kind = read.get("posting.type")
    if FORM not in read and (kind == "gig" or (isinstance(kind, tuple) and "gig" in kind)):
        read[FORM] = "flexible"
        for number in plan.by_field.get(FORM, ()):
            states[number] = state_of(plan.atoms[number], "flexible", False)
    for entry, name in plan.false_is_unknown:
        if read.get(name) is False and entry.window.holds(prepared.day) and _stated_hold(plan, entry, states):
            del read[name]
            for number in plan.by_field.get(name, ()):
                states[number] = plan.absent[number]
    return prepared


def prepare(catalogue: Catalogue, facts: Facts, day: date) -> Prepared:
    """``facts_rule`` and ``modifier_rule``: category implications, gig work, and the modifiers whose window holds on ``day``."""
    return finish(compiled(catalogue), read_states(catalogue, facts, day))


def _stated_hold(plan: Compiled, entry: Entry, states: States) -> bool:
    stated = tuple(tree for tree in plan.trees[entry.id] if not (isinstance(tree, int) and plan.atoms[tree].op == "unstated"))
    return decide_all(stated, states) == TRUE


@lru_cache(maxsize=4096)
def derived_tags(catalogue: Catalogue, value: frozenset[str] | KnownTags) -> Tags:
    return tags_of(catalogue, value)
