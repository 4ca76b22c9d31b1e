"""What runs in a cluster beside the web servers: a process for each subject, and those of which there is one at a time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Gauge

from api.cache.opening import open_cache
from api.cache.ringing import Ringing
from infra.composition import Shared, flows_of, shared
from infra.engines import brokers as servers_of
from infra.engines import check_engines, faust_arguments, kafka_arguments, redis_arguments, search_options
from infra.health import Health, Readiness
from infra.settings import Settings, SettingsError
from search.errors import IndexFault
from search.index import open_index
from search.reindex import needs_reindex
from streams.delivery.sender import Sender
from streams.intake.index_follower import IndexFollower, fill_anew
from streams.matching.shards import NUMBERED
from streams.runtime.clock import Ticker
from streams.runtime.database import EngineFault
from streams.runtime.exchange import Exchange
from streams.runtime.faust_runner import FaustWorker
from streams.runtime.group import GroupMember
from streams.runtime.kafka import Brokers
from streams.runtime.kafka_lag import Lags
from streams.runtime.kafka_topics import check_topics, create_topics
from streams.runtime.locks import RELAY, ROTATION, TICK, Lock, lock_on
from streams.runtime.own_thread import OwnThread
from streams.runtime.relay import Relay
from streams.runtime.rotation import Rotation

_logger = logging.getLogger("gongqiao.worker")
SINGLES = ("relay", "tick", "index", "send")
NOISY = ("faust", "aiokafka", "mode", "kafka")
RESTART_S = (1.0, 2.0, 5.0, 10.0, 30.0)


def brokers_of(settings: Settings) -> Brokers:
    """Kafka as the settings name it; raises ``SettingsError`` where they do not."""
    if not settings.clustered:
        raise SettingsError("GONGQIAO_LOG is no kafka:// address: the embedded exchange has no workers, gongqiao run does everything")
    check_engines(settings)
    return Brokers(
        tuple(servers_of(settings)),
        prefix=settings.kafka_prefix,
        partitions=settings.kafka_partitions,
        replication=settings.kafka_replication,
        min_in_sync=settings.kafka_min_in_sync,
        arguments=kafka_arguments(settings),
        numbered=NUMBERED,
    )


# -- logging ---------------------------------------------------------------------------------------------------------------


class Sparing(logging.Filter):
    """Lets a line of somebody else's library through once in ten seconds: without a broker Faust writes thousands a second."""

    def __init__(self, every: float = 10.0):
        super().__init__()
        self._every = every
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in NOISY:
            return True
        line = (record.name, str(record.msg)[:80])
        now = time.monotonic()
        if now - self._said.get(line, -self._every) < self._every:
            return False
        if len(self._said) > 1000:
            self._said.clear()
        self._said[line] = now
        return True


