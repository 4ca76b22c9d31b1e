"""Offices of the five levels, staff that belong to them, and commissioners who stand in for others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.access import offices
from api.access.accounts import close_account, create_account, session_caller, still_in
from api.access.tables import audit
from matcher.days import day_of
from matcher.shapes import ShapeError
from tests.api.conftest import EMPLOYER, PASSWORD, PERSON, Market
from tests.api.test_second_factor import send
from tests.api.test_signing_in import cookie_of, sign_in

TREE: list[dict[str, Any]] = [
    {"office_id": "sx", "name": "山西省就业服务局", "level": "province", "region": "140000", "parent_id": ""},
    {"office_id": "ty", "name": "太原市就业服务中心", "level": "city", "region": "140100", "parent_id": "sx"},
    {"office_id": "xd", "name": "小店区就业服务中心", "level": "county", "region": "140105", "parent_id": "ty"},
    {"office_id": "xd-1", "name": "坞城街道就业服务站", "level": "township", "region": "140105", "parent_id": "xd"},
    {"office_id": "xd-1-1", "name": "某某社区服务点", "level": "community", "region": "140105", "parent_id": "xd-1"},
]


def enter(market: Market, rows: list[dict[str, Any]]) -> Any:
    return market.services.exchange.write(lambda connection: offices.enter(connection, rows))


def test_five_levels_are_entered_once_and_changed_in_place(market: Market) -> None:
    assert enter(market, TREE) == dict.fromkeys(offices.LEVELS, 1)
    enter(market, [{**TREE[3], "name": "坞城街道公共就业服务站"}])
    with market.services.exchange.reading() as connection:
        found = offices.office(connection, "xd-1")
        assert found is not None
        assert (found.name, found.parent_id) == ("坞城街道公共就业服务站", "xd")
        assert offices.office(connection, "nobodys") is None
        assert offices.without_station(connection) == []
    enter(market, [{"office_id": "yz", "name": "迎泽区就业服务中心", "level": "county", "region": "140106", "parent_id": "ty"}])
    with market.services.exchange.reading() as connection:
        assert offices.without_station(connection) == ["140106"]


@pytest.mark.parametrize(
    ("row", "changes", "field"),
    [
        (0, {"office_id": " "}, "office_id"),
        (0, {"name": ""}, "name"),
        (1, {"level": "village"}, "level"),
        (1, {"region": "140105"}, "region"),
        (1, {"region": "taiyuan"}, "region"),
        (3, {"region": "140100"}, "region"),
        (0, {"parent_id": "ty"}, "parent_id"),
        (1, {"parent_id": ""}, "parent_id"),
        (3, {"parent_id": "ty"}, "parent_id"),
        (4, {"parent_id": "nobodys"}, "parent_id"),
        (2, {"region": "140213"}, "region"),
    ],
)
def test_an_office_that_cannot_be_is_named_by_line_and_field(market: Market, row: int, changes: dict[str, str], field: str) -> None:
    rows = [{**one, **changes} if number == row else one for number, one in enumerate(TREE)]
    with pytest.raises(ShapeError) as error:
        enter(market, rows)
    assert error.value.errors[0].field == f"line {row + 2}: {field}"
    with market.services.exchange.reading() as connection:
        assert offices.office(connection, "sx") is None  # nothing was entered


def test_a_commissioner_has_the_region_of_their_office(market: Market) -> None:
    enter(market, TREE)
    exchange = market.services.exchange

    def make(login: str, **what: Any) -> str:
        return str(exchange.write(lambda c: create_account(c, login=login, password=PASSWORD, now=exchange.now(), **what)))

    make("station", role="commissioner", office_id="xd-1")
    session = cookie_of(sign_in(market, login="station"))
    with exchange.reading() as connection:
        caller = session_caller(connection, session["Cookie"].partition("=")[2], now=exchange.now())
    assert caller is not None
    assert caller.region == "140105"
    for wrong in (
        {"office_id": "nobodys"},
        {"office_id": "xd", "region": "140213"},
        {"role": "employer", "employer_id": "e-9", "office_id": "xd"},
    ):
        with pytest.raises(ShapeError):
            make("wrong", **{"role": "commissioner", **wrong})


def appointed(market: Market, days: int = 3, first: int = 0) -> None:
    """The commissioner of Xiaodian stands in for the other one, in Datong."""
    today = day_of(market.clock.at)
    begins, ends = today + timedelta(days=first), today + timedelta(days=first + days - 1)
    market.services.exchange.write(lambda c: offices.appoint(c, "a-other-commissioner", "a-commissioner", begins, ends))


def seen(market: Market, session: dict[str, str]) -> tuple[int, int]:
    """Whether a person of the own region and one of the other's can be seen."""
    here, there = (market.client.get(f"/api/v1/people/{one}", headers=session).status_code for one in ("u-7", "u-d"))
    return here, there


