"""The log: a table beside the state, so that state and outputs commit together. On PostgreSQL what is appended passes the outbox."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BindParameter, Connection, bindparam, func, select, union_all

from streams.runtime.messages import REGISTRY, Envelope, Message, MessageError, Unreadable, from_json, read_message, to_json
from streams.runtime.sealing import KeyGone, Vault
from streams.runtime.subjects import Topology
from streams.runtime.tables import Look, insert_new, log, outbox

_END = Look(select(func.coalesce(func.max(log.c.seq), 0).label("end")))
Sealed = tuple[str, str | None]  # of whom a row speaks, and what it says; nothing where the key was gone when it was written
APPENDED = "appended"  # in ``connection.info``: the types appended since the last commit


@cache
def _following(types: tuple[str, ...], bounded: bool) -> Look:
    """Messages of these types, in their order. Made once: making it takes several milliseconds."""
    # The places first, type by type: sorting whole rows would carry everything that is still to come through the sorter.
    after: BindParameter[int] = bindparam("after")
    most: BindParameter[int] = bindparam("most")
    places = [
        select(select(log.c.seq).where(log.c.type == type_, log.c.seq > after).order_by(log.c.seq).limit(most).subquery().c.seq)
        for type_ in types
    ]
    first = select(union_all(*places).subquery().c.seq).order_by("seq").limit(most)
    query = select(log).where(log.c.seq.in_(first)).order_by(log.c.seq)
    return Look(query.where(log.c.seq <= bindparam("until")) if bounded else query)


class Log:
    """Appends envelopes to the table and reads them back; seals what is said of a person."""

    def __init__(self, topology: Topology, vault: Vault):
        self.topology = topology
        self.vault = vault
        self._lately = Lately()

    def append(self, connection: Connection, envelopes: Iterable[Envelope]) -> int:
        """Append inside the caller's transaction; an id that is there already is left alone. Answers how many were new.

        PostgreSQL: new in the outbox; one that the log has already is dropped when it is moved.
        """
        many = list(envelopes)
        people = [str(getattr(e.message, e.message.sealed_for)) for e in many if e.message.sealed_for is not None]
        keys = self.vault.keys(connection, people) if people else {}
        rows = [self._row(envelope, keys) for envelope in many]
        connection.info.setdefault(APPENDED, set()).update(envelope.type for envelope in many)
        return insert_new(connection, outbox if connection.dialect.name == "postgresql" else log, rows)

    def _row(self, envelope: Envelope, keys: Mapping[str, AESGCM]) -> dict[str, object]:
        message = envelope.message
        body = message.body_json()
        if message.sealed_for is not None:
            person = str(getattr(message, message.sealed_for))
            try:
                body = to_json({message.sealed_for: person, "sealed": self.vault.seal(person, body, keys)})
            except KeyGone:
                # The key was destroyed: what follows from the deletion itself carries nothing but the id.
                body = to_json({message.sealed_for: person, "sealed": None})
        elif message.as_made:
            self._lately.put((envelope.type, envelope.version, body), message)
        return {
            "id": envelope.id,
            "topic": self.topology.topic_of(envelope.type).name,
            "key": envelope.key,
            "type": envelope.type,
            "version": envelope.version,
            "occurred_at": envelope.occurred_at.isoformat(),
            "recorded_at": envelope.recorded_at.isoformat(),
            "source": envelope.source,
            "causation_id": envelope.causation_id,
            "trace_id": envelope.trace_id,
            "body": body,
        }

    def read(
        self, connection: Connection, types: Sequence[str], after: int, limit: int, *, until: int | None = None
    ) -> list[Envelope | Unreadable]:
        """Messages of these types behind ``after``, oldest first."""
        query = _following(tuple(types), until is not None)
        bounds = {"after": after, "most": limit} | ({"until": until} if until is not None else {})
        return self.decode_all(connection, query.mappings(connection, **bounds))

    def read_at(self, connection: Connection, seqs: Sequence[int]) -> list[Envelope | Unreadable]:
        return self.decode_all(connection, self.rows_at(connection, seqs))

    def rows_at(self, connection: Connection, seqs: Sequence[int]) -> Sequence[Mapping[Any, Any]]:
        """The rows at these places as they stand, for ``decode_all``."""
        return connection.execute(select(log).where(log.c.seq.in_(list(seqs))).order_by(log.c.seq)).mappings().all()

    def decode_all(self, connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> list[Envelope | Unreadable]:
        """What these rows say, with one look for the keys of everybody they speak of; ``Unreadable`` where the person's key is gone, or
        where a row cannot be read, with the reason."""
        sealed = [_sealed(row) for row in rows]
        people = [found[0] for found in sealed if isinstance(found, tuple)]
        keys = self.vault.keys(connection, people) if people else {}
        return [self._decoded(row, found, keys) for row, found in zip(rows, sealed, strict=True)]

    def decode(self, connection: Connection, row: Mapping[Any, Any]) -> Envelope | Unreadable:
        """``decode_all`` of one row."""
        return self.decode_all(connection, [row])[0]

    def _decoded(self, row: Mapping[Any, Any], sealed: Sealed | Exception | None, keys: Mapping[str, AESGCM]) -> Envelope | Unreadable:
        get = row.__getitem__
        try:
            message = self._message(row, sealed, keys)
            recorded_at, occurred_at = datetime.fromisoformat(get("recorded_at")), datetime.fromisoformat(get("occurred_at"))
        except (MessageError, LookupError, TypeError, ValueError) as error:
            # One damaged row must not stop who follows the log: it becomes a dead letter of whom it is for.
            reason = str(error) if isinstance(error, MessageError) else f"{get('type')}: damaged ({type(error).__name__})"
            return Unreadable(get("id"), get("type"), get("key"), get("seq"), _instant(get("recorded_at")), broken=reason)
        if message is None:
            return Unreadable(get("id"), get("type"), get("key"), get("seq"), recorded_at)
        return Envelope(
            id=get("id"),
            type=get("type"),
            version=get("version"),
            key=get("key"),
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            source=get("source"),
            causation_id=get("causation_id"),
            trace_id=get("trace_id"),
            message=message,
            seq=get("seq"),
        )

    def _message(self, row: Mapping[Any, Any], sealed: Sealed | Exception | None, keys: Mapping[str, AESGCM]) -> Message | None:
        """What a row says; None where the person's key is gone."""
        get = row.__getitem__
        if sealed is None:
            return self._read_open(get("type"), get("version"), get("body"))
        if isinstance(sealed, Exception):
            raise sealed
        person, text = sealed
        if text is None:
            return None
        try:
            plain = self.vault.open(person, text, keys)
        except KeyGone:
            return None
        return read_message(get("type"), get("version"), from_json(plain))

    def _read_open(self, type_: str, version: int, body: bytes) -> Message:
        """A message that is not sealed. Five subjects read each posting: it is decoded once."""
        text = (type_, version, body)
        message = self._lately.get(text)
        if message is None:
            message = read_message(type_, version, from_json(body))
            self._lately.put(text, message)
        return message

    @staticmethod
    def end(connection: Connection) -> int:
        """The last place in the log, 0 when it is empty."""
        return int(_END.rows(connection)[0][0])


