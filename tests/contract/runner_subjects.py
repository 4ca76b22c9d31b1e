"""Small subjects that every runner must serve alike: a counter that can be told to fail, and one that listens to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import Column, Connection, Integer, String, Table, select

from streams.runtime.database import EngineFault
from streams.runtime.messages import Envelope, Message
from streams.runtime.outcomes import Continue, DeadLetter, Drop, Emit, Outcomes, Retry
from streams.runtime.subjects import Handler, Preparation, Subject, Topic, Topology, Work
from streams.runtime.tables import metadata, upsert

sums = Table("contractsums_rows", metadata, Column("key", String, primary_key=True), Column("total", Integer), Column("history", String))
echoes = Table("contractechoes_rows", metadata, Column("key", String, primary_key=True), Column("seen", String))
pages = Table("contractsums_pages", metadata, Column("key", String, primary_key=True), Column("page", Integer, primary_key=True))


def make_tables(connection: Connection) -> None:
    """The tables of these subjects; no migration knows them."""
    metadata.create_all(connection, tables=[sums, echoes, pages])


class Added(Message):
    """``how``: fine, drop, dead, raise, retry (until ``Switch.mended``), fault (until mended), pages."""

    type: ClassVar[str] = "contract.added"
    key: ClassVar[str] = "name"
    name: str
    amount: int
    how: str = "fine"


class Summed(Message):
    type: ClassVar[str] = "contract.summed"
    key: ClassVar[str] = "name"
    name: str
    total: int


class Switch:
    """The world outside: whether what was broken has been mended, and how often handlers were called."""

    def __init__(self) -> None:
        self.mended = False
        self.calls = 0
        self.slow = 0.0


class Totals:
    """The memory of the summing subject: totals by name, as its table has them."""

    def __init__(self, settings: Any):
        self.totals: dict[str, int] = {}

    def load(self, connection: Connection) -> None:
        self.totals = {row.key: row.total for row in connection.execute(select(sums))}

    def refresh(self, connection: Connection, envelope: Envelope) -> None:
        row = connection.execute(select(sums.c.total).where(sums.c.key == envelope.key)).first()
        if row is None:
            self.totals.pop(envelope.key, None)
        else:
            self.totals[envelope.key] = row.total


def topology_for(switch: Switch) -> Topology:
    """Two subjects: sums of what was added, and echoes of the sums."""

    def weigh(message: Added, preparation: Preparation) -> int:
        totals = preparation.memory.totals
        if message.how not in ("drop",):
            totals[message.name] = totals.get(message.name, 0) + message.amount
        if message.how == "raise_early":
            raise ValueError("broken before the transaction")
        return int(totals.get(message.name, 0))

    def add(message: Added, work: Work) -> Outcomes:
        switch.calls += 1
        if message.how == "drop":
            return [Drop("not for me")]
        row = work.connection.execute(select(sums).where(sums.c.key == message.name)).mappings().first()
        history = f"{row['history'] if row else ''},{message.amount}"
        upsert(work.connection, sums, {"key": message.name, "total": work.prepared, "history": history.strip(",")})
        if message.how == "dead":
            return [DeadLetter("the amount is not for us", "amount")]
        if message.how == "raise" and not switch.mended:
            raise ZeroDivisionError("a bug")
        if message.how == "retry" and not switch.mended:
            return [Retry(timedelta(milliseconds=20), "not yet")]
        if message.how == "fault" and not switch.mended:
            raise EngineFault("the engine is gone")
        if message.how == "pages":
            page = int(work.cursor or 0)
            upsert(work.connection, pages, {"key": message.name, "page": page})
            out: list[Any] = [Emit(Summed(name=message.name, total=page), discriminator=str(page))]
            return [*out, Continue(str(page + 1))] if page < 4 else out
        return [Emit(Summed(name=message.name, total=work.prepared))]

    def hear(message: Summed, work: Work) -> Outcomes:
        row = work.connection.execute(select(echoes).where(echoes.c.key == message.name)).mappings().first()
        upsert(work.connection, echoes, {"key": message.name, "seen": f"{row['seen'] if row else ''},{message.total}".strip(",")})
        return None

    return Topology(
        (Topic("contract.said", "fact", "name", (Added,)), Topic("contract.sums", "derived", "name", (Summed,))),
        (
            Subject("contractsums", (Handler(on=Added, handle=add, emits=(Summed,), prepare=weigh),), memory=Totals, batch=8),
            Subject("contractechoes", (Handler(on=Summed, handle=hear),), batch=8),
        ),
    )
