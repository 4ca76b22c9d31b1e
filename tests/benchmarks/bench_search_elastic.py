"""The postings index in Elasticsearch beside the embedded one: filling, first searches with facets, and how soon a posting is found.

    gongqiao cluster up
    python -m tests.benchmarks.bench_search_elastic [--documents 100000] [--queries 200] [--rate 200] [--seconds 30] [--postgres]

Same made-up postings, same searches, taken in turn by both. The last part runs the index follower alone over an embedded log to which
postings are said at a steady rate: the time from the append to the first search that finds the posting. With ``--postgres`` the log is in
PostgreSQL, and relay and index follower are processes of their own, as in a cluster. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from infra.composition import open_exchange
from matcher.shapes import Posting, read_posting
from search.documents import IndexDocument
from search.elastic_index import ElasticIndex
from search.errors import IndexFault
from search.index import PostingIndex, open_index, tantivy_url
from search.query import Query, read_query
from search.relevance import Described, by_likeness
from streams.intake.index_follower import IndexFollower
from streams.intake.messages import PostingPublished
from streams.runtime.exchange import Exchange, Said
from streams.runtime.subjects import Topology
from streams.runtime.topology import TOPICS
from tests.benchmarks.bench_search import asked, made_up
from tests.cluster.market import Nursery, a_run
from tests.engines import require
from tests.search.elastic import clear, place

FACETS = "city,form,source"
TOGETHER = 10  # appends share a commit, as those of several senders do


def fill(index: PostingIndex, documents: Iterator[IndexDocument]) -> tuple[float, float]:
    """Seconds to fill an empty index, and of these the seconds to make the documents."""
    making = 0.0

    def timed() -> Iterator[IndexDocument]:
        nonlocal making
        while True:
            begun = time.perf_counter()
            chunk = list(islice(documents, 500))
            making += time.perf_counter() - begun
            if not chunk:
                return
            yield from chunk

    begun = time.perf_counter()
    index.upsert(timed())
    index.commit(1)
    return time.perf_counter() - begun, making


def kinds(count: int, seed: int) -> dict[str, list[Query]]:
    """Searches by kind, each with facets."""
    typed = asked(count, seed)
    return {
        "first_search": [read_query({**each, "facets": FACETS}) for each in typed],
        "by_date": [read_query({**each, "facets": FACETS, "sort": "date"}) for each in typed],
        "within_50_km": [
            read_query({"q": each["q"], "near": "37.87,112.55", "radius_km": 50, "sort": "distance", "facets": FACETS}) for each in typed
        ],
        "everything": [read_query({"facets": FACETS, "sort": sort}) for sort in ("date", "pay")] * (count // 10),
    }


def compare(engines: dict[str, PostingIndex], queries: list[Query]) -> dict[str, Any]:
    """p50 and p95 of each engine; the engines take each query in turn, and the first in turn changes."""
    taken: dict[str, list[float]] = {name: [] for name in engines}
    names = list(engines)
    for number, query in enumerate(queries):
        totals = set()
        for name in names[number % len(names) :] + names[: number % len(names)]:
            begun = time.perf_counter()
            totals.add(engines[name].search(query).total)
            taken[name].append((time.perf_counter() - begun) * 1000)
        assert len(totals) == 1, query
    return {name: {f"p{cut}_ms": round(float(np.percentile(values, cut)), 1) for cut in (10, 50, 95)} for name, values in taken.items()}


@contextmanager
def embedded(url: str) -> Iterator[tuple[Exchange, IndexFollower]]:
    """An exchange in one file, its index follower in this process."""
    with tempfile.TemporaryDirectory() as folder:
        exchange, writer = open_exchange(Path(folder) / "g.sqlite", b"k" * 32, {}, flows=Topology(TOPICS, ()))
        index = open_index(url)
        follower = IndexFollower(exchange, index)
        try:
            follower.step()  # the empty index is made before the clock starts
            follower.start()
            yield exchange, follower
        finally:
            follower.stop()
            index.close()
            writer.stop()


@contextmanager
def clustered(url: str) -> Iterator[tuple[Exchange, IndexFollower]]:
    """A database and topics of one's own on the local cluster; relay and index follower each in a process, and none of the subjects."""
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as folder,
        closing(Nursery(Path(folder) / "nursery.txt")) as nursery,
        a_run(nursery, Path(folder) / "run", require("kafka"), require("postgres"), partitions=8) as run,
        closing(open_index(url)) as index,
    ):
        cache = {"GONGQIAO_CACHE": require("redis"), "GONGQIAO_REDIS_PREFIX": f"test-{uuid4().hex[:12]}:"}
        run.more({"GONGQIAO_SEARCH": url, **cache})
        run.start("relay", "index")
        follower = IndexFollower(run.exchange, index)  # only looks
        try:
            # Both work before the clock starts. An index is filled from the tables first, which know of no posting here.
            run.wait(lambda: _made(index))
            run.exchange.append([Said(_published(read_posting(_posting(10**9))))], source="bench")
            run.wait(lambda: index.count() > 0)
            yield run.exchange, follower
        finally:
            run.stop()


