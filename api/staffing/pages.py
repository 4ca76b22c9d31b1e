"""The commissioner's pages: key employers of the region with their gaps, and one employer with what can be done."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.pages import PROVINCE, fragment, page, region
from api.problems import NotFound
from api.services import Services
from api.staffing.remedies import remedies
from streams.delivery import queries as delivery
from streams.hiring import queries as hiring
from streams.intake import queries as intake
from streams.matching import queries as matching
from streams.staffing import queries

router = APIRouter(include_in_schema=False)
ITEMS, EMPLOYER = "gaps_items.html", "gap_employer_items.html"
PAGE = 50
COUNTED = 20  # postings of one employer for which people on the market are counted


def _contents(here: Services, caller: Caller, offset: int) -> dict[str, Any]:
    where = caller.region or PROVINCE
    as_of = market.today(here)
    with here.exchange.reading() as connection:
        found = queries.gaps(connection, where, as_of, limit=PAGE + 1, offset=offset)
        totals = queries.gap_totals(connection, where, as_of)
        held = intake.counts(connection, region=where).get("held", 0)
        for one in found[:PAGE]:
            one["public"] = intake.counts(connection, employer_id=one["employer_id"]).get("published", 0)
    return {"employers": found[:PAGE], "totals": totals, "held": held, "next": offset + PAGE if len(found) > PAGE else None}


@router.get("/commissioner")
def overview(request: Request, here: Here, caller: CallerOrNone, offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0) -> Response:
    """The oldest and the largest gaps first; numbers change by themselves."""
    who = scope.signed_in(caller, *scope.STAFF)
    items = region(request, ITEMS, _contents(here, who, offset), url="/commissioner/items", on="" if offset else "gap")
    return page(request, "gaps.html", {"items": items, "where": who.region or PROVINCE})


@router.get("/commissioner/items")
def overview_items(request: Request, here: Here, caller: CallerOrNone) -> Response:
    who = scope.signed_in(caller, *scope.STAFF)
    return fragment(request, ITEMS, _contents(here, who, 0))


def _employer(here: Services, caller: Caller | None, employer_id: str) -> tuple[Caller, dict[str, Any]]:
    who = scope.signed_in(caller, *scope.STAFF)
    with here.exchange.reading() as connection:
        known = queries.employer(connection, employer_id, market.today(here))
    if known is None:
        raise NotFound("没有这家单位")
    return scope.employer(who, employer_id, known["region"]), known


def _employer_contents(here: Services, employer_id: str) -> dict[str, Any]:
    as_of = market.today(here)
    with here.exchange.reading() as connection:
        gap = queries.gap(connection, employer_id, as_of)
        listed = queries.listing_history(connection, employer_id)
        postings = [
            {
                "posting_id": one["posting_id"],
                "state": one["state"],
                "title": (one["posting"] or {}).get("title", "岗位"),
                "posting": one["posting"] or {},
                "left": max(0, ((one["posting"] or {}).get("headcount") or 1) - one["filled"]),
                "pushed": delivery.answers_of_posting(connection, one["posting_id"])["pushed"],
                **_counts(hiring.counts(connection, one["posting_id"])),
            }
            for one in intake.of_employer(connection, employer_id, states=("published", "held", "filled", "expired", "withdrawn"))
        ]
    _count_matched(here, employer_id, postings)
    numbers = gap or {"reported": 0, "filled": 0, "accepted": 0, "in_talks": 0, "gap": 0, "age_days": 0, "lines": [], "basis": "postings"}
    return {"gap": numbers, "postings": postings, "remedies": remedies(numbers, postings), "listed": listed}


def _counts(counts: dict[str, Any]) -> dict[str, int]:
    return {
        "interested": counts["interested"],
        "in_talks": counts["invited"] + counts["talking"] + counts["offered"],
        "hired": counts["hired"],
    }


def _count_matched(here: Services, employer_id: str, postings: list[dict[str, Any]]) -> None:
    """How many people on the market have no blocker, for the first public postings."""
    public = [one["posting_id"] for one in postings if one["state"] == "published"][:COUNTED]
    with here.exchange.reading() as connection:
        shapes = matching.postings(connection, public)
        employer = matching.employers(connection, [employer_id]).get(employer_id)
    live, as_of = market.market_of(here), market.today(here)
    for one in postings:
        shape = shapes.get(one["posting_id"])
        one["matched"] = None
        if shape is not None:
            with live.lock:
                one["matched"] = live.people.match_counted(shape, as_of, 1, employer, live.rules)[1]


@router.get("/commissioner/employers/{employer_id}")
def one_employer(employer_id: str, request: Request, here: Here, caller: CallerOrNone) -> Response:
    """Lines of the shortage, postings, and what can be done."""
    _, known = _employer(here, caller, employer_id)
    url = f"/commissioner/employers/{employer_id}/items"
    items = region(request, EMPLOYER, _employer_contents(here, employer_id), url=url, on="gap")
    return page(request, "gap_employer.html", {"items": items, "employer": known})


@router.get("/commissioner/employers/{employer_id}/items")
def one_employer_items(employer_id: str, request: Request, here: Here, caller: CallerOrNone) -> Response:
    _employer(here, caller, employer_id)
    return fragment(request, EMPLOYER, _employer_contents(here, employer_id))
