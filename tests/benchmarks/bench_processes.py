"""A cluster's processes, started one after another over a filled state: seconds until each is ready, and its memory.

    gongqiao cluster up
    python -m tests.benchmarks.bench_processes --people 1000000 --postings 2000

The commands an operator types, in a database, topics and an index of their own. Ready is what ``/health/ready`` says with 200. The people
are those of ``bench_start``; the postings are open in intake's and in matching's tables. Prints one JSON object on its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from infra.cluster.machine import taken
from streams.intake.tables import postings
from streams.matching import tables
from streams.runtime.database import open_engine
from streams.runtime.topology import topology
from tests.benchmarks import bench_reindex
from tests.benchmarks.bench_cluster import memory_mb
from tests.benchmarks.bench_start import fill, rows_of_people, rows_of_postings
from tests.cluster.fresh import fresh_database, fresh_topics
from tests.engines import require
from tests.search.elastic import elastic_place

SUBJECTS = ("intake", "matching", "delivery", "hiring", "staffing", "policy")
ALONE = ("relay", "tick", "index", "send")
PATIENCE_S = 900.0


class Processes:
    """Processes of ``gongqiao`` on these settings; killed at the end."""

    def __init__(self, settings: dict[str, str], folder: Path):
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GONGQIAO_")}
        self._settings = {**outside, **settings}
        self._folder = folder
        self._ports = iter(port for port in range(12_000, 30_000) if not taken(port))
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *words: str) -> None:
        """A command that ends."""
        done = subprocess.run(self._command(*words), env=self._settings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def start(self, name: str, *words: str) -> float:
        """Seconds from the start of the process until it says that it is ready."""
        port = next(self._ports)
        given = ("--port", str(port)) if words[0] == "serve" else ()
        began = time.perf_counter()
        log = self._folder / f"{name}.log"
        with log.open("wb") as written:
            self.running[name] = subprocess.Popen(
                self._command(*words, *given),
                env={**self._settings, "GONGQIAO_WORKER_PORT": str(port)},
                stdout=written,
                stderr=written,
                start_new_session=True,
            )
        pause = threading.Event()
        with httpx.Client(trust_env=False, timeout=30) as client:
            while not self._ready(client, port):
                assert self.running[name].poll() is None, log.read_text()[-2000:]
                assert time.perf_counter() - began < PATIENCE_S, log.read_text()[-2000:]
                pause.wait(0.05)
        return round(time.perf_counter() - began, 1)

    @staticmethod
    def _ready(client: httpx.Client, port: int) -> bool:
        try:
            return client.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
        except httpx.HTTPError:
            return False

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-c", "from infra.cli import main; main()", *words]

    def close(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def fill_all(engine: Engine, people: int, count: int) -> None:
    fill(engine, tables.people, rows_of_people(people))
    fill(engine, tables.postings, rows_of_postings(count))
    fill(engine, postings, bench_reindex.rows(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--postings", type=int, default=2_000)
    given = parser.parse_args()
    found: dict[str, Any] = {"people": given.people, "postings": given.postings, "load_at_start": round(os.getloadavg()[0], 1)}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        kafka = require("kafka")
        brokers = stack.enter_context(fresh_topics(kafka, topology(), partitions=2))
        settings = {
            "GONGQIAO_LOG": kafka,
            "GONGQIAO_STATE": stack.enter_context(fresh_database(require("postgres"))),
            "GONGQIAO_SEARCH": stack.enter_context(elastic_place()),
            "GONGQIAO_CACHE": require("redis"),
            "GONGQIAO_KAFKA_PREFIX": brokers.prefix,
            "GONGQIAO_KAFKA_PARTITIONS": str(brokers.partitions),
            "GONGQIAO_MASTER_KEY": "ab" * 32,
            "GONGQIAO_DATA_DIR": str(folder / "data"),
        }
        engine = open_engine(settings["GONGQIAO_STATE"])
        fill_all(engine, given.people, given.postings)
        engine.dispose()
        processes = Processes(settings, folder)
        stack.callback(processes.close)
        processes.run("migrate")
        ready = {name: processes.start(name, "worker", "--subjects", name) for name in SUBJECTS}
        ready |= {name: processes.start(name, "worker", f"--{name}") for name in ALONE}
        ready["serve"] = processes.start("serve", "serve")
        found["ready_after_s"] = ready
        found["memory_mb"] = {name: memory_mb(process.pid) for name, process in processes.running.items()}
        found["load_at_end"] = round(os.getloadavg()[0], 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
