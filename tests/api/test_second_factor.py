"""A second factor: the codes of RFC 6238, setting it up, signing in with it, and what it keeps out."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api.access import totp
from api.access.audit import ACTIONS
from api.access.tables import audit, recovery_codes
from streams.runtime.rekeying import rekey
from streams.runtime.sealing import Vault
from streams.runtime.tables import private_values
from tests.api.conftest import PASSWORD, Market, check_described, open_market
from tests.api.test_signing_in import cookie_of, csrf_of, me, sign_in

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
#: RFC 6238, appendix B, SHA-1.
VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}


@pytest.fixture
def strict(tmp_path: Path, empty_folder: Path, _cheap_passwords: None) -> Iterator[Market]:
    """An exchange that wants a second factor of its staff."""
    yield from open_market(tmp_path, empty_folder, second_factor_required=True)


def send(market: Market, path: str, headers: dict[str, str], **values: str) -> httpx.Response:
    """A form with the session's own token."""
    return market.client.post(path, data={**values, "csrf": csrf_of(market, headers)}, headers=headers)


def code(market: Market, secret: str) -> str:
    """The code of the next half minute: the clock goes on, for each passes once."""
    market.clock.at += timedelta(seconds=totp.SECONDS)
    return totp.code_at(secret, totp.step_of(market.clock.at))


def begun(market: Market, headers: dict[str, str]) -> str:
    shown = send(market, "/account/second-factor", headers)
    assert shown.status_code == 200, shown.text
    found = re.search(r"<code>([A-Z2-7]{32})</code>", shown.text)
    assert found is not None
    return found[1]


def set_up(market: Market, headers: dict[str, str]) -> tuple[str, list[str]]:
    """The factor turned on; its secret and recovery codes."""
    secret = begun(market, headers)
    shown = send(market, "/account/second-factor/confirm", headers, code=code(market, secret))
    assert shown.status_code == 200, shown.text
    return secret, re.findall(r"<code>([A-Z2-7-]{19})</code>", shown.text)


def half_way(market: Market, login: str = "administrator") -> tuple[dict[str, str], str]:
    """The password was right: the cookie, and the token of the form that asks for the code."""
    answer = sign_in(market, login=login)
    assert (answer.status_code, "location" in answer.headers) == (200, False), answer.text
    found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    assert found is not None
    return cookie_of(answer), found[1]


def second_step(market: Market, half: tuple[dict[str, str], str], given: str) -> httpx.Response:
    return market.client.post("/login/code", data={"code": given, "csrf": half[1], "next": "/audit"}, headers=half[0])


@pytest.mark.parametrize("at", VECTORS)
def test_codes_are_those_of_the_rfc(at: int) -> None:
    assert totp.code_at(RFC_SECRET, totp.step_of(datetime.fromtimestamp(at, UTC)), digits=8) == VECTORS[at]


