"""People for a posting as its employer may see them: numbers, and reasons and trade only of those who agreed to be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.matching import routes as matching_routes
from api.matching.routes import profile
from api.problems import NotFound
from api.services import Services
from matcher.match_order import match_id
from matcher.policy import hints_for_pair, load_catalogue
from matcher.shapes import Employer, Person, Posting
from streams.hiring import queries, rules
from streams.matching import queries as matching

Entry = dict[str, Any]
PAGE = 10


def shares(person: Person) -> bool:
    """Without recorded consent nothing is shown to an employer but numbers."""
    return person.consent is not None and person.consent.share_with_employers is True


def label(person_id: str, posting_id: str) -> str:
    """A name for somebody whose name is not shown; another one at every posting."""
    return f"人选{match_id(person_id, posting_id)[:4].upper()}"


def in_progress(here: Services, caller: Caller, posting_id: str) -> list[Entry]:
    """Everybody with a step or an interest in the posting, those who wait for the employer first."""
    as_of = market.today(here)
    with here.exchange.reading() as connection:
        standings = queries.of_posting(connection, posting_id, limit=200)["items"]
        posting = matching.postings(connection, [posting_id]).get(posting_id)
        people = matching.people(connection, [standing["person_id"] for standing in standings])
        employer = _employer(connection, posting)
    if posting is None:
        return []
    order = {None: 0, "invited": 1, "talking": 1, "offered": 1, "hired": 2, "not_hired": 3, "left": 3}
    entries = []
    for standing in standings:
        person = people.get(standing["person_id"])
        if person is None or (standing["step"] is None and not standing["interested"]):
            continue
        entry = _entry(here, caller, posting, person, employer, as_of)
        hired = standing["step"] in ("offered", "hired")
        entry |= {"standing": standing, "claims": _claims(posting, person, employer, as_of, standing, caller) if hired else None}
        entries.append(entry)
    return sorted(entries, key=lambda entry: (order.get(entry["standing"]["step"], 3), -entry["score"], entry["person_id"]))


def recommended(here: Services, caller: Caller, posting_id: str, cursor: str | None, known: set[str]) -> dict[str, Any]:
    """The best people on the market for the posting, without those something is under way with already."""
    try:
        found = matching_routes.candidates(posting_id, here, caller, cursor, PAGE)
    except NotFound:
        return {"items": [], "total": 0, "cursor": None}
    items = []
    for item in found["items"]:
        if item["person_id"] in known:
            continue
        shown = {**item, "label": label(item["person_id"], posting_id), "shared": "profile" in item, "standing": None, "claims": None}
        if not shown["shared"]:
            shown["priority_reasons"] = []
        shown["may_follow"] = rules.allowed_after(None)
        items.append(shown)
    return {"items": items, "total": found["total"], "cursor": found["cursor"]}


def note_candidates(here: Services, caller: Caller, posting_id: str, entries: list[Entry]) -> None:
    """What a page of candidates shows of whom is logged, with how far things are where something is under way."""
    looks = []
    for entry in entries:
        look = matching_routes.looked_at(entry, posting_id)
        looks.append(replace(look, fields=(*look.fields, "steps")) if entry["standing"] else look)
    scope.note(here.exchange, caller, looks)


def _employer(connection: Connection, posting: Posting | None) -> Employer | None:
    employer_id = posting.employer.employer_id if posting is not None else None
    return matching.employers(connection, [employer_id]).get(employer_id) if employer_id else None


def _entry(here: Services, caller: Caller, posting: Posting, person: Person, employer: Employer | None, as_of: date) -> Entry:
    found = market.explained(posting, person, as_of, employer, here)
    entry: Entry = market.recommendation(found, posting, person, employer)
    shared = matching_routes.may_see_profile(caller, person)
    entry |= {"label": label(person.person_id, posting.posting_id), "shared": shared}
    if shared:
        entry |= {"profile": profile(person), "hints": market.hints_as_seen(caller.role, entry["hints"])}
        return entry | {"at_stake": market.stakes_as_seen(caller.role, entry["at_stake"])}
    criteria = [{name: value for name, value in one.items() if name != "text"} for one in entry["criteria"]]
    return entry | {"criteria": criteria, "hints": [], "at_stake": [], "priority_reasons": []}


def _claims(
    posting: Posting, person: Person, employer: Employer | None, as_of: date, standing: dict[str, Any], caller: Caller
) -> list[dict[str, Any]] | None:
    """The hints for this hire with what the contract says; None where the person did not agree that the employer learns why."""
    if not (shares(person) or caller.role != "employer"):
        return None
    contract = standing["contract"] or {}
    facts: dict[str, Any] = dict(posting.facts)
    changes: dict[str, Any] = {}
    if contract.get("signed") is not None:
        facts["contract.signed"] = bool(contract["signed"])
    if contract.get("months") is not None:
        changes["contract_months"] = contract["months"]
    if facts:
        changes["facts"] = facts
    day = date.fromisoformat(standing["on"]) if standing["step"] == "hired" and standing["on"] else as_of
    hints = hints_for_pair(load_catalogue(), posting.model_copy(update=changes), person, employer, min(day, as_of))
    return market.hints_as_seen(caller.role, hints)
