"""``gongqiao bench match``: one posting against N people, beside rapidfuzz brute force on the same people and postings in the same run."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson
from rapidfuzz import fuzz, process
from tqdm import tqdm

from infra.sample.generator import generate
from infra.sample.population import people as made_up_people
from matcher.blockers import BATCH_RULES, posting_blockers
from matcher.columns_people import PeopleColumns
from matcher.criteria import criteria
from matcher.match_order import is_in_market
from matcher.shapes import Person, Posting, read_person, read_posting

AS_OF = date(2026, 11, 20)
SEED = 2026
#: rapidfuzz is measured on at most so many people and scaled; more would only take longer.
BRUTE_PEOPLE, BRUTE_POSTINGS = 50_000, 20


def resident_mb() -> float:
    """Memory of this process now, in MB."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def bench_postings(count: int) -> list[Posting]:
    """Made-up postings that are open on the day, as many as asked for (again from the first where the sample has fewer)."""
    rows = generate(seed=SEED, postings=min(3000, max(200, 2 * count)), employers=100, people=1, today=AS_OF).postings
    found = [posting for posting in map(read_posting, rows) if is_in_market(posting) and not posting_blockers(posting, AS_OF, BATCH_RULES)]
    return [found[number % len(found)] for number in range(count)]


def bench_people(count: int) -> Iterator[Person]:
    """Made-up people, the same for the same count."""
    for row in made_up_people(count, seed=SEED, today=AS_OF):
        yield read_person(row)


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """p10, p50 and p99 in milliseconds."""
    p10, p50, p99 = np.quantile(np.array(seconds), [0.1, 0.5, 0.99]) * 1000
    return {"p10_ms": round(float(p10), 2), "p50_ms": round(float(p50), 2), "p99_ms": round(float(p99), 2)}


def _timed(work: Callable[[Posting], Any], postings: Sequence[Posting]) -> tuple[list[float], list[float]]:
    wall, processor = [], []
    for posting in postings:
        begun, used = time.perf_counter(), time.thread_time()
        work(posting)
        wall.append(time.perf_counter() - begun)
        processor.append(time.thread_time() - used)
    return wall, processor


def brute_force(titles: Sequence[str], posting: Posting, top: int) -> Any:
    """rapidfuzz on everybody's wished titles and the best ``top`` of them: no blocker, no other criterion, so less than is asked for."""
    scores = process.cdist([posting.title], titles, scorer=fuzz.WRatio, dtype=np.uint8, workers=1)[0]
    best = np.argpartition(-scores.astype(np.int16), min(top, scores.size - 1))[:top]
    return best[np.argsort(-scores[best], kind="stable")]


@click.command("match")
@click.option("--people", "count", type=click.IntRange(1, 10_000_000), required=True, help="How many made-up people.")
@click.option("--postings", "posting_count", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many postings.")
@click.option("--top", type=click.IntRange(1, 1000), default=100, show_default=True, help="The best so many of each posting.")
@click.option("--alternative/--no-alternative", default=True, show_default=True, help="Measure rapidfuzz brute force beside it.")
def command(count: int, posting_count: int, top: int, alternative: bool) -> None:
    """Blockers, exact scores of everybody, the best k and their reasons, for one posting after the other, on one thread."""
    postings = bench_postings(posting_count)
    # First use compiles or loads what is compiled; it is told apart, and the process without people is what memory is measured from.
    begun = time.perf_counter()
    warm = PeopleColumns(islice(bench_people(100), 100))
    loaded = time.perf_counter()
    warm.match(postings[0], AS_OF, top, rules=BATCH_RULES)
    first_match = time.perf_counter() - loaded
    del warm
    gc.collect()
    before = resident_mb()

    columns = PeopleColumns()
    columns.reserve(count)
    building = 0.0
    made = bench_people(count)
    for person in tqdm(made, total=count, desc="people", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False):
        entered = time.perf_counter()
        columns.upsert(person)
        building += time.perf_counter() - entered
    gc.collect()
    memory = resident_mb() - before

    for posting in postings[:3]:
        columns.match(posting, AS_OF, top, rules=BATCH_RULES)
    unblocked = []

    def match(posting: Posting) -> None:
        unblocked.append(columns.match_counted(posting, AS_OF, top, rules=BATCH_RULES)[1])

    wall, processor = _timed(match, postings)
    changed = list(bench_people(min(200, count)))
    changes = []
    for person in changed:
        entered = time.perf_counter()
        columns.upsert(person)
        changes.append(time.perf_counter() - entered)

    # The reasons as sentences, for the k people of a posting: what a page or a batch line adds to the numbers.
    by_id = {person.person_id: person for person in bench_people(min(count, BRUTE_PEOPLE))}
    sample = list(islice(by_id.values(), top))

    def word(posting: Posting) -> None:
        reader = columns.atoms.reader(posting)
        for person in sample:
            criteria(posting, person, AS_OF, reader)

    worded, _ = _timed(word, postings[:20])

    result: dict[str, Any] = {
        "people": count,
        "postings": posting_count,
        **quantiles(wall),
        "threads": 1,
        "top": top,
        "postings_per_s": round(len(wall) / sum(wall), 1),
        "processor_p50_ms": quantiles(processor)["p50_ms"],
        "reasons": "points and codes of every criterion for the top; sentences are rendered when read",
        "sentences_for_top_p50_ms": quantiles(worded)["p50_ms"],
        "first_match_ms": round(first_match * 1000, 1),
        "start_ms": round((loaded - begun) * 1000, 1),
        "memory_mb": round(memory, 1),
        "arrays_mb": round(columns.nbytes / 1e6, 1),
        "change_p50_ms": quantiles(changes)["p50_ms"],
        "change_p99_ms": quantiles(changes)["p99_ms"],
        "load_s": round(building, 1),
        "distinct_titles": len(columns.atoms.titles),
        "unblocked_median": int(np.median(unblocked)),
    }
    if alternative:
        titles = [title for person in by_id.values() for title in person.desired.titles or ()]
        brute, _ = _timed(lambda posting: brute_force(titles, posting, top), postings[:BRUTE_POSTINGS])
        scaled = quantiles(brute)["p50_ms"] * count / len(by_id)
        result["rapidfuzz"] = {
            "p50_ms": round(scaled, 1),
            "measured_people": len(by_id),
            "measured_p50_ms": quantiles(brute)["p50_ms"],
            "scaled": len(by_id) < count,
            "does": "WRatio of wished titles alone, best k; no blockers, no other criterion",
            "times_slower": round(scaled / result["p50_ms"], 1),
        }
    click.echo(orjson.dumps(result).decode())
