"""No private value on a page of others, and nothing a source writes becomes markup."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.reading import sent_posting

PUBLIC = ("/search", "/search?q=焊", "/search?sort=date&form=gig")
MARKUP = "<img src=x onerror=alert(1)>\"'焊工"


def canaries(site: Any) -> set[str]:
    """Every name, identity number and telephone of the sample's people."""
    return {str(value) for row in site.sample.people for value in row.get("private", {}).values()}


def contacts(site: Any) -> set[str]:
    """Telephones of the postings' contacts, and what the sample wrote into texts to be masked."""
    phones = {row["contact"]["phone"] for row in site.sample.postings if row.get("contact", {}).get("phone")}
    return phones | set(site.sample.to_be_masked.values())


def pages_of(browser: Any, paths: Any) -> str:
    return "\n".join(browser.get(path).text for path in paths)


def test_the_canaries_are_there_to_be_found(site, jobseeker):
    found = canaries(site)
    assert len(found) > 100
    assert "梁树平" in found
    assert "梁树平" in jobseeker.get("/inbox").text  # the own account's name, in the head of the page


def test_no_private_value_on_employers_pages(site):
    private = canaries(site)
    employers = {row["employer_id"] for row in site.sample.employers}
    seen = 0
    for row in site.sample.postings:
        owner = row.get("employer", {}).get("employer_id")
        if owner not in employers or seen >= 12:
            continue
        seen += 1
        login = "e-demo" if owner == "e-demo" else f"login-{owner}"
        if login != "e-demo":
            site.account(login, role="employer", employer_id=owner)
        browser = site.browser(login)
        id_ = row["posting_id"]
        text = pages_of(browser, ("/employer", f"/employer/postings/{id_}", f"/employer/postings/{id_}/edit", f"/postings/{id_}"))
        assert not [value for value in private | contacts(site) if value in text], id_
    assert seen == 12


def test_no_private_value_on_public_pages(site, nobody):
    private = canaries(site) | contacts(site)
    paths = [*PUBLIC, *(f"/postings/{row['posting_id']}" for row in site.sample.postings)]
    text = pages_of(nobody, paths)
    assert "焊工（液压支架）" in text
    assert not [value for value in private if value in text]


def test_no_private_value_on_commissioners_pages(site, commissioner, administrator):
    private = canaries(site) | contacts(site)
    paths = ["/commissioner", "/commissioner/held", "/commissioner/employers/e-demo", "/employer/postings/p-demo-1"]
    text = pages_of(commissioner, paths) + pages_of(administrator, paths)
    assert not [value for value in private if value in text]


def test_a_jobseeker_sees_no_contact_before_interest(site, jobseeker):
    text = pages_of(jobseeker, ("/inbox", "/me", "/postings/p-demo-1", "/postings/p-demo-3"))
    assert not [value for value in contacts(site) if value in text]
    own = site.sample.people[0]["private"]
    assert own["id_number"] not in text
    assert own["phone"] not in text


def test_markup_in_a_title_is_text_everywhere(site, employer, jobseeker, commissioner, nobody, opening):
    posting = sent_posting(site, employer, opening(title=MARKUP, description="<script>alert(2)</script>焊接", address="<b>6号</b>"))
    pages = [
        *(employer.get(path) for path in ("/employer", f"/employer/postings/{posting}", f"/employer/postings/{posting}/edit")),
        *(jobseeker.get(path) for path in ("/inbox", f"/postings/{posting}")),
        *(commissioner.get(path) for path in ("/commissioner/employers/e-demo", f"/employer/postings/{posting}")),
        *(nobody.get(path) for path in (f"/postings/{posting}", "/search?q=onerror")),
    ]
    for answer in pages:
        assert answer.status_code == 200
        assert "<img" not in answer.text
        assert "<script>alert" not in answer.text
        assert "<b>6号" not in answer.text
        assert "&lt;img src=x onerror=alert(1)&gt;" in answer.text, answer.url
    employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "暂时不招了"})


@pytest.mark.parametrize("path", ["/search?q=%3Cscript%3Ealert(1)%3C/script%3E", "/search?pay_min=%22%3E%3Cscript%3E"])
def test_markup_in_an_address_is_text(nobody, path):
    text = nobody.get(path).text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_markup_in_a_reason_is_text(site, commissioner, employer, opening):
    posting = sent_posting(site, employer, opening(title="电工", description="限男性。", address="太原市小店区龙城大街30号"))
    commissioner.send(f"/commissioner/held/{posting}", {"decision": "reject", "reason": "<i>不行</i>"})
    text = employer.get("/employer").text
    assert "<i>不行" not in text
    assert "&lt;i&gt;不行&lt;/i&gt;" in text


def test_a_sent_form_that_is_wrong_comes_back_escaped(employer, opening):
    text = employer.send("/employer/new", opening(headcount="x", title=MARKUP)).text
    assert "<img" not in text
    assert 'value="&lt;img src=x onerror=alert(1)&gt;&#34;&#39;焊工"' in text


def test_signing_in_leads_inside_only(nobody):
    for target in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert "evil.example" not in nobody.get("/login", params={"next": target}).text
