"""A new folder beside the live one of an embedded index."""

from __future__ import annotations

from pathlib import Path

from search import tantivy_folder
from search.errors import IndexFault, MappingChanged
from search.index import tantivy_folder as folder_of
from search.tantivy_index import TantivyIndex
from search.tantivy_search import count


class TantivyReplacement:
    """``search.reindex.Replacement`` in a folder."""

    def __init__(self, url: str):
        self._root: Path = folder_of(url)
        self._root.mkdir(parents=True, exist_ok=True)
        self._old = tantivy_folder.live_name(self._root)
        self._name = tantivy_folder.new_name(self._root)
        tantivy_folder.create(self._root, self._name)
        self.index = TantivyIndex(self._root, name=self._name)

    def count_old(self) -> int | None:
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

    def put_in_place(self) -> None:
        tantivy_folder.point_to(self._root, self._name)
        if self._old is not None:
            tantivy_folder.remove(self._root, self._old)

    def discard(self) -> None:
        tantivy_folder.remove(self._root, self._name)


def unusable(url: str) -> bool:
    """Whether the folder was filled with another mapping, or cannot be read."""
    root = folder_of(url)
    if tantivy_folder.live_name(root) is None:
        return False
    try:
        tantivy_folder.open_live(root)
    except (MappingChanged, IndexFault):
        return True
    return False
