"""Several processes have a ticker; one of them ticks, and no instant is ticked over twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from infra.composition import Shared, open_shared
from streams.runtime.clock import ClockTick, Ticker
from streams.runtime.locks import TICK, lock_on
from streams.runtime.messages import from_json
from streams.runtime.outbox import move_outbox
from streams.runtime.tables import outbox

pytestmark = pytest.mark.engine
MORNING = datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.fixture
def processes(database: str) -> Iterator[Callable[[Callable[[], datetime]], Shared]]:
    opened: list[Shared] = []

    def open_one(now: Callable[[], datetime]) -> Shared:
        opened.append(open_shared(database, b"k" * 32, now=now))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def said(part: Shared) -> list[ClockTick]:
    with part.exchange.reading() as connection:
        return [
            ClockTick.model_validate(from_json(body)) for body in connection.execute(select(outbox.c.body).order_by(outbox.c.n)).scalars()
        ]


def test_one_of_two_ticks_and_the_other_takes_over(processes: Callable[[Callable[[], datetime]], Shared]) -> None:
    now = [MORNING]
    one, two = processes(lambda: now[0]), processes(lambda: now[0])
    first = Ticker(one.exchange, lock=lock_on(one.engine, TICK))
    second = Ticker(two.exchange, lock=lock_on(two.engine, TICK))
    assert (first.tick(), second.tick()) == (1, 0)
    now[0] += timedelta(seconds=60)
    assert (second.tick(), first.tick()) == (0, 1)
    first.stop()
    now[0] += timedelta(days=2)
    assert (first.last(), second.tick()) == (MORNING + timedelta(seconds=60), 3)
    ticked = said(one)
    assert [tick.last for tick in ticked] == [None, *(tick.instant for tick in ticked[:-1])]
    second.stop()


def test_two_who_both_think_it_is_theirs_leave_no_gap_and_no_overlap(processes: Callable[[Callable[[], datetime]], Shared]) -> None:
    seconds = iter(range(100_000))
    one, two = (processes(lambda: MORNING + timedelta(seconds=next(seconds))) for _ in range(2))
    tickers = [Ticker(one.exchange), Ticker(two.exchange)]
    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(lambda ticker: [ticker.tick() for _ in range(20)], ticker) for ticker in tickers]:
            running.result()
    ticked = said(one)
    assert [tick.last for tick in ticked] == [None, *(tick.instant for tick in ticked[:-1])]


def test_the_last_tick_is_known_on_its_way_and_in_the_log(processes: Callable[[Callable[[], datetime]], Shared]) -> None:
    part = processes(lambda: MORNING)
    ticker = Ticker(part.exchange)
    assert ticker.last() is None
    ticker.tick()
    assert ticker.last() == MORNING
    left = 1
    while left:
        with part.engine.begin() as connection:
            left -= move_outbox(connection)
    assert said(part) == []
    assert ticker.last() == MORNING