def _sealed(row: Mapping[Any, Any]) -> Sealed | Exception | None:
    """Of whom a sealed row speaks and what it says, still sealed; None for one that is open, and what is wrong with a damaged one."""
    cls = REGISTRY.get(row["type"])
    if cls is None or cls.sealed_for is None:
        return None
    try:
        body = from_json(row["body"])
        return str(body[cls.sealed_for]), body["sealed"]
    except (LookupError, TypeError, ValueError) as error:
        return error


def _instant(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


class Lately:
    """Messages read or written lately, by type, version and text, at most so many bytes of text.

    By the text and not by the place in the log: an append may be undone, but what a text says never changes. Nothing sealed gets here,
    so nobody's key has to be asked for. What it answers is shared by all subjects: messages are frozen.
    """

    def __init__(self, most: int = 16 * 1024 * 1024):
        self._most = most
        self._size = 0
        self._held: OrderedDict[tuple[str, int, bytes], Message] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: tuple[str, int, bytes]) -> Message | None:
        with self._lock:
            return self._held.get(text)

    def put(self, text: tuple[str, int, bytes], message: Message) -> None:
        with self._lock:
            if text in self._held:
                return
            self._held[text] = message
            self._size += len(text[2])
            while self._size > self._most:
                (_, _, body), _ = self._held.popitem(last=False)
                self._size -= len(body)


class Bell:
    """Wakes those who wait for news; ringing is cheap and a missed ring costs a look, never a message.

    A subject listens for its own types (``listen``): waking all of them for every commit took more than the messages themselves.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._ears: list[Ear] = []
        self._news: set[str] = set()
        self._last: dict[str, int] = {}  # by type: the end of the log when such a message was committed last
        self._end = 0

    @property
    def count(self) -> int:
        return self._count

    def listen(self, types: Collection[str]) -> Ear:
        ear = Ear(frozenset(types))
        self._ears.append(ear)
        return ear

    def appended(self, types: Collection[str], end: int) -> None:
        """Messages of these types are committed, and the log ends there: said before it rings."""
        with self._condition:
            self._news.update(types)
            self._last.update(dict.fromkeys(types, end))
            self._end = end

    def said(self, types: Collection[str]) -> None:
        """Messages of these types are committed that have no place in the log yet: said before it rings."""
        with self._condition:
            self._news.update(types)

    def nothing_for(self, types: Collection[str], since: int) -> int:
        """The end of the log, if nothing of these types came behind ``since``; else ``since``."""
        end = self._end
        return max(end, since) if all(self._last.get(type_, 0) <= since for type_ in types) else since

    def ring(self) -> None:
        with self._condition:
            self._count += 1
            news, self._news = self._news, set()
            self._condition.notify_all()
        for ear in self._ears:
            if not ear.types.isdisjoint(news):
                ear.wake()

    def wait(self, seen: int, timeout: float) -> int:
        """Wait until it has rung since ``seen`` or the timeout is over; answers the count."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != seen, timeout)
            return self._count


class Ear:
    """Hears the bell when it rings for one of its types."""

    def __init__(self, types: frozenset[str]):
        self.types = types
        self._heard = threading.Event()

    def wake(self) -> None:
        self._heard.set()

    def forget(self) -> None:
        """What is heard from here on is news."""
        self._heard.clear()

    def wait(self, timeout: float) -> None:
        self._heard.wait(timeout)
