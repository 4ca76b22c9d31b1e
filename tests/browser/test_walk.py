"""The whole way once, as people walk it: every role in a window of its own, nothing reloaded that should come by itself."""

from __future__ import annotations

import json
import re
import urllib.request
from base64 import b64encode

import pytest
from playwright.sync_api import expect

from infra.demo import PASSWORD

pytestmark = pytest.mark.browser
TITLE = "焊工（走查焊接）"
SOON = 20_000


def stays(page):
    """Marks a page; a mark that is still there later says that nothing was reloaded."""
    page.evaluate("window.stayed = true")


def stayed(page):
    return page.evaluate("window.stayed === true")


def gap_cell(page):
    return page.locator('tr[data-employer="e-demo"] td[data-label="缺口"]')


def asked(address, path):
    """An answer of the API to the administrator."""
    request = urllib.request.Request(address + path)
    request.add_header("Authorization", "Basic " + b64encode(f"a-demo:{PASSWORD}".encode()).decode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def in_inboxes(address, posting_id):
    """The people in whose inbox the posting is, out of those it suits."""
    people = [item["person_id"] for item in asked(address, f"/api/v1/postings/{posting_id}/candidates?limit=100")["items"]]
    return [person for person in people if holds(address, person, posting_id)]


def holds(address, person_id, posting_id):
    items = asked(address, f"/api/v1/people/{person_id}/inbox?limit=100")["items"]
    return any(item["posting_id"] == posting_id and item["state"] == "issued" for item in items)


def test_from_the_posting_to_the_hire(signed_in, address):
    jobseeker, commissioner, employer, nobody = signed_in("u-demo", telephone=True), signed_in("c-demo"), signed_in("e-demo"), signed_in()

    # The jobseeker's inbox and the commissioner's table lie open.
    expect(jobseeker).to_have_url(re.compile("/inbox$"))
    expect(commissioner).to_have_url(re.compile("/commissioner$"))
    card = jobseeker.locator("article", has=jobseeker.get_by_role("link", name=TITLE, exact=True))
    expect(card).to_have_count(0)
    gap = int(gap_cell(commissioner).inner_text())
    stays(jobseeker)
    stays(commissioner)

    # The employer posts.
    employer.get_by_role("link", name="发布岗位").first.click()
    employer.get_by_label("岗位名称").fill(TITLE)
    employer.get_by_label("招聘人数").fill("1")
    employer.get_by_label("岗位说明").fill("支架小件组焊，长白班，管午饭。")
    employer.get_by_label("最低").fill("6500")
    employer.get_by_label("最高").fill("8500")
    employer.get_by_label("工作地区").select_option("140105")
    employer.get_by_label("学历").select_option("90")
    employer.get_by_label("技能").fill("二保焊")
    employer.get_by_label("劳动合同几个月").fill("24")
    employer.get_by_label("联系人").fill("温经理")
    employer.get_by_label("电话", exact=True).fill("15400000088")
    employer.get_by_role("button", name="发送").click()
    expect(employer.get_by_text("已公开：岗位已经发给合适的求职者")).to_be_visible()
    found = re.search(r"/employer/postings/([^?#]+)", employer.url)
    assert found is not None
    posting_id = found[1]

    # It is in the open inbox, with reasons and hints; the commissioner's gap has grown.
    expect(card).to_be_visible(timeout=SOON)
    expect(card.get_by_role("listitem").filter(has_text="同属焊工")).to_be_visible()
    expect(card.locator("summary", has_text="政策提示")).to_be_visible()
    expect(gap_cell(commissioner)).to_have_text(str(gap + 1), timeout=SOON)
    assert stayed(jobseeker)
    assert stayed(commissioner)
    others = [person for person in in_inboxes(address, posting_id) if person != "u-demo"]
    assert others, "the sample has other people whom the opening suits"

    # Interested: the contact is shown, and the employer sees it.
    stays(employer)
    card.get_by_role("button", name="感兴趣").click()
    expect(card.get_by_text("您已表示感兴趣")).to_be_visible()
    expect(employer.locator("#candidates .tag.good", has_text="感兴趣")).to_be_visible(timeout=SOON)
    assert stayed(employer)
    card.get_by_role("link", name="看联系方式").click()
    expect(jobseeker.get_by_role("link", name="15400000088")).to_be_visible()
    jobseeker.goto("/inbox")
    stays(jobseeker)

    # The employer invites; the jobseeker's page says so by itself.
    candidate = employer.locator("#candidates article", has=employer.locator(".tag.good", has_text="感兴趣"))
    candidate.get_by_role("button", name="邀请面谈").click()
    expect(jobseeker.locator(".step", has_text=TITLE).get_by_text("邀请面谈", exact=True)).to_be_visible(timeout=SOON)
    assert stayed(jobseeker)

    # … and hires: the hints for this hire say who is paid what, by which clause, until when.
    candidate.locator("summary", has_text=re.compile("^录用$")).click()
    candidate.get_by_label("劳动合同已经签订").check()
    candidate.get_by_label("从哪天起参加社保").fill("2026-12-01")
    candidate.get_by_role("button", name="确认录用").click()
    claims = employer.locator(".claims")
    expect(claims.get_by_text("录用这一位，可以办的补贴")).to_be_visible()
    expect(claims.get_by_text("给用人单位").first).to_be_visible()
    expect(claims.get_by_text("最多10,800元").first).to_be_visible()
    expect(claims.get_by_text("第21项").first).to_be_visible()
    expect(employer.get_by_text("这个岗位已经招满了")).to_be_visible(timeout=SOON)

    # The commissioner's gap has fallen again, the jobseeker is hired, and for everyone else the opening is gone.
    expect(gap_cell(commissioner)).to_have_text(str(gap), timeout=SOON)
    assert stayed(commissioner)
    expect(jobseeker.locator(".step", has_text=TITLE).get_by_text("已录用", exact=True)).to_be_visible(timeout=SOON)
    expect(card.get_by_text("您已被录用")).to_be_visible(timeout=SOON)
    assert stayed(jobseeker)
    gone = nobody.goto(f"/postings/{posting_id}")
    assert gone is not None
    assert gone.status == 410
    expect(nobody.get_by_text("这个岗位已经招满了")).to_be_visible()
    assert not [person for person in others if holds(address, person, posting_id)]


PAGES = {
    None: ("/search", "/postings/p-demo-2", "/login"),
    "u-demo": ("/inbox", "/search?q=焊", "/me", "/postings/p-demo-2", "/postings/p-demo-4"),
    "e-demo": ("/employer", "/employer/new", "/employer/postings/p-demo-2", "/employer/postings/p-demo-2/edit"),
    "c-demo": ("/commissioner", "/commissioner/held", "/commissioner/employers/e-demo"),
}


@pytest.mark.parametrize("login", PAGES)
def test_every_page_fits_a_telephone(signed_in, login):
    page = signed_in(login, telephone=True)
    for path in PAGES[login]:
        page.goto(path)
        for part in page.locator("details").all():
            part.evaluate("one => { one.open = true }")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path
        fields = "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')]"
        unnamed = page.evaluate(f"{fields}.filter(one => !one.labels.length).map(one => one.name)")
        assert unnamed == [], path
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
        assert len(ids) == len(set(ids)), path


def test_without_scripts_answers_still_work(signed_in):
    page = signed_in("u-demo", scripts=False)
    card = page.locator("article", has=page.get_by_role("button", name="看过了")).first
    anchor = card.get_attribute("id")
    assert anchor is not None
    card.get_by_role("button", name="看过了").click()
    expect(page).to_have_url(re.compile("/inbox#"))
    expect(page.locator(f"[id='{anchor}']").get_by_text("您已看过")).to_be_visible()


def test_a_field_in_use_is_not_taken_away(signed_in):
    commissioner, employer = signed_in("c-demo"), signed_in("e-demo")
    commissioner.goto("/commissioner/held")
    for number in ("一", "二"):
        employer.goto("/employer/new")
        employer.get_by_label("岗位名称").fill(f"走查保洁{number}组")
        employer.get_by_label("招聘人数").fill("1")
        employer.get_by_label("岗位说明").fill("限女性，早班。")
        employer.get_by_label("工作地区").select_option("140105")
        employer.get_by_role("button", name="发送").click()
        expect(employer.get_by_text("暂缓公开。")).to_be_visible()
        if number == "一":
            first = commissioner.locator("article", has_text="走查保洁一组")
            expect(first).to_be_visible(timeout=SOON)
            first.get_by_label("原因").fill("正在写的原因")
    expect(commissioner.get_by_text("有新内容，正在填的提交以后显示")).to_be_visible(timeout=SOON)
    commissioner.get_by_role("heading", name="待审岗位").click()
    expect(first.get_by_label("原因")).to_have_value("正在写的原因")
    first.get_by_label("原因").fill("")
    commissioner.get_by_role("heading", name="待审岗位").click()
    expect(commissioner.locator("article", has_text="走查保洁二组")).to_be_visible(timeout=SOON)
