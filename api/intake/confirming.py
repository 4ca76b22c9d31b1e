"""Employers that registered themselves: staff of their region confirm them once, and only then their postings are public."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.forms import Posted
from api.intake.sending import settle
from api.pages import PROVINCE, page
from api.problems import Conflict, NotFound
from api.services import Services
from matcher import credit_code
from streams.intake import gateway, queries

router = APIRouter(tags=["employers"])
pages = APIRouter(include_in_schema=False)
PAGE = 50
After = Annotated[str | None, Query(max_length=200)]


class ConfirmationIn(BaseModel):
    """``revision``: of the employer as it was looked at."""

    model_config = ConfigDict(extra="forbid")
    revision: int = Field(ge=0)


def _listed(here: Services, who: Caller, after: str | None) -> dict[str, Any]:
    region = None if who.role == "administrator" else who.region
    with here.exchange.reading() as connection:
        found = queries.unconfirmed(connection, region, after, PAGE + 1)
    shown = [{**one, "code_problem": credit_code.problem(one["uscc"])} for one in found[:PAGE]]
    items = [{name: value for name, value in one.items() if value is not None} for one in shown]
    return {"items": items, "cursor": found[PAGE - 1]["employer_id"] if len(found) > PAGE else None}


def confirm(here: Services, caller: Caller | None, employer_id: str, revision: int) -> dict[str, Any]:
    """The employer confirmed as it was looked at; a problem where it is not there, lies elsewhere, or cannot be confirmed so."""
    who = scope.signed_in(caller, *scope.STAFF)
    settle(here, "employer", employer_id)  # what the employer sent a moment ago is not undone by who did not see it
    with here.exchange.reading() as connection:
        found = queries.employer(connection, employer_id)
    if found is None:
        raise NotFound("没有这家单位")
    scope.employer(who, None, found["region"])
    if found["verified"]:
        raise Conflict("这家单位已经核实过了")
    if found["revision"] != revision:
        raise Conflict("单位资料刚刚有改动，请看过新的资料再核实")
    if wrong := credit_code.problem(found["uscc"]):
        raise Conflict(f"{wrong}，请单位先改正，再核实")
    message_id = gateway.confirm_employer(here.exchange, found, sender=f"account:{who.account_id}")
    here.exchange.wait_handled(message_id, "intake", 5)
    return {"employer_id": employer_id, "message_id": message_id}


@router.get("/employers-to-confirm")
def to_confirm(here: Here, caller: CallerOrNone, after: After = None) -> dict[str, Any]:
    """Employers of the caller's region that registered themselves and that nobody has confirmed: ``code_problem`` where the credit code is
    wrong, ``held`` postings that wait."""
    return _listed(here, scope.signed_in(caller, *scope.STAFF), after)


@router.post("/employers/{employer_id}/confirmation", status_code=202)
def confirmed(employer_id: str, given: ConfirmationIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Staff of the employer's place confirm that it is who it says; its postings that waited for that become public."""
    return JSONResponse(confirm(here, caller, employer_id, given.revision), 202)


@pages.get("/commissioner/employers-to-confirm")
def listed(request: Request, here: Here, caller: CallerOrNone, after: After = None, done: str = "") -> Response:
    """待核实单位."""
    return _page(request, here, scope.signed_in(caller, *scope.STAFF), after, done=bool(done))


@pages.post("/commissioner/employers-to-confirm/{employer_id}")
def decided(employer_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """核实 one of them."""
    given = form.text("revision")
    try:
        confirm(here, caller, employer_id, int(given) if given.isdecimal() and len(given) < 16 else -1)
    except Conflict as problem:
        return _page(request, here, scope.signed_in(caller, *scope.STAFF), wrong=problem.detail)
    return RedirectResponse("/commissioner/employers-to-confirm?done=1", 303)


def _page(request: Request, here: Services, who: Caller, after: str | None = None, *, done: bool = False, wrong: str = "") -> Response:
    values = {**_listed(here, who, after), "where": who.region or PROVINCE, "done": done, "wrong": wrong}
    return page(request, "employers_to_confirm.html", values, status=409 if wrong else 200)
