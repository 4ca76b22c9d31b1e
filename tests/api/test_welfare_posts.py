"""公益性岗位: never in the market's ranking; a list of their own for the documents' categories, after attempts on the market."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import PERSON, POSTING, Market, furnish

POST = {"source_id": "GY-1", "title": "保洁员（公益性岗位）", "occupation_code": "4-09-09-01", "type": "public_welfare_post",
        "description": "街道保洁保绿，每天两班，由街道统一管理，签订劳动合同。", "headcount": 2}  # fmt: skip


def tried(market: Market, times: int) -> list[str]:
    """So many market postings in which u-7 is interested and that hired nobody yet."""
    titles = ("焊工（管道）", "电焊工（钢结构厂房）", "二保焊工（煤机）", "氩弧焊工（容器）")
    found = []
    for number in range(times):
        changes = {"source_id": f"T-{number}", "title": titles[number], "address": f"太原市小店区样例路{20 + number}号"}
        found.append(market.publish({**changes, "description": f"{titles[number]}，第{number}条生产线，按图纸作业，节假日轮休，包吃住。"}))
    items = {item["posting_id"]: item["match_id"] for item in market.get("jobseeker", "/people/u-7/inbox").json()["items"]}
    for posting_id in found:
        assert market.post("jobseeker", f"/people/u-7/inbox/{items[posting_id]}/answer", {"answer": "interested"}).status_code == 202
    market.settle()
    return found


def listed(market: Market, who: str = "jobseeker", person: str = "u-7") -> dict[str, Any]:
    answer = market.get(who, f"/people/{person}/public-welfare-posts")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_list_opens_after_three_attempts_and_names_the_clauses(market: Market) -> None:
    furnish(market)
    welfare = market.publish(POST)
    first = tried(market, 2)
    assert (listed(market)["attempts"], listed(market)["needed"], listed(market)["items"]) == (2, 3, [])
    market.publish({"source_id": "T-9", "title": "装配钳工", "description": "设备装配，按图纸调试，长白班，双休，有师傅带。"})
    items = {item["posting_id"]: item["match_id"] for item in market.get("jobseeker", "/people/u-7/inbox").json()["items"]}
    third = next(match_id for posting_id, match_id in items.items() if posting_id not in first)
    market.post("jobseeker", f"/people/u-7/inbox/{third}/answer", {"answer": "interested"})
    market.settle()
    (item,) = listed(market)["items"]
    assert item["posting"]["posting_id"] == welfare
    assert "第(十四)条" in {one["clause"] for one in item["because"]}
    assert listed(market, "commissioner")["items"] == [item]


def test_whoever_belongs_to_no_category_of_the_documents_is_offered_none(market: Market) -> None:
    furnish(market)
    market.publish(POST)
    tried(market, 3)
    assert len(listed(market)["items"]) == 1
    market.post("administrator", "/people?wait=1", {**PERSON, "private": None, "categories": ["registered_unemployed"]})
    market.settle()
    assert listed(market)["items"] == []


def test_a_hire_is_no_attempt_and_a_full_post_is_not_listed(market: Market) -> None:
    furnish(market)
    welfare = market.publish({**POST, "headcount": 1})
    first, *_ = tried(market, 3)
    assert len(listed(market)["items"]) == 1
    hired = {"step": "hired", "on": "2026-11-20"}
    assert market.post("employer", f"/matches/u-8/{welfare}/steps", hired).status_code == 202
    market.settle()
    assert listed(market)["items"] == []
    assert market.post("employer", f"/matches/u-7/{first}/steps", hired).status_code == 202
    market.settle()
    assert listed(market)["attempts"] == 2


def test_it_is_in_nobodys_ranking_inbox_or_candidates(market: Market) -> None:
    furnish(market)
    welfare = market.publish(POST)
    for path in ("/people/u-7/recommendations", "/people/u-7/inbox"):
        assert welfare not in {item["posting_id"] for item in market.get("jobseeker", path).json()["items"]}
    candidates = market.get("employer", f"/postings/{welfare}/candidates").json()
    assert (candidates["total"], candidates["items"]) == (0, [])


def test_a_market_posting_that_becomes_one_leaves_the_inbox(market: Market) -> None:
    furnish(market)
    assert market.get("jobseeker", "/people/u-7/inbox").json()["items"]
    changed = {**POSTING, "type": "public_welfare_post"}
    assert market.call("administrator", "PUT", f"/postings/{market.posting_id}?wait=1", json=changed).status_code == 200
    market.settle()
    assert market.get("jobseeker", "/people/u-7/inbox").json()["items"] == []
