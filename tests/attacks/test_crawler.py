"""Every role's pages, links, forms and requests, replayed as every other role; reported is what opened.

Each account first walks through what it is shown: the links and forms of its pages, and the requests to the interface that the examples
name. Then everybody else asks the same. What opens to somebody whom the table of roles does not name is a hole; so is an answer that shows
a mark, a text that only some may ever see, to one of the others; so is a form that changed something for whoever has no part in it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from api.access.roles import ANYONE, rules
from streams.runtime.tables import log
from tests.api.conftest import ACCOUNTS, PERSON, POSTING, Market, described, furnish, open_market
from tests.api.test_signing_in import cookie_of, csrf_of, sign_in
from tests.api.test_who_may_what import TABLE as EXAMPLES

STAFF = {"commissioner", "province", "administrator"}
#: A text that stands in somebody's data, and who may be shown it at all.
MARKS: dict[str, set[str]] = {
    "甲手艺标记": {"jobseeker", *STAFF},  # a skill of u-7's, who did not agree to be shown to employers
    "乙手艺标记": {"other-jobseeker", "employer", *STAFF},  # of u-8's, who did
    "暂缓岗位标记": {"employer", *STAFF},  # the title of a held posting of e-9's
    "缺工工种标记": {"employer", *STAFF},  # of e-9's shortage
    "举报内容标记": STAFF,
    "搜索名称标记": {"jobseeker"},
    "密钥名称标记": {"employer"},
    "13900000001": {"jobseeker", "other-jobseeker"},  # a posting's contact: to a person after interest
    "样例甲": {"jobseeker", *STAFF},  # u-7's name, to staff with a reason
    "13800138000": STAFF,  # u-7's telephone, likewise
    "11010519491231002X": set(),  # to nobody
}
NEVER_SEEN = {"11010519491231002X"}
HOMES = ("/", "/search", "/account", "/inbox", "/me", "/me/looks", "/me/consents", "/me/policies", "/employer", "/employer/policies",
         "/commissioner", "/commissioner/held", "/commissioner/reports", "/commissioner/claims",
         "/commissioner/commitments", "/commissioner/contact",
         "/audit", "/help", "/policies", "/account/keys", "/account/second-factor")  # fmt: skip
MOST_PAGES = 120  # of one account
#: They end what the walk needs; who may is asked elsewhere (tests/api/test_own_account.py).
ENDING = ("/logout", "/account/sign-out", "/account/password", "/login", "/account/second-factor", "/account/mail")


@dataclass(frozen=True)
class Request:
    """What an account was led to: a link, a form with its fields as they stood, or a request to the interface."""

    method: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()
    body: Any = field(default=None, hash=False, compare=False)

    @property
    def programs(self) -> bool:
        return self.path.startswith("/api/")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Walker:
    """Somebody with a browser and a key; None of an account is nobody."""

    market: Market
    who: str | None
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def send(self, request: Request) -> httpx.Response:
        client = self.market.client
        if request.programs:
            headers = {"Authorization": f"Bearer {self.market.keys[self.who]}"} if self.who else {}
            given = {"json": request.body} if request.body is not None else {}
            return client.request(request.method, request.path, headers=headers, **given)
        headers = {**self.headers, "Accept": "text/html"}
        if request.method == "GET":
            return client.get(request.path, headers=headers)
        values = {**dict(request.fields), "csrf": self.token}
        return client.post(request.path, data=values, headers=headers)

    def walk(self) -> list[Request]:
        """Every link that leads on, the nearest first, and every form."""
        waiting, known, found = deque(HOMES), set(HOMES), []
        while waiting and len(known) < MOST_PAGES:
            path = waiting.popleft()
            answer = self.send(Request("GET", path))
            if answer.status_code == 303 and answer.headers["location"].startswith("/"):
                answer_links, text = [answer.headers["location"]], ""
            elif answer.status_code == 200:
                found.append(Request("GET", path))
                text = answer.text
                answer_links = [unescape(one) for one in re.findall(r'(?:href|data-live|src)="(/[^"#]*)', text)]
            else:
                continue
            found += [form for form in forms_of(text, path) if form not in found]
            for link in answer_links:
                if (
                    link not in known
                    and not link.startswith(("/static", "/api", "/login"))
                    and shape(link) not in {shape(one) for one in known}
                ):
                    known.add(link)
                    waiting.append(link)
        return found


def shape(link: str) -> str:
    """Links that differ in their query alone lead to the same kind of thing: three of each are enough."""
    parts = urlsplit(link)
    return f"{parts.path}?{'&'.join(sorted(one.partition('=')[0] for one in parts.query.split('&')))}"


def forms_of(text: str, page: str) -> Iterator[Request]:
    for opened, inside in re.findall(r"<form\b([^>]*)>(.*?)</form>", text, re.DOTALL):
        if 'method="post"' not in opened.lower():
            continue
        named = re.search(r'action="([^"]*)"', opened)
        actions = [unescape(named[1]) if named else page, *(unescape(one) for one in re.findall(r'formaction="([^"]*)"', inside))]
        fields = [
            (name[1], unescape(value[1]) if value else "")
            for one in re.findall(r"<(?:input|button)\b[^>]*>", inside)
            if (name := re.search(r'name="([^"]*)"', one)) and name[1] != "csrf"
            for value in [re.search(r'value="([^"]*)"', one)]
        ]
        for name, options in re.findall(r'<select\b[^>]*name="([^"]*)"[^>]*>(.*?)</select>', inside, re.DOTALL):
            fields += [(name, unescape(value)) for value in re.findall(r'<option\b[^>]*value="([^"]+)"', options)[:1]]
        fields += [(name, "试一试") for name in re.findall(r'<textarea\b[^>]*name="([^"]*)"', inside)]
        for action in actions:
            if action.startswith("/") and action.partition("?")[0] not in ENDING:
                yield Request("POST", action, tuple(dict(fields).items()))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, empty_folder: Any, _cheap_passwords: None) -> Iterator[Market]:
    options = {"requests_a_minute": 10_000_000, "anonymous_requests_a_minute": 10_000_000}
    for market in open_market(tmp_path_factory.mktemp("crawled"), empty_folder, **options):
        furnish(market)
        agreed = {"recommend": True, "share_with_employers": True}
        assert market.post("administrator", "/people?wait=1", {**PERSON, "skills": ["二保焊", "甲手艺标记"]}).status_code == 200
        other = {**PERSON, "person_id": "u-8", "private": None, "skills": ["二保焊", "乙手艺标记"], "consent": agreed}
        assert market.post("administrator", "/people?wait=1", other).status_code == 200
        held = {**POSTING, "source_id": "held", "title": "暂缓岗位标记", "description": "做仓库管理，只招男性，三十五岁以下，长白班。"}
        assert market.post("employer", "/postings?wait=1", held).json()["outcome"] == "held"
        shortage = {"lines": [{"title": "缺工工种标记", "number": 3}]}
        assert market.post("employer", "/employers/e-9/shortages", shortage).status_code == 202
        report = {"kind": "no_contract", "text": "举报内容标记，三个月没有签合同"}
        assert market.post("other-jobseeker", f"/postings/{market.posting_id}/reports", report).status_code in (200, 201, 202)
        search = {"name": "搜索名称标记", "parameters": {"q": "电焊", "region": "140105"}}
        assert market.post("jobseeker", "/people/u-7/saved-searches", search).status_code in (200, 201, 202)
        key = {"name": "密钥名称标记", "actions": ["public.read"], "days": 30}
        assert market.post("employer", "/account/keys", key).status_code == 201
        market.settle()
        market.match_id = market.get("jobseeker", "/people/u-7/inbox").json()["items"][0]["match_id"]
        assert market.post("jobseeker", f"/people/u-7/inbox/{market.match_id}/answer", {"answer": "interested"}).status_code == 202
        market.settle()
        yield market


@pytest.fixture(scope="module")
def walkers(world: Market) -> list[Walker]:
    found = [Walker(world, None)]
    for who in ACCOUNTS:
        headers = cookie_of(sign_in(world, login=who))
        found.append(Walker(world, who, headers, csrf_of(world, headers)))
    return found


@pytest.fixture(scope="module")
def led_to(world: Market, walkers: list[Walker]) -> dict[str | None, list[Request]]:
    """What each account was led to."""
    found: dict[str | None, list[Request]] = {walker.who: walker.walk() for walker in walkers}
    named = {"{p}": world.posting_id, "{m}": world.match_id}
    for example, (_, body) in EXAMPLES.items():
        method, path = example.split(" ", 1)
        for name, value in named.items():
            path = path.replace(name, value)
        asked = Request(method, f"/api/v1{path}", body=body)
        for walker in walkers:
            if method == "GET" and walker.send(asked).is_success:
                found[walker.who].append(asked)
    return found


def rule_of(world: Market, request: Request) -> Any:
    if request.programs:
        return rules()[described(world.app, f"{request.method} {request.path.removeprefix('/api/v1')}")]
    path = urlsplit(request.path).path
    for route, rule in rules().items():
        method, template = route.split(" ")
        if method == request.method and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path):
            return rule
    raise AssertionError(f"{request} is no route that anybody entered in the table")


def role_of(who: str | None) -> str:
    return ANYONE if who is None else str(ACCOUNTS[who]["role"])


def granted(world: Market, request: Request, who: str | None) -> bool:
    may = rule_of(world, request).may
    return role_of(who) in may or ANYONE in may


def test_the_walk_led_far_enough(led_to: dict[str | None, list[Request]]) -> None:
    pages = {who: [one for one in found if not one.programs] for who, found in led_to.items()}
    least = {None: 8, "jobseeker": 20, "employer": 15, "commissioner": 15, "administrator": 12, "auditor": 6, "market": 6}
    assert {who: len(pages[who]) for who in least if len(pages[who]) < least[who]} == {}
    assert {one.method for one in pages["employer"]} == {"GET", "POST"}


def test_what_opens_to_others_is_theirs_to_see(world: Market, walkers: list[Walker], led_to: dict[str | None, list[Request]]) -> None:
    opened: list[str] = []
    seen: dict[str, set[str | None]] = {mark: set() for mark in MARKS}
    asked = {one: owner for owner, found in led_to.items() for one in found if one.method == "GET"}
    assert len(asked) > 60
    for request, owner in asked.items():
        for walker in walkers:
            answer = walker.send(request)
            shown = {mark for mark in MARKS if mark in answer.text}
            for mark in shown:
                seen[mark].add(walker.who)
            if answer.is_success and not granted(world, request, walker.who):
                opened.append(f"{request} (of {owner}) opened to {walker.who}")
            opened += [f"{request} (of {owner}) shows {mark} to {walker.who}" for mark in shown if walker.who not in MARKS[mark]]
    assert opened == [], "\n".join(opened)
    # The marks are where they can be found, or the walk would find nothing whatever was open.
    assert {mark for mark in MARKS if not seen[mark]} <= NEVER_SEEN | {"13900000001", "样例甲", "13800138000"}


def own_of(request: Request, world: Market, owner: str | None) -> set[str | None] | None:
    """Who may do something by a form, where its path names something of u-7's or e-9's; else the table alone says."""
    if world.match_id in request.path:
        return {"jobseeker"}
    if request.path.startswith(("/employer/postings/", "/commissioner/held/", "/commissioner/reports/", "/claims/")):
        return {"employer", *STAFF}
    if request.path.startswith(("/me/searches/", "/notices/")):
        return {"jobseeker"}
    if request.path.startswith("/account/keys/"):
        return {owner}
    return None


def test_no_form_of_somebody_else_changes_anything(world: Market, walkers: list[Walker], led_to: dict[str | None, list[Request]]) -> None:
    forms = {one: owner for owner, found in led_to.items() for one in found if one.method == "POST"}
    assert len(forms) > 15

    def end() -> int:
        with world.services.exchange.reading() as connection:
            return int(connection.execute(select(func.max(log.c.seq))).scalar_one())

    opened: list[str] = []
    for request, owner in forms.items():
        own = own_of(request, world, owner)
        for walker in walkers:
            may = granted(world, request, walker.who) and (own is None or walker.who in own)
            if may:
                continue
            world.settle()
            before = end()
            answer = walker.send(request)
            world.settle()
            # 400, 422: what was filled in does not fit, said without a look at what it is about; nothing of it may be shown then either.
            sent_away = answer.status_code in (400, 401, 403, 404, 422) or answer.headers.get("location", "").startswith("/login")
            shown = {mark for mark in MARKS if mark in answer.text and walker.who not in MARKS[mark]}
            if end() != before or not sent_away or shown:
                opened.append(f"{request} (of {owner}) answered {answer.status_code} to {walker.who}, {end() - before} messages")
    assert opened == [], "\n".join(opened)


def test_a_form_with_the_token_of_another_is_refused(world: Market, walkers: list[Walker], led_to: dict[str | None, list[Request]]) -> None:
    tokens = {walker.who: walker.token for walker in walkers}
    for walker in walkers:
        if walker.who is None:
            continue
        stranger = Walker(world, walker.who, walker.headers, next(token for who, token in tokens.items() if who not in (None, walker.who)))
        for request in led_to[walker.who]:
            if request.method == "POST" and not request.programs:
                assert stranger.send(request).status_code == 403, f"{request} as {walker.who}"


def test_no_own_form_is_the_servers_fault(world: Market, walkers: list[Walker], led_to: dict[str | None, list[Request]]) -> None:
    """Last, for it does what the forms do."""
    for walker in walkers:
        for request in led_to[walker.who]:
            if request.method == "POST":
                answer = walker.send(request)
                assert answer.status_code < 500, f"{request} as {walker.who}: {answer.text[:300]}"
        world.settle()
