"""What every index of postings can do, and how one is opened. The cases in tests/contract/search_suite.py say it in full."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from search.cursors import Phase, Position, encode, mark_of
from search.documents import IndexDocument
from search.errors import IndexFault
from search.query import Query
from search.relevance import Rerank

# Of these ids, the ones whose state row still lets them be seen.
Allowed = Callable[[list[str]], Collection[str]]

HEAD = 1000  # how many of the engine's best are re-ranked


@dataclass(frozen=True, slots=True)
class Hit:
    """One posting found. ``kilometres`` where the query has a point and the posting a location; ``likeness`` (0 to 1,000) in the
    re-ranked head."""

    posting_id: str
    title: str
    kilometres: float | None = None
    likeness: int | None = None


@dataclass(frozen=True)
class Page:
    """``total`` and ``facets`` count the index's matches for all filters together; a posting hidden by ``allowed`` leaves only ``hits``.

    ``facets``: name -> {value: number}, most frequent first. ``cursor`` is None on the last page.
    """

    hits: tuple[Hit, ...]
    cursor: str | None
    total: int
    facets: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def posting_ids(self) -> list[str]:
        return [hit.posting_id for hit in self.hits]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hit with its place in the walk, before ``allowed`` was asked."""

    hit: Hit
    phase: Phase
    key: tuple[int, ...]


class PostingIndex(Protocol):
    """An index is a follower of tables: it holds versioned documents and its own offset, and may be thrown away and filled again.

    Writes are seen by searches after ``commit``. The offset is written after the documents are durable: a crash between the two leaves
    the old offset, and what is then sent again changes nothing (same versions).
    """

    def begin(self) -> int | None:
        """Where a writer follows from: the offset of the live index, to which what is written until ``commit`` belongs. Forgets what was
        not committed. A writer asks before each batch: another index may have taken the place of the one it knew."""

    def upsert(self, documents: Iterable[IndexDocument]) -> int:
        """Puts newer versions in; the same or an older version never overrides. Answers how many were taken."""

    def delete(self, posting_id: str, version: int) -> bool:
        """Takes a posting out unless a newer version is there; an older upsert does not bring it back. Answers whether it was taken."""

    def commit(self, offset: int) -> None:
        """Makes all writes durable and visible, then remembers the offset up to which the tables were followed."""

    def rollback(self) -> None:
        """Forgets the writes since the last commit."""

    def offset(self) -> int | None:
        """The offset of the last commit; None where nothing was ever committed (follow from the start)."""

    def count(self) -> int:
        """Postings that can be found."""

    def refresh(self) -> None:
        """Sees what another process committed or swapped in."""

    def search(self, query: Query, *, allowed: Allowed | None = None, head: int | None = None, counted: bool = True) -> Page:
        """One page. ``head``: how many of the engine's best are re-ranked, where fewer than usual will do (suggestions); a walk from
        page to page keeps to one. ``counted``: without it the total is 0 and no facet is there, which is quicker. Raises QueryError for a
        cursor that does not belong to the query."""

    def close(self) -> None:
        """Ends background work and frees the write lock; uncommitted writes are lost."""


def page_of(
    query: Query, candidates: Iterator[Candidate], since: Position | None, allowed: Allowed | None
) -> tuple[tuple[Hit, ...], str | None]:
    """The page's hits and the cursor after them, from candidates in order. Asks ``allowed`` for as few ids as a page needs."""
    kept: list[Candidate] = []
    while len(kept) <= query.limit:
        # One more than the page holds, to know whether there is a next page.
        batch = list(islice(candidates, query.limit + 1 - len(kept)))
        if not batch:
            break
        ids = [candidate.hit.posting_id for candidate in batch]
        visible = set(ids) if allowed is None else allowed(ids)
        kept.extend(candidate for candidate in batch if candidate.hit.posting_id in visible)
    shown = kept[: query.limit]
    cursor = None
    if len(kept) > query.limit:
        marks = since.shown if since else frozenset()
        marks |= {mark_of(candidate.hit.posting_id) for candidate in shown if candidate.phase == "head"}
        last = shown[-1]
        cursor = encode(query, Position(last.phase, last.key, last.hit.posting_id if last.phase != "head" else "", marks))
    return tuple(candidate.hit for candidate in shown), cursor


def ordered_counts(counts: dict[str, int]) -> dict[str, int]:
    """Most frequent first, equal ones by value; nothing is counted zero."""
    return {value: number for value, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if number}


def tantivy_url(folder: Path | str) -> str:
    """The URL of an embedded index in this folder (relative to the working directory or absolute)."""
    return f"tantivy:///{folder}"


def tantivy_folder(url: str) -> Path:
    """The folder of ``tantivy:///folder`` (relative) or ``tantivy:////folder`` (absolute): three and four strokes as in
    ``sqlite:///``."""
    path = url.removeprefix("tantivy:///")
    if path == url or not path:
        raise IndexFault(f"search={url}: an embedded index is tantivy:///relative/folder or tantivy:////absolute/folder")
    return Path(path)


def open_index(url: str, *, rerank: Rerank | None = None, options: Mapping[str, Any] | None = None) -> PostingIndex:
    """The index at a URL: ``tantivy:///folder`` (made when absent), ``elastic://user:password@host:port/prefix`` (``elastics://``: TLS), or
    ``memory://`` (the reference evaluator, gone with the process).

    ``options`` go to Elasticsearch (``search.elastic_server.server_of``), which is not asked anything yet. Raises IndexFault: an unknown
    URL, a damaged folder; MappingChanged where the folder was filled by a release with another mapping.
    """
    if url == "memory://":
        from search.reference import ReferenceIndex

        return ReferenceIndex(rerank=rerank)
    if url.startswith("tantivy:"):
        from search.tantivy_index import TantivyIndex

        return TantivyIndex(tantivy_folder(url), rerank=rerank)
    if is_elastic(url):
        from search.elastic_index import ElasticIndex

        return ElasticIndex(url, options=options, rerank=rerank)
    raise IndexFault(f"search={url.split('://')[0]}://…: no such index; allowed: tantivy:///folder, elastic://host:port, memory://")


def is_elastic(url: str) -> bool:
    """Whether a URL names an index in Elasticsearch."""
    return url.startswith(("elastic://", "elastics://"))
