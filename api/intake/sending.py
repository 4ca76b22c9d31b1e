"""What is sent in: ``POST`` and ``PUT`` of postings, people and employers, alone or as NDJSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.bodies import Body, read_body
from api.problems import BadRequest, Forbidden, Invalid
from api.services import Services
from matcher.shapes import FieldError
from streams.intake import queries
from streams.intake.gateway import Answer, Idempotency, Item, receive_employers, receive_people, receive_postings

router = APIRouter(tags=["intake"])

WAIT_S = 10.0
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
Wait = Annotated[int, Query(ge=0, le=1, description="1: wait for intake's outcome, at most 10 s")]
STAFF = ("commissioner", "administrator")


def _items(body: Body, given_id: str | None = None) -> list[Item]:
    return [Item(line, raw, given_id) for line, raw in body.objects]


def _once(caller: Caller, path: str, key: str | None, body: Body) -> Idempotency | None:
    return Idempotency(f"{caller.account_id} {path}", key, body.raw) if key else None


def _respond(here: Services, kind: str, body: Body, answers: list[Answer], wait: bool) -> JSONResponse:
    rejected = [answer.rejected() for answer in answers if answer.outcome == "rejected"]
    rejected += [{"line": line, "errors": [error.model_dump(exclude_none=True)]} for line, error in body.faulty]
    accepted = [answer for answer in answers if answer.outcome != "rejected"]
    if body.many:
        listed = {"accepted": [answer.accepted() for answer in accepted], "rejected": sorted(rejected, key=lambda entry: entry["line"])}
        if not accepted:
            return JSONResponse(listed, 422)
        if wait:
            _wait(here, accepted[-1])
            for entry in listed["accepted"]:
                entry.update(_outcome(here, kind, entry["id"]))
        return JSONResponse(listed, 202)
    if not accepted:
        errors = list(answers[0].errors) if answers else [error for _, error in body.faulty]
        if any(error.message.startswith("this credential") for error in errors):
            raise Forbidden("这个账号只能发送自己单位、市场或品牌的内容", errors=errors)
        raise Invalid("有字段不符合要求，请按 errors 修改后再发", errors=errors)
    answer = accepted[0]
    entry = answer.accepted()
    if wait and _wait(here, answer):
        return JSONResponse({**entry, **_outcome(here, kind, str(answer.id))}, 200)
    return JSONResponse({**entry, "state": "received"}, 202)


def _wait(here: Services, answer: Answer) -> bool:
    return answer.message_id is None or here.exchange.wait_handled(answer.message_id, "intake", WAIT_S)


def _outcome(here: Services, kind: str, id_: str) -> dict[str, Any]:
    """What intake made of it: published, held {rule, evidence, change}, merged, ..."""
    if kind != "posting":
        return {"state": "registered"}
    with here.exchange.reading() as connection:
        found = queries.posting(connection, id_)
    if found is None:
        return {"state": "received"}
    outcome: dict[str, Any] = {"state": found["state"]}
    if found["state"] == "held":
        outcome["held"] = found["reasons"]
        outcome.update({name: found["reasons"][0][name] for name in ("rule", "evidence", "change")} if found["reasons"] else {})
    if found.get("merged_into"):
        outcome["merged_into"] = found["merged_into"]
    return outcome


def posting_rights(caller: Caller) -> Callable[[str, frozenset[str]], bool] | None:
    """Which owners' postings this credential may write; None: all."""
    if caller.role in STAFF:
        return None
    own = frozenset((*caller.owner_ids, *((caller.employer_id,) if caller.employer_id else ())))

    def allowed(source: str, names: frozenset[str]) -> bool:
        return bool(own & names)

    return allowed


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

    def send() -> JSONResponse:
        answers = receive_postings(
            here.exchange,
            _items(body, given),
            sender=f"account:{who.account_id}",
            verified=who.role != "employer" or employer_is_confirmed(here, who),
            defaults=posting_defaults(who),
            owner_allowed=posting_rights(who),
            idempotency=_once(who, request.url.path, key, body),
        )
        return _respond(here, "posting", body, answers, bool(wait))

    return await run_in_threadpool(send)


def employer_is_confirmed(here: Services, caller: Caller) -> bool:
    """Whether the caller's employer was confirmed by staff."""
    with here.exchange.reading() as connection:
        found = queries.employer(connection, caller.employer_id or "")
    return bool(found and found["verified"])


@router.post("/postings", status_code=202)
async def post_postings(request: Request, here: Here, caller: CallerOrNone, idempotency_key: Key = None, wait: Wait = 0) -> JSONResponse:
    """Postings of the caller's own owner: one JSON object or NDJSON. ``?wait=1`` answers with intake's outcome."""
    return await _send_postings(request, here, caller, idempotency_key, wait, None)


@router.put("/postings/{posting_id}", status_code=202)
async def put_posting(
    request: Request, here: Here, caller: CallerOrNone, posting_id: str, idempotency_key: Key = None, wait: Wait = 0
) -> JSONResponse:
    """A new version of a posting."""
    with here.exchange.reading() as connection:
        found = queries.posting(connection, posting_id)
    if found is not None:
        scope.posting(caller, owner=found["owner"], employer_id=found["employer_id"], region=found["region"])
    return await _send_postings(request, here, caller, idempotency_key, wait, posting_id)


@router.post("/people", status_code=202)
async def post_people(request: Request, here: Here, caller: CallerOrNone, idempotency_key: Key = None, wait: Wait = 0) -> JSONResponse:
    """People: by counter staff, administrators and registers; a jobseeker's account writes that person only."""
    who = scope.signed_in(caller, "jobseeker", "partner", *STAFF)
    body = await read_body(request)

    def send() -> JSONResponse:
        own = who.person_id
        answers = receive_people(
            here.exchange,
            _items(body, own if who.role == "jobseeker" and not body.many else None),
            sender=f"account:{who.account_id}",
            owner_allowed=(lambda person_id: person_id == own) if who.role == "jobseeker" else None,
            idempotency=_once(who, request.url.path, idempotency_key, body),
        )
        return _respond(here, "person", body, answers, bool(wait))

    return await run_in_threadpool(send)


@router.post("/employers", status_code=202)
async def post_employers(request: Request, here: Here, caller: CallerOrNone, idempotency_key: Key = None, wait: Wait = 0) -> JSONResponse:
    """Employers: by themselves, or by staff, whose word confirms them."""
    who = scope.signed_in(caller, "employer", "partner", *STAFF)
    body = await read_body(request)

    def send() -> JSONResponse:
        own = who.employer_id
        answers = receive_employers(
            here.exchange,
            _items(body, own if who.role == "employer" and not body.many else None),
            sender=f"account:{who.account_id}",
            verified=who.role in STAFF or (who.role == "employer" and employer_is_confirmed(here, who)),
            owner_allowed=(lambda employer_id: employer_id == own) if who.role == "employer" else None,
            idempotency=_once(who, request.url.path, idempotency_key, body),
        )
        return _respond(here, "employer", body, answers, bool(wait))

    return await run_in_threadpool(send)


def required(value: str | None, field: str, message: str) -> str:
    """A parameter that must be there; names it when it is not."""
    if not value or not value.strip():
        raise BadRequest("缺少参数", errors=[FieldError(field=field, message=message)])
    return value.strip()
