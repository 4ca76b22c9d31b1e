"""Saved searches asked for by programs: saved, listed, told of in the inbox, answered, dropped; and nothing stays of who is forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from streams.delivery.rules import MOST_SEARCHES
from streams.delivery.tables import finds, search_keys, searches
from tests.api.conftest import Market, furnish

MINE = "/people/u-7/saved-searches"
ASKED: dict[str, Any] = {"name": "小店区叉车工", "parameters": {"q": "叉车工", "region": ["140105"], "pay_min": 5000, "sort": "date"}}
FORKLIFT = {"source_id": "HR-7", "title": "叉车工", "occupation_code": None, "description": "在仓库开叉车装卸货物，长白班，按月休息四天。"}


@pytest.fixture
def house(market: Market) -> Market:
    furnish(market)
    return market


def test_a_saved_search_tells_of_what_the_search_finds(house: Market) -> None:
    answer = house.post("jobseeker", MINE, ASKED)
    assert answer.status_code == 202, answer.text
    assert answer.json()["parameters"] == {"pay_min": "5000", "q": "叉车工", "region": "140105"}
    posting_id = house.publish(FORKLIFT)
    other = house.publish(
        {**FORKLIFT, "source_id": "HR-8", "title": "叉车工（夜班）", "region": "140106", "address": "太原市迎泽区样例街2号"}
    )
    inbox = house.get("jobseeker", "/people/u-7/inbox").json()
    (item,) = [found for found in inbox["found"] + inbox["items"] if found["posting_id"] == posting_id]
    assert other not in [found["posting_id"] for found in inbox["found"]]
    found = house.get("jobseeker", "/postings?q=叉车工&region=140105&pay_min=5000").json()
    assert [one["posting_id"] for one in found["items"]] == [posting_id]
    (mine,) = house.get("jobseeker", MINE).json()["items"]
    assert (mine["name"], mine["found"]) == ("小店区叉车工", 1)
    answered = f"/people/u-7/inbox/{item['match_id']}/answer"
    assert house.post("jobseeker", answered, {"answer": "interested"}).status_code == 202
    assert house.get("jobseeker", "/people/u-7/inbox").json()["found"] == []


def test_a_dropped_search_is_gone_and_may_be_saved_again(house: Market) -> None:
    search_id = house.post("jobseeker", MINE, ASKED).json()["search_id"]
    assert house.post("jobseeker", MINE, ASKED).status_code == 409
    assert house.call("jobseeker", "DELETE", f"{MINE}/{search_id}").status_code == 200
    assert house.get("jobseeker", MINE).json()["items"] == []
    assert house.call("jobseeker", "DELETE", f"{MINE}/{search_id}").status_code == 404
    assert house.post("jobseeker", MINE, ASKED).status_code == 202


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parameters": {}}, "parameters"),
        ({"parameters": {"sort": "date"}}, "parameters"),
        ({"parameters": {"region": "太原"}}, "region"),
        ({"parameters": {"radius_km": "5"}}, "radius_km"),
        ({"parameters": {"colour": "red"}}, "colour"),
        ({"parameters": {"q": "13800138000"}}, "q"),
        ({"name": "打13800138000"}, "name"),
        ({"name": "  "}, "name"),
    ],
)
def test_what_is_wrong_is_said_by_field(house: Market, changes: dict[str, Any], field: str) -> None:
    answer = house.post("jobseeker", MINE, {**ASKED, **changes})
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_there_is_an_end_to_how_many_are_kept(house: Market) -> None:
    for number in range(MOST_SEARCHES):
        assert house.post("jobseeker", MINE, {"name": "搜索", "parameters": {"q": f"焊工{number}"}}).status_code == 202
    answer = house.post("jobseeker", MINE, {"name": "搜索", "parameters": {"q": "电工"}})
    assert (answer.status_code, str(MOST_SEARCHES) in answer.json()["detail"]) == (409, True)


def test_a_radius_around_a_region_is_saved_as_it_is_searched(house: Market) -> None:
    answer = house.post("jobseeker", MINE, {"name": "附近", "parameters": {"region": "140105", "radius_km": 5}})
    assert set(answer.json()["parameters"]) == {"near", "radius_km"}


def test_nothing_stays_of_the_searches_of_who_is_forgotten(house: Market) -> None:
    house.post("jobseeker", MINE, ASKED)
    house.publish(FORKLIFT)
    assert house.call("jobseeker", "DELETE", "/people/u-7").status_code == 202
    house.settle()
    with house.services.exchange.reading() as connection:
        assert [connection.execute(select(table)).all() for table in (searches, search_keys, finds)] == [[], [], []]
