"""What is sent in: ``POST`` and ``PUT`` of postings, people and employers, alone or as NDJSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.bodies import Body, read_body
from api.described import sent_body
from api.problems import Forbidden, Invalid, NotFound
from api.services import Services
from matcher.shapes import FieldError
from streams.intake import queries
from streams.intake.gateway import Answer, Idempotency, Item, Rights, receive_employers, receive_people, receive_postings

router = APIRouter(tags=["intake"])

WAIT_S = 10.0
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
Wait = Annotated[int, Query(ge=0, le=1, description="1: wait for intake's outcome, at most 10 s")]
STAFF = scope.STAFF


def _items(body: Body, given_id: str | None = None) -> list[Item]:
    return [Item(line, raw, given_id) for line, raw in body.objects]


def _once(caller: Caller, request: Request, key: str | None, body: Body) -> Idempotency | None:
    return Idempotency(f"{caller.account_id} {request.method} {request.url.path}", key, body.raw) if key else None


def _respond(here: Services, kind: str, body: Body, answers: list[Answer], wait: bool) -> JSONResponse:
    rejected = [answer.rejected() for answer in answers if answer.outcome == "rejected"]
    rejected += [{"line": line, "errors": [error.model_dump(exclude_none=True)]} for line, error in body.faulty]
    accepted = [answer for answer in answers if answer.outcome != "rejected"]
    handled = wait and _wait(here, accepted)
    if body.many:
        entries = [_entry(here, kind, answer, handled) for answer in accepted]
        listed = {"accepted": entries, "rejected": sorted(rejected, key=lambda entry: entry["line"])}
        return JSONResponse(listed, 202 if accepted else 422)
    if not accepted:
        errors = list(answers[0].errors) if answers else [error for _, error in body.faulty]
        more = {"state": "rejected", "outcome": "rejected"}
        if any(error.message.startswith("this credential") for error in errors):
            raise Forbidden("这个账号只能发送自己单位、市场、品牌或负责区域的内容", errors=errors, more=more)
        raise Invalid("有字段不符合要求，请按 errors 修改后再发", errors=errors, more=more)
    return JSONResponse(_entry(here, kind, accepted[0], handled), 200 if handled else 202)


def _entry(here: Services, kind: str, answer: Answer, handled: bool) -> dict[str, Any]:
    entry = {**answer.accepted(), f"{kind}_id": answer.id}
    return {**entry, **(_outcome(here, kind, str(answer.id)) if handled else {"state": "received"})}


def _wait(here: Services, accepted: list[Answer]) -> bool:
    """Until intake is past all of them, or the time is over. Messages are handled in their order, so the last new one is enough."""
    new = [answer.message_id for answer in accepted if answer.outcome != "unchanged" and answer.message_id is not None]
    old = [answer.message_id for answer in accepted if answer.message_id is not None]
    waited_for = new[-1:] or old
    ends = time.monotonic() + WAIT_S
    return bool(accepted) and all(here.exchange.wait_handled(id_, "intake", max(0.0, ends - time.monotonic())) for id_ in waited_for)


def _outcome(here: Services, kind: str, id_: str) -> dict[str, Any]:
    """What intake made of it: published, held {rule, evidence, change}, merged, ..."""
    if kind != "posting":
        return {"state": "registered", "outcome": "registered"}
    with here.exchange.reading() as connection:
        found = queries.posting(connection, id_)
    if found is None or found["state"] == "received":
        return {"state": "received"}
    return {"outcome": found["state"], **state_of(found)}


def state_of(found: dict[str, Any]) -> dict[str, Any]:
    """A posting's state; of a held one the first reason by field, and all of them. For its source and staff."""
    answer: dict[str, Any] = {"state": found["state"]}
    if found["state"] == "held" and found["reasons"]:
        first = {name: found["reasons"][0].get(name) for name in ("rule", "evidence", "change")}
        answer |= {**first, "held": first, "reasons": found["reasons"]}
    if found.get("merged_into"):
        answer["merged_into"] = found["merged_into"]
    return answer


def posting_rights(caller: Caller) -> Callable[[str, frozenset[str]], bool] | None:
    """Which owners' postings this credential may write; None: all."""
    if caller.role in STAFF:
        return None
    own = frozenset((*caller.owner_ids, *((caller.employer_id,) if caller.employer_id else ())))

    def allowed(source: str, names: frozenset[str]) -> bool:
        return bool(own & names)

    return allowed


def staff_rights(caller: Caller) -> Rights:
    """A commissioner writes what lies in their own region."""
    return Rights(in_charge=partial(scope.in_region, caller)) if caller.role == "commissioner" else Rights()


def posting_defaults(caller: Caller) -> dict[str, Any] | None:
    """An employer's account need not name itself."""
    if caller.role == "employer":
        return {"source": "enterprise", "employer": {"employer_id": caller.employer_id}}
    return None


