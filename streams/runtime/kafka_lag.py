"""How far each consumer group is behind its topics."""

from __future__ import annotations

import asyncio
import logging
import threading

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.runtime.kafka import Brokers
from streams.runtime.subjects import Topology

_logger = logging.getLogger("gongqiao.relay")


async def group_lags(topology: Topology, brokers: Brokers) -> dict[str, int]:
    """Messages published and not yet committed by each subject's group. Offsets are committed every second, so a group at work lags a
    little; a group that has never committed lags by everything."""
    admin = AIOKafkaAdminClient(**brokers.client)
    consumer = AIOKafkaConsumer(**brokers.client)
    found: dict[str, int] = {}
    try:
        await admin.start()
        await consumer.start()
        for subject in topology.subjects:
            names = {brokers.topic(topology.topic_of(type_).name) for type_ in subject.types}
            places = [TopicPartition(name, partition) for name in sorted(names) for partition in range(brokers.partitions)]
            ends = await consumer.end_offsets(places)
            begins = await consumer.beginning_offsets(places)
            committed = await admin.list_consumer_group_offsets(brokers.group(subject.name))
            at = {place: committed[place].offset if place in committed and committed[place].offset >= 0 else 0 for place in places}
            found[subject.name] = sum(ends[place] - max(at[place], begins[place]) for place in places)
    finally:
        await consumer.stop()
        await admin.close()
    return found


class Lags:
    """Asks every ``every`` seconds, in a thread; ``last`` keeps the last answer, None before the first and while Kafka does not answer."""

    def __init__(self, topology: Topology, brokers: Brokers, *, every: float = 10.0):
        self.last: dict[str, int] | None = None
        self._topology = topology
        self._brokers = brokers
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lags", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.last = asyncio.run(asyncio.wait_for(group_lags(self._topology, self._brokers), 30.0))
            except Exception as error:
                self.last = None
                _logger.debug("lag not known", extra={"reason": type(error).__name__})
            self._stopping.wait(self._every)
