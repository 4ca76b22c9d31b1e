"""The letter that asks whether what was stated still stands, and the link in it that answers without signing in."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from streams.delivery import rules
from streams.delivery.asking import asked_behind
from streams.delivery.tables import notices, outgoing
from streams.intake.messages import EmployerAskedToConfirm, PersonAskedToConfirm
from tests.delivery.made_up_messages import person_left, person_matched
from tests.delivery.test_letters_to_employers import of_a_hire

OUTSIDE = {"quiet_from": 22, "quiet_to": 7, "outside_channels": ("mail", "gateway")}
ASKED = PersonAskedToConfirm(person_id="u-1", since=date(2026, 8, 22), on=date(2026, 11, 20))
EMPLOYER = EmployerAskedToConfirm(employer_id="e-1", posting_id="p-1", title="焊工", last_day=date(2026, 12, 4))


@pytest.fixture
def settings() -> dict[str, Any]:
    return OUTSIDE


def letter(exchange: Any, sender: Any, letters: Any) -> str:
    exchange.tick(exchange.at + timedelta(minutes=10))
    sender.step()
    return str(letters.taken[-1][1].get_content()) if letters.taken else ""


def test_a_person_is_asked_in_one_letter_however_often_it_is_said(exchange, sender, letters, calls):
    exchange.say(person_matched("u-1", 1), ASKED, ASKED)
    text = letter(exchange, sender, letters)
    assert len(letters.taken) == 1
    assert letters.taken[0][1]["subject"] == "请确认资料是否还有效"
    assert "您的求职资料是2026年8月22日确认的，到现在超过90天了" in text
    assert "https://bridge.example.org/still/" in text
    assert b"/still/" in calls[0][1]


def test_the_link_opens_for_the_person_it_asked_and_no_other_opens(exchange, sender, letters):
    exchange.say(person_matched("u-1", 1), ASKED)
    found = re.search(r"/still/([0-9a-f.-]+)", letter(exchange, sender, letters))
    assert found is not None
    vault, token = exchange.open.vault, found[1]
    assert "u-1" not in token
    assert exchange.ask(asked_behind, vault, token) == ("u-1", "2026-08-22")
    for wrong in (token[:-1], token + "0", token.split(".")[0], "", ".", "中文." + token.split(".")[1]):
        assert exchange.ask(asked_behind, vault, wrong) is None


def test_without_consent_nothing_is_sent(exchange, sender, letters):
    exchange.say(ASKED, person_matched("u-2", 1), person_left("u-2", 2, "consent"), ASKED.model_copy(update={"person_id": "u-2"}))
    assert letter(exchange, sender, letters) == ""
    assert exchange.rows(notices) == []


@pytest.mark.parametrize("settings", [{"quiet_from": 22, "quiet_to": 7}])
def test_without_a_channel_nothing_is_kept(exchange):
    exchange.say(person_matched("u-1", 1), ASKED, EMPLOYER)
    assert exchange.rows(notices) == exchange.rows(outgoing) == []


def test_an_employer_is_asked_at_its_own_address_until_the_last_day(exchange, sender, letters):
    exchange.open.write(lambda c: exchange.open.vault.keep(c, "employer", "e-1", {"mail": "hr@example.org"}))
    exchange.say(EMPLOYER)
    text = letter(exchange, sender, letters)
    assert (
        "岗位“焊工”的有效期到2026年12月4日。还在招的请确认，不确认的到期后自动下架。确认请打开：https://bridge.example.org/employer\n"
        in text
    )
    assert rules.still_says(rules.ASKED_EMPLOYER, "2026-12-04", date(2026, 12, 4))
    assert not rules.still_says(rules.ASKED_EMPLOYER, "2026-12-04", date(2026, 12, 5))


def test_what_is_asked_stands_in_the_day_s_letter_beside_what_policy_says(exchange, sender, letters):
    exchange.open.write(lambda c: exchange.open.vault.keep(c, "employer", "e-1", {"mail": "hr@example.org"}))
    exchange.say(person_matched("u-1", 1), of_a_hire(), EMPLOYER)
    text = letter(exchange, sender, letters)
    assert len(letters.taken) == 1
    assert "可以申请" in text
    assert "岗位“焊工”的有效期到" in text


def test_of_who_is_forgotten_no_question_stays(exchange, sender, letters):
    exchange.say(person_matched("u-1", 1), ASKED, person_left("u-1", 2, "removed"))
    assert exchange.rows(notices) == []
    assert letter(exchange, sender, letters) == ""
