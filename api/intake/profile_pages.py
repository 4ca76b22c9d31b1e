"""A jobseeker's own profile: shown, changed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.forms import Posted
from api.intake import profile_form
from api.intake.reconfirming import asked_since
from api.intake.sending import WAIT_S
from api.pages import page
from api.problems import Forbidden, NotFound
from api.search.saving import link_of
from api.services import Services
from api.wording import in_words, masked
from matcher.education import name_of
from matcher.wording import FORMS
from streams.delivery import searches
from streams.intake import queries
from streams.intake.gateway import Item, receive_people

router = APIRouter(include_in_schema=False)


def _profile(here: Services, person_id: str) -> dict[str, Any]:
    with here.exchange.reading() as connection:
        found = queries.person(connection, person_id)
    if found is None or not found.get("person"):
        raise NotFound("没有找到您的求职登记，请到公共就业服务机构办理")
    profile: dict[str, Any] = found["person"]
    return profile


def _page(
    request: Request,
    here: Services,
    person_id: str,
    profile: dict[str, Any],
    values: dict[str, str],
    errors: dict[str, str],
    saved: bool = False,
    confirmed: bool = False,
) -> Response:
    with here.exchange.reading() as connection:
        private = here.exchange.vault.reveal(connection, "person", person_id)
        searched = searches.of_person(connection, person_id)
    hidden = {name: masked(name, private.get(name)) for name in ("name", "id_number", "phone")}
    del private
    shown = {
        "profile": profile,
        "values": values,
        "errors": errors,
        "saved": saved,
        "confirmed": confirmed,
        "asked_since": asked_since(here, person_id),
        "hidden": hidden,
        "searches": [{**one, "link": link_of(one["parameters"])} for one in searched],
        "levels": profile_form.levels(values, name_of(values.get("education.level"))),
        "forms_offered": FORMS,
        "region_rows": profile_form.rows(values, "regions", profile_form.REGIONS),
        "job_rows": profile_form.rows(values, "job", profile_form.JOBS),
    }
    return page(request, "profile.html", shown, status=422 if errors else 200)


@router.get("/me")
def me(request: Request, here: Here, caller: CallerOrNone, saved: str = "", confirmed: str = "") -> Response:
    """My profile, to read and to change; name, identity number and telephone masked."""
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "profile")
    profile = _profile(here, person_id)
    return _page(request, here, person_id, profile, profile_form.values_of(profile), {}, bool(saved), bool(confirmed))


@router.post("/me")
def save(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Save what was changed; matching starts anew with it."""
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "profile")
    profile = _profile(here, person_id)
    raw, errors = profile_form.read(form, profile)
    if not errors:
        errors = _send(here, who, person_id, raw)
    if errors:
        return _page(request, here, person_id, profile, profile_form.sent_values(form), errors)
    return RedirectResponse("/me?saved=1", 303)


def _send(here: Services, who: Caller, person_id: str, raw: dict[str, Any]) -> dict[str, str]:
    answer = receive_people(
        here.exchange,
        [Item(1, {**raw, "person_id": person_id}, person_id)],
        sender=f"account:{who.account_id}",
        owner_allowed=lambda id_: id_ == person_id,
    )[0]
    if answer.outcome == "rejected":
        if any(error.message.startswith("this credential") for error in answer.errors):
            raise Forbidden("只能修改本人的资料")
        return {error.field.removeprefix("desired."): in_words(error) for error in answer.errors}
    if answer.message_id is not None:
        here.exchange.wait_handled(answer.message_id, "intake", WAIT_S)
    return {}
