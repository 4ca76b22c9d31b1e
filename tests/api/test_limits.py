"""How often one may ask: told with every answer, refused with a reason; and what holds while nobody can count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.access.throttle import FOR_ONE_NAME
from api.cache.memory import MemoryCache
from api.cache.shapes import CacheFault, Limit, Room
from tests.api.conftest import PASSWORD, Market, open_market

LIMITS = {"requests_a_minute": 8, "anonymous_requests_a_minute": 3}


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


class Gone(MemoryCache):
    """A cache whose engine is gone as long as it is told so."""

    gone = False

    def take(self, limit: Limit, who: str, cost: int = 1) -> Room:
        if self.gone:
            raise CacheFault("gone")
        return super().take(limit, who, cost)

    def keep(self, name: str, value: bytes, seconds: float) -> None:
        if self.gone:
            raise CacheFault("gone")
        super().keep(name, value, seconds)

    def kept(self, name: str) -> bytes | None:
        if self.gone:
            raise CacheFault("gone")
        return super().kept(name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tight(tmp_path: Path, empty_folder: Path, _cheap_passwords: None, clock: Clock) -> Iterator[Market]:
    yield from open_market(tmp_path, empty_folder, cache=Gone(clock), **LIMITS)


def room_of(answer: Any) -> tuple[int, int, int]:
    limit, remaining, reset = (int(answer.headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))
    return limit, remaining, reset


def test_every_answer_says_what_is_left(tight: Market) -> None:
    assert room_of(tight.get(None, "/postings")) == (3, 2, 20)
    assert room_of(tight.get(None, "/postings/nobody-sent-this")) == (3, 1, 40)  # also a problem
    assert room_of(tight.get("jobseeker", "/postings")) == (8, 7, 8)
    assert tight.get("jobseeker", "/postings").headers["ratelimit-policy"] == "8;w=60"


def test_who_asks_too_often_is_told_which_limit_and_when_to_come_back(tight: Market, clock: Clock) -> None:
    assert [tight.get(None, "/postings").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = tight.get(None, "/postings")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "20"
    assert room_of(refused) == (3, 0, 60)
    body = refused.json()
    assert body["type"] == "urn:gongqiao:problem:over-limit"
    assert body["limit"] == {"name": "anonymous", "most": 3, "seconds": 60, "retry_after": 20}
    assert "20 秒后" in body["detail"]
    assert 'gongqiao_requests_refused{limit="anonymous"} 2.0' in tight.client.get("/metrics").text
    clock.at += 20
    assert [tight.get(None, "/postings").status_code for _ in range(2)] == [200, 429]


def test_an_account_has_its_own_room_whatever_the_address_used_up(tight: Market) -> None:
    for _ in range(5):
        tight.get(None, "/postings")
    assert [tight.get("jobseeker", "/postings").status_code for _ in range(9)] == [200] * 8 + [429]
    assert tight.get("employer", "/postings").status_code == 200


def test_wrong_credentials_count_as_nobodys(tight: Market) -> None:
    wrong = {"Authorization": "Bearer gq_wrong"}
    assert [tight.client.get("/api/v1/postings", headers=wrong).status_code for _ in range(4)] == [401, 401, 401, 429]


def test_pages_count_too_and_say_so_as_a_page(tight: Market) -> None:
    html = {"Accept": "text/html"}
    assert [tight.client.get("/search", headers=html).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert "请求太频繁" in tight.client.get("/search", headers=html).text
    for path in ("/login", "/health/live", "/metrics", "/static/gongqiao.css"):
        assert tight.client.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("address", "same"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), ("::ffff:203.0.113.7", "203.0.113.7"), ("x", "x")],
)
def test_one_household_has_one_bucket(address: str, same: str) -> None:
    from starlette.requests import Request

    from api.access.limits import address_of

    def of(host: str) -> str:
        return address_of(Request({"type": "http", "client": (host, 1), "headers": []}))

    assert of(address) == of(same)
    assert of("2001:db8:1:3::1") != of("2001:db8:1:2::1")


# -- nobody can count ------------------------------------------------------------------------------------------------------


def test_without_the_engine_signed_in_people_go_on_and_others_are_told_to_sign_in(tight: Market) -> None:
    tight.services.cache.gone = True  # type: ignore[attr-defined]
    assert [tight.get("jobseeker", "/postings").status_code for _ in range(20)] == [200] * 20
    refused = tight.get(None, "/postings")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "5"
    assert refused.json()["type"] == "urn:gongqiao:problem:limits-unknown"
    assert refused.json()["limit"] == {"name": "anonymous", "retry_after": 5}
    assert "请登录" in tight.client.get("/search", headers={"Accept": "text/html"}).text
    tight.services.cache.gone = False  # type: ignore[attr-defined]
    assert tight.get(None, "/postings").status_code == 200


def test_without_the_engine_people_can_still_sign_in_and_nobody_can_try_thousands(tight: Market) -> None:
    tight.services.cache.gone = True  # type: ignore[attr-defined]

    def sign_in(password: str) -> int:
        return int(tight.client.post("/login", data={"login": "jobseeker", "password": password}).status_code)

    assert sign_in(PASSWORD) == 303
    assert [sign_in("wrong-password") for _ in range(FOR_ONE_NAME + 1)] == [401] * FOR_ONE_NAME + [429]


def test_the_loss_of_the_cache_is_said_and_does_not_make_a_process_unready(tight: Market) -> None:
    cache: Any = tight.services.cache
    cache.fault = "Redis does not answer (ConnectionError)"
    answer = tight.client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["engines"]["cache"] == {"status": "degraded", "reason": "Redis does not answer (ConnectionError)"}
    assert 'gongqiao_engine_up{engine="cache"} 0.0' in tight.client.get("/metrics").text
    cache.fault = None
    assert tight.client.get("/health/ready").json()["engines"]["cache"] == {"status": "ok"}


# -- facets counted lately -------------------------------------------------------------------------------------------------


@pytest.fixture
def counting(tmp_path: Path, empty_folder: Path, _cheap_passwords: None, clock: Clock) -> Iterator[tuple[Market, list[Any]]]:
    for market in open_market(tmp_path, empty_folder, cache=Gone(clock), facet_seconds=2.0, suggestion_seconds=30.0):
        asked: list[Any] = []
        market.services.index.search = noting(market.services.index.search, asked)
        yield market, asked


def noting(real: Callable[..., Any], asked: list[Any]) -> Callable[..., Any]:
    def search(query: Any, **given: Any) -> Any:
        asked.append(query.facets)
        return real(query, **given)

    return search


def test_facets_counted_lately_are_shown_again_for_a_moment(counting: tuple[Market, list[Any]], clock: Clock) -> None:
    market, asked = counting
    path = "/postings?q=焊工&facets=form,city"
    first = market.get(None, path).json()
    market.publish()
    asked.clear()
    second = market.get(None, path).json()
    assert asked == [()]
    assert second["facets"] == first["facets"]
    assert second["total"] == 1  # what is found is always of now
    clock.at += 2
    assert market.get(None, path).json()["facets"] == {"form": {"full_time": 1}, "city": {"140100": 1}}


def test_other_filters_and_other_facets_are_counted_on_their_own(counting: tuple[Market, list[Any]]) -> None:
    market, asked = counting
    for path in (
        "/postings?facets=form",
        "/postings?facets=city",
        "/postings?facets=form&region=140105",
        "/postings?facets=form&sort=pay&limit=5",
    ):
        market.get(None, path)
    assert asked == [("form",), ("city",), ("form",), ()]  # the order and the size of a page do not change what is counted


def test_without_the_engine_facets_are_counted_each_time(counting: tuple[Market, list[Any]]) -> None:
    market, asked = counting
    market.services.cache.gone = True  # type: ignore[attr-defined]
    for _ in range(2):
        assert market.get("jobseeker", "/postings?facets=form").json()["facets"] == {"form": {}}
    assert asked == [("form",), ("form",)]


# -- suggestions -----------------------------------------------------------------------------------------------------------


def test_suggestions_are_titles_of_open_postings_the_most_frequent_first(market: Market) -> None:
    titles = {"HR-1": "电焊工", "HR-2": "氩弧焊工", "HR-3": "氩弧 焊工", "HR-4": "会计", "HR-5": "焊" * 31}
    posts = {}
    for number, (source_id, title) in enumerate(titles.items()):
        about = f"{title}若干名，第{number}车间，负责本工段的日常工作，服从安排，白班，月休四天，{source_id}。"
        posts[title] = market.publish({"source_id": source_id, "title": title, "description": about, "region": f"14010{5 + number}"})
    found = market.get(None, "/suggestions?q=焊").json()["items"]
    assert set(found) == {"电焊工", "氩弧焊工", "氩弧 焊工"}
    assert market.get(None, "/suggestions?q=会计").json() == {"q": "会计", "items": ["会计"]}
    market.call("administrator", "DELETE", f"/postings/{posts['会计']}?reason=x&wait=1")
    assert market.get(None, "/suggestions?q=会计").json()["items"] == []  # also before the index knows


def test_letters_and_misspelt_names_suggest_work_that_there_is(market: Market) -> None:
    market.publish({"title": "电焊工"})
    for typed in ("dhg", "dianhangong", "电汗工", "电很工"):
        assert market.get(None, f"/suggestions?q={typed}").json()["items"] == ["电焊工"]
    assert market.get(None, "/suggestions?q=kj").json()["items"] == [], "there is no 会计"


@pytest.mark.parametrize("text", ["-", '"', "，", "没有这样的岗位", "a b c d e f g h i j k l m n o p q r s t u v w x"])
def test_suggestions_for_nothing_are_none(furnished: Market, text: str) -> None:
    assert furnished.client.get("/api/v1/suggestions", params={"q": text}).json()["items"] == []


def test_suggestions_given_lately_are_given_again(counting: tuple[Market, list[Any]], clock: Clock) -> None:
    market, _ = counting
    assert market.get(None, "/suggestions?q=焊工").json()["items"] == []
    market.publish()
    assert market.get(None, "/suggestions?q=焊工 ").json()["items"] == []
    clock.at += 30
    assert market.get(None, "/suggestions?q=焊工").json()["items"] == ["焊工"]
    market.services.cache.gone = True  # type: ignore[attr-defined]
    assert market.get("jobseeker", "/suggestions?q=焊工").json()["items"] == ["焊工"]
