"""What it costs to find the look-alikes of one more posting among a million open ones.

    python tests/benchmarks/bench_near_duplicates.py [--postings 1000000] [--new 2000] [--folder DIR]

Employers are as unequal as agencies make them: of 1,000,000 postings the largest of 100,000 employers has about 3,600, and each uses few
titles again and again. A tenth of the new postings repeat one that is there. Beside it stands the plain way, on a sample of the same
postings: every posting of the employer in that city is read and compared. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import create_engine, select

from infra.migrate import migrate
from infra.sample import generate
from matcher.near_duplicates import Signature, compare, keys, signature, tail
from matcher.places import counties_of
from matcher.shapes import Posting, read_posting
from streams.intake.memory import IntakeMemory
from streams.intake.openings import document
from streams.intake.tables import postings as table
from streams.runtime.messages import from_json

BASES = 4_000
EMPLOYERS = 100_000
PAGE = 5_000
_PLAIN = ("revision", "hired", "hired_revision", "filled")


def _drawn(count: int, rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """(employer, base posting, county) of each posting: few employers have most, each with few titles, nearly all in its own county."""
    weights = 1 / (np.arange(EMPLOYERS) + 21) ** 0.9
    employers = rng.choice(EMPLOYERS, count, p=weights / weights.sum())
    picks = rng.integers(0, 8, count) + (rng.random(count) < 0.3) * rng.integers(0, 60, count)
    counties = len(counties_of("140000"))
    away = rng.random(count) < 0.2
    for employer, pick, far, jump in zip(employers, picks, away, rng.integers(0, counties, count), strict=True):
        base = (int(employer) * 7919 + int(pick) * 104729) % BASES
        yield int(employer), base, int(jump) if far else int(employer) % counties


class Made:
    """The postings of the sample with other employers and places."""

    def __init__(self) -> None:
        sample = generate(seed=11, postings=BASES, employers=400, people=1)
        self.bases: list[Posting] = [read_posting(raw) for raw in sample.postings[:BASES]]
        self.signatures: list[Signature] = [signature(posting) for posting in self.bases]
        self.text_keys = [[key for key in keys(own) if key.startswith("t:")] for own in self.signatures]
        self.counties = counties_of("140000")

    def posting(self, number: int, employer: int, base: int, county: int) -> Posting:
        name = f"样例{employer:05d}号人力资源有限公司"
        was = self.bases[base % len(self.bases)]
        text = f"{was.description or ''} 本岗位由第{number // 20}组负责，联系时请说明编号。"
        return was.model_copy(
            update={
                "posting_id": f"b-{number:07d}",
                "employer": was.employer.model_copy(update={"employer_id": f"e-{employer}", "name": name, "uscc": None}),
                "region": self.counties[county],
                "location": None,
                "description": text,
            }
        )

    def marks(self, posting: Posting, number: int, base: int) -> tuple[list[str], str]:
        """Keys and tail as ``keys`` gives them; the checksums of the text are taken from the base, told apart by the group."""
        own = replace(signature(posting.model_copy(update={"description": None})), text="")
        texts = [f"{key}-{number // 20}" for key in self.text_keys[base % len(self.bases)][:3]]
        return [*keys(own), *texts], tail(own)


def fill(database: Path, count: int, made: Made) -> float:
    """The tables of intake with this many open postings; answers the seconds it took."""
    started = time.monotonic()
    rng = np.random.default_rng(7)
    columns = [column.name for column in table.columns]
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL;")
        rows: list[tuple[Any, ...]] = []
        blocks: list[tuple[str, str, str]] = []
        for number, (employer, base, county) in enumerate(_drawn(count, rng)):
            posting = made.posting(number, employer, base, county)
            marks, own_tail = made.marks(posting, number, base)
            values = dict.fromkeys(columns) | dict.fromkeys(_PLAIN, 0)
            values |= {
                "posting_id": posting.posting_id, "state": "published", "source": "enterprise", "owner": f"e-{employer}",
                "via": "bench",
                "verified": True, "employer_id": f"e-{employer}", "region": posting.region, "title": posting.title,
                "doc": document(posting),
                "content_hash": f"h{number}", "notes": b"[]", "reasons": b"[]", "sources": b"[]", "received_at": "2026-11-01",
                "received_seq": number, "changed_at": "2026-11-01",
            }  # fmt: skip
            rows.append(tuple(values[name] for name in columns))
            blocks += [(key, own_tail, posting.posting_id) for key in dict.fromkeys(marks)]
            if len(rows) == PAGE or number == count - 1:
                connection.executemany(f"INSERT INTO intake_postings ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)
                connection.executemany("INSERT INTO intake_blocks (block, tail, posting_id) VALUES (?, ?, ?)", blocks)
                connection.commit()
                rows, blocks = [], []
    return time.monotonic() - started


def _figures(times: list[float]) -> dict[str, float]:
    values = np.array(times) * 1000
    return {"mean_ms": round(float(values.mean()), 2), **{f"p{q}_ms": round(float(np.percentile(values, q)), 2) for q in (50, 95, 99)}}


def measure(database: Path, count: int, new: int, made: Made) -> dict[str, Any]:
    engine = create_engine(f"sqlite:///{database}")
    memory = IntakeMemory({})
    rng = np.random.default_rng(8)
    times, thread_times, plain, found, candidates = [], [], [], 0, []
    with engine.connect() as reading:
        for number, (employer, base, county) in enumerate(_drawn(new, rng), start=count):
            posting = made.posting(number, employer, base, county)
            if number % 10 == 0:  # one that is there already
                at = int(rng.integers(0, count))
                doc = reading.execute(select(table.c.doc).where(table.c.posting_id == f"b-{at:07d}")).scalar_one()
                posting = read_posting(from_json(doc)).model_copy(update={"posting_id": posting.posting_id})
            started, thread = time.perf_counter(), time.thread_time()
            memory.remember(posting.posting_id, posting)
            near = memory.near(reading, posting.posting_id)
            times.append(time.perf_counter() - started)
            thread_times.append(time.thread_time() - thread)
            found += bool(near)
            if number % max(1, new // 100) == 0:
                started = time.perf_counter()
                query = select(table.c.doc).where(
                    table.c.employer_id == posting.employer.employer_id, table.c.region.like(f"{(posting.region or '')[:4]}%")
                )
                own = signature(posting)
                others = [signature(read_posting(from_json(doc))) for doc in reading.execute(query).scalars()]
                candidates.append(len(others))
                for other in others:
                    compare(own, other)
                plain.append(time.perf_counter() - started)
    return {
        "open_postings": count, "new": new, "with_look_alikes": found, "look_up": _figures(times), "processor": _figures(thread_times),
        "plain_employer_and_city": {**_figures(plain), "of": len(plain), "compared_most": max(candidates, default=0)},
        "database_mb": database.stat().st_size >> 20, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--postings", type=int, default=1_000_000)
    parser.add_argument("--new", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, help="Keep the database there, and use the one that is there.")
    given = parser.parse_args()
    made = Made()
    with tempfile.TemporaryDirectory() as folder:
        database = (given.folder or Path(folder)) / f"near-{given.postings}.sqlite"
        seconds = None
        if not database.exists():
            migrate(database)
            seconds = round(fill(database, given.postings, made), 1)
        print(json.dumps({"filled_s": seconds, **measure(database, given.postings, given.new, made)}))


if __name__ == "__main__":
    main()
