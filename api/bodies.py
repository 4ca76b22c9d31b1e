"""Bodies of requests: one JSON object, or NDJSON with one a line. Bounded, and a bad line never spoils the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request

from api.problems import Invalid, TooLarge
from matcher.given_once import decode_once
from matcher.shapes import FieldError, ShapeError

MOST_BYTES = 32 * 1024 * 1024
MOST_LINES = 50_000
NDJSON = "application/x-ndjson"


@dataclass(frozen=True)
class Body:
    """``objects``: (line, object); ``faulty``: lines that are no JSON object, with their error. ``raw``: what was sent."""

    many: bool
    objects: list[tuple[int, Any]]
    faulty: list[tuple[int, FieldError]]
    raw: bytes


async def read_body(request: Request) -> Body:
    """The body as objects. Raises a problem where the whole cannot be read: too large, no JSON."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise TooLarge(f"一次最多发送 {MOST_BYTES // 1024 // 1024} MB，请分成几次发送")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == NDJSON:
        return _lines(bytes(raw))
    try:
        value = decode_once(bytes(raw))
    except ShapeError as error:
        raise Invalid("正文里同一个字段写了两次，或嵌套太深", errors=error.errors) from None
    except orjson.JSONDecodeError as error:
        hint = FieldError(field="(body)", message=f"not JSON: line {error.lineno}, column {error.colno}")
        raise Invalid(f"正文不是有效的 JSON；一行一条请用 Content-Type: {NDJSON}", errors=[hint]) from None
    if not isinstance(value, dict):
        raise Invalid(
            "正文应为一个 JSON 对象", errors=[FieldError(field="(body)", message=f"a JSON object expected; several: {NDJSON}, one a line")]
        )
    return Body(False, [(1, value)], [], bytes(raw))


def _lines(raw: bytes) -> Body:
    objects: list[tuple[int, Any]] = []
    faulty: list[tuple[int, FieldError]] = []
    for line, text in enumerate(raw.split(b"\n"), start=1):
        if not text.strip():
            continue
        if len(objects) + len(faulty) >= MOST_LINES:
            raise TooLarge(f"一次最多发送 {MOST_LINES} 行，请分成几次发送")
        try:
            value = decode_once(text)
        except ShapeError as error:
            faulty += [(line, one) for one in error.errors]
            continue
        except orjson.JSONDecodeError:
            faulty.append((line, FieldError(field="(line)", message="not JSON")))
            continue
        if isinstance(value, dict):
            objects.append((line, value))
        else:
            faulty.append((line, FieldError(field="(line)", message="a JSON object expected")))
    return Body(True, objects, faulty, raw)
