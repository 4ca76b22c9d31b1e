"""What every local engine can be asked: its ports, its files, how it starts, whether it answers."""

from __future__ import annotations

import signal
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from infra.cluster.fetch import Say
from infra.cluster.folder import ClusterError, Folder
from infra.cluster.processes import Kept, spawn
from infra.engine_settings import EngineSettings

USER = "exchange"


class Engine(ABC):
    """One engine on this machine. Its files lie in the folder, its sizes and ports come from the settings."""

    name: ClassVar[str]
    title: ClassVar[str]
    setting: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    attempts: ClassVar[int] = 1

    def __init__(self, folder: Folder, settings: EngineSettings) -> None:
        self.folder = folder
        self.settings = settings
        self.kept = Kept(folder, self.name)

    @property
    @abstractmethod
    def ports(self) -> dict[str, int]:
        """The ports it listens on, by the setting that names each; the first is the clients'."""

    @property
    @abstractmethod
    def memory_mb(self) -> int:
        """What it will take of the machine's memory, by measurement."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The address for clients, with name and password."""

    @abstractmethod
    def fetch(self, say: Say) -> None:
        """Have its program; raises ``ClusterError`` saying how to get it."""

    @abstractmethod
    def prepare(self) -> None:
        """Write its files, and make its data folder and users at the first start. Called while it does not run."""

    @abstractmethod
    def command(self) -> tuple[list[str | Path], dict[str, str]]:
        """Arguments and environment it is started with."""

    @abstractmethod
    def fault(self) -> str | None:
        """Why it does not answer a client with name and password; None when it does."""

    @abstractmethod
    def version(self) -> str:
        """The version it runs as."""

    def arrange(self) -> str | None:
        """Make what only the running engine can make, users and databases; why that did not work yet, None when it is done."""
        return None

    @property
    def port(self) -> int:
        """The port for clients."""
        return next(iter(self.ports.values()))

    @property
    def log(self) -> Path:
        return self.folder.path / f"{self.name}.log"

    def pid(self) -> int | None:
        """The process that was started for it, while it lives."""
        return self.kept.pid()

    def start(self) -> subprocess.Popen[bytes]:
        """Start it and note whose process it is; does not wait until it answers."""
        arguments, environment = self.command()
        made = spawn(self.folder, arguments, log=self.log, environment=environment)
        self.kept.note(made.pid)
        return made

    def ended(self, started: subprocess.Popen[bytes]) -> bool:
        """Whether what was started is gone again."""
        return started.poll() is not None

    def last_words(self) -> str:
        """The end of its log, for an error."""
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return "\n  ".join(lines[-6:])

    def wrong(self, what: str) -> ClusterError:
        """An error with the end of the log."""
        return ClusterError(f"{self.title} {what}; {self.log} ends with\n  {self.last_words()}")
