"""What civil affairs are told of 低保 families in their 渐退期 (J-16: 002 六): only of people who agreed, and each look is logged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import market
from api.access import scope
from api.access.audit import Look
from api.access.identify import CallerOrNone, Here
from api.pages import PROVINCE
from matcher.policy import load_catalogue
from matcher.shapes import Person
from streams.policy.exits import for_civil_affairs

router = APIRouter(tags=["policies"])
FIELDS = ("person_id", "region", "from", "to")
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # Chinese and Japanese sheets read the wide ones too


@router.get(
    "/civil-affairs/exits",
    responses={200: {"description": "who is within 渐退期", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def exits(
    here: Here,
    caller: CallerOrNone,
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    format: Literal["json", "csv"] = "json",
) -> Any:
    """Who is within the six months of 渐退期 today, in the region of the member of staff who asks; as JSON or CSV, in pages.

    A page may hold fewer than ``limit`` people and still have a ``cursor`` (in CSV the header ``X-Next-Cursor``, encoded
    as in an address).
    """
    who = scope.signed_in(caller, *scope.STAFF)
    today = market.today(here)

    def in_region(person: Person) -> bool:
        return scope.in_region(who, person.region) or scope.in_region(who, person.registered_at)

    with here.exchange.reading() as connection:
        items, following = for_civil_affairs(connection, load_catalogue(), today, in_region, cursor, limit)
    scope.note(here.exchange, who, [Look(item["person_id"], "civil_affairs") for item in items])
    if format == "csv":
        # An id may hold what no header may.
        headers = {"X-Next-Cursor": quote(following, safe="")} if following is not None else {}
        return sheet(items, FIELDS, f"exits-{today.isoformat()}.csv", headers)
    return {"as_of": today.isoformat(), "region": who.region or PROVINCE, "fields": list(FIELDS), "items": items, "cursor": following}


def table_text(items: Iterable[Mapping[str, Any]], fields: tuple[str, ...]) -> str:
    """People as the text of a table with a head."""
    text = io.StringIO()
    table = csv.DictWriter(text, fields, restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows({name: _cell(value) for name, value in item.items()} for item in items)
    return text.getvalue()


def sheet(
    items: Iterable[Mapping[str, Any]], fields: tuple[str, ...], name: str, headers: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """The same as an answer, to be kept as a file."""
    kept = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store", **headers}
    return Response(table_text(items, fields), media_type="text/csv; charset=utf-8", headers=kept)


def _cell(value: object) -> str:
    """As text in a sheet, too: what begins like a formula is set behind an apostrophe. An id is whatever its sender gave."""
    text = str(value)
    return f"'{text}" if text[:1] in _BEGINS_A_FORMULA else text
