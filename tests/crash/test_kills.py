"""Twenty SIGKILLs of a real process in a run of 5,000 messages; afterwards everything equals an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from infra.composition import exchange
from infra.sample import generate
from infra.settings import Settings
from search.index import open_index, tantivy_url
from search.query import Query
from streams.delivery.messages import RecommendationAnswered
from streams.hiring.messages import StepReported
from streams.intake.gateway import receive_employers, receive_people, receive_postings, withdraw_posting
from streams.matching.messages import PostingMatched
from streams.runtime.clock import ClockTick, tick_id
from streams.runtime.exchange import Exchange, Said
from streams.runtime.rebuild import subject_tables
from streams.runtime.tables import log

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KILLS = 20
MESSAGES = 5000
POINTS = ("handled", "handled", "before_commit", "after_commit", "index_before", "index_between", "recovery", "outside")
ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def settings_of(folder: Path) -> Settings:
    return Settings(data_dir=folder)


def say_everything(opened: Exchange) -> int:
    """5,000 facts of every kind, appended before anything is handled; the same bytes serve both runs."""
    sample = generate(seed=7, postings=1100, employers=100, people=3500, today=date(2026, 11, 20))
    receive_employers(opened, sample.employers, sender="sample", verified=True, recorded_at=NOW)
    receive_people(opened, sample.people, sender="sample", recorded_at=NOW)
    receive_postings(opened, sample.postings, sender="sample", via="feed", verified=True, ids_given=True, recorded_at=NOW)
    drawn = random.Random(3)
    for posting in drawn.sample(sample.postings, 60):
        withdraw_posting(opened, posting["posting_id"], "已招满", by="source", sender="sample")
    said: list[Said] = []
    people = [person["person_id"] for person in sample.people]
    postings = [posting["posting_id"] for posting in sample.postings]
    while len(said) < 239:
        person, posting = drawn.choice(people), drawn.choice(postings)
        if len(said) % 2:
            said.append(
                Said(
                    StepReported(
                        person_id=person, posting_id=posting, step=drawn.choice(["invited", "talking", "hired"]), on=NOW.date(), by="e"
                    )
                )
            )
        else:
            answer = drawn.choice(["interested", "seen"])
            said.append(Said(RecommendationAnswered(person_id=person, posting_id=posting, match_id=f"{person}|{posting}", answer=answer)))
    said.append(Said(ClockTick(instant=NOW), id=tick_id(NOW), recorded_at=NOW))
    opened.append(said, source="sample")
    with opened.reading() as connection:
        return opened.log.end(connection)


def start(folder: Path, evidence: Path, point: str, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.crash.child", str(folder), str(evidence), point, str(number)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(folder: Path, evidence: Path) -> None:
    process = start(folder, evidence, "none", 0)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    assert "done" in out


def log_end(folder: Path) -> int:
    with closing(sqlite3.connect(f"file:{folder / 'gongqiao.sqlite'}?mode=ro", uri=True, timeout=10)) as connection:
        return int(connection.execute("SELECT coalesce(max(seq), 0) FROM log").fetchone()[0])


def kill_from_outside(process: subprocess.Popen[str], folder: Path, evidence: Path, grown: int) -> None:
    """Kill when the log has grown by this much since the process began: by progress, not by time."""
    began = log_end(folder)
    deadline = time.monotonic() + 120
    while process.poll() is None and log_end(folder) < began + grown:
        assert time.monotonic() < deadline, "no progress for two minutes"
        os.sched_yield()
    process.send_signal(signal.SIGKILL)
    process.wait()
    offsets: dict[str, int] = {}
    with closing(sqlite3.connect(f"file:{folder / 'gongqiao.sqlite'}?mode=ro", uri=True, timeout=10)) as connection:
        offsets = dict(connection.execute("SELECT subject, seq FROM offsets").fetchall())
    behind = {"matching": log_end(folder) - offsets.get("matching", 0)}
    with evidence.open("a") as file:
        file.write(json.dumps({"point": "outside", "where": "by its parent", "behind": behind, "end": log_end(folder)}) + "\n")


def contents(folder: Path) -> dict[str, Any]:
    """Everything that must be equal: outputs by id, rows of every subject's tables, what the index finds."""
    settings = settings_of(folder)
    with exchange(settings, run=False) as opened, opened.reading() as connection:
        messages = {}
        for row in connection.execute(select(log)).mappings():
            envelope = opened.log.decode(connection, row)
            assert hasattr(envelope, "message"), "nobody was deleted, so nothing may be unreadable"
            messages[row["id"]] = (row["type"], row["key"], row["source"], row["causation_id"], envelope.message.body())
        tables = {
            table.name: sorted(repr(sorted(row.items())) for row in connection.execute(select(table)).mappings())
            for name in opened.runner.loops
            for table in subject_tables(name)
        }
    index = open_index(tantivy_url(settings.index.absolute()))
    found: list[str] = []
    cursor = None
    while True:
        page = index.search(Query(sort="date", limit=100, cursor=cursor))
        found += page.posting_ids
        cursor = page.cursor
        if cursor is None:
            break
    index.close()
    return {"messages": messages, "tables": tables, "index": sorted(found)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crash") / "base"
    with exchange(settings_of(folder), run=False, now=lambda: NOW) as opened:
        assert say_everything(opened) == MESSAGES
    return folder


def test_twenty_kills_leave_what_an_undisturbed_run_leaves(prepared: Path) -> None:
    calm, shaken = prepared.with_name("calm"), prepared.with_name("shaken")
    shutil.copytree(prepared, calm)
    shutil.copytree(prepared, shaken)
    finish(calm, prepared.with_name("calm.jsonl"))
    expected = contents(calm)
    outputs = len(expected["messages"]) - MESSAGES
    assert sum(1 for kind, *_ in expected["messages"].values() if kind == PostingMatched.type) > 500, "the run must be worth killing"

    evidence = prepared.with_name("kills.jsonl")
    drawn = random.Random(11)
    step = outputs // (KILLS + 6)
    for number in range(KILLS):
        point = POINTS[number % len(POINTS)]
        at = {
            "handled": drawn.randint(step // 2, step),
            "before_commit": drawn.randint(2, 25),
            "after_commit": drawn.randint(2, 25),
            "index_before": drawn.randint(1, 2),
            "index_between": drawn.randint(1, 2),
            "recovery": 1,
            "outside": drawn.randint(step // 2, step),
        }[point]
        process = start(shaken, evidence, point, at)
        if point == "outside":
            kill_from_outside(process, shaken, evidence, at)
        _, err = process.communicate(timeout=240)
        assert process.returncode == -signal.SIGKILL, f"kill {number} ({point} {at}) did not happen: {process.returncode} {err[-2000:]}"
    finish(shaken, evidence)

    kills = [json.loads(line) for line in evidence.read_text().splitlines()]
    assert len(kills) == KILLS
    in_flight = [kill for kill in kills if any(count > 0 for count in kill["behind"].values())]
    assert len(in_flight) >= 15, f"only {len(in_flight)} kills hit work in flight"

    found = contents(shaken)
    assert found["messages"].keys() == expected["messages"].keys()
    assert found["messages"] == expected["messages"]
    for name, rows in expected["tables"].items():
        assert found["tables"][name] == rows, f"{name} differs"
    assert found["index"] == expected["index"]
