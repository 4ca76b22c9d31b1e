"""公益性岗位 for one person: a list of their own, for who belongs to a category of the documents and has tried on the market (J-12).

Nothing here is ranked: no score is shown and none orders. Whether a post is for the person is the catalogue's answer (entries of
公益性岗位), with the clause; that the market was tried is counted from what hiring knows: postings in which the person was interested or
with whose employer they talked, without a hire. How often is a setting, for no document states a number.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import market
from api.access import scope
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.intake.asking import search_postings
from api.matching.routes import person_of, public_posting
from api.pages import page
from api.services import Services
from matcher.match_order import is_in_market
from matcher.places import city_of
from matcher.policy import hints_for_pair, load_catalogue
from matcher.shapes import Employer, Person, Posting
from streams.hiring import queries as hiring
from streams.matching import queries

router = APIRouter(tags=["matching"])
pages = APIRouter(include_in_schema=False)
BENEFIT = "public_welfare_post"
TRIED = "person.market_channels_exhausted"  # the catalogue's fact
MOST = 100


def attempts(here: Services, person_id: str) -> int:
    """Market postings in which the person was interested or with whose employer they talked, and that hired them not."""
    with here.exchange.reading() as connection:
        tried = hiring.tried_without_hire(connection, person_id)
        postings = queries.postings(connection, tried)
    return sum(posting_id not in postings or is_in_market(postings[posting_id]) for posting_id in tried)


def listed(here: Services, person: Person) -> dict[str, Any]:
    """``{"person_id", "attempts", "needed", "items": [{"posting", "because": [{"clause", "document", "text", "status"}]}]}``: near ones
    first, then the newest; none while the market was tried less often than needed."""
    tried, needed = attempts(here, person.person_id), int(here.options.subject_settings.get("welfare_attempts", 3))
    found: dict[str, Any] = {"person_id": person.person_id, "attempts": tried, "needed": needed, "items": []}
    home = person.region or person.registered_at
    if tried < needed or person.categories is None or home is None:
        return found
    asked = {"type": BENEFIT, "region": city_of(home), "sort": "date", "limit": str(MOST), "facets": ""}
    ids = [item["posting_id"] for item in search_postings(here, asked)["items"]]
    with here.exchange.reading() as connection:
        postings = queries.postings(connection, ids)
        employers = queries.employers(connection, [p.employer.employer_id for p in postings.values() if p.employer.employer_id])
    for posting in sorted((postings[id_] for id_ in ids if id_ in postings), key=lambda one: one.region != home):
        because = _because(here, posting, person, employers.get(posting.employer.employer_id or ""))
        if because:
            found["items"].append({"posting": public_posting(posting), "because": because})
    return found


def _because(here: Services, posting: Posting, person: Person, employer: Employer | None) -> list[dict[str, Any]]:
    """The clauses under which the post is for this person; nothing where something blocks it."""
    today = market.today(here)
    if market.explained(posting, person, today, employer, here).blockers:
        return []
    knowing = person.model_copy(update={"facts": {**person.facts, TRIED: True}})
    hints = hints_for_pair(load_catalogue(), posting, knowing, employer, today, all_statuses=True)
    told = [one for one in hints if one["benefit"] == BENEFIT and one["status"] in ("ELIGIBLE", "NEEDS_CHECK")]
    return [
        {"clause": one["source"]["clause"], "document": one["source"]["document"], "text": one["text"], "status": one["status"]}
        for one in told
    ]


@router.get("/people/{person_id}/public-welfare-posts")
def welfare_posts(person_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """公益性岗位 for a person of the documents' categories, with clauses, once the market was tried (``attempts`` of ``needed``)."""
    scope.about_person(caller, person_id)
    person = person_of(here, person_id)
    scope.person(here.exchange, caller, person_id, (person.region, person.registered_at), "welfare_posts")
    return listed(here, person)


@pages.get("/me/public-welfare-posts")
def welfare_page(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """公益性岗位."""
    _, person_id = jobseeker(caller)
    return page(request, "welfare_posts.html", listed(here, person_of(here, person_id)))
