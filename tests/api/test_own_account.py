"""One's own account: sign out everywhere, another password, and that a person who leaves is out at once."""

from __future__ import annotations

import pytest

from api.access.accounts import close_account, create_account, end_sessions, key_caller, session_caller, still_in
from tests.api.conftest import PASSWORD, Market
from tests.api.test_second_factor import send
from tests.api.test_signing_in import cookie_of, me, sign_in

NEW = " another long password "


def test_signing_out_everywhere_ends_every_session(market: Market) -> None:
    here, there, other = (cookie_of(sign_in(market, login=login)) for login in ("administrator", "administrator", "commissioner"))
    assert "现在有2处登录着这个账号" in market.client.get("/account", headers=here).text
    answer = send(market, "/account/sign-out", here)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert (me(market, here), me(market, there), me(market, other)) == (401, 401, 200)
    assert me(market, {"Authorization": f"Bearer {market.keys['administrator']}"}) == 200


def test_a_program_signs_out_everywhere_too(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    assert market.get("administrator", "/account").json() == {
        "account_id": "a-administrator", "login": "administrator", "display": "administrator", "role": "administrator", "sessions": 1,
        "second_factor": {"on": False, "required": False, "recovery_codes_left": 0},
    }  # fmt: skip
    assert market.call("administrator", "DELETE", "/account/sessions").json() == {"ended": 1}
    assert me(market, headers) == 401


def test_another_password_ends_what_the_old_one_opened(market: Market) -> None:
    here, there = cookie_of(sign_in(market)), cookie_of(sign_in(market))
    answer = send(market, "/account/password", here, old=PASSWORD, new=NEW, again=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
    assert (me(market, here), me(market, there), me(market, cookie_of(answer))) == (401, 401, 200)
    assert "密码已经修改" in market.client.get("/account?done=password", headers=cookie_of(answer)).text
    assert sign_in(market).status_code == 401
    assert sign_in(market, password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"old": "wrong-password", "new": NEW, "again": NEW}, "现在的密码不对"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "至少8个字符"),
        ({"old": PASSWORD, "new": NEW, "again": PASSWORD}, "不一样"),
    ],
)
def test_a_password_that_cannot_be_changed_is_told_why(market: Market, given: dict[str, str], said: str) -> None:
    headers = cookie_of(sign_in(market))
    answer = send(market, "/account/password", headers, **given)
    assert answer.status_code == 422
    assert said in answer.text
    assert me(market, headers) == 200
    assert sign_in(market).status_code == 303


def test_a_key_changes_no_password(market: Market) -> None:
    given = {"old": PASSWORD, "new": NEW, "again": NEW}
    headers = {"Authorization": f"Bearer {market.keys['administrator']}"}
    assert market.client.post("/account/password", data=given, headers=headers).status_code == 403


def test_guessing_the_old_password_is_counted_as_at_the_sign_in(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    wrong = {"old": "wrong-password", "new": NEW, "again": NEW}
    assert {send(market, "/account/password", headers, **wrong).status_code for _ in range(10)} == {422}
    assert send(market, "/account/password", headers, **{**wrong, "old": PASSWORD}).status_code == 429


def test_an_open_stream_ends_with_what_opened_it(market: Market) -> None:
    """Asked before every look of a stream (``api.delivery.routes._look``)."""
    from api.delivery.routes import _look

    exchange = market.services.exchange
    token = cookie_of(sign_in(market, login="commissioner"))["Cookie"].partition("=")[2]
    with exchange.reading() as connection:
        by_session = session_caller(connection, token, now=exchange.now())
        by_key = key_caller(connection, market.keys["commissioner"], now=exchange.now())
        assert by_session is not None
        assert by_key is not None
        assert all(still_in(connection, one, now=exchange.now()) for one in (by_session, by_key))
    assert _look(market.services, by_session, 0) is not None
    exchange.write(lambda connection: end_sessions(connection, "a-commissioner"))
    assert _look(market.services, by_session, 0) is None
    assert _look(market.services, by_key, 0) is not None
    moved = {"login": "commissioner", "password": PASSWORD, "role": "commissioner", "region": "140213", "now": exchange.now()}
    exchange.write(lambda connection: create_account(connection, **moved))
    assert _look(market.services, by_key, 0) is None
    with exchange.reading() as connection:
        elsewhere = key_caller(connection, market.keys["commissioner"], now=exchange.now())
    assert elsewhere is not None
    exchange.write(lambda connection: close_account(connection, "commissioner"))
    assert _look(market.services, elsewhere, 0) is None
