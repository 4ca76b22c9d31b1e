"""Held postings of a region for staff to decide: rule, the words that met it, what the employer was told to change."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.forms import Posted
from api.intake.asking import DecisionIn, decide
from api.pages import PROVINCE, fragment, page, region
from api.problems import Conflict
from api.services import Services
from streams.intake import queries

router = APIRouter(include_in_schema=False)
ITEMS = "held_items.html"
PAGE = 20


def _contents(here: Services, caller: Caller, after: str | None) -> dict[str, Any]:
    where = caller.region or PROVINCE
    with here.exchange.reading() as connection:
        found = queries.held(connection, region=where, after=after, limit=PAGE + 1)
        by_rule = queries.held_by_rule(connection, region=where)
        total = queries.counts(connection, region=where).get("held", 0)
    following = found[PAGE - 1]["posting_id"] if len(found) > PAGE else None
    return {"postings": found[:PAGE], "by_rule": by_rule, "total": total, "next": following}


def _page(
    request: Request, here: Services, caller: Caller, after: str | None = None, *, wrong: str = "", done: str = "", status: int = 200
) -> Response:
    items = region(request, ITEMS, _contents(here, caller, after), url="/commissioner/held/items", on="" if after else "gap")
    values = {"items": items, "wrong": wrong, "done": done, "where": caller.region or PROVINCE}
    return page(request, "held.html", values, status=status)


@router.get("/commissioner/held")
def held(
    request: Request,
    here: Here,
    caller: CallerOrNone,
    after: Annotated[str | None, Query(max_length=200)] = None,
    done: Literal["", "release", "reject"] = "",
) -> Response:
    """The longest waiting first."""
    who = scope.signed_in(caller, *scope.STAFF)
    return _page(request, here, who, after, done=done)


@router.get("/commissioner/held/items")
def held_items(request: Request, here: Here, caller: CallerOrNone) -> Response:
    who = scope.signed_in(caller, *scope.STAFF)
    return fragment(request, ITEMS, _contents(here, who, None))


@router.post("/commissioner/held/{posting_id}")
def decided(posting_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """放行 publishes the posting as it is, 不通过 ends it; both with a reason that the employer reads."""
    who = scope.signed_in(caller, *scope.STAFF)
    decision, reason = form.text("decision"), form.text("reason")
    if decision not in ("release", "reject"):
        return _page(request, here, who, wrong="请选择放行或者不通过", status=422)
    if not reason or len(reason) > 500:
        return _page(request, here, who, wrong="请写明原因（最多500字），用人单位会看到", status=422)
    try:
        decide(posting_id, DecisionIn(decision=cast(Any, decision), reason=reason), here, who)
    except Conflict as problem:
        return _page(request, here, who, wrong=problem.detail, status=409)
    return RedirectResponse(f"/commissioner/held?done={decision}", 303)
