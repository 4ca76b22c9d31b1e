"""Licences that rest on a promise (告知承诺, E-27): the list that staff have to look at again, and what they found; interface and page."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.forms import Posted
from api.pages import PROVINCE, page
from api.problems import Conflict, NotFound
from api.services import Services
from matcher.days import day_of
from streams.intake import commitments, gateway

router = APIRouter(tags=["employers"])
pages = APIRouter(include_in_schema=False)
PAGE = 50
DECISIONS = {"kept": "已履行承诺", "broken": "未履行承诺"}
_SHOWN = (
    "employer_id", "name", "region", "number", "since", "due_on", "overdue", "state", "checked_on", "reason", "public_postings",
)  # fmt: skip


class CommitmentDecisionIn(BaseModel):
    """``kept``: the agency did what it promised. ``broken``: it did not; its postings wait, with the reason, until it has."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["kept", "broken"]
    reason: str = Field(min_length=1, max_length=500)


def _listed(here: Services, who: Caller, after: str | None) -> dict[str, Any]:
    region = None if who.role == "administrator" else who.region
    today, days = day_of(here.exchange.now()), int(here.options.subject_settings.get("commitment_check_days", commitments.CHECK_DAYS))
    with here.exchange.reading() as connection:
        found = commitments.to_check(connection, today, region=region, days=days, after=after, limit=PAGE + 1)
        not_kept = [] if after else commitments.not_kept(connection, today, region=region, days=days)
        counts = commitments.counts(connection, region=region)
    return {
        "items": [_shown(one) for one in found[:PAGE]],
        "not_kept": [_shown(one) for one in not_kept],
        "counts": counts,
        "cursor": found[PAGE - 1]["employer_id"] if len(found) > PAGE else None,
    }


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in _SHOWN if one[name] is not None}


def decide(here: Services, caller: Caller | None, employer_id: str, given: CommitmentDecisionIn) -> dict[str, Any]:
    """The commitment after the decision; a problem where there is none, it lies elsewhere, or was found so already."""
    who, known = _of_own_region(here, caller, employer_id)
    if not commitments.may_follow(known["state"], given.decision):
        raise Conflict("这家机构的核查结果已经是这样了")
    message_id = gateway.decide_commitment(
        here.exchange, employer_id, given.decision, by=who.account_id, reason=given.reason, sender=f"account:{who.account_id}"
    )
    if here.exchange.wait_handled(message_id, "intake", 5):
        known = _commitment(here, employer_id)
    return {"employer_id": employer_id, "message_id": message_id, "state": known["state"]}


def _of_own_region(here: Services, caller: Caller | None, employer_id: str) -> tuple[Caller, dict[str, Any]]:
    """Staff of the agency's place, and its commitment; a problem otherwise."""
    who = scope.signed_in(caller, *scope.STAFF)
    known = _commitment(here, employer_id)
    scope.employer(who, None, known["region"])
    return who, known


def _commitment(here: Services, employer_id: str) -> dict[str, Any]:
    with here.exchange.reading() as connection:
        found = commitments.commitment(connection, employer_id)
    if found is None:
        raise NotFound("没有这家机构，或者它的许可不是以告知承诺方式取得的")
    return found


@router.get("/commitments")
def to_check(here: Here, caller: CallerOrNone, after: Annotated[str | None, Query(max_length=200)] = None) -> dict[str, Any]:
    """Agencies of the caller's region whose licence rests on a promise that nobody has looked at yet, the soonest due first (``due_on``,
    ``overdue``); with the first page those that were found not to keep theirs, and how many there are by state."""
    return _listed(here, scope.signed_in(caller, *scope.STAFF), after)


@router.post("/employers/{employer_id}/commitment-decision", status_code=202)
def decided(employer_id: str, given: CommitmentDecisionIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Staff of the agency's place say what they found: ``kept`` or ``broken``; what was broken can be found kept later."""
    return JSONResponse(decide(here, caller, employer_id, given), 202)


@pages.get("/commissioner/commitments")
def listed(
    request: Request, here: Here, caller: CallerOrNone, after: Annotated[str | None, Query(max_length=200)] = None, done: str = ""
) -> Response:
    """The same as a page."""
    return _page(request, here, scope.signed_in(caller, *scope.STAFF), after, done=done)


def _page(request: Request, here: Services, who: Caller, after: str | None = None, *, done: str = "", wrong: str = "") -> Response:
    values = {
        **_listed(here, who, after), "decisions": DECISIONS, "where": who.region or PROVINCE,
        "done": DECISIONS.get(done, ""), "wrong": wrong,
    }  # fmt: skip
    return page(request, "commitments.html", values, status=422 if wrong else 200)


@pages.post("/commissioner/commitments/{employer_id}")
def found(employer_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """已履行承诺 or 未履行承诺, with what was found."""
    who, _ = _of_own_region(here, caller, employer_id)
    decision, reason = form.text("decision"), form.text("reason")
    if decision not in DECISIONS:
        return _page(request, here, who, wrong="请选择核查结果")
    if not reason or len(reason) > 500:
        return _page(request, here, who, wrong="请写明核查情况（最多500字）")
    try:
        decide(here, who, employer_id, CommitmentDecisionIn(decision=cast(Any, decision), reason=reason))
    except Conflict as problem:
        return _page(request, here, who, wrong=problem.detail)
    return RedirectResponse(f"/commissioner/commitments?done={decision}", 303)
