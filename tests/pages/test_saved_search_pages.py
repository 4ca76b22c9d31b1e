"""A jobseeker saves the search of the page, is told of what comes, and deletes it."""

from __future__ import annotations

import re

from tests.pages.reading import sent_posting


def hidden(page: str, form: str) -> dict[str, str]:
    found = re.search(rf'<form method="post" action="{form}".*?</form>', page, re.S)
    assert found is not None
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[0]))


def test_a_search_is_saved_from_its_page_told_and_deleted(site, employer, jobseeker, opening):
    page = jobseeker.get("/search?q=小店区 盘扣架子工 3000以上").text
    assert "保存这个搜索，有新岗位时通知我" in page
    values = hidden(page, "/me/searches")
    assert (values["region"], values["pay_min"]) == ("140105", "3000")
    assert jobseeker.send("/me/searches", values).headers["location"] == "/me?saved=search#searches"
    posting = sent_posting(site, employer, opening(title="盘扣架子工", region="140105", address="太原市小店区龙城大街77号"))
    site.settle()
    inbox = jobseeker.get("/inbox").text
    assert f"/postings/{posting}" in inbox
    assert "您保存的搜索" in inbox
    mine = jobseeker.get("/me").text
    name = values["name"]
    assert name in mine
    path = re.search(r'action="(/me/searches/[^"]+/delete)"', mine)
    assert path is not None
    assert jobseeker.send(path[1], {}).headers["location"] == "/me#searches"
    assert name not in jobseeker.get("/me").text


def test_what_was_saved_is_shown_again_by_its_link(jobseeker):
    values = hidden(jobseeker.get("/search?q=太原 叉车 包住").text, "/me/searches")
    jobseeker.send("/me/searches", values)
    link = re.search(r'href="(/search\?[^"]+as=typed)"', jobseeker.get("/me").text)
    assert link is not None
    again = jobseeker.get(link[1].replace("&amp;", "&")).text
    assert hidden(again, "/me/searches") == {**values, "csrf": hidden(again, "/me/searches")["csrf"]}
    path = re.search(r'action="(/me/searches/[^"]+/delete)"', jobseeker.get("/me").text)
    assert path is not None
    jobseeker.send(path[1], {})


def test_a_search_for_everything_cannot_be_saved(jobseeker, nobody, employer):
    assert "有新岗位时通知我" not in jobseeker.get("/search").text
    assert jobseeker.send("/me/searches", {"name": "全部"}).status_code == 400
    assert "登录" in nobody.get("/search?q=焊工").text
    assert 'action="/me/searches"' not in employer.get("/search?q=焊工").text