def with_people(market: Market) -> None:
    market.post("administrator", "/employers?wait=1", EMPLOYER)
    market.post("administrator", "/people?wait=1", PERSON)
    there = {**PERSON, "person_id": "u-d", "private": None, "region": "140213", "registered_at": "140213"}
    assert market.post("administrator", "/people?wait=1", there).status_code == 200


def test_a_deputy_sees_the_others_region_instead_of_their_own_and_stays_who_they_are(market: Market) -> None:
    with_people(market)
    session = cookie_of(sign_in(market, login="commissioner"))
    assert seen(market, session) == (200, 403)
    assert "代理" not in market.client.get("/account", headers=session).text
    assert send(market, "/account/acting", session, account_id="a-other-commissioner").status_code == 403  # nobody said so
    appointed(market)
    assert seen(market, session) == (200, 403)  # until they choose so
    assert "开始代理" in market.client.get("/account", headers=session).text
    assert send(market, "/account/acting", session, account_id="a-other-commissioner").headers["location"] == "/commissioner"
    assert seen(market, session) == (403, 200)
    assert "结束代理" in market.client.get("/account", headers=session).text
    with market.services.exchange.reading() as connection:
        looks = [row for row in connection.execute(audit.select()) if row.person_id == "u-d"]
    assert [(row.account_id, row.office) for row in looks] == [("a-commissioner", "140213")]
    assert send(market, "/account/acting", session, account_id="").headers["location"] == "/account"
    assert seen(market, session) == (200, 403)
    # The key of the account, and another session, never changed.
    assert market.get("commissioner", "/people/u-d").status_code == 403


@pytest.mark.parametrize("way", ["days are over", "not begun", "dismissed", "the other left"])
def test_it_ends_at_once_when_there_is_no_ground_any_more(market: Market, way: str) -> None:
    with_people(market)
    appointed(market)
    session = cookie_of(sign_in(market, login="commissioner"))
    send(market, "/account/acting", session, account_id="a-other-commissioner")
    assert seen(market, session) == (403, 200)
    exchange = market.services.exchange
    with exchange.reading() as connection:
        caller = session_caller(connection, session["Cookie"].partition("=")[2], now=exchange.now())
        assert caller is not None
        assert still_in(connection, caller, now=exchange.now())
    if way == "days are over":
        appointed(market, days=1, first=-1)
    elif way == "not begun":
        appointed(market, first=1)
    elif way == "dismissed":
        assert exchange.write(lambda c: offices.dismiss(c, "a-other-commissioner", "a-commissioner"))
    else:
        exchange.write(lambda c: close_account(c, "other-commissioner"))
    assert seen(market, session) == (200, 403)
    with exchange.reading() as connection:
        assert not still_in(connection, caller, now=exchange.now())  # an open stream of the other region ends


def test_only_commissioners_stand_in(market: Market) -> None:
    appointed(market)
    for login in ("administrator", "auditor", "employer"):
        assert (
            send(market, "/account/acting", cookie_of(sign_in(market, login=login)), account_id="a-other-commissioner").status_code == 403
        )
