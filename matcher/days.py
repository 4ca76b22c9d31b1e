"""Days. ``as_of`` is always a whole day in Asia/Shanghai; one function makes a day of an instant."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

# China has had one zone without daylight saving since 1991, so a fixed offset is exact for every date the exchange handles.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


_PLAIN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def plain_day(text: str) -> date:
    """The day of a text YYYY-MM-DD, or ``ValueError``: ``date.fromisoformat`` alone takes 2023-W35-5 and 20230901 too."""
    if not _PLAIN.fullmatch(text):
        raise ValueError("a day YYYY-MM-DD expected")
    return date.fromisoformat(text)


def day_of(instant: datetime) -> date:
    """The day in Shanghai that holds this instant. A naive datetime is taken as Shanghai time (contract.md)."""
    if instant.tzinfo is None:
        return instant.date()
    return instant.astimezone(SHANGHAI).date()


def in_shanghai(instant: datetime) -> datetime:
    """The same instant with Shanghai's zone; a naive one is Shanghai time already."""
    if instant.tzinfo is None:
        return instant.replace(tzinfo=SHANGHAI)
    return instant.astimezone(SHANGHAI)


def midnight(day: date) -> datetime:
    """The first instant of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
