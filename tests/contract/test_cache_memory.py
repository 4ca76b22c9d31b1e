"""The cache cases on this process's memory, and what only it can promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.cache import memory
from api.cache.memory import MemoryCache
from api.cache.opening import CacheUrlError, open_cache
from api.cache.shapes import Cache, Limit
from tests.contract.cache_suite import HOUR, CacheCases


@pytest.fixture
def cache() -> Iterator[Cache]:
    made = open_cache("memory://")
    yield made
    made.close()


@pytest.fixture
def other(cache: Cache) -> Cache:
    return cache


class TestMemoryCache(CacheCases):
    pass


def test_a_bucket_fills_evenly() -> None:
    now = [0.0]
    cache = MemoryCache(lambda: now[0])
    limit = Limit("evenly", 10, 60.0)
    assert cache.take(limit, "a", 10).full_after == 60
    now[0] = 5.0
    assert not cache.take(limit, "a").allowed
    assert cache.take(limit, "a").wait == 1
    now[0] = 6.0
    assert cache.take(limit, "a").allowed
    now[0] = 1000.0
    assert cache.take(limit, "a").remaining == 9


def test_what_is_full_again_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_BUCKETS", 3)
    now = [0.0]
    cache = MemoryCache(lambda: now[0])
    cache.take(HOUR, "emptied", 10)
    for who in ("b", "c"):
        cache.take(HOUR, who)
    now[0] = 400.0  # one an hour's tenth: b and c are full again
    cache.take(HOUR, "d")
    assert not cache.take(HOUR, "emptied", 5).allowed
    assert cache.take(HOUR, "d").remaining == 8


def test_values_have_an_end_to_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_BYTES", 100)
    cache = MemoryCache()
    cache.keep("a", b"x" * 60, 3600)
    cache.keep("b", b"y" * 60, 3600)
    cache.keep("c", b"z" * 101, 3600)
    assert (cache.kept("a"), cache.kept("c")) == (None, None)
    assert cache.kept("b") == b"y" * 60


@pytest.mark.parametrize("url", ["", "memcached://x", "localhost:6379"])
def test_a_url_of_no_cache_is_refused(url: str) -> None:
    with pytest.raises(CacheUrlError, match="redis://"):
        open_cache(url)
