"""Matches asked for: candidates of a posting, recommendations of a person, one pair explained. Computed live and complete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.audit import Look
from api.access.identify import CallerOrNone, Here
from api.problems import NotFound
from api.services import Services
from matcher.policy import hints_for_pair, load_catalogue
from matcher.policy.hint import EVERY_FACT
from matcher.policy.stake import at_stake
from matcher.shapes import Employer, Person, Posting
from streams.matching import queries

router = APIRouter(tags=["matching"])

Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=market.MOST)]


def posting_with_employer(here: Services, posting_id: str) -> tuple[Posting, Employer | None]:
    """A posting that the matcher knows; a problem otherwise."""
    with here.exchange.reading() as connection:
        posting = queries.postings(connection, [posting_id]).get(posting_id)
        if posting is None:
            raise NotFound("没有这个岗位，或者它没有公开过")
        wanted = posting.employer.employer_id
        return posting, queries.employers(connection, [wanted]).get(wanted) if wanted else None


def person_of(here: Services, person_id: str) -> Person:
    with here.exchange.reading() as connection:
        person = queries.people(connection, [person_id]).get(person_id)
    if person is None:
        raise NotFound("没有这位求职者")
    return person


@router.get("/postings/{posting_id}/candidates")
def candidates_of(posting_id: str, here: Here, caller: CallerOrNone, cursor: Cursor = None, limit: Limit = 20) -> dict[str, Any]:
    """People for a posting: band, priority, score downwards. Of people who did not agree to be shown, numbers only."""
    who = scope.signed_in(caller, "employer", *scope.STAFF)
    found = candidates(posting_id, here, who, cursor, limit)
    scope.note(here.exchange, who, (looked_at(item, posting_id) for item in found["items"]))
    return found


def candidates(posting_id: str, here: Services, caller: Caller | None, cursor: str | None, limit: int) -> dict[str, Any]:
    """One page of candidates as this caller may see them; what was shown of whom is for the caller to log (``looked_at``)."""
    posting, employer = posting_with_employer(here, posting_id)
    who = scope.employer(caller, posting.employer.employer_id, posting.region)
    start, end = market.page_bounds(cursor, limit)
    as_of = market.today(here)
    live = market.market_of(here)
    with live.lock:
        best, total = live.people.match_counted(posting, as_of, end, employer, live.rules)
    best = best[start:end]
    with here.exchange.reading() as connection:
        people = queries.people(connection, [pair.person_id for pair in best])
    items = []
    for pair in best:
        person = people.get(pair.person_id)
        if person is None:
            continue
        found = market.explained(posting, person, as_of, employer, here)
        item = market.recommendation(found, posting, person, employer, pair.rank)
        if may_see_profile(who, person):
            item |= {"profile": profile(person), "hints": market.hints_as_seen(who.role, item["hints"])}
            item["at_stake"] = market.stakes_as_seen(who.role, item["at_stake"])
        else:
            # Nothing but numbers: a sentence would tell the wish, the school, the last job; a reason for priority, who is in difficulty.
            item["criteria"] = [{name: value for name, value in entry.items() if name != "text"} for entry in item["criteria"]]
            item |= {"hints": [], "at_stake": [], "priority_reasons": [], "not_stated": []}
        items.append(item)
    return {"posting_id": posting_id, "total": total, "items": items, "cursor": market.next_cursor(end, total)}


def looked_at(item: dict[str, Any], posting_id: str) -> Look:
    """What an item of a list of candidates shows of a person: of who did not agree to be shown, numbers only."""
    return Look(item["person_id"], "candidates", posting_id, ("score", "trade", "reasons", "hints") if "profile" in item else ("score",))


def may_see_profile(caller: Caller, person: Person) -> bool:
    """An employer sees whoever agreed to be shown; a commissioner the people of their own region, and whoever agreed."""
    if person.consent is not None and person.consent.share_with_employers is True:
        return True
    return caller.role != "employer" and (scope.in_region(caller, person.region) or scope.in_region(caller, person.registered_at))


def profile(person: Person) -> dict[str, Any]:
    """What an employer may see of a person who agreed: the trade, not who it is."""
    return {
        "region": person.region,
        "education": person.education.model_dump(mode="json", exclude_none=True, include={"level", "major"}),
        "experience": [entry.model_dump(mode="json", exclude_none=True) for entry in person.experience or ()],
        "skills": list(person.skills or ()),
        "certificates": list(person.certificates or ()),
    }


@router.get("/people/{person_id}/recommendations")
def recommendations(person_id: str, here: Here, caller: CallerOrNone, cursor: Cursor = None, limit: Limit = 20) -> dict[str, Any]:
    """Postings for a person: score downwards, then posting id; with reasons and hints."""
    scope.about_person(caller, person_id)
    person = person_of(here, person_id)
    scope.person(here.exchange, caller, person_id, (person.region, person.registered_at), "recommendations")
    return recommend(here, person, cursor, limit)


def recommend(here: Services, person: Person, cursor: str | None, limit: int) -> dict[str, Any]:
    """One page of a person's recommendations, computed now."""
    start, end = market.page_bounds(cursor, limit)
    as_of = market.today(here)
    live = market.market_of(here)
    with live.lock:
        best, total = live.postings.match_counted(person, as_of, end, rules=live.rules)
    best = best[start:end]
    with here.exchange.reading() as connection:
        postings = queries.postings(connection, [pair.posting_id for pair in best])
        employers = queries.employers(connection, [p.employer.employer_id for p in postings.values() if p.employer.employer_id])
    items = []
    for pair in best:
        posting = postings.get(pair.posting_id)
        if posting is None:
            continue
        employer = employers.get(posting.employer.employer_id or "")
        found = market.explained(posting, person, as_of, employer, here)
        items.append({**market.recommendation(found, posting, person, employer, pair.rank), "posting": public_posting(posting)})
    return {"person_id": person.person_id, "total": total, "items": items, "cursor": market.next_cursor(end, total)}


