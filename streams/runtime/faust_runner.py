"""Faust agents made from the topology: one app, one consumer group and one process a subject.

What was found in faust-streaming 0.15.3 and is built around here:

- ``Stream.take`` acknowledges its events in a ``finally``: also when the agent raises, is cancelled or is restarted in mid-batch. Then the
  offsets are committed and the batch is lost. ``noack_take`` leaves the acknowledgement to us: it comes after the database's commit.
- An agent that raises is started again on the same stream, behind what it had taken: so nothing may raise. Every exception of a handler has
  become an outcome in ``processing``; a fault of an engine is waited for in the worker's own thread, without end.
- ``take`` wakes up every ``within`` seconds and not when a message comes: ``within`` is the latency of a message that comes alone.
- A stream skips a message of an older generation (after a rebalance) and acknowledges it. Should that ever let a message be committed
  that nobody handled, ``GroupMember.overlooked`` finds it in the log: what is said is in PostgreSQL, Kafka carries the work.
- ``stream_wait_empty`` makes a rebalance wait until everything taken is acknowledged: while PostgreSQL is away that is for ever, and the
  broker throws the member out. It is off: a batch whose partition is revoked goes on and commits, or rolls back; either way the next
  owner finds what is done in ``handled``, and cannot write while this one does.
- With neither tables nor standby replicas the partitions are shared out by aiokafka's round robin; with ``table_standby_replicas`` at its
  default of 1 it would be Faust's own assignor, which moves partitions that nobody lost.
- A consumer whose buffers are full looks again once a second (``_wait_next_records``), so a buffer holds some seconds of work.
- While its handler waits for PostgreSQL the consumer does not poll. ``broker_max_poll_interval`` must be longer than any outage, or the
  member leaves its group; heartbeats go on meanwhile, for the handler runs in a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faust
from faust.types import AppT
from sqlalchemy import Connection, Engine

from streams.runtime.database import is_engine_fault, plain_reason
from streams.runtime.group import GroupMember
from streams.runtime.kafka import Brokers, row_of
from streams.runtime.log import Bell, Log
from streams.runtime.messages import MessageError
from streams.runtime.relay import published
from streams.runtime.subjects import Subject, Topology

_logger = logging.getLogger("gongqiao.runner")
WITHIN_S = 0.02
SESSION_S, HEARTBEAT_S = 10.0, 2.5
OUTAGE_S = 14 * 24 * 3600.0  # as long as derived topics are kept
MAX_BACKOFF_S = 30.0
ERRANDS_S = 0.2
OVERLOOKED_S = 60.0  # after so long on Kafka without being handled a message is taken from the log


def make_app(subject: Subject, brokers: Brokers, *, faust_arguments: dict[str, Any] | None = None) -> AppT:
    """The Faust app of one subject, without agents."""
    arguments = {"broker": [f"kafka://{server}" for server in brokers.servers], **(faust_arguments or {})}
    return faust.App(
        brokers.group(subject.name),
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_max_poll_interval=OUTAGE_S,
        broker_commit_interval=1.0,
        stream_buffer_maxsize=max(1024, 32 * subject.batch),
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        web_enabled=False,
        datadir=tempfile.gettempdir(),
        key_serializer="raw",
        value_serializer="raw",
        **arguments,
    )


def add_agent(app: AppT, subject: Subject, topology: Topology, brokers: Brokers, handle: Callable[[Sequence[Any]], Any]) -> None:
    """The subject's one agent, over every topic that has something for it."""
    names = sorted({brokers.topic(topology.topic_of(type_).name) for type_ in subject.types})
    topics = app.topic(*names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    @app.agent(topics, name=subject.name, concurrency=1)
    async def agent(stream: Any) -> None:
        async for events in stream.noack_take(subject.batch, within=WITHIN_S):
            await handle(events)
            for event in events:
                await stream.ack(event)


class FaustWorker:
    """One subject's share of the work in this process: ``run`` until ``stop``.

    ``fault`` says what is waited for (None while all is well), ``ready`` is set once the memory is loaded. Everything that touches the
    database happens in one thread, so a batch, a parked message and the errands never meet.
    """

    def __init__(
        self,
        subject: Subject,
        topology: Topology,
        log: Log,
        member: GroupMember,
        readers: Engine,
        brokers: Brokers,
        *,
        bell: Bell | None = None,
        faust_arguments: dict[str, Any] | None = None,
    ):
        self.subject = subject
        self.member = member
        self.ready = threading.Event()
        self._topology = topology
        self._log = log
        self._readers = readers
        self._brokers = brokers
        self._bell = bell
        self._faust_arguments = faust_arguments
        self._faults: dict[str, str] = {}
        self._stopping = threading.Event()
        self._hand: ThreadPoolExecutor = ThreadPoolExecutor(1, thread_name_prefix=f"subject-{subject.name}")
        self._seen: deque[tuple[float, int]] = deque()  # when which place was on Kafka
        self._last_batch = 0.0
        self._next = {"floor": 0.0, "overlooked": 0.0, "sweep": 0.0}
        self.overlooked = 0

    @property
    def fault(self) -> str | None:
        return next(iter(dict(self._faults).values()), None)

    def stop(self) -> None:
        """Finish the batch in hand and leave the group. From any thread."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped. A Faust app that gives up is started anew."""
        try:
            asyncio.run(self._main())
        finally:
            self._stopping.set()
            self._hand.shutdown(wait=True)

    # -- in the event loop ---------------------------------------------------------------------------------------------

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        errands = asyncio.create_task(self._errands_task(loop))
        broker = asyncio.create_task(self._broker_task())
        backoff = 1.0
        try:
            await loop.run_in_executor(self._hand, self._load)
            while not self._stopping.is_set():
                app = make_app(self.subject, self._brokers, faust_arguments=self._faust_arguments)
                add_agent(app, self.subject, self._topology, self._brokers, self._handle_events)
                began = time.monotonic()
                try:
                    await app.start()
                    self._faults.pop("faust", None)
                    while not self._stopping.is_set() and not app.crashed:
                        await asyncio.sleep(0.05)
                    crashed = app.crash_reason
                except Exception as error:
                    crashed = error
                await self._part(app)
                if self._stopping.is_set():
                    return
                self._faults["faust"] = f"the consumer of {self.subject.name} gave up ({type(crashed).__name__}) and is started anew"
                _logger.error("consumer gave up", extra={"subject": self.subject.name, "reason": self._faults["faust"]})
                backoff = 1.0 if time.monotonic() - began > 60 else min(backoff * 2, MAX_BACKOFF_S)
                await self._sleep(backoff)
        finally:
            self._stopping.set()
            for task in (errands, broker):
                task.cancel()

    async def _part(self, app: AppT) -> None:
        try:
            await asyncio.wait_for(app.stop(), 20.0)
        except Exception as error:
            _logger.warning("consumer did not stop in order", extra={"subject": self.subject.name, "reason": type(error).__name__})

    async def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._stopping.is_set():
            await asyncio.sleep(0.05)

    async def _handle_events(self, events: Sequence[Any]) -> None:
        """Handle what was taken; answers when it is committed, never before, and never raises."""
        records = [(event.message.topic, event.message.partition, event.message.offset, event.value) for event in events]
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._hand, self._until_done, "batch", lambda: self._handle_records(records)):
            await asyncio.Event().wait()  # stopping: these are not acknowledged, the task is cancelled here

    async def _errands_task(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping.is_set():
            await self._sleep(ERRANDS_S)
            if not self._stopping.is_set():
                await loop.run_in_executor(self._hand, self._once, "errands", self._errands)

    async def _broker_task(self) -> None:
        """Whether a broker answers at all: Faust waits for it silently."""
        while not self._stopping.is_set():
            for server in self._brokers.servers:
                host, _, port = server.rpartition(":")
                try:
                    _, writer = await asyncio.wait_for(asyncio.open_connection(host.strip("[]"), int(port)), 3.0)
                    writer.close()
                    self._faults.pop("kafka", None)
                    break
                except (OSError, TimeoutError):
                    continue
            else:
                self._faults["kafka"] = f"Kafka does not answer at {', '.join(self._brokers.servers)}; waiting"
            await self._sleep(3.0)

    # -- in the worker's thread ----------------------------------------------------------------------------------------

    def _load(self) -> None:
        if self._until_done("load", self.member.ready_memory):
            self.ready.set()

    def _until_done(self, what: str, job: Callable[[], None]) -> bool:
        """Do it, however long the engines are at fault; False where it was told to stop first."""
        backoff = 0.05
        while not self._stopping.is_set():
            if self._once(what, job):
                return True
            self._stopping.wait(backoff)
            backoff = min(backoff * 2, MAX_BACKOFF_S)
        return False

    def _once(self, what: str, job: Callable[[], None]) -> bool:
        try:
            job()
        except Exception as error:
            # Whatever gets here is no message's fault: those were turned into outcomes.
            fault = plain_reason(error) if is_engine_fault(error) else f"{type(error).__name__} in the runner"
            self._faults[what] = fault
            _logger.error("subject waits", extra={"subject": self.subject.name, "reason": fault}, exc_info=not is_engine_fault(error))
            return False
        self._faults.pop(what, None)
        return True

    def _handle_records(self, records: Sequence[tuple[str, int, int, bytes | None]]) -> None:
        rows: list[Mapping[Any, Any]] = []
        with self._readers.connect() as connection:
            for topic, partition, offset, value in records:
                if value is None:
                    continue  # a deleted key of a compacted topic
                try:
                    row = self._row(connection, value)
                except MessageError as error:
                    self.member.bury_foreign(f"{topic}/{partition}/{offset}", str(error))
                    continue
                if row is not None:
                    rows.append(row)
            messages = self._log.decode_all(connection, rows)
        self.member.handle(messages)
        self._last_batch = time.monotonic()
        self._ring()

    def _ring(self) -> None:
        """Tell whoever waits in this process, and through it the others, that something was committed."""
        if self._bell is not None:
            self._bell.ring()

    def _row(self, connection: Connection, value: bytes) -> Mapping[Any, Any] | None:
        """The row that a record says; None where it is not for this subject."""
        row = row_of(value)
        if self.subject.handler_of(row["type"]) is None:
            return None
        if row["body"] is not None:
            return row
        found = self._log.rows_at(connection, [row["seq"]])
        if not found:
            raise MessageError("says nothing, and the log does not have it")
        return found[0]

    def _errands(self) -> None:
        """What is not a message's: parked keys that are due, the floor, what was overlooked, rows nobody needs any more."""
        for _ in range(50):
            if not self.member.handle_parked():
                break
            self._ring()
        now = time.monotonic()
        if now >= self._next["floor"]:
            self._next["floor"] = now + 1.0
            self.member.advance_floor()
        if now >= self._next["overlooked"]:
            self._next["overlooked"] = now + 10.0
            self._look_for_overlooked(now)
        if now >= self._next["sweep"]:
            self._next["sweep"] = now + 60.0
            self.member.sweep()

    def _look_for_overlooked(self, now: float) -> None:
        with self._readers.connect() as connection:
            self._seen.append((now, published(connection)))
        while len(self._seen) > 1 and self._seen[1][0] <= now - OVERLOOKED_S:
            self._seen.popleft()
        at, until = self._seen[0]
        if at > now - OVERLOOKED_S or now - self._last_batch < OVERLOOKED_S / 2:
            return  # busy: what is not handled yet is behind in the topics
        missed = self.member.overlooked(until)
        if missed:
            self.overlooked += len(missed)
            _logger.warning("messages taken from the log", extra={"subject": self.subject.name, "count": len(missed)})
            self.member.handle(missed)
            self._ring()
