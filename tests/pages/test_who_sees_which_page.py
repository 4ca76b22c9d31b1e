"""Each page for its role; others are sent to sign in, refused, or told that there is nothing."""

from __future__ import annotations

import re

import pytest

JOBSEEKER = ("/inbox", "/inbox/items", "/me", "/postings/p-demo-1", "/postings/p-demo-4")
EMPLOYER = (
    "/employer",
    "/employer/items",
    "/employer/new",
    "/employer/postings/p-demo-1",
    "/employer/postings/p-demo-1/candidates",
    "/employer/postings/p-demo-1/edit",
)
STAFF = (
    "/commissioner",
    "/commissioner/items",
    "/commissioner/held",
    "/commissioner/held/items",
    "/commissioner/employers/e-demo",
    "/commissioner/employers/e-demo/items",
)
PUBLIC = ("/search", "/search?q=焊&region=140100&sort=pay", "/postings/p-demo-1", "/login")
OWN_ONLY = (*JOBSEEKER[:3], *EMPLOYER, *STAFF)


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_need_nobody(nobody, path):
    answer = nobody.get(path)
    assert answer.status_code == 200
    assert '<html lang="zh-CN">' in answer.text


@pytest.mark.parametrize("path", JOBSEEKER)
def test_a_jobseeker_sees_their_own_pages(jobseeker, path):
    assert jobseeker.get(path).status_code == 200


@pytest.mark.parametrize("path", EMPLOYER)
def test_an_employer_sees_its_own_pages(employer, path):
    assert employer.get(path).status_code == 200


@pytest.mark.parametrize("path", STAFF)
def test_a_commissioner_sees_the_region(commissioner, path):
    assert commissioner.get(path).status_code == 200


@pytest.mark.parametrize("path", STAFF)
def test_an_administrator_sees_the_province(administrator, path):
    assert administrator.get(path).status_code == 200


@pytest.mark.parametrize("path", OWN_ONLY)
def test_whoever_is_not_signed_in_is_sent_to_the_login_page(nobody, path):
    answer = nobody.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/")


@pytest.mark.parametrize("path", [*EMPLOYER, *STAFF])
def test_a_jobseeker_is_refused_elsewhere(jobseeker, path):
    assert jobseeker.get(path).status_code == 403


@pytest.mark.parametrize("path", [*JOBSEEKER[:3], *STAFF])
def test_an_employer_is_refused_elsewhere(employer, path):
    assert employer.get(path).status_code == 403


@pytest.mark.parametrize("path", [*JOBSEEKER[:3], "/employer", "/employer/new"])
def test_a_commissioner_has_no_inbox_and_no_openings(commissioner, path):
    assert commissioner.get(path).status_code == 403


def test_a_commissioner_of_the_place_may_manage_a_posting_there(commissioner):
    assert commissioner.get("/employer/postings/p-demo-1").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/employer/postings/p-demo-1",
        "/employer/postings/p-demo-1/candidates",
        "/employer/postings/p-demo-1/edit",
    ],
)
def test_another_employers_posting_is_refused(site, path):
    other = next(row["employer_id"] for row in site.sample.employers if row["employer_id"] != "e-demo")
    browser = site.browser(site.account("e-other", role="employer", employer_id=other))
    assert browser.get(path).status_code == 403
    assert browser.get("/employer").status_code == 200


def test_a_commissioner_of_another_county_sees_neither_employer_nor_posting(site):
    browser = site.browser(site.account("c-other", role="commissioner", region="140500"))
    assert browser.get("/commissioner").status_code == 200
    assert "砚川机械" not in browser.get("/commissioner").text
    assert browser.get("/commissioner/employers/e-demo").status_code == 403
    assert browser.get("/employer/postings/p-demo-1").status_code == 403


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("u-demo", "/postings/p-none"),
        ("e-demo", "/employer/postings/p-none"),
        ("e-demo", "/employer/postings/p-none/edit"),
        ("c-demo", "/commissioner/employers/e-none"),
        ("c-demo", "/employer/postings/p-none"),
        (None, "/postings/p-none"),
        (None, "/nowhere"),
    ],
)
def test_what_does_not_exist_is_not_found(site, who, path):
    answer = site.browser(who).get(path)
    assert answer.status_code == 404
    assert "<h1>没有找到</h1>" in answer.text


@pytest.mark.parametrize(
    ("who", "home"),
    [("u-demo", "/inbox"), ("e-demo", "/employer"), ("c-demo", "/commissioner"), ("a-demo", "/commissioner"), (None, "/search")],
)
def test_home_is_the_page_of_the_role(site, who, home):
    assert site.browser(who).get("/").headers["location"] == home


def test_pages_allow_no_inline_script_and_have_none(site):
    for who, path in [("u-demo", "/inbox"), ("e-demo", "/employer/postings/p-demo-1"), ("c-demo", "/commissioner"), (None, "/search")]:
        answer = site.browser(who).get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert "style=" not in answer.text
        assert "onclick" not in answer.text
        assert answer.text.count("<script") == len(re.findall(r'<script src="/static/[a-z]+\.js" defer></script>', answer.text))


def test_an_unchanged_part_is_not_sent_again(jobseeker):
    first = jobseeker.get("/inbox/items")
    again = jobseeker.get("/inbox/items", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert f"data-etag={first.headers['etag']}" in jobseeker.get("/inbox").text
