"""Employers that registered themselves: public after staff of their region confirmed them, as they were looked at."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from api.intake.sending import settle
from streams.intake.commitments import note_commitment
from tests.api.conftest import EMPLOYER, POSTING, Market
from tests.api.test_second_factor import send
from tests.api.test_signing_in import cookie_of, sign_in


def registered(market: Market, **changes: Any) -> dict[str, Any]:
    """The employer by its own word, and one posting of it that waits."""
    assert market.post("employer", "/employers?wait=1", {**EMPLOYER, **changes}).status_code == 200
    answer = market.post("employer", "/postings?wait=1", POSTING)
    assert (answer.json()["state"], answer.json()["rule"]) == ("held", "employer_unverified"), answer.text
    market.posting_id = answer.json()["id"]
    found: dict[str, Any] = market.get("employer", "/employers/e-9").json()
    assert found["verified"] is False
    return found


def confirm(market: Market, revision: int, who: str = "commissioner") -> httpx.Response:
    answer: httpx.Response = market.post(who, "/employers/e-9/confirmation", {"revision": revision})
    return answer


def test_its_postings_are_public_once_staff_of_its_region_confirmed_it(market: Market) -> None:
    found = registered(market)
    assert market.get(None, f"/postings/{market.posting_id}").status_code == 404
    (listed,) = market.get("commissioner", "/employers-to-confirm").json()["items"]
    assert (listed["employer_id"], listed["held"], listed["revision"]) == ("e-9", 1, found["revision"])
    assert "code_problem" not in listed
    assert market.get("other-commissioner", "/employers-to-confirm").json()["items"] == []
    assert confirm(market, found["revision"], "other-commissioner").status_code == 403
    assert confirm(market, found["revision"], "employer").status_code == 403
    assert confirm(market, found["revision"]).status_code == 202
    market.settle()
    assert market.get(None, f"/postings/{market.posting_id}").json()["state"] == "published"
    assert market.get("employer", "/employers/e-9").json()["verified"] is True
    assert market.get("commissioner", "/employers-to-confirm").json()["items"] == []
    assert confirm(market, found["revision"]).status_code == 409
    answer = market.post("employer", "/postings?wait=1", {**POSTING, "source_id": "HR-2", "title": "仓库管理员"})
    assert answer.json()["state"] == "published"


def test_what_changed_after_it_was_looked_at_is_not_confirmed(market: Market) -> None:
    found = registered(market)
    assert market.post("employer", "/employers?wait=1", {**EMPLOYER, "name": "太原别的机械有限公司"}).status_code == 200
    answer = confirm(market, found["revision"])
    assert answer.status_code == 409
    assert "改动" in answer.json()["detail"]
    assert market.get("employer", "/employers/e-9").json()["verified"] is False


def test_what_the_employer_sent_a_moment_before_is_not_undone(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    found = registered(market)
    assert market.get("commissioner", "/employers-to-confirm").status_code == 200  # its key was used today

    waited_for = threading.Event()

    def slowly(*given: Any) -> None:
        waited_for.wait(30)  # until whoever confirms waits for what was sent before
        note_commitment(*given)

    def awaited(*given: Any) -> None:
        waited_for.set()
        settle(*given)

    monkeypatch.setattr("streams.intake.handlers.note_commitment", slowly)
    monkeypatch.setattr("api.intake.confirming.settle", awaited)
    assert market.post("employer", "/employers", {**EMPLOYER, "name": "太原别的机械有限公司"}).status_code == 202  # nobody waits for it
    assert confirm(market, found["revision"]).status_code == 409
    market.settle()
    kept = market.get("employer", "/employers/e-9").json()
    assert (kept["name"], kept["verified"]) == ("太原别的机械有限公司", False)


def test_a_wrong_credit_code_is_put_right_first(market: Market) -> None:
    found = registered(market, uscc="91140100MA0K3YBJ06")
    assert "校验位" in market.get("commissioner", "/employers-to-confirm").json()["items"][0]["code_problem"]
    answer = confirm(market, found["revision"])
    assert answer.status_code == 409
    assert "校验位" in answer.json()["detail"]


def test_the_page_lists_and_confirms(market: Market) -> None:
    found = registered(market)
    session = cookie_of(sign_in(market, login="commissioner"))
    path = "/commissioner/employers-to-confirm"
    shown = market.client.get(path, headers=session).text
    assert EMPLOYER["name"] in shown
    assert f'name="revision" value="{found["revision"]}"' in shown
    assert send(market, f"{path}/e-9", session, revision="0").status_code == 409
    assert send(market, f"{path}/e-9", session, revision="x").status_code == 409
    done = send(market, f"{path}/e-9", session, revision=str(found["revision"]))
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=1")
    assert "没有待核实的单位" in market.client.get(done.headers["location"], headers=session).text
