"""A whole cluster of processes on engines of its own: each engine is taken away and brought back, and its alarm fires and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from infra.cluster.machine import taken
from tests.deploy.promql import Series, firing, scraped
from tests.engines import OwnEngines

pytestmark = [pytest.mark.engine, pytest.mark.timeout(2400)]
ROOT = Path(__file__).parents[2]
SUBJECTS = ("intake", "matching", "delivery", "hiring", "staffing", "policy")


class Processes:
    """``gongqiao serve``, a worker of every subject, and one of the singles, as an operator starts them."""

    def __init__(self, own: OwnEngines, folder: Path):
        first = next(port for port in range(12_000, 30_000, 20) if not any(taken(port + more) for more in range(10)))
        self.edge, self.workers, self.singles = first, first + 1, first + 8
        self._folder = folder
        self._settings = {
            "GONGQIAO_LOG": own.url("kafka"),
            "GONGQIAO_STATE": own.url("postgres"),
            "GONGQIAO_SEARCH": own.url("elastic"),
            "GONGQIAO_CACHE": own.url("redis"),
            "GONGQIAO_MASTER_KEY": "ab" * 32,
            "GONGQIAO_DATA_DIR": str(folder / "data"),
            "GONGQIAO_KAFKA_PARTITIONS": "1",
            "GONGQIAO_TICK_SECONDS": "2",
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "data").mkdir()
        self.run("migrate", wait=True)
        self.run("serve", "--port", str(self.edge))
        self.run("worker", "--subjects", ",".join(SUBJECTS), port=self.workers)
        self.start_singles()

    def run(self, *words: str, port: int = 0, wait: bool = False) -> None:
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GONGQIAO_")}
        with (self._folder / f"{words[0]}-{port}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", "from infra.cli import main; main()", *words],
                cwd=ROOT,
                env={**outside, **self._settings, "GONGQIAO_WORKER_PORT": str(port)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            assert process.wait(600) == 0, self.said()
        else:
            self._running[f"{words[0]}-{port}"] = process

    def start_singles(self) -> None:
        self.run("worker", "--relay", "--tick", "--index", "--send", port=self.singles)

    def kill_singles(self) -> None:
        process = self._running.pop(f"worker-{self.singles}")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def scrape(self) -> list[Series]:
        """What each process says that answers."""
        found: list[Series] = []
        with httpx.Client(trust_env=False, timeout=30) as client:
            for port in (self.edge, *range(self.workers, self.workers + len(SUBJECTS)), self.singles):
                try:
                    found += scraped(client.get(f"http://127.0.0.1:{port}/metrics").text, str(port))
                except httpx.HTTPError:
                    continue
        return found

    def said(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-1500:]}" for path in sorted(self._folder.glob("*.log")))

    def close(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def until(self, seen: Callable[[set[str]], bool], what: str, *, patience: float = 900.0) -> set[str]:
        """Look until it is so; answers the alerts that fire then. Of the alerts, without those that need minutes of samples."""
        limit, pause = time.monotonic() + patience, threading.Event()
        while not seen(alerts := firing(self.scrape())):
            assert time.monotonic() < limit, f"{what}; firing: {sorted(alerts)}\n{self.said()}"
            pause.wait(0.5)
        return alerts


# One sample is no range: these need several, and are tried by hand in test_alerts.
RANGES = {"GongqiaoLagStands", "GongqiaoLagGrows", "GongqiaoParked"}


@pytest.fixture(scope="module")
def own() -> Iterator[OwnEngines]:
    with OwnEngines("kafka", "postgres", "elastic", "redis") as made:
        yield made


@pytest.fixture(scope="module")
def processes(own: OwnEngines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    made = Processes(own, tmp_path_factory.mktemp("processes"))
    try:
        made.until(lambda alerts: not alerts - RANGES, "never all well")
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(
    ("engine", "alert"),
    [
        ("redis", "GongqiaoCacheDown"),
        ("elastic", "GongqiaoIndexDown"),
        ("kafka", "GongqiaoRelayDown"),
        ("postgres", "GongqiaoStateDown"),
    ],
)
def test_an_engine_that_is_killed_trips_its_alarm_until_it_is_back(own: OwnEngines, processes: Processes, engine: str, alert: str) -> None:
    own.kill(engine)
    try:
        processes.until(lambda alerts: alert in alerts, f"{engine} is dead and {alert} never fires")
    finally:
        own.start(engine)
    processes.until(lambda alerts: not alerts - RANGES, f"{engine} is back and the alarms do not end")


def test_without_the_singles_nobody_publishes_and_the_clock_stands(processes: Processes) -> None:
    processes.kill_singles()
    processes.until(lambda alerts: {"GongqiaoNobodyPublishes", "GongqiaoClockStopped"} <= alerts, "the singles are dead and no alarm fires")
    processes.start_singles()
    processes.until(lambda alerts: not alerts - RANGES, "the singles are back and the alarms do not end")


def test_a_dead_letter_trips_its_alarm_until_it_is_gone(own: OwnEngines, processes: Processes) -> None:
    with psycopg.connect(own.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO dead_letters (subject, message_id, seq, type, handler, reason, at, state) "
            "VALUES ('intake', 'm-1', 1, 'posting.received', 'intake', 'made up', '2026-11-21T08:00:00+00:00', 'open')"
        )
        try:
            processes.until(lambda alerts: "GongqiaoDeadLetters" in alerts, "a dead letter and no alarm")
        finally:
            connection.execute("DELETE FROM dead_letters")
    processes.until(lambda alerts: not alerts - RANGES, "no dead letter and still an alarm")
