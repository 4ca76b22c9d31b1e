"""政策: every benefit with amount, window, clause and quotation, and what of the documents is covered; for everybody."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import market
from api.access.identify import CallerOrNone, Here
from api.pages import page
from api.policies.listing import PAYEES, STATES, Asked, by_payee, found, groups
from matcher.policy import load_catalogue
from matcher.policy.coverage import STATUSES, coverage, searched, totals
from matcher.policy.described import EMPLOYERS
from matcher.text import normalise

router = APIRouter(include_in_schema=False)
LONGEST_SEARCH = 100
KINDS = {code: name for code, (name, _) in EMPLOYERS.items()}
WINDOWS: dict[str, str] = {**{str(state): words for state, words in STATES.items()}, "all": "全部"}


@router.get("/policies")
def policies(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """The list, searched and limited; ``full`` shows quotations and conditions unfolded, for printing."""
    catalogue, day = load_catalogue(), market.today(here)
    known_groups = groups(catalogue, day)
    given = {name: request.query_params.get(name, "").strip() for name in ("q", "payee", "group", "kind", "state")}
    given["state"] = given["state"] or "open"
    errors = _errors(given, known_groups)
    asked = Asked(**{name: value for name, value in given.items() if name not in errors})
    chosen = found(catalogue, day, asked)
    elsewhere = len(found(catalogue, day, replace(asked, state="all"))) - len(chosen)
    kept = {name: value for name, value in given.items() if value and name not in errors}
    full = request.query_params.get("full") == "1"
    return page(
        request,
        "policies.html",
        {
            "values": given,
            "errors": errors,
            "payees": PAYEES,
            "groups_known": known_groups,
            "kinds": KINDS,
            "windows": WINDOWS,
            "states": STATES,
            "sections": by_payee(catalogue, chosen),
            "number_of_entries": len(chosen),
            "number_of_benefits": len({line.benefit for line in chosen}),
            "elsewhere": elsewhere,
            "everything": f"/policies?{urlencode({**kept, 'state': 'all'})}",
            "unfolded": f"/policies?{urlencode({**kept, **({} if full else {'full': '1'})})}",
            "full": full,
            "today": day,
            "version": catalogue.version,
        },
        status=400 if errors else 200,
    )


def _errors(given: dict[str, str], known_groups: dict[str, str]) -> dict[str, str]:
    errors = {}
    if len(given["q"]) > LONGEST_SEARCH:
        errors["q"] = f"最多写{LONGEST_SEARCH}个字"
    for name, allowed in (("payee", PAYEES), ("group", known_groups), ("kind", KINDS), ("state", WINDOWS)):
        if given[name] and given[name] not in allowed:
            errors[name] = "请从列表里选一项"
    return errors


@router.get("/policies/coverage")
def policies_coverage(request: Request, caller: CallerOrNone) -> Response:
    """Each clause of the five documents: held, shown only, or left out and why; limited by status and by words (``q``)."""
    catalogue = load_catalogue()
    status, q = request.query_params.get("status", ""), request.query_params.get("q", "").strip()
    terms = normalise(q[:LONGEST_SEARCH]).split()
    covered = coverage(catalogue)
    shown = [one for one in covered if (not status or one.status == status) and all(term in searched(one) for term in terms)]
    return page(
        request,
        "policies_coverage.html",
        {
            "documents": [(document, [one for one in shown if one.document == document.id]) for document in catalogue.shared.documents],
            "benefit_of": catalogue.benefit_of,
            "statuses": STATUSES,
            "totals": totals(covered),
            "number": len(covered),
            "found": len(shown),
            "q": q[:LONGEST_SEARCH],
            "kept": f"&{urlencode({'q': q[:LONGEST_SEARCH]})}" if q else "",
            "chosen": status if status in STATUSES else "",
            "version": catalogue.version,
        },
        status=200 if not status or status in STATUSES else 400,
    )
