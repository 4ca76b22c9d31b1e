"""What search engines read: data on a posting's page, robots.txt, the sitemap; and that what was taken down is gone, with its day."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from xml.etree import ElementTree

import pytest

from matcher.days import day_of
from streams.intake import queries as intake
from streams.intake.gateway import decide_hold
from tests.pages.reading import answered, sent_posting

BREAKING = "焊工</script><script>alert(1)</script>\u2028<!--"
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def block_of(answer):
    """The page's one data block, as a parser of HTML sees it: up to the first end tag."""
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script', answer.text, re.DOTALL | re.IGNORECASE)
    assert len(blocks) <= 1
    return json.loads(blocks[0]) if blocks else None


def locations(answer, kind):
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.text)
    return {
        one.findtext("s:loc", namespaces=NAMES): one.findtext("s:lastmod", namespaces=NAMES) for one in root.findall(f"s:{kind}", NAMES)
    }


def in_sitemap(site, browser):
    """Every posting's address in the sitemap, each once, with its day."""
    found = {}
    for page in locations(browser.get("/sitemap.xml"), "sitemap"):
        assert page.startswith(site.address)
        entries = locations(browser.get(page.removeprefix(site.address)), "url")
        assert not entries.keys() & found.keys()
        found |= entries
    return found


def published(site):
    with site.services.exchange.reading() as connection:
        return {found["posting_id"]: found for found in intake.published(connection)}


def test_a_postings_page_carries_what_it_states_as_data(site, nobody):
    answer = nobody.get("/postings/p-demo-1")
    told, shown = block_of(answer), published(site)["p-demo-1"]
    assert (told["@type"], told["title"]) == ("JobPosting", shown["posting"]["title"])
    assert told["url"] == f"{site.address}/postings/p-demo-1"
    assert told["validThrough"].startswith(shown["last_open_day"])
    assert told["jobLocation"]["address"]["addressRegion"] == "山西省"
    assert not re.search(r"1[3-9]\d{9}", json.dumps(told))


def test_the_data_cannot_end_its_block_and_the_policy_stays_strict(site, employer, nobody, opening):
    posting = sent_posting(site, employer, opening(title=BREAKING, address="太原市小店区龙城大街41号", description="焊接</script>"))
    answer = nobody.get(f"/postings/{posting}")
    assert block_of(answer)["title"] == published(site)[posting]["posting"]["title"]
    assert "alert(1)</script>" not in answer.text
    assert "\u2028" not in re.search(r"ld\+json\">(.*?)</script", answer.text, re.DOTALL)[1]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "暂时不招了"})


def test_the_sitemap_has_every_open_public_posting_once(site, nobody, monkeypatch):
    expected = {f"{site.address}/postings/{posting_id}" for posting_id in published(site)}
    assert in_sitemap(site, nobody).keys() == expected
    monkeypatch.setattr("api.intake.sitemap.ADDRESSES", 7)
    assert len(locations(nobody.get("/sitemap.xml"), "sitemap")) == -(-len(expected) // 7)
    assert in_sitemap(site, nobody).keys() == expected


def test_an_address_in_the_sitemap_dates_from_its_last_version(site, employer, nobody, opening):
    given = opening(title="冷作工", address="太原市小店区龙城大街42号")
    posting = sent_posting(site, employer, given)
    address = f"{site.address}/postings/{posting}"
    first = in_sitemap(site, nobody)[address]
    assert datetime.fromisoformat(first).tzinfo is not None
    browser = site.browser("u-demo")
    browser.send(f"/postings/{posting}/answer", {"answer": "interested"})
    site.settle()
    assert answered(site, "u-demo", posting)[0] == "interested"
    assert in_sitemap(site, nobody)[address] == first
    employer.send(f"/employer/postings/{posting}/edit", {**given, "headcount": "4"})
    site.settle()
    assert in_sitemap(site, nobody)[address] > first


def test_robots_are_told_the_sitemap_and_what_is_nobodys_business(site, nobody):
    answer = nobody.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert f"Sitemap: {site.address}/sitemap.xml" in answer.text.splitlines()
    assert {"Disallow: /me", "Disallow: /inbox", "Disallow: /employer", "Disallow: /api/"} <= set(answer.text.splitlines())
    assert "Disallow: /postings/p" not in answer.text


def test_a_forged_host_becomes_no_markup(site, nobody):
    answer = nobody.get("/sitemap.xml", headers={"host": "x.example:80<script>"})
    assert "<script>" not in answer.text


def test_what_was_withdrawn_is_gone_with_its_day_everywhere(site, employer, nobody, opening):
    posting = sent_posting(site, employer, opening(title="夜班装卸工", address="太原市小店区龙城大街43号"))
    assert employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "暂时不招了"}).status_code == 303
    site.settle()
    page = nobody.get(f"/postings/{posting}")
    today: date = day_of(site.services.exchange.now())
    assert page.status_code == 410
    assert f"下架日期：{today.year}年{today.month}月{today.day}日" in page.text
    assert block_of(page) is None
    told = nobody.get(f"/api/v1/postings/{posting}")
    assert told.status_code == 410
    assert day_of(datetime.fromisoformat(told.json()["ended"]["at"])) == today
    assert f"{today.month}月{today.day}日" in told.json()["detail"]
    assert f"{site.address}/postings/{posting}" not in in_sitemap(site, nobody)


@pytest.mark.parametrize("was_public", [True, False])
def test_what_staff_rejected_is_gone_if_it_was_public_and_else_never_was(site, employer, nobody, opening, was_public):
    given = opening(title=f"巡检工{was_public}", address="太原市小店区龙城大街44号", **{"headcount": "3" if was_public else "6"})
    if was_public:
        posting = sent_posting(site, employer, given)
        employer.send(f"/employer/postings/{posting}/edit", {**given, "description": "限男性。"})
    else:
        posting = sent_posting(site, employer, {**given, "description": "限男性。"})
    site.settle()
    assert nobody.get(f"/postings/{posting}").status_code == 404
    decide_hold(site.services.exchange, posting, "reject", by="a-demo", reason="岗位限制性别", sender="test")
    site.settle()
    expected = 410 if was_public else 404
    assert nobody.get(f"/postings/{posting}").status_code == expected
    told = nobody.get(f"/api/v1/postings/{posting}")
    assert told.status_code == expected
    if was_public:
        assert told.json()["ended"]["reason"] == "rejected"


def test_what_was_held_and_withdrawn_without_ever_being_public_is_nobodys(site, employer, nobody, opening):
    posting = sent_posting(site, employer, opening(title="磨工", description="限男性。", address="太原市小店区龙城大街45号"))
    employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "写错了"})
    site.settle()
    assert nobody.get(f"/postings/{posting}").status_code == 404
    assert nobody.get(f"/api/v1/postings/{posting}").status_code == 404
