"""The local engines: what is refused and said before anything is started, and whose processes are whose. Needs no engine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from infra.cluster import control, fetch, folder, machine
from infra.cluster.control import NAMES, Cluster
from infra.cluster.folder import ClusterError, Folder
from infra.cluster.processes import Kept, born, end, spawn
from infra.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def enterable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is used as the caller, also where that is root."""
    monkeypatch.setattr(Folder, "owner", None)
    return tmp_path / "engines"


def of(path: Path, **given: Any) -> Cluster:
    return Cluster(Settings(cluster_dir=path, **given))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


# -- what is missing -------------------------------------------------------------------------------------------------------


def test_a_taken_port_is_named_with_the_setting_that_moves_it(enterable: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control.time, "sleep", lambda seconds: None)
    with pytest.raises(ClusterError, match=rf"port {taken_port} for Redis is taken.*GONGQIAO_CLUSTER_REDIS_PORT"):
        of(enterable, cluster_redis_port=taken_port).up(["redis"])
    assert not (enterable / "env").exists()


def test_too_little_memory_is_said_before_anything_is_fetched(enterable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "available_mb", lambda: 900)
    monkeypatch.setattr(control, "taken", lambda port: False)
    with pytest.raises(ClusterError, match=r"need \d+ MB of memory and 900 MB are free.*GONGQIAO_CLUSTER_ELASTIC_HEAP_MB"):
        of(enterable).up()
    assert not list(enterable.glob("*kafka*"))


def test_a_java_that_is_none_is_refused_by_its_setting(enterable: Path, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"GONGQIAO_CLUSTER_JAVA=.*holds no bin/java.*JDK 21"):
        fetch.java(Folder(enterable), tmp_path, print)


def test_an_old_java_is_refused_by_its_setting(enterable: Path, tmp_path: Path) -> None:
    binary = tmp_path / "bin" / "java"
    binary.parent.mkdir()
    binary.write_text("#!/bin/sh\necho 'openjdk version \"17.0.15\" 2025-04-15' >&2\n")
    binary.chmod(0o755)
    with pytest.raises(ClusterError, match=r"is Java 17; name a JDK 21 or newer"):
        fetch.java(Folder(enterable), tmp_path, print)
    binary.write_text("#!/bin/sh\necho 'openjdk version \"21.0.1\" 2025-04-15' >&2\n")
    assert fetch.java(Folder(enterable), tmp_path, print) == tmp_path


@pytest.mark.parametrize(("name", "package"), [("mvn", "maven"), ("unzip", "unzip"), ("redis-server", "redis-server")])
def test_a_missing_program_is_named_with_the_command_that_installs_it(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch.shutil, "which", lambda *_, **__: None)
    with pytest.raises(ClusterError, match=rf"{name} is not on this machine.*apt-get install --no-install-recommends {package}"):
        fetch.program(name)


