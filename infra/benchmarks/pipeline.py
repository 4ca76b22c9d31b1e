"""From a posting's arrival to durable pairs with hints, and to the inbox, in the embedded exchange with its real log.

Two phases over the same people: all postings at once (how many a second), then single postings at a steady rate (how long each takes).
"""

from __future__ import annotations

import os
import resource
import sqlite3
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson
from sqlalchemy import select

from infra.composition import exchange
from infra.sample import SAMPLE_DAY, generate
from infra.sample import people as people_rows
from infra.settings import Settings
from matcher.days import SHANGHAI
from search.index import open_index, tantivy_url
from streams.delivery.messages import RecommendationIssued
from streams.intake.gateway import receive_employers, receive_people, receive_postings
from streams.intake.index_follower import IndexFollower
from streams.matching.messages import PostingMatched
from streams.runtime.exchange import Exchange
from streams.runtime.messages import from_json
from streams.runtime.tables import log

PAGE = 500
SENDERS = 16


def measure(people: int, postings: int, rates: Sequence[float], seconds: float, say: Any = lambda line: None) -> dict[str, Any]:
    """Figures of one run. ``rates``: postings a second offered in the second phase, each for ``seconds``; ``rates`` of the answer has what
    came of each, and the first one's figures stand beside it as well."""
    offered = [int(rate * seconds) for rate in rates]
    sample = generate(seed=5, postings=max(30, postings + sum(offered)), employers=400, people=1)
    noon = datetime.combine(SAMPLE_DAY, datetime.min.time(), SHANGHAI) + timedelta(hours=12)
    started = time.monotonic()

    def now() -> datetime:
        return noon + timedelta(seconds=time.monotonic() - started)

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), posting_pushes_a_day=50, person_pushes_a_day=10)
        with exchange(settings, now=now) as opened:
            index = open_index(tantivy_url(settings.index.absolute()))
            follower = IndexFollower(opened, index)
            follower.start()
            try:
                receive_employers(opened, sample.employers, sender="bench", verified=True)
                loading = _load(opened, people, SAMPLE_DAY, say)
                throughput = _at_once(opened, sample.postings[:postings], say)
                left = iter(sample.postings[postings:])
                steady = [
                    {"rate": rate, **_steadily(opened, settings.database, list(islice(left, many)), rate, say)}
                    for rate, many in zip(rates, offered, strict=True)
                ]
            finally:
                follower.stop()
                index.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "people": people,
        "cores": os.cpu_count(),
        "peak_memory_mb": round(memory),
        **loading,
        **throughput,
        **steady[0],
        "rates": steady,
    }


def _load(opened: Exchange, people: int, today: date, say: Any) -> dict[str, Any]:
    began = time.monotonic()
    page: list[dict[str, Any]] = []
    for row in people_rows(people, 5, today):
        page.append(row)
        if len(page) == PAGE:
            receive_people(opened, page, sender="bench")
            page = []
    receive_people(opened, page, sender="bench")
    say(f"{people} people appended after {time.monotonic() - began:.0f} s")
    opened.runner.drain(3600)
    took = time.monotonic() - began
    say(f"and registered after {took:.0f} s")
    return {"people_per_s": round(people / took)}


def _at_once(opened: Exchange, postings: list[dict[str, Any]], say: Any) -> dict[str, Any]:
    began, worked = time.monotonic(), time.process_time()
    for start in range(0, len(postings), 100):
        receive_postings(opened, postings[start : start + 100], sender="bench", via="feed", verified=True, ids_given=True)
    appended = time.monotonic() - began
    # Until everything appended is past intake, and what intake published has its pairs committed.
    for subject in ("intake", "matching"):
        end = _end(opened)
        while opened.runner.loops[subject].idle_at < end:
            if opened.runner.faults():
                raise click.ClickException(f"the exchange does not go on: {opened.runner.faults()}")
            time.sleep(0.01)
    took = time.monotonic() - began
    say(f"{len(postings)} postings with their pairs after {took:.1f} s")
    opened.runner.drain(3600)
    with opened.reading() as connection:
        bodies = connection.execute(select(log.c.body).where(log.c.type == PostingMatched.type)).scalars().all()
    pairs = [len(from_json(body)["pairs"]) for body in bodies]
    return {
        "postings": len(postings),
        "append_s": round(appended, 2),
        "postings_per_s": round(len(postings) / took, 1),
        "cpu_ms_per_posting": round((time.process_time() - worked) / len(postings) * 1000, 1),
        "delivered_per_s": round(len(postings) / (time.monotonic() - began), 1),
        "pairs_mean": round(float(np.mean(pairs)), 1) if pairs else 0,
    }


