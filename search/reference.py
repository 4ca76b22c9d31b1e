"""The reference evaluator: plain Python that defines what a query means. Slow on purpose; engines are compared with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from matcher.places import kilometres
from search.circles import metres
from search.cursors import Position, decode, mark_of
from search.documents import IndexDocument, units_of
from search.index import HEAD, Allowed, Candidate, Hit, Page, ordered_counts, page_of
from search.query import Query
from search.relevance import Described, Rerank, by_likeness
from search.tree import All, AnyOf, AtLeast, AtMostOrUnknown, Node, Not, OneOf, Phrase, Prefix, Term, Within


def matches(document: IndexDocument, node: Node) -> bool:
    """Whether the document is found by this node."""
    match node:
        case All(nodes):
            return all(matches(document, each) for each in nodes)
        case AnyOf(nodes):
            return any(matches(document, each) for each in nodes)
        case Not(inner):
            return not matches(document, inner)
        case Term(needles):
            return document.grams.issuperset(needles)
        case Phrase(units):
            return any(_follow(units_of(field), units) for field in document.fields)
        case Prefix(start):
            return any(token.startswith(start) for token in document.grams)
        case OneOf(field, values):
            return not set(values).isdisjoint(_values(document, field))
        case AtLeast(field, least):
            number = getattr(document, field)
            return number is not None and number >= least
        case AtMostOrUnknown(field, most):
            number = getattr(document, field)
            return number is None or number <= most
        case Within(latitude, longitude, radius):
            if document.latitude is None or document.longitude is None:
                return False
            return kilometres(latitude, longitude, document.latitude, document.longitude) <= radius


def _follow(units: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(units[at : at + len(wanted)] == wanted for at in range(len(units) - len(wanted) + 1))


def _values(document: IndexDocument, field: str) -> tuple[str, ...]:
    several = {"region": "covering", "zone": "zones", "occupation": "occupations", "open_to": "open_to", "offers": "offers"}
    if field in several:
        return getattr(document, several[field])
    value = getattr(document, field)
    return () if value is None else (value,)


@dataclass(frozen=True)
class _Gone:
    version: int


class ReferenceIndex:
    """A dictionary of documents behind the interface of ``search.index.PostingIndex``."""

    def __init__(self, *, rerank: Rerank | None = None, head: int = HEAD):
        self._rerank = rerank or by_likeness
        self._head = head
        self._known: dict[str, IndexDocument | _Gone] = {}
        self._pending: dict[str, IndexDocument | _Gone] = {}
        self._offset: int | None = None

    def begin(self) -> int | None:
        self.rollback()
        return self._offset

    def upsert(self, documents: Iterable[IndexDocument]) -> int:
        return sum(self._put(document.posting_id, document) for document in documents)

    def delete(self, posting_id: str, version: int) -> bool:
        return self._put(posting_id, _Gone(version))

    def _put(self, posting_id: str, item: IndexDocument | _Gone) -> bool:
        held = self._pending.get(posting_id) or self._known.get(posting_id)
        if held is not None and held.version >= item.version:
            return False
        self._pending[posting_id] = item
        return True

    def commit(self, offset: int) -> None:
        self._known.update(self._pending)
        self._pending.clear()
        self._offset = offset

    def rollback(self) -> None:
        self._pending.clear()

    def offset(self) -> int | None:
        return self._offset

    def _documents(self) -> list[IndexDocument]:
        return [item for item in self._known.values() if isinstance(item, IndexDocument)]

    def count(self) -> int:
        return len(self._documents())

    def refresh(self) -> None:
        return None

    def close(self) -> None:
        self.rollback()

    def search(self, query: Query, *, allowed: Allowed | None = None, head: int | None = None, counted: bool = True) -> Page:
        since = decode(query)
        tree = query.tree()
        found = [document for document in self._documents() if matches(document, tree)]
        hits, cursor = page_of(query, self._walk(query, found, since, head or self._head), since, allowed)
        if not counted:
            return Page(hits, cursor, 0, {})
        facets = {name: ordered_counts(Counter(value for document in found for value in document.facet(name))) for name in query.facets}
        return Page(hits, cursor, len(found), facets)

    def _walk(self, query: Query, found: list[IndexDocument], since: Position | None, head: int) -> Iterator[Candidate]:
        if query.order == "relevance":
            return self._by_relevance(query, found, since, head)
        if query.order == "distance":
            return self._by_distance(query, found, since)
        return self._by_key(query, found, since, lambda document: document.pay_key if query.order == "pay" else document.date_key)

    def _by_key(
        self, query: Query, found: list[IndexDocument], since: Position | None, key: Callable[[IndexDocument], int]
    ) -> Iterator[Candidate]:
        """Highest key first, equal ones by id."""
        start = (-since.key[0], since.posting_id) if since and since.phase == "key" else None
        for document in sorted(found, key=lambda document: (-key(document), document.posting_id)):
            if start is None or (-key(document), document.posting_id) > start:
                yield Candidate(_hit(query, document), "key", (key(document),))

    def _by_distance(self, query: Query, found: list[IndexDocument], since: Position | None) -> Iterator[Candidate]:
        """Nearest first in whole metres, then the newest; at the end what has no location, the newest first."""
        ranked: list[tuple[tuple[int, int, int, str], Candidate]] = []
        for document in found:
            hit = _hit(query, document)
            if query.point is not None and document.latitude is not None and document.longitude is not None:
                away = metres(*query.point, document.latitude, document.longitude)
                ranked.append(((0, away, -document.date_key, hit.posting_id), Candidate(hit, "near", (away, document.date_key))))
            else:
                ranked.append(((1, 0, -document.date_key, hit.posting_id), Candidate(hit, "far", (document.date_key,))))
        start: tuple[int, int, int, str] | None = None
        if since is not None and since.phase == "near":
            start = (0, since.key[0], -since.key[1], since.posting_id)
        elif since is not None:
            start = (1, 0, -since.key[0], since.posting_id)
        for place, candidate in sorted(ranked, key=lambda item: item[0]):
            if start is None or place > start:
                yield candidate

    def _by_relevance(self, query: Query, found: list[IndexDocument], since: Position | None, head: int) -> Iterator[Candidate]:
        """The best, most alike first; then the rest by date. What was shown of the best does not come again."""
        shown = since.shown if since else frozenset()
        fresh = [document for document in found if mark_of(document.posting_id) not in shown]
        first: set[str] = set()
        if since is None or since.phase == "head":
            likeness = dict(zip((d.posting_id for d in found), self._rerank(query.wish, [_described(d) for d in found]), strict=True))
            ranked = sorted(found, key=lambda d: (-likeness[d.posting_id], -d.date_key, d.posting_id))[:head]
            ranked = [document for document in ranked if mark_of(document.posting_id) not in shown][: max(0, head - len(shown))]
            first = {document.posting_id for document in ranked}
            for document in ranked:
                yield Candidate(_hit(query, document, likeness[document.posting_id]), "head", ())
        rest = [document for document in fresh if document.posting_id not in first]
        yield from self._by_key(query, rest, since, lambda document: document.date_key)


def _described(document: IndexDocument) -> Described:
    return Described(document.title, document.occupation_code)


def _hit(query: Query, document: IndexDocument, likeness: int | None = None) -> Hit:
    away = None
    if query.point is not None and document.latitude is not None and document.longitude is not None:
        away = kilometres(*query.point, document.latitude, document.longitude)
    return Hit(document.posting_id, document.title, away, likeness)
