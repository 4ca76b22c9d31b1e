"""Consent, purpose by purpose: dated, taken back before the next push, list or export, with its history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import PERSON, POSTING, Market, furnish
from tests.api.test_civil_affairs import register
from tests.api.test_signing_in import cookie_of, csrf_of, sign_in

AGREED = {"recommend": True, "share_with_employers": True, "share_with_civil_affairs": True}


@pytest.fixture
def known(market: Market) -> Market:
    furnish(market)
    return market


def say(market: Market, purpose: str, given: bool, who: str = "jobseeker", person_id: str = "u-7") -> Any:
    answer = market.call(who, "PUT", f"/people/{person_id}/consents/{purpose}", json={"given": given})
    assert answer.status_code == 202, answer.text
    return answer.json()


def told(market: Market, who: str = "jobseeker", person_id: str = "u-7") -> dict[str, Any]:
    found: dict[str, Any] = market.get(who, f"/people/{person_id}/consents").json()
    return found


def given(market: Market) -> dict[str, Any]:
    return {one["purpose"]: (one["given"], one.get("since")) for one in told(market)["items"]}


def test_every_purpose_is_told_with_its_day(known: Market) -> None:
    registered = "2026-11-20T10:00:00+08:00"
    assert given(known) == {
        "recommend": (True, registered), "share_with_employers": (False, registered), "share_with_civil_affairs": (None, None),
    }  # fmt: skip
    known.clock.at += timedelta(days=2)
    say(known, "share_with_employers", True)
    assert given(known)["share_with_employers"] == (True, "2026-11-22T10:00:00+08:00")
    assert given(known)["recommend"] == (True, registered)


def test_the_history_tells_who_said_what_the_newest_first(known: Market) -> None:
    known.clock.at += timedelta(days=1)
    say(known, "recommend", False)
    say(known, "recommend", False)  # nothing new
    known.clock.at += timedelta(days=1)
    say(known, "recommend", True, who="commissioner")
    history = told(known)["history"]
    assert [(one["at"][:10], one["purpose"], one["given"], one["who"]) for one in history] == [
        ("2026-11-22", "recommend", True, "人社服务专员"),
        ("2026-11-21", "recommend", False, "求职者本人"),
        ("2026-11-20", "share_with_employers", False, "系统管理员"),
        ("2026-11-20", "recommend", True, "系统管理员"),
    ]
    looks = known.get("jobseeker", "/people/u-7/looks").json()["items"]
    assert looks[0]["what"] == "查看或登记您同意的事项"


def test_what_is_taken_back_holds_before_the_next_push(known: Market) -> None:
    assert len(known.get("jobseeker", "/people/u-7/inbox").json()["items"]) == 1
    # The withdrawal and the next posting one behind the other: nothing has been handled in between.
    say(known, "recommend", False)
    answer = known.post(
        "administrator", "/postings", {**POSTING, "source_id": "HR-2", "title": "电焊工", "address": "太原市小店区样例路9号"}
    )
    assert answer.status_code == 202, answer.text
    known.settle()
    assert known.get("jobseeker", "/people/u-7/inbox").json()["items"] == []
    assert len(known.get("other-jobseeker", "/people/u-8/inbox").json()["items"]) >= 1  # who agreed still gets them
    say(known, "recommend", True)
    known.settle()
    assert known.get("jobseeker", "/people/u-7/inbox").json()["items"]


def test_who_takes_back_being_shown_is_shown_to_employers_no_more(known: Market) -> None:
    def profiles() -> set[str]:
        items = known.get("employer", f"/postings/{known.posting_id}/candidates").json()["items"]
        return {item["person_id"] for item in items if "profile" in item}

    page = f"/employer/postings/{known.posting_id}"
    headers = {"Authorization": f"Bearer {known.keys['employer']}"}
    assert profiles() == {"u-8"}
    assert "焊接技术应用" in known.client.get(page, headers=headers).text
    say(known, "share_with_employers", False, who="other-jobseeker", person_id="u-8")
    known.settle()
    assert profiles() == set()
    assert known.get("employer", f"/matches/u-8/{known.posting_id}").status_code == 404
    assert "焊接技术应用" not in known.client.get(page, headers=headers).text


def test_who_takes_it_back_is_told_to_civil_affairs_no_more(market: Market) -> None:
    register(market, "u-7")
    market.settle()

    def exported() -> list[str]:
        return [one["person_id"] for one in market.get("commissioner", "/civil-affairs/exits?format=json").json()["items"]]

    assert exported() == ["u-7"]
    say(market, "share_with_civil_affairs", False)
    market.settle()
    assert exported() == []


def test_a_third_party_does_not_give_again_what_was_taken_back(market: Market) -> None:
    sent = {**PERSON, "private": None, "consent": AGREED}
    assert market.post("partner", "/people?wait=1", sent).status_code == 200
    market.settle()
    assert {one["given"] for one in told(market)["items"]} == {True}
    with_refusal = {**sent, "consent": {**AGREED, "share_with_employers": False}}
    assert market.post("partner", "/people?wait=1", with_refusal).status_code == 200
    market.settle()
    again = market.post("partner", "/people?wait=1", {**sent, "skills": ["氩弧焊"]})
    assert again.status_code == 200, again.text
    market.settle()
    assert given(market)["share_with_employers"][0] is False
    assert market.get("jobseeker", "/people/u-7").json()["skills"] == ["氩弧焊"]


def test_silence_takes_back_what_was_given(known: Market) -> None:
    assert known.post("administrator", "/people?wait=1", {**PERSON, "consent": None}).status_code == 200
    known.settle()
    assert {purpose: one[0] for purpose, one in given(known).items()} == {
        "recommend": False, "share_with_employers": False, "share_with_civil_affairs": None,
    }  # fmt: skip


def test_what_only_an_office_may_say_stays(known: Market) -> None:
    before = known.get("jobseeker", "/people/u-7").json()
    say(known, "share_with_civil_affairs", True)
    after = known.get("jobseeker", "/people/u-7").json()
    same = before.keys() - {"consent", "revision"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["consent"] == {**before["consent"], "share_with_civil_affairs": True}


def test_an_unknown_purpose_is_named_with_those_there_are(known: Market) -> None:
    answer = known.call("jobseeker", "PUT", "/people/u-7/consents/advertising", json={"given": True})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["allowed"] == ["recommend", "share_with_employers", "share_with_civil_affairs"]


def test_who_is_forgotten_leaves_no_history(known: Market) -> None:
    assert known.call("jobseeker", "DELETE", "/people/u-7").status_code == 202
    known.settle()
    assert known.get("administrator", "/people/u-7/consents").status_code == 404


def test_the_person_agrees_and_takes_back_on_a_page(known: Market) -> None:
    headers = cookie_of(sign_in(known, login="jobseeker"))
    shown = known.client.get("/me/consents", headers=headers).text
    assert "向我推荐岗位" in shown
    assert "从2026年11月20日10:00起" in shown
    form = {"purpose": "recommend", "given": "no", "csrf": csrf_of(known, headers)}
    assert known.client.post("/me/consents", data={**form, "csrf": "forged"}, headers=headers).status_code == 403
    assert known.client.post("/me/consents", data={**form, "purpose": "advertising"}, headers=headers).status_code == 400
    assert given(known)["recommend"][0] is True
    assert known.client.post("/me/consents", data=form, headers=headers).status_code == 303
    assert given(known)["recommend"][0] is False
    assert "求职者本人" in known.client.get("/me/consents?saved=1", headers=headers).text
