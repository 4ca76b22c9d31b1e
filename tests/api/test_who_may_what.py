"""Every route and every kind of caller: who may, who may not. The table is the promise; the test asks each cell."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.api.conftest import ACCOUNTS, EMPLOYER, PERSON, POSTING, Market, described, furnish

Y, N, L = "may", "may not", "must sign in"
CALLERS = ("jobseeker", "other-jobseeker", "employer", "other-employer", "commissioner", "other-commissioner", "administrator", None)
STEP = {"step": "not_hired", "on": "2026-11-20"}
INTERNSHIP = {"person_id": "u-8", "started_on": "2026-03-01", "ended_on": "2026-08-31", "outcome": "completed"}
MOVED = {"person_id": "u-7", "kind": "jobseeker", "private": None}

# route: who may, in the order of CALLERS; body. {p}: the posting of e-9 in 140105; u-7 lives there and did not
# agree to be shown to employers.
TABLE: dict[str, tuple[tuple[str, ...], Any]] = {
    "GET /postings": ((Y, Y, Y, Y, Y, Y, Y, Y), None),
    "GET /suggestions?q=焊": ((Y, Y, Y, Y, Y, Y, Y, Y), None),
    "GET /postings/{p}": ((Y, Y, Y, Y, Y, Y, Y, Y), None),
    "GET /feed": ((Y, Y, Y, Y, Y, Y, Y, Y), None),
    "GET /feed/snapshot": ((Y, Y, Y, Y, Y, Y, Y, Y), None),
    "POST /hints": ((Y, Y, Y, Y, Y, Y, Y, Y), {"date": "2026-11-20", "facts": {}}),
    "GET /people/u-7": ((Y, N, N, N, Y, N, Y, L), None),
    "GET /people/u-7/recommendations": ((Y, N, N, N, Y, N, Y, L), None),
    "GET /people/u-7/public-welfare-posts": ((Y, N, N, N, Y, N, Y, L), None),
    "GET /people/u-7/inbox": ((Y, N, N, N, Y, N, Y, L), None),
    "POST /people/u-7/inbox/{m}/answer": ((Y, N, N, N, Y, N, Y, L), {"answer": "seen"}),
    "GET /people/u-7/answer-rules": ((Y, N, N, N, N, N, N, L), None),
    "PUT /people/u-7/answer-rules/nobodys": (("404", N, N, N, N, N, N, L), {"used": False}),
    "POST /people/u-7/contact": ((N, N, N, N, Y, N, Y, L), {"reason": "通知面谈时间"}),
    "GET /people/u-7/consents": ((Y, N, N, N, Y, N, Y, L), None),
    "PUT /people/u-7/consents/recommend": ((Y, N, N, N, Y, N, Y, L), {"given": True}),
    "POST /people/u-7/confirm": ((Y, N, N, N, Y, N, Y, L), None),
    "GET /people/u-7/saved-searches": ((Y, N, N, N, N, N, N, L), None),
    "GET /people/u-7/looks": ((Y, N, N, N, N, N, N, L), None),
    "GET /account": ((Y, Y, Y, Y, Y, Y, Y, L), None),
    "DELETE /account/sessions": ((Y, Y, Y, Y, Y, Y, Y, L), None),
    "GET /account/keys": ((N, N, Y, Y, N, N, N, L), None),
    "POST /account/keys": ((N, N, Y, Y, N, N, N, L), {"name": "招聘系统", "actions": ["public.read"], "days": 30}),
    "POST /account/keys/nobodys/rotation": ((N, N, "404", "404", N, N, N, L), {}),
    "DELETE /account/keys/nobodys": ((N, N, "404", "404", N, N, N, L), None),
    # Markets and partners may: test_roles_table.py, test_webhooks.py.
    "GET /feed/webhooks": ((N, N, N, N, N, N, N, L), None),
    "POST /feed/webhooks": ((N, N, N, N, N, N, N, L), {"url": "https://1.1.1.1/gongqiao"}),
    "GET /feed/webhooks/nobodys/deliveries": ((N, N, N, N, N, N, N, L), None),
    "POST /feed/webhooks/nobodys/deliveries/nobodys/redelivery": ((N, N, N, N, N, N, N, L), None),
    "POST /feed/webhooks/nobodys/secret": ((N, N, N, N, N, N, N, L), None),
    "DELETE /feed/webhooks/nobodys": ((N, N, N, N, N, N, N, L), None),
    # Of a session alone, and these come with keys: test_second_factor.py.
    "GET /account/second-factor": ((N, N, N, N, N, N, N, L), None),
    "POST /account/second-factor": ((N, N, N, N, N, N, N, L), None),
    "POST /account/second-factor/confirm": ((N, N, N, N, N, N, N, L), {"code": "000000"}),
    "POST /account/second-factor/codes": ((N, N, N, N, N, N, N, L), {"code": "000000"}),
    "POST /account/second-factor/off": ((N, N, N, N, N, N, N, L), {"code": "000000"}),
    "GET /audit": ((N, N, N, N, N, N, N, L), None),  # auditors: test_roles_table.py
    "POST /people/u-7/saved-searches": ((Y, N, N, N, N, N, N, L), {"name": "小店电焊", "parameters": {"q": "电焊", "region": "140105"}}),
    "DELETE /people/u-7/saved-searches/nobodys": (("404", N, N, N, N, N, N, L), None),
    "GET /postings/{p}/candidates": ((N, N, Y, N, Y, N, Y, L), None),
    # Of somebody who did not agree to be shown an employer learns nothing: 404, as of a stranger.
    "GET /matches/u-7/{p}": ((Y, N, "404", N, Y, N, Y, L), None),
    "GET /matches/u-8/{p}": ((N, Y, Y, N, Y, N, Y, L), None),
    "GET /matches/u-7/{p}/steps": ((Y, N, Y, N, Y, N, Y, L), None),
    "POST /matches/u-7/{p}/steps": ((N, N, Y, N, Y, N, Y, L), STEP),
    "GET /employers/e-9": ((N, N, Y, N, Y, N, Y, L), None),
    "GET /employers/e-9/gap": ((N, N, Y, N, Y, N, Y, L), None),
    "POST /employers/e-9/shortages": ((N, N, Y, N, Y, N, Y, L), {"lines": [{"title": "焊工", "number": 2}]}),
    "GET /employers/e-9/policies": ((N, N, Y, N, Y, N, Y, L), None),
    "GET /people/u-7/policies": ((Y, N, N, N, Y, N, Y, L), None),
    "GET /proposals/job_retention_refund": ((N, N, N, N, Y, Y, Y, L), None),
    "POST /employers/e-9/insurance-years": ((N, N, N, N, Y, N, Y, L), {"year": 2025, "insured_by_month": [28] * 12}),
    "POST /employers/e-9/insured": ((N, N, N, N, Y, N, Y, L), {"person_id": "u-8", "insured_on": "2026-11-01"}),
    "POST /employers/e-9/internships": ((N, N, Y, N, Y, N, Y, L), INTERNSHIP),
    "POST /people/u-7/incomes": ((N, N, N, N, Y, N, Y, L), {"month": "2026-11", "income_per_head_yuan": 900, "standard_yuan": 700}),
    "POST /people/u-7/founder": ((N, N, N, N, Y, N, Y, L), {"has_tax_activity": True, "jobs_created": 1}),
    "GET /people/u-7/startup": ((Y, N, N, N, Y, N, Y, L), None),
    "GET /civil-affairs/exits": ((N, N, N, N, Y, Y, Y, L), None),
    "GET /civil-affairs/referrals": ((N, N, N, N, Y, Y, Y, L), None),
    "POST /civil-affairs/referrals": ((N, N, N, N, Y, Y, Y, L), None),
    "GET /internship-posts?year=2023": ((N, N, N, N, Y, Y, Y, L), None),
    "POST /claims": ((Y, N, N, N, Y, N, Y, L), {"benefits": ["startup_one_off_subsidy"], "person_id": "u-7"}),
    "GET /claims": ((N, N, N, N, Y, Y, Y, L), None),
    # Whose a claim or a notice is, is asked in test_policy_claims_asked.py; of one that does not exist nobody learns more than that.
    "GET /claims/nobodys": (("404", "404", "404", "404", "404", "404", "404", L), None),
    "POST /claims/nobodys/decisions": ((N, N, N, N, "404", "404", "404", L), {"decision": "approve"}),
    "POST /claims/nobodys/objections": (("404", "404", "404", "404", "404", "404", "404", L), {"reason": "有误"}),
    "POST /notices/nobodys/seen": (("404", "404", "404", "404", N, N, N, L), None),
    "GET /commissioners/a-commissioner/gaps": ((N, N, N, N, Y, N, Y, L), None),
    "POST /postings": ((N, N, Y, N, Y, N, Y, L), POSTING),
    "PUT /postings/{p}": ((N, N, Y, N, Y, N, Y, L), POSTING),
    "POST /postings/{p}/confirm": ((N, N, Y, N, Y, N, Y, L), None),
    # 409: nothing is held; who may not decide is told so first.
    "POST /postings/{p}/decision": ((N, N, N, N, "409", N, "409", L), {"decision": "release", "reason": "可以"}),
    "GET /help?region=140105": ((Y, Y, Y, Y, Y, Y, Y, Y), None),
    "POST /help": ((N, N, N, N, Y, N, Y, L), {"region": "140105", "kind": "office", "name": "样例服务站", "checked_on": "2026-11-20"}),
    "DELETE /help/nobodys": ((N, N, N, N, "404", "404", "404", L), None),
    "GET /postings/{p}/merged": ((N, N, N, N, Y, N, Y, L), None),
    # 409: nothing is merged; who may not split is told so first.
    "POST /postings/{p}/split": ((N, N, N, N, "409", N, "409", L), {"from_posting_id": "another"}),
    "POST /postings/{p}/reports": ((Y, Y, N, N, Y, Y, Y, L), {"kind": "no_contract", "text": "上班三个月没有签合同"}),
    "GET /postings/{p}/freshness": ((N, N, Y, N, Y, N, Y, L), None),
    "GET /reports": ((N, N, N, N, Y, Y, Y, L), None),
    "POST /reports/nobodys/decision": ((N, N, N, N, "404", "404", "404", L), {"decision": "unfounded", "reason": "查无此事"}),
    "GET /commitments": ((N, N, N, N, Y, Y, Y, L), None),
    "GET /employers-to-confirm": ((N, N, N, N, Y, Y, Y, L), None),
    # 409: staff sent it, which confirmed it.
    "POST /employers/e-9/confirmation": ((N, N, N, N, "409", N, "409", L), {"revision": 0}),
    "POST /employers/nobodys/commitment-decision": ((N, N, N, N, "404", "404", "404", L), {"decision": "kept", "reason": "查看了场所"}),
    "GET /employers/e-9/reports": ((N, N, Y, N, Y, N, Y, L), None),
    "GET /employers/e-9/questions": ((N, N, Y, N, Y, N, Y, L), None),
    "GET /employers/e-9/to-confirm": ((N, N, Y, N, Y, N, Y, L), None),
    "GET /pay-reference?occupation_code=6-18-02-04&region=140105": ((Y, Y, Y, Y, Y, Y, Y, Y), None),
    "POST /people": ((Y, N, N, N, Y, N, Y, L), {**PERSON, "private": None}),
    "POST /employers": ((N, N, Y, N, Y, N, Y, L), EMPLOYER),
}  # fmt: skip
# These end what the others ask about, so they are asked of an exchange of their own.
ENDING: dict[str, tuple[tuple[str, ...], Any]] = {
    "DELETE /postings/{p}?reason=x": ((N, N, Y, N, Y, N, Y, L), None),
    "DELETE /people/u-7": ((Y, N, N, N, Y, N, Y, L), None),
}
SSE = "GET /events"  # asked in test_events.py: it does not end


def ask(market: Market, who: str | None, route: str, body: Any) -> Any:
    method, path = route.replace("{p}", market.posting_id).replace("{m}", market.match_id).split(" ", 1)
    return market.call(who, method, path, json=body) if body is not None else market.call(who, method, path)


def check(answer: Any, expected: str) -> None:
    status = answer.status_code
    if expected == Y:
        assert status in (200, 201, 202), answer.text
    elif expected == N:
        assert status == 403, answer.text
    elif expected == L:
        assert status == 401
        assert answer.headers["www-authenticate"]
    else:
        assert status == int(expected), answer.text


@pytest.fixture(scope="module")
def asked(furnished: Market) -> Market:
    with_match = furnished.get("jobseeker", "/people/u-7/inbox").json()["items"]
    furnished.match_id = with_match[0]["match_id"]
    return furnished


@pytest.mark.parametrize("route", TABLE)
def test_who_may_and_who_may_not(asked: Market, route: str) -> None:
    expected, body = TABLE[route]
    for who, answer in zip(CALLERS, expected, strict=True):
        got = ask(asked, who, route, body)
        try:
            check(got, answer)
        except AssertionError as error:
            raise AssertionError(f"{who} at {route}: expected {answer!r}, got {got.status_code} {got.text[:300]}") from error


@pytest.mark.parametrize("route", ENDING)
def test_who_may_end_it(market: Market, route: str) -> None:
    furnish(market)
    market.match_id = ""
    expected, body = ENDING[route]
    # Those who may not first; then one who may.
    for who, answer in sorted(zip(CALLERS, expected, strict=True), key=lambda entry: entry[1] == Y):
        check(ask(market, who, route, body), answer)
        if answer == Y:
            break


def test_the_table_has_every_route(asked: Market) -> None:
    listed = {described(asked.app, route.replace("{p}", "x").replace("{m}", "x")) for route in (*TABLE, *ENDING, SSE)}
    there = {
        f"{method.upper()} {path}"
        for path, methods in asked.app.openapi()["paths"].items()
        if path.startswith("/api/v1/")
        for method in methods
    }
    assert listed == there


@pytest.mark.parametrize("who", ["auditor", "market", "partner"])
def test_other_roles_see_no_person_and_no_employer(asked: Market, who: str) -> None:
    for path in ("/people/u-7", "/people/u-7/recommendations", "/people/u-7/inbox", "/employers/e-9", f"/matches/u-7/{asked.posting_id}"):
        assert asked.get(who, path).status_code == 403
    assert asked.get(who, f"/postings/{asked.posting_id}/candidates").status_code == 403


def test_nobody_learns_who_is_registered(asked: Market) -> None:
    for who in ("other-jobseeker", "employer"):
        known = asked.get(who, "/people/u-7")
        unknown = asked.get(who, "/people/nobody-of-this-name")
        assert (known.status_code, known.json()["detail"]) == (unknown.status_code, unknown.json()["detail"])
    assert (
        asked.get("employer", f"/matches/u-7/{asked.posting_id}").status_code
        == asked.get("employer", f"/matches/x/{asked.posting_id}").status_code
    )


def test_a_market_writes_its_own_postings_only(market: Market) -> None:
    gig = {
        "source": "gig_market", "market_id": "m-1", "source_id": "LG-1", "title": "搬运工", "type": "gig",
        "region": "140105", "headcount": 3,
        "description": "小区搬家，一天的活，当天结钱。", "pay": {"min": 200, "unit": "day"},
        "work": {"starts_at": "2026-12-01T08:00", "days": 1},
    }  # fmt: skip
    assert market.post("market", "/postings?wait=1", gig).json()["outcome"] == "published"
    refused = market.post("market", "/postings", {**gig, "market_id": "m-2"})
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["field"] == "market_id"
    assert market.post("market", "/postings", POSTING).status_code == 403


def test_reads_of_a_persons_data_by_others_are_logged(market: Market) -> None:
    from api.access.tables import audit

    furnish(market)

    def logged() -> list[tuple[str, ...]]:
        columns = (audit.c.account_id, audit.c.person_id, audit.c.action, audit.c.about, audit.c.fields)
        with market.services.exchange.reading() as connection:
            return [tuple(row) for row in connection.execute(select(*columns).order_by(audit.c.n))]

    assert logged() == []
    market.get("jobseeker", "/people/u-7")
    market.get("jobseeker", "/people/u-7/inbox")
    assert logged() == []
    market.get("commissioner", "/people/u-7")
    market.get("commissioner", "/people/u-7/recommendations")
    market.get("employer", f"/matches/u-8/{market.posting_id}")
    market.get("employer", f"/postings/{market.posting_id}/candidates")
    assert logged() == [
        ("a-commissioner", "u-7", "profile", "", "profile"),
        ("a-commissioner", "u-7", "recommendations", "", "score,reasons,hints"),
        ("a-employer", "u-8", "match", market.posting_id, "score,reasons,hints"),
        ("a-employer", "u-7", "candidates", market.posting_id, "score"),  # did not agree to be shown
        ("a-employer", "u-8", "candidates", market.posting_id, "score,trade,reasons,hints"),
    ]


def test_every_account_of_the_table_exists() -> None:
    assert {who for who in CALLERS if who is not None} <= ACCOUNTS.keys()
