"""A new index beside the old one: filled, caught up, compared, and only then put in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from search.documents import IndexDocument
from search.errors import ShrunkIndex
from search.index import PostingIndex, is_elastic

AT_LEAST = 0.8


@dataclass(frozen=True)
class Compared:
    """Postings that can be found in the old and the new index; ``old`` is None where there was none or it cannot be read."""

    old: int | None
    new: int

    def holds(self, at_least: float) -> bool:
        """Whether the new one holds at least this part of the old one."""
        return self.old is None or self.new >= at_least * self.old


class Replacement(Protocol):
    """A new, empty index of some engine beside the live one."""

    @property
    def index(self) -> PostingIndex:
        """The new one."""

    def count_old(self) -> int | None:
        """Postings that can be found in the live one; None where there is none or it cannot be read."""

    def put_in_place(self) -> None:
        """The new one becomes the live one, at once, and the old one goes."""

    def discard(self) -> None:
        """Removes the new one."""


def _replacement(url: str, options: Mapping[str, Any] | None) -> Replacement:
    if is_elastic(url):
        from search.elastic_reindex import ElasticReplacement

        return ElasticReplacement(url, options)
    from search.tantivy_reindex import TantivyReplacement

    return TantivyReplacement(url)


class Reindexing:
    """A new, empty index, while the old one goes on answering.

    Fill ``index`` from the tables, ``commit`` with the offset they stood at, follow up to the present, then ``swap``. Left without a swap
    (an error, ``with`` ended early), the new index is removed and nothing has changed.
    """

    def __init__(self, url: str, *, options: Mapping[str, Any] | None = None):
        self._replacement = _replacement(url, options)
        self.index = self._replacement.index
        self._swapped = False

    def compare(self) -> Compared:
        """Counts both."""
        return Compared(self._replacement.count_old(), self.index.count())

    def swap(self, *, at_least: float = AT_LEAST, force: bool = False) -> Compared:
        """Puts the new index in the old one's place and removes the old. Raises ShrunkIndex below ``at_least``, unless forced."""
        compared = self.compare()
        if not force and not compared.holds(at_least):
            raise ShrunkIndex(compared.old or 0, compared.new, at_least)
        self.index.close()
        self._replacement.put_in_place()
        self._swapped = True
        return compared

    def __enter__(self) -> Reindexing:
        return self

    def __exit__(self, *_: object) -> None:
        self.index.close()
        if not self._swapped:
            self._replacement.discard()


def reindex(
    url: str,
    documents: Iterable[IndexDocument],
    offset: int,
    *,
    at_least: float = AT_LEAST,
    force: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Compared:
    """A new index from these documents, as of this offset, put in the old one's place.

    Raises ShrunkIndex (the old one stays) where it holds less than ``at_least`` of the old. Documents should come in the order of a stable
    read; what changed meanwhile is followed from ``offset`` after the swap, where same versions change nothing.
    """
    with Reindexing(url, options=options) as running:
        running.index.upsert(documents)
        running.index.commit(offset)
        return running.swap(at_least=at_least, force=force)


def needs_reindex(url: str, *, options: Mapping[str, Any] | None = None) -> bool:
    """Whether the index at this URL was filled with another mapping, or cannot be read as an index. Raises IndexFault where Elasticsearch
    does not answer."""
    if is_elastic(url):
        from search.elastic_reindex import stale

        return stale(url, options)
    from search.tantivy_reindex import unusable

    return unusable(url)


@dataclass(frozen=True)
class Condition:
    """What a look at the live index found. ``stale``: filled with another mapping, or not readable; ``drift``: how its mapping differs from
    the one it was made with, field by field; ``refused``: documents it did not take (posting_id -> why)."""

    stale: bool
    drift: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def condition(url: str, *, options: Mapping[str, Any] | None = None) -> Condition:
    """How the live index is, without changing or making one. Raises IndexFault where Elasticsearch does not answer."""
    if is_elastic(url):
        from search.elastic_reindex import look

        return Condition(*look(url, options))
    return Condition(needs_reindex(url))


def refused(url: str, *, options: Mapping[str, Any] | None = None) -> Mapping[str, str]:
    """Documents that the live index did not take: posting_id -> why."""
    return condition(url, options=options).refused
