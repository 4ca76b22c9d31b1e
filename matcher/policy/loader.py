"""Reads the shipped catalogue (or another folder of the same format): safe YAML, every fault with its file and key.

Refused: unknown fields, duplicate keys, YAML tags and aliases to objects, fields that no dictionary lists, operators that do not fit
the field's type, references to entries or benefits that do not exist, numbers that cannot be meant (``plausible``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from matcher.days import plain_day
from matcher.figures import Figures, current
from matcher.policy.format import BenefitFile, Document, Entry, FactField, SharedFile
from matcher.policy.plausible import bound_fault, implausible, implausible_shared, not_checked_yet
from matcher.policy.terms import AllOf, AnyOf, ByCategory, ByLevel, ByReference, Condition, Leaf

SHARED_NAME = "_catalogue.yaml"


POSTING_PLACE, PERSON_PLACE = "posting.region", "person.region"
PLACES: dict[str, FactField] = {
    name: FactField.model_validate({"type": "enum", "from": "profile", "label": label, "question": question})
    for name, label, question in (
        (POSTING_PLACE, "岗位所在地", "岗位在哪个县（市、区）？"),
        (PERSON_PLACE, "本人所在地", "本人在哪个县（市、区）？"),
    )
}


class CatalogueError(ValueError):
    """A fault in the catalogue's files; ``faults`` are lines "file: key: what is wrong"."""

    def __init__(self, faults: list[str]):
        self.faults = faults
        super().__init__("\n".join(faults))


