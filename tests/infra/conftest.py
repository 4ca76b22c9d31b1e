"""A small sample in a data directory of its own, made once and copied."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.cli import cli
from infra.composition import exchange
from infra.sample import generate
from infra.settings import Settings
from streams.intake.gateway import receive_employers, receive_people, receive_postings

ROOT = Path(__file__).parents[2]


def settings_of(folder: Path, **more: Any) -> Settings:
    return Settings(data_dir=folder, **more)


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("GONGQIAO_") and name != "GONGQIAO_SHARED":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the sample makes of an empty exchange: 60 postings, 80 people, 20 employers, all handled."""
    folder = tmp_path_factory.mktemp("sample-exchange")
    sample = generate(today=date(2026, 11, 20), employers=20, people=80, postings=60)
    with exchange(settings_of(folder)) as opened:
        receive_employers(opened, sample.employers, sender="sample", verified=True)
        receive_people(opened, sample.people, sender="sample")
        receive_postings(opened, sample.postings, sender="sample", via="feed", verified=True, ids_given=True)
        opened.runner.drain(120)
    return folder


@pytest.fixture
def folder(sample_folder: Path, tmp_path: Path) -> Path:
    """A copy of it to work on."""
    return Path(shutil.copytree(sample_folder, tmp_path / "data"))


@pytest.fixture
def run() -> Callable[..., Result]:
    """A command in this process; answers exit code and output."""

    def invoke(*arguments: str | Path, **how: Any) -> Result:
        return CliRunner().invoke(cli, [str(one) for one in arguments], **how)

    return invoke


class Program:
    """``gongqiao`` as a process of its own. Lines of its output are waited for, never slept for."""

    def __init__(self, *arguments: str | Path, **environment: str):
        # A file rather than a pipe: a pipe that nobody reads fills up, and then the process stands still.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GONGQIAO_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from infra.cli import main; main()", *map(str, arguments)],
            cwd=ROOT, env={**outside, **environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip

    def line_with(self, text: str) -> str:
        """The next line of output that has this in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if text in line:
                return line.rstrip()
        raise AssertionError(f"ended with {self.process.wait()} before it said {text!r}: {self.rest()[1][-1500:]}")

    def rest(self) -> tuple[str, str]:
        """What else it says until it ends."""
        said, _ = self.process.communicate(timeout=60)
        self._errors.seek(0)
        return said, self._errors.read()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self._errors.close()


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    started: list[Program] = []

    def start(*arguments: str | Path, **environment: str) -> Program:
        started.append(Program(*arguments, **environment))
        return started[-1]

    yield start
    for one in started:
        one.close()
