"""One posting for everybody; for a jobseeker also how it suits, why not, and which benefits the hire would open."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.delivery.routes import REFUSALS, contact_of
from api.forms import Posted
from api.intake.asking import ENDED, ended_at, found_posting, shown_to_all
from api.intake.sitemap import site_address
from api.matching.job_posting import job_posting
from api.matching.routes import match, public_posting
from api.pages import page
from api.problems import BadRequest, Conflict, NotFound, Problem
from api.services import Services
from matcher.days import day_of
from matcher.match_order import match_id
from matcher.shapes import Posting, read_posting
from streams.delivery import queries as delivery
from streams.delivery.messages import RecommendationAnswered
from streams.hiring import queries as hiring
from streams.intake.pay_reference import pay_of_others
from streams.runtime.exchange import Said

router = APIRouter(include_in_schema=False)
#: Whom a benefit is for, as a jobseeker reads the list: own ones first.


@router.get("/postings/{posting_id}")
def posting_page(posting_id: str, request: Request, here: Here, caller: CallerOrNone) -> Response:
    """Public postings for everybody; ended ones answer 410 with reason and day; a merged one leads to the one it is part of."""
    found = found_posting(here, posting_id)
    state = found["state"]
    if state == "merged" and found["merged_into"]:
        return RedirectResponse(f"/postings/{found['merged_into']}", 303)
    own = _may_manage(caller, found)
    if not own and (state == "received" or not shown_to_all(found)):
        raise NotFound("没有这个岗位，或者它没有公开")
    posting = read_posting(found["posting"]) if found["posting"] else None
    values: dict[str, Any] = {
        "found": found,
        "posting": public_posting(posting) if posting else {},
        "own": own,
        "suits": None,
        "item": None,
        "ended_at": ended_at(here, found) if state in ENDED else None,
        "job_posting": None,
        "offered": None,
        "surveyed": None,
    }
    if state == "published" and posting is not None:
        url = f"{site_address(here, request)}/postings/{quote(posting_id, safe='')}"
        values["job_posting"] = job_posting(values["posting"], url=url, last_open_day=found["last_open_day"])
    if caller is not None and caller.role == "jobseeker" and caller.person_id and posting is not None:
        values |= _for_jobseeker(here, caller, caller.person_id, posting, state)
    return page(request, "posting.html", values, status=410 if state in ENDED and not own else 200)


def _may_manage(caller: Caller | None, found: dict[str, Any]) -> bool:
    if caller is None:
        return False
    try:
        scope.posting(caller, owner=found["owner"], employer_id=found["employer_id"], region=found["region"])
    except Problem:
        return False
    return True


def _for_jobseeker(here: Services, caller: Caller, person_id: str, posting: Posting, state: str) -> dict[str, Any]:
    """The explanation with all hints, the answer given, how things stand, and the contact once interest was shown."""
    values: dict[str, Any] = {}
    with here.exchange.reading() as connection:
        item = delivery.recommendation(connection, match_id(person_id, posting.posting_id))
        values["standing"] = hiring.standing(connection, person_id, posting.posting_id)
        values["pushed"] = delivery.why_not_pushed(connection, person_id, posting.posting_id)
        if state == "published":
            of_others = pay_of_others(connection, posting.occupation_code, posting.region, day_of(here.exchange.now()))
            values["offered"], values["surveyed"] = of_others
    if state == "published":
        try:
            values["suits"] = match(person_id, posting.posting_id, here, caller)
        except NotFound:
            values["suits"] = None  # published this moment: the matcher has not heard of it yet
        values["hints"] = _grouped((values["suits"] or {}).get("hints", []))
        if item is not None and item["contact_visible"]:
            values["contact"] = contact_of(here, caller, posting.posting_id, person_id)
    values["item"] = item
    return values


def _grouped(hints: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What is told with a recommendation (for oneself first), what might hold besides, and what does not and why."""
    told = [hint for hint in hints if hint.get("told")]
    rest = [hint for hint in hints if not hint.get("told")]
    return {
        "own": [hint for hint in told if hint["payee"] in market.PERSONS_OWN],
        "others": [hint for hint in told if hint["payee"] not in market.PERSONS_OWN],
        "possible": [hint for hint in rest if hint["status"] in ("ELIGIBLE", "NEEDS_CHECK")],
        "not_eligible": [hint for hint in rest if hint["status"] == "NOT_ELIGIBLE"],
        "out_of_window": [hint for hint in rest if hint["status"] == "OUT_OF_WINDOW"],
    }


@router.post("/postings/{posting_id}/answer")
def answer(posting_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """The same answers as in the inbox, to a posting one found oneself."""
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "answer")
    if found_posting(here, posting_id)["state"] != "published":
        raise Conflict("这个岗位已经不在招了")
    said, reason = form.text("answer"), form.text("reason")
    if said not in ("interested", "refused", "seen") or (said == "refused" and reason not in REFUSALS):
        raise BadRequest("请选择“感兴趣”，或者“不合适”并说明原因")
    message = RecommendationAnswered.model_validate(
        {
            "person_id": person_id,
            "posting_id": posting_id,
            "match_id": match_id(person_id, posting_id),
            "answer": said,
            "reason": reason if said == "refused" else None,
        }
    )
    message_id = here.exchange.append([Said(message)], source=f"account:{who.account_id}")[0]
    here.exchange.wait_handled(message_id, "delivery", 5)
    return RedirectResponse(f"/postings/{posting_id}#answer", 303)