@pytest.mark.parametrize(("late", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clocks_may_differ_by_half_a_minute(late: int, fits: bool) -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    shown = totp.code_at(RFC_SECRET, totp.step_of(at + timedelta(seconds=late)))
    assert (totp.step_with(RFC_SECRET, shown, at) is not None) is fits


def test_the_link_for_an_authenticator_names_exchange_and_account() -> None:
    assert totp.uri("ABC", "王 某/1") == "otpauth://totp/%E5%B7%A5%E6%A1%A5:%E7%8E%8B%20%E6%9F%90%2F1?secret=ABC&issuer=%E5%B7%A5%E6%A1%A5"


def test_with_a_second_factor_a_password_alone_opens_nothing(market: Market) -> None:
    secret, codes = set_up(market, cookie_of(sign_in(market)))
    assert len(set(codes)) == 10
    half = half_way(market)
    assert me(market, half[0]) == 401
    assert market.client.get("/api/v1/account", auth=("administrator", PASSWORD)).status_code == 401
    answer = second_step(market, half, code(market, secret))
    assert (answer.status_code, answer.headers["location"]) == (303, "/audit")
    assert me(market, cookie_of(answer)) == 200
    assert cookie_of(answer) != half[0]
    assert second_step(market, half, code(market, secret)).status_code == 401  # the first half opened once


def test_basic_credentials_end_when_the_factor_is_turned_on(market: Market) -> None:
    assert market.client.get("/api/v1/account", auth=("administrator", PASSWORD)).status_code == 200
    set_up(market, cookie_of(sign_in(market)))
    refused = market.client.get("/api/v1/account", auth=("administrator", PASSWORD))
    assert refused.status_code == 401
    assert "API 密钥" in refused.json()["detail"]
    assert me(market, {"Authorization": f"Bearer {market.keys['administrator']}"}) == 200


def test_a_code_passes_once(market: Market) -> None:
    secret, _ = set_up(market, cookie_of(sign_in(market)))
    given = code(market, secret)
    assert second_step(market, half_way(market), given).status_code == 303
    assert second_step(market, half_way(market), given).status_code == 401
    # Nor does an older one that has not been used, within the half minute that clocks may differ by.
    older = totp.code_at(secret, totp.step_of(market.clock.at) - 1)
    assert second_step(market, half_way(market), older).status_code == 401
    assert second_step(market, half_way(market), code(market, secret)).status_code == 303


def test_a_recovery_code_opens_once_and_is_kept_hashed(market: Market) -> None:
    _, codes = set_up(market, cookie_of(sign_in(market)))
    assert second_step(market, half_way(market), codes[3].lower().replace("-", " ")).status_code == 303
    assert second_step(market, half_way(market), codes[3]).status_code == 401
    answer = second_step(market, half_way(market), codes[4])
    assert answer.status_code == 303
    own = market.client.get("/api/v1/account", headers=cookie_of(answer)).json()
    assert own["second_factor"] == {"on": True, "required": False, "recovery_codes_left": 8}
    with market.services.exchange.reading() as connection:
        kept = str(connection.execute(recovery_codes.select()).all())
    assert not any(one in kept or one.replace("-", "") in kept for one in codes)


def test_new_recovery_codes_take_the_place_of_the_old_ones(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    secret, codes = set_up(market, headers)
    assert send(market, "/account/second-factor/codes", headers, code="000000").status_code == 422
    shown = send(market, "/account/second-factor/codes", headers, code=code(market, secret))
    assert len(re.findall(r"<code>[A-Z2-7-]{19}</code>", shown.text)) == 10
    assert second_step(market, half_way(market), codes[0]).status_code == 401


def test_too_many_wrong_codes_are_stopped_wherever_they_come_from(market: Market) -> None:
    secret, _ = set_up(market, cookie_of(sign_in(market)))
    half = half_way(market)
    for number in range(5):
        assert second_step(market, half, f"{number:06d}").status_code == 401
    stopped = second_step(market, half_way(market), code(market, secret))
    assert stopped.status_code == 429
    assert int(stopped.headers["retry-after"]) > 0


def test_the_first_half_waits_ten_minutes_and_has_a_token_of_its_own(market: Market) -> None:
    secret, _ = set_up(market, cookie_of(sign_in(market)))
    cookie, _ = half_way(market)
    assert second_step(market, (cookie, "forged"), code(market, secret)).status_code == 403
    half = half_way(market)
    market.clock.at += timedelta(minutes=10)
    late = second_step(market, half, code(market, secret))
    assert late.status_code == 401
    assert "请重新输入账号和密码" in late.text


def test_the_secret_is_shown_once_and_sealed_with_the_master_key(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    secret = begun(market, headers)
    again = market.client.get("/account/second-factor", headers=headers)
    assert secret not in again.text
    assert send(market, "/account/second-factor/confirm", headers, code="000000").status_code == 422
    exchange = market.services.exchange
    with exchange.reading() as connection:
        kept = connection.execute(private_values.select().where(private_values.c.owner_kind == "account")).mappings().one()
    assert secret.encode() not in bytes(kept["sealed"])
    vault = Vault(b"n" * 32 + b"k" * 32)
    exchange.write(vault.adopt)
    exchange.vault, before = vault, exchange.vault
    try:
        assert rekey(exchange).sealed_anew == 2  # the secret, and the key of the keyed hash
    finally:
        exchange.vault = before
    with exchange.reading() as connection:
        assert Vault(b"n" * 32).reveal(connection, "account", "a-administrator") == {"totp": secret}


def test_turning_it_on_ends_the_other_sessions(market: Market) -> None:
    elsewhere, headers = cookie_of(sign_in(market)), cookie_of(sign_in(market))
    set_up(market, headers)
    assert me(market, elsewhere) == 401
    assert me(market, headers) == 200


def test_it_is_turned_off_with_a_code_only(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    secret, _ = set_up(market, headers)
    assert send(market, "/account/second-factor", headers).status_code == 409
    assert send(market, "/account/second-factor/off", headers, code="000000").status_code == 422
    assert send(market, "/account/second-factor/off", headers, code=code(market, secret)).status_code == 303
    assert sign_in(market).status_code == 303


def test_a_key_neither_sets_it_up_nor_turns_it_off(market: Market) -> None:
    key = {"Authorization": f"Bearer {market.keys['administrator']}"}
    for path in ("", "/confirm", "/codes", "/off"):
        assert market.client.post(f"/account/second-factor{path}", data={"code": "000000"}, headers=key).status_code == 403
    assert market.client.get("/account/second-factor", headers=key).status_code == 403


def test_where_it_is_obligatory_staff_reach_nothing_before_it_is_set_up(strict: Market) -> None:
    answer = sign_in(strict)
    assert answer.status_code == 303
    headers = cookie_of(answer)
    refused = strict.client.get("/api/v1/commissioners/a-commissioner/gaps", headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:gongqiao:problem:second-factor-wanted")
    for path in ("/commissioner", "/search", "/account", "/api/v1/postings"):
        assert strict.client.get(path, headers=headers).status_code == 403, path
    led = strict.client.get("/commissioner", headers={**headers, "Accept": "text/html"})
    assert (led.status_code, led.headers["location"]) == (303, "/account/second-factor")
    assert strict.client.get("/api/v1/account", auth=("administrator", PASSWORD)).status_code == 401
    asked = strict.client.get("/account/second-factor", headers=headers)
    found = re.search(r'name="csrf" value="([^"]+)"', asked.text)
    assert found is not None
    shown = strict.client.post("/account/second-factor", data={"csrf": found[1]}, headers=headers)
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", shown.text)[0]
    given = {"csrf": found[1], "code": code(strict, secret)}
    assert strict.client.post("/account/second-factor/confirm", data=given, headers=headers).status_code == 200
    assert me(strict, headers) == 200
    assert send(strict, "/account/second-factor/off", headers, code=code(strict, secret)).status_code == 403


def test_others_are_not_asked_for_one(strict: Market) -> None:
    headers = cookie_of(sign_in(strict, login="employer"))
    assert strict.client.get("/employer", headers=headers).status_code == 200
    assert "second_factor" not in strict.client.get("/api/v1/account", headers=headers).json()


def test_what_is_done_to_an_account_stands_in_the_log(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    secret, _ = set_up(market, headers)
    send(market, "/account/second-factor/off", headers, code=code(market, secret))
    with market.services.exchange.reading() as connection:
        left = connection.execute(audit.select()).mappings().all()
    assert [(one["account_id"], one["person_id"], one["action"]) for one in left] == [
        ("a-administrator", "", "signed_in"),
        ("a-administrator", "", "second_factor_on"),
        ("a-administrator", "", "second_factor_off"),
    ]
    assert {one["action"] for one in left} <= ACTIONS.keys()


def test_a_closed_account_keeps_nothing_of_it(market: Market) -> None:
    from api.access.accounts import close_account, create_account

    set_up(market, cookie_of(sign_in(market)))
    exchange = market.services.exchange
    exchange.write(lambda connection: close_account(connection, "administrator"))
    with exchange.reading() as connection:
        assert connection.execute(recovery_codes.select()).all() == []
        assert exchange.vault.reveal(connection, "account", "a-administrator") == {}
    again = {"login": "administrator", "password": PASSWORD, "role": "administrator", "now": exchange.now()}
    exchange.write(lambda connection: create_account(connection, **again))
    assert sign_in(market).status_code == 303


# -- by programs -----------------------------------------------------------------------------------------------------------

OWN = "/api/v1/account/second-factor"


def program(market: Market, headers: dict[str, str], path: str = "", **body: str) -> httpx.Response:
    """What a program does that signed in with a session: it asks how things stand, and writes with the token it is told."""
    token = market.client.get(OWN, headers=headers).json()["csrf"]
    answer = market.client.post(OWN + path, headers={**headers, "X-CSRF-Token": token}, **({"json": body} if body else {}))
    check_described(market.app, "POST", OWN + path, answer)
    return answer


def test_a_program_sets_it_up_and_turns_it_off(market: Market) -> None:
    elsewhere, headers = cookie_of(sign_in(market)), cookie_of(sign_in(market))
    made = program(market, headers)
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    assert made.json()["uri"] == totp.uri(secret, "administrator")
    wrong = program(market, headers, "/confirm", code="000000")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "code")
    done = program(market, headers, "/confirm", code=code(market, secret))
    assert done.status_code == 200, done.text
    codes = done.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert me(market, elsewhere) == 401
    standing = market.client.get(OWN, headers=headers).json()
    assert (standing["on"], standing["required"], standing["recovery_codes_left"]) == (True, False, 10)
    assert second_step(market, half_way(market), codes[0]).status_code == 303

    assert program(market, headers).status_code == 409
    others = program(market, headers, "/codes", code=code(market, secret)).json()["recovery_codes"]
    assert len(set(others) | set(codes)) == 20
    assert program(market, headers, "/off", code=codes[1]).status_code == 422
    assert program(market, headers, "/off", code=others[0]).json() == {"on": False}
    assert sign_in(market).status_code == 303
    with market.services.exchange.reading() as connection:
        actions = [one["action"] for one in connection.execute(audit.select()).mappings()]
    assert [action for action in actions if action != "signed_in"] == ["second_factor_on", "recovery_codes", "second_factor_off"]


def test_a_program_of_staff_who_must_have_one_gets_that_far_and_no_further(strict: Market) -> None:
    headers = cookie_of(sign_in(strict))
    assert strict.client.get("/api/v1/account", headers=headers).status_code == 403
    secret = program(strict, headers).json()["secret"]
    assert program(strict, headers, "/confirm", code=code(strict, secret)).status_code == 200
    assert me(strict, headers) == 200
    assert program(strict, headers, "/off", code=code(strict, secret)).status_code == 403


def test_neither_a_key_nor_a_password_nor_a_forged_request_sets_it_up(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    ways: list[dict[str, str]] = [
        {"Authorization": f"Bearer {market.keys['administrator']}"},
        headers,
        {**headers, "X-CSRF-Token": "forged"},
    ]
    for given in ways:
        assert market.client.post(OWN, headers=given).status_code == 403
    assert market.client.post(OWN, auth=("administrator", PASSWORD)).status_code == 403
    assert market.client.get(OWN, headers={"Authorization": f"Bearer {market.keys['administrator']}"}).status_code == 403
    assert market.client.get(OWN, headers=cookie_of(sign_in(market, login="employer"))).status_code == 403
    assert market.client.post(OWN).status_code == 401


def test_codes_cannot_be_tried_by_a_program(market: Market) -> None:
    headers = cookie_of(sign_in(market))
    program(market, headers)
    tried = [program(market, headers, "/confirm", code=f"{number:06}").status_code for number in range(7)]
    assert tried == [422] * 5 + [429] * 2
