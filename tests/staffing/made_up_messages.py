"""An exchange with staffing alone, and made-up messages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from infra.composition import open_exchange
from matcher.days import SHANGHAI
from matcher.shapes import read_employer, read_posting
from streams.hiring.messages import OpeningsTaken
from streams.intake.messages import EmployerRegistered, PostingChanged, PostingEnded, PostingPublished
from streams.runtime.clock import ClockTick
from streams.runtime.exchange import Said
from streams.runtime.messages import Message
from streams.runtime.subjects import Topology
from streams.runtime.tables import dead_letters, log
from streams.runtime.topology import TOPICS
from streams.staffing import handlers
from streams.staffing.messages import ShortageLine, ShortageReported
from streams.staffing.tables import employers, gaps, listings, openings, postings, shortages

TABLES = (employers, listings, shortages, postings, openings, gaps)


class StaffingExchange:
    """Says things to staffing and looks at what it did."""

    def __init__(self, path: Path):
        self.at = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
        self.open, self._writer = open_exchange(
            path, b"k" * 32, {}, flows=Topology(TOPICS, (handlers.SUBJECT,)), now=lambda: self.at.astimezone(UTC)
        )
        self.open.runner.start()

    @property
    def today(self) -> date:
        return self.at.date()

    def close(self) -> None:
        self.open.runner.stop()
        self._writer.stop()

    def say(self, *messages: Message) -> None:
        self.open.append([Said(message) for message in messages], source="test")
        self.open.runner.drain()

    def tick(self, at: datetime) -> None:
        self.at = at
        self.say(ClockTick(instant=at))

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.open.reading() as connection:
            return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()]

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        return {table.name: self.rows(table) for table in TABLES}

    def announced(self) -> list[Any]:
        with self.open.reading() as connection:
            found = connection.execute(select(log).where(log.c.type == "gap.changed").order_by(log.c.seq)).mappings().all()
            return [self.open.log.decode(connection, row).message for row in found]

    def dead(self) -> list[str]:
        return [row["reason"] for row in self.rows(dead_letters)]

    def ask(self, query: Any, *args: Any, **named: Any) -> Any:
        with self.open.reading() as connection:
            return query(connection, *args, **named)


def employer(
    id_: str = "e-1", revision: int = 1, *, key: dict[str, Any] | None = None, region: str = "140105", listed: bool = True
) -> EmployerRegistered:
    entry = key if key is not None else {"class": "白名单", "level": "county", "from": "2026-01-01"}
    document = {"employer_id": id_, "name": f"太原样板机械有限公司{id_}", "region": region, "size": "large", "ownership": "private"}
    return EmployerRegistered(
        employer_id=id_, revision=revision, employer=read_employer({**document, "key": entry} if listed else document)
    )


def shortage(*lines: tuple[str, str | None, int], employer_id: str = "e-1", since: str = "2026-11-01") -> ShortageReported:
    return ShortageReported(
        employer_id=employer_id,
        lines=tuple(ShortageLine(title=title, occupation_code=code, number=number) for title, code, number in lines),
        since=date.fromisoformat(since),
        by="account:e-1",
    )


def published(
    posting: str = "p-1", revision: int = 1, *, employer_id: str = "e-1", changed: bool = False, **changes: Any
) -> PostingPublished:
    document = {
        "posting_id": posting,
        "source": "enterprise",
        "title": "焊工",
        "occupation_code": "6-18-02-04",
        "headcount": 5,
        "published_at": "2026-11-05T09:00:00+08:00",
        "employer": {"employer_id": employer_id},
        **changes,
    }
    made = PostingChanged if changed else PostingPublished
    return made(posting_id=posting, revision=revision, posting=read_posting(document))


def ended(posting: str = "p-1", revision: int = 9, cause: str = "filled") -> PostingEnded:
    return PostingEnded(posting_id=posting, revision=revision, cause=cause)


def taken(
    posting: str = "p-1", revision: int = 1, *, hired: dict[str, int] | None = None, accepted: int = 0, in_talks: int = 0, **more: Any
) -> OpeningsTaken:
    days = {date.fromisoformat(day): number for day, number in (hired or {}).items()}
    return OpeningsTaken(
        posting_id=posting,
        revision=revision,
        hired=sum(days.values()),
        accepted=accepted,
        in_talks=in_talks,
        hired_by_day=days,
        **{"employer_id": "e-1", "title": "焊工", "occupation_code": "6-18-02-04", **more},
    )
