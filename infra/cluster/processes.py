"""Processes that outlive the command which started them: known by pid and start time, so that no other is ever stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from infra.cluster.folder import ClusterError, Folder

_started: dict[int, subprocess.Popen[bytes]] = {}  # of this process; kept so that they are reaped


def born(pid: int) -> str | None:
    """When a living process was started, as the system says it; None where there is none. A zombie is none."""
    child = _started.get(pid)
    if child is not None and child.poll() is not None:
        return None
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # A killed process with many threads is a zombie before the last of them has let go of its ports.
        gone = fields[0] == "X" or (fields[0] == "Z" and int(fields[17]) <= 1)
        return None if gone else fields[19]
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.split(None, 1)
    return None if len(found) < 2 or found[0].startswith("Z") else found[1].strip()


def words(pid: int) -> str:
    """The command line of a process, for whoever must be sure of it; empty where it cannot be read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def resident_mb(pid: int) -> int | None:
    """Memory a process holds, in MiB; None where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), None)
    return int(line.split()[1]) // 1024 if line else None


class Kept:
    """What is known of one engine's process, in ``.cluster/pids/NAME.json``."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._path = folder.path / "pids" / f"{name}.json"
        self._folder = folder

    def note(self, pid: int) -> None:
        """Remember a process as ours."""
        since = born(pid)
        if since is not None:
            self._path.parent.mkdir(exist_ok=True)
            self._folder.write(self._path, json.dumps({"pid": pid, "born": since, "boot": _boot()}) + "\n", ours=True)

    def pid(self) -> int | None:
        """Its number while it lives and is the very process we started; else None."""
        try:
            kept = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return None
        pid = int(kept["pid"])
        return pid if kept["boot"] == _boot() and born(pid) == kept["born"] else None

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def spawn(folder: Folder, arguments: list[str | Path], *, log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own as the engines' user; what it says goes to the log."""
    if log.exists() and log.stat().st_size > 20_000_000:
        log.replace(log.with_suffix(".log.before"))
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")}
    options: dict[str, Any] = folder.as_owner()
    with log.open("ab") as out:
        made = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder.scratch,
            env={**inherited, "HOME": str(folder.scratch), **environment},
            start_new_session=True,
            umask=0o077,
            **options,
        )
    _started[made.pid] = made
    return made


def end(pid: int, number: signal.Signals, *, patience: float, name: str) -> None:
    """Send a signal and wait until the process is gone; raises ``ClusterError`` where it will not go."""
    since = born(pid)
    try:
        group = os.getpgid(pid)
        if number is signal.SIGKILL and group != os.getpgrp():
            os.killpg(group, number)  # with the launcher that is still starting it, which would go on alone
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return
    limit = time.monotonic() + patience
    while since is not None and born(pid) == since:
        if time.monotonic() > limit:
            raise ClusterError(
                f"{name} (process {pid}) still runs {patience:.0f} seconds after {number.name}; gongqiao cluster kill {name}"
            )
        time.sleep(0.05)
