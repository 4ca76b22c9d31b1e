"""Where to find help: by county with its city and province, each entry with the day it was checked, broken ones flagged."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.api.conftest import Market

OFFICE: dict[str, Any] = {
    "region": "140105", "kind": "office", "name": "样例区公共就业服务中心", "address": "样例路1号", "phone": "0351-0000000",
    "checked_on": "2026-11-01",
}  # fmt: skip
ONLINE: dict[str, Any] = {
    "region": "140000", "kind": "online", "name": "样例失业登记入口", "url": "https://example.org/apply", "checked_on": "2026-04-01",
}  # fmt: skip


def entered(market: Market, who: str, entry: dict[str, Any]) -> int:
    return int(market.call(who, "POST", "/help", json=entry).status_code)


def listed(market: Market, region: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = market.get(None, f"/help?region={region}").json()["items"]
    return found


def test_a_county_lists_its_own_entries_and_those_of_its_city_and_province(market: Market) -> None:
    assert entered(market, "commissioner", OFFICE) == 200
    assert entered(market, "province", ONLINE) == 200
    assert [(one["name"], one["kind_name"], one["flag"]) for one in listed(market, "140105")] == [
        ("样例区公共就业服务中心", "办事机构", None),
        ("样例失业登记入口", "网上入口", "stale"),
    ]
    assert [one["name"] for one in listed(market, "140213")] == ["样例失业登记入口"]
    page = market.client.get("/help?region=140105").text
    assert "样例区公共就业服务中心" in page
    assert "2026-11-01核对" in page
    assert "超过半年没有核对" in page


def test_what_does_not_work_is_flagged_until_it_does(market: Market) -> None:
    entered(market, "province", {**ONLINE, "works": False, "checked_on": "2026-11-20"})
    assert [one["flag"] for one in listed(market, "140000")] == ["broken"]
    assert '<a href="https://example.org/apply"' not in market.client.get("/help").text
    entered(market, "province", {**ONLINE, "checked_on": str(date(2026, 11, 20))})
    assert [one["flag"] for one in listed(market, "140000")] == [None]


def test_staff_keep_their_own_region_and_take_out_what_is_gone(market: Market) -> None:
    assert entered(market, "commissioner", ONLINE) == 403
    assert entered(market, "province", {**ONLINE, "region": "100000"}) == 403
    assert entered(market, "administrator", {**ONLINE, "region": "100000"}) == 200
    id_ = listed(market, "140105")[0]["channel_id"]
    assert market.call("commissioner", "DELETE", f"/help/{id_}").status_code == 403
    assert market.call("administrator", "DELETE", f"/help/{id_}").status_code == 200
    assert listed(market, "140105") == []


@pytest.mark.parametrize(
    "wrong", [{"url": "javascript:alert(1)"}, {"region": "999999"}, {"kind": "friend"}, {"name": ""}, {"checked_on": "soon"}]
)
def test_what_cannot_be_meant_is_refused(market: Market, wrong: dict[str, Any]) -> None:
    assert entered(market, "administrator", {**OFFICE, **wrong}) == 422
    assert market.get(None, "/help?region=nowhere").status_code in (400, 422)
