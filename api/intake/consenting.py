"""Consent, purpose by purpose: given and taken back by the person, or by staff at the person's word; with its days and its history.

There is one place for it, the profile: what is said here is the profile said again with another consent, and works as that does.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict

from api.access import scope
from api.access.accounts import Caller, caller_of
from api.access.identify import CallerOrNone, Here
from api.access.looked import READERS
from api.delivery.pages import jobseeker
from api.forms import Posted
from api.intake.sending import settle, staff_rights
from api.pages import page
from api.problems import BadRequest, Invalid, NotFound
from api.services import Services
from streams.intake import queries
from streams.intake.consents import PURPOSES, WORDS, Purpose, current
from streams.intake.gateway import Item, Rights, receive_people

router = APIRouter(tags=["intake"])
pages = APIRouter(include_in_schema=False)
WAIT_S = 5.0


class ConsentIn(BaseModel):
    """``given``: agreed to, or (false) not, or not any more."""

    model_config = ConfigDict(extra="forbid")
    given: bool


def told(here: Services, person_id: str) -> dict[str, Any]:
    """Every purpose as it stands, and what was said before, the newest first. Raises ``NotFound``."""
    with here.exchange.reading() as connection:
        history = queries.consents(connection, person_id)
        if history is None:
            raise NotFound("没有这位求职者")
        accounts = {one["by"].removeprefix("account:") for one in history if one["by"].startswith("account:")}
        roles = {one: caller.role for one in sorted(accounts) if (caller := caller_of(connection, one)) is not None}
    said = [
        {**{name: one[name] for name in ("purpose", "given", "at")}, "words": WORDS[one["purpose"]], "who": _who(one["by"], roles)}
        for one in reversed(history)
    ]
    return {"person_id": person_id, "items": current(history), "history": said}


def _who(by: str, roles: dict[str, str]) -> str:
    return READERS.get(roles.get(by.removeprefix("account:"), ""), "登记时提供")


def say(here: Services, who: Caller, person_id: str, purpose: str, given: bool) -> str | None:
    """Say the profile again with this consent; answers the message's id once intake has it. Whatever is appended after it is handled
    after it: the next recommendation, list or export knows of it."""
    settle(here, "person", person_id)
    with here.exchange.reading() as connection:
        found = queries.person(connection, person_id)
    if found is None:
        raise NotFound("没有这位求职者")
    profile = found["person"]
    changed = {**profile, "person_id": person_id, "consent": {**(profile.get("consent") or {}), purpose: given}}
    rights = Rights(own_words=True) if who.role == "jobseeker" else staff_rights(who)
    answer = receive_people(
        here.exchange, [Item(1, changed, person_id)], sender=f"account:{who.account_id}", owner_allowed=lambda id_: id_ == person_id,
        rights=rights,
    )[0]  # fmt: skip
    if answer.outcome == "rejected":
        raise Invalid("登记资料有误，不能修改，请先更正登记资料", errors=list(answer.errors))
    if answer.message_id is not None:
        here.exchange.wait_handled(answer.message_id, "intake", WAIT_S)
    return answer.message_id


def _may(here: Services, caller: Caller | None, person_id: str) -> Caller:
    scope.about_person(caller, person_id)
    with here.exchange.reading() as connection:
        found = queries.person(connection, person_id)
    if found is None:
        raise NotFound("没有这位求职者")
    return scope.person(here.exchange, caller, person_id, (found["region"], found["person"].get("registered_at")), "consents")


@router.get("/people/{person_id}/consents")
def consents(person_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """What a person agreed to: each purpose with ``given`` (null: nothing said) and ``since``; ``history`` with who said it, the newest
    first."""
    _may(here, caller, person_id)
    return told(here, person_id)


@router.put("/people/{person_id}/consents/{purpose}", status_code=202)
def consent(person_id: str, purpose: Purpose, given: ConsentIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Agree to a purpose or take it back: ``recommend``, ``share_with_employers``, ``share_with_civil_affairs``. What was taken back holds
    before the next push, list or export."""
    who = _may(here, caller, person_id)
    message_id = say(here, who, person_id, purpose, given.given)
    return JSONResponse({"person_id": person_id, "purpose": purpose, "given": given.given, "message_id": message_id}, 202)


@pages.get("/me/consents")
def consents_page(request: Request, here: Here, caller: CallerOrNone, saved: str = "") -> Response:
    """我同意的事项."""
    _, person_id = jobseeker(caller)
    return page(request, "consents.html", {**told(here, person_id), "saved": bool(saved)})


@pages.post("/me/consents")
def consent_page(here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """同意, 撤回."""
    who, person_id = jobseeker(caller)
    purpose, given = form.text("purpose"), form.text("given")
    if purpose not in PURPOSES or given not in ("yes", "no"):
        raise BadRequest("请从页面上选择同意或撤回")
    say(here, who, person_id, purpose, given == "yes")
    return RedirectResponse("/me/consents?saved=1", 303)
