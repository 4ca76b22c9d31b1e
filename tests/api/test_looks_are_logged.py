"""Every route that opens a person's data to somebody else writes an entry in the audit log, before it answers.

Each route is either asked here as somebody else and must leave an entry, or it is entered below with the reason why it opens nobody's
data, and then every example of it is asked as every role and must show nothing of a person without an entry. A new route is in neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.access.audit import ACTIONS, FIELDS, verify
from api.access.roles import ANYONE, rules
from api.access.tables import audit
from tests.api.conftest import ACCOUNTS, PERSON, POSTING, Market, furnish, open_market
from tests.api.test_who_may_what import TABLE as EXAMPLES

STEP = {"step": "talking"}
FORM = {"person_id": "u-8", "step": "talking"}
INTERN = {"person_id": "u-8", "started_on": "2026-03-01", "ended_on": "2026-08-31", "outcome": "completed"}
MONTH = {"month": "2026-10", "income_per_head_yuan": 900, "standard_yuan": 700}
CALL = {"reason": "通知面谈时间"}
OFFICE = "commissioner"

#: route: who asks, what is asked ({p}: a posting of e-9, {c}: a claim of u-7's, {m}: a recommendation to u-7, {b}: a list for civil
#: affairs), the body, and of whom an entry must then be there. Paths of the interface without /api/v1, as everywhere in these tests; forms
#: are dictionaries behind "form".
LOGGED: dict[str, tuple[str, str, Any, set[str]]] = {
    "GET /api/v1/people/{person_id}": (OFFICE, "/api/v1/people/u-7", None, {"u-7"}),
    "GET /api/v1/people/{person_id}/recommendations": (OFFICE, "/api/v1/people/u-7/recommendations", None, {"u-7"}),
    "GET /api/v1/people/{person_id}/public-welfare-posts": (OFFICE, "/api/v1/people/u-7/public-welfare-posts", None, {"u-7"}),
    "GET /api/v1/people/{person_id}/inbox": (OFFICE, "/api/v1/people/u-7/inbox", None, {"u-7"}),
    "GET /api/v1/people/{person_id}/policies": (OFFICE, "/api/v1/people/u-7/policies", None, {"u-7"}),
    "POST /api/v1/people/{person_id}/inbox/{match_id}/answer": (OFFICE, "/api/v1/people/u-7/inbox/{m}/answer", {"answer": "seen"}, {"u-7"}),
    "GET /api/v1/people/{person_id}/consents": (OFFICE, "/api/v1/people/u-7/consents", None, {"u-7"}),
    "PUT /api/v1/people/{person_id}/consents/{purpose}": (OFFICE, "/api/v1/people/u-7/consents/recommend", {"given": True}, {"u-7"}),
    "POST /api/v1/people/{person_id}/confirm": (OFFICE, "/api/v1/people/u-7/confirm", None, {"u-7"}),
    "POST /api/v1/people/{person_id}/contact": (OFFICE, "/api/v1/people/u-7/contact", CALL, {"u-7"}),
    "POST /commissioner/contact": (OFFICE, "/commissioner/contact", {"form": {"person_id": "u-7", **CALL}}, {"u-7"}),
    "POST /api/v1/people/{person_id}/incomes": (OFFICE, "/api/v1/people/u-7/incomes", MONTH, {"u-7"}),
    "POST /api/v1/people/{person_id}/founder": (OFFICE, "/api/v1/people/u-7/founder", {"has_tax_activity": True}, {"u-7"}),
    "GET /api/v1/people/{person_id}/startup": (OFFICE, "/api/v1/people/u-7/startup", None, {"u-7"}),
    "GET /api/v1/civil-affairs/exits": (OFFICE, "/api/v1/civil-affairs/exits", None, {"u-6"}),
    "GET /api/v1/civil-affairs/referrals": (OFFICE, "/api/v1/civil-affairs/referrals?batch={b}", None, {"u-6"}),
    "POST /api/v1/civil-affairs/referrals": (OFFICE, "/api/v1/civil-affairs/referrals", None, {"u-6"}),
    "GET /commissioner/civil-affairs": (OFFICE, "/commissioner/civil-affairs?batch={b}", None, {"u-6"}),
    "POST /commissioner/civil-affairs": (OFFICE, "/commissioner/civil-affairs", {"form": {"make": "1"}}, {"u-6"}),
    "DELETE /api/v1/people/{person_id}": (OFFICE, "/api/v1/people/u-5", None, {"u-5"}),
    "GET /api/v1/matches/{person_id}/{posting_id}": ("employer", "/api/v1/matches/u-8/{p}", None, {"u-8"}),
    "GET /api/v1/matches/{person_id}/{posting_id}/steps": ("employer", "/api/v1/matches/u-7/{p}/steps", None, {"u-7"}),
    "POST /api/v1/matches/{person_id}/{posting_id}/steps": ("employer", "/api/v1/matches/u-8/{p}/steps", STEP, {"u-8"}),
    "GET /api/v1/postings/{posting_id}/candidates": ("employer", "/api/v1/postings/{p}/candidates", None, {"u-6", "u-8"}),
    "GET /employer/postings/{posting_id}": ("employer", "/employer/postings/{p}", None, {"u-7", "u-8", "u-6"}),
    "GET /employer/postings/{posting_id}/candidates": ("employer", "/employer/postings/{p}/candidates", None, {"u-7", "u-8", "u-6"}),
    "POST /employer/postings/{posting_id}/steps": ("employer", "/employer/postings/{p}/steps", {"form": FORM}, {"u-8"}),
    "GET /employer/policies": ("employer", "/employer/policies", None, {"u-7"}),
    "POST /employer/policies/claims": ("employer", "/employer/policies/claims", {"form": {"note": "没有选补贴"}}, {"u-7"}),
    "POST /employer/policies/address": ("employer", "/employer/policies/address", {"form": {"mail": "no address"}}, {"u-7"}),
    "GET /api/v1/employers/{employer_id}/policies": (OFFICE, "/api/v1/employers/e-9/policies", None, {"u-7"}),
    "POST /api/v1/employers/{employer_id}/insured": (
        OFFICE, "/api/v1/employers/e-9/insured", {"person_id": "u-8", "insured_on": "2026-11-01"}, {"u-8"},
    ),
    "POST /api/v1/employers/{employer_id}/internships": ("employer", "/api/v1/employers/e-9/internships", INTERN, {"u-8"}),
    "POST /api/v1/claims": (OFFICE, "/api/v1/claims", {"benefits": ["startup_one_off_subsidy"], "person_id": "u-8"}, {"u-8"}),
    "GET /api/v1/claims": (OFFICE, "/api/v1/claims", None, {"u-7"}),
    "GET /commissioner/claims": (OFFICE, "/commissioner/claims", None, {"u-7"}),
    "GET /api/v1/claims/{claim_id}": (OFFICE, "/api/v1/claims/{c}", None, {"u-7"}),
    "GET /claims/{claim_id}": (OFFICE, "/claims/{c}", None, {"u-7"}),
    "POST /api/v1/claims/{claim_id}/decisions": (OFFICE, "/api/v1/claims/{c}/decisions", {"decision": "approve"}, {"u-7"}),
    "POST /claims/{claim_id}/decision": (OFFICE, "/claims/{c}/decision", {"form": {"decision": "approve"}}, {"u-7"}),
    "POST /claims/{claim_id}/founder": (OFFICE, "/claims/{c}/founder", {"form": {"jobs_created": "1"}}, {"u-7"}),
    "POST /api/v1/claims/{claim_id}/objections": (OFFICE, "/api/v1/claims/{c}/objections", {"reason": "有误"}, {"u-7"}),
    "POST /claims/{claim_id}/objection": (OFFICE, "/claims/{c}/objection", {"form": {"reason": "有误"}}, {"u-7"}),
    "GET /api/v1/audit": ("auditor", "/api/v1/audit?person_id=u-7", None, {"u-7"}),
    "GET /audit": ("auditor", "/audit?person_id=u-7", None, {"u-7"}),
}  # fmt: skip

#: Actions of the table of roles whose routes open nobody's data; in brackets the routes of an action that are not in LOGGED.
OPENS_NOBODYS = {
    "account": "one's own account",
    "account.acting": "one's own account",
    "account.second_factor": "one's own account",
    "account.keys": "one's own account",
    "account.rotate_key": "one's own account",
    "feed.webhooks": "where public postings are sent, and whether they came",
    "events": "that something changed, and a version of it",
    "person.contact": "a form, for the routes that are not asked above",
    "person.write": "what is answered was sent by the caller; the message with its sender stays in the log",
    "posting.write": "postings",
    "posting.manage": "postings, for the routes that are not asked above",
    "employer.pages": "an employer's own postings",
    "help.keep": "places where help is given",
    "posting.decide": "postings",
    "posting.merged": "postings",
    "posting.report": "postings",
    "reports.read": "reports without who made them",
    "reports.decide": "reports without who made them",
    "commitments.read": "agencies",
    "commitments.decide": "agencies",
    "employers.confirm": "employers",
    "employer.write": "employers",
    "employer.read": "employers, for the routes that are not asked above",
    "employer.report": "numbers, for the routes that are not asked above",
    "employer.insurance": "numbers, for the routes that are not asked above",
    "claims.decide": "employers' proposals, for the routes that are not asked above",
    "internship_posts.read": "numbers of posts by place and unit, and rates",
    "notices.seen": "that a notice of one's own was read",
    "region.read": "employers and numbers",
    "region.held": "postings",
}  # fmt: skip
#: Of a 低保 family, registered as unemployed, in hardship, and agreeing that civil affairs are told.
IN_HARDSHIP: dict[str, Any] = {
    "person_id": "u-6", "categories": ["registered_unemployed", "dibao_family_member"], "private": None,
    "consent": {"recommend": True, "share_with_employers": True, "share_with_civil_affairs": True},
    "facts": {"person.living_difficulty": True},
}  # fmt: skip
CHANGES = count()
#: Their answers repeat what the caller sent.
ECHOED = {"POST /people", "POST /employers/e-9/insured", "POST /employers/e-9/internships"}
#: What tells of somebody: ids, and what only profiles say.
IDS = ("u-5", "u-6", "u-7", "u-8")
WORDS = ("焊接技术应用",)
OTHERS = ("employer", "other-employer", "commissioner", "other-commissioner", "province", "administrator", "auditor", "market", "partner")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, empty_folder: Path, _cheap_passwords: None) -> Iterator[Market]:
    """A market in which everything that can be shown of somebody is there: a hire, talks, claims, an income, a recommendation."""
    for market in open_market(tmp_path_factory.mktemp("looked"), empty_folder):
        furnish(market)
        for changes in (IN_HARDSHIP, {"person_id": "u-5", "private": None}):
            assert market.post("administrator", "/people?wait=1", {**PERSON, **changes}).status_code == 200
        more = market.call("administrator", "PUT", f"/postings/{market.posting_id}?wait=1", json={**POSTING, "headcount": 9})
        assert more.status_code == 200, more.text
        market.settle()
        hired = {"step": "hired", "on": "2026-11-20", "contract": {"signed": True, "months": 12, "insured_on": "2026-11-20"}}
        for person_id, step in (("u-7", hired), ("u-8", {"step": "invited"})):
            assert market.post("employer", f"/matches/{person_id}/{market.posting_id}/steps", step).status_code == 202
        assert market.post("commissioner", "/people/u-6/incomes", {**MONTH, "month": "2026-11"}).status_code == 202
        claim = {"benefits": ["startup_one_off_subsidy"], "person_id": "u-7"}
        assert market.post("jobseeker", "/claims", claim).status_code == 202
        market.settle()
        market.match_id = market.get("jobseeker", "/people/u-7/inbox").json()["items"][0]["match_id"]
        yield market


def in_hardship_anew(market: Market) -> None:
    """Something about u-6 changes, so that there is something to tell civil affairs."""
    day = date(2026, 1, 1) + timedelta(days=next(CHANGES))
    changed = {**PERSON, **IN_HARDSHIP, "registered_unemployed_on": day.isoformat()}
    assert market.post("administrator", "/people?wait=1", changed).status_code == 200
    market.settle()


def list_of(market: Market) -> str:
    in_hardship_anew(market)
    return str(market.post("administrator", "/civil-affairs/referrals").json()["batch"])


def claim_of(market: Market) -> str:
    return str(market.get("jobseeker", "/people/u-7/policies").json()["claims"][0]["claim_id"])


def asked(market: Market, who: str, method: str, path: str, body: Any = None) -> Any:
    """One request to a path of the interface or a page, with the account's key."""
    path = path.replace("{p}", market.posting_id).replace("{m}", market.match_id)
    path = path.replace("{c}", claim_of(market)) if "{c}" in path else path
    if path.partition("?")[0].endswith(("/civil-affairs", "/civil-affairs/referrals")):
        path = path.replace("{b}", list_of(market)) if "{b}" in path else path
        in_hardship_anew(market)
    given = {"data": body["form"]} if body and "form" in body else {"json": body} if body is not None else {}
    return market.client.request(method, path, headers={"Authorization": f"Bearer {market.keys[who]}"}, **given)


