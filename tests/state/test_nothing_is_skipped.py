"""Two hundred transactions on several connections, begun, written and committed in any order: who follows sees each row once."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select

from streams.matching.tables import people
from streams.runtime.clock import ClockTick
from streams.runtime.database import open_engine
from streams.runtime.follower import follow, follow_all, mark
from streams.runtime.locks import hold_in_transaction
from streams.runtime.log import Log
from streams.runtime.messages import outermost
from streams.runtime.outbox import move_outbox, settle_restored
from streams.runtime.sealing import Vault
from streams.runtime.tables import log, outbox, upsert
from streams.runtime.topology import topology

pytestmark = pytest.mark.engine
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def until(condition: Callable[[], bool], look: Callable[[], object]) -> None:
    """Look until it holds: a transaction of anybody on the same server holds up news by as long as it runs, also in another database."""
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline, "waited for five minutes in vain"
        look()


def move_all(engine: Engine, count: int) -> None:
    """Move so many rows, as soon as nobody older writes any more."""
    moved = [0]

    def move() -> None:
        with engine.begin() as connection:
            moved[0] += move_outbox(connection, 10_000)

    until(lambda: moved[0] >= count, move)
    assert moved[0] == count


@dataclass
class Open:
    """A transaction on its way."""

    connection: Connection
    number: int
    left: int
    said: list[str] = field(default_factory=list)


@dataclass
class Crowd:
    """Transactions whose every step is drawn: who begins, who writes, who commits or gives up."""

    engine: Engine
    seed: int
    written: list[str] = field(default_factory=list)
    given_up: set[str] = field(default_factory=set)
    order: list[int] = field(default_factory=list)  # numbers in the order of their commits

    def run(self, write: Callable[[Connection, str], None], look: Callable[[], None], *, transactions: int = 200) -> None:
        drawn = random.Random(self.seed)
        log_ = iter(range(transactions))
        going: list[Open] = []
        with ExitStack() as stack:
            free = [stack.enter_context(self.engine.connect()) for _ in range(12)]
            begun = 0
            while begun < transactions or going:
                if drawn.random() < 0.25:
                    look()
                if free and begun < transactions and drawn.random() < 0.5:
                    connection = free.pop(drawn.randrange(len(free)))
                    connection.begin()
                    going.append(Open(connection, next(log_), drawn.randint(1, 4)))
                    begun += 1
                    self._write(going[-1], write)
                elif going:
                    one = drawn.choice(going)
                    if one.left:
                        self._write(one, write)
                    else:
                        going.remove(one)
                        free.append(one.connection)
                        self._end(one, give_up=drawn.random() < 0.1)
            look()

    def _write(self, one: Open, write: Callable[[Connection, str], None]) -> None:
        name = f"{one.number:03}-{one.left}"
        write(one.connection, name)
        one.said.append(name)
        one.left -= 1

    def _end(self, one: Open, *, give_up: bool) -> None:
        if give_up:
            one.connection.rollback()
            self.given_up.update(one.said)
        else:
            one.connection.commit()
            self.written.extend(one.said)
            self.order.append(one.number)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = open_engine(database, connections=16)

    @event.listens_for(made, "connect")
    def _patient(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute("SET idle_in_transaction_session_timeout = 0")  # here transactions wait for each other's turn
        connection.autocommit = False

    yield made
    made.dispose()


@pytest.fixture
def readers(database: str) -> Iterator[Engine]:
    made = open_engine(database, read_only=True)
    yield made
    made.dispose()


def put_person(connection: Connection, name: str) -> None:
    upsert(connection, people, {"person_id": name, "revision": 1, "state": "on", "document": b"{}"})


def say(connection: Connection, name: str) -> None:
    envelope = outermost(ClockTick(instant=NOW), recorded_at=NOW, source="test", id=name)
    Log(topology(), Vault(b"k" * 32)).append(connection, [envelope])


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("most", [3, 1000])
def test_a_follower_skips_no_row_and_shows_none_twice(engine: Engine, readers: Engine, seed: int, most: int) -> None:
    crowd, seen, since = Crowd(engine, seed), [], [0]

    def look() -> None:
        with readers.connect() as connection:
            for page in follow_all(connection, people, since[0], most=most):
                seen.extend(row["person_id"] for row in page.rows)
                since[0] = page.since

    crowd.run(put_person, look)
    until(lambda: len(seen) >= len(crowd.written), look)
    look()
    assert crowd.order != sorted(crowd.order), "nobody committed out of order: this would prove nothing"
    assert crowd.given_up
    assert len(seen) == len(set(seen))
    assert set(seen) == set(crowd.written)


def test_following_by_the_greatest_number_seen_would_skip_rows(engine: Engine, readers: Engine) -> None:
    """The trap itself, so that the test above is known to be able to fail."""
    crowd, seen, since = Crowd(engine, 1), set(), [0]

    def look() -> None:
        with readers.connect() as connection:
            rows = connection.exec_driver_sql("SELECT person_id, xid FROM matching_people WHERE xid > %s", (since[0],)).all()
        seen.update(name for name, _ in rows)
        since[0] = max([since[0], *(xid for _, xid in rows)])

    crowd.run(put_person, look)
    assert seen < set(crowd.written)


def test_a_row_changed_again_is_shown_again_and_the_whole_table_is_read_with_a_mark(engine: Engine, readers: Engine) -> None:
    with engine.begin() as connection:
        put_person(connection, "a")
        put_person(connection, "b")
    with readers.connect() as connection:
        since = mark(connection, people)
        assert set(connection.execute(select(people.c.person_id)).scalars()) == {"a", "b"}
    with engine.begin() as connection:
        upsert(connection, people, {"person_id": "a", "revision": 2, "state": "off", "document": b"{}"})
    found = {}

    def look() -> None:
        with readers.connect() as connection:
            page = follow(connection, people, since)
            found.update({row["person_id"]: (row["state"], page.since) for row in page.rows})

    until(lambda: found.get("a", ("on", 0))[0] == "off", look)
    with readers.connect() as connection:
        assert follow(connection, people, found["a"][1]).rows == []


def test_what_commits_while_a_table_is_read_whole_is_shown_by_the_first_look(engine: Engine, readers: Engine) -> None:
    with engine.connect() as late, readers.connect() as connection:
        late.begin()
        put_person(late, "late")
        since = mark(connection, people)
        assert connection.execute(select(people.c.person_id)).all() == []
        with engine.begin() as early:
            put_person(early, "early")
        late.commit()
    found: set[str] = set()

    def look() -> None:
        with readers.connect() as connection:
            found.update(row["person_id"] for row in follow(connection, people, since).rows)

    until(lambda: found == {"late", "early"}, look)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("most", [3, 1000])
def test_the_mover_skips_no_row_and_whoever_follows_the_log_by_place_sees_each_once(
    engine: Engine, readers: Engine, seed: int, most: int
) -> None:
    crowd, seen, since = Crowd(engine, seed), [], [0]

    def look() -> None:
        with engine.begin() as connection:
            move_outbox(connection, most)
        with readers.connect() as connection:
            page = follow(connection, log, since[0], most=5)
        seen.extend(row["id"] for row in page.rows)
        since[0] = page.since

    crowd.run(say, look)
    until(lambda: len(seen) >= len(crowd.written), look)
    look()
    assert crowd.order != sorted(crowd.order)
    assert Counter(seen) == Counter(crowd.written)
    with readers.connect() as connection:
        assert connection.execute(select(outbox)).all() == []
        assert connection.execute(select(log.c.id).order_by(log.c.seq)).scalars().all() == seen


def test_rows_of_one_transaction_stay_together_and_in_their_order(engine: Engine, readers: Engine) -> None:
    crowd = Crowd(engine, 4)
    crowd.run(say, lambda: None)
    move_all(engine, len(crowd.written))
    with readers.connect() as connection:
        moved = connection.execute(select(log.c.id).order_by(log.c.seq)).scalars().all()
    runs = [name.split("-")[0] for name in moved]
    assert [run for place, run in enumerate(runs) if place == 0 or runs[place - 1] != run] == list(dict.fromkeys(runs))
    for run in set(runs):
        places = [int(name.split("-")[1]) for name in moved if name.startswith(run)]
        assert places == sorted(places, reverse=True)


def test_what_is_said_under_one_lock_is_moved_in_the_order_in_which_it_was_said(engine: Engine, readers: Engine) -> None:
    """The second has a number before the first has one, but waits for the lock: without it the order would be the numbers'."""
    with engine.connect() as first, engine.connect() as other:
        first.begin()
        hold_in_transaction(first, "subject:x")
        other.begin()
        put_person(other, "gives a number")
        say(first, "first")
        first.commit()
        with engine.begin() as second:
            hold_in_transaction(second, "subject:x")
            say(second, "second")
            put_person(second, "p")
        with engine.begin() as mover:
            assert move_outbox(mover, 10) == 0, "somebody with an older number is still writing"
        other.rollback()
    move_all(engine, 2)
    with readers.connect() as connection:
        assert connection.execute(select(log.c.id).order_by(log.c.seq)).scalars().all() == ["first", "second"]


