"""The local engines together: up, down, status; and one of them stopped, started or killed, as the fault tests do."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

from infra.cluster.elastic import Elastic
from infra.cluster.engine import Engine
from infra.cluster.fetch import Say
from infra.cluster.folder import ClusterError, Folder
from infra.cluster.kafka import Kafka
from infra.cluster.machine import available_mb, taken
from infra.cluster.postgres import Postgres
from infra.cluster.processes import end, resident_mb
from infra.cluster.redis import Redis
from infra.engine_settings import EngineSettings

# Elasticsearch first: it takes longest to answer.
ENGINES: tuple[type[Engine], ...] = (Elastic, Kafka, Redis, Postgres)
NAMES = tuple(engine.name for engine in ENGINES)


@dataclass(frozen=True)
class State:
    """How one engine stands: ``up`` answers, ``down`` does not run, ``starting`` runs and does not answer (``reason`` says why)."""

    name: str
    title: str
    state: str
    reason: str | None
    pid: int | None
    port: int
    version: str
    memory_mb: int | None


class Cluster:
    """The engines in one folder. Starts what does not run, stops only what it started itself."""

    def __init__(self, settings: EngineSettings, say: Say = lambda line: None) -> None:
        self.settings = settings
        self.folder = Folder(settings.cluster_dir)
        self.engines: dict[str, Engine] = {made.name: made for made in (engine(self.folder, settings) for engine in ENGINES)}
        self._say = say

    def up(self, names: Iterable[str] = NAMES) -> dict[str, str]:
        """Start these engines and wait until each answers; answers the addresses by setting. Called twice it changes nothing.

        Raises ``ClusterError``; what had been started by then goes on.
        """
        wanted = [self.engines[name] for name in names]
        self.folder.path.parent.mkdir(parents=True, exist_ok=True)
        with self.folder.locked():
            self.folder.make()
            missing = [engine for engine in wanted if engine.pid() is None]
            self._check_machine(missing)
            for engine in missing:
                engine.fetch(self._say)
            for engine in missing:
                engine.prepare()
            started = [(engine, engine.start()) for engine in missing]
            for engine in wanted:
                self._wait(engine, next((made for other, made in started if other is engine), None))
            self._write_addresses()
        return self.addresses()

    def _check_machine(self, missing: list[Engine]) -> None:
        for engine in missing:
            for setting, port in engine.ports.items():
                if _stays_taken(port):
                    mend = f"stop it, or name another port: GONGQIAO_{setting.upper()}=…"
                    raise ClusterError(f"port {port} for {engine.title} is taken by another program; {mend}")
        needed, there = sum(engine.memory_mb for engine in missing), available_mb()
        if there is not None and there < needed:
            raise ClusterError(
                f"{', '.join(engine.title for engine in missing)} need {needed} MB of memory and {there} MB are free; make room, or lower "
                "GONGQIAO_CLUSTER_ELASTIC_HEAP_MB (256 at least) and GONGQIAO_CLUSTER_KAFKA_HEAP_MB (128 at least)"
            )

    def _wait(self, engine: Engine, started: object) -> None:
        """Until the engine answers. One that ends while starting is started again as often as is usual for its kind."""
        process = started
        limit, left, begun = time.monotonic() + self.settings.cluster_patience_seconds, engine.attempts, time.monotonic()
        while (fault := engine.arrange() or engine.fault()) is not None:
            if process is not None and engine.ended(process):  # type: ignore[arg-type]
                left -= 1
                if left <= 0:
                    raise engine.wrong("ended while it started")
                time.sleep(0.5)
                process = engine.start()
            elif time.monotonic() > limit:
                raise engine.wrong(f"does not answer after {self.settings.cluster_patience_seconds:.0f} seconds ({fault})")
            time.sleep(0.1)
        engine.pid()
        if started is not None:
            self._say(f"{engine.title} answers after {time.monotonic() - begun:.0f} s")

    def down(self, names: Iterable[str] = NAMES) -> list[str]:
        """Stop what runs of these, in the opposite order; answers which were stopped. Data stays."""
        stopped = []
        with self.folder.locked():
            for name in reversed(list(names)):
                engine = self.engines[name]
                if (pid := engine.pid()) is not None:
                    end(pid, engine.stop_signal, patience=60, name=name)
                    stopped.append(name)
                engine.kept.forget()
        return stopped

    def kill(self, name: str) -> None:
        """SIGKILL, as a fault would; raises ``ClusterError`` where it does not run."""
        with self.folder.locked():
            pid = self.engines[name].pid()
            if pid is None:
                raise ClusterError(f"{name} does not run")
            end(pid, signal.SIGKILL, patience=30, name=name)
            self.engines[name].kept.forget()

    def status(self) -> list[State]:
        """How each engine stands."""
        found = []
        for engine in self.engines.values():
            pid = engine.pid()
            reason = engine.fault() if pid is not None else None
            state = "down" if pid is None else "up" if reason is None else "starting"
            version, memory = (engine.version(), resident_mb(pid)) if pid is not None else ("", None)
            found.append(State(engine.name, engine.title, state, reason, pid, engine.port, version, memory))
        return found

    def addresses(self) -> dict[str, str]:
        """The addresses as settings: ``GONGQIAO_LOG`` and its three sisters."""
        order = ("log", "state", "search", "cache")
        engines = sorted(self.engines.values(), key=lambda engine: order.index(engine.setting))
        return {f"GONGQIAO_{engine.setting.upper()}": engine.url for engine in engines}

    def _write_addresses(self) -> None:
        lines = [f"{name}={value}" for name, value in self.addresses().items()]
        self.folder.write(self.folder.env, "\n".join(lines) + "\n", ours=True)


def _stays_taken(port: int) -> bool:
    """Whether somebody holds on to the port: what has just been killed lets go of it within moments."""
    for _ in range(20):
        if not taken(port):
            return False
        time.sleep(0.1)
    return True
