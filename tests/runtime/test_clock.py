"""The clock as a message: one tick a missed day, days that begin at midnight in Shanghai, no tick twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from infra.composition import open_exchange
from matcher.days import SHANGHAI, day_of, midnight
from streams.runtime.clock import ClockTick, Ticker, ticks
from streams.runtime.messages import outermost
from streams.runtime.tables import log

MORNING = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)


def test_the_first_tick_has_no_last() -> None:
    assert ticks(None, MORNING) == [ClockTick(instant=MORNING)]


def test_a_minute_later_one_tick_covers_the_minute() -> None:
    later = MORNING + timedelta(minutes=1)
    assert ticks(MORNING, later) == [ClockTick(instant=later, last=MORNING)]


def test_a_clock_that_goes_back_ticks_nothing() -> None:
    assert ticks(MORNING, MORNING - timedelta(seconds=1)) == []
    assert ticks(MORNING, MORNING) == []


def test_a_pause_of_nine_days_gives_one_tick_a_day_and_then_now() -> None:
    later = MORNING + timedelta(days=9)
    found = ticks(MORNING, later)
    assert [tick.instant for tick in found] == [midnight(date(2026, 11, 20) + timedelta(days=n)) for n in range(1, 10)] + [later]
    assert [tick.last for tick in found] == [MORNING, *(tick.instant for tick in found[:-1])]


def test_the_day_changes_at_midnight_in_shanghai() -> None:
    before = datetime(2026, 11, 20, 15, 59, 59, 999999, tzinfo=UTC)
    after = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert (day_of(before), day_of(after)) == (date(2026, 11, 20), date(2026, 11, 21))
    tick = ClockTick(instant=before)
    assert outermost(tick, recorded_at=before, source="clock", id="a").as_of == date(2026, 11, 20)
    assert outermost(tick, recorded_at=after, source="clock", id="b").as_of == date(2026, 11, 21)


def test_two_tickers_at_one_instant_tick_once_and_a_restart_catches_up(tmp_path: Path) -> None:
    now = [MORNING]
    exchange, writer = open_exchange(tmp_path / "g.sqlite", b"k" * 32, {}, now=lambda: now[0])
    try:
        Ticker(exchange).tick()
        Ticker(exchange).tick()
        now[0] = MORNING + timedelta(days=9)
        Ticker(exchange).tick()
        with exchange.reading() as connection:
            days = [datetime.fromisoformat(at) for at in connection.execute(select(log.c.recorded_at).order_by(log.c.seq)).scalars()]
        assert len(days) == 1 + 9 + 1
        assert [day_of(day) for day in days][1:10] == [date(2026, 11, 21) + timedelta(days=n) for n in range(9)]
    finally:
        writer.stop()
