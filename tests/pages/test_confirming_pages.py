"""Whoever is asked whether their profile still stands answers on the page, over the interface, or by the link of a letter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from matcher.days import day_of
from streams.delivery import rules
from streams.delivery.asking import token_of
from streams.delivery.tables import notices
from streams.intake import queries
from streams.intake.tables import people
from streams.runtime.messages import to_json
from streams.runtime.tables import upsert

NOTICE = "11111111-2222-5333-8444-555555555555"


@pytest.fixture
def asked(site) -> Iterator[str]:
    """u-demo said nothing for a hundred days and was asked today; the token of the letter's link."""
    today = day_of(site.services.exchange.now())
    since = (today - timedelta(days=100)).isoformat()
    empty = dict.fromkeys(("letter", "employer_id", "entry_id", "match_id", "last_day"))
    row = {
        **empty, "notice_id": NOTICE, "person_id": "u-demo", "kind": rules.ASKED_PERSON, "benefit": "",
        "document": to_json({"since": since}), "day": today.isoformat(),
    }  # fmt: skip

    def job(connection):
        mine = people.c.person_id == "u-demo"
        connection.execute(update(people).where(mine).values(confirmed_on=since, asked_on=today.isoformat()))
        upsert(connection, notices, row)

    site.services.exchange.write(job)
    yield token_of(site.services.exchange.vault, NOTICE)
    site.services.exchange.write(lambda connection: connection.execute(update(people).values(asked_on=None)))


def still_asked(site) -> bool:
    with site.services.exchange.reading() as connection:
        found = queries.person(connection, "u-demo")
    assert found is not None
    return found["asked_on"] is not None


@pytest.mark.parametrize("page", ["/me", "/inbox"])
def test_the_page_asks_and_takes_the_answer(site, jobseeker, asked, page):
    assert "到现在超过90天了。还在找工作吗？" in jobseeker.get(page).text
    done = jobseeker.send("/me/confirm", {"back": page})
    assert done.status_code == 303
    assert not still_asked(site)
    assert "asked-again" not in jobseeker.get(page).text


def test_the_interface_takes_it(site, jobseeker, asked):
    answer = jobseeker.client.post("/api/v1/people/u-demo/confirm", headers={"x-csrf-token": jobseeker.token()})
    assert (answer.status_code, answer.json()["person_id"]) == (202, "u-demo")
    assert not still_asked(site)


def test_the_link_asks_first_and_shows_nothing_of_the_person(site, nobody, asked):
    shown = nobody.get(f"/still/{asked}")
    assert (shown.status_code, "还在找，资料没有变" in shown.text) == (200, True)
    assert "u-demo" not in shown.text
    assert still_asked(site)  # programs that look at links in mails do not answer them
    done = nobody.client.post(f"/still/{asked}")
    assert "已经确认，谢谢" in done.text
    assert not still_asked(site)
    assert "已经确认，谢谢" in nobody.get(f"/still/{asked}").text


def test_a_link_that_is_none_says_what_to_do(site, nobody, asked):
    for token in (asked[:-1], "x"):
        answer = nobody.client.post(f"/still/{token}")
        assert (answer.status_code, "请登录后在“我的资料”里确认" in answer.text) == (410, True)
    assert still_asked(site)


def test_whoever_is_not_asked_sees_no_question(jobseeker):
    assert "asked-again" not in jobseeker.get("/me").text
