"""Every page as every role: what the table of roles grants opens, everything else is refused. Made from ``api/access/roles.py``."""

from __future__ import annotations

import pytest

from api.access.roles import ANYONE, rules

#: account: (role, whether the examples are its own, whether they lie in its region)
CALLERS = {
    "u-demo": ("jobseeker", True, False),
    "u-elsewhere": ("jobseeker", False, False),
    "e-demo": ("employer", True, False),
    "e-elsewhere": ("employer", False, False),
    "c-demo": ("commissioner", False, True),
    "c-elsewhere": ("commissioner", False, False),
    "a-demo": ("administrator", False, False),
    "auditor": ("auditor", False, False),
    "market": ("operator", False, False),
    "partner": ("partner", False, False),
    None: (ANYONE, False, False),
}
NAMED = {
    "posting_id": "p-demo-1",
    "employer_id": "e-demo",
    "claim_id": "nobodys",
    "report_id": "nobodys",
    "notice_id": "nobodys",
    "match_id": "nobodys",
    "search_id": "nobodys",
    "key_id": "nobodys",
    "webhook_id": "nobodys",
    "delivery_id": "nobodys",
    "token": "nobodys",
}
FORM = {
    "decision": "release",
    "reason": "可以",
    "step": "invited",
    "person_id": "u-demo",
}  # fits where a form is read before the page is found
PAGES = [route for route in rules() if "/api/" not in route and not route.split(" ")[1].startswith(("/health", "/metrics"))]
PUBLIC = [route for route in PAGES if ANYONE in rules()[route].may]
GUARDED = [route for route in PAGES if ANYONE not in rules()[route].may]


def browser_of(site, who):
    given = {
        "u-elsewhere": {
            "role": "jobseeker",
            "person_id": next(row["person_id"] for row in site.sample.people if row["person_id"] != "u-demo"),
        },
        "e-elsewhere": {
            "role": "employer",
            "employer_id": next(row["employer_id"] for row in site.sample.employers if row["employer_id"] != "e-demo"),
        },
        "c-elsewhere": {"role": "commissioner", "region": "140500"},
        "auditor": {"role": "auditor"},
        "market": {"role": "operator", "owner_ids": ("m-of-nobody",)},
        "partner": {"role": "partner", "owner_ids": ("b-of-nobody",)},
    }
    return site.browser(site.account(who, **given[who]) if who in given else who)


def path_of(route):
    return route.split(" ")[1].format(**NAMED)


def about_somebody(route):
    """Whether the page is about an employer or its posting; a jobseeker's own pages are about them, whatever posting they name."""
    return rules()[route].action != "person.pages" and any(name in route for name in ("{posting_id}", "{employer_id}"))


def reached(route, who):
    role, own, near = CALLERS[who]
    scope = rules()[route].may.get(role)
    if scope in (None, "all"):
        return scope == "all"
    return not about_somebody(route) or (near if scope == "region" else own)


@pytest.mark.parametrize("route", PAGES)
def test_a_page_opens_for_those_of_the_table_and_for_nobody_else(site, route):
    method, path = route.split(" ")[0], path_of(route)
    for who in CALLERS:
        browser = browser_of(site, who)
        if reached(route, who):
            if method == "GET":
                answer = browser.get(path)
                missing = "nobodys" in path or path.startswith("/login/oidc")  # this exchange knows no provider to sign in with
                fine = answer.status_code == 200 or (answer.status_code == 303 and path == "/") or missing
                assert fine and answer.status_code not in (401, 403, 500), f"{who} may at {route}: {answer.status_code}"  # noqa: PT018
            continue  # what a form that is granted does is said in the tests of its page
        answer = browser.get(path) if method == "GET" else browser.send(path, FORM, csrf=browser.token() if who else "")
        if who is None and method == "GET":
            assert (answer.status_code, answer.headers["location"].partition("=")[0]) == (303, "/login?next"), route
        elif who is None:
            assert answer.status_code == 401, f"nobody at {route}: {answer.status_code}"
        else:
            assert answer.status_code in (403, 404), f"{who} may not at {route}: {answer.status_code}"


def test_guarded_pages_are_most_and_public_ones_are_few():
    assert len(GUARDED) > 35
    assert {path_of(route).rstrip("/") for route in PUBLIC if route.startswith("GET")} == {
        "", "/search", "/postings/p-demo-1", "/policies", "/policies/coverage", "/login", "/login/forgotten", "/login/reset", "/help",
        "/robots.txt", "/sitemap.xml", "/sitemap/postings.xml", "/still/nobodys", "/login/oidc", "/login/oidc/callback",
    }  # fmt: skip


@pytest.mark.parametrize("route", [route for route in GUARDED if route.startswith("POST")])
def test_a_form_without_its_token_is_refused_whoever_sends_it(site, route):
    for who in ("u-demo", "e-demo", "c-demo", "a-demo"):
        assert browser_of(site, who).send(path_of(route), {}, csrf="forged").status_code == 403, (who, route)
