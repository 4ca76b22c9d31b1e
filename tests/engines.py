"""The real engines that tests marked ``engine`` talk to: those of ``gongqiao cluster up``.

``require("kafka" | "elastic" | "redis" | "postgres")`` answers an engine's address with name and password. Where it does not answer the
test is skipped, and fails where ``GONGQIAO_ENGINES=1`` says that the engines must be there (``make test-cluster``). As a pytest plugin
(``-p tests.engines``) this file then also counts any skip as a failure.

The addresses come from ``.cluster/env``, not from the environment: a test that opens an embedded exchange must not find itself on a broker.
Engines are shared by whatever runs: use a topic prefix, an index prefix, a database, a Redis key prefix of your own.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier

from infra.cluster import fetch
from infra.cluster.control import NAMES, Cluster
from infra.cluster.folder import ClusterError
from infra.cluster.machine import taken
from infra.cluster.processes import Kept
from infra.engine_settings import EngineSettings
from infra.settings import Settings

ROOT = Path(__file__).parents[1]
# Read once: tests take the settings of the machine out of the environment.
_MUST = os.environ.get("GONGQIAO_ENGINES") == "1"
_OURS = {name.lower()[9:]: value for name, value in os.environ.items() if name.startswith("GONGQIAO_CLUSTER_")}
_OURS["cluster_dir"] = str(ROOT / _OURS.get("cluster_dir", ".cluster"))
_TESTS = "tests"  # whose engines they are, beside the engines' own processes
_skipped: list[str] = []


def settings_of_the_cluster() -> EngineSettings:
    """Settings of the local engines; the folder is the repository's wherever the test's working directory is."""
    return _settings(**_OURS)


def _settings(**given: Any) -> EngineSettings:
    return Settings(log=None, state=None, search=None, cache=None, **given)


class OwnEngines:
    """Engines of a test's own, in a folder and on ports of their own, to be stopped and killed without disturbing anybody.

    ``with OwnEngines("kafka", "postgres") as own:`` they answer; ``own.url("kafka")``, ``own.stop("kafka")`` in good order,
    ``own.kill("kafka")`` by SIGKILL, ``own.start("kafka")`` and wait until it answers. At the end they are stopped and the folder is gone.
    Small: Elasticsearch 512 MB, Kafka 384 MB. The programs are those of the shared folder, where it has them.
    """

    def __init__(self, *names: str, **settings: Any) -> None:
        for name in names:
            require(name)  # what the shared ones lack is lacking here too
        _clear_left_overs()
        self.names = names
        # Not pytest's folder: as root the engines run as nobody, who cannot enter it.
        self.folder = Path(tempfile.mkdtemp(prefix="gongqiao-engines-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        shared = Path(_OURS["cluster_dir"])
        for program in ("java", f"kafka-{fetch.KAFKA}", f"elasticsearch-{fetch.ELASTIC}"):
            if (shared / program).exists():
                (self.folder / program).symlink_to(shared / program)
        sizes = {"cluster_elastic_heap_mb": 512, "cluster_kafka_heap_mb": 384, "cluster_postgres_buffers_mb": 64}
        sizes["cluster_patience_seconds"] = 900  # a busy machine is no failure
        self.settings = _settings(**{**sizes, **_free_ports(), "cluster_dir": self.folder, **settings})
        self.cluster = Cluster(self.settings)
        Kept(self.cluster.folder, _TESTS).note(os.getpid())

    def __enter__(self) -> OwnEngines:
        try:
            self.cluster.up(self.names)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, name: str) -> str:
        """Its address, with name and password."""
        return self.cluster.engines[name].url

    def start(self, name: str) -> None:
        """Start it, if it does not run, and wait until it answers."""
        self.cluster.up([name])

    def stop(self, name: str) -> None:
        """Stop it in good order."""
        self.cluster.down([name])

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.cluster.kill(name)

    def close(self) -> None:
        """Stop what runs and remove the folder."""
        for name in self.names:
            with contextlib.suppress(ClusterError):
                self.cluster.kill(name)
        shutil.rmtree(self.folder, ignore_errors=True)


def _clear_left_overs() -> None:
    """Engines of tests that were themselves killed: nobody would stop them."""
    for left in Path("/var/tmp").glob("gongqiao-engines-*"):
        cluster = Cluster(_settings(cluster_dir=left))
        if (left / "pids" / f"{_TESTS}.json").exists() and Kept(cluster.folder, _TESTS).pid() is None:
            for name in NAMES:
                with contextlib.suppress(ClusterError):
                    cluster.kill(name)
            shutil.rmtree(left, ignore_errors=True)


def _free_ports() -> dict[str, int]:
    """A free port for each that an engine may want; below those that the system gives to outgoing connections."""
    wanted = [name for name in EngineSettings.model_fields if name.startswith("cluster_") and name.endswith("_port")]
    free = [port for port in random.sample(range(10_000, 32_000), 200) if not taken(port)]
    return dict(zip(wanted, free, strict=False))


@cache
def _fault(name: str) -> str | None:
    """Why it does not answer. Where it must be there, a machine that is merely busy is given time."""
    engine = Cluster(settings_of_the_cluster()).engines[name]
    if not engine.folder.env.exists():
        return "gongqiao cluster up was not called"
    limit = time.monotonic() + (300 if must() else 0)
    while (fault := engine.fault()) is not None and time.monotonic() < limit:
        time.sleep(0.5)
    return fault


def must() -> bool:
    """Whether the engines have to be there."""
    return _MUST


def require(name: str) -> str:
    """The address of a real engine; skips, or fails where it must be there."""
    fault = _fault(name)
    if fault is None:
        return Cluster(settings_of_the_cluster()).engines[name].url
    if must():
        pytest.fail(f"{name} does not answer ({fault}), and GONGQIAO_ENGINES=1 says that it must", pytrace=False)
    pytest.skip(f"{name} does not answer ({fault}); start it with: gongqiao cluster up")


def drop_databases(server: str, *names: str) -> None:
    """Drop databases of a test's own, whoever is still connected. The server may be vacuuming one by itself, which only a superuser may
    interrupt: until it has finished it is tried again."""
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            deadline = time.monotonic() + 120
            while True:
                try:
                    connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
                    break
                except InsufficientPrivilege:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remembers what was skipped."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skip where nothing may be skipped is a failure."""
    if must() and _skipped and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which tests were skipped though nothing may be."""
    if must():
        for name in _skipped:
            terminalreporter.write_line(f"SKIPPED where GONGQIAO_ENGINES=1 allows none: {name}")
