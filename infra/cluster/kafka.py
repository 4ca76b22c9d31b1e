"""The local Kafka: one node that is broker and controller (KRaft)."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import uuid
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from infra.cluster import fetch
from infra.cluster.engine import Engine
from infra.cluster.fetch import Say
from infra.cluster.processes import spawn

# Without the two broker.* lines a broker that was killed waits 15 seconds for its own old session to end, with them 9.
_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=1000
"""


class Kafka(Engine):
    """Listens on loopback only and asks for no password; a deployment's asks (docs/operations.md)."""

    name = "kafka"
    title = "Kafka"
    setting = "log"

    @property
    def ports(self) -> dict[str, int]:
        return {
            "cluster_kafka_port": self.settings.cluster_kafka_port,
            "cluster_kafka_controller_port": self.settings.cluster_kafka_controller_port,
        }

    @property
    def memory_mb(self) -> int:
        return self.settings.cluster_kafka_heap_mb + 150

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.port}"

    def fetch(self, say: Say) -> None:
        self._java = fetch.java(self.folder, self.settings.cluster_java, say)
        self._jars = fetch.kafka(self.folder, say)

    def prepare(self) -> None:
        data = self.folder.room("kafka-data")
        properties = self.folder.path / "kafka.properties"
        controller = self.settings.cluster_kafka_controller_port
        self.folder.write(properties, _PROPERTIES.format(port=self.port, controller=controller, data=data))
        if not (data / "meta.properties").exists():
            cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")  # may begin with a dash, so it follows an equals sign
            tool: list[str | Path] = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", properties]
            made = spawn(self.folder, [*self._run(), *tool], log=self.log, environment={})
            try:
                failed = made.wait(timeout=self.settings.cluster_patience_seconds) != 0
            except subprocess.TimeoutExpired:
                made.kill()
                failed = True
            if failed:
                raise self.wrong("cannot format its data folder")

    def _run(self) -> list[str | Path]:
        return [self._java / "bin" / "java", "-cp", f"{self._jars}/*"]

    def command(self) -> tuple[list[str | Path], dict[str, str]]:
        heap = self.settings.cluster_kafka_heap_mb
        java, *classes = self._run()
        options = [f"-Xms{heap // 2}m", f"-Xmx{heap}m", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
        return [java, *options, *classes, "kafka.Kafka", self.folder.path / "kafka.properties"], {}

    def fault(self) -> str | None:
        loggers = [logging.getLogger(name) for name in ("aiokafka", "aiokafka.conn", "aiokafka.client", "aiokafka.cluster")]
        before = [(logger, logger.level) for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            with ThreadPoolExecutor(1) as aside:  # whoever asks may be in a loop of its own
                return aside.submit(lambda: asyncio.run(self._ask())).result()
        finally:
            for logger, level in before:
                logger.setLevel(level)

    async def _ask(self) -> str | None:
        client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{self.port}", request_timeout_ms=3000)
        try:
            await asyncio.wait_for(client.bootstrap(), 5)
            return None if client.cluster.brokers() else "the broker is not in its own cluster yet"
        except (KafkaError, OSError, TimeoutError) as error:
            return f"{type(error).__name__} at 127.0.0.1:{self.port}"
        finally:
            await client.close()

    def version(self) -> str:
        return fetch.KAFKA
