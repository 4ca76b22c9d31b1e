"""Reports by users: what staff decide has its effect on the posting and its employer, and a fault put right in time leaves no mark."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from streams.intake import gateway, report_queries
from streams.intake.messages import REPORT_KINDS
from tests.intake.conftest import FIRST_DAY, POSTING, Clock, Intake
from tests.intake.test_intake_rebuilt import rebuilt

OTHER = {"source_id": "HR-2", "title": "会计", "description": "做账报税，熟悉用友软件。"}


def reported(intake: Intake, posting_id: str, kind: str = "false_posting", by: str = "a-1") -> str:
    text = "到了现场说没有这个岗位，让打13800138000"
    report_id = gateway.report_violation(intake.exchange, posting_id, kind, text, by=by, sender="test")  # type: ignore[arg-type]
    intake.drain()
    return report_id


def decided(intake: Intake, report_id: str, decision: str, correct_by: date | None = None) -> None:
    with intake.exchange.reading() as connection:
        report = report_queries.report(connection, report_id)
    assert report is not None
    gateway.decide_report(
        intake.exchange, report, decision, by="c-1", reason="到现场核实", sender="test", correct_by=correct_by  # type: ignore[arg-type]
    )  # fmt: skip
    intake.drain()


def state_of(intake: Intake, report_id: str) -> str:
    with intake.exchange.reading() as connection:
        report = report_queries.report(connection, report_id)
    assert report is not None
    return str(report["state"])


def marks(intake: Intake, employer_id: str = "e-1", on: date = FIRST_DAY) -> list[str]:
    with intake.exchange.reading() as connection:
        return [mark["kind"] for mark in report_queries.marks_of(connection, employer_id, on)]


@pytest.mark.parametrize("kind", sorted(REPORT_KINDS))
def test_each_of_the_kinds_waits_for_staff_and_changes_nothing_by_itself(intake: Intake, kind: str) -> None:
    posting_id = intake.posted()
    report_id = reported(intake, posting_id, kind)
    with intake.exchange.reading() as connection:
        found = report_queries.waiting(connection, FIRST_DAY, region="140100")
        assert report_queries.waiting(connection, FIRST_DAY, region="140200") == []
        assert report_queries.counts(connection)[kind] == {"open": 1}
    assert [(one["report_id"], one["kind"], one["title"]) for one in found] == [(report_id, kind, "焊工")]
    assert "13800138000" not in found[0]["text"]
    assert intake.state(posting_id) == "published"
    assert marks(intake) == []


def test_the_same_said_twice_by_the_same_account_is_one_report(intake: Intake) -> None:
    posting_id = intake.posted()
    assert reported(intake, posting_id) == reported(intake, posting_id)
    assert reported(intake, posting_id, by="a-2") != reported(intake, posting_id)
    with intake.exchange.reading() as connection:
        assert len(report_queries.of_posting(connection, posting_id)) == 2


def test_unfounded_it_leaves_everything_as_it_was(intake: Intake) -> None:
    posting_id = intake.posted()
    report_id = reported(intake, posting_id)
    decided(intake, report_id, "unfounded")
    assert (state_of(intake, report_id), intake.state(posting_id), marks(intake)) == ("unfounded", "published", [])


def test_confirmed_it_ends_the_posting_and_marks_the_employer(intake: Intake) -> None:
    posting_id = intake.posted()
    decided(intake, reported(intake, posting_id, "no_contract"), "confirmed")
    assert intake.said_of(posting_id)[-1] == "ended rejected"
    assert intake.found(posting_id)["decision"]["reason"].startswith("举报查实（不依法签订劳动合同）")
    assert marks(intake) == ["no_contract"]


def test_the_marked_employers_next_posting_waits_for_staff(intake: Intake) -> None:
    decided(intake, reported(intake, intake.posted(), "no_contract"), "confirmed")
    waits = intake.posted(OTHER)
    assert [reason["rule"] for reason in intake.found(waits)["reasons"]] == ["employer_reported"]
    assert intake.state(intake.posted({**OTHER, "employer": {"employer_id": "e-2", "name": "大同某某商贸有限公司"}})) == "published"
    gateway.decide_hold(intake.exchange, waits, "release", by="c-1", reason="已核实", sender="test")
    intake.drain()
    assert intake.state(waits) == "published"


def test_a_mark_is_no_longer_than_a_year(intake: Intake, clock: Clock) -> None:
    decided(intake, reported(intake, intake.posted(), "no_contract"), "confirmed")
    clock.go_to(FIRST_DAY + timedelta(days=366))
    assert intake.state(intake.posted({**OTHER, "published_at": None})) == "published"
    assert marks(intake, on=FIRST_DAY + timedelta(days=366)) == []


@pytest.mark.parametrize(("kind", "state"), [("false_posting", "held"), ("black_agency", "held"), ("discrimination", "published")])
def test_where_the_employer_deceives_its_other_postings_wait_too(intake: Intake, kind: str, state: str) -> None:
    other, first = intake.posted(OTHER), intake.posted()
    report_id = reported(intake, first, kind)
    decided(intake, report_id, "confirmed")
    assert intake.state(other) == state
    decided(intake, report_id, "lifted")
    assert intake.state(other) == "published"
    assert marks(intake) == []


def test_a_minor_fault_put_right_in_time_leaves_no_mark(intake: Intake) -> None:
    posting_id = intake.posted()
    report_id = reported(intake, posting_id, "discrimination")
    decided(intake, report_id, "ask_correction", date(2026, 11, 9))
    assert [reason["rule"] for reason in intake.found(posting_id)["reasons"]] == ["reported"]
    intake.posted({"description": POSTING["description"] + "按国家规定签订合同。"})
    assert intake.state(posting_id) == "held", "staff look at the correction before it is public"
    decided(intake, report_id, "corrected")
    assert (intake.state(posting_id), state_of(intake, report_id), marks(intake)) == ("published", "corrected", [])


def test_a_correction_that_does_not_come_is_overdue_and_may_be_confirmed(intake: Intake) -> None:
    report_id = reported(intake, intake.posted(), "probation_abuse")
    decided(intake, report_id, "ask_correction")
    with intake.exchange.reading() as connection:
        assert not report_queries.waiting(connection, FIRST_DAY)[0]["overdue"]
        assert report_queries.waiting(connection, FIRST_DAY + timedelta(days=11))[0]["overdue"]
    decided(intake, report_id, "confirmed")
    assert marks(intake) == ["probation_abuse"]


def test_a_decision_that_cannot_follow_changes_nothing(intake: Intake) -> None:
    posting_id = intake.posted()
    report_id = reported(intake, posting_id)
    decided(intake, report_id, "unfounded")
    decided(intake, report_id, "confirmed")
    assert (state_of(intake, report_id), intake.state(posting_id)) == ("unfounded", "published")


def test_rebuilt_the_reports_and_their_effects_are_the_same(intake: Intake, tmp_path: Path) -> None:
    first = intake.posted()
    decided(intake, reported(intake, first), "confirmed")
    intake.posted(OTHER)
    report = rebuilt(intake, tmp_path)
    assert report.same, report
