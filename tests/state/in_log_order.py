"""The whole topology in one thread, fed in the order of the log, over either database: two runs of the same facts can differ in nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, func, select

from infra.composition import open_exchange, open_shared
from infra.schema import product_tables
from streams.runtime.database import open_engine
from streams.runtime.exchange import Exchange
from streams.runtime.messages import Envelope, Unreadable
from streams.runtime.outbox import move_outbox
from streams.runtime.processing import process
from streams.runtime.subjects import Preparation, Subject
from streams.runtime.tables import log, outbox

KEY = b"k" * 32
PAGE = 64
# No function of what was said: nonces, keys, places in a sequence with gaps, who wrote.
VOLATILE = {
    "person_keys": {"wrapped"},
    "private_values": {"sealed"},
    "intake_postings": {"received_seq"},
    "log": {"seq", "body"},
}
OF_ONE_DATABASE = ("offsets", "handled", "writers", "outbox")


class Counted:
    """Ids of what is said outside, the same in each run."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self) -> UUID:
        return UUID(int=next(self._numbers))


class InLogOrder:
    """An exchange over a file or over PostgreSQL and a loop that handles what is in its log, page by page, subject by subject."""

    def __init__(self, where: Path | str, settings: dict[str, Any], now: Callable[[], datetime]):
        self._shared = open_shared(where, KEY, now=now) if isinstance(where, str) else None
        if self._shared is not None:
            self.exchange: Exchange = self._shared.exchange
            self._engine: Engine = self._shared.engine
        else:
            assert isinstance(where, Path)
            self.exchange, self._writer = open_exchange(where, KEY, settings, now=now)
            self._engine = open_engine(where)
        self._settings = settings
        self.place = 0
        self.handled = 0
        self.subjects = self.exchange.log.topology.subjects
        self._memories: dict[str, Any] = {}
        for subject in self.subjects:
            if subject.memory is not None:
                self._memories[subject.name] = subject.memory(settings)
                with self.exchange.reading() as connection:
                    self._memories[subject.name].load(connection)

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()
        else:
            self._writer.stop()
            self._engine.dispose()

    def drain(self) -> None:
        """Handle everything that was said and whatever follows from it."""
        while True:
            self._move()
            with self.exchange.reading() as connection:
                rows = connection.execute(select(log).where(log.c.seq > self.place).order_by(log.c.seq).limit(PAGE)).mappings().all()
                page = [self.exchange.log.decode(connection, row) for row in rows]
            if not page:
                return
            for subject in self.subjects:
                self._handle(subject, [message for message in page if message.type in subject.types])
            self.place = page[-1].seq

    def _move(self) -> None:
        if self._shared is None:
            return
        while True:
            with self._engine.begin() as connection:
                move_outbox(connection, 10_000)
                if connection.execute(select(func.count()).select_from(outbox)).scalar_one() == 0:
                    return

    def _handle(self, subject: Subject, page: list[Envelope | Unreadable]) -> None:
        memory = self._memories.get(subject.name)
        for start in range(0, len(page), subject.batch):
            batch = [message for message in page[start : start + subject.batch] if isinstance(message, Envelope)]
            with self.exchange.reading() as reading:
                prepared = []
                for message in batch:
                    handler = subject.handler_of(message.type)
                    assert handler is not None
                    view = Preparation(message, memory, self._settings, reading)
                    prepared.append(handler.prepare(message.message, view) if handler.prepare is not None else None)
            with self._engine.begin() as connection:
                for message, ready in zip(batch, prepared, strict=True):
                    result = process(subject, self.exchange.log, connection, message, ready, memory, self._settings, None, all_pages=True)
                    assert not result.failed, f"{subject.name}, {message.type}: {result}"
                    self.handled += 1

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Every table, ordered by its key, without what is no function of what was said."""
        found = {}
        with self.exchange.reading() as connection:
            for table in product_tables():
                if table.name in OF_ONE_DATABASE:
                    continue
                order = [log.c.seq] if table is log else list(table.primary_key.columns)
                rows = connection.execute(select(table).order_by(*order)).mappings()
                away = VOLATILE.get(table.name, set())
                found[table.name] = [{name: value for name, value in row.items() if name not in away} for row in rows]
        return found

    def said(self) -> list[tuple[str, str, str, Any]]:
        """The log in its order, opened: id, type, key and what it says; a tombstone says nothing."""
        with self.exchange.reading() as connection:
            rows = connection.execute(select(log).order_by(log.c.seq)).mappings().all()
            opened = [self.exchange.log.decode(connection, row) for row in rows]
        return [(one.id, one.type, one.key, one.message.body() if isinstance(one, Envelope) else None) for one in opened]