def quiet() -> None:
    """Keep the libraries' logs short; once a process, after logging was set up."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Sparing())


# -- topics ----------------------------------------------------------------------------------------------------------------


def make_topics(settings: Settings) -> list[str]:
    return asyncio.run(create_topics(flows_of(settings), brokers_of(settings)))


def wait_for_topics(settings: Settings, stopping: threading.Event, *, create: bool = False) -> None:
    """Check the topics before anything is handled; waits for a broker that is not there. Raises ``TopicsWrong``."""
    backoff = 0.5
    while not stopping.is_set():
        try:
            if create:
                make_topics(settings)
            asyncio.run(check_topics(flows_of(settings), brokers_of(settings)))
            return
        except EngineFault as fault:
            _logger.error("waiting for Kafka", extra={"reason": str(fault)})
            stopping.wait(backoff)
            backoff = min(backoff * 2, 10.0)


# -- one process -----------------------------------------------------------------------------------------------------------


@contextmanager
def _part(settings: Settings) -> Iterator[Shared]:
    """This process's part of the exchange, its bell tied to the others'."""
    part = shared(settings)
    cache = open_cache(
        settings.cache_url,
        prefix=settings.redis_prefix,
        arguments=redis_arguments(settings) if settings.cache_url.startswith("redis") else {},
    )
    ringing = Ringing(part.exchange.bell, cache)
    ringing.start()
    try:
        yield part
    finally:
        ringing.stop()
        part.close()


@contextmanager
def _health(settings: Settings, readiness: Readiness, metrics: Callable[[CollectorRegistry], None]) -> Iterator[None]:
    if not settings.worker_port:
        yield
        return
    health = Health(settings.host, settings.worker_port, readiness, metrics)
    health.start()
    try:
        yield
    finally:
        health.stop()


def run_subject(settings: Settings, name: str, stopping: threading.Event) -> None:
    """Handle one subject's messages until told to stop."""
    flows = flows_of(settings)
    subject = flows.subject(name)
    if settings.worker_batch is not None:
        from dataclasses import replace

        subject = replace(subject, batch=settings.worker_batch)
    wait_for_topics(settings, stopping)
    if stopping.is_set():
        return
    with _part(settings) as part:
        log, bell = part.exchange.log, part.exchange.bell
        member = GroupMember(subject, log, part.engine, part.readers, settings.subjects(), now=part.exchange.now)
        worker = FaustWorker(
            subject, flows, log, member, part.readers, brokers_of(settings), bell=bell, faust_arguments=faust_arguments(settings)
        )

        def readiness() -> dict[str, str | None]:
            return {f"subject:{name}": worker.fault or (None if worker.ready.is_set() else "loading")}

        def metrics(registry: CollectorRegistry) -> None:
            for metric, words, value in (
                ("gongqiao_subject_handled", "messages handled by this worker since its start", member.handled),
                ("gongqiao_worker_again", "messages that were delivered again and skipped", member.again),
                ("gongqiao_worker_redone", "batches prepared twice because another worker committed first", member.redone),
                ("gongqiao_worker_overlooked", "messages taken from the log that Kafka never brought", worker.overlooked),
            ):
                Gauge(metric, words, ["subject"], registry=registry).labels(name).set(value)
            up = Gauge("gongqiao_engine_up", "1 while the engine answers", ["engine"], registry=registry)
            for part_name, wrong in readiness().items():
                up.labels(part_name).set(0 if wrong else 1)

        def stop() -> None:
            stopping.wait()
            worker.stop()

        threading.Thread(target=stop, name="stop", daemon=True).start()
        with _health(settings, readiness, metrics):
            worker.run()


