"""A new index beside the old one: filled, caught up, compared, and only then put in its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from search import tantivy_folder
from search.documents import IndexDocument
from search.errors import IndexFault, MappingChanged, ShrunkIndex
from search.index import tantivy_folder as folder_of
from search.tantivy_index import TantivyIndex
from search.tantivy_search import count

AT_LEAST = 0.8


@dataclass(frozen=True)
class Compared:
    """Postings that can be found in the old and the new index; ``old`` is None where there was none or it cannot be read."""

    old: int | None
    new: int

    def holds(self, at_least: float) -> bool:
        """Whether the new one holds at least this part of the old one."""
        return self.old is None or self.new >= at_least * self.old


class Reindexing:
    """A new, empty index in its own folder, while the old one goes on answering.

    Fill ``index`` from the tables, ``commit`` with the offset they stood at, follow up to the present, then ``swap``. Left without a swap
    (an error, ``with`` ended early), the new folder is removed and nothing has changed.
    """

    def __init__(self, url: str):
        self._root: Path = folder_of(url)
        self._root.mkdir(parents=True, exist_ok=True)
        self._old = tantivy_folder.live_name(self._root)
        self._name = tantivy_folder.new_name(self._root)
        tantivy_folder.create(self._root, self._name)
        self.index = TantivyIndex(self._root, name=self._name)
        self._swapped = False

    def compare(self) -> Compared:
        """Counts both."""
        return Compared(self._count_old(), self.index.count())

    def _count_old(self) -> int | None:
        if self._old is None:
            return None
        try:
            old = tantivy_folder.open_folder(self._root / self._old)
        except IndexFault:
            return None  # a damaged index must not keep a sound one out
        old.reload()
        searcher = old.searcher()
        try:
            return count(searcher, old.parse_query("live:1"))
        except ValueError:
            return searcher.num_docs  # a mapping before tombstones

    def swap(self, *, at_least: float = AT_LEAST, force: bool = False) -> Compared:
        """Puts the new index in the old one's place and removes the old. Raises ShrunkIndex below ``at_least``, unless forced."""
        compared = self.compare()
        if not force and not compared.holds(at_least):
            raise ShrunkIndex(compared.old or 0, compared.new, at_least)
        self.index.close()
        tantivy_folder.point_to(self._root, self._name)
        self._swapped = True
        if self._old is not None:
            tantivy_folder.remove(self._root, self._old)
        return compared

    def __enter__(self) -> Reindexing:
        return self

    def __exit__(self, *_: object) -> None:
        self.index.close()
        if not self._swapped:
            tantivy_folder.remove(self._root, self._name)


def reindex(url: str, documents: Iterable[IndexDocument], offset: int, *, at_least: float = AT_LEAST, force: bool = False) -> Compared:
    """A new embedded index from these documents, as of this offset, put in the old one's place.

    Raises ShrunkIndex (the old one stays) where it holds less than ``at_least`` of the old. Documents should come in the order of a stable
    read; what changed meanwhile is followed from ``offset`` after the swap, where same versions change nothing.
    """
    with Reindexing(url) as running:
        running.index.upsert(documents)
        running.index.commit(offset)
        return running.swap(at_least=at_least, force=force)


def needs_reindex(url: str) -> bool:
    """Whether the index at this URL was filled with another mapping, or cannot be read."""
    root = folder_of(url)
    if tantivy_folder.live_name(root) is None:
        return False
    try:
        tantivy_folder.open_live(root)
    except (MappingChanged, IndexFault):
        return True
    return False
