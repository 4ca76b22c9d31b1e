"""The real engines that tests marked ``engine`` talk to: those of ``gongqiao cluster up``.

``require("kafka" | "elastic" | "redis" | "postgres")`` answers an engine's address with name and password. Where it does not answer the
test is skipped, and fails where ``GONGQIAO_ENGINES=1`` says that the engines must be there (``make test-cluster``). As a pytest plugin
(``-p tests.engines``) this file then also counts any skip as a failure.

The addresses come from ``.cluster/env``, not from the environment: a test that opens an embedded exchange must not find itself on a broker.
Engines are shared by whatever runs: use a topic prefix, an index prefix, a database, a Redis key prefix of your own.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from infra.cluster.control import Cluster
from infra.engine_settings import EngineSettings
from infra.settings import Settings

ROOT = Path(__file__).parents[1]
_skipped: list[str] = []


def settings_of_the_cluster() -> EngineSettings:
    """Settings of the local engines; the folder is the repository's wherever the test's working directory is."""
    folder = Path(os.environ.get("GONGQIAO_CLUSTER_DIR", ".cluster"))
    return Settings(cluster_dir=folder if folder.is_absolute() else ROOT / folder)


@cache
def _fault(name: str) -> str | None:
    engine = Cluster(settings_of_the_cluster()).engines[name]
    if not engine.folder.env.exists():
        return "gongqiao cluster up was not called"
    return engine.fault()


def must() -> bool:
    """Whether the engines have to be there."""
    return os.environ.get("GONGQIAO_ENGINES") == "1"


def require(name: str) -> str:
    """The address of a real engine; skips, or fails where it must be there."""
    fault = _fault(name)
    if fault is None:
        return Cluster(settings_of_the_cluster()).engines[name].url
    if must():
        pytest.fail(f"{name} does not answer ({fault}), and GONGQIAO_ENGINES=1 says that it must", pytrace=False)
    pytest.skip(f"{name} does not answer ({fault}); start it with: gongqiao cluster up")


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
