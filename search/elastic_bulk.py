"""Many documents to Elasticsearch in one request, and what became of each of them.

A document that is refused does not hold up the others: it is kept with its reason. What Elasticsearch is too busy for is sent again, some
times and slower each time; what then remains is a fault of the engine and its caller's to repeat.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from search.elastic_mapping import Json, key_of, refusal
from search.elastic_names import writing
from search.elastic_server import LONG_PATIENCE_S, IndexGone, Server
from search.errors import IndexFault

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_LARGEST_BYTES = 4_000_000
_BUSY = frozenset({429, 502, 503, 504})
_FIRST_PAUSE_S, _TRIES = 0.1, 6  # 3 seconds in all
_LONGEST_REASON = 300
_logger = logging.getLogger("gongqiao.index")


@dataclass(frozen=True, slots=True)
class Write:
    """One version of one posting's document, as it is to be in the index."""

    posting_id: str
    version: int
    body: Json


@dataclass
class Outcome:
    """How many were taken, how many gave way to a version held already, and which were refused, with the reason."""

    taken: int = 0
    superseded: int = 0
    refused: list[tuple[Write, str]] = field(default_factory=list)


class Bulk:
    """Sends writes to an index of this server."""

    def __init__(self, server: Server, client: Elasticsearch, *, pause: Callable[[float], None] = time.sleep):
        self._server = server
        self._client = client.options(request_timeout=LONG_PATIENCE_S)
        self._pause = pause

    def send(self, name: str, writes: Iterable[Write]) -> Outcome:
        """All of them, durable when it answers. Raises IndexGone where the index was taken away, IndexFault where it cannot be reached."""
        outcome = Outcome()
        self._send_all(name, writes, outcome)
        for write, reason in outcome.refused:
            _logger.error("index refuses a document", extra={"posting": write.posting_id[:200], "reason": reason})
        # In the place of a refused one stands why. If even that is refused, the log alone has it.
        stand_ins = [Write(write.posting_id, write.version, refusal(write.posting_id, reason)) for write, reason in outcome.refused]
        if stand_ins:
            self._send_all(name, stand_ins, Outcome())
        return outcome

    def _send_all(self, name: str, writes: Iterable[Write], outcome: Outcome) -> None:
        for batch in _batches(writes, outcome):
            left = batch
            for attempt in range(_TRIES):
                left = self._try(name, left, outcome)
                if not left:
                    break
                self._pause(_FIRST_PAUSE_S * 2**attempt)
            else:
                raise IndexFault(f"Elasticsearch at {self._server.where} has too much to do: {len(left)} documents are not taken")

    def _try(self, name: str, batch: list[tuple[Write, bytes]], outcome: Outcome) -> list[tuple[Write, bytes]]:
        """One request; what is to be sent again."""
        lines: list[Any] = []
        for write, body in batch:
            action = {"_id": key_of(write.posting_id), "version": write.version, "version_type": "external"}
            lines += (orjson.dumps({"index": action}), body)
        with self._server.faults():
            answer = self._client.bulk(
                index=writing(name), operations=lines, require_alias=True, filter_path=["items.*.status", "items.*.error"]
            )
        again = []
        for one, item in zip(batch, answer["items"], strict=True):
            result: dict[str, Any] = item["index"]
            status, error = int(result["status"]), result.get("error", {})
            if status < 300:
                outcome.taken += 1
            elif status == 409:
                outcome.superseded += 1
            elif status in _BUSY:
                again.append(one)
            elif error.get("type") == "index_not_found_exception":
                raise IndexGone(f"Elasticsearch at {self._server.where}: {name} was taken away")
            elif status == 403:
                raise IndexFault(f"Elasticsearch at {self._server.where} lets nobody write {name} ({error.get('type')}): is its disk full?")
            else:
                outcome.refused.append((one[0], _reason(error)))
        return again


def _reason(error: dict[str, Any]) -> str:
    """Why a document was refused, without what it says: Elasticsearch shows the beginning of a value."""
    parts = [f"{error.get('type', 'refused')}: {error.get('reason', '')}".partition(" Preview of field's value")[0]]
    if "caused_by" in error:
        parts.append(str(error["caused_by"].get("reason", "")).partition(" Please correct")[0])
    return " ".join(parts)[:_LONGEST_REASON]


def _batches(writes: Iterable[Write], outcome: Outcome) -> Iterator[list[tuple[Write, bytes]]]:
    """Writes with their JSON, as many as one request should hold. What cannot be written as JSON is refused here."""
    batch: list[tuple[Write, bytes]] = []
    size = 0
    for write in writes:
        try:
            body = orjson.dumps(write.body)
        except TypeError as error:
            outcome.refused.append((write, f"not JSON: {error}"[:_LONGEST_REASON]))
            continue
        batch.append((write, body))
        size += len(body)
        if size > _LARGEST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
