"""Name and telephone of one person, for staff who must call: one at a time, with a reason that is kept and that the person reads.

Nowhere else is either shown to anybody but the person, and to no employer; the identity number is shown to nobody.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.forms import Posted
from api.matching.routes import person_of
from api.pages import page
from api.problems import NotFound, Problem
from api.services import Services

router = APIRouter(tags=["staffing"])
pages = APIRouter(include_in_schema=False)
SHORTEST, LONGEST = 2, 200  # of a reason


class ContactIn(BaseModel):
    """``reason``: why this person has to be called; the person reads it."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=SHORTEST, max_length=LONGEST)]


def reveal(request: Request, here: Services, who: Caller, person_id: str, reason: str) -> dict[str, Any]:
    """Name and telephone of a person of the caller's region, once the look and its reason are in the log."""
    person = person_of(here, person_id)
    request.app.state.throttle.enter_contact(who.account_id)
    scope.person(here.exchange, who, person_id, (person.region, person.registered_at), "called", purpose=reason)
    with here.exchange.reading() as connection:
        kept = here.exchange.vault.reveal(connection, "person", person_id)
    return {"person_id": person_id, "name": kept.get("name"), "phone": kept.get("phone")}


@router.post("/people/{person_id}/contact")
def contact(request: Request, person_id: str, given: ContactIn, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Name and telephone of a person, for staff of the region who must call: ``{"person_id", "name", "phone"}``, null where nothing is
    kept. Logged with the reason, which the person reads; at most 60 an hour and account."""
    return reveal(request, here, scope.signed_in(caller, *scope.STAFF), person_id, given.reason)


@pages.get("/commissioner/contact")
def form(request: Request, caller: CallerOrNone, person_id: Annotated[str, Query(max_length=200)] = "") -> Response:
    """打电话联系: asks for the person and the reason."""
    scope.signed_in(caller, *scope.STAFF)
    return _page(request, {"person_id": person_id})


@pages.post("/commissioner/contact")
def shown(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """One name and telephone, shown this once."""
    who = scope.signed_in(caller, *scope.STAFF)
    given = {"person_id": form.text("person_id"), "reason": form.text("reason")}
    errors = {}
    if not given["person_id"]:
        errors["person_id"] = "请填写求职者的登记编号"
    if not SHORTEST <= len(given["reason"]) <= LONGEST:
        errors["reason"] = f"请写明为什么要打电话，{SHORTEST}到{LONGEST}个字"
    if errors:
        return _page(request, given, errors=errors, status=422)
    try:
        found = reveal(request, here, who, given["person_id"], given["reason"])
    except NotFound as problem:
        return _page(request, given, errors={"person_id": problem.detail}, status=Problem.status)
    return _page(request, given, found=found)


def _page(
    request: Request,
    values: dict[str, str],
    *,
    errors: dict[str, str] | None = None,
    found: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    return page(request, "contact.html", {"values": values, "errors": errors or {}, "found": found}, status=status)
