"""One search in the embedded index: what is counted, and the results in order, found as far as they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tantivy

from matcher.places import kilometres
from search.circles import HALF_EARTH_KM, box, inside, metres_to
from search.cursors import Position, mark_of
from search.documents import ZONES
from search.index import Candidate, Hit, ordered_counts
from search.query import Query
from search.relevance import Described, Rerank
from search.tantivy_mapping import Compiler, facet_value

_FIRST_REACH_KM = 2.0
_LARGEST_BATCH = 4000
_KEY_LIMIT = 1 << 63


@dataclass(frozen=True)
class View:
    """The index as of one commit; a search sees one view from its first to its last step."""

    searcher: tantivy.Searcher
    compiler: Compiler
    generation: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """One of the re-ranked best; ``address`` is good within its view."""

    likeness: int
    date_key: int
    posting_id: str
    title: str
    address: Any


def count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """How many documents the query finds."""
    result: Any = searcher.search(query, 1, count=True)
    return int(result.count)


def stored(document: tantivy.Document, field: str) -> str:
    """A stored text that every document has."""
    return str(document.get_first(field))


class Search:
    """A query against a view."""

    def __init__(self, view: View, query: Query, head: int):
        self._head = head
        self._searcher = view.searcher
        self._compiler = view.compiler
        self._query = query
        self._tree = query.tree()
        self._base = view.compiler.found(self._tree)
        self._everything = max(1, view.searcher.num_docs)

    def counts(self) -> tuple[int, dict[str, dict[str, int]]]:
        """(total, facets). Without a circle tantivy counts; with one, the hits in its box are counted after the cut."""
        columns = [column for name in self._query.facets for column in _columns(name)]
        if self._query.radius_km is None:
            total = count(self._searcher, self._base)
            wanted = {column: {"terms": {"field": column, "size": 65_000}} for column in columns}
            buckets = self._searcher.aggregate(self._base, wanted) if wanted else {}
            numbers = {
                column: {int(bucket["key"]): int(bucket["doc_count"]) for bucket in found["buckets"]} for column, found in buckets.items()
            }
        else:
            addresses = self._in_circle([address for _, address in self._all(self._base)])
            total = len(addresses)
            numbers = {column: dict(Counter(self._column(column, addresses))) for column in columns}
        return total, {name: _facet(name, numbers) for name in self._query.facets}

    def candidates(self, since: Position | None, ranked: Sequence[Ranked]) -> Iterator[Candidate]:
        """The results in order after ``since``; ``ranked`` is the head where the order is relevance."""
        if self._query.order == "relevance":
            return self._by_relevance(since, ranked)
        if self._query.order == "distance":
            return self._by_distance(since)
        start = (since.key[0], since.posting_id) if since else None
        return self._by_key(self._base, "pay_key" if self._query.order == "pay" else "date_key", start, "key")

    def best(self, rerank: Rerank) -> list[Ranked]:
        """The engine's best, re-ranked: most alike first, then the newest, then by id."""
        scored = self._compiler.scored(self._tree)
        if self._query.radius_km is None:
            addresses = [address for _, address in self._searcher.search(scored, self._head, count=False).hits]
        else:
            addresses = self._in_circle([address for _, address in self._all(scored)])[: self._head]
        # In the order in which they lie: neighbours are unpacked together.
        addresses.sort(key=lambda address: (address.segment_ord, address.doc))
        documents = [self._searcher.doc(address) for address in addresses]
        titles = [stored(document, "title") for document in documents]
        codes = [document.get_first("occupation_code") for document in documents]
        likeness = rerank(self._query.wish, list(map(Described, titles, codes)))
        keys = self._column("date_key", addresses)
        found = [
            Ranked(int(like), key, stored(document, "id"), title, address)
            for like, key, document, title, address in zip(likeness, keys, documents, titles, addresses, strict=True)
        ]
        return sorted(found, key=lambda one: (-one.likeness, -one.date_key, one.posting_id))

    def _by_relevance(self, since: Position | None, ranked: Sequence[Ranked]) -> Iterator[Candidate]:
        shown = since.shown if since else frozenset()
        first: set[str] = set()
        if since is None or since.phase == "head":
            fresh = [one for one in ranked if not shown or mark_of(one.posting_id) not in shown][: max(0, self._head - len(shown))]
            first = {one.posting_id for one in fresh}
            for one in fresh:
                hit = Hit(one.posting_id, one.title, self._away([one.address])[0], one.likeness)
                yield Candidate(hit, "head", ())
        start = (since.key[0], since.posting_id) if since and since.phase == "key" else None
        for candidate in self._by_key(self._base, "date_key", start, "key"):
            posting_id = candidate.hit.posting_id
            if posting_id not in first and mark_of(posting_id) not in shown:
                yield candidate

    def _by_key(self, base: tantivy.Query, field: str, start: tuple[int, str] | None, phase: Any) -> Iterator[Candidate]:
        """Highest key first, equal ones by id. Keys are told apart by their tie bits, so equal keys are few."""
        below = _KEY_LIMIT
        if start is not None:
            below = start[0]
            for candidate in self._equal(base, field, below, phase):
                if candidate.hit.posting_id > start[1]:
                    yield candidate
        batch = self._query.limit + 2  # a page looks one further; one more, so that what ties with the last is not asked for a page's sake
        while True:
            hits = self._searcher.search(self._compiler.between(base, field, 0, below), batch, count=False, order_by_field=field).hits
            if not hits:
                return
            last = hits[-1][0]
            full = len(hits) == batch
            # tantivy orders equal keys by its own numbers: the last key's postings are fetched whole, so that ids can decide.
            whole = [hit for hit in hits if not full or hit[0] > last]
            yield from sorted(self._made(whole, phase), key=lambda one: (-one.key[0], one.hit.posting_id))
            if not full:
                return
            yield from self._equal(base, field, last, phase)
            below = last
            batch = min(batch * 2, _LARGEST_BATCH)

    def _equal(self, base: tantivy.Query, field: str, key: int, phase: Any) -> list[Candidate]:
        hits = self._all(self._compiler.between(base, field, key, key + 1))
        return sorted(self._made([(key, address) for _, address in hits], phase), key=lambda one: one.hit.posting_id)

    def _made(self, hits: Sequence[tuple[int, Any]], phase: Any) -> list[Candidate]:
        """Candidates of (key, address), those outside the circle left out."""
        keys = dict(zip(map(_place, hits), hits, strict=True))
        addresses = self._in_circle([address for _, address in hits])
        away = self._away(addresses)
        made = []
        for address, distance in zip(addresses, away, strict=True):
            key = keys[address.segment_ord, address.doc][0]
            document = self._searcher.doc(address)
            made.append(Candidate(Hit(stored(document, "id"), stored(document, "title"), distance), phase, (int(key),)))
        return made

    def _by_distance(self, since: Position | None) -> Iterator[Candidate]:
        if since is None or since.phase == "near":
            yield from self._near(since)
        if self._query.radius_km is None:
            start = (since.key[0], since.posting_id) if since and since.phase == "far" else None
            nowhere = self._compiler.both(self._base, self._compiler.unsigned("located", 0))
            yield from self._by_key(nowhere, "date_key", start, "far")

    def _near(self, since: Position | None) -> Iterator[Candidate]:
        """In growing rings: a ring's postings are complete below its reach, so only what is asked for is looked at."""
        assert self._query.point is not None  # a Query that sorts by distance has a point
        limit = self._query.radius_km or HALF_EARTH_KM
        start = (since.key[0], since.key[1], since.posting_id) if since else None
        done = start[0] if start else 0
        reach = max(_FIRST_REACH_KM, 2 * done / 1000)
        while True:
            last = reach >= limit
            spans = box(*self._query.point, min(reach, limit))
            base = self._base if last and self._query.radius_km is not None else self._compiler.both(self._base, self._compiler.box(*spans))
            addresses = [address for _, address in self._all(base)]
            if last:
                addresses = self._in_circle(addresses)
            # Up to rounding: a metre that the ring cuts is left to the next.
            end = np.iinfo(np.int64).max if last else int(reach * 1000) - 1
            yield from self._sorted_by_distance(addresses, done, end, start)
            if last:
                return
            done = end
            reach *= 4

    def _sorted_by_distance(
        self, addresses: Sequence[Any], least: int, below: int, start: tuple[int, int, str] | None
    ) -> Iterator[Candidate]:
        """Candidates with least <= metres < below after ``start``, nearest first, then the newest, then by id."""
        assert self._query.point is not None
        if not addresses:
            return
        point = self._query.point
        away = metres_to(*point, self._column("latitude", addresses), self._column("longitude", addresses))
        keys = np.array(self._column("date_key", addresses), dtype=np.int64)
        wanted = (away >= least) & (away < below)
        if start is not None:
            wanted &= (away > start[0]) | ((away == start[0]) & (keys <= start[1]))
        chosen = np.flatnonzero(wanted)
        chosen = chosen[np.lexsort((-keys[chosen], away[chosen]))]
        at = 0
        while at < len(chosen):
            key = (int(away[chosen[at]]), int(keys[chosen[at]]))
            end = at + 1
            while end < len(chosen) and (int(away[chosen[end]]), int(keys[chosen[end]])) == key:
                end += 1
            group = [addresses[index] for index in chosen[at:end]]
            documents = [self._searcher.doc(address) for address in group]
            hits = [
                Hit(stored(document, "id"), stored(document, "title"), distance)
                for document, distance in zip(documents, self._away(group), strict=True)
            ]
            for hit in sorted(hits, key=lambda one: one.posting_id):
                if start is None or key != start[:2] or hit.posting_id > start[2]:
                    yield Candidate(hit, "near", key)
            at = end

    def _all(self, query: tantivy.Query) -> list[tuple[Any, Any]]:
        return self._searcher.search(query, self._everything, count=False).hits

    def _column(self, field: str, addresses: Sequence[Any]) -> list[Any]:
        return self._searcher.fast_field_values(field, list(addresses))

    def _in_circle(self, addresses: list[Any]) -> list[Any]:
        """Those inside the query's circle; all of them where it has none."""
        if self._query.radius_km is None or self._query.point is None or not addresses:
            return addresses
        within = inside(
            *self._query.point, self._query.radius_km, self._column("latitude", addresses), self._column("longitude", addresses)
        )
        return [address for address, yes in zip(addresses, within, strict=True) if yes]

    def _away(self, addresses: Sequence[Any]) -> list[float | None]:
        """Kilometres from the query's point; None without a point or a location."""
        if self._query.point is None or not addresses:
            return [None] * len(addresses)
        pairs = zip(self._column("latitude", addresses), self._column("longitude", addresses), strict=True)
        return [None if lat is None or lon is None else kilometres(*self._query.point, lat, lon) for lat, lon in pairs]


def _place(hit: tuple[int, Any]) -> tuple[int, int]:
    return hit[1].segment_ord, hit[1].doc


def _columns(facet: str) -> list[str]:
    return [f"zone_{zone}" for zone in ZONES] if facet == "zone" else [facet]


def _facet(name: str, numbers: dict[str, dict[int, int]]) -> dict[str, int]:
    if name == "zone":
        return ordered_counts({zone: numbers[f"zone_{zone}"].get(1, 0) for zone in ZONES})
    return ordered_counts({facet_value(name, number): count for number, count in numbers[name].items() if number})
