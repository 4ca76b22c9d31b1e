"""Postings asked for: one, or a search with facets; withdrawn by their source; held ones decided by staff. People and employers by id."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.access import scope
from api.access.accounts import Caller, forget_accounts
from api.access.identify import CallerOrNone, Here
from api.described import search_parameters
from api.intake.sending import settle, state_of
from api.matching.routes import public_posting
from api.problems import BadRequest, Conflict, Gone, Invalid, NotFound, Problem
from api.search.facets import search_with_facets
from api.services import Services
from matcher.days import day_of
from matcher.places import seat_of
from matcher.policy.wording import day_words
from matcher.shapes import FieldError, field_errors, read_posting
from search.errors import QueryError
from search.query import PARAMETERS, read_query
from streams.intake import queries
from streams.intake.gateway import confirm_posting, decide_hold, delete_person, withdraw_posting

router = APIRouter(tags=["postings"])
FACETS = "form,source,region,type"
ENDED = ("withdrawn", "expired", "filled", "rejected", "merged")


def found_posting(here: Services, posting_id: str) -> dict[str, Any]:
    """A posting in any state; a problem where nobody sent it."""
    with here.exchange.reading() as connection:
        found = queries.posting(connection, posting_id)
    if found is None:
        raise NotFound("没有这个岗位")
    return found


def shown_to_all(found: dict[str, Any]) -> bool:
    """Whether it is or was for everybody's eyes: neither held nor ended before it ever became public. What is not handled yet has
    nothing to show, and a merged one leads to its opening."""
    return found["state"] in ("published", "received", "merged") or (found["state"] != "held" and found["public_since"] is not None)


def ended_at(here: Services, found: dict[str, Any]) -> str:
    """When a posting that has ended was taken down."""
    with here.exchange.reading() as connection:
        return queries.ended_at(connection, found)


def _may_change(caller: Caller | None, found: dict[str, Any]) -> Caller:
    return scope.posting(caller, owner=found["owner"], employer_id=found["employer_id"], region=found["region"])


def _is_own(caller: Caller | None, found: dict[str, Any]) -> bool:
    if caller is None:
        return False
    try:
        _may_change(caller, found)
    except Problem:
        return False
    return True


def around(parameters: dict[str, Any]) -> dict[str, Any]:
    """``radius_km`` without a point is drawn around the seat of the one region named, which is then the centre rather than a filter:
    whoever lives at the edge of a county looks across it."""
    region = parameters.get("region")
    if not parameters.get("radius_km") or parameters.get("near") or not isinstance(region, str):
        return parameters
    seat = seat_of(region.strip()) if re.fullmatch(r"[1-9]\d{5}", region.strip()) else None
    if seat is None:
        return parameters
    return {**{name: value for name, value in parameters.items() if name != "region"}, "near": f"{seat[0]},{seat[1]}"}


def search_postings(here: Services, parameters: dict[str, Any]) -> dict[str, Any]:
    """A page of postings with total, facets and the cursor of the next; raises a problem naming the parameter."""
    try:
        query = read_query(around(parameters))

        def allowed(ids: list[str]) -> set[str]:
            with here.exchange.reading() as connection:
                return queries.visible(connection, ids)

        page = search_with_facets(here, query, allowed)
    except QueryError as error:
        raise BadRequest(
            "查询参数有误", errors=[FieldError(field=error.field, message=error.message, allowed=list(error.allowed or ()) or None)]
        ) from None
    with here.exchange.reading() as connection:
        documents = queries.postings_by_id(connection, page.posting_ids)
    items = []
    for hit in page.hits:
        found = documents.get(hit.posting_id)
        if found is None:
            continue
        item = public_posting(read_posting(found["posting"]))
        if hit.kilometres is not None:
            item["distance_km"] = round(hit.kilometres, 1)
        items.append(item)
    return {"total": page.total, "items": items, "facets": page.facets, "cursor": page.cursor}


@router.get("/postings", openapi_extra={"parameters": search_parameters()})
def search(request: Request, here: Here) -> dict[str, Any]:
    """Search of public postings: q, region, near, radius_km, form, pay_min, source, type, education, sort, facets, limit, cursor."""
    given: dict[str, Any] = {}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        given[name] = values if len(values) > 1 else values[0]
    unknown = [name for name in given if name not in PARAMETERS and name not in ("lat", "lon")]
    if unknown:
        raise BadRequest(
            "没有这个参数", errors=[FieldError(field=name[:60], message="no such parameter", allowed=list(PARAMETERS)) for name in unknown]
        )
    if "lat" in given or "lon" in given:
        given["near"] = f"{given.pop('lat', '')},{given.pop('lon', '')}"
    given.setdefault("facets", FACETS)
    return search_postings(here, given)


@router.get("/postings/{posting_id}")
def posting(posting_id: str, here: Here, caller: CallerOrNone) -> Response:
    """One posting. Public ones for everybody; held ones, and those not handled yet, for their source and staff; ended ones say so (410)."""
    found = found_posting(here, posting_id)
    own = _is_own(caller, found)
    state = found["state"]
    answer: dict[str, Any] = {"posting_id": posting_id, "state": state}
    if not own and not shown_to_all(found):
        raise NotFound("没有这个岗位，或者它没有公开")
    if state == "published" or (own and found["posting"]):
        answer |= {
            **public_posting(read_posting(found["posting"])),
            "revision": found["revision"],
            "sources": len(found["sources"]),
            **state_of(found),
        }
    if own:
        answer["notes"] = found["notes"]
    if found["merged_into"]:
        answer["merged_into"] = found["merged_into"]
    if state in ENDED:
        at = ended_at(here, found)
        answer["ended"] = {"reason": state, "at": at}
        if not own:
            raise Gone(f"这个岗位已经结束（{day_words(day_of(datetime.fromisoformat(at)))}）", more=answer)
    return JSONResponse(answer)


class WithdrawIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=500)


def _changed_by(here: Here, caller: CallerOrNone, posting_id: str) -> Caller:
    """The caller, who may change this posting; a problem otherwise."""
    who = scope.signed_in(caller)
    settle(here, "posting", posting_id)
    return _may_change(who, found_posting(here, posting_id))


MayChange = Annotated[Caller, Depends(_changed_by)]


async def _reason(request: Request, reason: Annotated[str | None, Query(max_length=500)] = None) -> str:
    """Why, from the query or the body; a problem where neither says."""
    body = await request.body()
    if reason is None and body:
        try:
            reason = WithdrawIn.model_validate_json(body).reason
        except ValidationError as error:
            raise Invalid("有字段不符合要求", errors=field_errors(error)) from None
    if not reason or not reason.strip():
        raise BadRequest("请说明撤回原因", errors=[FieldError(field="reason", message="required, in the query or the body")])
    return reason.strip()


@router.delete(
    "/postings/{posting_id}",
    status_code=202,
    openapi_extra={"requestBody": {"required": False, "content": {"application/json": {"schema": WithdrawIn.model_json_schema()}}}},
)
def withdraw(
    posting_id: str, here: Here, who: MayChange, reason: Annotated[str, Depends(_reason)], wait: Annotated[int, Query(ge=0, le=1)] = 0
) -> JSONResponse:
    """Withdraw a posting, with the reason as ``?reason=`` or ``{"reason": …}``; ``?wait=1`` answers when intake has done so."""
    message_id = withdraw_posting(here.exchange, posting_id, reason, by=who.account_id, sender=f"account:{who.account_id}")
    handled = bool(wait) and here.exchange.wait_handled(message_id, "intake", 10)
    found = found_posting(here, posting_id) if handled else {"state": "received"}
    return JSONResponse({"posting_id": posting_id, "message_id": message_id, "state": found["state"]}, 200 if handled else 202)


@router.post("/postings/{posting_id}/confirm", status_code=202)
def confirm(posting_id: str, here: Here, who: MayChange) -> JSONResponse:
    """The source says that the posting still stands; its days start anew."""
    message_id = confirm_posting(here.exchange, posting_id, by=who.account_id, sender=f"account:{who.account_id}")
    return JSONResponse({"posting_id": posting_id, "message_id": message_id}, 202)


class DecisionIn(BaseModel):
    """``release`` publishes a held posting as it is, ``reject`` ends it; the reason is kept."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["release", "reject"]
    reason: str = Field(min_length=1, max_length=500)


