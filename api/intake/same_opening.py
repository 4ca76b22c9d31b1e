"""One opening from several sources: which postings were put together and why, and staff taking two apart for good."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.access import scope
from api.access.identify import CallerOrNone, Here
from api.intake.asking import found_posting
from api.problems import Conflict
from streams.intake import queries
from streams.intake.gateway import split_duplicates

router = APIRouter(tags=["postings"])


class SplitIn(BaseModel):
    """``from_posting_id``: the opening into which the posting was merged."""

    model_config = ConfigDict(extra="forbid")
    from_posting_id: str = Field(min_length=1, max_length=200)


@router.get("/postings/{posting_id}/merged")
def merged(posting_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """What was merged into an opening, with score and the evidence of each field; for staff of its place."""
    who = scope.signed_in(caller, *scope.STAFF)
    scope.employer(who, None, found_posting(here, posting_id)["region"])
    with here.exchange.reading() as connection:
        return {"items": queries.merged(connection, posting_id)}


@router.post("/postings/{posting_id}/split", status_code=202)
def split(posting_id: str, given: SplitIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Staff of its place say that a merged posting is an opening of its own; remembered whatever a later version says."""
    who = scope.signed_in(caller, *scope.STAFF)
    found = found_posting(here, posting_id)
    scope.employer(who, None, found["region"])
    if found["merged_into"] != given.from_posting_id:
        raise Conflict("这个岗位没有并入那个岗位")
    message_id = split_duplicates(here.exchange, posting_id, given.from_posting_id, by=who.account_id, sender=f"account:{who.account_id}")
    here.exchange.wait_handled(message_id, "intake", 5)
    return JSONResponse({"posting_id": posting_id, "message_id": message_id, "state": found_posting(here, posting_id)["state"]}, 202)
