"""What a query means, as a tree of few node kinds. ``search/reference.py`` defines each; every engine compiles the same tree.

Nodes are frozen values that compare and print alike everywhere, so that a cursor can know which search it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SetField = Literal[
    "region", "form", "type", "source", "open_to", "zone", "offers", "occupation", "employer_id", "brand_id", "market_id", "posting_id"
]  # fmt: skip
NumberField = Literal["pay_top", "education_rank", "published"]


@dataclass(frozen=True, slots=True)
class Term:
    """All needles occur somewhere in title, employer's name or description: a word's 2-grams, or its single characters and Latin words."""

    needles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """The units (characters, Latin words) follow one another in one of title, employer's name, description; at least two units."""

    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """A Latin word or number in title, employer's name or description begins like this."""

    start: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The posting has at least one of these values. ``region`` holds every code that covers the posting's place."""

    field: SetField
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The number is known and not below ``least``."""

    field: NumberField
    least: float


@dataclass(frozen=True, slots=True)
class AtMostOrUnknown:
    """The number is unknown or not above ``most``."""

    field: NumberField
    most: float


@dataclass(frozen=True, slots=True)
class Within:
    """The posting's location is known and at most ``kilometres`` of great circle away."""

    latitude: float
    longitude: float
    kilometres: float


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one node holds."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every node holds; with none, everything is found."""

    nodes: tuple[Node, ...]


Node = Term | Phrase | Prefix | OneOf | AtLeast | AtMostOrUnknown | Within | Not | AnyOf | All


def needles_of(node: Node) -> list[str]:
    """The tokens that are asked for, for an engine's own scoring."""
    match node:
        case All(nodes) | AnyOf(nodes):
            return list(dict.fromkeys(needle for each in nodes for needle in needles_of(each)))
        case Term(needles):
            return list(needles)
        case Phrase(units):
            return list(units)
        case _:
            return []
