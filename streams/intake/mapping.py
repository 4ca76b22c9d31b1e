"""Mapping files: which column of a source's file is which field of the contract, and how it is read.

    kind: postings                       # postings, people or employers
    constants: {source: enterprise}      # the same for every row
    fields:
      source_id: id                      # column "id", as text
      title: title
      education_min: {read: education, from: [edu_code, education]}
      pay: {read: pay_range, min: salary_min, max: salary_max, months: salary_months, unit: month}
      region: {read: place, from: [region, address]}
      employer.name: company

Readers are listed in ``streams/intake/readers.py``. Anything a mapping says that is not understood is refused, naming file and key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from matcher.shapes import Employer, Person, Posting
from streams.intake.readers import COLUMN_SETTINGS, READERS, SETTINGS, Row, columns

KINDS: dict[str, type[BaseModel]] = {"postings": Posting, "people": Person, "employers": Employer}
MOST_BYTES = 256 << 10


class MappingError(ValueError):
    """A mapping file that cannot be used: file, key, what was allowed."""

    def __init__(self, file: str, key: str, reason: str, allowed: Iterable[str] = ()):
        self.file, self.key, self.reason, self.allowed = file, key, reason, tuple(allowed)
        super().__init__(f"{file}: {key}: {reason}" + (f"; allowed: {', '.join(self.allowed)}" if self.allowed else ""))


@dataclass(frozen=True)
class Question:
    """What a reader was not sure of: the contract field and what to ask the sender, in plain Chinese."""

    field: str
    text: str


@dataclass(frozen=True)
class Applied:
    """One row as a contract object (not yet validated as a shape) and the questions it raises."""

    value: dict[str, Any]
    questions: tuple[Question, ...]


def _shapes_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((shape for part in get_args(annotation) if (shape := _shapes_in(part)) is not None), None)


@cache
def allowed_fields(kind: str) -> tuple[str, ...]:
    """Dotted names of the contract's fields for a kind: ``title``, ``employer.name``, ``work.starts_at`` …"""
    names: list[str] = []
    for name, info in KINDS[kind].model_fields.items():
        names.append(name)
        inner = _shapes_in(info.annotation)
        repeated = "tuple" in str(info.annotation)
        if inner is not None and not repeated:
            names += [f"{name}.{part.alias or part_name.rstrip('_')}" for part_name, part in inner.model_fields.items()]
    return tuple(names)


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice: one of the two would be dropped silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class SourceMapping:
    """A mapping that was read and checked; ``apply`` is pure and can be used from any thread."""

    file: str
    kind: str
    constants: dict[str, Any]
    fields: dict[str, dict[str, Any]]

    def columns(self) -> set[str]:
        """Every column the mapping reads."""
        return {name for settings in self.fields.values() for key in COLUMN_SETTINGS for name in columns(settings, key)}

    def missing_columns(self, header: Iterable[str]) -> list[str]:
        """Columns the mapping reads that a file's header does not have (alternatives in a list included)."""
        return sorted(self.columns() - set(header))

    def apply(self, row: Row) -> Applied:
        """The row as an object of the contract: unknown values are left out. Never raises for what stands in the cells."""
        value: dict[str, Any] = {}
        questions: list[Question] = []
        for name, constant in self.constants.items():
            _put(value, name, constant)
        for name, settings in self.fields.items():
            read = READERS[settings["read"]](row, settings)
            if read.value is not None:
                _put(value, name, read.value)
            questions += [Question(name, text) for text in read.questions if text]
        return Applied(value, tuple(questions))


def _put(target: dict[str, Any], dotted: str, value: Any) -> None:
    *path, last = dotted.split(".")
    for part in path:
        inner = target.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        target = inner
    target[last] = value


def _settings(file: str, name: str, given: Any) -> dict[str, Any]:
    if isinstance(given, str):
        return {"read": "text", "from": given}
    if not isinstance(given, dict):
        raise MappingError(file, f"fields.{name}", "a column name or {read: …, from: …} expected")
    settings = {"read": "text", **given}
    if not isinstance(settings["read"], str) or settings["read"] not in READERS:
        raise MappingError(file, f"fields.{name}.read", f"unknown reader {settings['read']!r}", sorted(READERS))
    known = {"read", "from"} | SETTINGS.get(settings["read"], frozenset())
    for key in settings:
        if key not in known:
            raise MappingError(file, f"fields.{name}.{key}", "not a setting of this reader", sorted(known))
    for key in COLUMN_SETTINGS:
        value = settings.get(key)
        if value is not None and not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
            raise MappingError(file, f"fields.{name}.{key}", "a column name or a list of column names expected")
    if not any(columns(settings, key) for key in COLUMN_SETTINGS):
        raise MappingError(file, f"fields.{name}", "names no column")
    return settings


def parse_mapping(text: str, file: str = "(mapping)") -> SourceMapping:
    """A mapping from its YAML text; raises ``MappingError``."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise MappingError(file, "(file)", f"larger than {MOST_BYTES >> 10} KB")
    try:
        data = yaml.load(text, _StrictLoader)  # a SafeLoader
    # A value that is no date, number or text of its kind (2026-99-99) is no YAML error to the library.
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise MappingError(file, "(file)", f"not readable as YAML: {(str(error).splitlines() or ['empty'])[0]}") from None
    if not isinstance(data, dict):
        raise MappingError(file, "(file)", "kind, constants and fields expected")
    for key in data:
        if key not in ("kind", "constants", "fields", "about"):
            raise MappingError(file, str(key), "unknown key", ("kind", "about", "constants", "fields"))
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise MappingError(file, "kind", f"unknown kind {kind!r}", KINDS)
    allowed = allowed_fields(kind)
    constants, fields = data.get("constants") or {}, data.get("fields")
    if not isinstance(constants, dict):
        raise MappingError(file, "constants", "fields with their values expected")
    if not isinstance(fields, dict) or not fields:
        raise MappingError(file, "fields", "fields with their columns expected")
    for section, names in (("constants", constants), ("fields", fields)):
        for name in names:
            if name not in allowed and not (name.startswith("facts.") if isinstance(name, str) else False):
                raise MappingError(file, f"{section}.{name}", f"not a field of {kind}", allowed)
    return SourceMapping(file, kind, dict(constants), {name: _settings(file, name, given) for name, given in fields.items()})


def load_mapping(path: Path | str) -> SourceMapping:
    """A mapping from a file, or a shipped one by its name (``postings_shanxi``); raises ``MappingError``."""
    if isinstance(path, str) and path in shipped_mappings():
        text = resources.files("streams.intake").joinpath("mappings", f"{path}.yaml").read_text(encoding="utf-8")
        return parse_mapping(text, f"{path}.yaml")
    try:
        return parse_mapping(Path(path).read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(str(path), "(file)", f"not readable ({error.__class__.__name__})", shipped_mappings()) from None


@cache
def shipped_mappings() -> tuple[str, ...]:
    """Names of the mapping files that ship."""
    folder = resources.files("streams.intake").joinpath("mappings")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))
