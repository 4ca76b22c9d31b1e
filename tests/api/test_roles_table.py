"""Every route as every role: what the table grants opens, what it does not is refused. Made from ``api/access/roles.py``."""

from __future__ import annotations

from typing import Any

import pytest

from api.access.accounts import ROLES
from api.access.roles import ANYONE, TABLE, Rule, rules
from tests.api.conftest import ACCOUNTS, Market, described, furnish
from tests.api.test_who_may_what import ENDING, SSE, ask
from tests.api.test_who_may_what import TABLE as EXAMPLES

#: Whose the examples are: person u-7 (and u-8) and posting of e-9, in 140105. Which accounts each scope reaches, of those in ACCOUNTS.
OWN = {"jobseeker", "employer"}
REGION = {"commissioner", "province"}
OWN_OF_U8 = {"other-jobseeker"}
CALLERS: tuple[str | None, ...] = (*ACCOUNTS, None)
BY_SESSION = "account.second_factor"  # the examples come with keys, which never open it


def reached(rule: Rule, who: str | None, path: str) -> bool:
    """Whether the table lets this account do this to this example."""
    role = ANYONE if who is None else str(ACCOUNTS[who]["role"])
    scope = rule.may.get(role) if rule.action != BY_SESSION else None
    if scope is None or who is None:
        return scope == "all"
    if scope == "all" or not about_somebody(path):
        return True
    if scope == "region":
        return who in REGION
    if scope == "shared":
        return who == "employer" and "u-8" in path  # u-7 did not agree to be shown
    if who in ("jobseeker", "other-jobseeker") and "u-8" in path:
        return who in OWN_OF_U8
    if who == "employer" and not any(part in path for part in ("e-9", "{p}")):
        return False  # about a person alone
    return who in OWN


def about_somebody(path: str) -> bool:
    """Whether the example names a person, an employer, a posting, an office or a county; else it is about the caller's own."""
    return any(part in path for part in ("u-7", "u-8", "e-9", "{p}", "/commissioners/", "140105"))


def body_for(route: str, who: str | None, body: Any) -> Any:
    # What somebody sends is about themselves; the examples are about u-7 and e-9.
    return {"step": "left"} if who is not None and "jobseeker" in who and route.startswith("POST /matches/") else body


def rule_of(market: Market, route: str) -> Rule:
    return rules()[described(market.app, route.replace("{p}", "x").replace("{m}", "x"))]


@pytest.fixture(scope="module")
def asked(furnished: Market) -> Market:
    furnished.match_id = furnished.get("jobseeker", "/people/u-7/inbox").json()["items"][0]["match_id"]
    return furnished


def check(market: Market, route: str, who: str | None, body: Any) -> None:
    answer = ask(market, who, route, body_for(route, who, body))
    may = reached(rule_of(market, route), who, route + str(body or ""))
    said = f"{who} at {route}: {'may' if may else 'may not'}, and got {answer.status_code} {answer.text[:200]}"
    if may:
        assert answer.status_code in (200, 201, 202, 409) or (answer.status_code == 404 and "nobodys" in route), said
    elif who is None:
        assert answer.status_code == 401, said
        assert answer.headers["www-authenticate"], said
    else:
        assert answer.status_code in (403, 404), said


@pytest.mark.parametrize("route", EXAMPLES)
def test_what_the_table_grants_opens_and_nothing_else(asked: Market, route: str) -> None:
    for who in CALLERS:
        check(asked, route, who, EXAMPLES[route][1])


@pytest.mark.parametrize("route", ENDING)
def test_what_ends_something_is_refused_to_all_others(market: Market, route: str) -> None:
    furnish(market)
    rule = rule_of(market, route)
    for who in CALLERS:
        if not reached(rule, who, route):
            check(market, route, who, ENDING[route][1])
    check(market, route, "administrator", ENDING[route][1])


def test_every_route_of_the_application_has_a_rule_and_every_rule_a_route(asked: Market) -> None:
    there = set()
    for route in routes_of(asked.app):
        there |= route
    assert there - rules().keys() == set(), "add them to api/access/roles.py, then: gongqiao roles --write docs/roles.md"
    assert rules().keys() - there == set(), "api/access/roles.py names routes that do not exist"


def routes_of(app: Any) -> list[set[str]]:
    """Each route with its whole path; those of routers within routers too."""
    found = []
    for route in app.routes:
        inside = route.effective_route_contexts() if hasattr(route, "effective_route_contexts") else [route]
        for one in inside:
            if getattr(one, "methods", None) and one.path != "/api/openapi.json":
                found.append({f"{method} {one.path}" for method in one.methods - {"HEAD"}})
    return found


def test_every_route_of_the_interface_is_asked(asked: Market) -> None:
    examples = {described(asked.app, route.replace("{p}", "x").replace("{m}", "x")) for route in (*EXAMPLES, *ENDING, SSE)}
    assert {route for route in rules() if "/api/v1/" in route} == examples


def test_a_role_that_is_not_granted_something_is_refused_before_anything_is_read(asked: Market) -> None:
    for path in ("/people/u-7", "/people/nobody-of-this-name", "/employers/e-9", "/employers/nobodys"):
        for who in ("auditor", "market", "partner"):
            assert asked.get(who, path).status_code == 403
    assert asked.post("jobseeker", "/employers", {"nonsense": 1}).status_code == 403
    assert asked.post(None, "/people", {"nonsense": 1}).status_code == 401


def test_a_route_that_nobody_entered_in_the_table_is_nobodys(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {route: rule for route, rule in rules().items() if route != "GET /api/v1/postings"}
    monkeypatch.setattr("api.access.roles.rules", lambda: known)
    assert market.get("administrator", "/postings").status_code == 403
    assert market.get(None, "/postings").status_code == 401
    assert market.get(None, "/feed").status_code == 200


def test_roles_and_scopes_of_the_table_are_known_ones() -> None:
    for rule in TABLE:
        assert rule.may.keys() <= {ANYONE, *ROLES}, rule.action
        assert set(rule.may.values()) <= {"all", "region", "own", "shared"}, rule.action
        assert rule.may.get(ANYONE) in (None, "all"), rule.action
        assert rule.may.get("jobseeker") != "region", rule.action
        assert rule.may.get("commissioner") in (None, "region", "all", "own"), rule.action
    assert len({rule.action for rule in TABLE}) == len(TABLE)


def test_a_market_sees_no_more_of_the_people_at_its_posting_than_an_employer(market: Market) -> None:
    from api.access.accounts import Caller
    from api.hiring.candidates import in_progress

    furnish(market)
    assert market.post("employer", f"/matches/u-7/{market.posting_id}/steps", {"step": "invited"}).status_code == 202
    assert market.post("employer", f"/matches/u-8/{market.posting_id}/steps", {"step": "invited"}).status_code == 202
    market.settle()

    def shown(role: str, **whose: Any) -> dict[str, bool]:
        caller = Caller(account_id="a-x", login="x", role=role, display="x", **whose)
        return {entry["person_id"]: "profile" in entry for entry in in_progress(market.services, caller, market.posting_id)}

    assert shown("operator", owner_ids=("m-1",)) == shown("employer", employer_id="e-9") == {"u-7": False, "u-8": True}
    assert shown("commissioner", region="140105") == {"u-7": True, "u-8": True}
    assert shown("commissioner", region="140213") == {"u-7": False, "u-8": True}
