"""Licences that rest on a promise (E-27): staff look again, and what they find has its effect on the agency's postings."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from streams.intake import commitments, gateway, queries
from tests.intake.conftest import FIRST_DAY, Clock, Intake
from tests.intake.test_intake_rebuilt import rebuilt
from tests.intake.test_what_words_say import AGENCY, register

PROMISE: dict[str, Any] = {"kind": "commitment", "number": "样例诺字第1号", "from": "2026-10-01"}
ID = AGENCY["employer_id"]


def decided(intake: Intake, decision: Literal["kept", "broken"]) -> None:
    gateway.decide_commitment(intake.exchange, ID, decision, by="c-1", reason="没有固定场所，电话13800138000", sender="test")
    intake.drain()


def to_check(intake: Intake, on: date = FIRST_DAY, **how: Any) -> list[dict[str, Any]]:
    with intake.exchange.reading() as connection:
        return commitments.to_check(connection, on, **how)


def state(intake: Intake) -> str | None:
    with intake.exchange.reading() as connection:
        found = commitments.commitment(connection, ID)
    return None if found is None else str(found["state"])


def rules(intake: Intake, posting_id: str) -> list[str]:
    return [reason["rule"] for reason in intake.found(posting_id)["reasons"]]


def test_a_promise_is_on_the_list_until_staff_have_looked(intake: Intake) -> None:
    register(intake, PROMISE)
    (one,) = to_check(intake)
    assert (one["employer_id"], one["due_on"], one["overdue"]) == (ID, "2026-11-30", False)
    assert to_check(intake, date(2026, 12, 1))[0]["overdue"] is True
    assert to_check(intake, days=5)[0]["overdue"] is True
    decided(intake, "kept")
    assert (to_check(intake), state(intake)) == ([], "kept")
    with intake.exchange.reading() as connection:
        known = queries.employer(connection, ID)
    assert known is not None
    assert known["employer"]["licence"]["checked_on"] == FIRST_DAY.isoformat()


@pytest.mark.parametrize("licence", [None, {"kind": "licence", "number": "样例字第1号"}, {**PROMISE, "checked_on": "2026-10-20"}])
def test_other_licences_and_promises_looked_at_are_not_on_the_list(intake: Intake, licence: dict[str, Any] | None) -> None:
    register(intake, licence)
    assert to_check(intake) == []


def test_the_list_is_that_of_the_region(intake: Intake) -> None:
    gateway.receive_employers(intake.exchange, [{**AGENCY, "region": "140105", "licence": PROMISE}], sender="test", verified=True)
    intake.drain()
    assert [len(to_check(intake, region=region)) for region in ("140000", "140100", "140105", "140106", "140200")] == [1, 1, 1, 0, 0]


def test_broken_it_holds_what_is_public_and_what_comes(intake: Intake) -> None:
    register(intake, PROMISE)
    public = intake.posted({"employer": AGENCY})
    other = intake.posted({"source_id": "HR-9", "title": "会计", "description": "做账报税，熟悉财务软件。"})
    decided(intake, "broken")
    assert intake.said_of(public)[-1] == "held"
    assert rules(intake, public) == ["agency_commitment"]
    (reason,) = intake.found(public)["reasons"]
    assert "没有固定场所" in reason["change"]
    assert "13800138000" not in reason["change"]
    assert (
        intake.state(intake.posted({"employer": AGENCY, "source_id": "HR-5", "title": "保洁员", "description": "打扫办公楼。"})) == "held"
    )
    assert intake.state(intake.posted({"employer": AGENCY, "headcount": 9})) == "held"  # a new version of it waits, too
    assert intake.state(other) == "published"


def test_found_kept_after_all_its_postings_are_public_again(intake: Intake) -> None:
    register(intake, PROMISE)
    posting_id = intake.posted({"employer": AGENCY})
    decided(intake, "broken")
    decided(intake, "kept")
    assert intake.said_of(posting_id) == ["published", "held", "published"]
    assert state(intake) == "kept"


def test_other_reasons_stay_when_a_promise_is_kept(intake: Intake) -> None:
    register(intake, PROMISE)
    posting_id = intake.posted({"employer": AGENCY, "description": "只招男性，负责搬运货物。"})
    decided(intake, "broken")
    decided(intake, "kept")
    assert rules(intake, posting_id) == ["sex"]
    assert intake.state(posting_id) == "held"


def test_another_admission_puts_an_end_to_a_broken_promise(intake: Intake) -> None:
    register(intake, PROMISE)
    posting_id = intake.posted({"employer": AGENCY})
    decided(intake, "broken")
    register(intake, PROMISE)  # the same one again is no other
    register(intake, None)
    assert intake.state(posting_id) == "held"
    register(intake, {"kind": "licence", "number": "样例字第2号"})
    assert intake.state(posting_id) == "published"
    assert intake.state(intake.posted({"employer": AGENCY, "headcount": 9})) == "published"


def test_a_new_promise_is_looked_at_anew(intake: Intake) -> None:
    register(intake, PROMISE)
    decided(intake, "broken")
    register(intake, {**PROMISE, "from": "2026-11-01"})
    assert (state(intake), to_check(intake)[0]["since"]) == ("open", "2026-11-01")


def test_of_who_promised_nothing_nothing_can_be_found(intake: Intake) -> None:
    register(intake, {"kind": "licence", "number": "样例字第1号"})
    posting_id = intake.posted({"employer": AGENCY})
    decided(intake, "broken")
    assert (state(intake), intake.state(posting_id)) == (None, "published")
    assert intake.state(intake.posted({"employer": AGENCY, "headcount": 9})) == "published"


def test_a_rebuild_and_a_restart_know_of_it(intake: Intake, tmp_path: Path, clock: Clock) -> None:
    register(intake, PROMISE)
    intake.posted({"employer": AGENCY})
    decided(intake, "broken")
    assert rebuilt(intake, tmp_path).same
