"""An exchange with nothing but intake in it, a clock that tests set, and the words in which they speak of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from infra.composition import open_exchange
from matcher.days import day_of, midnight
from streams.hiring.messages import OpeningsTaken
from streams.intake import gateway, queries
from streams.intake.handlers import SUBJECT
from streams.runtime.clock import Ticker
from streams.runtime.exchange import Said
from streams.runtime.messages import from_json
from streams.runtime.subjects import Topology
from streams.runtime.tables import dead_letters, log
from streams.runtime.topology import TOPICS

FIRST_DAY = date(2026, 11, 2)

POSTING: dict[str, Any] = {
    "source": "enterprise",
    "source_id": "HR-1",
    "title": "焊工",
    "description": "负责车间结构件的二氧化碳保护焊接，按图纸下料、组对、焊接并自检，保持工位整洁，服从班组安排，白班为主，偶尔加班。",
    "employer": {"employer_id": "e-1", "name": "太原某某机械制造有限公司"},
    "region": "140105",
    "address": "太原市小店区某某路8号",
    "pay": {"min": 5000, "max": 7000, "unit": "month"},
    "education_min": "47",
    "headcount": 2,
    "published_at": "2026-11-02T09:00:00+08:00",
}

PERSON: dict[str, Any] = {
    "person_id": "u-7",
    "kind": "registered_unemployed",
    "region": "140106",
    "birth_year_month": "1996-04",
    "desired": {"titles": ["电焊工"], "pay_min": 4500},
    "education": {"level": "47", "major": "焊接技术应用"},
    "experience": [{"title": "焊工", "years": 4}],
    "consent": {"recommend": True},
    "private": {"name": "样例甲", "id_number": "11010519491231002X", "phone": "13800138000"},
}


class Clock:
    def __init__(self) -> None:
        self.at = midnight(FIRST_DAY) + timedelta(hours=10)

    def __call__(self) -> datetime:
        return self.at

    def go_to(self, day: date, hour: int = 10) -> None:
        self.at = midnight(day) + timedelta(hours=hour)


class Intake:
    """Intake over one database; every method waits until what it said has been handled."""

    def __init__(self, folder: Path, clock: Clock, settings: dict[str, Any]):
        self.clock = clock
        self.database = folder / "g.sqlite"
        self.exchange, self._writer = open_exchange(self.database, b"k" * 32, settings, flows=Topology(TOPICS, (SUBJECT,)), now=clock)
        self._ticker = Ticker(self.exchange)
        self.exchange.runner.start()

    def close(self) -> None:
        self.exchange.runner.stop()
        self._writer.stop()

    def drain(self) -> None:
        self.exchange.runner.drain(240)

    def post(self, *raws: dict[str, Any], **how: Any) -> list[gateway.Answer]:
        answers = gateway.receive_postings(self.exchange, raws, **{"sender": "test", "verified": True, **how})
        self.drain()
        return answers

    def posted(self, changes: dict[str, Any] | None = None, **how: Any) -> str:
        """The happy posting with some facts changed; its id."""
        answer = self.post({**POSTING, **(changes or {})}, **how)[0]
        assert answer.outcome != "rejected", answer.errors
        return str(answer.id)

    def say(self, *messages: Any) -> None:
        self.exchange.append([Said(message) for message in messages], source="test")
        self.drain()

    def hired(self, posting_id: str, number: int, revision: int) -> None:
        self.say(OpeningsTaken(posting_id=posting_id, revision=revision, hired=number, in_talks=0, accepted=0))

    def withdraw(self, posting_id: str) -> None:
        gateway.withdraw_posting(self.exchange, posting_id, "已招到人", by="a-1", sender="test")
        self.drain()

    def tick(self) -> None:
        self._ticker.tick()
        self.drain()

    def found(self, posting_id: str) -> dict[str, Any]:
        with self.exchange.reading() as connection:
            found = queries.posting(connection, posting_id)
        assert found is not None
        return found

    def state(self, posting_id: str) -> str:
        return str(self.found(posting_id)["state"])

    def said_of(self, posting_id: str) -> list[str]:
        """The types of what intake said of this posting, in order, with the cause of an end."""
        with self.exchange.reading() as connection:
            query = select(log.c.type, log.c.body).where(log.c.key == posting_id, log.c.source.like("intake.%")).order_by(log.c.seq)
            return [
                type_.removeprefix("posting.") + (f" {from_json(body)['cause']}" if type_ == "posting.ended" else "")
                for type_, body in connection.execute(query)
            ]

    def bodies(self, key: str, type_: str) -> list[dict[str, Any]]:
        with self.exchange.reading() as connection:
            query = select(log.c.body).where(log.c.key == key, log.c.type == type_).order_by(log.c.seq)
            return [from_json(body) for body in connection.execute(query).scalars()]

    def day_of_last(self, posting_id: str) -> date:
        """The day of the last thing intake said of a posting."""
        with self.exchange.reading() as connection:
            query = select(log.c.recorded_at).where(log.c.key == posting_id, log.c.source.like("intake.%")).order_by(log.c.seq.desc())
            return day_of(datetime.fromisoformat(str(connection.execute(query.limit(1)).scalar())))

    def log_length(self) -> int:
        with self.exchange.reading() as connection:
            return self.exchange.log.end(connection)

    def dead(self) -> list[Any]:
        with self.exchange.reading() as connection:
            return list(connection.execute(select(dead_letters.c.handler, dead_letters.c.reason)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def intake(tmp_path: Path, empty_exchange: Path, clock: Clock) -> Iterator[Intake]:
    shutil.copy(empty_exchange, tmp_path / "g.sqlite")
    made = Intake(tmp_path, clock, {"posting_days": 60})
    try:
        yield made
        assert made.dead() == []
    finally:
        made.close()
