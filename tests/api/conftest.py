"""The whole exchange with its real index in a folder, its web application without a socket, and the callers that ask it."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from api.access.accounts import create_account, create_key
from api.app import create_app
from api.cache.shapes import Cache
from api.described import template_of
from api.services import Options, Services
from infra.composition import open_exchange
from infra.migrate import migrate
from matcher.days import midnight
from search.index import open_index, tantivy_url
from streams.intake.index_follower import IndexFollower
from streams.runtime.clock import Ticker

DAY = date(2026, 11, 20)
PASSWORD = "a-long-password"
SETTINGS = {
    "posting_days": 60, "person_pushes_a_day": 10, "posting_pushes_a_day": 50, "quiet_from": 22, "quiet_to": 7, "outside_channels": (),
}  # fmt: skip

EMPLOYER: dict[str, Any] = {
    "employer_id": "e-9", "name": "太原样例机械有限公司", "uscc": "91140100MA0K3YBJ05", "region": "140105", "size": "small",
    "ownership": "private", "kind": "enterprise", "industry": ["catering"], "insured_employees": 28, "programme": [],
    "recognition": [],
    "key": {"class": "白名单", "level": "county", "from": "2026-01-01"},
}  # fmt: skip
POSTING: dict[str, Any] = {
    "source": "enterprise", "source_id": "HR-1", "title": "焊工",
    "description": "负责车间结构件的二氧化碳保护焊接，按图纸下料、组对、焊接并自检，保持工位整洁，服从班组安排，白班为主，偶尔加班。",
    "employer": {"employer_id": "e-9"}, "occupation_code": "6-18-02-04", "type": "regular", "employment_form": "full_time",
    "region": "140105", "address": "太原市小店区样例路8号", "location": {"lat": 37.73, "lon": 112.56},
    "pay": {"min": 5000, "max": 7000, "unit": "month"}, "education_min": "90", "experience_years_min": 0, "headcount": 1,
    "contact": {"person": "样例联系人", "phone": "13900000001"}, "published_at": "2026-11-19T09:00:00+08:00",
}  # fmt: skip
PERSON: dict[str, Any] = {
    "person_id": "u-7", "kind": "registered_unemployed", "region": "140105", "birth_year_month": "1996-04",
    "registered_unemployed_on": "2026-03-02", "registered_at": "140105",
    "desired": {"titles": ["电焊工"], "regions": ["140100"], "pay_min": 4500, "employment_forms": ["full_time"]},
    "intention": "employment", "location": {"lat": 37.72, "lon": 112.53}, "education": {"level": "47", "major": "焊接技术应用"},
    "experience": [{"title": "焊工", "years": 4}], "skills": ["二保焊"], "certificates": ["焊工证"],
    "categories": ["registered_unemployed", "employment_difficulty"], "consent": {"recommend": True, "share_with_employers": False},
    "private": {"name": "样例甲", "id_number": "11010519491231002X", "phone": "13800138000"},
}  # fmt: skip
# login -> what the account is
ACCOUNTS: dict[str, dict[str, Any]] = {
    "jobseeker": {"role": "jobseeker", "person_id": "u-7"},
    "other-jobseeker": {"role": "jobseeker", "person_id": "u-8"},
    "employer": {"role": "employer", "employer_id": "e-9"},
    "other-employer": {"role": "employer", "employer_id": "e-1"},
    "commissioner": {"role": "commissioner", "region": "140105"},
    "other-commissioner": {"role": "commissioner", "region": "140213"},
    "province": {"role": "commissioner", "region": "140000"},
    "administrator": {"role": "administrator"},
    "auditor": {"role": "auditor"},
    "market": {"role": "operator", "owner_ids": ("m-1",)},
    "partner": {"role": "partner"},
}


class Clock:
    def __init__(self) -> None:
        self.at = midnight(DAY) + timedelta(hours=10)

    def __call__(self) -> datetime:
        return self.at


class Client:
    """An application asked without a socket: its lifespan and its requests run in a loop of their own thread."""

    def __init__(self, app: Any):
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Client:
        self._thread.start()
        self._lifespan = self._app.router.lifespan_context(self._app)
        self._run(self._lifespan.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._lifespan.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(240)

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False, client=("203.0.113.7", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                return await client.request(method, path, **given)

        answer: httpx.Response = self._run(ask())
        return answer

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)


@dataclass
class Market:
    """An exchange that runs, its application, and a client a caller. Every answer is held against the interface's own description."""

    services: Services
    clock: Clock
    app: Any
    client: Client
    follower: IndexFollower
    ticker: Ticker
    keys: dict[str, str] = field(default_factory=dict)
    posting_id: str = ""
    match_id: str = ""

    def call(self, who: str | None, method: str, path: str, **given: Any) -> Any:
        """One request to ``/api/v1``; ``who`` None is anonymous."""
        headers = dict(given.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        answer = self.client.request(method, "/api/v1" + path, headers=headers, **given)
        check_described(self.app, method, "/api/v1" + path, answer)
        return answer

    def get(self, who: str | None, path: str, **given: Any) -> Any:
        return self.call(who, "GET", path, **given)

    def post(self, who: str | None, path: str, body: Any = None, **given: Any) -> Any:
        return self.call(who, "POST", path, json=body, **given) if body is not None else self.call(who, "POST", path, **given)

    def settle(self) -> None:
        """Until everything said so far is handled and can be found."""
        self.services.exchange.runner.drain(240)
        self.follower.catch_up()

    def publish(self, changes: dict[str, Any] | None = None, who: str = "administrator") -> str:
        """The happy posting with some facts changed, published; its id."""
        answer = self.post(who, "/postings?wait=1", {**POSTING, **(changes or {})})
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "published", answer.text
        self.settle()
        return str(answer.json()["id"])


def described(app: Any, route: str) -> str:
    """``GET /people/u-7`` as the description writes it."""
    method, path = route.split(" ", 1)
    return f"{method} {template_of(app, '/api/v1' + path.partition('?')[0])}"


def check_described(app: Any, method: str, path: str, answer: httpx.Response) -> None:
    """The answer's status, kind and shape are among those that the description names for this route."""
    description = app.openapi()
    template = template_of(app, path.partition("?")[0])
    if template is None or method.lower() not in description["paths"][template]:
        assert answer.status_code in (404, 405)
        return
    responses = description["paths"][template][method.lower()]["responses"]
    said = responses.get(str(answer.status_code), responses.get("default"))
    assert said is not None, f"{method} {template} answers {answer.status_code}, which is not described"
    if answer.status_code == 304 or "content" not in said:
        return
    kind = answer.headers.get("content-type", "").partition(";")[0]
    assert kind in said["content"], f"{method} {template} answers {answer.status_code} {kind}; described: {list(said['content'])}"
    if kind.endswith("json"):
        schema = {**said["content"][kind]["schema"], "components": description["components"]}
        problems = [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]
        assert not problems, f"{method} {template}: {problems[:3]}"


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty-exchange")
    migrate(folder / "gongqiao.sqlite")
    return folder


def open_market(folder: Path, empty_folder: Path, *, cache: Cache | None = None, **options: Any) -> Iterator[Market]:
    if not (folder / "gongqiao.sqlite").exists():
        shutil.copy(empty_folder / "gongqiao.sqlite", folder / "gongqiao.sqlite")
    clock = Clock()
    exchange, writer = open_exchange(folder / "gongqiao.sqlite", b"k" * 32, SETTINGS, now=clock)
    index = open_index(tantivy_url(folder / "index"))
    exchange.runner.start()
    given = {"cache": cache} if cache is not None else {}
    services = Services(exchange, index, Options(subject_settings=SETTINGS, **options), scratch=folder / "scratch", **given)
    app = create_app(services)
    try:
        with Client(app) as client:
            market = Market(services, clock, app, client, IndexFollower(exchange, index), Ticker(exchange))
            market.keys = make_accounts(services)
            yield market
    finally:
        exchange.runner.stop()
        writer.stop()
        index.close()


def make_accounts(services: Services) -> dict[str, str]:
    """Every account with an API key; one transaction."""
    now = services.exchange.now()

    def job(connection: Any) -> dict[str, str]:
        keys = {}
        for login, what in ACCOUNTS.items():
            account_id = create_account(connection, login=login, account_id=f"a-{login}", password=PASSWORD, now=now, **what)
            keys[login] = create_key(connection, account_id, now=now)
        return keys

    made: dict[str, str] = services.exchange.write(job)
    return made


@pytest.fixture(scope="session")
def _cheap_passwords() -> Iterator[None]:
    """argon2 at its smallest: these tests are about who may do what."""
    from argon2 import PasswordHasher

    from api.access import accounts

    patch = pytest.MonkeyPatch()
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr(accounts, "_hasher", lambda: cheap)
    yield
    patch.undo()


@pytest.fixture
def market(tmp_path: Path, empty_folder: Path, _cheap_passwords: None) -> Iterator[Market]:
    """An exchange with accounts and nothing else."""
    yield from open_market(tmp_path, empty_folder)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, empty_folder: Path, _cheap_passwords: None) -> Iterator[Market]:
    """An exchange with one employer, one posting (``market.posting_id``) and two people; shared by tests that change nothing."""
    for market in open_market(tmp_path_factory.mktemp("furnished"), empty_folder):
        furnish(market)
        yield market


def furnish(market: Market) -> str:
    assert market.post("administrator", "/employers?wait=1", EMPLOYER).status_code == 200
    assert market.post("administrator", "/people?wait=1", PERSON).status_code == 200
    other = {**PERSON, "person_id": "u-8", "categories": [], "private": None, "consent": {"recommend": True, "share_with_employers": True}}
    assert market.post("administrator", "/people?wait=1", other).status_code == 200
    market.posting_id = market.publish()
    return market.posting_id
