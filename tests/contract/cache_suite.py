"""What every cache of the edge promises, as cases. A backend is a fixture ``cache`` (one process's view) and ``other`` (another's)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from api.cache.ringing import Ringing
from api.cache.shapes import Cache, Limit
from streams.runtime.log import Bell

HOUR = Limit("cases", 10, 3600.0)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited for 30 s in vain"
        time.sleep(0.01)


class CacheCases:
    """``cache`` and ``other`` are two processes' views of one cache; a backend of one process gives the same twice."""

    # -- limits --------------------------------------------------------------------------------------------------------

    def test_a_bucket_gives_what_is_in_it_and_no_more(self, cache: Cache) -> None:
        rooms = [cache.take(HOUR, "a") for _ in range(12)]
        assert [room.allowed for room in rooms] == [True] * 10 + [False] * 2
        assert [room.remaining for room in rooms[:10]] == list(range(9, -1, -1))
        assert rooms[-1].remaining == 0

    def test_who_is_refused_is_told_when_to_come_back(self, cache: Cache) -> None:
        assert cache.take(HOUR, "a", 10).wait in range(1, 362)
        refused = cache.take(HOUR, "a")
        assert not refused.allowed
        assert 1 <= refused.wait <= 361  # one of ten an hour
        assert 3500 <= refused.full_after <= 3600

    def test_somebody_else_and_another_limit_have_a_bucket_of_their_own(self, cache: Cache) -> None:
        cache.take(HOUR, "a", 10)
        assert cache.take(HOUR, "b").remaining == 9
        assert cache.take(Limit("others", 10, 3600.0), "a").remaining == 9

    def test_looking_takes_nothing(self, cache: Cache) -> None:
        assert cache.take(HOUR, "a", 0).remaining == 10
        cache.take(HOUR, "a")
        assert [cache.take(HOUR, "a", 0).remaining for _ in range(3)] == [9, 9, 9]

    def test_what_is_given_back_is_there_again_and_never_more_than_the_most(self, cache: Cache) -> None:
        cache.take(HOUR, "a", 3)
        assert cache.take(HOUR, "a", -1).remaining == 8
        assert cache.take(HOUR, "a", -100).remaining == 10
        assert cache.take(HOUR, "a").remaining == 9

    def test_more_than_there_is_takes_nothing(self, cache: Cache) -> None:
        cache.take(HOUR, "a", 8)
        assert not cache.take(HOUR, "a", 3).allowed
        assert cache.take(HOUR, "a", 2).allowed

    def test_an_empty_bucket_fills_again(self, cache: Cache) -> None:
        quick = Limit("quick", 2, 0.2)
        until(lambda: not cache.take(quick, "a").allowed)
        until(lambda: cache.take(quick, "a").allowed)

    def test_many_at_once_get_no_more_than_there_is(self, cache: Cache, other: Cache) -> None:
        most = Limit("crowd", 50, 36_000.0)
        gate = threading.Barrier(8)

        def ask(place: int) -> int:
            gate.wait(30)
            return sum((cache if place % 2 else other).take(most, "a").allowed for _ in range(20))

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(ask, range(8))) == 50

    def test_what_one_process_took_another_sees(self, cache: Cache, other: Cache) -> None:
        cache.take(HOUR, "a", 7)
        assert other.take(HOUR, "a").remaining == 2

    def test_any_text_may_name_somebody(self, cache: Cache) -> None:
        for who in ("", "::1", "焊工 {x} *", "a" * 5000, "a\x00b\nc"):
            assert cache.take(HOUR, who).remaining == 9

    # -- what was worked out lately ------------------------------------------------------------------------------------

    def test_what_is_kept_is_there_for_all_until_its_time_is_over(self, cache: Cache, other: Cache) -> None:
        cache.keep("facets:1:x", b"\x00\xff one", 3600)
        assert other.kept("facets:1:x") == b"\x00\xff one"
        cache.keep("facets:1:x", b"two", 0.05)
        until(lambda: other.kept("facets:1:x") is None)

    def test_another_version_is_another_value(self, cache: Cache) -> None:
        cache.keep("facets:1:x", b"one", 3600)
        assert cache.kept("facets:2:x") is None

    def test_nothing_is_kept_for_no_time(self, cache: Cache) -> None:
        cache.keep("facets:1:x", b"one", 0)
        assert cache.kept("facets:1:x") is None

    # -- wake-ups ------------------------------------------------------------------------------------------------------

    def test_everybody_who_listens_is_woken_and_nobody_who_stopped(self, cache: Cache, other: Cache) -> None:
        mine, theirs, ended = [], [], []
        stop = cache.listen(ended.append)
        cache.listen(mine.append)
        other.listen(theirs.append)
        stop()
        cache.ring("one")
        other.ring("two")
        until(lambda: sorted(mine) == sorted(theirs) == ["one", "two"])
        assert ended == []

    def test_a_commit_of_one_process_rings_in_the_other_and_does_not_come_back(self, cache: Cache, other: Cache) -> None:
        here, there = Bell(), Bell()
        a, b = Ringing(here, cache), Ringing(there, other)
        a.start()
        b.start()
        try:
            for commits in range(1, 4):
                here.ring()
                until(lambda: there.count >= commits)  # noqa: B023
            rung = there.count
            there.ring()
            until(lambda: here.count >= 4)
            # Both have heard of everything; an echo would go on for ever.
            for _ in range(20):
                cache.take(HOUR, "pause", 0)
            assert here.count <= 3 + 1
            assert there.count == rung + 1
        finally:
            a.stop()
            b.stop()

    def test_no_fault_while_it_answers(self, cache: Cache) -> None:
        cache.take(HOUR, "a")
        assert cache.fault is None