def test_a_download_that_is_not_the_expected_file_is_thrown_away(enterable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_file(arguments: list[str | Path], wrong: str) -> str:
        (enterable / "downloads" / f"elasticsearch-{fetch.ELASTIC}.zip").write_bytes(b"something else")
        return ""

    (enterable / "downloads").mkdir(parents=True)
    monkeypatch.setattr(fetch, "program", Path)
    monkeypatch.setattr(fetch, "_run", other_file)
    with pytest.raises(ClusterError, match="not the file that was expected"):
        fetch.elastic(Folder(enterable), print)
    assert not list((enterable / "downloads").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="asks what root is told")
def test_root_is_told_where_nobody_cannot_enter(tmp_path: Path) -> None:  # pytest's own folders are private
    tmp_path.chmod(0o700)
    with pytest.raises(ClusterError, match=r"nobody cannot enter it.*GONGQIAO_CLUSTER_DIR"):
        Folder(tmp_path / "engines").make()


def test_memory_is_that_of_the_container_where_it_is_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("4294967296\n")
    (tmp_path / "memory.current").write_text("2147483648\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 1073741824\n")
    assert machine._of_the_container(tmp_path) == 3072
    (tmp_path / "memory.max").write_text("max\n")
    assert machine._of_the_container(tmp_path) is None
    monkeypatch.setattr(machine, "_of_the_container", lambda: 5)
    assert machine.available_mb() == 5


# -- passwords -------------------------------------------------------------------------------------------------------------


def test_passwords_are_made_once_and_nobody_else_reads_them(enterable: Path) -> None:
    made = Folder(enterable)
    made.make()
    first = made.password("redis_exchange")
    assert len(first) == 40
    assert made.password("postgres_admin") != first
    assert Folder(enterable).password("redis_exchange") == first
    assert (enterable / "passwords.json").stat().st_mode & 0o077 == 0


def test_addresses_carry_the_passwords_and_the_command_shows_none(enterable: Path) -> None:
    cluster = of(enterable, cluster_redis_port=1234)
    cluster.folder.make()
    addresses = cluster.addresses()
    assert list(addresses) == ["GONGQIAO_LOG", "GONGQIAO_STATE", "GONGQIAO_SEARCH", "GONGQIAO_CACHE"]
    secret = cluster.folder.password("redis_exchange")
    assert addresses["GONGQIAO_CACHE"] == f"redis://exchange:{secret}@127.0.0.1:1234/0"
    cluster._write_addresses()
    written = dict(line.split("=", 1) for line in cluster.folder.env.read_text().splitlines())
    assert written == addresses
    assert cluster.folder.env.stat().st_mode & 0o077 == 0
    from infra.commands.cluster import _without_password

    assert _without_password(addresses["GONGQIAO_CACHE"]) == "redis://exchange:…@127.0.0.1:1234/0"
    assert _without_password(addresses["GONGQIAO_LOG"]) == addresses["GONGQIAO_LOG"]


# -- whose process ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def made(enterable: Path) -> Folder:
    found = Folder(enterable)
    found.make()
    return found


@pytest.fixture
def sleeper(made: Folder) -> Iterator[subprocess.Popen[bytes]]:
    process = spawn(made, ["sleep", "600"], log=made.path / "sleeper.log", environment={})
    yield process
    process.kill()
    process.wait()


def test_a_process_is_known_while_it_lives(made: Folder, sleeper: subprocess.Popen[bytes]) -> None:
    kept = Kept(made, "redis")
    assert kept.pid() is None
    kept.note(sleeper.pid)
    assert Kept(made, "redis").pid() == sleeper.pid
    end(sleeper.pid, signal.SIGTERM, patience=20, name="redis")
    assert born(sleeper.pid) is None
    assert kept.pid() is None


def test_another_process_with_the_same_number_is_not_ours_and_stays(made: Folder, sleeper: subprocess.Popen[bytes]) -> None:
    kept = Kept(made, "redis")
    kept.note(sleeper.pid)
    path = made.path / "pids" / "redis.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "born": "1"}))
    assert kept.pid() is None
    assert of(made.path).down(["redis"]) == []
    assert sleeper.poll() is None


def test_numbers_from_before_the_machine_was_started_anew_mean_nothing(made: Folder, sleeper: subprocess.Popen[bytes]) -> None:
    kept = Kept(made, "redis")
    kept.note(sleeper.pid)
    path = made.path / "pids" / "redis.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "boot": "another"}))
    assert kept.pid() is None


def test_a_started_program_sees_no_settings_of_ours(made: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGQIAO_MASTER_KEY", "secret")
    process = spawn(
        made, [sys.executable, "-c", "import os; print(sorted(os.environ))"], log=made.path / "said.log", environment={"OURS": "1"}
    )
    assert process.wait(60) == 0
    said = (made.path / "said.log").read_text()
    assert "GONGQIAO_MASTER_KEY" not in said
    assert "OURS" in said


def test_the_machine_with_other_ways_to_ask_gives_the_same_answers(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS has no /proc: ps is asked."""
    if fetch.shutil.which("ps") is None:
        pytest.skip("no ps on this machine")
    from infra.cluster import processes

    class Elsewhere(type(Path())):  # type: ignore[misc]
        def exists(self, **_: Any) -> bool:
            return not str(self).startswith("/proc") and super().exists()

        def read_bytes(self) -> bytes:
            raise FileNotFoundError(str(self))

    monkeypatch.setattr(processes, "Path", Elsewhere)
    since = born(sleeper.pid)
    assert since is not None
    assert born(sleeper.pid) == since
    assert "sleep 600" in processes.words(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert born(sleeper.pid) is None


# -- the command -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folder.Folder, "owner", None)
    monkeypatch.setenv("GONGQIAO_CLUSTER_DIR", str(tmp_path / "engines"))
    return tmp_path / "engines"


def test_where_nothing_was_started_everything_is_down_and_nothing_is_stopped(in_folder: Path, run: Run) -> None:
    status = run("cluster", "status", "--json")
    assert status.exit_code == 1
    states = json.loads(status.stdout)
    assert tuple(states) == NAMES
    assert {state["state"] for state in states.values()} == {"down"}
    table = run("cluster", "status")
    assert "Elasticsearch  down" in table.stdout
    down = run("cluster", "down")
    assert (down.exit_code, down.stdout) == (0, "nothing was running\n")


def test_killing_what_does_not_run_is_an_error_and_an_unknown_engine_a_usage_error(in_folder: Path, run: Run) -> None:
    killed = run("cluster", "kill", "kafka")
    assert killed.exit_code == 1
    assert str(killed.exception) == "kafka does not run"
    assert run("cluster", "kill", "rabbit").exit_code == 2
