"""The cache cases on Redis, two clients as two processes; and what happens when it is flushed, stopped or refuses us."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from api.cache.opening import open_cache
from api.cache.shapes import Cache, CacheFault, Limit
from tests.contract.cache_suite import HOUR, CacheCases, until
from tests.contract.own_redis import OwnRedis
from tests.engines import require

pytestmark = pytest.mark.engine


@pytest.fixture
def address() -> Iterator[tuple[str, str]]:
    url, prefix = require("redis"), f"cases-{uuid4().hex[:12]}:"
    yield url, prefix
    client = redis.Redis.from_url(url)
    for key in client.scan_iter(f"{prefix}*"):
        client.delete(key)
    client.close()


@pytest.fixture
def cache(address: tuple[str, str]) -> Iterator[Cache]:
    made = open_cache(address[0], prefix=address[1])
    yield made
    made.close()


@pytest.fixture
def other(address: tuple[str, str]) -> Iterator[Cache]:
    made = open_cache(address[0], prefix=address[1])
    yield made
    made.close()


class TestRedisCache(CacheCases):
    pass


def test_every_key_goes_away_by_itself_and_names_nobody(address: tuple[str, str], cache: Cache) -> None:
    cache.take(HOUR, "203.0.113.7")
    cache.keep("facets:1:x", b"one", 5)
    client = redis.Redis.from_url(address[0])
    keys = list(client.scan_iter(f"{address[1]}*"))
    assert len(keys) == 2
    assert all(0 < client.pttl(key) <= 3_601_000 for key in keys)
    assert not any(b"203.0.113.7" in key for key in keys)
    client.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnRedis]:
    made = OwnRedis(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def shaken(own: OwnRedis) -> Iterator[Cache]:
    made = open_cache(own.url)
    yield made
    made.close()


@pytest.mark.parametrize("kill", [False, True])
def test_a_stopped_engine_is_a_fault_at_once_and_forgotten_when_it_is_back(own: OwnRedis, shaken: Cache, kill: bool) -> None:
    shaken.take(HOUR, "a", 10)
    own.stop(kill=kill)
    for _ in range(3):
        for ask in (lambda: shaken.take(HOUR, "a"), lambda: shaken.kept("x"), lambda: shaken.keep("x", b"", 1), lambda: shaken.ring("x")):
            with pytest.raises(CacheFault):
                ask()
    assert shaken.fault is not None
    assert "a-password" not in shaken.fault
    own.start()
    until(lambda: answers(shaken))
    assert shaken.fault is None
    assert shaken.take(HOUR, "a").remaining == 9  # it forgot; nothing else did


def test_a_flush_empties_it_and_breaks_nothing(own: OwnRedis, shaken: Cache) -> None:
    shaken.take(HOUR, "a", 10)
    shaken.keep("x", b"1", 3600)
    own.flush()
    assert shaken.take(HOUR, "a").remaining == 9  # also the script is sent again
    assert shaken.kept("x") is None


def test_who_listens_hears_again_after_a_restart_and_is_told_that_something_may_be_missing(own: OwnRedis, shaken: Cache) -> None:
    heard: list[str] = []
    shaken.listen(heard.append)
    shaken.ring("before")
    until(lambda: heard == ["before"])
    own.stop(kill=True)
    own.start()
    until(lambda: answers(shaken))
    until(lambda: "" in heard)
    shaken.ring("after")
    until(lambda: heard[-1] == "after")
    assert heard == ["before", "", "after"]


def test_an_engine_that_is_not_there_yet_is_found_when_it_comes(tmp_path: Path) -> None:
    late = OwnRedis(tmp_path)
    cache = open_cache(late.url)
    heard: list[str] = []
    try:
        cache.listen(heard.append)
        with pytest.raises(CacheFault):
            cache.take(HOUR, "a")
        late.start()
        until(lambda: answers(cache))
        until(lambda: heard == [""])
    finally:
        cache.close()
        late.stop()


def test_a_wrong_password_is_said_without_saying_it(own: OwnRedis) -> None:
    cache = open_cache(own.url.replace("a-password", "wrong-password"))
    with pytest.raises(CacheFault, match="refuses the user or its password"):
        cache.take(Limit("x", 1, 1), "a")
    assert "wrong-password" not in str(cache.fault)
    cache.close()


def answers(cache: Cache) -> bool:
    try:
        cache.take(HOUR, "answers", 0)
    except CacheFault:
        return False
    return True
