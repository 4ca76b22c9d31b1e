"""Connections that never come to the end of their headers, against the web server as it is set up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from infra.serve import server_options
from infra.settings import Settings
from tests.serving import serving

PATIENCE_S = 1.0


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    routes = [Route("/", echo, methods=["GET", "POST"])]
    with serving(Starlette(routes=routes), lifespan="off", **server_options(Settings(header_seconds=PATIENCE_S))) as found:
        yield found


def connected(address: str) -> socket.socket:
    split = urlsplit(address)
    return socket.create_connection((str(split.hostname), int(split.port or 80)), timeout=30)


def all_of(connection: socket.socket) -> bytes:
    """What comes until the server closes it."""
    said = b""
    try:
        while piece := connection.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return said


@pytest.mark.parametrize(
    ("first", "then"), [(b"GET / HT", b"T"), (b"GET / HTTP/1.1\r\n", b"X-A: b\r\n"), (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", b"y")]
)
def test_headers_a_byte_at_a_time_are_given_up(address: str, first: bytes, then: bytes) -> None:
    closed = threading.Event()

    def go_on(connection: socket.socket) -> None:
        try:
            while not closed.wait(0.05):
                connection.sendall(then)
        except OSError:
            return

    with connected(address) as slow:
        slow.sendall(first)
        talking = threading.Thread(target=go_on, args=(slow,))
        talking.start()
        try:
            assert all_of(slow).startswith(b"HTTP/1.1 408 ")
        finally:
            closed.set()
            talking.join()


def test_whoever_connects_and_says_nothing_is_sent_away(address: str) -> None:
    with connected(address) as silent:
        assert all_of(silent) == b""


def test_headers_after_an_answer_have_no_more_time_than_the_first(address: str) -> None:
    """Uvicorn's own keep-alive ends with the first byte."""
    with connected(address) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
        slow.sendall(b"GET / HTTP/1.1\r\nHo")
        assert all_of(slow).startswith(b"HTTP/1.1 408 ")


def test_many_of_them_keep_nobody_waiting(address: str) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connected(address)).sendall(b"GET / HTTP/1.1\r\nX-A:")
        assert httpx.get(address, timeout=30).status_code == 200


def test_a_body_has_its_own_patience(address: str) -> None:
    """The headers are whole: what follows may take longer than they may."""
    with connected(address) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\na")
        threading.Event().wait(PATIENCE_S * 1.5)
        slow.sendall(b"b")
        said = all_of(slow)
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"ab")