async def _send_postings(
    request: Request, here: Services, caller: Caller | None, key: str | None, wait: int, given: str | None
) -> JSONResponse:
    who = scope.signed_in(caller, "employer", "operator", "partner", *STAFF)
    body = await read_body(request)
    if given is not None and body.many:
        raise Invalid("一次只能修改一个岗位", errors=[FieldError(field="(body)", message="one JSON object expected")])

    def send() -> JSONResponse:
        answers = receive_postings(
            here.exchange,
            _items(body, given),
            sender=f"account:{who.account_id}",
            verified=who.role != "employer" or employer_is_confirmed(here, who),
            defaults=posting_defaults(who),
            owner_allowed=posting_rights(who),
            rights=staff_rights(who),
            idempotency=_once(who, request, key, body),
        )
        return _respond(here, "posting", body, answers, bool(wait))

    return await run_in_threadpool(send)


def employer_is_confirmed(here: Services, caller: Caller) -> bool:
    """Whether the caller's employer was confirmed by staff."""
    with here.exchange.reading() as connection:
        found = queries.employer(connection, caller.employer_id or "")
    return bool(found and found["verified"])


@router.post("/postings", status_code=202, response_class=JSONResponse, openapi_extra=sent_body("Posting"))
async def post_postings(request: Request, here: Here, caller: CallerOrNone, idempotency_key: Key = None, wait: Wait = 0) -> JSONResponse:
    """Postings of the caller's own owner: one JSON object or NDJSON. ``?wait=1`` answers with intake's outcome."""
    return await _send_postings(request, here, caller, idempotency_key, wait, None)


def _may_put(here: Here, caller: CallerOrNone, posting_id: str) -> Caller:
    who = scope.signed_in(caller, "employer", "operator", "partner", *STAFF)
    settle(here, "posting", posting_id)
    with here.exchange.reading() as connection:
        found = queries.posting(connection, posting_id)
    if found is None:
        raise NotFound("没有这个岗位；新岗位请用 POST /api/v1/postings 发送")
    return scope.posting(who, owner=found["owner"], employer_id=found["employer_id"], region=found["region"])


@router.put("/postings/{posting_id}", status_code=202, response_class=JSONResponse, openapi_extra=sent_body("Posting", many=False))
async def put_posting(
    request: Request,
    here: Here,
    caller: Annotated[Caller, Depends(_may_put)],
    posting_id: str,
    idempotency_key: Key = None,
    wait: Wait = 0,
) -> JSONResponse:
    """A new version of a posting, whole."""
    return await _send_postings(request, here, caller, idempotency_key, wait, posting_id)


@router.post("/people", status_code=202, response_class=JSONResponse, openapi_extra=sent_body("Person"))
async def post_people(request: Request, here: Here, caller: CallerOrNone, idempotency_key: Key = None, wait: Wait = 0) -> JSONResponse:
    """People: by counter staff of their region, administrators and registers; a jobseeker's account writes that person only.

    What only an office may say (失业登记, recognised categories) stays as staff set it when a person's own account writes;
    ``notes`` says so.
    """
    who = scope.signed_in(caller, "jobseeker", "partner", *STAFF)
    body = await read_body(request)

    def send() -> JSONResponse:
        own = who.person_id
        if who.role == "jobseeker" and own is not None:
            settle(here, "person", own)
        answers = receive_people(
            here.exchange,
            _items(body),
            defaults={"person_id": own} if who.role == "jobseeker" else None,
            sender=f"account:{who.account_id}",
            owner_allowed=(lambda person_id: person_id == own) if who.role == "jobseeker" else None,
            rights=_profile_rights(who, "jobseeker"),
            idempotency=_once(who, request, idempotency_key, body),
        )
        return _respond(here, "person", body, answers, bool(wait))

    return await run_in_threadpool(send)


def _profile_rights(caller: Caller, of_itself: str) -> Rights:
    if caller.role == of_itself:
        return Rights(own_words=True)
    return Rights(only_senders=True) if caller.role == "partner" else staff_rights(caller)


def settle(here: Services, kind: str, id_: str) -> None:
    """Let intake get past what was sent of this one before: what staff said a moment ago must not be overwritten by who did not see it."""
    with here.exchange.reading() as connection:
        sent = queries.sent(connection, kind, id_)
    if sent is not None:
        here.exchange.wait_handled(sent["message_id"], "intake", 2.0)


@router.post("/employers", status_code=202, response_class=JSONResponse, openapi_extra=sent_body("Employer"))
async def post_employers(request: Request, here: Here, caller: CallerOrNone, idempotency_key: Key = None, wait: Wait = 0) -> JSONResponse:
    """Employers: by themselves, or by staff of their region, whose word confirms them.

    Its place on the list of key employers, programmes, recognitions and, once confirmed, name and credit code are kept as staff set them
    when an employer's own account writes; ``notes`` says so.
    """
    who = scope.signed_in(caller, "employer", "partner", *STAFF)
    body = await read_body(request)

    def send() -> JSONResponse:
        own = who.employer_id
        if who.role == "employer" and own is not None:
            settle(here, "employer", own)
        answers = receive_employers(
            here.exchange,
            _items(body),
            defaults={"employer_id": own} if who.role == "employer" else None,
            sender=f"account:{who.account_id}",
            verified=who.role in STAFF or (who.role == "employer" and employer_is_confirmed(here, who)),
            owner_allowed=(lambda employer_id: employer_id == own) if who.role == "employer" else None,
            rights=_profile_rights(who, "employer"),
            idempotency=_once(who, request, idempotency_key, body),
        )
        return _respond(here, "employer", body, answers, bool(wait))

    return await run_in_threadpool(send)
