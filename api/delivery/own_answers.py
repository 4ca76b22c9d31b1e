"""What a jobseeker's own answers do to their later recommendations: each rule shown, put aside, taken up again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.forms import Posted
from api.matching.routes import person_of
from api.problems import BadRequest, NotFound
from api.services import Services
from streams.delivery import leanings
from streams.delivery.messages import AnswerUse
from streams.runtime.exchange import Said

router = APIRouter(tags=["delivery"])
pages = APIRouter(include_in_schema=False)
WAIT_S = 5


class UseIn(BaseModel):
    """``used``: whether the answer moves later recommendations."""

    model_config = ConfigDict(extra="forbid")
    used: bool


def rules_of(here: Services, person_id: str) -> list[dict[str, Any]]:
    """The rules of the person's answers that have not run out, the newest first."""
    with here.exchange.reading() as connection:
        return leanings.of_person(connection, person_id, market.today(here))


def _set(here: Services, caller: Caller, person_id: str, match_id: str, used: bool) -> str:
    rule = next((one for one in rules_of(here, person_id) if one["match_id"] == match_id), None)
    if rule is None:
        raise NotFound("没有这条调整，或者它已经过期")
    message = AnswerUse(person_id=person_id, posting_id=rule["posting_id"], match_id=match_id, used=used)
    message_id = here.exchange.append([Said(message)], source=f"account:{caller.account_id}")[0]
    here.exchange.wait_handled(message_id, "delivery", WAIT_S)
    return message_id


@router.get("/people/{person_id}/answer-rules")
def answer_rules(person_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """What a person's own answers do to their later recommendations: ``kind`` (pay, distance, trade, hours: moved behind the others;
    interested: first among near equals), the ``text`` of the rule, ``until``, and whether it is ``used``."""
    scope.about_person(caller, person_id)
    person = person_of(here, person_id)
    scope.person(here.exchange, caller, person_id, (person.region, person.registered_at), "inbox")
    return {"person_id": person_id, "items": rules_of(here, person_id)}


@router.put("/people/{person_id}/answer-rules/{match_id}", status_code=202)
def answer_rule(person_id: str, match_id: str, given: UseIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Put the rule of an answer aside (``{"used": false}``), or take it up again. What it held goes out on the next day."""
    scope.about_person(caller, person_id)
    person = person_of(here, person_id)
    who = scope.person(here.exchange, caller, person_id, (person.region, person.registered_at), "answer")
    message_id = _set(here, who, person_id, match_id, given.used)
    return JSONResponse({"match_id": match_id, "used": given.used, "message_id": message_id}, 202)


@pages.post("/inbox/{match_id}/rule")
def rule_page(match_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """不再按这条调整, 恢复."""
    who, person_id = jobseeker(caller)
    used = form.text("used")
    if used not in ("yes", "no"):
        raise BadRequest("请从页面上选择取消或恢复")
    _set(here, who, person_id, match_id, used == "yes")
    return RedirectResponse("/inbox#rules", 303)
