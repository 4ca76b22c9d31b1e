"""Messages a second of one and of two workers a subject, and how long a posting takes to its recommendation, on real engines.

    python -m tests.benchmarks.bench_cluster --people 20000 --postings 600 --rates 10,50

Engines: those of ``gongqiao cluster up``; a database, topics and processes of its own. JSON on the last line.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import click
import numpy as np
from sqlalchemy import func, select

from infra.cluster.control import Cluster
from infra.sample import generate
from infra.sample import people as people_rows
from streams.delivery.tables import pairs
from streams.intake.gateway import receive_employers, receive_people, receive_postings
from streams.runtime.tables import handled
from tests.cluster.market import NOW, SUBJECTS, Nursery, Run, a_run
from tests.engines import settings_of_the_cluster


def memory_mb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def processor_ms(run: Run) -> dict[str, float]:
    """What each process has used of a processor since it started, in ms."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for name, pid in run.children.items():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        found[name] = (int(fields[11]) + int(fields[12])) * 1000 / ticks
    return found


def say(run: Run, postings: list[dict[str, Any]]) -> None:
    receive_postings(run.exchange, postings, sender="bench", via="feed", verified=True, ids_given=True, recorded_at=NOW)


def count_handled(run: Run) -> dict[str, int]:
    with run.exchange.reading() as connection:
        return dict(connection.execute(select(handled.c.subject, func.count()).group_by(handled.c.subject)).all())  # type: ignore[arg-type]


def at_once(run: Run, postings: list[dict[str, Any]]) -> dict[str, Any]:
    before, worked, began = count_handled(run), processor_ms(run), time.monotonic()
    for start in range(0, len(postings), 100):
        say(run, postings[start : start + 100])
    run.drain(1800)
    took = time.monotonic() - began
    messages = {name: count - before.get(name, 0) for name, count in count_handled(run).items()}
    return {
        "postings_per_s": round(len(postings) / took, 1),
        "messages_per_s": round(sum(messages.values()) / took, 1),
        "messages": messages,
        "processor_ms_a_posting": {name: round((ms - worked[name]) / len(postings), 1) for name, ms in processor_ms(run).items()},
    }


def steadily(run: Run, postings: list[dict[str, Any]], rate: float) -> dict[str, Any]:
    """Single postings; from before the call that says one to the moment its first recommendation can be read."""
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    began = time.monotonic()
    waiting = iter(postings)
    following = next(waiting, None)
    last = began
    while following is not None or time.monotonic() - last < 15:
        now = time.monotonic()
        if following is not None and now >= began + len(sent) / rate:
            sent[following["posting_id"]] = now
            say(run, [following])
            following = next(waiting, None)
            last = time.monotonic()
        open_ones = [id_ for id_ in sent if id_ not in seen]
        if not open_ones and following is None:
            break
        with run.exchange.reading() as connection:
            query = select(pairs.c.posting_id).where(pairs.c.posting_id.in_(open_ones), pairs.c.state == "issued").distinct()
            found = list(connection.execute(query).scalars())
        now = time.monotonic()
        seen.update(dict.fromkeys(found, now))
        if found:
            last = now
        time.sleep(0.005)
    taken = np.array([seen[id_] - sent[id_] for id_ in seen]) * 1000
    lasted = max(sent.values()) - began
    return {
        "offered_per_s": rate,
        "said_per_s": round(len(sent) / max(lasted, 1e-9), 1),
        "postings": len(sent),
        "recommended": len(seen),
        "p50_ms": round(float(np.percentile(taken, 50))) if len(taken) else None,
        "p99_ms": round(float(np.percentile(taken, 99))) if len(taken) else None,
    }


@click.command()
@click.option("--people", default=20_000)
@click.option("--postings", default=600, help="Said at once, for each number of workers.")
@click.option("--rates", default="10,50", help="Postings a second offered singly.")
@click.option("--seconds", default=20.0, help="How long each rate is offered.")
def main(people: int, postings: int, rates: str, seconds: float) -> None:
    engines = Cluster(settings_of_the_cluster()).engines
    wanted = [float(rate) for rate in rates.split(",")]
    sample = generate(seed=5, postings=2 * postings + int(sum(wanted) * seconds), employers=400, people=1, today=date(2026, 11, 20))
    left = list(sample.postings)
    result: dict[str, Any] = {"people": people, "cores": os.cpu_count(), "load_at_start": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        nursery = Nursery(Path(folder) / "nursery.txt")
        try:
            with a_run(nursery, Path(folder) / "run", engines["kafka"].url, engines["postgres"].url, partitions=8) as run:
                run.more({"GONGQIAO_PERSON_PUSHES_A_DAY": "10", "GONGQIAO_POSTING_PUSHES_A_DAY": "50"})
                run.start()
                receive_employers(run.exchange, sample.employers, sender="bench", verified=True, recorded_at=NOW)
                began, page = time.monotonic(), []
                for row in people_rows(people, 5, date(2026, 11, 20)):
                    page.append(row)
                    if len(page) == 500:
                        receive_people(run.exchange, page, sender="bench", recorded_at=NOW)
                        page = []
                receive_people(run.exchange, page, sender="bench", recorded_at=NOW)
                run.drain(3600)
                result["people_per_s"] = round(people / (time.monotonic() - began))
                result["one_worker"] = at_once(run, left[:postings])
                result["rates"] = []
                at = 2 * postings
                for rate in wanted:
                    many = int(rate * seconds)
                    result["rates"].append(steadily(run, left[at : at + many], rate))
                    run.drain(1800)
                    at += many
                run.start(*(f"{name}.2" for name in SUBJECTS))
                run.wait(lambda: all(run.members(name) == 2 for name in SUBJECTS))
                result["two_workers"] = at_once(run, left[postings : 2 * postings])
                result["memory_mb"] = {name: memory_mb(pid) for name, pid in run.children.items()}
        finally:
            nursery.close()
    result["load_at_end"] = os.getloadavg()[0]
    result["own_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
