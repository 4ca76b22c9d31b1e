"""An exchange with staffing alone, and made-up messages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from matcher.shapes import read_employer, read_posting
from streams.hiring.messages import OpeningsTaken
from streams.intake.messages import EmployerRegistered, PostingChanged, PostingEnded, PostingPublished
from streams.runtime.clock import ClockTick
from streams.staffing import handlers
from streams.staffing.messages import ShortageLine, ShortageReported
from streams.staffing.tables import employers, gaps, listings, openings, postings, shortages
from tests.one_subject import OneSubject


class StaffingExchange(OneSubject):
    subject = handlers.SUBJECT
    remembers = (employers, listings, shortages, postings, openings, gaps)

    def tick(self, at: datetime) -> None:
        self.at = at
        self.say(ClockTick(instant=at))

    def announced(self) -> list[Any]:
        return self.out("gap.changed")


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
