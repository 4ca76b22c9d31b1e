"""A person's inbox and answers, and server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict

from api import market
from api.access import scope
from api.access.accounts import Caller, still_in
from api.access.audit import Look
from api.access.identify import CallerOrNone, Here
from api.delivery.watching import last_change, settled_until
from api.live import Wakeups
from api.matching.routes import person_of, public_posting
from api.problems import BadRequest, NotFound
from api.services import Services
from matcher.policy import load_catalogue
from matcher.shapes import FieldError
from streams.delivery import queries, searches
from streams.delivery.messages import RecommendationAnswered
from streams.delivery.wording import ending_words
from streams.intake.queries import contact_holder
from streams.matching import queries as matching
from streams.runtime.exchange import Said

router = APIRouter(tags=["delivery"])
HEARTBEAT_S = 15.0
LOOK_S = 0.1
BEHIND_S = 0.5
REFUSALS = ("pay", "distance", "trade", "hours", "other")


class AnswerIn(BaseModel):
    """``refused`` says why: pay, distance, trade, hours, other."""

    model_config = ConfigDict(extra="forbid")
    answer: Literal["interested", "refused", "seen"]
    reason: Literal["pay", "distance", "trade", "hours", "other"] | None = None


def rendered(here: Services, items: list[dict[str, Any]], person_id: str, as_of: date) -> list[dict[str, Any]]:
    """Pushed pairs with their reasons and hints in words, as of today; the numbers are those that were pushed."""
    with here.exchange.reading() as connection:
        person = matching.people(connection, [person_id]).get(person_id)
        postings = matching.postings(connection, [item["posting_id"] for item in items])
        employers = matching.employers(connection, [p.employer.employer_id for p in postings.values() if p.employer.employer_id])
    shown = []
    for item in items:
        posting = postings.get(item["posting_id"])
        if person is None or posting is None:
            shown.append(item)
            continue
        employer = employers.get(posting.employer.employer_id or "")
        found = market.explained(posting, person, as_of, employer, here)
        words = market.recommendation(found, posting, person, employer, item["rank"])
        shown.append({**words, **item, "criteria": words["criteria"], "hints": words["hints"], "posting": public_posting(posting)})
        if item["state"] == "ended":
            shown[-1]["at_stake"] = []  # what is over opens nothing
    return shown


def endings(here: Services, person_id: str) -> list[dict[str, Any]]:
    """Benefits of which the inbox tells that end soon or have ended, each with its sentence."""
    today = market.today(here)
    with here.exchange.reading() as connection:
        found = queries.endings(connection, person_id, today)
    return [{**one, "text": ending_words(load_catalogue(), one, today)} for one in found]


@router.get("/people/{person_id}/inbox")
def inbox(
    person_id: str,
    here: Here,
    caller: CallerOrNone,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """What was pushed to a person, newest first, with reasons and hints; and what ended after they showed interest. ``found``, with the
    first page: postings that their saved searches found and that they have not answered yet."""
    scope.about_person(caller, person_id)
    person = person_of(here, person_id)
    scope.person(here.exchange, caller, person_id, (person.region, person.registered_at), "inbox")
    with here.exchange.reading() as connection:
        try:
            found = queries.inbox(connection, person_id, cursor, limit)
        except ValueError:
            raise BadRequest(
                "cursor 不是由上一页给出的", errors=[FieldError(field="cursor", message="one given by an earlier answer expected")]
            ) from None
        unread = queries.unread(connection, person_id)
        by_search = searches.found_for(connection, person_id) if cursor is None else []
    return {
        "person_id": person_id,
        "unread": unread,
        "items": rendered(here, found["items"], person_id, market.today(here)),
        "endings": endings(here, person_id) if cursor is None else [],
        "found": by_search,
        "cursor": found["cursor"],
    }


def answer_recommendation(here: Services, caller: Caller, match_id: str, person_id: str, given: AnswerIn) -> str:
    """Append a person's answer; answers the message's id. Raises a problem where there is no such recommendation."""
    with here.exchange.reading() as connection:
        item = queries.recommendation(connection, match_id)
        by_search = searches.found_posting(connection, person_id, match_id) if item is None else None
    posting_id = item["posting_id"] if item is not None and item["person_id"] == person_id else by_search
    if posting_id is None:
        raise NotFound("收件箱里没有这条推荐")
    if given.answer == "refused" and given.reason is None:
        error = FieldError(field="reason", message="required when the answer is refused", allowed=list(REFUSALS))
        raise BadRequest("不合适请说明原因", errors=[error])
    message = RecommendationAnswered(
        person_id=person_id, posting_id=posting_id, match_id=match_id, answer=given.answer, reason=given.reason
    )
    return here.exchange.append([Said(message)], source=f"account:{caller.account_id}")[0]


@router.post("/people/{person_id}/inbox/{match_id}/answer", status_code=202)
def answer(person_id: str, match_id: str, given: AnswerIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """``{"answer": "interested" | "refused" | "seen", "reason"}``; after ``interested`` the posting's contact is shown, logged."""
    scope.about_person(caller, person_id)
    person = person_of(here, person_id)
    who = scope.person(here.exchange, caller, person_id, (person.region, person.registered_at), "answer")
    message_id = answer_recommendation(here, who, match_id, person_id, given)
    here.exchange.wait_handled(message_id, "delivery", 5)
    with here.exchange.reading() as connection:
        item = queries.recommendation(connection, match_id)
    body: dict[str, Any] = {"match_id": match_id, "message_id": message_id, "answer": given.answer}
    if item is not None and item["contact_visible"]:
        body["contact"] = contact_of(here, who, item["posting_id"], person_id)
    return JSONResponse(body, 202)


