"""Searches that stand and postings that come: which of many saved searches could a posting meet, without asking each.

A search is kept under keys of which every posting it finds has at least one; a posting is asked for its own keys. What is found so is only
a candidate: the reference evaluator is asked of the search's tree, so that a saved search finds what the search itself finds.
"""

from __future__ import annotations

from collections.abc import Iterable

from search.documents import IndexDocument
from search.query import Query
from search.tree import All, AnyOf, Node, OneOf, Phrase, Term

EVERY = "*"  # the key of a search that narrows nothing by a key; every posting has it
MOST_KEYS = 40  # of one search; a search with more alternatives is kept under another node
# Fields that tell postings apart best, first; a province says little.
_FIELDS = ("employer_id", "brand_id", "market_id", "occupation", "region")


def keys_of_search(query: Query) -> tuple[str, ...]:
    """The keys under which a search is kept: every posting that meets it has one of them."""
    found = [(_weight(node), keys) for node in query.tree().nodes if (keys := _keys(node)) is not None and len(keys) <= MOST_KEYS]
    return min(found, key=lambda each: (each[0], len(each[1]), each[1]))[1] if found else (EVERY,)


def keys_of_document(document: IndexDocument) -> tuple[str, ...]:
    """The keys of a posting, sorted."""
    found = {EVERY, *(f"t:{token}" for token in document.grams)}
    found |= {f"region:{code}" for code in document.covering}
    found |= {f"occupation:{code}" for code in document.occupations}
    owners = (("employer_id", document.employer_id), ("brand_id", document.brand_id), ("market_id", document.market_id))
    found |= {f"{field}:{value}" for field, value in owners if value is not None}
    return tuple(sorted(found))


def asks_for_something(query: Query) -> bool:
    """Whether a search leaves anything out; one that does not would find every posting there is."""
    return bool(query.tree().nodes)


def _keys(node: Node) -> tuple[str, ...] | None:
    """Keys of which every posting that this node finds has one; None where there are none such."""
    match node:
        case Term(needles):
            return (f"t:{max(needles, key=lambda needle: (len(needle), needle))}",)
        case Phrase(units):
            return (f"t:{max(units, key=lambda unit: (len(unit), unit))}",)
        case OneOf(field, values) if field in _FIELDS:
            return tuple(f"{field}:{value}" for value in values)
        case AnyOf(nodes):
            return _union(_keys(each) for each in nodes)
        case All(nodes):
            return next((keys for each in nodes if (keys := _keys(each)) is not None), None)
        case _:
            return None


def _union(several: Iterable[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    found: dict[str, None] = {}
    for keys in several:
        if keys is None:
            return None
        found.update(dict.fromkeys(keys))
    return tuple(found)


def _weight(node: Node) -> int:
    """How little a node leaves over: words first, a region last."""
    match node:
        case Term(needles):
            return 0 if any(len(needle) > 1 for needle in needles) else 3
        case OneOf(field, _):
            return 1 + _FIELDS.index(field) if field in _FIELDS else 9
        case AnyOf(_):
            return 2
        case _:
            return 3
