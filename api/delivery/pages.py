"""The jobseeker's inbox: what was pushed with reasons and hints, and the answers."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.delivery.routes import REFUSALS, AnswerIn, answer_recommendation, endings, rendered
from api.forms import Posted
from api.pages import fragment, page, region
from api.problems import BadRequest, Forbidden
from api.services import Services
from streams.delivery import leanings, queries, searches
from streams.hiring import queries as hiring
from streams.intake import queries as intake

router = APIRouter(include_in_schema=False)
ITEMS = "inbox_items.html"
PAGE = 10


def jobseeker(caller: Caller | None) -> tuple[Caller, str]:
    """The jobseeker who asks and whose person that is; a problem for everybody else."""
    who = scope.signed_in(caller, "jobseeker")
    if who.person_id is None:
        raise Forbidden("这个账号没有对应的求职登记，请到公共就业服务机构办理")
    return who, who.person_id


def _contents(here: Services, person_id: str, cursor: str | None) -> dict[str, Any]:
    with here.exchange.reading() as connection:
        try:
            found = queries.inbox(connection, person_id, cursor, PAGE)
        except ValueError:
            raise BadRequest("这一页的地址不完整，请从收件箱重新进入") from None
        unread = queries.unread(connection, person_id)
        by_search = searches.found_for(connection, person_id) if cursor is None else []
        names = searches.names_of(connection, person_id, [item["match_id"] for item in found["items"]])
        steps = hiring.of_person(connection, person_id)["items"] if cursor is None else []
        own = leanings.of_person(connection, person_id, market.today(here)) if cursor is None else []
        pairs = {item["match_id"]: hiring.step_of(connection, person_id, item["posting_id"]) for item in found["items"]}
    items = rendered(here, found["items"], person_id, market.today(here))
    return {
        "items": [{**item, "step": pairs[item["match_id"]], "searches": names.get(item["match_id"], [])} for item in items],
        "found": by_search,
        "cursor": found["cursor"],
        "unread": unread,
        "endings": endings(here, person_id) if cursor is None else [],
        "rules": own,
        "steps": sorted((step for step in steps if step["step"] is not None), key=lambda step: step["on"], reverse=True),
        "back": "/inbox",
    }


@router.get("/inbox")
def inbox(request: Request, here: Here, caller: CallerOrNone, cursor: Annotated[str | None, Query(max_length=300)] = None) -> Response:
    """Pushed vacancies, newest first; new ones appear by themselves on the first page."""
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "inbox")
    with here.exchange.reading() as connection:
        found = intake.person(connection, person_id)
    consent = ((found or {}).get("person") or {}).get("consent") or {}
    contents = _contents(here, person_id, cursor)
    items = region(request, ITEMS, contents, url="/inbox/items", on="inbox" if cursor is None else "")
    return page(
        request,
        "inbox.html",
        {
            "items": items,
            "consented": consent.get("recommend") is True,
            "asked_since": found["confirmed_on"] if found is not None and found["asked_on"] is not None else None,
        },
    )


@router.get("/inbox/items")
def items(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """The first page's items alone."""
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "inbox")
    return fragment(request, ITEMS, _contents(here, person_id, None))


@router.post("/inbox/{match_id}/answer")
def answer(match_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """感兴趣, 不合适 (with the reason) or 看过了; back to where the answer was given."""
    who, person_id = jobseeker(caller)
    scope.person(here.exchange, who, person_id, (), "answer")
    said, reason = form.text("answer"), form.text("reason")
    if said not in ("interested", "refused", "seen") or (said == "refused" and reason not in REFUSALS):
        raise BadRequest("请选择“感兴趣”“看过了”，或者“不合适”并说明原因")
    given = AnswerIn(answer=cast(Any, said), reason=cast(Any, reason) if said == "refused" else None)
    message_id = answer_recommendation(here, who, match_id, person_id, given)
    here.exchange.wait_handled(message_id, "delivery", 5)
    back = form.text("back")
    if back.startswith("/postings/"):
        return RedirectResponse(back, 303)
    return RedirectResponse(f"/inbox#m-{match_id}" if said != "refused" else "/inbox", 303)
