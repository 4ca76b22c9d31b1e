"""Bodies made to harm: too large in every disguise, too slow, too deep, packed, and texts that are none."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api import edge
from api.access.roles import rules
from tests.api.conftest import POSTING, Market
from tests.api.test_signing_in import cookie_of, csrf_of, sign_in
from tests.serving import serving

MEGABYTE = 1 << 20
WRITING = sorted(route for route in rules() if route.startswith(("POST /", "PUT /")))
JSON_ROUTES = [route for route in WRITING if "/api/v1/" in route]
FORM_ROUTES = [route for route in WRITING if "/api/v1/" not in route]


def address_of(route: str, market: Market) -> tuple[str, str]:
    method, path = route.split(" ")
    names = {"person_id": "u-7", "posting_id": market.posting_id, "employer_id": "e-9", "match_id": market.match_id, "purpose": "recommend"}
    parts = [names.get(part[1:-1], "nobodys") if part.startswith("{") else part for part in path.split("/")]
    return method, "/".join(parts)


def most_of(path: str) -> int:
    return (
        33 * MEGABYTE
        if path in ("/api/v1/postings", "/api/v1/people", "/api/v1/employers") or "/api/v1/postings/" in path
        else MEGABYTE + 1
    )


@pytest.mark.parametrize("route", WRITING)
def test_a_body_that_says_it_is_too_large_is_refused_unread(attacked: Market, route: str) -> None:
    method, path = address_of(route, attacked)

    def pieces() -> Iterator[bytes]:
        raise AssertionError("read")
        yield b""

    async def unread() -> Any:
        for piece in pieces():
            yield piece

    headers = {"Content-Length": str(most_of(path) + MEGABYTE), "Authorization": f"Bearer {attacked.keys['administrator']}"}
    answer = attacked.client.request(method, path, content=unread(), headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("route", ["POST /api/v1/hints", "POST /api/v1/postings", "POST /login", "POST /api/v1/claims"])
def test_a_body_in_pieces_is_cut_off_where_it_becomes_too_large(attacked: Market, route: str) -> None:
    method, path = address_of(route, attacked)
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 200 * MEGABYTE:
            sent += MEGABYTE
            yield b" " * MEGABYTE

    kind = "application/x-www-form-urlencoded" if path == "/login" else "application/json"
    headers = {"Authorization": f"Bearer {attacked.keys['administrator']}", "Content-Type": kind}
    answer = attacked.client.request(method, path, content=endless(), headers=headers)
    assert answer.status_code == 413
    assert sent <= most_of(path) + 2 * MEGABYTE


def test_what_nobody_may_send_is_not_taken_in(attacked: Market) -> None:
    async def endless() -> Any:
        raise AssertionError("read before it was asked who sends it")
        yield b""

    assert attacked.client.request("POST", "/api/v1/postings", content=endless()).status_code == 401


def test_a_packed_body_is_not_unpacked(attacked: Market) -> None:
    bomb = gzip.compress(b" " * (100 * MEGABYTE))
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = attacked.client.post("/api/v1/hints", content=bomb, headers=headers)
    assert answer.status_code == 422


DEEP = 100_000


@pytest.mark.parametrize("route", JSON_ROUTES)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"facts":' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"}",
        b'{"reason":"\\ud800","name":"\\udfff","text":"\\ud800","code":"\\ud800","\\ud800":1}',
        b'{"year":' + b"9" * 5000 + b"}",
        b'{"days":1e999,"limit":NaN,"given":-Infinity}',
        b'{"a":1,"a":2,"__proto__":{"admin":true},"__class__":"x"}',
        b"\xff\xfe{\x00}\x00",
        b"",
        b"null",
        b'"text"',
    ],
    ids=["lists", "objects", "facts", "no texts", "digits", "no numbers", "names", "utf-16", "nothing", "null", "text"],
)  # fmt: skip
def test_no_odd_body_is_the_servers_fault(attacked: Market, route: str, body: bytes) -> None:
    method, path = address_of(route, attacked)
    for who in ("administrator", "jobseeker", "employer"):
        headers = {"Content-Type": "application/json"}
        answer = attacked.call(who, method, path.removeprefix("/api/v1"), content=body, headers=headers)
        assert answer.status_code < 500, (who, answer.text)


def test_deep_facts_of_a_posting_do_not_stop_those_that_read_it(attacked: Market) -> None:
    """What was taken in is handled, indexed, put out again: nesting that one of them cannot follow is refused at the door."""
    for depth, expected in ((20, 200), (100, 422), (254, 422), (900, 422)):
        nested: Any = "x"
        for _ in range(depth):
            nested = {"a": nested}
        sent = {**POSTING, "source_id": f"deep-{depth}", "title": f"深度{depth}", "facts": {"posting.in_province": nested}}
        headers = {"Content-Type": "application/json"}
        answer = attacked.call("administrator", "POST", "/postings?wait=1", content=json.dumps(sent).encode(), headers=headers)
        assert answer.status_code == expected, answer.text
        assert expected == 200 or answer.json()["errors"][0]["field"] == "facts"
    attacked.settle()
    assert attacked.get(None, "/feed").status_code == 200


@pytest.mark.parametrize("route", FORM_ROUTES)
@pytest.mark.parametrize(
    "body",
    [b"&".join(b"a%d=1" % number for number in range(600)), b"a=%FF%FE&csrf=%80", b"csrf=" + b"%00" * 50, b"a" * 900_000, b"=&=&;;&%"],
    ids=["fields", "no text", "empty characters", "long", "odd"],
)
def test_no_odd_form_is_the_servers_fault(attacked: Market, route: str, body: bytes) -> None:
    method, path = address_of(route, attacked)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    for more in ({}, {"Authorization": f"Bearer {attacked.keys['administrator']}"}):
        assert attacked.client.request(method, path, content=body, headers={**headers, **more}).status_code < 500


def test_no_odd_form_of_somebody_signed_in_is_the_servers_fault(attacked: Market) -> None:
    for login in ("administrator", "jobseeker", "employer"):
        headers = cookie_of(sign_in(attacked, login=login))
        token = csrf_of(attacked, headers)
        odd = {
            "csrf": token,
            "code": "\ud83d" * 3,
            "x": "焊" * 500,
            "region": "'",
            "pay.min": "nan",
            "day": "9999-99-99",
            "step": "x",
            "reason": "",
        }
        for route in FORM_ROUTES:
            method, path = address_of(route, attacked)
            if path in ("/logout", "/account/sign-out"):
                continue
            given = {name: value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for name, value in odd.items()}
            answer = attacked.client.request(method, path, data=given, headers={**headers, "Accept": "text/html"})
            assert answer.status_code < 500, (login, route, answer.text[:300])


# -- slow ------------------------------------------------------------------------------------------------------------------


def dribble(address: str, path: str, *, credentials: str = "") -> socket.socket:
    """A request that announces a body and sends one byte of it."""
    split = urlsplit(address)
    made = socket.create_connection((str(split.hostname), int(split.port or 80)), timeout=60)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n{credentials}\r\n{{"
    made.sendall(head.encode())
    return made


def test_a_body_that_does_not_come_is_given_up(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "PATIENCE_S", 0.3)
    key = f"Authorization: Bearer {market.keys['administrator']}\r\n"
    with serving(market.app, lifespan="off") as address, ExitStack() as stack:
        for path in ("/api/v1/hints", "/api/v1/postings", "/api/v1/claims"):
            slow = stack.enter_context(dribble(address, path, credentials=key))
            said = b""
            while piece := slow.recv(65536):  # until the server closes it
                said += piece
            assert said.startswith(b"HTTP/1.1 408 "), (path, said[:300])
            assert b"application/problem+json" in said


def test_many_bodies_that_do_not_come_keep_nobody_waiting(market: Market) -> None:
    key = f"Authorization: Bearer {market.keys['administrator']}\r\n"
    with serving(market.app, lifespan="off") as address, ExitStack() as stack:
        for number in range(200):  # more than there are threads
            path = ("/api/v1/hints", "/api/v1/postings", "/api/v1/claims", "/login")[number % 4]
            stack.enter_context(dribble(address, path, credentials=key))
        answer = httpx.get(f"{address}/api/v1/postings", timeout=60)
        assert answer.status_code == 200
