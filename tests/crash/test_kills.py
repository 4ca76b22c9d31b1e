"""Twenty SIGKILLs of a real process in a run of 5,000 messages; afterwards everything equals an undisturbed run."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.composition import exchange
from infra.sample import generate
from infra.settings import Settings
from matcher.match_order import match_id
from streams.delivery.messages import InterestShown, RecommendationAnswered, RecommendationEnded, RecommendationIssued
from streams.hiring.messages import StepReported
from streams.intake.gateway import receive_employers, receive_people, receive_postings, withdraw_posting
from streams.intake.messages import PersonChanged
from streams.matching.messages import PersonMatched, PostingMatched
from streams.runtime.clock import ClockTick, tick_id
from streams.runtime.database import open_engine
from streams.runtime.exchange import Exchange, Said
from streams.runtime.topology import topology
from tests.crash.progress import behind, contents

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MESSAGES = 5000
CHUNKS = 4
# The index follows intake, which is done long before the matcher: its kills come early.
POINTS = (
    *("handled", "before_commit", "index_before", "after_commit", "index_between", "outside", "index_before", "index_between"),
    *("recovery", "handled", "outside", "after_commit", "handled", "before_commit", "recovery", "handled"),
    *("outside", "handled", "before_commit", "after_commit"),
)
ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def say_everything(opened: Exchange) -> int:
    """5,000 facts of every kind, appended before anything is handled; the same bytes serve both runs."""
    drawn = random.Random(3)
    sample = generate(seed=7, postings=320, employers=100, people=2400, today=date(2026, 11, 20))
    receive_employers(opened, sample.employers, sender="sample", verified=True, recorded_at=NOW)
    for chunk in range(CHUNKS):
        receive_people(opened, sample.people[chunk::CHUNKS], sender="sample", recorded_at=NOW)
        postings = sample.postings[chunk::CHUNKS]
        receive_postings(opened, postings, sender="sample", via="feed", verified=True, ids_given=True, recorded_at=NOW)
    changed = copy.deepcopy(drawn.sample(sample.people, 800))
    for number, person in enumerate(changed):
        person["desired"]["pay_min"] = person["desired"].get("pay_min", 3000) + 150
        if number % 40 == 0:
            person["consent"] = {"recommend": False}
    receive_people(opened, changed, sender="sample", recorded_at=NOW)
    better = copy.deepcopy(drawn.sample(sample.postings, 40))
    for posting in better:
        posting["headcount"] = posting.get("headcount", 1) + 3
    receive_postings(opened, better, sender="sample", via="feed", verified=True, ids_given=True, recorded_at=NOW)
    for posting in drawn.sample(sample.postings, 30):
        withdraw_posting(opened, posting["posting_id"], "已招满", by="source", sender="sample")
    said: list[Said] = []
    by_city: dict[str, list[str]] = {}
    for person in sample.people:
        for region in person["desired"].get("regions", ()):
            by_city.setdefault(region[:4], []).append(person["person_id"])
    with opened.reading() as connection:
        left = MESSAGES - opened.log.end(connection) - 1
    while len(said) < left:
        posting = drawn.choice(sample.postings)
        person_id = drawn.choice(by_city.get(posting["region"][:4]) or by_city["1401"])
        posting_id = posting["posting_id"]
        if len(said) % 4 == 0:
            step: Any = drawn.choice(["invited", "talking", "hired"])
            said.append(Said(StepReported(person_id=person_id, posting_id=posting_id, step=step, on=NOW.date(), by="e")))
        else:
            answer: Any = drawn.choice(["interested", "seen", "refused"])
            id_ = match_id(person_id, posting_id)
            said.append(Said(RecommendationAnswered(person_id=person_id, posting_id=posting_id, match_id=id_, answer=answer)))
    said.append(Said(ClockTick(instant=NOW), id=tick_id(NOW), recorded_at=NOW))
    opened.append(said, source="sample")
    with opened.reading() as connection:
        return opened.log.end(connection)


class Nursery:
    """Starts processes that work on a data directory (see ``child``)."""

    def __init__(self, errors: Path):
        self.errors = errors
        self._stderr = errors.open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.child"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )

    def start(self, folder: Path, evidence: Path, point: str = "none", number: int = 0) -> int:
        """Answers the process's id."""
        assert self._process.stdin is not None
        print(json.dumps({"folder": str(folder), "evidence": str(evidence), "point": point, "number": number}), file=self._process.stdin)
        self._process.stdin.flush()
        return int(self._answer()["pid"])

    def wait(self) -> int:
        """The exit code of the process started last; minus the signal where it was killed."""
        return int(self._answer()["status"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.errors.read_text()[-3000:]
        return dict(json.loads(line))

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
        self._stderr.close()


def log_end(folder: Path) -> int:
    with closing(sqlite3.connect(f"file:{folder / 'gongqiao.sqlite'}?mode=ro", uri=True, timeout=10)) as connection:
        return int(connection.execute("SELECT coalesce(max(seq), 0) FROM log").fetchone()[0])


def kill_from_outside(pid: int, folder: Path, evidence: Path, until: int) -> None:
    """Kill when the log has grown so far: by progress, not by time."""
    deadline = time.monotonic() + 120
    while log_end(folder) < until:
        assert time.monotonic() < deadline, "no progress for two minutes"
        os.kill(pid, 0)
    os.kill(pid, signal.SIGKILL)
    with evidence.open("a") as file:
        file.write(json.dumps({"point": "outside", "where": f"by its parent, the log at {until}"}) + "\n")


def left_behind(folder: Path) -> dict[str, int]:
    """What the file of a process that is no more says of the work it had before it."""
    engine = open_engine(folder / "gongqiao.sqlite", read_only=True)
    try:
        with engine.connect() as connection:
            return behind(connection, topology())
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crash") / "base"
    with exchange(Settings(data_dir=folder), run=False, now=lambda: NOW) as opened:
        assert say_everything(opened) == MESSAGES
    return folder


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    made = Nursery(tmp_path_factory.mktemp("nursery") / "errors.txt")
    yield made
    made.close()


def test_twenty_kills_leave_what_an_undisturbed_run_leaves(prepared: Path, nursery: Nursery) -> None:
    calm, shaken = prepared.with_name("calm"), prepared.with_name("shaken")
    shutil.copytree(prepared, calm)
    shutil.copytree(prepared, shaken)
    nursery.start(calm, prepared.with_name("none.jsonl"))
    assert nursery.wait() == 0, nursery.errors.read_text()[-3000:]
    assert left_behind(calm) == {}
    expected = contents(calm)
    kinds = Counter(kind for kind, *_ in expected["messages"].values())
    for kind in (PostingMatched, PersonMatched, PersonChanged, RecommendationIssued, RecommendationEnded, InterestShown):
        assert kinds[kind.type] >= 15, f"a run worth killing has more than {kinds[kind.type]} {kind.type}"

    evidence = prepared.with_name("kills.jsonl")
    drawn = random.Random(11)
    step = len(expected["messages"]) // (len(POINTS) + 8)
    found_behind = []
    for number, point in enumerate(POINTS):
        at = {
            "handled": drawn.randint(step // 2, step),
            "before_commit": drawn.randint(2, 25),
            "after_commit": drawn.randint(2, 25),
            "outside": drawn.randint(step // 2, step),
        }.get(point, 1)
        began = log_end(shaken)
        pid = nursery.start(shaken, evidence, point, at)
        if point == "outside":
            kill_from_outside(pid, shaken, evidence, min(began + at, len(expected["messages"]) - 1))
        status = nursery.wait()
        assert status == -signal.SIGKILL, f"kill {number} ({point} {at}) did not happen: {status} {nursery.errors.read_text()[-2000:]}"
        found_behind.append(left_behind(shaken))
    nursery.start(shaken, evidence)
    assert nursery.wait() == 0, nursery.errors.read_text()[-3000:]

    kills = [json.loads(line) for line in evidence.read_text().splitlines()]
    assert [kill["point"] for kill in kills] == list(POINTS)
    # The file the killed process left says what it had not done; its own last words must say the same.
    assert all(kill["behind"] == found for kill, found in zip(kills, found_behind, strict=True) if kill["point"] == "before_commit")
    in_flight = [found for found in found_behind if found]
    assert len(in_flight) >= 15, f"only {len(in_flight)} kills hit work in flight"
    in_transaction = [kill for kill in kills if kill.get("uncommitted", 0) > 0]
    assert len(in_transaction) >= 6, f"only {len(in_transaction)} kills hit an open transaction"
    assert all(kill["index_behind"] > 0 for kill in kills if kill["point"].startswith("index"))

    found = contents(shaken)
    assert found["messages"].keys() == expected["messages"].keys()
    assert found["messages"] == expected["messages"]
    for name, rows in expected["tables"].items():
        assert found["tables"][name] == rows, f"{name} differs"
    assert found["index"] == expected["index"]
