"""A jobseeker reports a posting on a page; staff decide on theirs."""

from __future__ import annotations

import re

from tests.pages.reading import sent_posting


def test_a_jobseeker_reports_and_staff_decide(site, commissioner, employer, jobseeker, opening):
    posting = sent_posting(site, employer, opening(title="焊工（举报页）", address="太原市小店区龙城大街41号"))
    assert f"/postings/{posting}/report" in jobseeker.get(f"/postings/{posting}").text
    page = jobseeker.get(f"/postings/{posting}/report").text
    assert all(kind in page for kind in ("黑中介", "虚假招聘", "就业歧视", "滥用试用期", "拖欠试用期工资", "不依法签订劳动合同"))
    path = f"/postings/{posting}/report"
    assert jobseeker.send(path, {"kind": "no_contract", "text": "短"}).status_code == 422
    assert jobseeker.send(path, {"text": "上班三个月没有签合同"}).status_code == 422
    assert jobseeker.send(path, {"kind": "no_contract", "text": "上班三个月没有签合同"}).headers["location"] == f"{path}?done=1"
    site.settle()
    page = commissioner.get("/commissioner/reports").text
    assert "上班三个月没有签合同" in page
    report = re.search(r'id="report-([^"]+)"', page)
    assert report is not None
    path = f"/commissioner/reports/{report[1]}"
    assert commissioner.send(path, {"decision": "ask_correction", "reason": ""}).status_code == 422
    assert commissioner.send(path, {"decision": "ask_correction", "reason": "请补签合同", "correct_by": "尽快"}).status_code == 422
    assert commissioner.send(path, {"decision": "ask_correction", "reason": "请补签合同"}).status_code == 303
    assert "请补签合同" in commissioner.get("/commissioner/reports").text
    assert (
        "有举报，要求改正" in employer.get(f"/employer/postings/{posting}").text
        or "请补签合同" in employer.get(f"/employer/postings/{posting}").text
    )
    assert commissioner.send(path, {"decision": "corrected", "reason": "已补签"}).status_code == 303
    site.settle()
    assert jobseeker.get(f"/postings/{posting}").status_code == 200


def test_nobody_reports_without_signing_in(site, jobseeker, employer):
    assert site.browser().get("/commissioner/reports").status_code in (303, 401)
    assert employer.get("/commissioner/reports").status_code == 403
    assert jobseeker.get("/commissioner/reports").status_code == 403
