"""How long ``gongqiao reindex`` takes: a new index from the tables of N open postings, by the command as an operator runs it.

    python -m tests.benchmarks.bench_reindex --postings 500000 [--cluster]

Embedded: SQLite and tantivy. ``--cluster``: PostgreSQL and Elasticsearch of the local cluster, in a database and under a prefix of its own.
Postings of the sample, the same fifty thousand again and again under other ids. Prints one JSON object on its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from infra.migrate import migrate
from infra.sample import generate
from matcher.shapes import read_posting
from streams.intake.messages import posting_document
from streams.intake.tables import postings
from streams.runtime.database import open_engine
from streams.runtime.messages import to_json
from tests.benchmarks.bench_start import DISTINCT, fill

_NOW = "2026-11-20T02:00:00+00:00"
_EMPTY = {"notes": b"{}", "reasons": b"[]", "sources": b"[]"}


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Published postings as intake keeps them, under ids of their own."""
    sample = generate(seed=2, postings=min(count, DISTINCT), employers=5_000, people=1, today=date(2026, 11, 20))
    read = [read_posting(row) for row in sample.postings]
    bodies = [(posting, to_json(posting_document(posting)).decode()) for posting in read]
    for number in range(count):
        posting, body = bodies[number % len(bodies)]
        id_ = f"p-{number:08d}"
        yield {
            "posting_id": id_,
            "revision": 1,
            "state": "published",
            "source": posting.source,
            "owner": "sample",
            "via": "feed",
            "verified": True,
            "region": posting.region,
            "title": posting.title,
            "doc": body.replace(f'"{posting.posting_id}"', f'"{id_}"', 1).encode(),
            "content_hash": id_,
            "hired": 0,
            "hired_revision": 0,
            "filled": 0,
            "received_at": _NOW,
            "received_seq": number,
            "published_at": _NOW,
            "changed_at": _NOW,
            **_EMPTY,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postings", type=int, default=500_000)
    parser.add_argument("--cluster", action="store_true")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GONGQIAO_")}
        settings = {"GONGQIAO_DATA_DIR": str(folder), "GONGQIAO_MASTER_KEY": "ab" * 32}
        state: Any = folder / "gongqiao.sqlite"
        if given.cluster:
            from tests.cluster.fresh import fresh_database
            from tests.engines import require
            from tests.search.elastic import elastic_place

            state = stack.enter_context(fresh_database(require("postgres")))
            settings["GONGQIAO_STATE"] = state
            settings["GONGQIAO_SEARCH"] = stack.enter_context(elastic_place())
            settings["GONGQIAO_LOG"] = require("kafka")
        else:
            migrate(state)
        engine = open_engine(state)
        fill(engine, postings, rows(given.postings))
        engine.dispose()
        began = time.perf_counter()
        command = [sys.executable, "-c", "from infra.cli import main; main()", "reindex"]
        done = subprocess.run(command, env={**outside, **settings}, check=True, capture_output=True, text=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = time.perf_counter() - began
        assert f"new index: {given.postings} postings" in done.stdout, done.stdout
        found = {
            "postings": given.postings,
            "seconds": round(seconds, 1),
            "postings_a_second": round(given.postings / seconds),
            "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
            "resident_mb": used.ru_maxrss // 1024,
            "load_after": round(os.getloadavg()[0], 1),
            "where": "postgresql, elasticsearch" if given.cluster else "sqlite, tantivy",
        }
        print(json.dumps(found))


if __name__ == "__main__":
    main()
