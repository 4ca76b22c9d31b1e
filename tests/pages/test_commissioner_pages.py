"""Key employers with their gaps, one employer with what can be done, held postings decided."""

from __future__ import annotations

import re

from api.staffing.remedies import remedies
from streams.intake import queries as intake
from tests.pages.reading import posting_id_of, sent_posting


def gap_shown(browser) -> int:
    row = re.search(r'data-employer="e-demo".*?</tr>', browser.get("/commissioner").text, re.DOTALL)
    assert row is not None
    found = re.search(r'data-label="缺口">(\d+)<', row[0])
    assert found is not None
    return int(found[1])


def test_the_gap_of_a_key_employer_follows_openings_and_hires(site, commissioner, employer, jobseeker, opening):
    before = gap_shown(commissioner)
    posting = sent_posting(site, employer, opening(title="焊工（门架）", headcount="1", address="太原市小店区龙城大街20号"))
    assert gap_shown(commissioner) == before + 1
    assert employer.send(f"/employer/postings/{posting}/steps", {"person_id": "u-demo", "step": "hired"}).status_code == 303
    site.settle()
    assert gap_shown(commissioner) == before
    page = commissioner.get("/commissioner/employers/e-demo").text
    assert "焊工（门架）" in page
    assert "一企一策" in page


def test_staff_read_a_person_and_it_is_logged(site, commissioner):
    from sqlalchemy import select

    from api.access.tables import audit

    commissioner.get("/employer/postings/p-demo-3")
    with site.services.exchange.reading() as connection:
        seen = connection.execute(select(audit.c.person_id).where(audit.c.account_id == "c-demo")).scalars().all()
    assert seen


def test_a_held_posting_is_released_or_rejected_with_a_reason(site, commissioner, employer, opening):
    released = posting_id_of(
        employer.send("/employer/new", opening(title="保安", description="限男性。", address="太原市小店区龙城大街21号"))
    )
    rejected = posting_id_of(
        employer.send("/employer/new", opening(title="保洁员", description="未婚优先。", address="太原市小店区龙城大街22号"))
    )
    page = commissioner.get("/commissioner/held").text
    assert "限男性" in page
    assert "限制婚育" in page
    answer = commissioner.send(f"/commissioner/held/{released}", {"decision": "release", "reason": "井下作业，法律有规定"})
    assert answer.headers["location"] == "/commissioner/held?done=release"
    answer = commissioner.send(f"/commissioner/held/{rejected}", {"decision": "reject", "reason": "不得限制婚育"})
    assert answer.headers["location"] == "/commissioner/held?done=reject"
    with site.services.exchange.reading() as connection:
        assert intake.posting(connection, released)["state"] == "published"
        assert intake.posting(connection, rejected)["state"] == "rejected"
    assert "不得限制婚育" in employer.get("/employer").text
    again = commissioner.send(f"/commissioner/held/{released}", {"decision": "reject", "reason": "改主意"})
    assert again.status_code == 409


def test_a_decision_needs_reason_token_and_region(site, commissioner, employer, opening):
    posting = posting_id_of(
        employer.send("/employer/new", opening(title="收银员", description="限女性。", address="太原市小店区龙城大街23号"))
    )
    path = f"/commissioner/held/{posting}"
    assert commissioner.send(path, {"decision": "release", "reason": ""}).status_code == 422
    assert commissioner.send(path, {"decision": "maybe", "reason": "不知道"}).status_code == 422
    assert commissioner.send(path, {"decision": "release", "reason": "好"}, csrf="").status_code == 403
    elsewhere = site.browser(site.account("c-elsewhere", role="commissioner", region="140500"))
    assert elsewhere.send(path, {"decision": "release", "reason": "好"}).status_code == 403
    assert employer.send(path, {"decision": "release", "reason": "好"}).status_code == 403
    assert "收银员" not in elsewhere.get("/commissioner/held").text


GAP = {"gap": 3, "age_days": 5, "in_talks": 0, "accepted": 0}
OPEN = {"state": "published", "title": "焊工", "left": 3, "matched": 40, "pushed": 10, "interested": 0, "in_talks": 0}


def test_remedies_say_nothing_where_there_is_no_gap():
    assert remedies(GAP | {"gap": 0}, [OPEN]) == []


def test_remedies_follow_the_numbers():
    assert "没有人感兴趣" in remedies(GAP, [OPEN])[0]
    assert "尽快邀请" in remedies(GAP, [OPEN | {"interested": 2}])[0]
    assert "只有4人" in remedies(GAP, [OPEN | {"matched": 4}])[0]
    assert "一个也没有" in remedies(GAP, [OPEN | {"matched": 0}])[0]
    assert "补发岗位" in remedies(GAP, [OPEN | {"left": 1}])[0]
    assert "发布出来" in remedies(GAP, [])[0]
    assert "暂缓公开" in remedies(GAP, [OPEN | {"state": "held"}])[0]
    assert "跟进结果" in remedies(GAP | {"in_talks": 1}, [OPEN])[-1]
    assert "专场招聘" in remedies(GAP | {"age_days": 31}, [OPEN])[-1]
    assert not any("专场招聘" in one for one in remedies(GAP | {"age_days": 30}, [OPEN]))
