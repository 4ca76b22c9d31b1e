"""A place of one's own in the shared Elasticsearch: a prefix that nobody has, and nothing left under it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from search.elastic_index import ElasticIndex
from tests.engines import require


def place(url: str | None = None) -> str:
    """A URL with a prefix of its own."""
    return f"{url or require('elastic')}/test-{uuid4().hex[:12]}"


def clear(url: str) -> None:
    """Removes every index of a place."""
    index = ElasticIndex(url)
    for name in index.names.all():
        index.names.remove(name)
    index.close()


@contextmanager
def elastic_place(url: str | None = None) -> Iterator[str]:
    """A place that is cleared at the end."""
    made = place(url)
    try:
        yield made
    finally:
        clear(made)