class Service(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


class WhileHeld(OwnThread):
    """Runs a service in the one process that holds its lock; the others stand by and look once a second."""

    def __init__(self, lock: Lock, make: Callable[[], Service]):
        super().__init__(f"held-{lock.name}")
        self.service: Any = None
        self.fault: str | None = None
        self._lock = lock
        self._make = make

    def stop(self) -> None:
        super().stop()
        self._end()
        self._lock.release()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._lock.try_acquire():
                    self._end()
                elif self.service is None:
                    made = self._make()
                    made.start()
                    self.service = made
                self.fault = None
            except Exception as error:
                self.fault = str(error) if isinstance(error, EngineFault | IndexFault) else f"{self._lock.name}: {type(error).__name__}"
                _logger.error("cannot start", extra={"reason": self.fault}, exc_info=not isinstance(error, EngineFault | IndexFault))
            self._stopping.wait(1.0)

    def _end(self) -> None:
        service, self.service = self.service, None
        if service is not None:
            service.stop()


def _index_follower(settings: Settings, exchange: Exchange) -> IndexFollower:
    url, options = settings.search_url, search_options(settings)
    if needs_reindex(url, options=options):
        fill_anew(exchange, url, options=options)
    return IndexFollower(exchange, open_index(url, options=options))


def run_singles(settings: Settings, names: Sequence[str], stopping: threading.Event) -> None:
    """Relay, clock, index follower and senders, as named: each works while this process has its lock."""
    if "relay" in names:
        wait_for_topics(settings, stopping)
    if stopping.is_set():
        return
    with _part(settings) as part:
        exchange = part.exchange
        running: dict[str, Any] = {}
        if "relay" in names:
            running["relay"] = Relay(part.engine, brokers_of(settings), lock_on(part.engine, RELAY), bell=exchange.bell)
        if "tick" in names:
            running["tick"] = WhileHeld(lock_on(part.engine, TICK), lambda: Ticker(exchange, every=settings.tick_seconds))
            running["rotation"] = WhileHeld(lock_on(part.engine, ROTATION), lambda: Rotation(exchange))
        if "index" in names:
            running["index"] = WhileHeld(lock_on(part.engine, "index"), lambda: _index_follower(settings, exchange))
        if "send" in names:
            from api.webhooks.sender import WebhookSender  # brings the edge with it, which the other processes do without

            running["send"] = WhileHeld(lock_on(part.engine, "send"), lambda: Sender(exchange, settings.outside()))
            running["webhooks"] = WhileHeld(lock_on(part.engine, "webhooks"), lambda: WebhookSender(exchange, settings.webhook_rules()))
        lags = Lags(flows_of(settings), brokers_of(settings)) if "relay" in names else None

        def readiness() -> dict[str, str | None]:
            found: dict[str, str | None] = {name: one.fault for name, one in running.items()}
            for name, one in running.items():
                inner = getattr(getattr(one, "service", None), "fault", None)
                found[name] = found[name] or inner
            return found

        def metrics(registry: CollectorRegistry) -> None:
            up = Gauge("gongqiao_engine_up", "1 while the engine answers", ["engine"], registry=registry)
            for name, wrong in readiness().items():
                up.labels(name).set(0 if wrong else 1)
            if lags is not None and lags.last is not None:
                lag = Gauge(
                    "gongqiao_group_lag", "messages on Kafka that a consumer group has not committed", ["subject"], registry=registry
                )
                for name, count in lags.last.items():
                    lag.labels(name).set(count)
            if "relay" in running:
                Gauge("gongqiao_relay_sent", "messages published by this process", registry=registry).set(running["relay"].sent)
                Gauge("gongqiao_relay_holds", "1 in the process that publishes", registry=registry).set(int(running["relay"].holds))

        with _health(settings, readiness, metrics):
            for one in (*running.values(), *((lags,) if lags is not None else ())):
                one.start()
            stopping.wait()
            for one in (*running.values(), *((lags,) if lags is not None else ())):
                one.stop()


# -- several processes -----------------------------------------------------------------------------------------------------


class Supervisor:
    """A child process for each part; one that ends is started again after a pause that grows."""

    def __init__(self, settings: Settings, parts: Sequence[Sequence[str]]):
        self._settings = settings
        self._parts = [list(part) for part in parts]
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._ends = [0] * len(parts)
        self._due = [0.0] * len(parts)
        self._began = [0.0] * len(parts)

    def run(self, stopping: threading.Event) -> None:
        try:
            while not stopping.is_set():
                now = time.monotonic()
                for number in range(len(self._parts)):
                    child = self._children.get(number)
                    if child is not None and child.poll() is not None:
                        self._ended(number, child.returncode, now)
                    elif child is None and now >= self._due[number]:
                        self._children[number] = self._start(number)
                        self._began[number] = now
                stopping.wait(0.2)
        finally:
            self._stop()

    def _ended(self, number: int, code: int, now: float) -> None:
        del self._children[number]
        self._ends[number] = 0 if now - self._began[number] > 60 else self._ends[number] + 1
        pause = RESTART_S[min(max(self._ends[number] - 1, 0), len(RESTART_S) - 1)]
        self._due[number] = now + pause
        _logger.error(
            "a worker ended and is started again", extra={"reason": " ".join(self._parts[number]), "status": code, "seconds": pause}
        )

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        port = self._settings.worker_port
        environment = {**os.environ, "GONGQIAO_WORKER_PORT": str(port + number if port else 0), "GONGQIAO_WORKER_PARENT": str(os.getpid())}
        command = [sys.executable, "-c", "from infra.cli import main; main()", "worker", *self._parts[number]]
        return subprocess.Popen(command, env=environment)

    def _stop(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self._children.values():
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def end_with_parent(stopping: threading.Event) -> None:
    """A child whose parent was killed stops too: nobody would watch it."""
    parent = os.environ.get("GONGQIAO_WORKER_PARENT")
    if parent is None:
        return

    def watch() -> None:
        while not stopping.wait(0.5):
            if os.getppid() != int(parent):
                stopping.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()
