"""How a row of the log looks on Kafka, and what topics and groups are called there.

The value is the row as one JSON object: the envelope's fields, ``seq`` (its place in the log) and ``body`` as in the log, so what is said
of a person is sealed there too. The key is the message's key. A body that is no JSON (a damaged row) is left out; who reads the record
then finds the row in the log and makes it a dead letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import RowMapping

from streams.runtime.messages import MessageError

FIELDS = ("id", "topic", "key", "type", "version", "occurred_at", "recorded_at", "source", "causation_id", "trace_id")


@dataclass(frozen=True)
class Brokers:
    """Where Kafka is and how the exchange's topics are kept there.

    ``arguments``: keyword arguments of every aiokafka client (``bootstrap_servers``, TLS, SASL). ``prefix``: before every topic and group.
    ``numbered``: topics whose keys are numbers, 0 and up.
    """

    servers: tuple[str, ...]
    prefix: str = "gongqiao."
    partitions: int = 8
    replication: int = 1
    min_in_sync: int = 1
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    numbered: frozenset[str] = frozenset()

    def topic(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def group(self, subject: str) -> str:
        return f"{self.prefix}{subject}"

    def partition(self, topic: str, key: str) -> int | None:
        """Where a message goes; None: where the key's hash sends it. A hash would put two of four numbers into one partition, and so to one
        worker, where four workers are meant to share them."""
        return int(key) % self.partitions if topic in self.numbered else None

    @property
    def client(self) -> dict[str, Any]:
        """Keyword arguments of an aiokafka client."""
        return {"bootstrap_servers": list(self.servers), **self.arguments}


def record(row: RowMapping) -> tuple[bytes, bytes]:
    """Key and value of a row of the log."""
    said: dict[str, Any] = {"seq": row["seq"], **{name: row[name] for name in FIELDS}}
    try:
        orjson.loads(row["body"])
    except orjson.JSONDecodeError:
        pass
    else:
        said["body"] = orjson.Fragment(bytes(row["body"]))
    return str(row["key"]).encode(), orjson.dumps(said)


def row_of(value: bytes) -> dict[str, Any]:
    """The row that a record's value says; ``body`` is None where the relay left it out. Raises ``MessageError`` for anything else."""
    try:
        said = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise MessageError("not a JSON object: no relay of the exchange wrote this") from None
    if not isinstance(said, dict) or not isinstance(said.get("seq"), int) or not all(name in said for name in FIELDS):
        raise MessageError("not an envelope: no relay of the exchange wrote this")
    body = said.get("body")
    return {**{name: said[name] for name in FIELDS}, "seq": said["seq"], "body": orjson.dumps(body) if body is not None else None}
