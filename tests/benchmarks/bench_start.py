"""How long a new process takes until it can match: the market loaded from its tables, with N people and M postings.

    python -m tests.benchmarks.bench_start --people 1000000 --postings 2000 [--postgres]

Made-up people of the sample, the same fifty thousand again and again under other ids. Prints one JSON object on its last line.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from infra.migrate import migrate
from infra.sample import generate
from matcher.shapes import read_person, read_posting
from streams.intake.messages import posting_document
from streams.matching import tables
from streams.matching.memory import ON, Market
from streams.runtime.database import open_engine
from streams.runtime.messages import to_json

DISTINCT = 50_000
PAGE = 5_000


def rows_of_people(count: int) -> Iterator[dict[str, Any]]:
    sample = generate(seed=1, postings=30, employers=10, people=min(count, DISTINCT), today=date(2026, 11, 20))
    people = [read_person({name: value for name, value in row.items() if name != "private"}) for row in sample.people]
    bodies = [(person.person_id, person.model_dump_json(exclude_none=True, by_alias=True, exclude={"private"})) for person in people]
    for number in range(count):
        own, body = bodies[number % len(bodies)]
        id_ = f"u-{number:08d}"
        document = body.replace(f'"{own}"', f'"{id_}"', 1).encode()
        yield {"person_id": id_, "revision": 1, "state": ON, "document": document}


def rows_of_postings(count: int) -> Iterator[dict[str, Any]]:
    sample = generate(seed=2, postings=max(30, count), employers=max(10, count // 10), people=1, today=date(2026, 11, 20))
    for row in sample.postings[:count]:
        posting = read_posting(row)
        yield {"posting_id": posting.posting_id, "revision": 1, "state": ON, "document": to_json(posting_document(posting))}


def fill(engine: Engine, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    page: list[dict[str, Any]] = []
    with engine.connect() as connection, connection.begin():
        for row in rows:
            page.append(row)
            if len(page) == PAGE:
                connection.execute(insert(table), page)
                page = []
        if page:
            connection.execute(insert(table), page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--postings", type=int, default=2_000)
    parser.add_argument("--postgres", action="store_true", help="in a database of its own on the local cluster")
    given = parser.parse_args()
    with ExitStack() as stack:
        if given.postgres:
            from tests.cluster.fresh import fresh_database
            from tests.engines import require

            where: Any = stack.enter_context(fresh_database(require("postgres")))
        else:
            where = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "start.sqlite"
            migrate(where)
        engine = open_engine(where)
        stack.callback(engine.dispose)
        fill(engine, tables.people, rows_of_people(given.people))
        fill(engine, tables.postings, rows_of_postings(given.postings))
        readers = open_engine(where, read_only=True)
        stack.callback(readers.dispose)
        Market({}).postings.upsert(read_posting({"posting_id": "p", "source": "enterprise", "title": "焊工"}))  # tables of the matcher
        market, began, worked = Market({}), time.perf_counter(), time.process_time()
        with readers.connect() as connection:
            market.load(connection)
        found = {
            "people": len(market.people),
            "postings": len(market.postings),
            "seconds": round(time.perf_counter() - began, 1),
            "processor_seconds": round(time.process_time() - worked, 1),
            "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "state": "postgresql" if given.postgres else "sqlite",
        }
        print(json.dumps(found))


if __name__ == "__main__":
    main()
