"""Name and telephone: for staff who must call, one at a time, with a reason that is kept and that the person reads."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from api.access.tables import audit
from tests.api.conftest import Market, furnish

REASON = {"reason": "首次联系，了解就业意向"}
SHOWN = {"person_id": "u-7", "name": "样例甲", "phone": "13800138000"}


@pytest.fixture
def known(market: Market) -> Market:
    furnish(market)
    return market


def call(market: Market, who: str, person_id: str = "u-7", body: Any = None) -> Any:
    return market.post(who, f"/people/{person_id}/contact", REASON if body is None else body)


def page(market: Market, who: str = "commissioner", **given: str) -> Any:
    headers = {"Authorization": f"Bearer {market.keys[who]}"}
    return market.client.post("/commissioner/contact", data=given, headers=headers)


def looks(market: Market) -> list[Any]:
    with market.services.exchange.reading() as connection:
        return list(connection.execute(select(audit).where(audit.c.action == "called").order_by(audit.c.n)).mappings())


def test_staff_of_the_region_are_told_and_the_reason_is_kept(known: Market) -> None:
    answer = call(known, "commissioner")
    assert answer.json() == SHOWN
    assert answer.headers["cache-control"] == "no-store"
    assert call(known, "administrator").json() == SHOWN
    assert [(one["account_id"], one["person_id"], one["fields"], one["purpose"]) for one in looks(known)] == [
        (f"a-{who}", "u-7", "name,phone", REASON["reason"]) for who in ("commissioner", "administrator")
    ]


def test_the_person_reads_who_called_and_why(known: Market) -> None:
    call(known, "commissioner")
    told = known.get("jobseeker", "/people/u-7/looks").json()["items"][0]
    assert told["who"].endswith("人社服务专员")
    assert (told["what"], told["shown"], told["reason"]) == ("为了打电话，查看您的姓名和手机号", ["姓名", "手机号"], REASON["reason"])
    headers = {"Authorization": f"Bearer {known.keys['jobseeker']}"}
    assert f"理由：{REASON['reason']}" in known.client.get("/me/looks", headers=headers).text


@pytest.mark.parametrize("who", ["employer", "other-commissioner", "jobseeker", "other-jobseeker", "auditor", "market", "partner"])
def test_nobody_else_is_told(known: Market, who: str) -> None:
    assert call(known, who).status_code == 403
    assert page(known, who, person_id="u-7", **REASON).status_code == 403
    assert looks(known) == []


@pytest.mark.parametrize("reason", ["", "   ", "谈", "  谈      ", "说" * 201, None])
def test_without_a_reason_nothing_is_told(known: Market, reason: str | None) -> None:
    answer = call(known, "commissioner", body={"reason": reason} if reason is not None else {})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reason")
    shown = page(known, person_id="u-7", reason=reason or "")
    assert shown.status_code == 422
    assert SHOWN["phone"] not in shown.text
    assert looks(known) == []


def test_nothing_kept_and_nobody_known_are_said(known: Market) -> None:
    assert call(known, "commissioner", "u-8").json() == {"person_id": "u-8", "name": None, "phone": None}
    assert call(known, "commissioner", "nobody-of-this-name").status_code == 404
    unknown = page(known, person_id="nobody-of-this-name", **REASON)
    assert (unknown.status_code, "没有这位求职者" in unknown.text) == (400, True)


def test_a_number_in_a_reason_is_not_kept(known: Market) -> None:
    assert call(known, "commissioner", body={"reason": "打13800138000约面谈"}).status_code == 200
    assert "13800138000" not in looks(known)[0]["purpose"]


def test_a_list_is_not_made_of_it(known: Market) -> None:
    assert [call(known, "commissioner").status_code for _ in range(61)] == [200] * 60 + [429]
    assert call(known, "administrator").status_code == 200


def test_on_the_page_one_is_shown(known: Market) -> None:
    headers = {"Authorization": f"Bearer {known.keys['commissioner']}"}
    assert known.post("employer", f"/matches/u-7/{known.posting_id}/steps", {"step": "invited"}).status_code == 202
    known.settle()
    listed = known.client.get(f"/employer/postings/{known.posting_id}", headers=headers).text
    assert 'href="/commissioner/contact?person_id=u-7"' in listed
    asked = known.client.get("/commissioner/contact?person_id=u-7", headers=headers).text
    assert 'value="u-7"' in asked
    shown = page(known, person_id="u-7", **REASON)
    assert shown.status_code == 200
    assert "样例甲" in shown.text
    assert 'href="tel:13800138000"' in shown.text
    for text in (listed, asked, known.client.get(f"/employer/postings/{known.posting_id}", headers=headers).text):
        assert "样例甲" not in text
        assert "13800138000" not in text
    assert "11010519491231002X" not in shown.text
