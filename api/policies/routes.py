"""``POST /hints``: facts and a date, as ``gongqiao hints``."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from api.bodies import read_body
from api.described import hints_body
from api.problems import Invalid
from matcher.given_once import decode_once
from matcher.policy import answer_facts, load_catalogue
from matcher.shapes import FieldError

router = APIRouter(tags=["policies"])


@router.post("/hints", openapi_extra=hints_body())
async def hints(request: Request) -> dict[str, Any]:
    """``{"id"?, "date", "facts", "channel"?, "conditions"?}`` in; every catalogue entry's status and what is told out, with
    ``"conditions": true`` each condition of each entry with its verdict."""
    body = await read_body(request)
    if body.many:
        raise Invalid("一次一组事实；多组请用 gongqiao hints", errors=[FieldError(field="(body)", message="one JSON object expected")])
    return await run_in_threadpool(lambda: answer(decode_once(body.raw)))


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to one set of facts. Raises ``ShapeError`` or a problem naming the field."""
    missing = [name for name in ("date", "facts") if asked.get(name) is None]
    if missing:
        raise Invalid("缺少字段", errors=[FieldError(field=name, message="required") for name in missing])
    found = answer_facts(load_catalogue(), asked["facts"], asked["date"], asked.get("channel"), asked.get("conditions"))
    return {**({"id": asked["id"]} if "id" in asked else {}), **found}
