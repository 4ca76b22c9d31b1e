"""Server-sent events over a real socket: whoever asks is woken by what concerns them, and by nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from api.live import Wakeups
from infra.serve import listen
from streams.runtime.log import Bell
from tests.api.conftest import POSTING, Market, furnish


@pytest.fixture
def served(market: Market, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Market, str]]:
    """The same application behind a socket; a heartbeat often enough for a test to see one."""
    monkeypatch.setattr("api.delivery.routes.HEARTBEAT_S", 0.2)
    furnish(market)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(market.app, log_config=None, lifespan="off", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield market, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        market.app.state.wakeups.stop_soon()
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
        listener.close()


@contextmanager
def stream(served: tuple[Market, str], who: str, **headers: str) -> Iterator[Iterator[dict[str, str]]]:
    """Events as they come, after the first."""
    market, address = served
    sent = {"Authorization": f"Bearer {market.keys[who]}", **headers}
    with httpx.Client(timeout=20) as client, client.stream("GET", f"{address}/api/v1/events", headers=sent) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = parsed(answer.iter_lines())
        assert next(events)["event"] == "hello"
        yield events


def parsed(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield {"event": "alive"}
        elif line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            yield event
            event = {}


def first_of_concern(events: Iterator[dict[str, str]]) -> dict[str, str]:
    return next(event for event in events if event["event"] != "alive")


def test_a_jobseeker_is_woken_by_a_new_recommendation(served: tuple[Market, str]) -> None:
    market, _ = served
    with stream(served, "jobseeker") as events:
        market.post("employer", "/postings", {**POSTING, "source_id": "HR-2", "title": "电焊工", "description": "焊接钢梁，长白班。"})
        event = first_of_concern(events)
    assert event["event"] == "inbox"
    assert int(event["id"]) > 0


def test_an_employer_and_a_commissioner_are_woken_by_a_hire(served: tuple[Market, str]) -> None:
    market, _ = served
    with stream(served, "employer") as mine, stream(served, "commissioner") as theirs:
        market.post("employer", f"/matches/u-7/{market.posting_id}/steps", {"step": "hired"})
        assert first_of_concern(mine)["event"] == "candidates"
        assert first_of_concern(theirs)["event"] == "gap"


def test_what_concerns_others_wakes_nobody(served: tuple[Market, str]) -> None:
    market, _ = served
    with stream(served, "other-employer") as events, stream(served, "other-commissioner") as theirs:
        market.post("employer", f"/matches/u-7/{market.posting_id}/steps", {"step": "hired"})
        market.settle()
        assert [next(events)["event"] for _ in range(2)] == ["alive", "alive"]
        assert next(theirs)["event"] == "alive"


def test_who_comes_back_is_told_what_was_missed(served: tuple[Market, str]) -> None:
    market, _ = served
    with stream(served, "jobseeker") as events:
        market.post("employer", "/postings", {**POSTING, "source_id": "HR-2", "title": "电焊工", "description": "焊接钢梁，长白班。"})
        seen = first_of_concern(events)["id"]
    market.publish({"source_id": "HR-3", "title": "焊接工", "description": "焊水箱，两班倒。"})
    with stream(served, "jobseeker", **{"Last-Event-ID": seen}) as events:
        assert int(first_of_concern(events)["id"]) > int(seen)


def test_nobody_without_an_account_listens(served: tuple[Market, str]) -> None:
    assert httpx.get(f"{served[1]}/api/v1/events").status_code == 401


def test_a_stream_ends_when_the_exchange_stops(served: tuple[Market, str]) -> None:
    market, _ = served
    with stream(served, "jobseeker") as events:
        market.app.state.wakeups.stop_soon()
        assert [event for event in events if event["event"] != "alive"] == []


def test_a_wake_up_between_two_waits_is_not_lost() -> None:
    async def run() -> None:
        bell = Bell()
        wakeups = Wakeups(bell)
        wakeups.start(asyncio.get_running_loop())
        try:
            for _ in range(50):
                seen = wakeups.count
                bell.ring()  # while nobody waits
                async with asyncio.timeout(10):
                    while wakeups.count == seen:
                        await wakeups.wait(seen, 10)
                assert await wakeups.wait(seen, 10) is True
            assert await wakeups.wait(wakeups.count, 0.001) is False
        finally:
            wakeups.stop()

    asyncio.run(run())


def test_stopping_twice_or_before_starting_is_nothing(market: Market) -> None:
    wakeups: Any = Wakeups(market.services.exchange.bell)
    wakeups.stop_soon()
    wakeups.stop()
    wakeups.stop()
