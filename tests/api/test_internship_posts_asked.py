"""Recruited internship posts through the interface and on the page, in the region of whoever asks."""

from __future__ import annotations

import pytest

from tests.api.conftest import EMPLOYER, Market


@pytest.fixture
def recruiting(market: Market) -> Market:
    assert market.post("administrator", "/employers?wait=1", EMPLOYER).status_code in (200, 202)
    market.publish({"type": "internship", "title": "见习焊工", "headcount": 4, "contract_months": 6})
    return market


def page(market: Market, who: str, path: str = "/commissioner/internship-posts") -> str:
    answer = market.client.get(path, headers={"Authorization": f"Bearer {market.keys[who]}", "Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_the_year_is_this_one_and_no_target_is_stated_for_it(recruiting: Market) -> None:
    found = recruiting.get("commissioner", "/internship-posts").json()
    assert found["year"] == 2026
    assert [(one["region"], one["recruited"], one["target"]) for one in found["places"]] == [
        ("140000", 4, None), ("140100", 4, None), ("140105", 4, None),
    ]  # fmt: skip
    (unit,) = found["units"]
    assert (unit["employer_id"], unit["recruited"], unit["may_be_model_unit"]) == ("e-9", 4, True)
    assert found["model_units"]["number_stated"] is False
    elsewhere = recruiting.get("other-commissioner", "/internship-posts").json()
    assert [one["recruited"] for one in elsewhere["places"]] == [4, 0, 0]
    assert (elsewhere["units"], elsewhere["regions"]) == ([], [])


def test_a_withdrawn_posting_and_one_changed_to_something_else_count_no_more(recruiting: Market) -> None:
    (id_,) = [one["posting_id"] for one in recruiting.get(None, "/postings").json()["items"]]
    assert recruiting.call("administrator", "DELETE", f"/postings/{id_}?reason=不招了").status_code in (200, 202)
    recruiting.settle()
    assert recruiting.get("administrator", "/internship-posts").json()["places"][0]["recruited"] == 0


@pytest.mark.parametrize(("year", "status"), [(2020, 400), (2021, 200), (2100, 200), (2101, 400), ("x", 400)])
def test_a_year_out_of_range_is_refused_with_the_field(market: Market, year: object, status: int) -> None:
    answer = market.get("administrator", f"/internship-posts?year={year}")
    assert answer.status_code in ((200,) if status == 200 else (400, 422)), answer.text
    assert status == 200 or answer.json()["errors"][0]["field"] == "year"


def test_the_page_says_target_quotation_and_clause_or_that_there_is_none(recruiting: Market) -> None:
    text = page(recruiting, "administrator")
    assert "文件没有写2026年山西省的目标" in text
    assert "4个" in text
    assert "太原样例机械有限公司" in text
    assert "可以参与" in text
    assert "没有写明留用率、岗位数等数字条件" in text
    text = page(recruiting, "administrator", "/commissioner/internship-posts?year=2023")
    assert "“募集不少于3万个就业见习岗位”" in text
    assert "晋政办发〔2023〕45号 第(十二)条" in text
    assert "不少于30000个" in text
    assert "还差30000个" in text
    assert "原文没有写年份" in text
    text = page(recruiting, "commissioner", "/commissioner/internship-posts?year=2022")
    assert "“2022年开发见习岗位3万个以上”" in text
    assert "原文没有写年份" not in text
    assert "文件不在有效期内" in text
