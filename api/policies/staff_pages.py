"""The commissioner's list of claims: what is held or objected to first, with counts and median times."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.access import scope
from api.access.identify import CallerOrNone, Here
from api.pages import PROVINCE, page
from api.policies import claim_words
from api.policies.claims import note_listed
from matcher.policy import load_catalogue
from streams.policy import queries

router = APIRouter(include_in_schema=False)
PAGE = 50


@router.get("/commissioner/claims")
def claims(request: Request, here: Here, caller: CallerOrNone, offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0) -> Response:
    """Claims of the region; ``show`` limits them to a stage, or to those held or objected to."""
    who = scope.signed_in(caller, *scope.STAFF)
    where = who.region or PROVINCE
    show = request.query_params.get("show", "")
    stage = show if show in claim_words.STAGES else None
    with here.exchange.reading() as connection:
        found = queries.claims_to_do(connection, where, stage=stage, held=True if show == "held" else None, limit=PAGE + 1, offset=offset)
        counts, times = queries.claim_counts(connection, where), queries.claim_times(connection, where)
        compared = queries.comparison(connection, where)
        listed = queries.proposals(connection, "job_retention_refund", where, limit=20)
    note_listed(here, who, found[:PAGE])
    return page(
        request,
        "claims_staff.html",
        {
            "claims": found[:PAGE],
            "next": offset + PAGE if len(found) > PAGE else None,
            "counts": counts,
            "times": times,
            "compared": compared,
            "proposals": listed,
            "where": where,
            "show": show if stage or show == "held" else "",
            "told": claim_words,
            "catalogue": load_catalogue(),
        },
    )
