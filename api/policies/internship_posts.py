"""见习岗位募集 (J-22): recruited internship posts of a year beside their target, and which units may take part in becoming a 示范单位."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.pages import PROVINCE, page
from api.services import Services
from matcher.policy import load_catalogue
from streams.policy import internship_posts, rules

router = APIRouter(tags=["policies"])
pages = APIRouter(include_in_schema=False)
PAGE = 50
FIRST_YEAR = 2021  # the oldest of the five documents is of that year
Year = Annotated[int | None, Query(ge=FIRST_YEAR, le=2100)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


def of_year(here: Services, who: Caller, year: int | None, limit: int, offset: int) -> dict[str, Any]:
    """Counts, targets and units of a year (this one where none is asked for), in the region of the member of staff who asks."""
    catalogue, today, where = load_catalogue(), market.today(here), who.region or PROVINCE
    asked = year or today.year
    document, clause, quote = internship_posts.MODEL_UNITS
    settings = here.options.subject_settings
    with here.exchange.reading() as connection:
        counted = internship_posts.recruited(connection, catalogue, where, asked)
        units = internship_posts.units(connection, catalogue, settings, where, asked, today, limit, offset)
    return {
        "as_of": today.isoformat(),
        "region": where,
        **counted,
        "model_units": {
            "source": internship_posts.source_words(catalogue, document, clause),
            "quote": quote,
            "number_stated": False,
            "in_force": internship_posts.model_units_in_force(catalogue, internship_posts.last_day(asked, today)),
        },
        "units": units,
        "retention": {
            "months": int(settings.get("retention_months", rules.RETENTION_MONTHS)),
            "formula": rules.RETENTIONS[str(settings.get("retention_formula", "with_contracts_before_end"))],
        },
    }


@router.get("/internship-posts")
def recruited(
    here: Here, caller: CallerOrNone, year: Year = None, limit: Annotated[int, Query(ge=1, le=500)] = 100, offset: Offset = 0
) -> dict[str, Any]:
    """Internship posts of a year by place beside the target that a document states, with its words; ``target`` is null where none states
    one. ``units``: who takes part in internships, with the rate of those who stayed and whether they may become a 示范单位."""
    return of_year(here, scope.signed_in(caller, *scope.STAFF), year, limit, offset)


@pages.get("/commissioner/internship-posts")
def shown(request: Request, here: Here, caller: CallerOrNone, year: Year = None, offset: Offset = 0) -> Response:
    """The same for reading."""
    found = of_year(here, scope.signed_in(caller, *scope.STAFF), year, PAGE + 1, offset)
    values = {
        **found,
        "units": found["units"][:PAGE],
        "next": offset + PAGE if len(found["units"]) > PAGE else None,
        "years": range(market.today(here).year, FIRST_YEAR - 1, -1),
        "kinds": load_catalogue().shared.vocabulary["employer.kind"],
    }
    return page(request, "internship_posts.html", values)
