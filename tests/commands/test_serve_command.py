"""``gongqiao serve`` from outside: refused without a cluster; two processes over one state, each stopped by a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex

import httpx
import pytest
from click.testing import CliRunner

from infra.commands.serve import command
from infra.settings import SettingsError


def test_without_a_cluster_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOG", "STATE", "SEARCH", "CACHE"):
        monkeypatch.delenv(f"GONGQIAO_{name}", raising=False)
    monkeypatch.setenv("GONGQIAO_DATA_DIR", str(tmp_path))
    answer = CliRunner().invoke(command, ["--port", "0"])
    assert isinstance(answer.exception, SettingsError)
    assert "gongqiao run" in str(answer.exception)
    assert not (tmp_path / "gongqiao.sqlite").exists()


@contextmanager
def served(environment: dict[str, str], errors: Path) -> Iterator[str]:
    """The address of one more web server, stopped by SIGTERM afterwards."""
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", "from infra.cli import main; main()", "serve", "--port", "0"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("工桥 Gongqiao: http://"), errors.read_text()
        yield line.split(": ", 1)[1].strip()
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert rest.endswith("已停止。\n")
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def forget_indices(url: str, prefix: str) -> None:
    address = url.replace("elastic://", "http://", 1)
    for row in httpx.get(f"{address}/_cat/indices/{prefix}*?format=json", timeout=60).json():
        httpx.delete(f"{address}/{row['index']}", timeout=60)


@pytest.mark.engine
def test_two_web_servers_are_one_exchange_and_end_by_a_signal(tmp_path: Path) -> None:
    from api.access.accounts import create_account
    from infra.composition import open_shared
    from tests.cluster.fresh import fresh_database
    from tests.engines import require

    elastic, redis, postgres = require("elastic"), require("redis"), require("postgres")
    with ExitStack() as stack:
        state = stack.enter_context(fresh_database(postgres))
        key, prefix = token_hex(32), f"test-{token_hex(6)}"
        stack.callback(forget_indices, elastic, prefix)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GONGQIAO_")},
            "GONGQIAO_DATA_DIR": str(tmp_path),
            "GONGQIAO_MASTER_KEY": key,
            "GONGQIAO_LOG": "kafka://127.0.0.1:9",  # the edge appends without the broker
            "GONGQIAO_STATE": state,
            "GONGQIAO_SEARCH": elastic,
            "GONGQIAO_ELASTIC_PREFIX": prefix,
            "GONGQIAO_CACHE": redis,
            "GONGQIAO_REDIS_PREFIX": f"test-{token_hex(6)}:",
        }
        part = open_shared(state, bytes.fromhex(key), migrating=False)
        stack.callback(part.close)
        made = {"login": "a", "password": "a-long-password", "role": "administrator", "now": part.exchange.now()}
        part.exchange.write(lambda connection: create_account(connection, **made))
        one = stack.enter_context(served(environment, tmp_path / "one.log"))
        other = stack.enter_context(served(environment, tmp_path / "other.log"))
        assert [httpx.get(f"{address}/health/live", timeout=60).status_code for address in (one, other)] == [200, 200]
        signed = httpx.post(f"{one}/login", data={"login": "a", "password": "a-long-password"}, timeout=60)
        assert signed.status_code == 303, signed.text
        cookie = {"Cookie": signed.headers["set-cookie"].partition(";")[0]}
        assert httpx.get(f"{other}/commissioner", headers=cookie, timeout=60).status_code == 200
        sent = httpx.post(
            f"{other}/api/v1/employers", json={"employer_id": "e-1", "name": "样例"}, auth=("a", "a-long-password"), timeout=60
        )
        assert sent.status_code == 202  # durable, though nobody publishes or handles it yet
        engines = httpx.get(f"{one}/health/ready", timeout=60).json()["engines"]
        assert (engines["state"]["status"], engines["cache"]["status"]) == ("ok", "ok")
        assert engines["clock"]["status"] == "down"  # nobody ticks here, and readiness says so
