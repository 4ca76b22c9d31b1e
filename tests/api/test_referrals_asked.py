"""推送民政 through the interface and on the page: made once, fetched again by its list, each person logged with the fields told."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select

from api.access.tables import audit
from tests.api.conftest import PERSON, Market

HARD: dict[str, Any] = {
    "private": None, "facts": {"person.living_difficulty": True}, "consent": {"recommend": True, "share_with_civil_affairs": True},
}  # fmt: skip


def register(market: Market, person_id: str, **changes: Any) -> None:
    who = {**PERSON, "person_id": person_id, "categories": ["registered_unemployed"], **HARD, **changes}
    assert market.post("administrator", "/people?wait=1", who).status_code == 200
    market.settle()


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["person_id"] for one in answer.json()["items"]]


def test_a_list_is_made_once_and_fetched_again(market: Market) -> None:
    for number in range(3):
        register(market, f"u-{number}")
    asked = market.get("commissioner", "/civil-affairs/referrals").json()
    assert (asked["waiting"], asked["items"], asked["lists"]) == (3, [], [])
    first = market.post("commissioner", "/civil-affairs/referrals?limit=2")
    assert (ids(first), first.json()["waiting"]) == (["u-0", "u-1"], 1)
    assert ids(market.post("commissioner", "/civil-affairs/referrals")) == ["u-2"]
    nothing = market.post("commissioner", "/civil-affairs/referrals").json()
    assert (nothing["batch"], nothing["items"], nothing["waiting"]) == (None, [], 0)
    again = market.get("commissioner", f"/civil-affairs/referrals?batch={first.json()['batch']}")
    assert again.json()["items"] == first.json()["items"]
    assert {one["people"] for one in again.json()["lists"]} == {1, 2}
    sheet = market.get("commissioner", f"/civil-affairs/referrals?format=csv&batch={first.json()['batch']}")
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [row["person_id"] for row in rows] == ["u-0", "u-1"]
    assert set(rows[0]) == set(first.json()["fields"])


def test_another_region_learns_nothing(market: Market) -> None:
    register(market, "u-1")
    assert market.get("other-commissioner", "/civil-affairs/referrals").json()["waiting"] == 0
    assert ids(market.post("other-commissioner", "/civil-affairs/referrals")) == []
    batch = market.post("commissioner", "/civil-affairs/referrals").json()["batch"]
    assert ids(market.get("other-commissioner", f"/civil-affairs/referrals?batch={batch}")) == []


def test_the_fields_told_are_logged_for_each_person(market: Market) -> None:
    register(market, "u-1")
    register(market, "u-2")
    batch = market.post("commissioner", "/civil-affairs/referrals").json()["batch"]
    register(market, "u-2", facts={})
    over = market.post("commissioner", "/civil-affairs/referrals").json()
    assert [one["state"] for one in over["items"]] == ["ended"]
    columns = (audit.c.account_id, audit.c.person_id, audit.c.action, audit.c.about, audit.c.fields)
    with market.services.exchange.reading() as connection:
        found = [tuple(row) for row in connection.execute(select(*columns).where(audit.c.action == "hardship").order_by(audit.c.n))]
    assert found == [
        ("a-commissioner", "u-1", "hardship", batch, "person_id,region,unemployed_on,hardship"),
        ("a-commissioner", "u-2", "hardship", batch, "person_id,region,unemployed_on,hardship"),
        ("a-commissioner", "u-2", "hardship", over["batch"], "person_id,region,hardship"),
    ]


@pytest.mark.parametrize("limit", [0, 1001, "x"])
def test_a_limit_out_of_range_is_refused_with_the_field(market: Market, limit: object) -> None:
    answer = market.post("commissioner", f"/civil-affairs/referrals?limit={limit}")
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"][0]["field"] == "limit"


def test_the_page_makes_the_list_and_shows_it(market: Market) -> None:
    register(market, "u-1")

    def page(path: str) -> str:
        named = {"Authorization": f"Bearer {market.keys['commissioner']}", "Accept": "text/html"}
        answer = market.client.get(path, headers=named)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    assert "有1人的新情况还没有推送" in page("/commissioner/civil-affairs")
    named = {"Authorization": f"Bearer {market.keys['commissioner']}"}
    made = market.client.post("/commissioner/civil-affairs", headers=named, data={"make": "1"})
    assert made.status_code == 303, made.text
    text = page(made.headers["location"])
    assert "u-1" in text
    assert "生活困难" in text
    assert "没有新的情况要推送" in text
