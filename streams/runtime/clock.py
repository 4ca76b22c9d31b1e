"""The clock as a message. No handler reads a clock: what is due is due because a tick says so."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import uuid5

from sqlalchemy import select

from matcher.days import day_of, in_shanghai, midnight
from streams.runtime.exchange import Exchange, Said
from streams.runtime.messages import NAMESPACE, Message, from_json
from streams.runtime.tables import log


class ClockTick(Message):
    """Everything due in (``last``, ``instant``] is due now. ``last`` is absent in the first tick ever."""

    type: ClassVar[str] = "clock.tick"
    key: ClassVar[str] = "clock"
    clock: str = "clock"
    instant: datetime
    last: datetime | None = None


def ticks(last: datetime | None, now: datetime) -> list[ClockTick]:
    """The ticks that are missing: one at the start of each day in Shanghai since ``last``, then now."""
    if last is None:
        return [ClockTick(instant=in_shanghai(now))]
    if now <= last:
        return []
    found = []
    day = day_of(last) + timedelta(days=1)
    before = in_shanghai(last)
    while midnight(day) < now:
        if midnight(day) > before:
            found.append(ClockTick(instant=midnight(day), last=before))
            before = midnight(day)
        day += timedelta(days=1)
    found.append(ClockTick(instant=in_shanghai(now), last=before))
    return found


def tick_id(instant: datetime) -> str:
    """A tick's id comes from its instant."""
    return str(uuid5(NAMESPACE, f"tick|{instant.astimezone(UTC).isoformat()}"))


class Ticker:
    """Emits ticks every ``every`` seconds and at each midnight in Shanghai; catches up after a pause."""

    def __init__(self, exchange: Exchange, *, every: float = 60.0):
        self._exchange = exchange
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        self.tick()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def last(self) -> datetime | None:
        """The instant of the last tick in the log."""
        with self._exchange.reading() as connection:
            body = connection.execute(select(log.c.body).where(log.c.type == ClockTick.type).order_by(log.c.seq.desc()).limit(1)).scalar()
        return datetime.fromisoformat(from_json(body)["instant"]) if body is not None else None

    def tick(self) -> int:
        """Append the ticks that are missing; a tick's id comes from its instant, so two tickers cannot tick twice."""
        missing = ticks(self.last(), self._exchange.now())
        said = [
            Said(tick, id=str(uuid5(NAMESPACE, f"tick|{tick.instant.astimezone(UTC).isoformat()}")), recorded_at=tick.instant)
            for tick in missing
        ]
        if said:
            self._exchange.append(said, source="clock")
        return len(said)

    def _run(self) -> None:
        while True:
            now = in_shanghai(self._exchange.now())
            to_midnight = (midnight(day_of(now) + timedelta(days=1)) - now).total_seconds()
            if self._stopping.wait(max(0.05, min(self._every, to_midnight + 0.01))):
                return
            try:
                self.tick()
            except Exception:  # an engine's fault: the next round catches up
                continue
