"""Facets counted lately are shown again for a moment: a first page that thousands open asks the index once for its counts."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import orjson

from api.cache.shapes import CacheFault
from api.services import Services
from search.index import Allowed, Page
from search.query import Query

# Part of every name: raised when what is counted or how it is written down changes, so that no other program's counts are read.
VERSION = 1


def search_with_facets(here: Services, query: Query, allowed: Allowed) -> Page:
    """A page of the index. Hits and total are of now; the counts of its facets may be as old as ``options.facet_seconds``."""
    seconds = here.options.facet_seconds
    if not query.facets or seconds <= 0:
        return here.index.search(query, allowed=allowed)
    name = _name(query)
    known = _kept(here, name)
    if known is not None:
        return replace(here.index.search(replace(query, facets=()), allowed=allowed), facets=known)
    page: Page = here.index.search(query, allowed=allowed)
    try:
        here.cache.keep(name, orjson.dumps(page.facets), seconds)
    except CacheFault:
        return page
    return page


def _kept(here: Services, name: str) -> dict[str, dict[str, int]] | None:
    try:
        found = here.cache.kept(name)
    except CacheFault:
        return None
    counts: dict[str, dict[str, int]] | None = orjson.loads(found) if found is not None else None
    return counts


def _name(query: Query) -> str:
    """The filters and which facets; order, page and words that only rank change no count."""
    meaning = repr((query.tree(), query.facets)).encode()
    return f"facets:{VERSION}:{hashlib.blake2b(meaning, digest_size=16).hexdigest()}"