class _Loader(yaml.CSafeLoader):
    """The safe loader that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            seen = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if key in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
                seen.add(key)
        return mapping


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The whole catalogue, checked, with the dated figures it is read with. ``version`` changes with any file's bytes or any figure."""

    shared: SharedFile
    entries: tuple[Entry, ...]
    benefit_of: Mapping[str, str]
    benefit_names: Mapping[str, str]
    version: str
    figures: Figures = field(default_factory=lambda: Figures({}))

    @cached_property
    def fields(self) -> Mapping[str, FactField]:
        """The facts that are read: those of the catalogue, and with figures the places whose figures count."""
        return {**self.shared.fields, **PLACES} if self.figures else self.shared.fields

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def documents(self) -> dict[str, Document]:
        return {document.id: document for document in self.shared.documents}

    @cached_property
    def by_benefit(self) -> dict[str, tuple[Entry, ...]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(self.benefit_of[entry.id], []).append(entry)
        return {benefit: tuple(entries) for benefit, entries in found.items()}

    def benefit(self, entry_id: str) -> str:
        return self.benefit_of[entry_id]


def leaves(conditions: Iterable[Condition]) -> Iterator[Leaf]:
    """Every leaf below these conditions, in the order of the file."""
    for condition in conditions:
        if isinstance(condition, Leaf):
            yield condition
        else:
            yield from leaves(condition.any_of if isinstance(condition, AnyOf) else condition.all_of)


def read_yaml(name: str, text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise CatalogueError([f"{name}{where}: {getattr(error, 'problem', None) or error}"]) from None


def validated(model: type[BaseModel], name: str, data: Any) -> Any:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = []
        for item in error.errors(include_url=False):
            key = ".".join(str(part) for part in item["loc"]) or "(file)"
            what = "unknown field" if item["type"] == "extra_forbidden" else item["msg"]
            faults.append(f"{name}: {key}: {what}")
        raise CatalogueError(faults) from None


_OPS: dict[str, frozenset[str]] = {
    "bool": frozenset({"eq"}),
    "enum": frozenset({"eq", "in"}),
    "set": frozenset({"contains_any"}),
    "number": frozenset({"eq", "gte", "gt", "lte", "lt", "between"}),
    "date": frozenset({"eq", "gte", "gt", "lte", "lt", "between"}),
    "unstated_marker": frozenset({"unstated"}),
}


def _leaf_faults(leaf: Leaf, shared: SharedFile) -> Iterator[str]:
    if leaf.op == "unstated":
        if not isinstance(leaf.value, str):
            yield f"{leaf.field}: the words of the text expected as value of unstated"
        return
    known = shared.fields.get(leaf.field)
    if known is None:
        yield f"{leaf.field}: not in the list of fields of {SHARED_NAME}"
        return
    if leaf.op not in _OPS[known.type]:
        yield f"{leaf.field}: operator {leaf.op} does not fit type {known.type} (allowed: {', '.join(sorted(_OPS[known.type]))})"
        return
    value = leaf.value
    if known.type == "bool" and not isinstance(value, bool):
        yield f"{leaf.field}: true or false expected"
    elif leaf.op in ("in", "contains_any"):
        if not (isinstance(value, list) and value and all(isinstance(item, str) for item in value)):
            yield f"{leaf.field}: a list of texts expected"
            return
        words = shared.vocabulary.get(leaf.field)
        for item in value if words is not None and known.type in ("set", "enum") else ():
            if item not in (words or {}) and item not in known.values:
                yield f"{leaf.field}: {item!r} is not in the vocabulary"
    elif leaf.op == "between":
        if not (isinstance(value, list) and len(value) == 2 and all(_scalar_fits(known.type, item, shared) for item in value)):
            yield f"{leaf.field}: two bounds of type {known.type} expected"
            return
    elif known.type in ("number", "date") and not _scalar_fits(known.type, value, shared):
        yield f"{leaf.field}: a {known.type} expected, or a name listed under figures"
        return
    fault = bound_fault(leaf, known) if known.type == "number" else None
    if fault is not None:
        yield fault


def _scalar_fits(kind: str, value: Any, shared: SharedFile) -> bool:
    if isinstance(value, str) and value in shared.figures:
        return True
    if kind == "number":
        return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if isinstance(value, date):
        return True
    try:
        plain_day(value)
    except (TypeError, ValueError):
        return False
    return True


def _entry_faults(entry: Entry, benefits: set[str], ids: set[str], shared: SharedFile) -> Iterator[str]:
    for leaf in leaves(entry.conditions + entry.priority):
        for fault in _leaf_faults(leaf, shared):
            yield f"conditions: {fault}"
    references: list[tuple[str, str]] = [("supersedes", other) for other in entry.supersedes]
    references += [("possible_overlap", other) for other in entry.possible_overlap]
    if entry.superseded_by is not None:
        references.append(("superseded_by", entry.superseded_by.entry))
    amount = entry.amount
    if isinstance(amount, ByReference):
        named = (amount.reference,) if isinstance(amount.reference, str) else amount.reference
        references += [("amount.reference", other) for other in named]
    if isinstance(amount, ByCategory):
        references += [("amount.cases", case.reference) for case in amount.cases if case.reference is not None]
        for case in amount.cases:
            for fault in _leaf_faults(case.when, shared):
                yield f"amount.cases: {fault}"
            if (case.yuan is None) == (case.reference is None):
                yield "amount.cases: either yuan or reference expected"
    if isinstance(amount, ByLevel) and amount.level_fact not in shared.fields:
        yield f"amount.level_fact: {amount.level_fact} is not in the list of fields"
    basis = getattr(amount, "basis", None)
    if amount.type.startswith("ladder_") and amount.type != "ladder_not_stated" and basis not in shared.fields:
        yield f"amount.basis: {basis} is not in the list of fields"
    for key, other in references:
        if other not in ids:
            yield f"{key}: there is no entry {other}"
    for exclusion in entry.excludes:
        if exclusion.benefit not in benefits:
            yield f"excludes: there is no benefit {exclusion.benefit}"
    if f"__{entry.document}" not in entry.id:
        yield f"id: does not name its document {entry.document}"
    yield from implausible(entry)


def build(files: Mapping[str, str], figures: Figures | None = None, *, today: date | None = None) -> Catalogue:
    """The catalogue of these files (name to text), or ``CatalogueError`` with every fault found; read with the process's figures. With
    ``today`` an entry checked on a later day is a fault too."""
    figures = current() if figures is None else figures
    if SHARED_NAME not in files:
        raise CatalogueError([f"{SHARED_NAME}: missing"])
    shared: SharedFile = validated(SharedFile, SHARED_NAME, read_yaml(SHARED_NAME, files[SHARED_NAME]))
    faults: list[str] = []
    benefits: dict[str, BenefitFile] = {}
    for name in sorted(files):
        if name == SHARED_NAME:
            continue
        try:
            one: BenefitFile = validated(BenefitFile, name, read_yaml(name, files[name]))
        except CatalogueError as error:
            faults += error.faults
            continue
        if name != f"{one.benefit}.yaml":
            faults.append(f"{name}: benefit: the file of {one.benefit} is called {one.benefit}.yaml")
        benefits[one.benefit] = one
    if faults:
        raise CatalogueError(faults)
    for missing in [benefit for benefit in shared.order if benefit not in benefits]:
        faults.append(f"{SHARED_NAME}: order: there is no file {missing}.yaml")
    for extra in [benefit for benefit in benefits if benefit not in shared.order]:
        faults.append(f"{extra}.yaml: benefit: not listed under order in {SHARED_NAME}")
    ids: set[str] = set()
    for benefit, one in benefits.items():
        for entry in one.entries:
            if entry.id in ids:
                faults.append(f"{benefit}.yaml: {entry.id}: id given twice")
            ids.add(entry.id)
    for benefit, one in benefits.items():
        for entry in one.entries:
            faults += [f"{benefit}.yaml: {entry.id}: {fault}" for fault in _entry_faults(entry, set(benefits), ids, shared)]
            late = not_checked_yet(entry, today) if today is not None else None
            faults += [f"{benefit}.yaml: {entry.id}: {late}"] if late is not None else []
    faults += [f"{SHARED_NAME}: {fault}" for fault in implausible_shared(shared)]
    for rule in shared.exclusion_rules:
        strangers = [other for other in rule.between if other not in benefits]
        faults += [f"{SHARED_NAME}: exclusion_rules.{rule.id}: there is no benefit {other}" for other in strangers]
    for conflict in shared.conflicts:
        strangers = [case.entry for case in conflict.cases if case.entry not in ids]
        faults += [f"{SHARED_NAME}: conflicts.{conflict.id}: there is no entry {other}" for other in strangers]
    for modifier in shared.modifiers:
        if modifier.entry not in ids:
            faults.append(f"{SHARED_NAME}: modifiers: there is no entry {modifier.entry}")
    if faults:
        raise CatalogueError(faults)
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].encode() + b"\0")
    ordered = [(benefit, benefits[benefit]) for benefit in shared.order]
    return Catalogue(
        shared=shared,
        entries=tuple(entry for _, one in ordered for entry in one.entries),
        benefit_of={entry.id: benefit for benefit, one in ordered for entry in one.entries},
        benefit_names={benefit: one.name for benefit, one in ordered},
        version=f"{shared.version}-{digest.hexdigest()[:12]}" + (f"+{figures.digest}" if figures else ""),
        figures=figures,
    )


def read_folder(folder: Traversable) -> dict[str, str]:
    """The YAML files of a catalogue's folder, name to text."""
    return {item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".yaml")}


def load_catalogue() -> Catalogue:
    """The catalogue shipped with the package, with the process's figures; read once a process."""
    return _load(current())


@lru_cache(maxsize=2)
def _load(figures: Figures) -> Catalogue:
    return build(read_folder(resources.files("matcher.policy") / "catalogue"), figures)


__all__ = ["AllOf", "AnyOf", "Catalogue", "CatalogueError", "Leaf", "build", "leaves", "load_catalogue", "read_folder"]
