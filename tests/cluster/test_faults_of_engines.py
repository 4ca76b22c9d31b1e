"""Kafka, PostgreSQL, Elasticsearch and Redis stop, die and come back in mid-run: what comes of it is what comes of an undisturbed run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from search.elastic_index import ElasticIndex
from search.errors import IndexFault
from search.query import Query
from streams.intake import queries
from streams.intake.index_follower import IndexFollower
from streams.matching.messages import PostingMatched
from tests.cluster.market import SUBJECTS, Facts, Run, assert_same, say_people, say_postings
from tests.engines import OwnEngines

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]
Market = tuple[Facts, dict[str, Any]]
AWAY_S = 20.0
INDEX_AWAY_S = 60.0


def in_mid_run(run: Run, market: Market, harm: Callable[[], None], *besides: str) -> None:
    facts, expected = market
    run.start("relay", *SUBJECTS, *besides)
    say_people(run.exchange, facts)
    run.drain()
    say_postings(run.exchange, facts.postings[: len(facts.postings) // 2])
    run.wait(lambda: run.count(PostingMatched.type) >= len(facts.postings) // 8)
    harm()
    run.drain()
    assert all(run.alive(name) for name in run.children), run.last_words()
    assert run.letters() == []
    assert_same(run.contents(), expected)


def test_a_broker_stopped_for_twenty_seconds_holds_up_and_loses_nothing(run: Run, market: Market, own: OwnEngines) -> None:
    facts = market[0]

    def harm() -> None:
        own.stop("kafka")
        say_postings(run.exchange, facts.postings[len(facts.postings) // 2 :])  # who says something does not notice
        run.wait(lambda: "Kafka" in run.log_of("relay").read_text())
        time.sleep(AWAY_S)
        assert run.left()["relay"] > 0 or run.left()["outbox"] > 0
        own.start("kafka")

    in_mid_run(run, market, harm)
    assert run.log_of("relay").stat().st_size < 200_000, "a broker that is away must not fill the disk with lines"


def test_a_broker_killed_holds_up_and_loses_nothing(run: Run, market: Market, own: OwnEngines) -> None:
    facts = market[0]

    def harm() -> None:
        own.kill("kafka")
        say_postings(run.exchange, facts.postings[len(facts.postings) // 2 :])
        own.start("kafka")

    in_mid_run(run, market, harm)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_database_restarted_holds_up_and_loses_nothing(run: Run, market: Market, own: OwnEngines, how: str) -> None:
    facts = market[0]

    def harm() -> None:
        getattr(own, how)("postgres")
        # Every worker at work has met the fault and says so.
        run.wait(lambda: any("waits" in run.log_of(name).read_text() for name in ("intake", "matching", "delivery")))
        own.start("postgres")
        say_postings(run.exchange, facts.postings[len(facts.postings) // 2 :])

    in_mid_run(run, market, harm)


def test_a_cache_flushed_and_stopped_costs_nothing(run: Run, market: Market, own_cache: OwnEngines) -> None:
    facts = market[0]
    run.more({"GONGQIAO_CACHE": own_cache.url("redis")})

    def harm() -> None:
        with redis.Redis.from_url(own_cache.url("redis")) as client:
            client.flushall()
        own_cache.kill("redis")
        say_postings(run.exchange, facts.postings[len(facts.postings) // 2 :])
        run.wait(lambda: run.count(PostingMatched.type) >= len(facts.postings) * 3 // 4)
        own_cache.start("redis")

    in_mid_run(run, market, harm)


def test_an_index_away_for_a_minute_holds_up_nobody_and_finds_everything_afterwards(
    run: Run, market: Market, own_search: OwnEngines
) -> None:
    facts = market[0]
    url = own_search.url("elastic")
    run.more({"GONGQIAO_SEARCH": url})
    index = ElasticIndex(url)

    def harm() -> None:
        run.wait(lambda: index.count() > 0)
        own_search.kill("elastic")
        say_postings(run.exchange, facts.postings[len(facts.postings) // 2 :])
        run.wait(lambda: "index waits" in run.log_of("index").read_text())
        time.sleep(INDEX_AWAY_S)
        run.drain()  # nobody but the index waits for it
        own_search.start("elastic")

    in_mid_run(run, market, harm, "index")
    follower = IndexFollower(run.exchange, index)  # only looks
    run.wait(lambda: answers(index) and follower.lag() == 0)
    with run.exchange.reading() as connection:
        public = [found["posting_id"] for found in queries.published(connection, limit=len(facts.postings) + 1)]
    found, query = [], Query(limit=100)
    while True:
        page = index.search(query)
        found += page.posting_ids
        if page.cursor is None:
            break
        query = query.after(page.cursor)
    index.close()
    assert sorted(found) == public
    assert len(public) == len(facts.postings)


def answers(index: ElasticIndex) -> bool:
    try:
        index.count()
    except IndexFault:
        return False
    return True
