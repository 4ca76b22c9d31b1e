"""A small demonstration exchange, running whole, and people signed in at its pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import Client, Response

from api.access.accounts import create_account
from api.app import create_app
from api.services import Services
from infra import demo
from infra.sample import generate
from infra.sample.generator import Sample
from infra.serve import running
from infra.settings import Settings
from matcher.days import day_of
from tests.serving import serving

SIZES = {"postings": 60, "employers": 20, "people": 60}
PAGE = {"accept": "text/html"}


@dataclass
class Site:
    """The exchange, its sample, and browsers of those who are signed in."""

    services: Services
    sample: Sample
    address: str
    _open: dict[str, Client]

    def browser(self, login: str | None = None, password: str = demo.PASSWORD) -> Browser:
        """A browser of this account, or of nobody."""
        name = login or ""
        if name not in self._open:
            client = Client(base_url=self.address, headers=PAGE, timeout=240)
            if login is not None:
                answer = client.post("/login", data={"login": login, "password": password, "next": "/"})
                assert answer.status_code == 303, answer.text
            self._open[name] = client
        return Browser(self, self._open[name])

    def account(self, login: str, **whose: Any) -> str:
        """Another account than those of the demonstration; made once, for making it again would end its sessions."""
        if login in self._open:
            return login
        exchange = self.services.exchange
        values = {"login": login, "password": demo.PASSWORD, "now": exchange.now(), "display": "测试账号", **whose}
        exchange.write(lambda connection: create_account(connection, **values))
        return login

    def settle(self) -> None:
        """Until everything said was handled."""
        self.services.exchange.runner.drain(240)


@dataclass
class Browser:
    """Gets pages and sends their forms, as somebody without JavaScript does."""

    site: Site
    client: Client

    def get(self, path: str, **named: Any) -> Response:
        return self.client.get(path, **named)

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/search").text)
        assert found is not None, "nobody is signed in"
        return found[1]

    def send(self, path: str, values: dict[str, Any], *, csrf: str | None = None) -> Response:
        """A form with the session's own token, or with the one given."""
        return self.client.post(path, data={**values, "csrf": self.token() if csrf is None else csrf})


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("pages"), tick_seconds=3600, person_pushes_a_day=1000, posting_pushes_a_day=1000)
    with running(settings) as services:
        demo.load(services, sizes=SIZES)
        sample = generate(today=day_of(services.exchange.now()), **SIZES)
        with serving(create_app(services)) as address:
            found = Site(services, sample, address, {})
            yield found
            for client in found._open.values():
                client.close()


@pytest.fixture
def jobseeker(site: Site) -> Browser:
    return site.browser("u-demo")


@pytest.fixture
def employer(site: Site) -> Browser:
    return site.browser("e-demo")


@pytest.fixture
def commissioner(site: Site) -> Browser:
    return site.browser("c-demo")


@pytest.fixture
def administrator(site: Site) -> Browser:
    return site.browser("a-demo")


@pytest.fixture
def nobody(site: Site) -> Browser:
    return site.browser()


@pytest.fixture
def opening() -> Callable[..., dict[str, str]]:
    """A posting form filled in completely; ``changes`` replace fields."""

    def filled(**changes: str) -> dict[str, str]:
        complete = {
            "title": "二保焊工",
            "headcount": "2",
            "employment_form": "full_time",
            "type": "regular",
            "description": "小件点焊满焊，长白班，管午饭。",
            "pay.min": "6000",
            "pay.max": "8000",
            "pay.unit": "month",
            "region": "140105",
            "address": "太原市小店区兴工路90号",
            "education_min": "90",
            "experience_years_min": "0",
            "skills": "二保焊",
            "contract_months": "12",
            "contact.person": "温经理",
            "contact.phone": "15400000088",
        }
        return complete | changes

    return filled
