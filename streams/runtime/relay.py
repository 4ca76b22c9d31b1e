"""The relay: what is appended to PostgreSQL goes on to Kafka. One at a time, the holder of the lock ``relay``.

Each round moves the outbox into the log, reads the log behind the relay's own offset, publishes those rows and, when all of them are
acknowledged by every broker in sync, writes down how far it came. Killed in between it publishes the same rows again; workers skip what
they have handled. The producer is idempotent: a batch that was not acknowledged is sent again in its place, and (aiokafka 0.14,
``SendProduceReqHandler._can_retry``) never given up, so that nothing overtakes it. Broker gone: it waits without end, and says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from sqlalchemy import Connection, Engine, RowMapping, select, update

from streams.runtime.database import EngineFault, is_engine_fault, plain_reason
from streams.runtime.kafka import Brokers, record
from streams.runtime.locks import Lock
from streams.runtime.log import Bell
from streams.runtime.outbox import move_outbox, settle_restored
from streams.runtime.own_thread import OwnThread
from streams.runtime.tables import insert_new, log, offsets

_logger = logging.getLogger("gongqiao.relay")
RELAY = "relay"  # its row in ``offsets``; no subject has this name
ROUND = 1000  # rows published before the offset is written
PATIENCE_S = 5.0  # after so long without an acknowledgement it says that it waits
LARGEST = 8 * 1024 * 1024
MAX_BACKOFF_S = 5.0


def published(connection: Connection) -> int:
    """The place in the log up to which everything is on Kafka."""
    return int(connection.execute(select(offsets.c.seq).where(offsets.c.subject == RELAY)).scalar() or 0)


class Relay(OwnThread):
    """Runs in a thread of its own, in as many processes as you like: one holds the lock, the others stand by.

    ``fault`` says what it waits for; None while all is well, also in the processes that stand by. ``holds``: whether this is the one.
    """

    def __init__(self, engine: Engine, brokers: Brokers, lock: Lock, *, bell: Bell | None = None, pause: float = 0.02):
        super().__init__("relay")
        self.fault: str | None = None
        self.holds = False
        self.sent = 0
        self._engine = engine
        self._brokers = brokers
        self._lock = lock
        self._bell = bell
        self._pause = pause
        self._settled = False

    def stop(self) -> None:
        """Stop after the round in hand; what is not acknowledged is published again by the next holder."""
        super().stop()
        self._lock.release()

    # -- the loop ------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        producer: AIOKafkaProducer | None = None
        backoff = 0.05
        while not self._stopping.is_set():
            try:
                self.holds = await asyncio.to_thread(self._lock.try_acquire)
                if not self.holds:
                    await self._part(producer)
                    producer = None
                    await asyncio.to_thread(self._look)  # a lock that is not ours, or a database that does not answer?
                    self.fault = None
                    await asyncio.sleep(1.0)
                    continue
                if producer is None:
                    producer = await self._producer()
                busy = await self._round(producer)
                self.fault = None
                backoff = 0.05
                if not busy:
                    await asyncio.sleep(self._pause)
            except Exception as error:
                self.fault = self._words(error)
                _logger.error("relay waits", extra={"reason": self.fault}, exc_info=not _expected(error))
                if not is_engine_fault(error):
                    await self._part(producer)
                    producer = None
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, MAX_BACKOFF_S)
        await self._part(producer)

    def _words(self, error: Exception) -> str:
        if isinstance(error, KafkaError):
            return f"Kafka does not take messages at {', '.join(self._brokers.servers)} ({type(error).__name__})"
        return plain_reason(error) if is_engine_fault(error) else f"{type(error).__name__} in the relay"

    async def _producer(self) -> AIOKafkaProducer:
        made = AIOKafkaProducer(
            **self._brokers.client, enable_idempotence=True, acks="all", max_request_size=LARGEST, max_batch_size=64 * 1024
        )
        try:
            await made.start()
        except BaseException:
            await self._part(made)
            raise
        return made

    async def _part(self, producer: AIOKafkaProducer | None) -> None:
        """Let go of a producer without waiting for what a broker that is gone will never acknowledge."""
        if producer is not None:
            try:
                await asyncio.wait_for(producer.stop(), 2.0)
            except Exception as error:
                _logger.debug("closing the producer failed", extra={"reason": type(error).__name__})

    async def _round(self, producer: AIOKafkaProducer) -> bool:
        """One round; answers whether there was anything to do."""
        moved, rows = await asyncio.to_thread(self._gather)
        if rows:
            if not await self._publish(producer, rows):
                return True
            await asyncio.to_thread(self._advance, int(rows[-1]["seq"]))
            self.sent += len(rows)
            if self._bell is not None:
                self._bell.appended({row["type"] for row in rows}, int(rows[-1]["seq"]))
                self._bell.ring()
        return bool(rows) or moved > 0

    def _look(self) -> None:
        with self._engine.connect() as connection:
            published(connection)

    def _gather(self) -> tuple[int, Sequence[RowMapping]]:
        with self._engine.begin() as connection:
            if not self._settled:
                settle_restored(connection)
            moved = move_outbox(connection, ROUND)
        self._settled = True
        with self._engine.connect() as connection:
            after = published(connection)
            rows = connection.execute(select(log).where(log.c.seq > after).order_by(log.c.seq).limit(ROUND)).mappings().all()
        return moved, rows

    def _advance(self, seq: int) -> None:
        with self._engine.begin() as connection:
            insert_new(connection, offsets, {"subject": RELAY, "seq": 0, "cursor": None, "page": 0})
            # Never back: one who lost the lock without knowing may still be writing.
            connection.execute(update(offsets).where(offsets.c.subject == RELAY, offsets.c.seq < seq).values(seq=seq))

    async def _publish(self, producer: AIOKafkaProducer, rows: Sequence[RowMapping]) -> bool:
        """Publish in the order of the log and wait until all is acknowledged; False where it was told to stop meanwhile."""
        pending: list[Any] = []
        for row in rows:
            key, value = record(row)
            topic, partition = self._brokers.topic(row["topic"]), self._brokers.partition(row["topic"], row["key"])
            while True:
                try:
                    pending.append(await producer.send(topic, value, key, partition))
                    break
                except MessageSizeTooLargeError:
                    # Not for Kafka; the workers find it in the log as overlooked and handle it all the same.
                    _logger.error("message too large for Kafka", extra={"message_id": row["id"], "type": row["type"]})
                    break
                except KafkaError as error:
                    # The buffer is full of what a broker that is gone has not taken. The same message again, or a later one would be first.
                    if self.fault is None:
                        _logger.error("relay waits", extra={"reason": self._words(error)})
                    self.fault = self._words(error)
                    if self._stopping.is_set():
                        return False
                    await asyncio.sleep(0.2)
        return await self._acknowledged(pending)

    async def _acknowledged(self, pending: list[Any]) -> bool:
        if not pending:
            return True
        waited = 0.0
        while True:
            done, left = await asyncio.wait(pending, timeout=0.5)
            if not left:
                break
            waited += 0.5
            if self._stopping.is_set():
                return False
            if waited >= PATIENCE_S:
                if self.fault is None:
                    _logger.error("relay waits", extra={"reason": "Kafka does not acknowledge"})
                self.fault = f"Kafka has not acknowledged {len(left)} messages for {waited:.0f} s; waiting"
        for future in done:
            future.result()
        return True


def _expected(error: Exception) -> bool:
    return isinstance(error, KafkaError | EngineFault) or is_engine_fault(error)
