"""An employer's postings: all of them with their state, a new one, a new version, taken back, confirmed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.forms import Form, Posted
from api.intake import posting_form
from api.intake.asking import found_posting
from api.intake.sending import WAIT_S, employer_is_confirmed, posting_defaults, posting_rights
from api.pages import fragment, page, region
from api.problems import Conflict, Forbidden
from api.services import Services
from api.wording import in_words
from matcher.days import day_of
from matcher.policy.loader import load_catalogue
from matcher.shapes import read_employer
from matcher.wording import FORMS
from streams.delivery import queries as delivery
from streams.hiring import queries as hiring
from streams.intake import freshness, queries
from streams.intake.employer_questions import questions
from streams.intake.gateway import Answer, Idempotency, Item, confirm_posting, receive_postings, withdraw_posting
from streams.runtime.exchange import IdempotencyConflict

router = APIRouter(include_in_schema=False)
ITEMS = "employer_items.html"
MOST = 200
#: Questions at a time: a long form is not filled in, and the first ones open most.
MOST_ASKED = 3


def employer(caller: Caller | None) -> tuple[Caller, str]:
    """The employer's account that asks; a problem for everybody else."""
    who = scope.signed_in(caller, "employer")
    if who.employer_id is None:
        raise Forbidden("这个账号没有对应的用人单位，请联系人社服务专员")
    return who, who.employer_id


def manageable(here: Services, caller: Caller | None, posting_id: str) -> tuple[Caller, dict[str, Any]]:
    """A posting that the caller may manage; a problem otherwise."""
    scope.signed_in(caller)
    found = found_posting(here, posting_id)
    return scope.posting(caller, owner=found["owner"], employer_id=found["employer_id"], region=found["region"]), found


def _contents(here: Services, employer_id: str) -> dict[str, Any]:
    with here.exchange.reading() as connection:
        found = queries.of_employer(connection, employer_id, limit=MOST)
        counts = queries.counts(connection, employer_id=employer_id)
        for one in found:
            one["pushed"] = delivery.answers_of_posting(connection, one["posting_id"])
            one["steps"] = hiring.counts(connection, one["posting_id"])
    order = {"held": 0, "received": 1, "published": 2}
    return {"postings": sorted(found, key=lambda one: order.get(one["state"], 3)), "counts": counts, "most": MOST}


