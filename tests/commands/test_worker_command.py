"""``gongqiao worker`` and ``gongqiao topics``: what is refused, and, over real engines, that a worker that dies is started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.cluster.machine import taken
from infra.commands import topics, worker
from infra.settings import SettingsError, settings_of
from infra.workers import wait_for_topics
from streams.runtime.kafka_topics import TopicsWrong
from streams.runtime.topology import topology
from tests.cluster.fresh import fresh_database, fresh_topics
from tests.engines import require


def test_an_unknown_subject_is_a_usage_error_that_names_the_known_ones() -> None:
    answer = CliRunner().invoke(worker.command, ["--subjects", "intake,weather"])
    assert answer.exit_code == 2
    assert "weather" in answer.output
    assert "matching" in answer.output


def _at_start(environment: dict[str, str]) -> None:
    """What every worker does before it handles anything."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        wait_for_topics(settings_of(None), threading.Event())


@pytest.mark.parametrize("arguments", [["--subjects", "intake"], ["--relay"]])
def test_the_embedded_exchange_has_no_workers_and_says_so(arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GONGQIAO_DATA_DIR", str(tmp_path))
    answer = CliRunner().invoke(worker.command, arguments)
    assert isinstance(answer.exception, SettingsError)
    assert "gongqiao run" in str(answer.exception)


@contextmanager
def working(settings: dict[str, str], *arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        command = [sys.executable, "-c", "from infra.cli import main; main()", "worker", *arguments]
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(200)


def asked(port: int, path: str = "/health/ready") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def until(condition: Any, log: Path) -> None:
    deadline = time.monotonic() + 400
    while not condition():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)


def child_of(parent: int, words: str) -> int | None:
    found = subprocess.run(["ps", "-ww", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=False).stdout
    return next((int(line.split()[0]) for line in found.splitlines() if words in line and "defunct" not in line), None)


@pytest.mark.engine
@pytest.mark.timeout(900)
def test_each_subject_has_a_process_that_says_how_it_is_and_is_started_again(tmp_path: Path) -> None:
    port = next(port for port in range(23_100, 31_000, 7) if not any(taken(port + more) for more in range(3)))
    log = tmp_path / "worker.log"
    with fresh_database(require("postgres")) as state, fresh_topics(require("kafka"), topology()) as brokers:
        settings = {
            "GONGQIAO_LOG": "kafka://" + ",".join(brokers.servers),
            "GONGQIAO_STATE": state,
            "GONGQIAO_KAFKA_PREFIX": brokers.prefix,
            "GONGQIAO_KAFKA_PARTITIONS": str(brokers.partitions),
            "GONGQIAO_DATA_DIR": str(tmp_path),
            "GONGQIAO_WORKER_PORT": str(port),
        }
        with working(settings, "--subjects", "hiring,delivery", "--relay", log=log) as parent:
            until(lambda: all(asked(port + number)[0] == 200 for number in range(3)), log)
            assert json.loads(asked(port)[1])["engines"] == {"subject:hiring": {"status": "ok"}}
            assert json.loads(asked(port + 2)[1])["engines"] == {"relay": {"status": "ok"}}
            assert 'gongqiao_subject_handled{subject="delivery"}' in asked(port + 1, "/metrics")[1]
            until(lambda: 'gongqiao_group_lag{subject="delivery"} 0.0' in asked(port + 2, "/metrics")[1], log)
            before = child_of(parent.pid, "--subjects hiring")
            assert before is not None
            os.kill(before, signal.SIGKILL)
            until(lambda: child_of(parent.pid, "--subjects hiring") not in (None, before), log)
            until(lambda: asked(port)[0] == 200, log)
        assert parent.returncode == 0, log.read_text()[-2000:]
        until(lambda: asked(port)[0] == 0, log)
        wrong = {**settings, "GONGQIAO_KAFKA_PARTITIONS": "7"}
        answer = CliRunner().invoke(topics.command, ["check"], env=wrong)
        assert answer.exit_code == 1
        assert "has 4 partitions, not 7" in str(answer.exception)
        assert CliRunner().invoke(topics.command, ["check"], env=settings).exit_code == 0
        with pytest.raises(TopicsWrong, match="has 4 partitions, not 7"):
            _at_start(wrong)
