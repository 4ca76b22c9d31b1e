"""An exchange with hiring alone, and made-up messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from infra.composition import open_exchange
from matcher.days import SHANGHAI
from matcher.match_order import match_id
from matcher.shapes import read_posting
from streams.delivery.messages import InterestShown
from streams.hiring import handlers
from streams.hiring.messages import Contract, StepReported
from streams.hiring.tables import openings, pairs, postings, steps
from streams.intake.messages import PostingChanged, PostingEnded, PostingPublished
from streams.runtime.exchange import Said
from streams.runtime.messages import Message
from streams.runtime.subjects import Topology
from streams.runtime.tables import dead_letters, log
from streams.runtime.topology import TOPICS

TABLES = (pairs, steps, postings, openings)


class HiringExchange:
    """Says things to hiring and looks at what it did."""

    def __init__(self, path: Path):
        self.at = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
        self.open, self._writer = open_exchange(
            path, b"k" * 32, {}, flows=Topology(TOPICS, (handlers.SUBJECT,)), now=lambda: self.at.astimezone(UTC)
        )
        self.open.runner.start()

    def close(self) -> None:
        self.open.runner.stop()
        self._writer.stop()

    def say(self, *messages: Message) -> None:
        self.open.append([Said(message, before=self._key_for(message)) for message in messages], source="test")
        self.open.runner.drain()

    def _key_for(self, message: Message) -> Callable[[Connection], None] | None:
        person = getattr(message, "person_id", None)
        return None if person is None else lambda connection: self.open.vault.make_key(connection, person)

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.open.reading() as connection:
            return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()]

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        return {table.name: self.rows(table) for table in TABLES}

    def out(self, type_: str) -> list[Any]:
        with self.open.reading() as connection:
            found = connection.execute(select(log).where(log.c.type == type_).order_by(log.c.seq)).mappings().all()
            return [self.open.log.decode(connection, row).message for row in found]

    def dead(self) -> list[str]:
        return [row["reason"] for row in self.rows(dead_letters)]

    def ask(self, query: Any, *args: Any, **named: Any) -> Any:
        with self.open.reading() as connection:
            return query(connection, *args, **named)


def reported(step: str, *, person: str = "u-1", posting: str = "p-1", on: str = "2026-11-20", **more: Any) -> StepReported:
    contract = Contract(**more.pop("contract")) if "contract" in more else None
    return StepReported(
        person_id=person, posting_id=posting, step=step, on=date.fromisoformat(on), by="account:e-1", contract=contract, **more
    )


def interest(person: str = "u-1", posting: str = "p-1", *, withdrawn: bool = False) -> InterestShown:
    return InterestShown(person_id=person, posting_id=posting, match_id=match_id(person, posting), withdrawn=withdrawn)


def published(posting: str = "p-1", revision: int = 1, *, changed: bool = False, **changes: Any) -> PostingPublished:
    document = {
        "posting_id": posting,
        "source": "enterprise",
        "title": "焊工",
        "occupation_code": "6-18-02-04",
        "headcount": 2,
        "employer": {"employer_id": "e-1", "name": "太原样板机械有限公司"},
        **changes,
    }
    made = PostingChanged if changed else PostingPublished
    return made(posting_id=posting, revision=revision, posting=read_posting(document))


def ended(posting: str = "p-1", revision: int = 9, cause: str = "filled") -> PostingEnded:
    return PostingEnded(posting_id=posting, revision=revision, cause=cause)
