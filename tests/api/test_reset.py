"""A forgotten password: a link by mail that opens once, and an answer that says nothing about the name."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from api.access import reset
from api.access.accounts import close_account, session_caller
from api.access.audit import ACTIONS
from api.access.tables import audit, resets
from streams.delivery.channels import Mail
from tests.api.conftest import PASSWORD, Market, open_market
from tests.api.test_second_factor import send, set_up
from tests.api.test_signing_in import cookie_of, me, sign_in
from tests.mailbox import Letters, mailbox

ADDRESS, NEW = "wang@example.org", "another long password"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def letters() -> Iterator[Letters]:
    with mailbox() as box:
        yield box


@pytest.fixture
def mailing(tmp_path: Path, empty_folder: Path, letters: Letters, _cheap_passwords: None) -> Iterator[Market]:
    """An exchange that sends mail, and an administrator who has entered an address."""
    for market in open_market(tmp_path, empty_folder, public_url="https://bridge.example.org/"):
        market.services.mail = Mail(letters.url, "bridge@example.org", now=market.clock)
        keep_address(market, "administrator")
        yield market


def keep_address(market: Market, login: str) -> None:
    headers = cookie_of(sign_in(market, login=login))
    assert send(market, "/account/mail", headers, mail=ADDRESS, password=PASSWORD).status_code == 303


def ask(market: Market, login: str = "administrator") -> httpx.Response:
    return market.client.post("/login/forgotten", data={"login": login})


def link_in(letters: Letters) -> str:
    found = re.search(r"https://bridge\.example\.org(/login/reset\?token=\S+)", letters.taken[-1][1].get_content())
    assert found is not None
    return found[1]


def use(market: Market, link: str, new: str = NEW, again: str = NEW) -> httpx.Response:
    return market.client.post("/login/reset", data={"token": link.partition("=")[2], "new": new, "again": again})


def test_a_link_sets_another_password_once_and_ends_every_session(mailing: Market, letters: Letters) -> None:
    before = cookie_of(sign_in(mailing))
    assert ask(mailing).status_code == 200
    assert letters.taken[0][0] == [ADDRESS]
    link = link_in(letters)
    assert "设置新密码" in mailing.client.get(link).text
    assert me(mailing, before) == 200  # asking changes nothing
    assert use(mailing, link).status_code == 200
    assert me(mailing, before) == 401
    assert (sign_in(mailing).status_code, sign_in(mailing, password=NEW).status_code) == (401, 303)
    assert use(mailing, link, "a third password", "a third password").status_code == 410
    assert mailing.client.get(link).status_code == 410
    assert sign_in(mailing, password=NEW).status_code == 303


def test_known_and_unknown_names_get_the_same_answer(mailing: Market, letters: Letters) -> None:
    known, unknown, without = ask(mailing), ask(mailing, "nobody"), ask(mailing, "employer")
    assert known.text == unknown.text == without.text
    assert known.status_code == unknown.status_code == without.status_code == 200
    assert len(letters.taken) == 1


@pytest.mark.parametrize("login", ["administrator", "nobody"])
def test_the_answer_is_out_before_anything_is_looked_up(mailing: Market, letters: Letters, login: str) -> None:
    """So that it takes as long whatever the name."""
    at_the_answer: list[tuple[int, int]] = []

    def state() -> tuple[int, int]:
        with mailing.services.exchange.reading() as connection:
            return len(connection.execute(select(resets)).all()), len(letters.taken)

    async def asked() -> None:
        body = urlencode({"login": login}).encode()
        client = {"type": "http", "http_version": "1.1", "scheme": "http", "server": ("testserver", 80), "client": ("203.0.113.9", 1)}
        headers = [(name.encode(), value.encode()) for name, value in {**FORM, "host": "testserver"}.items()]
        asked_for = {"path": "/login/forgotten", "raw_path": b"/login/forgotten", "query_string": b"", "root_path": ""}
        scope = {**client, **asked_for, "method": "POST"}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def answered(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                at_the_answer.append(state())

        await mailing.app({**scope, "headers": headers}, receive, answered)

    asyncio.run(asked())
    assert at_the_answer == [(0, 0)]
    assert state() == ((1, 1) if login == "administrator" else (0, 0))


def test_a_link_is_kept_hashed_and_ends_after_half_an_hour(mailing: Market, letters: Letters) -> None:
    ask(mailing)
    link = link_in(letters)
    with mailing.services.exchange.reading() as connection:
        kept = str(connection.execute(select(resets)).all())
    assert link.partition("=")[2] not in kept
    mailing.clock.at += timedelta(minutes=30)
    assert mailing.client.get(link).status_code == 410
    assert use(mailing, link).status_code == 410
    assert sign_in(mailing).status_code == 303


def test_a_newer_link_takes_the_place_of_an_older_one(mailing: Market, letters: Letters) -> None:
    ask(mailing)
    first = link_in(letters)
    ask(mailing)
    assert use(mailing, first).status_code == 410
    assert use(mailing, link_in(letters)).status_code == 200


def test_a_password_that_does_not_do_leaves_the_link_open(mailing: Market, letters: Letters) -> None:
    ask(mailing)
    link = link_in(letters)
    assert use(mailing, link, "short", "short").status_code == 422
    assert use(mailing, link, NEW, "something else").status_code == 422
    assert use(mailing, link).status_code == 200


def test_a_changed_password_or_address_or_a_closed_account_ends_the_link(mailing: Market, letters: Letters) -> None:
    ask(mailing)
    headers = cookie_of(sign_in(mailing))
    keep_address(mailing, "administrator")
    assert use(mailing, link_in(letters)).status_code == 410
    ask(mailing)
    assert send(mailing, "/account/password", headers, old=PASSWORD, new=NEW, again=NEW).status_code == 303
    assert use(mailing, link_in(letters)).status_code == 410
    ask(mailing)
    exchange = mailing.services.exchange
    exchange.write(lambda connection: close_account(connection, "administrator"))
    assert use(mailing, link_in(letters)).status_code == 410
    assert len(letters.taken) == 3


def test_a_link_does_not_go_past_a_second_factor(mailing: Market, letters: Letters) -> None:
    set_up(mailing, cookie_of(sign_in(mailing)))
    ask(mailing)
    assert use(mailing, link_in(letters)).status_code == 200
    answer = sign_in(mailing, password=NEW)
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    with mailing.services.exchange.reading() as connection:
        assert session_caller(connection, cookie_of(answer)["Cookie"].partition("=")[2], now=mailing.clock()) is None


def test_it_is_logged_without_the_address(mailing: Market, letters: Letters) -> None:
    ask(mailing)
    use(mailing, link_in(letters))
    with mailing.services.exchange.reading() as connection:
        left = connection.execute(select(audit).order_by(audit.c.n)).mappings().all()
        kept = str(connection.execute(select(audit)).all())
    assert [(one["account_id"], one["action"]) for one in left] == [
        ("a-administrator", "signed_in"), ("a-administrator", "mail_address"), ("a-administrator", "reset_asked"),
        ("a-administrator", "password_reset"),
    ]  # fmt: skip
    assert ADDRESS not in kept


def test_nobody_is_flooded_with_links(mailing: Market, letters: Letters) -> None:
    assert [ask(mailing).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert [ask(mailing, "nobody").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert len(letters.taken) == 3


def test_a_server_that_refuses_is_nobodys_business(mailing: Market, letters: Letters) -> None:
    letters.refuse = "550 no such mailbox"
    assert ask(mailing).text == ask(mailing, "nobody").text


def until_sent() -> None:
    """Until nothing is tried any more."""
    while waiting := [thread for thread in threading.enumerate() if thread.name == "reset-mail"]:
        for thread in waiting:
            thread.join(60)


def entries(market: Market) -> list[str]:
    with market.services.exchange.reading() as connection:
        return list(connection.execute(select(audit.c.action).where(audit.c.account_id == "a-administrator").order_by(audit.c.n)).scalars())


def test_a_server_that_takes_nothing_now_is_asked_again(mailing: Market, letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reset, "RETRY_S", (0.0, 0.0, 0.0))
    letters.refuse_first = ["450 later", "451 later still"]
    ask(mailing)
    until_sent()
    assert len(letters.taken) == 1
    assert use(mailing, link_in(letters)).status_code == 200
    assert "reset_not_sent" not in entries(mailing)


def test_what_will_never_be_taken_and_what_was_tried_enough_is_given_up_and_said(
    mailing: Market, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reset, "RETRY_S", (0.0, 0.0, 0.0))
    letters.refuse_first = ["550 no such mailbox"]
    ask(mailing)
    until_sent()
    assert (letters.taken, letters.refuse_first, entries(mailing)[-1]) == ([], [], "reset_not_sent")
    letters.refuse_first = ["450 later"] * 4
    ask(mailing)
    until_sent()
    assert (letters.taken, letters.refuse_first) == ([], [])
    assert entries(mailing).count("reset_not_sent") == 2
    assert "重置密码的邮件没有发出" in ACTIONS["reset_not_sent"][0]


def test_a_link_that_another_one_replaced_is_sent_no_more(mailing: Market, letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reset, "RETRY_S", (600.0,))
    letters.refuse_first = ["450 later"]
    ask(mailing)
    ask(mailing)
    (waiting,) = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer) and thread.name == "reset-mail"]
    waiting.cancel()
    waiting.function()  # its time has come
    assert len(letters.taken) == 1
    assert use(mailing, link_in(letters)).status_code == 200


def test_the_address_is_set_with_the_password_only_and_shown_masked(mailing: Market) -> None:
    headers = cookie_of(sign_in(mailing))
    shown = mailing.client.get("/account", headers=headers).text
    assert ADDRESS not in shown
    assert "wan***********g" in shown
    assert send(mailing, "/account/mail", headers, mail="other@example.org", password="wrong-password").status_code == 422
    assert send(mailing, "/account/mail", headers, mail="no address", password=PASSWORD).status_code == 422
    key = {"Authorization": f"Bearer {mailing.keys['administrator']}"}
    assert mailing.client.post("/account/mail", data={"mail": "", "password": PASSWORD}, headers=key).status_code == 403
    assert send(mailing, "/account/mail", headers, mail="", password=PASSWORD).status_code == 303
    assert "没有登记" in mailing.client.get("/account", headers=headers).text


def test_another_site_asks_for_no_link(mailing: Market, letters: Letters) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert mailing.client.post("/login/forgotten", data={"login": "administrator"}, headers=elsewhere).status_code == 403
    assert letters.taken == []


def test_without_mail_the_page_says_whom_to_ask(market: Market) -> None:
    assert "没有开通邮件" in market.client.get("/login/forgotten").text
    answer = ask(market)
    assert (answer.status_code, "没有开通邮件" in answer.text) == (200, True)
