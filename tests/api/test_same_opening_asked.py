"""Staff see why two postings are one opening, and take them apart for good."""

from __future__ import annotations

from tests.api.conftest import POSTING, Market, furnish


def test_staff_take_apart_what_was_merged_and_it_stays_apart(market: Market) -> None:
    furnish(market)
    again = {**POSTING, "source_id": "HR-1b", "published_at": "2026-11-19T10:00:00+08:00"}
    sent = market.call("employer", "POST", "/postings?wait=1", json=again).json()
    assert (sent["state"], sent["merged_into"]) == ("merged", market.posting_id)
    items = market.get("commissioner", f"/postings/{market.posting_id}/merged").json()["items"]
    assert [one["posting_id"] for one in items] == [sent["posting_id"]]
    assert items[0]["evidence"]["reason"]
    path = f"/postings/{sent['posting_id']}/split"
    assert market.call("commissioner", "POST", path, json={"from_posting_id": "another"}).status_code == 409
    answer = market.call("commissioner", "POST", path, json={"from_posting_id": market.posting_id})
    assert answer.json()["state"] == "published"
    changed = market.call("employer", "POST", "/postings?wait=1", json={**again, "headcount": 3}).json()
    assert changed["state"] == "published"