def test_an_id_that_the_log_has_is_dropped_and_two_movers_do_not_mix(engine: Engine, readers: Engine) -> None:
    with engine.begin() as connection:
        say(connection, "once")
    move_all(engine, 1)
    with engine.begin() as connection:
        say(connection, "once")
        say(connection, "twice")
    with engine.connect() as one, engine.connect() as two:
        one.begin()
        until(lambda: one.exec_driver_sql("SELECT count(*) FROM outbox").scalar() == 0, lambda: move_outbox(one, 10))
        two.begin()
        two.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(Exception, match="lock timeout"):
            move_outbox(two, 10)
        two.rollback()
        one.commit()
    with readers.connect() as connection:
        assert connection.execute(select(log.c.id).order_by(log.c.seq)).scalars().all() == ["once", "twice"]


def test_an_outbox_restored_from_another_servers_life_goes_first(engine: Engine, readers: Engine) -> None:
    with engine.begin() as connection:
        say(connection, "old-2")
        say(connection, "old-1")
        connection.execute(outbox.update().values(xid=2**60 - outbox.c.n))
    with engine.begin() as connection:
        assert settle_restored(connection) == 2
    with engine.begin() as connection:
        say(connection, "new")
    move_all(engine, 3)
    with readers.connect() as connection:
        assert connection.execute(select(log.c.id).order_by(log.c.seq)).scalars().all() == ["old-2", "old-1", "new"]