def entries(market: Market, who: str, after: int = 0) -> list[Any]:
    """What this account left in the log behind a place."""
    with market.services.exchange.reading() as connection:
        return list(connection.execute(select(audit).where(audit.c.account_id == f"a-{who}", audit.c.n > after).order_by(audit.c.n)))


def end(market: Market) -> int:
    with market.services.exchange.reading() as connection:
        return verify(connection).head.n


def test_every_route_that_others_may_ask_is_entered_here() -> None:
    others = {route for route, rule in rules().items() if ANYONE not in rule.may and set(rule.may) != {"jobseeker"}}
    assert LOGGED.keys() <= others
    unknown = {route for route in others - LOGGED.keys() if rules()[route].action not in OPENS_NOBODYS}
    assert unknown == set(), "does it open a person's data to somebody else? Then scope.person or scope.note, and an example in LOGGED"
    assert OPENS_NOBODYS.keys() <= {rules()[route].action for route in others - LOGGED.keys()}


@pytest.mark.parametrize("route", [route for route in LOGGED if not route.startswith("DELETE")])
def test_a_route_that_opens_somebodys_data_leaves_an_entry(full: Market, route: str) -> None:
    who, path, body, of = LOGGED[route]
    before = end(full)
    answer = asked(full, who, route.split(" ")[0], path, body)
    assert answer.status_code in (200, 202, 303, 403, 409, 422), answer.text  # refused by a rule is after the look
    left = entries(full, who, before)
    assert of <= {one.person_id for one in left}, f"{route}: {answer.status_code} {answer.text[:300]}"
    for one in left:
        assert one.action in ACTIONS
        assert set(one.fields.split(",")) <= FIELDS.keys()
        assert (one.role, one.office) == (ACCOUNTS[who]["role"], {"employer": "e-9", OFFICE: "140105"}.get(who, ""))