def contact_of(here: Services, caller: Caller, posting_id: str, person_id: str) -> dict[str, str]:
    """A posting's contact for a person who is interested; the look is logged."""
    with here.exchange.reading() as connection:
        found = here.exchange.vault.reveal(connection, "posting", contact_holder(connection, posting_id))
    scope.note(here.exchange, caller, [Look(person_id, "contact", posting_id)])
    return found


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"description": "events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(request: Request, here: Here, caller: CallerOrNone) -> StreamingResponse:
    """Server-sent events for whoever asks: ``inbox`` for a jobseeker, ``candidates`` for an employer, ``gap`` for a commissioner.

    An event says that something changed and carries a version of it; what changed is asked for with the caller's own rights.
    """
    who = scope.signed_in(caller)
    wakeups: Wakeups = request.app.state.wakeups
    name = {"jobseeker": "inbox", "employer": "candidates", "commissioner": "gap", "administrator": "gap"}.get(who.role, "changed")
    last = request.headers.get("last-event-id", "")

    async def stream() -> AsyncIterator[str]:
        woken = wakeups.count
        seen = await run_in_threadpool(_settled, here, who)
        if last.isdecimal() and len(last) < 19 and int(last) < seen:
            seen = int(last)  # the browser comes back: what it missed is looked for below
        yield f"retry: 2000\nid: {seen}\nevent: hello\ndata: {{}}\n\n"
        loop = asyncio.get_running_loop()
        alive = loop.time()
        while not wakeups.stopping:
            began = loop.time()
            found = await run_in_threadpool(_look, here, who, seen)
            if found is None:
                return
            end, concerned, behind = found
            if concerned is not None:
                alive = loop.time()
                yield f'id: {concerned}\nevent: {name}\ndata: {{"version": "{concerned}"}}\n\n'
            elif loop.time() - alive >= HEARTBEAT_S:
                alive = loop.time()
                yield ": alive\n\n"
            seen = end
            if await request.is_disconnected():
                return
            # In a cluster a subject's place moves on without a ring of its own.
            await wakeups.wait(woken, BEHIND_S if behind and here.shared else HEARTBEAT_S)
            woken = wakeups.count
            # A busy exchange commits a hundred times a second; ten looks are soon enough for a page.
            await asyncio.sleep(max(0.0, LOOK_S - (loop.time() - began)))

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _settled(here: Services, caller: Caller) -> int:
    with here.exchange.reading() as connection:
        log = here.exchange.log
        return settled_until(connection, log.topology, caller, log.end(connection))


def _look(here: Services, caller: Caller, after: int) -> tuple[int, int | None, bool] | None:
    """How far was looked, the last message there that concerns this caller, and whether the log goes on behind it; None where the caller
    has been signed out, or the account closed or changed, since the stream began."""
    with here.exchange.reading() as connection:
        if not still_in(connection, caller, now=here.exchange.now()):
            return None
        log = here.exchange.log
        end = log.end(connection)
        until = settled_until(connection, log.topology, caller, end)
        return until, last_change(connection, caller, after, until), until < end
