"""The clock as a message. No handler reads a clock: what is due is due because a tick says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import uuid5

from sqlalchemy import Connection, select

from matcher.days import day_of, in_shanghai, midnight
from streams.runtime.exchange import Exchange, Said
from streams.runtime.locks import TICK, InProcess, Lock
from streams.runtime.messages import NAMESPACE, Message, from_json
from streams.runtime.own_thread import OwnThread
from streams.runtime.tables import log, outbox


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


def last_tick(connection: Connection) -> datetime | None:
    """The instant of the last tick said, be it in the log yet or still on its way there."""
    body = None
    if connection.dialect.name == "postgresql":
        body = connection.execute(
            select(outbox.c.body).where(outbox.c.type == ClockTick.type).order_by(outbox.c.n.desc()).limit(1)
        ).scalar()
    if body is None:
        body = connection.execute(select(log.c.body).where(log.c.type == ClockTick.type).order_by(log.c.seq.desc()).limit(1)).scalar()
    return datetime.fromisoformat(from_json(body)["instant"]) if body is not None else None


TAKE_OVER_S = 3.0  # how often somebody else asks whether the one who ticks is gone


class Ticker(OwnThread):
    """Emits ticks every ``every`` seconds and at each midnight in Shanghai; catches up after a pause.

    Of many processes only the holder of ``lock`` ticks; should two think they hold it for a moment, they still do not tick twice.
    """

    def __init__(self, exchange: Exchange, *, every: float = 60.0, lock: Lock | None = None):
        super().__init__("ticker")
        self._exchange = exchange
        self._every = every
        self._lock = lock or InProcess(TICK)
        self._ours = True

    def start(self) -> None:
        self.tick()
        super().start()

    def stop(self) -> None:
        super().stop()
        self._lock.release()

    def last(self) -> datetime | None:
        """The instant of the last tick."""
        with self._exchange.reading() as connection:
            return last_tick(connection)

    def tick(self) -> int:
        """Append the ticks that are missing, if it is for us to tick; answers how many.

        The last tick is looked up where the next is written: nobody else ticks in between.
        """
        self._ours = self._lock.try_acquire()
        return self._exchange.write(self._tick) if self._ours else 0

    def _tick(self, connection: Connection) -> int:
        missing = ticks(last_tick(connection), self._exchange.now())
        said = [Said(tick, id=tick_id(tick.instant), recorded_at=tick.instant) for tick in missing]
        if said:
            self._exchange.append_within(connection, said, source="clock")
        return len(said)

    def _run(self) -> None:
        while True:
            now = in_shanghai(self._exchange.now())
            to_midnight = (midnight(day_of(now) + timedelta(days=1)) - now).total_seconds()
            pause = min(self._every, to_midnight + 0.01)
            if self._stopping.wait(max(0.05, pause if self._ours else min(pause, TAKE_OVER_S))):
                return
            try:
                self.tick()
            except Exception:  # an engine's fault: the next round catches up
                continue
