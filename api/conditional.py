"""Conditional requests: JSON answers to a GET of the interface have an ETag; whoever sends it back is told 304 where nothing changed."""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Send


def matches(given: str, etag: str) -> bool:
    """Whether ``If-None-Match`` names this answer; compared weakly, as RFC 9110 wants it."""
    tags = [tag.strip().removeprefix("W/") for tag in given.split(",")]
    return etag in tags or "*" in tags


class Conditional:
    """Stands before an ASGI ``send``. Answers that are streamed, or bring an ETag of their own, pass as they are.

    An answer to nobody in particular may be kept and asked about; of one that is somebody's no copy stays anywhere (``no-store``), and
    the tag is for programs that keep it themselves.
    """

    def __init__(self, send: Send, given: str, state: MutableMapping[str, Any]):
        self._send = send
        self._given = given
        self._state = state
        self._held: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            json = headers.get("content-type", "").startswith("application/json")
            if message["status"] == 200 and json and "content-length" in headers and "etag" not in headers:
                self._held = message
                return
        elif self._held is not None:
            start, self._held = self._held, None
            if not message.get("more_body"):
                message = self._tagged(start, message)
            await self._send(start)
        await self._send(message)

    def _tagged(self, start: Message, message: Message) -> Message:
        headers = MutableHeaders(scope=start)
        etag = f'"{hashlib.blake2b(message.get("body", b""), digest_size=12).hexdigest()}"'
        headers["ETag"] = etag
        if self._state.get("caller") is None:
            headers.setdefault("Cache-Control", "no-cache")
            headers.add_vary_header("Authorization, Cookie")
        if not matches(self._given, etag):
            return message
        start["status"] = 304
        for name in ("content-length", "content-type"):
            del headers[name]
        return {**message, "body": b""}
