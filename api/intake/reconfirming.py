"""Whether what a person stated still stands: said by the person on the page, over the interface, or by the link of the letter that asks."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api.access import scope
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.forms import Posted
from api.intake.sending import WAIT_S
from api.matching.routes import person_of
from api.pages import page
from api.services import Services
from streams.delivery.asking import asked_behind
from streams.intake import queries
from streams.intake.gateway import confirm_person

router = APIRouter(tags=["intake"])
pages = APIRouter(include_in_schema=False)


def asked_since(here: Services, person_id: str) -> str | None:
    """The day since which the person has said nothing, where they are asked about it now."""
    with here.exchange.reading() as connection:
        found = queries.person(connection, person_id)
    return str(found["confirmed_on"]) if found is not None and found["asked_on"] is not None else None


def _say(here: Services, person_id: str, sender: str) -> str:
    message_id = confirm_person(here.exchange, person_id, sender=sender)
    here.exchange.wait_handled(message_id, "intake", WAIT_S)
    return message_id


@router.post("/people/{person_id}/confirm", status_code=202)
def confirm(person_id: str, here: Here, caller: CallerOrNone) -> JSONResponse:
    """What the person stated still stands and work is still looked for; its 90 days start anew."""
    scope.about_person(caller, person_id)
    person = person_of(here, person_id)
    who = scope.person(here.exchange, caller, person_id, (person.region, person.registered_at), "confirmed")
    return JSONResponse({"person_id": person_id, "message_id": _say(here, person_id, f"account:{who.account_id}")}, 202)


@pages.post("/me/confirm")
def confirm_page(here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """还在找工作，资料没有变."""
    who, person_id = jobseeker(caller)
    _say(here, person_id, f"account:{who.account_id}")
    return RedirectResponse("/inbox" if form.text("back") == "/inbox" else "/me?confirmed=1", 303)


def _behind(here: Services, token: str) -> tuple[str, bool] | None:
    """The person whom the link asked, and whether they have answered since; None where the link opens nothing (any more)."""
    with here.exchange.reading() as connection:
        found = asked_behind(connection, here.exchange.vault, token)
        known = queries.person(connection, found[0]) if found is not None else None
    if found is None or known is None:
        return None
    return found[0], known["confirmed_on"] > found[1]


def _answer(request: Request, found: tuple[str, bool] | None, token: str) -> Response:
    shown: dict[str, Any] = {"token": token, "opens": found is not None, "done": found is not None and found[1]}
    return page(request, "still.html", shown, status=200 if found is not None else 410)


@pages.get("/still/{token}")
def link(token: str, request: Request, here: Here) -> Response:
    """What the letter's link opens: a question and a button. Looking at it says nothing, for mail programs look at links by themselves."""
    return _answer(request, _behind(here, token), token)


@pages.post("/still/{token}")
def link_used(token: str, request: Request, here: Here) -> Response:
    """The button. Who has the link may say this one thing for the person, and sees nothing of them."""
    found = _behind(here, token)
    if found is not None and not found[1]:
        _say(here, found[0], "link")
    return _answer(request, _behind(here, token), token)
