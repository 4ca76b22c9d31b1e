"""A subject that writes down what it handles in the order in which it does, and does what it is told: for cases of one runner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Column, Connection, Integer, String, Table, func, select

from infra.composition import open_exchange
from streams.runtime.database import EngineFault
from streams.runtime.exchange import Exchange, Said
from streams.runtime.messages import Envelope, Message
from streams.runtime.outcomes import Continue, Outcomes, Retry
from streams.runtime.subjects import Handler, Preparation, Subject, Topic, Topology, Work
from streams.runtime.tables import metadata

lines = Table(
    "ledger_lines",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key", String, nullable=False),
    Column("text", String, nullable=False),
    Column("prepared", Integer, nullable=False),  # how many the memory had seen of this key
)


def make_tables(connection: Connection) -> None:
    """The table of this subject; no migration knows it."""
    metadata.create_all(connection, tables=[lines])


class Noted(Message):
    """``do``: note, fail (until mended), wait (Retry until mended), pages (three), fault (until mended)."""

    type: ClassVar[str] = "ledger.noted"
    key: ClassVar[str] = "name"
    name: str
    text: str
    do: str = "note"


class Whispered(Message):
    """The same of a person, sealed."""

    type: ClassVar[str] = "ledger.whispered"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    text: str


class Seen:
    """The memory: how many lines of each key there are."""

    def __init__(self, book: Ledger):
        self.book = book
        self.counts: dict[str, int] = {}

    def load(self, connection: Connection) -> None:
        self.book.loads += 1
        if self.book.loads <= self.book.failing_loads:
            raise EngineFault("the tables cannot be read")
        query = select(lines.c.key, func.count()).group_by(lines.c.key)
        self.counts = {key: number for key, number in connection.execute(query)}

    def refresh(self, connection: Connection, envelope: Envelope) -> None:
        query = select(func.count()).select_from(lines).where(lines.c.key == envelope.key)
        self.counts[envelope.key] = int(connection.execute(query).scalar_one())


class Ledger:
    """An exchange with this one subject; ``mended`` lets pass what failed, ``hold`` stops a handler until it is set."""

    def __init__(self, folder: Path, *, batch: int = 8, failing_loads: int = 0):
        self.folder = folder
        self.batch = batch
        self.mended = False
        self.loads = 0
        self.failing_loads = failing_loads
        self.now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
        self.entered = threading.Event()
        self.hold: threading.Event | None = None
        self.on_page: Callable[[Work], None] = lambda work: None
        self.exchange: Exchange
        self._running = False
        self.open()

    def topology(self) -> Topology:
        subject = Subject(
            "ledger",
            (Handler(on=Noted, handle=self._note, prepare=self._count), Handler(on=Whispered, handle=self._hear, prepare=self._count)),
            memory=lambda settings: Seen(self),
            batch=self.batch,
        )
        return Topology((Topic("ledger.said", "fact", "name", (Noted, Whispered)),), (subject,))

    def open(self) -> None:
        self.exchange, self.writer = open_exchange(self.folder / "log.sqlite", b"k" * 32, {}, flows=self.topology(), now=lambda: self.now)
        self.exchange.write(make_tables)

    def _count(self, message: Noted | Whispered, preparation: Preparation) -> int:
        counts = preparation.memory.counts
        counts[message.key_value] = counts.get(message.key_value, 0) + 1
        return int(counts[message.key_value])

    def _note(self, message: Noted, work: Work) -> Outcomes:
        self.entered.set()
        if self.hold is not None:
            assert self.hold.wait(240)
        if message.do == "fault" and not self.mended:
            raise EngineFault("the engine is gone")
        page = f" {work.cursor or 0}" if message.do == "pages" else ""
        work.connection.execute(lines.insert().values(key=message.name, text=message.text + page, prepared=work.prepared))
        if message.do == "fail" and not self.mended:
            raise ZeroDivisionError("a bug")
        if message.do == "wait" and not self.mended:
            return [Retry(timedelta(seconds=1), "not yet")]
        if message.do == "pages":
            self.on_page(work)
            number = int(work.cursor or 0) + 1
            return [Continue(str(number))] if number < 3 else None
        return None

    def _hear(self, message: Whispered, work: Work) -> Outcomes:
        work.connection.execute(lines.insert().values(key=message.person_id, text=message.text, prepared=work.prepared))
        return None

    def say(self, *messages: Message) -> list[str]:
        def key(message: Message) -> Any:
            person = getattr(message, "person_id", None)
            return (lambda connection: self.exchange.vault.make_key(connection, person)) if person is not None else None

        return self.exchange.append([Said(message, before=key(message)) for message in messages], source="test")

    def start(self) -> None:
        self.exchange.runner.start()
        self._running = True

    def stop(self) -> None:
        if self._running:
            self.exchange.runner.stop()
            self._running = False
        self.writer.stop()

    def restart(self) -> None:
        self.stop()
        self.open()
        self.start()

    def drain(self) -> None:
        self.exchange.runner.drain(240)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 240
        while not condition():
            assert time.monotonic() < deadline, "waited for four minutes in vain"
            self.exchange.bell.wait(self.exchange.bell.count, 0.02)

    def texts(self, key: str | None = None) -> list[str]:
        query = select(lines.c.text).order_by(lines.c.number)
        with self.exchange.reading() as connection:
            return list(connection.execute(query if key is None else query.where(lines.c.key == key)).scalars())

    def counted(self) -> bool:
        """Whether every line was written with the count the memory should have had: neither too many nor too few."""
        with self.exchange.reading() as connection:
            seen: dict[str, int] = {}
            for row in connection.execute(select(lines).order_by(lines.c.number)):
                seen[row.key] = seen.get(row.key, 0) + 1
                if row.prepared != seen[row.key]:
                    return False
        return True


@contextmanager
def ledger(folder: Path, **named: Any) -> Iterator[Ledger]:
    book = Ledger(folder, **named)
    try:
        yield book
    finally:
        book.mended = True
        if book.hold is not None:
            book.hold.set()
        book.stop()
