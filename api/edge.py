"""What holds for every request before a route sees it: the host asked for, the size of the body; and for every answer: its headers."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import deprecation
from api.access.limits import headers_of
from api.bodies import MOST_BYTES
from api.conditional import Conditional
from api.problems import BadRequest, Misdirected, NotFound, Problem, TooLarge, TooSlow, problem_response
from api.services import Options
from matcher.shapes import FieldError

SMALL_BYTES = 1024 * 1024  # bodies of one object; lists of postings, people and employers may be larger
PATIENCE_S = 20.0  # for a body to come in, and a second more for each
SLOWEST = 1024  # bytes of it: a slow line may send a long list, nobody may hold a connection with a byte a minute
_LISTS = ("/api/v1/postings", "/api/v1/people", "/api/v1/employers")
_ANY_HOST = ("/health/", "/metrics")  # asked by a machine's address
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=()",
}


class Edge:
    """ASGI middleware. Where ``public_url`` is set in production, other hosts are not answered (a forged Host is no address of ours)."""

    def __init__(self, app: ASGIApp, options: Options):
        self._app = app
        public = urlsplit(options.public_url) if options.public_url else None
        self._hosts = {*_LOCAL, public.hostname} if options.production and public is not None and public.hostname else None
        self._headers = dict(_HEADERS)
        if options.production and public is not None and public.scheme == "https":
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        answer = _Answer(send, self._headers, scope.setdefault("state", {}), keep=path.startswith("/static/"))
        headers = Headers(scope=scope)
        if self._hosts is not None and not path.startswith(_ANY_HOST) and _host(headers.get("host", "")) not in self._hosts:
            await problem_response(Misdirected("这个地址不是本系统的地址"))(scope, receive, answer.send)
            return
        if "\x00" in path or (b"%00" in scope["query_string"] and path.startswith("/api/")):
            # In nobody's name, and a database may refuse to look for it.
            problem = NotFound("没有这个地址") if "\x00" in path else _no_text(scope["query_string"])
            await problem_response(problem)(scope, receive, answer.send)
            return
        scope["query_string"] = scope["query_string"].replace(b"%00", b"")  # a page is asked by people: what is left is read, as in forms
        most = MOST_BYTES if path in _LISTS or path.startswith("/api/v1/postings/") else SMALL_BYTES
        too_large = TooLarge(f"一次最多发送 {most // 1024 // 1024} MB，请分成几次发送")
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            await problem_response(too_large)(scope, receive, answer.send)
            return
        body = _Body(receive, most, too_large)
        outward: Conditional | _Answer = answer
        if scope["method"] == "GET" and path.startswith("/api/v1/"):
            outward = Conditional(answer.send, headers.get("if-none-match", ""), scope["state"])

        async def sending(message: Message) -> None:
            if body.wrong is None:
                await outward.send(message)
            elif message["type"] == "http.response.start":
                # Whatever a route made of a body that was cut off, this is what was wrong with it.
                await problem_response(body.wrong)(scope, receive, answer.send)

        await self._app(scope, body.receive, sending)


class _Body:
    """The request's body, cut off where it becomes too large (sent in chunks it does not say so beforehand) or comes too slowly;
    ``wrong`` then says so."""

    def __init__(self, receive: Receive, most: int, too_large: Problem):
        self._receive = receive
        self._most = most
        self._too_large = too_large
        self._taken = 0
        self._began: float | None = None
        self._whole = False
        self.wrong: Problem | None = None

    async def receive(self) -> Message:
        if self._whole:  # what comes now is that the caller went away, and that may take as long as it likes
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        try:
            async with asyncio.timeout_at(self._began + PATIENCE_S + self._taken / SLOWEST):
                message = await self._receive()
        except TimeoutError:
            return self._cut_off(TooSlow("内容传得太慢，没有收完；请检查网络后再发，或者分成几次发送", headers={"Connection": "close"}))
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._taken > self._most:
                return self._cut_off(self._too_large)
        return message

    def _cut_off(self, wrong: Problem) -> Message:
        self.wrong, self._whole = wrong, True
        return {"type": "http.request", "body": b"", "more_body": False}


class _Answer:
    """Adds the headers that an answer does not bring itself."""

    def __init__(self, send: Send, headers: dict[str, str], state: MutableMapping[str, Any], *, keep: bool):
        self._send = send
        self._state = state
        self._headers = headers if keep else {**headers, "Cache-Control": "no-store"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            found = MutableHeaders(scope=message)
            said = {**headers_of(self._state.get("room")), **deprecation.headers_of(self._state.get("deprecated"))}
            for name, value in {**self._headers, **said}.items():
                found.setdefault(name, value)
        await self._send(message)


def _host(header: str) -> str:
    """The name without its port."""
    if header.startswith("["):
        return header.partition("]")[0].lower() + "]"
    return header.partition(":")[0].lower()


def _no_text(query: bytes) -> BadRequest:
    names = [name for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if "\x00" in name + value]
    errors = [FieldError(field=name.replace("\x00", ""), message="含有不是文字的内容（空字符），请去掉") for name in names]
    return BadRequest("参数里有不是文字的内容（空字符）", errors=errors)
