"""What to search for: titles of open postings that hold what was typed so far, those that many postings have first."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import islice

import orjson

from api.cache.shapes import CacheFault
from api.services import Services
from matcher.text import normalise
from search.errors import QueryError
from search.index import Allowed, PostingIndex
from search.query import read_query
from search.spelling import near_names
from search.vocabulary import completions, corrected
from streams.intake import queries

VERSION = 2  # as in ``facets``
LOOKED_AT = 60  # the index's best for the words; more would only repeat them
MOST = 8
LONGEST = 30  # characters; a longer title is an advertisement and no search


def suggest(here: Services, text: str) -> list[str]:
    """At most ``MOST`` titles, as old as ``options.suggestion_seconds`` at most. Nothing for what the search itself would refuse."""
    words = normalise(text).strip()
    if not words:
        return []
    name = f"suggestions:{VERSION}:{hashlib.blake2b(words.encode(), digest_size=16).hexdigest()}"
    seconds = here.options.suggestion_seconds
    if seconds > 0:
        try:
            kept = here.cache.kept(name)
        except CacheFault:
            kept = None
        if kept is not None:
            return [str(title) for title in orjson.loads(kept)]
    found = _titles(here, words)
    if seconds > 0:
        try:
            here.cache.keep(name, orjson.dumps(found), seconds)
        except CacheFault:
            return found
    return found


def _titles(here: Services, words: str) -> list[str]:
    def allowed(ids: list[str]) -> set[str]:
        with here.exchange.reading() as connection:
            return queries.visible(connection, ids)

    return titles(here.index, words, allowed)


def titles(index: PostingIndex, words: str, allowed: Allowed | None = None) -> list[str]:
    """At most ``MOST`` titles for normalised words; see ``suggest``."""

    def finds(name: str) -> bool:
        return bool(index.search(read_query({"q": name, "sort": "date", "limit": 1}), allowed=allowed, counted=False).hits)

    try:
        query = read_query({"q": words, "limit": LOOKED_AT})
        if not query.wish:
            return []  # signs alone ask for nothing, and everything would be found
        page = index.search(query, allowed=allowed, head=LOOKED_AT + 1, counted=False)  # a page looks one further
        if not page.hits:
            # Letters of an input method (hg, hangong), or a name misspelt (电汗工, 保沽员): what was meant, where there is such work.
            right = corrected(words)
            meant = completions(words, 2 * MOST) if words.isascii() else [right] if right else near_names(words)
            return list(islice(filter(finds, meant), MOST))
    except QueryError:
        return []
    spelt: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for hit in page.hits:
        title = " ".join(hit.title.split())
        if len(title) <= LONGEST:
            counts[spelt.setdefault(normalise(title), title)] += 1
    return [title for title, _ in counts.most_common(MOST)]
