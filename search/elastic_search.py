"""One search in Elasticsearch: what is counted, and the results in order, asked for as far as they are wanted.

Counts, filters and the orders by date and pay are Elasticsearch's own. Its distances differ from ours by centimetres, so near a limit (a
circle's edge, two postings at about one metre) our own formula decides from the exact coordinates: every index gives the same answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matcher.places import kilometres
from search.circles import metres
from search.cursors import Phase, Position, mark_of
from search.elastic_mapping import Json, circle, found, ids, located, scored, without
from search.elastic_server import Server
from search.index import Candidate, Hit, ordered_counts
from search.query import Query
from search.relevance import Described, Rerank
from search.tree import All, Within

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_LARGEST_BATCH = 4000
_NEAR_BATCH = 50
_MOST_VALUES = 20_000
# Measured on 20,000 points: its distance and ours differ by at most 0.1 m up to 19,000 km, by 0.25 m near the antipodes.
_EDGE_M, _FAR_M, _FAR_EDGE_M = 1.0, 19_000_000.0, 50.0
_SHOWN = ["id", "title", "latitude", "longitude"]
_ANSWERED = ["hits.total.value", "hits.hits.fields", "hits.hits.sort", "aggregations.*.buckets.key", "aggregations.*.buckets.doc_count"]


@dataclass(frozen=True, slots=True)
class Found:
    """One hit: what is shown of it, and the values it was sorted by."""

    posting_id: str
    title: str
    latitude: float | None
    longitude: float | None
    occupation_code: str | None
    place: list[Any]

    @classmethod
    def of(cls, hit: Json) -> Found:
        fields: dict[str, list[Any]] = hit["fields"]

        def one(name: str) -> Any:
            return fields[name][0] if name in fields else None

        return cls(one("id"), one("title"), one("latitude"), one("longitude"), one("occupation_code"), hit.get("sort", []))


class Search:
    """A query against one index. Raises IndexFault, IndexGone."""

    def __init__(self, server: Server, client: Elasticsearch, name: str, query: Query, head: int, rerank: Rerank):
        self._server = server
        self._client = client
        self._name = name
        self._query = query
        self._head = head
        self._rerank = rerank
        # The circle is drawn here: as the tree's node it would be cut by Elasticsearch's own distance.
        self._tree = All(tuple(node for node in query.tree().nodes if not isinstance(node, Within)))
        self._round: list[Json] = self._circle()
        self._counted: tuple[int, dict[str, dict[str, int]]] | None = None

    def counts(self) -> tuple[int, dict[str, dict[str, int]]]:
        """(total, facets), from the first question where that was for all matches."""
        if self._counted is None:
            self._ask(self._everything(), [], 0, counting=True)
        assert self._counted is not None
        return self._counted

    def candidates(self, since: Position | None) -> Iterator[Candidate]:
        """The results in order after ``since``."""
        if self._query.order == "relevance":
            return self._by_relevance(since)
        if self._query.order == "distance":
            return self._by_distance(since)
        start = (since.key[0], since.posting_id) if since else None
        field = "pay_key" if self._query.order == "pay" else "date_key"
        return self._by_key(self._everything(), field, start, "key", counting=True)

    # -- one question

    def _everything(self, *more: Json) -> Json:
        return found(self._tree, [*self._round, *more])

    def _ask(
        self,
        query: Json,
        sort: list[Json],
        size: int,
        *,
        after: list[Any] | None = None,
        counting: bool = False,
        fields: tuple[str, ...] = (),
    ) -> list[Found]:
        counting = counting and self._counted is None
        facets = {name: {"terms": {"field": name, "size": _MOST_VALUES}} for name in self._query.facets} if counting else None
        with self._server.faults():
            answer = self._client.search(
                index=self._name,
                query=query,
                sort=sort or None,
                size=size,
                search_after=after,
                source=False,
                docvalue_fields=[{"field": each} for each in (*_SHOWN, *fields)] if size else None,
                track_total_hits=counting,
                aggs=facets or None,
                allow_partial_search_results=False,
                filter_path=_ANSWERED,
            )
        if counting:
            buckets = answer.get("aggregations", {})
            self._counted = (
                int(answer["hits"]["total"]["value"]),
                {
                    name: ordered_counts({str(each["key"]): int(each["doc_count"]) for each in buckets.get(name, {}).get("buckets", ())})
                    for name in self._query.facets
                },
            )
        return [Found.of(hit) for hit in answer.get("hits", {}).get("hits", ())]

    # -- by date and by pay

    def _by_key(
        self, query: Json, field: str, start: tuple[int, str] | None, phase: Phase, *, counting: bool = False
    ) -> Iterator[Candidate]:
        """Highest key first, equal ones by id."""
        after: list[Any] | None = list(start) if start else None
        batch = self._query.limit + 1
        while True:
            hits = self._ask(query, [{field: "desc"}, {"id": "asc"}], batch, after=after, counting=counting)
            for one in hits:
                yield Candidate(self._hit(one), phase, (int(one.place[0]),))
            if len(hits) < batch:
                return
            after = hits[-1].place
            batch = min(batch * 2, _LARGEST_BATCH)

    def _hit(self, one: Found, likeness: int | None = None) -> Hit:
        away = None
        if self._query.point is not None and one.latitude is not None and one.longitude is not None:
            away = kilometres(*self._query.point, one.latitude, one.longitude)
        return Hit(one.posting_id, one.title, away, likeness)

    # -- by relevance

    def _by_relevance(self, since: Position | None) -> Iterator[Candidate]:
        """The best, most alike first; then the rest by date. What was shown of the best does not come again."""
        shown = since.shown if since else frozenset()
        first: set[str] = set()
        if since is None or since.phase == "head":
            fresh = [one for one in self._best() if mark_of(one.hit.posting_id) not in shown][: max(0, self._head - len(shown))]
            first = {one.hit.posting_id for one in fresh}
            yield from fresh
        start = (since.key[0], since.posting_id) if since and since.phase == "key" else None
        for candidate in self._by_key(self._everything(), "date_key", start, "key", counting=True):
            posting_id = candidate.hit.posting_id
            if posting_id not in first and mark_of(posting_id) not in shown:
                yield candidate

    def _best(self) -> list[Candidate]:
        """Elasticsearch's best, re-ranked: most alike first, then the newest, then by id."""
        order: list[Json] = [{"_score": "desc"}, {"date_key": "desc"}, {"id": "asc"}]
        hits = self._ask(scored(self._tree, self._round), order, self._head, counting=True, fields=("occupation_code",))
        likeness = self._rerank(self._query.wish, [Described(one.title, one.occupation_code) for one in hits])
        ranked = sorted(zip(likeness, hits, strict=True), key=lambda pair: (-pair[0], -pair[1].place[1], pair[1].posting_id))
        return [Candidate(self._hit(one, int(like)), "head", ()) for like, one in ranked]

    # -- by distance

    def _circle(self) -> list[Json]:
        """The query's circle as a filter that is right to the last metre: what is surely inside, and of what lies on the edge the postings
        that our own formula lets in."""
        if self._query.radius_km is None or self._query.point is None:
            return []
        point, radius = self._query.point, self._query.radius_km
        edge = _edge(radius * 1000)
        surely = [circle(*point, radius * 1000 - edge)] if radius * 1000 > edge else []
        rim = found(self._tree, [circle(*point, radius * 1000 + edge), *map(without, surely)])
        inside: list[str] = []
        for one in self._all(rim):
            if one.latitude is not None and one.longitude is not None and kilometres(*point, one.latitude, one.longitude) <= radius:
                inside.append(one.posting_id)
        return [{"bool": {"should": [*surely, ids(inside)], "minimum_should_match": 1}}]

    def _all(self, query: Json) -> Iterator[Found]:
        after: list[Any] | None = None
        while hits := self._ask(query, [{"id": "asc"}], _LARGEST_BATCH, after=after):
            yield from hits
            if len(hits) < _LARGEST_BATCH:
                return
            after = hits[-1].place

    def _by_distance(self, since: Position | None) -> Iterator[Candidate]:
        if since is None or since.phase == "near":
            yield from self._near(since)
        if self._query.radius_km is None:
            start = (since.key[0], since.posting_id) if since and since.phase == "far" else None
            yield from self._by_key(self._everything(without(located())), "date_key", start, "far")

    def _near(self, since: Position | None) -> Iterator[Candidate]:
        """Nearest first in whole metres, then the newest, then by id. Elasticsearch gives them in about that order; a metre is shown once
        nothing that is still to come can belong to it."""
        assert self._query.point is not None  # a Query that sorts by distance has a point
        least = 0
        if since is not None:
            yield from self._at(since.key[0], [since.key[1], since.posting_id])
            least = since.key[0] + 1
        by_place: Json = {"_geo_distance": {"location": list(reversed(self._query.point)), "unit": "m", "order": "asc"}}
        batch = max(_NEAR_BATCH, self._query.limit + 1)
        while True:
            beyond = self._not_within(least - 0.5)
            hits = self._ask(self._everything(located(), *beyond), [by_place, {"date_key": "desc"}, {"id": "asc"}], batch)
            last = len(hits) < batch
            below = math.inf if last else math.floor(hits[-1].place[0] - _edge(hits[-1].place[0]))
            ready = [one for one in map(self._placed, hits) if least <= one.key[0] < below]
            yield from sorted(ready, key=lambda one: (one.key[0], -one.key[1], one.hit.posting_id))
            if last:
                return
            if ready:
                least = int(below)
                batch = min(batch * 2, _LARGEST_BATCH)
            else:  # a crowd at about one place: metre by metre
                metre = max(least, int(below))
                yield from self._at(metre, None)
                least = metre + 1

    def _placed(self, one: Found) -> Candidate:
        assert self._query.point is not None
        assert one.latitude is not None
        assert one.longitude is not None
        away = metres(*self._query.point, one.latitude, one.longitude)
        return Candidate(self._hit(one), "near", (away, int(one.place[-2])))

    def _at(self, metre: int, after: list[Any] | None) -> Iterator[Candidate]:
        """All at this whole metre, the newest first."""
        assert self._query.point is not None
        reach = circle(*self._query.point, metre + 0.5 + _edge(metre))
        query = self._everything(reach, *self._not_within(metre - 0.5))
        batch = self._query.limit + 1
        while hits := self._ask(query, [{"date_key": "desc"}, {"id": "asc"}], batch, after=after):
            yield from (one for one in map(self._placed, hits) if one.key[0] == metre)
            if len(hits) < batch:
                return
            after = hits[-1].place
            batch = min(batch * 2, _LARGEST_BATCH)

    def _not_within(self, reach: float) -> list[Json]:
        """Surely leaves out nothing that lies so many metres away or farther."""
        assert self._query.point is not None
        reach -= _edge(reach)
        return [without(circle(*self._query.point, reach))] if reach > 0 else []


def _edge(reach: float) -> float:
    """How far its distance and ours may lie apart at so many metres, with a margin."""
    return _EDGE_M if reach < _FAR_M else _FAR_EDGE_M