def test_forgetting_somebody_leaves_an_entry(full: Market) -> None:
    before = end(full)
    assert asked(full, OFFICE, "DELETE", "/api/v1/people/u-5").status_code == 202
    assert [(one.person_id, one.action) for one in entries(full, OFFICE, before)] == [("u-5", "delete")]


def check_shown(market: Market, method: str, path: str, body: Any) -> None:
    """Asked as every other role; what is shown of whom is read from the answer itself."""
    for who in OTHERS:
        before = end(market)
        answer = asked(market, who, method, path, body)
        if answer.headers.get("content-type", "").startswith(("application/problem+json", "application/gzip")):
            continue
        left = {one.person_id for one in entries(market, who, before)}
        if "" in left:
            continue  # the log itself was read, and the entry says so
        shown = {id_ for id_ in IDS if id_ in answer.text}
        assert shown <= left, f"{who}: shown {shown}, logged {left}"
        assert left or not any(word in answer.text for word in WORDS), f"{who}: a profile was shown and nothing logged"


@pytest.mark.parametrize("route", [route for route in EXAMPLES if route not in ECHOED])
def test_the_interface_shows_others_nobody_without_an_entry(full: Market, route: str) -> None:
    method, path = route.split(" ", 1)
    check_shown(full, method, "/api/v1" + path, EXAMPLES[route][1])


@pytest.mark.parametrize("route", [route for route in rules() if "/api/" not in route and route.split(" ")[1] not in ("/login", "/logout")])
def test_pages_show_others_nobody_without_an_entry(full: Market, route: str) -> None:
    method, path = route.split(" ", 1)
    named = {"posting_id": "{p}", "employer_id": "e-9", "claim_id": "{c}"}
    nobodys = ("report_id", "notice_id", "match_id", "search_id", "key_id", "webhook_id", "delivery_id", "token")
    path = path.format(**dict.fromkeys(nobodys, "nobodys"), **named)
    check_shown(full, method, path, {"form": {"person_id": "u-7", "step": "talking", "reason": "核实"}} if method == "POST" else None)


def test_ones_own_data_leaves_no_entry(full: Market) -> None:
    before = end(full)
    for path in ("", "/inbox", "/recommendations", "/policies", "/looks", "/saved-searches"):
        assert full.get("jobseeker", f"/people/u-7{path}").status_code == 200
    assert asked(full, "jobseeker", "GET", "/me/looks").status_code == 200
    assert end(full) == before