# What an employer may read of the facts of a pair: its own.
OWN_FACTS = ("employer.", "posting.", "contract.")


def public_posting(posting: Posting) -> dict[str, Any]:
    """A posting as everyone may see it: without its contact and without facts for the rules."""
    shown = posting.model_dump(mode="json", exclude_none=True, by_alias=True, exclude={"contact", "facts"})
    return {**shown, "filled": posting.filled or 0}


@router.get("/matches/{person_id}/{posting_id}")
def match(person_id: str, posting_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """One pair: blockers, criteria, near miss, score, hints with all four statuses (why, and why not), and the sum at stake."""
    who = scope.signed_in(caller, "jobseeker", "employer", *scope.STAFF)
    if who.role != "employer":
        scope.about_person(who, person_id)
    posting, employer = posting_with_employer(here, posting_id)
    if who.role == "employer":
        scope.employer(who, posting.employer.employer_id, posting.region)
    person = person_of(here, person_id)
    if who.role == "employer":
        shared = person.consent is not None and person.consent.share_with_employers is True
        if not shared:
            raise NotFound("这位求职者没有同意向用人单位展示资料")
        scope.note(here.exchange, who, [Look(person_id, "match", posting_id)])
    else:
        scope.person(here.exchange, who, person_id, (person.region, person.registered_at), "match", about=posting_id)
    found = market.explained(posting, person, market.today(here), employer, here)
    catalogue = load_catalogue()
    # Whoever agreed to be shown agreed to show the trade, not what conditions read of them.
    said = OWN_FACTS if who.role == "employer" else EVERY_FACT
    hints = hints_for_pair(catalogue, posting, person, employer, found.as_of, all_statuses=True, said=said)
    stakes = at_stake(catalogue, [hint for hint in hints if hint["told"]])
    seen = {"hints": market.hints_as_seen(who.role, hints), "at_stake": market.stakes_as_seen(who.role, stakes)}
    return {**found.as_json(), **seen, "catalogue_version": catalogue.version}
