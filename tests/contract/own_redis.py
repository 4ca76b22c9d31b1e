"""A Redis of a test's own, to be stopped and started as it likes: a free port, a password, a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis


class OwnRedis:
    """Not started yet. ``url`` stays the same over restarts; nothing is kept on disk."""

    def __init__(self, folder: Path):
        found = shutil.which("redis-server")
        if found is None:
            if os.environ.get("CI") == "true":
                pytest.fail("redis-server is missing: apt-get install redis-server")
            pytest.skip("redis-server is not installed")
        self._program = found
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"redis://:a-password@127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        given = {"port": self._port, "bind": "127.0.0.1", "dir": self._folder, "save": "", "appendonly": "no", "requirepass": "a-password"}
        arguments = [word for name, value in given.items() for word in (f"--{name}", str(value))]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([self._program, *arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        client = redis.Redis.from_url(self.url)
        try:
            while True:
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    assert time.monotonic() < deadline, (self._folder / "redis.log").read_text()
                    time.sleep(0.02)
        finally:
            client.close()

    def stop(self, *, kill: bool = False) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            self._process.wait(30)
            self._process = None

    def flush(self) -> None:
        client = redis.Redis.from_url(self.url)
        client.flushall()
        client.close()
