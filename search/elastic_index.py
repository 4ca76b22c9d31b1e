"""The index of postings in Elasticsearch. Opening connects to nothing: an engine that is down is a fault of the first question.

Writes wait in memory until ``commit``: sent in bulk with the posting's revision as external version, made visible by our own refresh, and
only then the offset is written, into a document of the same index. A crash between the two leaves the old offset, and what is then sent
again is superseded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from search.cursors import decode
from search.documents import IndexDocument
from search.elastic_names import Names
from search.elastic_search import Search
from search.elastic_server import IndexGone, server_of
from search.elastic_writer import ElasticWriter
from search.index import HEAD, Allowed, Page, page_of
from search.query import Query
from search.relevance import Rerank, by_likeness

T = TypeVar("T")


class ElasticIndex:
    """``search.index.PostingIndex`` over Elasticsearch; safe to search from several threads, written by one.

    ``name`` binds it to one index, live or not (a reindex fills it). Raises MappingChanged, IndexFault at the first question.
    """

    def __init__(
        self, url: str, *, options: Mapping[str, Any] | None = None, rerank: Rerank | None = None, head: int = HEAD, name: str | None = None
    ):
        self.server = server_of(url, options)
        self._client = self.server.client()
        self.names = Names(self.server, self._client)
        self._writer = ElasticWriter(self.server, self._client, self.names, name)
        self._rerank = rerank or by_likeness
        self._head = head
        self._fixed = name
        self._name = name
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The index that is asked."""
        name = self._name
        if name is None:
            with self._lock:
                name = self._name = self._name or self.names.open_live().name
        return name

    def _asking(self, question: Callable[[str], T]) -> T:
        """Asks the index; once more where another has taken its place meanwhile."""
        name = self.name
        try:
            return question(name)
        except IndexGone:
            if self._fixed is not None:
                raise
            self.refresh()
            return question(self.name)

    def begin(self) -> int | None:
        return self._writer.begin()

    def upsert(self, documents: Iterable[IndexDocument]) -> int:
        return self._writer.upsert(documents)

    def delete(self, posting_id: str, version: int) -> bool:
        return self._writer.delete(posting_id, version)

    def commit(self, offset: int) -> None:
        self._writer.commit(offset)

    def rollback(self) -> None:
        self._writer.rollback()

    def offset(self) -> int | None:
        return self._asking(self._writer.offset_in)

    def count(self) -> int:
        def question(name: str) -> int:
            with self.server.faults():
                return int(self._client.count(index=name, query={"term": {"live": True}})["count"])

        return self._asking(question)

    def refused(self, limit: int = 100) -> dict[str, str]:
        """Documents that were not taken and what is said against them: posting_id -> reason; at most ``limit``."""

        def question(name: str) -> dict[str, str]:
            with self.server.faults():
                answer = self._client.search(
                    index=name,
                    query={"exists": {"field": "refused"}},
                    size=limit,
                    source=False,
                    docvalue_fields=[{"field": "id"}, {"field": "refused"}],
                )
            return {hit["fields"]["id"][0]: hit["fields"]["refused"][0] for hit in answer["hits"]["hits"]}

        return self._asking(question)

    def drift(self) -> list[str]:
        """How the live index's mapping differs from the one it was made with, field by field; empty where it does not."""
        return self._asking(self.names.drift)

    def refresh(self) -> None:
        """The next question asks which index is live; what was committed to it is seen by everybody at once."""
        if self._fixed is None:
            self._name = None

    def search(self, query: Query, *, allowed: Allowed | None = None, head: int | None = None, counted: bool = True) -> Page:
        since = decode(query)

        def question(name: str) -> Page:
            search = Search(self.server, self._client, name, query, head or self._head, self._rerank)
            hits, cursor = page_of(query, search.candidates(since), since, allowed)
            total, facets = search.counts() if counted else (0, {})
            return Page(hits, cursor, total, facets)

        return self._asking(question)

    def close(self) -> None:
        self._client.close()
