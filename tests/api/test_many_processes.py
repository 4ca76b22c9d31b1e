"""Two processes of the edge over one PostgreSQL: what one did the other knows; Redis makes it quicker and nothing else."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from api.access.throttle import FOR_ONE_NAME
from api.cache.memory import MemoryCache
from api.cache.opening import open_cache
from api.cache.shapes import Limit
from streams.delivery.messages import RecommendationIssued
from streams.runtime.tables import log
from tests.api.conftest import EMPLOYER, PASSWORD, PERSON, POSTING, SETTINGS
from tests.api.many import Edge, Workers, edges, until
from tests.api.test_events import parsed
from tests.cluster.fresh import fresh_database
from tests.contract.own_redis import OwnRedis
from tests.engines import require

pytestmark = pytest.mark.engine
NO_BUDGETS = {**SETTINGS, "person_pushes_a_day": 1000, "posting_pushes_a_day": 1000}


@pytest.fixture
def database(_cheap_passwords: None) -> Iterator[str]:
    with fresh_database(require("postgres")) as url:
        yield url


@pytest.fixture
def two(database: str) -> Iterator[tuple[Edge, Edge, Workers]]:
    """Two edges with a Redis between them; looking by itself is too seldom to help."""
    url, prefix = require("redis"), f"edges-{uuid4().hex[:12]}:"
    given: dict[str, Any] = {"poll": 3600.0, "requests_a_minute": 200, "facet_seconds": 60.0, "suggestion_seconds": 60.0}
    with edges(database, lambda: open_cache(url, prefix=prefix), **given) as ((one, other), workers):
        yield one, other, workers


def furnish(edge: Edge) -> str:
    """One employer, one person, one posting; its id."""
    assert edge.post("administrator", "/employers?wait=1", EMPLOYER).status_code == 200
    assert edge.post("administrator", "/people?wait=1", PERSON).status_code == 200
    answer = edge.post("administrator", "/postings?wait=1", POSTING)
    assert answer.json()["state"] == "published", answer.text
    return str(answer.json()["id"])


@contextmanager
def stream(edge: Edge, who: str) -> Iterator[Iterator[dict[str, str]]]:
    headers = {"Authorization": f"Bearer {edge.keys[who]}"}
    with httpx.Client(timeout=60) as client, client.stream("GET", f"{edge.address}/api/v1/events", headers=headers) as answer:
        events = parsed(answer.iter_lines())
        assert next(events)["event"] == "hello"
        yield events


def test_a_session_of_one_process_is_one_of_all_with_its_token(two: tuple[Edge, Edge, Workers]) -> None:
    one, other, _ = two
    signed = one.request(None, "POST", "/login", data={"login": "administrator", "password": PASSWORD})
    cookie = {"Cookie": signed.headers["set-cookie"].partition(";")[0]}
    page = other.request(None, "GET", "/search", headers=cookie).text
    found = re.search(r'name="csrf"[^>]*value="([^"]+)"', page)
    assert found is not None
    body = {"employer_id": "e-1", "name": "样例"}
    assert one.request(None, "POST", "/api/v1/employers", json=body, headers=cookie).status_code == 403
    assert one.request(None, "POST", "/api/v1/employers", json=body, headers={**cookie, "X-CSRF-Token": found[1]}).status_code == 202
    assert other.request(None, "POST", "/logout", data={"csrf": found[1]}, headers=cookie).status_code == 303
    assert one.request(None, "GET", "/api/v1/people/u-7", headers=cookie).status_code == 401


def test_an_idempotency_key_is_one_key_whichever_process_is_asked(two: tuple[Edge, Edge, Workers]) -> None:
    one, other, workers = two
    furnish(one)
    gate = threading.Barrier(8)

    def send(place: int) -> dict[str, Any]:
        gate.wait(30)
        body = {**POSTING, "source_id": "HR-9"}
        answer = (one if place % 2 else other).post("employer", "/postings", body, headers={"Idempotency-Key": "once"})
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert all(answer == answers[0] for answer in answers)
    with workers.exchange.reading() as connection:
        workers.exchange.runner.drain(240)
    assert other.post("employer", "/postings", POSTING, headers={"Idempotency-Key": "once"}).status_code == 409
    with workers.exchange.reading() as connection:
        sent = connection.execute(select(log.c.id).where(log.c.type == "posting.received")).all()
    assert len(sent) == 2


def test_limits_and_wrong_passwords_are_counted_for_all_processes_together(
    two: tuple[Edge, Edge, Workers], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, _ = two
    # Buckets that fill too slowly for the speed of the machine to matter.
    monkeypatch.setattr("api.access.limits.MINUTE_S", 1e6)
    monkeypatch.setattr("api.access.throttle.NAME", Limit("password", FOR_ONE_NAME, 1e6))
    rooms = [int(edge.get("auditor", "/postings").headers["ratelimit-remaining"]) for edge in (one, other, one, other)]
    assert rooms == [199, 198, 197, 196]
    tries = [edge.request(None, "POST", "/login", data={"login": "partner", "password": "wrong"}) for edge in (one, other) * 6]
    assert [answer.status_code for answer in tries] == [401] * FOR_ONE_NAME + [429] * 2


def test_redis_holds_nothing_of_anybody(two: tuple[Edge, Edge, Workers]) -> None:
    one, other, _ = two
    furnish(one)
    one.get(None, "/postings?q=焊工&facets=form")
    other.get(None, "/suggestions?q=焊工")
    other.get("jobseeker", "/people/u-7/recommendations")
    one.request(None, "POST", "/login", data={"login": "jobseeker", "password": "wrong-password"})
    cache: Any = one.services.cache
    keys = list(cache._client.scan_iter(f"{cache._prefix}*"))
    held = b"\n".join(keys + [cache._client.dump(key) or b"" for key in keys])
    assert {key.removeprefix(cache._prefix.encode()).split(b":")[0] for key in keys} == {b"limit", b"kept"}
    private = (*PERSON["private"].values(), *POSTING["contact"].values())
    for value in (*private, "u-7", "a-jobseeker", "jobseeker", "127.0.0.1", "wrong-password", *one.keys.values()):
        assert value.encode() not in held, value


def test_a_stream_of_one_process_is_woken_by_what_another_took(two: tuple[Edge, Edge, Workers]) -> None:
    one, other, _ = two
    furnish(one)
    with stream(other, "jobseeker") as events:
        answer = one.post("employer", "/postings", {**POSTING, "source_id": "HR-2", "title": "电焊工", "description": "焊接钢梁，长白班。"})
        assert answer.status_code == 202
        event = next(event for event in events if event["event"] != "alive")
    assert event["event"] == "inbox"


def test_without_redis_a_stream_finds_out_by_looking(database: str) -> None:
    with edges(database, MemoryCache, poll=0.2) as ((one, other), _):
        furnish(one)
        with stream(other, "jobseeker") as events, stream(other, "commissioner") as theirs:
            one.post("employer", "/postings", {**POSTING, "source_id": "HR-2", "title": "电焊工", "description": "焊接钢梁，长白班。"})
            assert next(event for event in events if event["event"] != "alive")["event"] == "inbox"
            assert next(event for event in theirs if event["event"] != "alive")["event"] == "gap"


def test_each_process_has_the_market_as_it_is(two: tuple[Edge, Edge, Workers]) -> None:
    one, other, _ = two
    posting_id = furnish(one)

    def recommended(edge: Edge) -> list[str]:
        answer = edge.get("administrator", "/people/u-7/recommendations")
        return [item["posting_id"] for item in answer.json()["items"]] if answer.status_code == 200 else []

    def candidates(edge: Edge) -> list[str]:
        return [item["person_id"] for item in edge.get("administrator", f"/postings/{posting_id}/candidates").json()["items"]]

    for edge in (one, other):
        until(lambda edge=edge: recommended(edge) == [posting_id] and candidates(edge) == ["u-7"])
    snapshots = [edge.get(None, "/feed/snapshot") for edge in (one, other)]
    assert snapshots[0].headers["etag"] == snapshots[1].headers["etag"]  # whoever was in the middle of one goes on with the other
    assert snapshots[0].content == snapshots[1].content
    assert other.request("administrator", "DELETE", "/api/v1/people/u-7").status_code == 202
    until(lambda: candidates(one) == candidates(other) == [])
    assert one.request("administrator", "DELETE", f"/api/v1/postings/{posting_id}?reason=x").status_code == 202
    until(lambda: all(len(edge.services.market.market.postings) == 0 for edge in (one, other)))
    assert other.request(None, "GET", "/health/ready").json()["engines"]["market"] == {"status": "ok"}
    shown = other.request(None, "GET", "/metrics").text
    assert "gongqiao_market_behind 0.0" in shown
    until(lambda: 'gongqiao_subject_lag{subject="matching"} 0.0' in other.request(None, "GET", "/metrics").text)


def test_a_copy_loaded_late_is_the_one_that_followed(two: tuple[Edge, Edge, Workers], database: str) -> None:
    from api.market_copy import MarketCopy

    one, other, workers = two
    furnish(one)
    for number in range(5):
        one.post("administrator", "/people", {**PERSON, "person_id": f"u-{20 + number}", "private": None})
    one.request("administrator", "DELETE", "/api/v1/people/u-7")
    workers.exchange.runner.drain(240)
    late = MarketCopy(other.services.exchange, {"posting_days": 60})
    while late.look():
        pass
    assert late.market is not None
    followed = other.services.market
    assert followed is not None
    until(lambda: followed.market is not None and len(followed.market.people) == 5)
    for copy in (late, followed):
        assert [f"u-{n}" in copy.market.people for n in (7, 20, 21, 22, 23, 24)] == [False, True, True, True, True, True]


# -- the loss of Redis -----------------------------------------------------------------------------------------------------


def scenario(one: Edge, other: Edge, workers: Workers, disturb: Any) -> set[tuple[str, str]]:
    """Twelve people, then sixteen postings from both sides, disturbed in between; who was pushed what."""
    assert one.post("administrator", "/employers?wait=1", EMPLOYER).status_code == 200
    for number in range(12):
        person = {**PERSON, "person_id": f"u-{number}", "private": None}
        assert (one if number % 2 else other).post("administrator", "/people", person).status_code == 202
    workers.exchange.runner.drain(120)
    sources = {}
    for number in range(16):
        if number in (4, 8, 12):
            disturb(number)
        title = ("焊工", "电焊工", "氩弧焊工", "钳工")[number % 4]
        about = f"第{number}条生产线需要人手，负责本工段的日常作业与设备点检，白班，月休四天，包午餐。"
        pay = {"min": 4600 + 100 * number, "max": 7000, "unit": "month"}
        posting = {**POSTING, "source_id": f"HR-{number}", "title": title, "description": about, "pay": pay}
        answer = (one if number % 2 else other).post("employer", "/postings", posting)
        assert answer.status_code == 202, answer.text
        sources[answer.json()["id"]] = posting["source_id"]
    workers.exchange.runner.drain(120)
    with workers.exchange.reading() as connection:
        said = [e.message for e in workers.exchange.log.read(connection, [RecommendationIssued.type], 0, 10_000)]
    pushed = [(message.person_id, sources[message.posting_id]) for message in said]
    assert len(pushed) == len(set(pushed))
    return set(pushed)


@pytest.mark.usefixtures("_cheap_passwords")
def test_redis_flushed_stopped_and_restarted_in_mid_run_costs_no_data_and_no_push(tmp_path: Path) -> None:
    server = require("postgres")
    with fresh_database(server) as url, edges(url, MemoryCache, subjects=NO_BUDGETS) as ((one, other), workers):
        undisturbed = scenario(one, other, workers, lambda _: None)
    assert len(undisturbed) > 50
    own = OwnRedis(tmp_path)
    own.start()
    steps = {4: own.flush, 8: lambda: own.stop(kill=True), 12: own.start}
    try:
        with fresh_database(server) as url, edges(url, lambda: open_cache(own.url), subjects=NO_BUDGETS) as ((one, other), workers):

            def disturb(number: int) -> None:
                steps[number]()
                if number == 8:
                    # Nobody can count: anonymous people are asked to sign in, the others go on.
                    until(lambda: one.get(None, "/postings").status_code == 503)
                    assert one.get("employer", "/postings").status_code == 200
                    assert one.request(None, "GET", "/health/ready").json()["engines"]["cache"]["status"] == "degraded"

            assert scenario(one, other, workers, disturb) == undisturbed
            until(lambda: one.get(None, "/postings").status_code == 200)
            assert int(one.get("employer", "/postings").headers["ratelimit-remaining"]) > 0
    finally:
        own.stop()