@router.get("/employer")
def mine(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """My postings: what needs doing first."""
    _, employer_id = employer(caller)
    today = day_of(here.exchange.now())
    with here.exchange.reading() as connection:
        found = queries.employer(connection, employer_id)
        due = freshness.to_confirm(connection, today, employer_id=employer_id)
    asked = questions(load_catalogue(), read_employer(found["employer"]), today)[:MOST_ASKED] if found is not None else []
    items = region(request, ITEMS, _contents(here, employer_id), url="/employer/items", on="candidates")
    return page(request, "employer.html", {"items": items, "employer": found, "due": due, "asked": asked})


@router.get("/employer/items")
def mine_items(request: Request, here: Here, caller: CallerOrNone) -> Response:
    _, employer_id = employer(caller)
    return fragment(request, ITEMS, _contents(here, employer_id))


def _form_page(request: Request, values: dict[str, str], errors: dict[str, str], posting_id: str | None, notice: str = "") -> Response:
    known = posting_form
    choices = {
        "types": known.options(values, "type", known.TYPES, "其他类型"),
        "educations": known.options(values, "education_min", known.EDUCATION, "其他学历"),
        "experiences": known.options(values, "experience_years_min", known.EXPERIENCE, f"{values.get('experience_years_min', '')}年以上"),
        "pay_units": known.PAY_UNITS,
        "forms_offered": FORMS,
        "open_to": known.OPEN_TO,
        "yes_no": known.YES_NO,
        "shifts": known.SHIFTS,
        "insurances": known.INSURANCES,
        "pay_taxes": known.PAY_TAX,
    }
    # A new token each time: a corrected form is another posting, the same form sent twice is one.
    shown = {"values": values, "errors": errors, "posting_id": posting_id, "once": str(uuid4()), "notice": notice, **choices}
    return page(request, "posting_form.html", shown, status=422 if errors else 200)


@router.get("/employer/new")
def new_form(request: Request, here: Here, caller: CallerOrNone) -> Response:
    _, employer_id = employer(caller)
    with here.exchange.reading() as connection:
        found = queries.employer(connection, employer_id)
    values = {"type": "regular", "employment_form": "full_time", "pay.unit": "month", "region": (found or {}).get("region") or ""}
    return _form_page(request, values, {}, None)


@router.post("/employer/new")
def new(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Send a new opening in and show what intake made of it."""
    who, employer_id = employer(caller)
    raw, errors = posting_form.read(form)
    if errors:
        return _form_page(request, posting_form.sent_values(form), errors, None)
    with here.exchange.reading() as connection:
        known = queries.employer(connection, employer_id) or {}
    raw["employer"] = {"employer_id": employer_id, **{name: known[name] for name in ("name", "uscc") if known.get(name)}}
    return _send(request, here, who, form, raw, None)


@router.get("/employer/postings/{posting_id}/edit")
def edit_form(posting_id: str, request: Request, here: Here, caller: CallerOrNone) -> Response:
    _, found = manageable(here, caller, posting_id)
    if found["posting"] is None:
        raise Conflict("岗位刚收到，正在处理，请稍后再改")
    return _form_page(request, posting_form.values_of(found["posting"]), {}, posting_id)


@router.post("/employer/postings/{posting_id}/edit")
def edit(posting_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """A new version of the posting."""
    who, found = manageable(here, caller, posting_id)
    if found["posting"] is None:
        raise Conflict("岗位刚收到，正在处理，请稍后再改")
    raw, errors = posting_form.read(form, found["posting"])
    if errors:
        return _form_page(request, posting_form.sent_values(form), errors, posting_id)
    return _send(request, here, who, form, raw, posting_id)


def _send(request: Request, here: Services, who: Caller, form: Form, raw: dict[str, Any], posting_id: str | None) -> Response:
    once = form.text("once")[:100]
    try:
        answer = receive_postings(
            here.exchange,
            [Item(1, raw, posting_id)],
            sender=f"account:{who.account_id}",
            via="page",
            verified=who.role != "employer" or employer_is_confirmed(here, who),
            defaults=posting_defaults(who),
            owner_allowed=posting_rights(who),
            idempotency=Idempotency(f"{who.account_id} {request.url.path}", once, orjson.dumps(raw)) if once else None,
        )[0]
    except IdempotencyConflict:
        return _form_page(
            request, posting_form.sent_values(form), {}, posting_id, "这张表已经发送过一次。要再发一个岗位，请核对后再点发送。"
        )
    if answer.outcome == "rejected":
        return _form_page(request, posting_form.sent_values(form), _errors(answer), posting_id)
    if answer.message_id is not None:
        here.exchange.wait_handled(answer.message_id, "intake", WAIT_S)
    return RedirectResponse(f"/employer/postings/{answer.id}?sent=1", 303)


def _errors(answer: Answer) -> dict[str, str]:
    return {error.field: in_words(error) for error in answer.errors}


@router.post("/employer/postings/{posting_id}/withdraw")
def withdraw(posting_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Take the posting back, with the reason."""
    who, found = manageable(here, caller, posting_id)
    if found["state"] not in ("published", "held", "received"):
        raise Conflict("这个岗位已经不在招了")
    reason = form.text("reason")[:500] or "用人单位撤回"
    message_id = withdraw_posting(here.exchange, posting_id, reason, by=who.account_id, sender=f"account:{who.account_id}")
    here.exchange.wait_handled(message_id, "intake", WAIT_S)
    return RedirectResponse(f"/employer/postings/{posting_id}", 303)


@router.post("/employer/postings/{posting_id}/confirm")
def confirm(posting_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """The opening still stands: its days start anew."""
    who, _ = manageable(here, caller, posting_id)
    message_id = confirm_posting(here.exchange, posting_id, by=who.account_id, sender=f"account:{who.account_id}")
    here.exchange.wait_handled(message_id, "intake", WAIT_S)
    return RedirectResponse(f"/employer/postings/{posting_id}", 303)
