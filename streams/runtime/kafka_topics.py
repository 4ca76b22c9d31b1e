"""The topics of the topology on Kafka: made explicitly, checked at every start.

Kind to policy: ``fact`` is kept for ever, ``derived`` 14 days, ``latest`` is compacted. The number of partitions decides which messages
follow each other in order, so a topic that has another number is an error, never a warning: a key would move to another partition and
overtake its own past.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from streams.runtime.database import EngineFault
from streams.runtime.kafka import Brokers
from streams.runtime.subjects import TopicKind, Topology

FOR_EVER = "-1"
FORTNIGHT_MS = str(14 * 24 * 3600 * 1000)
LARGEST = str(8 * 1024 * 1024)  # bytes of one message; a posting's hundred pairs with hints are about a tenth of a megabyte
_EXISTS = 36  # aiokafka answers codes and raises nothing

CONFIG: dict[TopicKind, dict[str, str]] = {
    "fact": {"cleanup.policy": "delete", "retention.ms": FOR_EVER, "retention.bytes": FOR_EVER},
    "derived": {"cleanup.policy": "delete", "retention.ms": FORTNIGHT_MS, "retention.bytes": FOR_EVER},
    "latest": {"cleanup.policy": "compact"},
}


class TopicsWrong(RuntimeError):
    """Topics are missing or have another shape; says which and what to do."""


@dataclass(frozen=True)
class Wanted:
    name: str
    partitions: int
    replication: int
    config: dict[str, str]


def wanted(topology: Topology, brokers: Brokers) -> list[Wanted]:
    """Every topic of the topology as it must be on Kafka."""
    more = {"max.message.bytes": LARGEST, "min.insync.replicas": str(brokers.min_in_sync)}
    return [
        Wanted(brokers.topic(topic.name), brokers.partitions, brokers.replication, {**CONFIG[topic.kind], **more})
        for topic in topology.topics
    ]


async def create_topics(topology: Topology, brokers: Brokers) -> list[str]:
    """Create what is missing; answers what was. Raises ``TopicsWrong`` where Kafka refuses, ``EngineFault`` where it is gone."""
    admin = await _admin(brokers)
    try:
        new = [NewTopic(one.name, one.partitions, one.replication, topic_configs=dict(one.config)) for one in wanted(topology, brokers)]
        answer = await admin.create_topics(new, timeout_ms=30_000)
    finally:
        await admin.close()
    made, refused = [], []
    for name, code, *said in answer.topic_errors:
        if code == 0:
            made.append(name)
        elif code != _EXISTS:
            refused.append(f"{name}: {for_code(code).__name__} {said[0] if said and said[0] else ''}".strip())
    if refused:
        hint = "GONGQIAO_KAFKA_REPLICATION must not be more than there are brokers"
        raise TopicsWrong(f"Kafka does not make these topics ({hint}): {'; '.join(refused)}")
    return made


async def check_topics(topology: Topology, brokers: Brokers) -> None:
    """Raise ``TopicsWrong`` unless every topic is there with the right number of partitions and the right policy."""
    admin = await _admin(brokers)
    names = [one.name for one in wanted(topology, brokers)]
    try:
        found = {topic["topic"]: topic for topic in await admin.describe_topics(names)}
        there = [name for name in names if name in found and found[name]["error_code"] == 0]
        configs: dict[str, dict[str, str]] = {}
        if there:
            # ``configs=[…]`` in a resource fails in aiokafka 0.14; without it all are answered.
            for answer in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in there]):
                for resource in answer.resources:
                    configs[resource[3]] = {entry[0]: entry[1] for entry in resource[4]}
    finally:
        await admin.close()
    wrong = []
    for one in wanted(topology, brokers):
        if one.name not in there:
            wrong.append(f"{one.name} is missing")
            continue
        has = len(found[one.name]["partitions"])
        if has != one.partitions:
            wrong.append(f"{one.name} has {has} partitions, not {one.partitions}")
        has_config = configs.get(one.name, {})
        for name in ("cleanup.policy", "retention.ms"):
            if name in one.config and has_config.get(name, one.config[name]) != one.config[name]:
                wrong.append(f"{one.name}: {name} is {has_config[name]}, not {one.config[name]}")
    if wrong:
        raise TopicsWrong(
            "; ".join(wrong)
            + ". Missing topics are made by: gongqiao topics create. Partitions: set GONGQIAO_KAFKA_PARTITIONS to what there "
            "is, or let the workers finish, stop them and the relay, delete the topic and make it anew (docs/operations.md, Topics); "
            "kafka-topics --alter --partitions would break the order of keys"
        )


async def _admin(brokers: Brokers) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(**brokers.client)
    try:
        await admin.start()
    except Exception as error:
        await admin.close()
        raise EngineFault(f"Kafka does not answer at {', '.join(brokers.servers)} ({type(error).__name__})") from error
    return admin
