"""Shortages reported, gaps of employers and of a commissioner's region."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from api import market
from api.access import scope
from api.access.identify import CallerOrNone, Here
from api.access.tables import accounts
from api.problems import Forbidden, NotFound
from api.services import Services
from streams.runtime.exchange import Said
from streams.staffing import queries
from streams.staffing.messages import ShortageLine, ShortageReported

router = APIRouter(tags=["staffing"])


class LineIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=200)
    occupation_code: str | None = Field(default=None, pattern=r"^\d-\d{2}-\d{2}-\d{2}$")
    number: int = Field(ge=1, le=1_000_000)


class ShortageIn(BaseModel):
    """What is short, how many, since when; a new report replaces the former."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    lines: list[LineIn] = Field(max_length=500)
    from_: date | None = Field(default=None, alias="from")


def employer_region(here: Services, employer_id: str) -> str | None:
    """The employer's region; a problem where nobody has heard of it."""
    with here.exchange.reading() as connection:
        found = queries.employer(connection, employer_id, market.today(here))
    if found is None:
        raise NotFound("没有这家单位")
    region: str | None = found["region"]
    return region


@router.post("/employers/{employer_id}/shortages", status_code=202)
def report_shortage(employer_id: str, given: ShortageIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """A shortage by the employer or its commissioner (004 第24项)."""
    scope.signed_in(caller)
    who = scope.employer(caller, employer_id, employer_region(here, employer_id))
    message = ShortageReported(
        employer_id=employer_id,
        lines=tuple(ShortageLine(**line.model_dump()) for line in given.lines),
        since=given.from_ or market.today(here),
        by=who.account_id,
    )
    message_id = here.exchange.append([Said(message)], source=f"account:{who.account_id}")[0]
    here.exchange.wait_handled(message_id, "staffing", 5)
    return JSONResponse({"employer_id": employer_id, "message_id": message_id}, 202)


@router.get("/employers/{employer_id}/gap")
def gap(employer_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Reported, filled, accepted, in talks, gap and its age in days, by line."""
    scope.signed_in(caller)
    scope.employer(caller, employer_id, employer_region(here, employer_id))
    with here.exchange.reading() as connection:
        found = queries.gap(connection, employer_id, market.today(here))
    if found is None:
        raise NotFound("没有这家单位的缺工情况")
    return {"employer_id": employer_id, **found}


@router.get("/commissioners/{commissioner_id}/gaps")
def gaps(
    commissioner_id: str,
    here: Here,
    caller: CallerOrNone,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> dict[str, Any]:
    """The key employers in a commissioner's charge, the oldest and largest gaps first, and their sum."""
    who = scope.signed_in(caller, "commissioner", "administrator")
    with here.exchange.reading() as connection:
        row = connection.execute(select(accounts).where(accounts.c.account_id == commissioner_id)).mappings().first()
        if row is None or row["role"] != "commissioner" or row["region"] is None:
            raise NotFound("没有这位人社服务专员")
        if not scope.in_region(who, row["region"]):
            raise Forbidden("只能查看自己负责的区域")
        as_of = market.today(here)
        items = queries.gaps(connection, row["region"], as_of, limit=limit, offset=offset)
        totals = queries.gap_totals(connection, row["region"], as_of)
    numbers = {name: totals[name] for name in ("reported", "filled", "accepted", "in_talks", "gap")}
    age = max((item["age_days"] for item in items if item["gap"] > 0), default=0)
    return {
        "commissioner_id": commissioner_id,
        "region": row["region"],
        **numbers,
        "age_days": age,
        "lines": items,
        "employers": totals["employers"],
        "with_gap": totals["with_gap"],
    }
