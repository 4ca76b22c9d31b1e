"""The embedded index: tantivy (through tantivy-py) in a folder of the data directory.

    folder/current.json                  which of the folders below is the live one
    folder/postings-<mapping hash>-<n>/  one index, and in it follower.json: the offset, written after the commit

One process writes (tantivy holds a lock that ends with the process), any number read. What tantivy cannot say (the circle within a box, the
order by distance) is computed exactly from its columns; every other filter, count and order is tantivy's own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import tantivy

from search import tantivy_folder
from search.cursors import decode
from search.documents import IndexDocument
from search.errors import IndexFault
from search.index import HEAD, Allowed, Page, page_of
from search.query import Query
from search.relevance import Rerank, by_likeness
from search.tantivy_mapping import Compiler, to_tantivy, tombstone
from search.tantivy_search import Ranked, Search, View, count, stored

_WRITER_BYTES = 64_000_000
_LOOKED_UP_TOGETHER = 1000
_REMEMBERED_HEADS = 64


class TantivyIndex:
    """``search.index.PostingIndex`` over a folder; safe to search from several threads, written by one.

    ``name`` opens another folder than the live one (a reindex fills it). Raises MappingChanged, IndexFault.
    """

    def __init__(self, root: Path, *, rerank: Rerank | None = None, head: int = HEAD, name: str | None = None):
        self._root = root
        self._rerank = rerank or by_likeness
        self._head = head
        self._fixed = name is not None
        self._writer: tantivy.IndexWriter | None = None
        self._pending: dict[str, int] = {}
        self._lock = threading.Lock()
        self._heads: OrderedDict[tuple[int, str, int], list[Ranked]] = OrderedDict()
        self._generation = 0
        root.mkdir(parents=True, exist_ok=True)
        if name is None:
            self._name, self._index = tantivy_folder.open_live(root)
        else:
            self._name, self._index = name, tantivy_folder.open_folder(root / name)
        self._view = self._look()

    @property
    def folder(self) -> Path:
        """The folder this index lies in."""
        return self._root / self._name

    def _look(self) -> View:
        self._index.reload()
        self._generation += 1
        return View(self._index.searcher(), Compiler(self._index.schema), self._generation)

    def refresh(self) -> None:
        """Sees what another process committed, or the new folder after a reindex."""
        with self._lock:
            live = tantivy_folder.live_name(self._root)
            if not self._fixed and live is not None and live != self._name and self._writer is None:
                self._name, self._index = tantivy_folder.open_live(self._root)
            self._view = self._look()
            self._heads.clear()

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            try:
                # One thread: documents come in small batches, and one segment a commit is merged less.
                writer = self._index.writer(heap_size=_WRITER_BYTES, num_threads=1)
                # A process killed in mid-commit leaves files under the very names the next commit may want.
                writer.garbage_collect_files()
                self._writer = writer
            except (OSError, ValueError) as error:
                raise IndexFault(
                    f"{self.folder}: cannot be written; does another process (gongqiao run, reindex) write it? ({error})"
                ) from error
        return self._writer

    def begin(self) -> int | None:
        self.rollback()
        return self.offset()

    def upsert(self, documents: Iterable[IndexDocument]) -> int:
        taken = 0
        for chunk in _chunks(documents):
            known = self._versions([document.posting_id for document in chunk])
            for document in chunk:
                taken += self._put(document.posting_id, document.version, known, document)
        return taken

    def delete(self, posting_id: str, version: int) -> bool:
        return self._put(posting_id, version, self._versions([posting_id]), None)

    def _put(self, posting_id: str, version: int, known: dict[str, int], document: IndexDocument | None) -> bool:
        held = known.get(posting_id)
        if held is not None and held >= version:
            return False
        writer = self._writing()
        try:
            if held is not None:
                writer.delete_documents_by_term("id", posting_id)
            writer.add_document(tombstone(posting_id, version) if document is None else to_tantivy(document))
        except (OSError, ValueError) as error:
            raise IndexFault(f"{self.folder}: not written ({error})") from error
        known[posting_id] = self._pending[posting_id] = version
        return True

    def _versions(self, posting_ids: list[str]) -> dict[str, int]:
        """Versions held, committed or not, deleted ones too."""
        known: dict[str, int] = {}
        searcher = self._view.searcher
        if searcher.num_docs:
            hits = searcher.search(self._view.compiler.ids(posting_ids), len(posting_ids) + 1, count=False).hits
            addresses = [address for _, address in hits]
            versions = searcher.fast_field_values("version", addresses)
            known = {stored(searcher.doc(address), "id"): int(version or 0) for address, version in zip(addresses, versions, strict=True)}
        known.update((posting_id, self._pending[posting_id]) for posting_id in posting_ids if posting_id in self._pending)
        return known

    def commit(self, offset: int) -> None:
        if self._pending:
            try:
                self._writing().commit()
            except (OSError, ValueError) as error:
                raise IndexFault(f"{self.folder}: not committed ({error})") from error
            self._pending.clear()
            self.refresh()
        tantivy_folder.remember_offset(self.folder, offset)

    def rollback(self) -> None:
        if self._pending:
            writer = self._writing()
            writer.rollback()
            writer.garbage_collect_files()  # a commit that failed half-way leaves what a killed one leaves
            self._pending.clear()

    def offset(self) -> int | None:
        return tantivy_folder.offset_in(self.folder)

    def count(self) -> int:
        view = self._view
        return count(view.searcher, view.compiler.unsigned("live", 1))

    def search(self, query: Query, *, allowed: Allowed | None = None, head: int | None = None, counted: bool = True) -> Page:
        since = decode(query)
        view = self._view
        head = head or self._head
        search = Search(view, query, head)
        ranked = self._ranked(view, search, query, head) if query.order == "relevance" and (since is None or since.phase == "head") else []
        hits, cursor = page_of(query, search.candidates(since, ranked), since, allowed)
        total, facets = search.counts() if counted else (0, {})
        return Page(hits, cursor, total, facets)

    def _ranked(self, view: View, search: Search, query: Query, head: int) -> list[Ranked]:
        """The re-ranked head, kept for the pages that follow while the index stays as it is."""
        key = (view.generation, query.identity, head)
        with self._lock:
            if key in self._heads:
                self._heads.move_to_end(key)
                return self._heads[key]
        ranked = search.best(self._rerank)
        with self._lock:
            self._heads[key] = ranked
            while len(self._heads) > _REMEMBERED_HEADS:
                self._heads.popitem(last=False)
        return ranked

    def close(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            self._pending.clear()
            with suppress(OSError, ValueError):
                writer.rollback()
                writer.wait_merging_threads()


def _chunks(documents: Iterable[IndexDocument]) -> Iterator[list[IndexDocument]]:
    rest = iter(documents)
    while chunk := list(islice(rest, _LOOKED_UP_TOGETHER)):
        yield chunk