def _made(index: PostingIndex) -> bool:
    try:
        return index.offset() is not None
    except IndexFault:
        return False


def soon(url: str, rate: int, seconds: int, say: Any, *, postgres: bool) -> dict[str, Any]:
    """Seconds from an append to the first search that finds the posting, at a steady rate, index group alone."""
    with (clustered if postgres else embedded)(url) as (exchange, follower):
        found = _at_rate(exchange, follower, open_index(url), rate, seconds, say)
    return {"log": "postgresql" if postgres else "sqlite", **found}


def _at_rate(exchange: Exchange, follower: IndexFollower, reader: PostingIndex, rate: int, seconds: int, say: Any) -> dict[str, Any]:
    made = (read_posting(_posting(number)) for number in range(rate * seconds))
    messages = [_published(posting) for posting in made]
    waiting: dict[str, float] = {}
    found: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set() or waiting:
            for posting_id, since in list(waiting.items()):
                if reader.search(Query(employer_ids=(f"e-{posting_id}",), sort="date", limit=1)).total:
                    found.append(time.perf_counter() - since)
                    del waiting[posting_id]
            time.sleep(0.005)

    watching = threading.Thread(target=look)
    watching.start()
    begun = time.perf_counter()
    lag = 0
    for number in range(0, len(messages), TOGETHER):
        if (left := begun + number / rate - time.perf_counter()) > 0:
            time.sleep(left)
        exchange.append([Said(message) for message in messages[number : number + TOGETHER]], source="bench")
        if number % rate < TOGETHER:  # one a second is watched until it is found
            waiting[messages[number].posting_id] = time.perf_counter()
            lag = max(lag, follower.lag())
    offered = len(messages) / (time.perf_counter() - begun)
    done.set()
    watching.join()
    say(f"{len(found)} watched")
    return {
        "offered_a_second": round(offered, 1),
        "watched": len(found),
        "p50_s": round(statistics.median(found), 2),
        "p99_s": round(float(np.percentile(found, 99)), 2),
        "worst_s": round(max(found), 2),
        "longest_lag_messages": lag,
    }


def _published(posting: Posting) -> PostingPublished:
    return PostingPublished(posting_id=posting.posting_id, posting=posting, revision=1)


def _posting(number: int) -> dict[str, Any]:
    return {
        "posting_id": f"p-{number}", "source": "enterprise", "title": "焊工", "description": "负责结构件的焊接，按图纸下料、组对、自检。",
        "employer": {"employer_id": f"e-p-{number}", "name": "太原某某机械厂"}, "region": "140105",
        "pay": {"min": 5000, "max": 7000, "unit": "month"}, "published_at": "2026-11-02T09:00:00+08:00",
        "location": {"lat": 37.73, "lon": 112.56}, "employment_form": "full_time",
    }  # fmt: skip


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def main(arguments: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url")
    parser.add_argument("--postgres", action="store_true", help="the last part over a log in PostgreSQL, on the local cluster")
    given = parser.parse_args(arguments)
    out: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="minutes"), "documents": given.documents, "queries": given.queries}
    by_likeness("预热", [Described("预热", None)])
    url, soon_url = place(given.url), place(given.url)
    try:
        if given.seconds:
            out["searchable_after"] = soon(
                soon_url, given.rate, given.seconds, lambda line: print(line, file=sys.stderr), postgres=given.postgres
            )
            out["load_average_then"] = round(os.getloadavg()[0], 1)
        if given.documents:
            with tempfile.TemporaryDirectory() as folder:
                engines: dict[str, PostingIndex] = {"elasticsearch": ElasticIndex(url), "tantivy": open_index(tantivy_url(folder))}
                for name, index in engines.items():
                    whole, making = fill(index, made_up(given.documents, given.seed))
                    out[f"{name}_fill_s"] = {"whole": round(whole, 1), "of_this_making_documents": round(making, 1)}
                    print(name, out[f"{name}_fill_s"], file=sys.stderr)
                index = ElasticIndex(url)
                stats = index._client.indices.stats(index=index.name)["_all"]["primaries"]["store"]["size_in_bytes"]
                out["elasticsearch_mb"] = round(stats / 1e6)
                out["tantivy_mb"] = round(sum(each.stat().st_size for each in Path(folder).rglob("*") if each.is_file()) / 1e6)
                for kind, queries in kinds(given.queries, given.seed).items():
                    out[kind] = compare(engines, queries)
                for each in engines.values():
                    each.close()
            out["load_average"] = round(os.getloadavg()[0], 1)
    finally:
        clear(url)
        clear(soon_url)
    return out


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
