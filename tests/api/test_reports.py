"""A report's way from a jobseeker to staff and back into the postings; freshness, questions and what a trade pays, asked."""

from __future__ import annotations

from typing import Any

from matcher.figures import read_tables, use
from matcher.pay_surveys import COLUMNS
from tests.api.conftest import Market, furnish

TEXT = {"kind": "false_posting", "text": "到现场说没有这个岗位，让加微信abc12345再说"}


def test_a_report_is_decided_by_staff_of_the_place_and_nobody_learns_who_made_it(market: Market) -> None:
    furnish(market)
    answer = market.call("jobseeker", "POST", f"/postings/{market.posting_id}/reports", json=TEXT)
    assert answer.status_code == 202
    report_id = answer.json()["report_id"]
    market.settle()
    found = market.get("commissioner", "/reports").json()
    assert [one["report_id"] for one in found["items"]] == [report_id]
    assert "by" not in found["items"][0]
    assert "abc12345" not in found["items"][0]["text"]
    assert found["counts"]["false_posting"] == {"open": 1}
    assert market.get("other-commissioner", "/reports").json()["items"] == []
    decision: dict[str, Any] = {"decision": "confirmed", "reason": "到现场核实，没有这个岗位"}
    assert market.call("other-commissioner", "POST", f"/reports/{report_id}/decision", json=decision).status_code == 403
    assert market.call("commissioner", "POST", f"/reports/{report_id}/decision", json=decision).json()["state"] == "confirmed"
    assert market.call("commissioner", "POST", f"/reports/{report_id}/decision", json=decision).status_code == 409
    assert market.get("employer", f"/postings/{market.posting_id}").json()["state"] == "rejected"
    assert [one["kind"] for one in market.get("employer", "/employers/e-9/reports").json()["items"]] == ["false_posting"]


def test_a_seventh_kind_and_an_empty_text_are_refused(market: Market) -> None:
    furnish(market)
    path = f"/postings/{market.posting_id}/reports"
    assert market.call("jobseeker", "POST", path, json={**TEXT, "kind": "rude"}).status_code == 422
    assert market.call("jobseeker", "POST", path, json={**TEXT, "text": "差"}).status_code == 422
    assert market.call("jobseeker", "POST", "/postings/nobodys/reports", json=TEXT).status_code == 404


SURVEY = ",".join(COLUMNS) + "\n6-18-02-04,140100,2020-01-01,,5000,5600,6900,120,18,made up,2020-01-01\n"


def test_freshness_questions_and_pay_say_what_is_known(market: Market) -> None:
    furnish(market)
    fresh = market.get("employer", f"/postings/{market.posting_id}/freshness").json()
    assert (fresh["signs"], fresh["times_public"], fresh["confirm_by"]) == ([], 1, "2027-01-18")
    assert market.get("employer", "/employers/e-9/to-confirm").json() == {"items": []}
    asked = market.get("employer", "/employers/e-9/questions").json()["items"]
    assert all(one["question"] and one["benefits"] for one in asked)
    assert "employer.size" not in {one["fact"] for one in asked}
    path = "/pay-reference?occupation_code=6-18-02-04&region=140105"
    assert (market.get(None, path).json()["reference"], market.get(None, path).json()["survey"]) == (None, None)
    use(read_tables({"pay_survey.csv": SURVEY}))
    try:
        survey = market.get(None, path).json()["survey"]
    finally:
        use(None)
    assert (survey["region"], survey["median"], survey["people"], survey["source"]) == ("140100", 5600, 120, "made up")
    assert (survey["from"], survey["to"], survey["source_date"]) == ("2020-01-01", None, "2020-01-01")
    wrong = market.get(None, "/pay-reference?occupation_code=welder&region=99")
    assert wrong.status_code == 400
    assert [error["field"] for error in wrong.json()["errors"]] == ["occupation_code", "region"]
