"""Sessions, keys and passwords with the request; tokens against forged forms; what ends a session."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.access.accounts import create_account, create_key
from api.access.throttle import FOR_ONE_ADDRESS, FOR_ONE_NAME, WINDOW_S, Throttle
from api.cache.memory import MemoryCache
from api.problems import TooMany
from tests.api.conftest import PASSWORD, Market


def sign_in(market: Market, login: str = "administrator", password: str = PASSWORD, **more: str) -> httpx.Response:
    return market.client.post("/login", data={"login": login, "password": password, **more})


def cookie_of(answer: httpx.Response) -> dict[str, str]:
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def me(market: Market, headers: dict[str, str]) -> int:
    return market.client.get("/api/v1/commissioners/a-commissioner/gaps", headers=headers).status_code


def csrf_of(market: Market, headers: dict[str, str]) -> str:
    found = re.search(r'name="csrf"[^>]*value="([^"]+)"|csrf[^>]*content="([^"]+)"', market.client.get("/search", headers=headers).text)
    assert found is not None
    return found[1] or found[2]


def test_a_session_is_a_cookie_no_script_can_read(market: Market) -> None:
    answer = sign_in(market)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert me(market, cookie_of(answer)) == 200
    assert answer.headers["cache-control"] == "no-store"


def test_a_wrong_password_and_an_unknown_name_look_alike(market: Market) -> None:
    wrong, unknown = sign_in(market, password="wrong-password"), sign_in(market, login="nobody", password="wrong-password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text
    assert "set-cookie" not in wrong.headers


def test_an_unknown_name_costs_a_hash_as_well(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.access import accounts

    asked: list[str] = []
    real = accounts._hasher()

    class Counting:
        def hash(self, password: str) -> str:
            return real.hash(password)

        def verify(self, known: str, password: str) -> bool:
            asked.append(password)
            return bool(real.verify(known, password))

    monkeypatch.setattr(accounts, "_hasher", Counting)
    sign_in(market, login="nobody", password="wrong-password")
    sign_in(market, password="wrong-password")
    assert asked == ["wrong-password", "wrong-password"]


def test_signing_out_ends_the_session(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    assert market.client.post("/logout", data={"csrf": "forged"}, headers=headers).status_code == 403
    assert me(market, headers) == 200
    assert market.client.post("/logout", data={"csrf": csrf_of(market, headers)}, headers=headers).status_code == 303
    assert me(market, headers) == 401


def test_a_session_ends_after_its_hours(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    market.clock.at += timedelta(hours=11, minutes=59)
    assert me(market, headers) == 200
    market.clock.at += timedelta(minutes=1)
    assert me(market, headers) == 401


def test_old_sessions_are_thrown_away_at_the_next_sign_in(market: Market) -> None:
    from api.access.tables import sessions

    sign_in(market)
    market.clock.at += timedelta(hours=13)
    sign_in(market)
    with market.services.exchange.reading() as connection:
        assert len(connection.execute(sessions.select()).all()) == 1


def test_a_write_with_a_session_needs_its_token(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    body: dict[str, Any] = {"employer_id": "e-1", "name": "样例"}
    assert market.client.post("/api/v1/employers", json=body, headers=headers).status_code == 403
    for wrong in ("", "x", "é", csrf_of(market, cookie_of(sign_in(market)))):
        given = {**headers, "X-CSRF-Token": wrong.encode()}
        assert market.client.post("/api/v1/employers", json=body, headers=given).status_code == 403
    right = {**headers, "X-CSRF-Token": csrf_of(market, headers)}
    assert market.client.post("/api/v1/employers", json=body, headers=right).status_code == 202


def test_passwords_with_the_request(market: Market) -> None:
    assert market.client.get("/api/v1/people/u-7", auth=("administrator", PASSWORD)).status_code == 404
    wrong = market.client.get("/api/v1/people/u-7", auth=("administrator", "wrong-password"))
    assert wrong.status_code == 401
    assert wrong.headers["www-authenticate"] == "Basic"
    for header in ("Basic !!!", "Basic", "Basic " + "A" * 5, "Bearer", "Bearer x", "Bearer gq_x", "Digest x"):
        assert market.client.get("/api/v1/people/u-7", headers={"Authorization": header}).status_code == 401, header


def test_wrong_credentials_are_refused_also_where_nobody_needs_any(market: Market) -> None:
    assert market.client.get("/api/v1/postings", headers={"Authorization": "Bearer gq_wrong"}).status_code == 401


def test_a_changed_password_ends_what_the_old_one_opened(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    assert market.client.get("/api/v1/people/u-7", auth=("administrator", PASSWORD)).status_code == 404
    exchange = market.services.exchange
    exchange.write(
        lambda connection: create_account(
            connection, login="administrator", password="another-password", role="administrator", now=exchange.now()
        )
    )
    assert me(market, headers) == 401
    assert market.client.get("/api/v1/people/u-7", auth=("administrator", PASSWORD)).status_code == 401
    assert market.client.get("/api/v1/people/u-7", auth=("administrator", "another-password")).status_code == 404


def test_a_closed_account_is_out(market: Market) -> None:
    from api.access.accounts import close_account

    headers = cookie_of(sign_in(market))
    exchange = market.services.exchange
    key = exchange.write(lambda connection: create_key(connection, "a-administrator", now=exchange.now()))
    assert exchange.write(lambda connection: close_account(connection, "administrator")) == "a-administrator"
    assert me(market, headers) == 401
    assert me(market, {"Authorization": f"Bearer {key}"}) == 401
    assert sign_in(market).status_code == 401
    assert exchange.write(lambda connection: close_account(connection, "nobody")) is None


def test_tokens_and_passwords_are_kept_hashed(market: Market) -> None:
    from api.access.tables import accounts, api_keys, sessions

    token = cookie_of(sign_in(market))["Cookie"].partition("=")[2]
    with market.services.exchange.reading() as connection:
        kept = "".join(str(row) for table in (accounts, api_keys, sessions) for row in connection.execute(table.select()))
    assert token not in kept
    assert PASSWORD not in kept
    assert market.keys["administrator"] not in kept


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/inbox", "/inbox"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_to_this_site_only(market: Market, asked: str, led: str) -> None:
    assert sign_in(market, next=asked).headers["location"] == led


def test_a_page_that_needs_an_account_leads_to_the_form_and_back(market: Market) -> None:
    answer = market.client.get("/inbox?cursor=a%26b", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/inbox%3Fcursor%3Da%2526b")


def test_another_site_cannot_sign_people_in(market: Market) -> None:
    answer = market.client.post("/login", data={"login": "administrator", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_too_many_wrong_passwords_are_stopped(market: Market) -> None:
    for _ in range(FOR_ONE_NAME):
        assert sign_in(market, password="wrong-password").status_code == 401
    assert sign_in(market).status_code == 429
    answer = market.client.get("/api/v1/people/u-7", auth=("administrator", PASSWORD))
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert sign_in(market, login="employer").status_code == 303  # another account is not locked out with it
    assert me(market, {"Authorization": f"Bearer {market.keys['administrator']}"}) == 200


def test_the_throttle_forgets() -> None:
    now = [0.0]
    throttle = Throttle(MemoryCache(lambda: now[0]))
    for _ in range(FOR_ONE_NAME):
        throttle.enter("a", "somebody")
    with pytest.raises(TooMany) as stopped:
        throttle.enter("a", "somebody")
    assert stopped.value.headers["Retry-After"] == "30"
    throttle.enter("b", "somebody")
    now[0] = 30.0
    throttle.enter("a", "somebody")
    with pytest.raises(TooMany):
        throttle.enter("a", "somebody")
    now[0] = 30.0 + WINDOW_S
    for _ in range(FOR_ONE_NAME):
        throttle.enter("a", "somebody")
    throttle.right("a", "somebody")  # what was wrong before is forgotten
    for _ in range(FOR_ONE_NAME):
        throttle.enter("a", "somebody")


def test_right_passwords_do_not_use_up_an_address() -> None:
    throttle = Throttle(MemoryCache(lambda: 0.0))
    for number in range(2 * FOR_ONE_ADDRESS):
        throttle.enter("a", f"somebody-{number}")
        throttle.right("a", f"somebody-{number}")
    for number in range(FOR_ONE_ADDRESS):
        throttle.enter("a", f"somebody-{number}")
    with pytest.raises(TooMany) as stopped:
        throttle.enter("a", "one-more")
    assert stopped.value.more["limit"]["name"] == "password-address"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"password": "short"}, "password"),
        ({"login": "with:colon"}, "login"),
        ({"login": " "}, "login"),
        ({"role": "king"}, "role"),
        ({"role": "commissioner"}, "region"),
        ({"role": "commissioner", "region": "taiyuan"}, "region"),
        ({"role": "jobseeker"}, "person_id"),
        ({"role": "employer"}, "employer_id"),
    ],
)
def test_an_account_that_cannot_be_is_refused_by_field(market: Market, given: dict[str, str], field: str) -> None:
    from matcher.shapes import ShapeError

    exchange = market.services.exchange
    values = {"login": "new", "password": "long-enough", "role": "administrator", **given}
    with pytest.raises(ShapeError) as error:
        exchange.write(lambda connection: create_account(connection, now=exchange.now(), **values))
    assert [one.field for one in error.value.errors] == [field]
