"""Steps between a person and a posting."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.audit import Look
from api.access.identify import CallerOrNone, Here
from api.matching.routes import person_of, posting_with_employer
from api.problems import Conflict, Forbidden, Invalid
from api.services import Services
from matcher.policy.facts import FIRST_DAY
from matcher.shapes import FieldError
from streams.hiring import queries, rules
from streams.hiring.messages import Contract, OpeningsTaken, StepReported
from streams.runtime.exchange import Said
from streams.runtime.messages import derived_id

router = APIRouter(tags=["hiring"])
_TAKE_STEP = "hiring.take_step"  # the handler's name, from which the ids of what follows are derived


class ContractIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    signed: bool | None = None
    months: float | None = Field(default=None, ge=0, le=1200)
    insured_on: date | None = None


class StepIn(BaseModel):
    """``on`` is the day of the step, today when left out. ``hired`` and ``left`` are of days that have come: until then ``offered`` says
    that both sides agree."""

    model_config = ConfigDict(extra="forbid")
    step: Literal["invited", "talking", "offered", "hired", "not_hired", "left"]
    on: date | None = None
    reason: str | None = Field(default=None, max_length=500)
    contract: ContractIn | None = None


def report_step(here: Services, caller: Caller, person_id: str, posting_id: str, given: StepIn) -> str:
    """Append a step after the rules were asked; answers the message's id."""
    with here.exchange.reading() as connection:
        standing = queries.standing(connection, person_id, posting_id)
        ended = (queries.counts(connection, posting_id))["ended"]
    before = standing["step"] if standing is not None else None
    wrong = rules.check(before, given.step)
    if wrong is not None:
        raise Conflict(wrong)
    if ended is not None and given.step in ("invited", "talking") and before is None:
        raise Conflict("这个岗位已经结束，不能再邀请新的人选")
    today = market.today(here)
    hired_on = date.fromisoformat(standing["on"]) if standing is not None and before == "hired" else None
    day_fault = rules.day_fault(given.step, given.on or today, today, hired_on)
    if day_fault is not None:
        allowed = f"{hired_on if given.step == 'left' and hired_on is not None else FIRST_DAY} to {today}"
        raise Invalid(day_fault, errors=[FieldError(field="on", message=f"{allowed} expected", allowed=[allowed])])
    message = StepReported(
        person_id=person_id,
        posting_id=posting_id,
        step=given.step,
        on=given.on or today,
        by=caller.account_id,
        reason=given.reason,
        contract=Contract(**given.contract.model_dump()) if given.contract is not None else None,
    )
    return here.exchange.append([Said(message)], source=f"account:{caller.account_id}")[0]


def settle_step(here: Services, message_id: str, posting_id: str) -> None:
    """Wait until the step and the openings that it takes have been counted, so that what is asked next already knows of it."""
    here.exchange.wait_handled(message_id, "hiring", 5)
    taken = derived_id(message_id, _TAKE_STEP, OpeningsTaken.type, posting_id)
    for subject in ("intake", "staffing"):
        here.exchange.wait_handled(taken, subject, 2)


@router.post("/matches/{person_id}/{posting_id}/steps", status_code=202)
def step(person_id: str, posting_id: str, given: StepIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """A step by the employer, a commissioner, or the person (who may say ``left``). The last opening hired closes the posting as filled."""
    who = scope.signed_in(caller, "jobseeker", "employer", *scope.STAFF)
    if who.role == "jobseeker":
        scope.about_person(who, person_id)
    posting, _ = posting_with_employer(here, posting_id)
    if who.role != "jobseeker":
        scope.employer(who, posting.employer.employer_id, posting.region)
    person = person_of(here, person_id)
    if who.role == "jobseeker":
        if given.step != "left":
            raise Forbidden("求职者本人只能报告离职，其余由用人单位办理")
    elif person.consent is None or person.consent.recommend is not True:
        raise Forbidden("这位求职者没有同意接受推荐")
    if who.role != "jobseeker":
        scope.note(here.exchange, who, [Look(person_id, "step_taken", posting_id)])  # whether it can follow tells how things stand
    message_id = report_step(here, who, person_id, posting_id, given)
    settle_step(here, message_id, posting_id)
    return JSONResponse({"message_id": message_id, "person_id": person_id, "posting_id": posting_id, "step": given.step}, 202)


@router.get("/matches/{person_id}/{posting_id}/steps")
def steps(person_id: str, posting_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """How a pair stands, and every step so far."""
    who = scope.signed_in(caller, "jobseeker", "employer", *scope.STAFF)
    if who.role == "jobseeker":
        scope.about_person(who, person_id)
    posting, _ = posting_with_employer(here, posting_id)
    if who.role != "jobseeker":
        scope.employer(who, posting.employer.employer_id, posting.region)
    with here.exchange.reading() as connection:
        standing = queries.standing(connection, person_id, posting_id)
        history = queries.history(connection, person_id, posting_id)
    if who.role != "jobseeker" and (standing is not None or history):
        scope.note(here.exchange, who, [Look(person_id, "steps", posting_id)])
    return {"standing": standing, "steps": history}