_NEWS = """
    SELECT type, trace_id, max(seq) FROM log WHERE seq > ? AND type IN (?, ?) GROUP BY type, trace_id
"""


def _watch(file: Path, after: int, told: Connection) -> None:
    """In a process of its own, as any other reader is: watching from within took an eighth of the interpreter. Until told to end, looks
    every 10 ms for what is committed; then says when it first saw something for each posting, by kind of message and trace."""
    found: dict[tuple[str, str], float] = {}
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA query_only=1")
        told.send(True)
        ending = False
        while not ending:
            ending = told.poll(0.01)
            rows = connection.execute(_NEWS, (after, PostingMatched.type, RecommendationIssued.type)).fetchall()
            at = time.monotonic()  # one clock for all processes
            for type_, trace_id, last in rows:
                after = max(after, last)
                found.setdefault((type_, trace_id), at)
    told.send(found)


def _steadily(opened: Exchange, file: Path, postings: list[dict[str, Any]], rate: float, say: Any) -> dict[str, Any]:
    """Single postings at a steady rate; the time from the call to the commit of the first inbox entry it led to."""
    sent: dict[str, float] = {}
    told, watching = get_context("spawn").Pipe()
    watcher = get_context("spawn").Process(target=_watch, args=(file, _end(opened), watching), daemon=True)
    watcher.start()
    watching.close()  # its end alone is open now: a watcher that dies is noticed
    told.recv()
    began = time.monotonic()
    waiting = iter(enumerate(postings))
    turn = threading.Lock()
    latest = [0.0]

    def send() -> None:
        while True:
            with turn:
                number, posting = next(waiting, (0, None))
            if posting is None:
                return
            due = began + number / rate
            pause = due - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            latest[0] = max(latest[0], time.monotonic() - due)
            # From when it was due, not from when somebody got to it: a slow append is part of what a sender waits for.
            answer = receive_postings(opened, [posting], sender="bench", via="feed", verified=True, ids_given=True)[0]
            if answer.message_id is not None:
                sent[answer.message_id] = due

    # Senders do not wait for each other: one alone could offer no faster than it is answered, and would measure itself.
    senders = [threading.Thread(target=send, daemon=True) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    offered_for = time.monotonic() - began
    opened.runner.drain(3600)
    told.send(True)
    seen = told.recv()
    watcher.join()
    pairs, inbox = (
        [(seen[type_, id_] - at) * 1000 for id_, at in sent.items() if (type_, id_) in seen]
        for type_ in (PostingMatched.type, RecommendationIssued.type)
    )
    say(f"{len(postings)} postings offered in {offered_for:.1f} s, {len(inbox)} of them reached an inbox")
    found: dict[str, Any] = {
        "offered_per_s": round(len(postings) / offered_for, 1) if postings else 0,
        "offered": len(postings),
        "latest_start_ms": round(latest[0] * 1000),
    }
    for name, values in (("pairs", pairs), ("inbox", inbox)):
        if values:
            p50, p99 = np.percentile(values, [50, 99])
            found |= {f"{name}_n": len(values), f"{name}_p50_ms": round(float(p50)), f"{name}_p99_ms": round(float(p99))}
    return found


def _end(opened: Exchange) -> int:
    with opened.reading() as connection:
        return opened.log.end(connection)


@click.command("pipeline")
@click.option("--people", default=100_000, show_default=True, type=click.IntRange(1), help="Registered people to match with.")
@click.option("--postings", default=2_000, show_default=True, type=click.IntRange(1), help="Postings of the first phase, all at once.")
@click.option(
    "--rate",
    "rates",
    multiple=True,
    default=(50.0,),
    show_default=True,
    type=click.FloatRange(0.1),
    help="Postings a second offered in the second phase; several one after another.",
)
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(0), help="How long each is offered.")
def command(people: int, postings: int, rates: tuple[float, ...], seconds: float) -> None:
    """From a posting's arrival to durable pairs with hints and to the inbox, in the embedded exchange.

    Everything happens in a temporary folder; made-up people, employers and postings.
    """
    figures = measure(people, postings, rates, seconds, lambda line: click.echo(line, err=True))
    click.echo(orjson.dumps(figures).decode())
