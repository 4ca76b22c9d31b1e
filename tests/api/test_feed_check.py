"""``gongqiao feed-check`` against the exchange itself, against feeds that do wrong in one way each, and against what is no feed."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.commands.feed_check import command
from infra.feed_reading import feed_address
from tests.api.conftest import Market
from tests.api.test_feed import busy, read_all
from tests.serving import serving


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def bad(result: Result) -> list[str]:
    return [line.removeprefix("BAD  ") for line in result.output.splitlines() if line.startswith("BAD")]


# -- the exchange itself ---------------------------------------------------------------------------------------------------


@pytest.fixture
def exchange(market: Market) -> Iterator[tuple[Market, str]]:
    busy(market)
    with serving(market.app, lifespan="off") as address:
        yield market, address


def test_the_exchange_keeps_what_followers_rely_on(exchange: tuple[Market, str]) -> None:
    market, address = exchange
    result = run(address)
    assert (result.exit_code, bad(result)) == (0, []), result.output
    entries, end = read_all(market)
    assert f"{len(entries)} changes from cursor 0 to {end}" in result.output
    assert "2 postings" in result.output
    assert "the connection broken off" in result.output
    assert "broken off 0 times" not in result.output
    assert "snapshot: broken off half-way and gone on with by byte range" in result.output
    assert f"at cursor {end}: mirror 2 postings" in result.output
    assert "the same as the snapshot" in result.output


def test_from_a_cursor_in_the_middle(exchange: tuple[Market, str]) -> None:
    market, address = exchange
    entries, _ = read_all(market)
    result = run(f"{address}/api/v1/feed", "--cursor", entries[2]["cursor"], "--limit", "2")
    assert (result.exit_code, bad(result)) == (0, []), result.output
    assert f"{len(entries) - 3} changes" in result.output
    assert "the same as the snapshot" in result.output


def test_an_exchange_without_postings(market: Market) -> None:
    with serving(market.app, lifespan="off") as address:
        result = run(address)
    assert (result.exit_code, bad(result)) == (0, []), result.output


def test_while_postings_come_and_go(exchange: tuple[Market, str]) -> None:
    market, address = exchange
    ended = threading.Event()

    def go_on() -> int:
        number = 0
        while not ended.is_set() or number < 3:
            posting_id = market.publish({"source_id": f"HR-{100 + number}", "title": f"{number}号线装配工", "headcount": 2})
            market.call("employer", "DELETE", f"/postings/{posting_id}?reason=停招&wait=1")
            number += 1
        return number

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(go_on)
        result = run(address, "--limit", "2")
        ended.set()
        assert going.result() >= 3
    assert (result.exit_code, bad(result)) == (0, []), result.output
    assert "the same as the snapshot" in result.output


# -- feeds that do wrong ---------------------------------------------------------------------------------------------------


def posting(number: int, title: str = "焊工") -> dict[str, Any]:
    return {"posting_id": f"p-{number}", "title": title, "source": "enterprise"}


def changes() -> list[dict[str, Any]]:
    """Thirty postings, of which every fifth is taken down again, with gaps between the cursors."""
    found: list[dict[str, Any]] = []
    for number in range(30):
        found.append({"posting_id": f"p-{number}", "change": "upsert", "posting": posting(number)})
        if number % 5 == 0:
            found.append({"posting_id": f"p-{number}", "change": "removed", "reason": "withdrawn"})
    return [{"cursor": str(10 + 3 * place), **one} for place, one in enumerate(found)]


class MadeFeed:
    """A feed over a list, right but for one ``fault``."""

    def __init__(self, fault: str | None):
        self.fault = fault
        self.entries = changes()
        self._asked: set[int] = set()
        self._left = 4  # how often it says "later"
        routes = [Route("/api/v1/feed", self.feed), Route("/api/v1/feed/snapshot", self.snapshot)]
        self.app = Starlette(routes=routes)

    async def feed(self, request: Request) -> Response:
        given, limit = request.query_params.get("cursor", "0"), int(request.query_params.get("limit", "200"))
        if self.fault == "is busy" and self._left > 2:
            return self._later()
        if not given.isdecimal():
            return PlainTextResponse("no", 200 if self.fault == "takes any cursor" else 400)
        cursor = int(given)
        rest = self._behind(cursor)
        page = rest[:limit]
        end = int(page[-1]["cursor"]) if page else cursor
        etag = f'"{cursor}-{end}"'
        asked = request.headers.get("if-none-match")
        hides = self.fault == "hides news" and asked is not None
        if (asked == etag and self.fault != "sends again") or hides:
            return Response(status_code=304)
        more = len(rest) > limit
        if self.fault == "never ends":
            more, end = True, cursor
        if self.fault == "ends early" and limit < 30 and cursor > 50:
            more = False
        headers = {} if self.fault == "has no etag" else {"ETag": etag}
        return JSONResponse({"items": page, "cursor": str(end), "more": more}, headers=headers)

    def _later(self) -> Response:
        self._left -= 1
        return JSONResponse({"detail": "later"}, 429, headers={"Retry-After": "0"})

    def _behind(self, cursor: int) -> list[dict[str, Any]]:
        first = cursor if self.fault == "repeats" and cursor else cursor + 1
        rest = [one for one in self.entries if int(one["cursor"]) >= first]
        if self.fault == "skips" and cursor:
            return rest[1:]
        if self.fault == "counts a lost page as sent":
            seen, self._asked = cursor in self._asked, self._asked | {cursor}
            return rest[1:] if seen and cursor else rest
        if self.fault == "leaves out":
            return [one for one in rest if one["posting_id"] != "p-7"]
        if self.fault == "keeps what is gone":
            return [one for one in rest if one["change"] == "upsert"]
        if self.fault == "gives no reason":
            return [{name: value for name, value in one.items() if name != "reason"} for one in rest]
        if self.fault == "is out of order":
            return sorted(rest, key=lambda one: one["posting_id"])
        if self.fault == "shows a contact" and rest:
            return [{**one, "posting": {**one["posting"], "contact": {}}} if "posting" in one else one for one in rest]
        return rest

    async def snapshot(self, request: Request) -> Response:
        if self.fault == "is busy" and self._left:
            return self._later()
        if self.fault == "has no snapshot":
            return Response(status_code=404)
        shown = [posting(number, "电工" if self.fault == "differs" and number == 3 else "焊工") for number in range(30) if number % 5]
        cursor = {"ahead": "9999"}.get(self.fault or "", self.entries[-1]["cursor"])
        whole = gzip.compress(b"\n".join(orjson.dumps(one) for one in [*shown, {"cursor": cursor}]) + b"\n", mtime=0)
        if self.fault == "cuts its snapshot":
            whole = whole[:-20]
        headers = {"ETag": '"all"'}
        if request.headers.get("if-none-match") == '"all"':
            return Response(status_code=304, headers=headers)
        asked = request.headers.get("range")
        if asked is None or self.fault == "serves no ranges":
            return Response(whole, headers=headers)
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        rest = whole[0 if self.fault == "serves other bytes" else start :]
        return Response(rest, 206, headers={**headers, "Content-Range": f"bytes {start}-{len(whole) - 1}/{len(whole)}"})


def checked(fault: str | None, *options: str) -> Result:
    with serving(MadeFeed(fault).app, lifespan="off") as address:
        return run(address, *options)


@pytest.mark.parametrize("fault", [None, "is busy", "has no snapshot"])
def test_a_feed_that_does_right(fault: str | None) -> None:
    result = checked(fault)
    assert (result.exit_code, bad(result)) == (0, []), result.output
    assert "36 changes from cursor 0 to 115, 24 postings" in result.output


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("skips", "resuming: the change at cursor 25 is skipped: 28 comes in its place"),
        ("repeats", "resuming: the change at cursor 22 is repeated where 25 should come"),
        ("counts a lost page as sent", "is skipped"),
        ("ends early", "changes left"),
        ("leaves out", "p-7 is in the snapshot only"),
        ("keeps what is gone", "p-0 is in the mirror only; p-10 is in the mirror only; p-15 is in the mirror only; and 3 more"),
        ("differs", "p-3 differs"),
        ("ahead", "the snapshot goes up to cursor 9999, the feed ends at 115"),
        ("gives no reason", "changes: 6 are not whole: cursor 13, posting p-0: removed without a reason"),
        ("shows a contact", "posting p-0: shows a contact"),
        ("is out of order", "order: cursors do not grow"),
        ("sends again", "conditional: If-None-Match is answered in full though nothing is new"),
        ("has no etag", "conditional: the end of the feed has no ETag"),
        ("hides news", "conditional: the end's ETag hides the changes behind cursor 0"),
        ("takes any cursor", "wrong cursor: answered with 200"),
        ("serves no ranges", "snapshot: cannot be gone on with"),
    ],
)
def test_a_feed_that_does_wrong_is_told_what(fault: str, said: str) -> None:
    result = checked(fault)
    assert result.exit_code == 1
    assert said in "\n".join(bad(result)), result.output


def test_repeats_are_found_in_the_first_walk_too_where_its_pages_are_small() -> None:
    assert any(line.startswith("order: cursors do not grow: 16 after 16") for line in bad(checked("repeats", "--limit", "3")))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("never ends", "says that there is more, but its cursor stays"),
        ("cuts its snapshot", "before its gzip does"),
        ("serves other bytes", "goes on with other bytes"),
    ],
)
def test_what_cannot_be_followed_at_all_ends_the_check_with_words(fault: str, said: str) -> None:
    result = checked(fault)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


# -- what is no feed -------------------------------------------------------------------------------------------------------


def test_an_address_where_nobody_answers() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken, but nobody listens
        result = run(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert result.exit_code == 1
    assert "nobody answers there" in result.output
    assert "does the exchange run?" in result.output


@pytest.mark.parametrize("url", ["exchange.example", "ftp://exchange.example/feed", "http://", "http://[::1", "http://x:port/"])
def test_what_is_no_address_is_a_usage_error(url: str) -> None:
    result = run(url)
    assert result.exit_code == 2
    assert "no address of the web" in result.output


def test_addresses_of_exchanges_and_of_feeds() -> None:
    assert feed_address("https://x.example/") == "https://x.example/api/v1/feed"
    assert feed_address("https://x.example/jobs") == "https://x.example/jobs/api/v1/feed"
    assert feed_address("https://mirror.example/gongqiao/feed?cursor=3") == "https://mirror.example/gongqiao/feed"


async def _page(request: Request) -> Response:
    return PlainTextResponse("<html>hello</html>")


async def _list(request: Request) -> Response:
    return JSONResponse([1, 2])


async def _moved(request: Request) -> Response:
    return RedirectResponse("https://elsewhere.example/feed")


async def _refused(request: Request) -> Response:
    return JSONResponse({"detail": "系统维护"}, 500)


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (Route("/api/v1/feed", _page), "not with a page of a feed"),
        (Route("/api/v1/feed", _list), "not with a page of a feed"),
        (Route("/api/v1/feed", _moved), "leads to https://elsewhere.example/feed; give that address"),
        (Route("/api/v1/feed", _refused), "answers 500: 系统维护"),
        (Route("/", _page), "answers 404; is this the exchange's address?"),
    ],
)
def test_what_answers_but_is_no_feed(route: Route, said: str) -> None:
    with serving(Starlette(routes=[route]), lifespan="off") as address:
        result = run(address)
    assert result.exit_code == 1
    assert said in result.output