@router.post("/postings/{posting_id}/decision", status_code=202)
def decide(posting_id: str, given: DecisionIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Staff of the posting's place decide on a held posting."""
    who = scope.signed_in(caller, *scope.STAFF)
    found = found_posting(here, posting_id)
    scope.employer(who, None, found["region"])
    if found["state"] != "held":
        raise Conflict("这个岗位不在待审状态")
    message_id = decide_hold(
        here.exchange, posting_id, given.decision, by=who.account_id, reason=given.reason, sender=f"account:{who.account_id}"
    )
    here.exchange.wait_handled(message_id, "intake", 5)
    return JSONResponse({"posting_id": posting_id, "message_id": message_id, "decision": given.decision}, 202)


def _not_handled(here: Services, who: Caller, kind: str, id_: str, own: bool) -> dict[str, Any]:
    """``state: received`` for whoever sent it, itself and administrators, while intake has not come to it; a problem otherwise."""
    with here.exchange.reading() as connection:
        sent = queries.sent(connection, kind, id_)
    if sent is not None and (own or who.role == "administrator" or sent["owner"] == f"account:{who.account_id}"):
        return {f"{kind}_id": id_, "state": "received"}
    raise NotFound("没有这位求职者" if kind == "person" else "没有这家单位")


@router.get("/people/{person_id}")
def person(person_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """A person's profile for that person and staff of the region; never the private values."""
    who = scope.about_person(caller, person_id)
    with here.exchange.reading() as connection:
        found = queries.person(connection, person_id)
    if found is None:
        return _not_handled(here, who, "person", person_id, who.role == "jobseeker")
    profile = found["person"]
    scope.person(here.exchange, who, person_id, (found["region"], profile.get("registered_at")), "profile")
    return {**profile, "state": "registered", "revision": found["revision"]}


@router.delete("/people/{person_id}", status_code=202)
def forget(person_id: str, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Forget a person: the key is destroyed, every past message becomes unreadable."""
    who = scope.about_person(caller, person_id)
    settle(here, "person", person_id)
    with here.exchange.reading() as connection:
        found = queries.person(connection, person_id)
    if found is None:
        raise NotFound("没有这位求职者")
    scope.person(here.exchange, who, person_id, (found["region"], found["person"].get("registered_at")), "delete")
    message_id = delete_person(here.exchange, person_id, sender=f"account:{who.account_id}")
    here.exchange.write(lambda connection: forget_accounts(connection, person_id))
    return JSONResponse({"person_id": person_id, "message_id": message_id}, 202)


@router.get("/employers/{employer_id}")
def employer(employer_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """An employer as it stands, for itself and staff of its region."""
    who = scope.signed_in(caller)
    with here.exchange.reading() as connection:
        found = queries.employer(connection, employer_id)
    if found is None:
        return _not_handled(here, who, "employer", employer_id, who.employer_id == employer_id)
    scope.employer(who, employer_id, found["region"])
    return {**found["employer"], "verified": found["verified"], "state": "registered", "revision": found["revision"]}
