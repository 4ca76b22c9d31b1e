"""Reports by users, in the six kinds of 003 五(一)2 and the three of 001 六、27, and what staff make of them (E-16, E-18).

A report says nothing yet: staff find it unfounded, ask for a correction, or confirm it. Asked for a correction, the posting waits; put
right in time it leaves no mark (004 第16项: a minor fault corrected in time is neither published nor listed). Confirmed, the posting ends,
the employer's next postings wait for staff until the mark is lifted or old, and where the employer deceives (黑中介, 虚假招聘) its other
public postings wait too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from matcher.days import in_shanghai
from streams.intake.holds import MARKED, REPORTED
from streams.intake.messages import REPORT_KINDS, ReportDecided, ViolationReported
from streams.intake.openings import Openings, Row
from streams.intake.tables import postings, reports
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Continue, Drop, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import insert_new

#: Kinds by which the employer itself is in doubt, not one posting.
GRAVE = frozenset({"black_agency", "false_posting"})
#: A confirmed report holds the employer's new postings so long.
MARK_DAYS = 365
#: So long an employer has to put a minor fault right where staff name no day.
CORRECTION_DAYS = 10
_PAGE = 200
_OPEN = ("open", "asked")


def receive_report(message: ViolationReported, work: Work) -> Outcomes:
    """A user reports a posting; kept for staff of its region, nothing else happens yet."""
    row = work.connection.execute(
        select(postings.c.employer_id, postings.c.uscc, postings.c.region).where(postings.c.posting_id == message.posting_id)
    ).first()
    if row is None:
        return [Drop("no such posting")]
    values = {
        "report_id": message.report_id,
        "posting_id": message.posting_id,
        "employer_id": row.employer_id,
        "uscc": row.uscc,
        "region": row.region,
        "kind": message.kind,
        "text": message.text,
        "by": message.by,
        "at": in_shanghai(work.envelope.recorded_at).isoformat(),
        "state": "open",
    }
    insert_new(work.connection, reports, values)
    return []


def decide_report(message: ReportDecided, work: Work, openings: Openings) -> Outcomes:
    """What staff found. In pages where an employer's other postings follow."""
    found = work.connection.execute(select(reports).where(reports.c.report_id == message.report_id)).mappings().first()
    if found is None:
        return [Drop("no such report")]
    report = dict(found)
    if work.cursor is None:
        if not may_follow(report["state"], message.decision):
            return [Drop(f"a report that is {report['state']} cannot become {message.decision}")]
        _write(work, report, message)
        row = openings.row(report["posting_id"])
        if row is not None:
            _on_posting(row, report, message, work, openings)
    others = message.decision == "lifted" or (message.decision == "confirmed" and report["kind"] in GRAVE)
    ids = _of_employer(work, report) if others else []
    for posting_id in ids:
        row = openings.row(posting_id)
        if row is not None and posting_id != report["posting_id"]:
            reasons = [reason for reason in from_json(row["reasons"]) if reason["rule"] != MARKED]
            if message.decision == "confirmed":
                reasons.append(mark_reason(report["kind"], work.as_of))
            row["reasons"] = to_json(reasons)
            openings.settle(row)
    emitted = openings.save()
    return [*emitted, Continue(ids[-1])] if len(ids) == _PAGE else emitted


def may_follow(state: str, decision: str) -> bool:
    """Whether staff can decide so of a report that stands so."""
    return {
        "unfounded": state in _OPEN,
        "ask_correction": state == "open",
        "corrected": state == "asked",
        "confirmed": state in _OPEN,
        "lifted": state == "confirmed",
    }[decision]


def _write(work: Work, report: Mapping[str, Any], message: ReportDecided) -> None:
    state = "asked" if message.decision == "ask_correction" else message.decision
    values: dict[str, Any] = {
        "state": state,
        "decided_by": message.by,
        "decided_at": in_shanghai(work.envelope.recorded_at).isoformat(),
        "reason": message.reason,
    }
    if state == "asked":
        values["correct_by"] = (message.correct_by or work.as_of + timedelta(days=CORRECTION_DAYS)).isoformat()
    work.connection.execute(reports.update().where(reports.c.report_id == report["report_id"]).values(**values))


def _on_posting(row: Row, report: Mapping[str, Any], message: ReportDecided, work: Work, openings: Openings) -> None:
    """The posting that was reported: waits while a correction is asked for, ends where the report is confirmed, else is free of it."""
    reasons = [reason for reason in from_json(row["reasons"]) if reason["rule"] != REPORTED]
    if message.decision == "confirmed":
        decision = {
            "decision": "reject", "by": message.by, "reason": f"举报查实（{REPORT_KINDS[report['kind']]}）：{message.reason}",
            "on": work.as_of.isoformat(), "reasons": reasons,
        }  # fmt: skip
        row["decision"] = to_json(decision)
    elif message.decision == "ask_correction":
        reasons.append({"rule": REPORTED, "evidence": REPORT_KINDS[report["kind"]], "change": message.reason})
    row["reasons"] = to_json(reasons)
    openings.settle(row)


def _of_employer(work: Work, report: Mapping[str, Any]) -> list[str]:
    """The employer's postings that are public or wait, a page of them."""
    if report["employer_id"] is not None:
        named = postings.c.employer_id == report["employer_id"]
    elif report["uscc"] is not None:
        named = postings.c.uscc == report["uscc"]
    else:
        return []
    query = select(postings.c.posting_id).where(
        named, postings.c.state.in_(("published", "held")), postings.c.posting_id > (work.cursor or "")
    )
    return list(work.connection.execute(query.order_by(postings.c.posting_id).limit(_PAGE)).scalars())


def mark_reason(kind: str, on: date) -> dict[str, str]:
    """Why a posting of an employer with a confirmed report waits."""
    return {
        "rule": MARKED,
        "evidence": f"{REPORT_KINDS[kind]}（{on.isoformat()}查实）",
        "change": "该单位有查实的违法违规招聘行为，岗位经人社部门审核后发布。（山西省“十四五”就业促进规划五(一)2）",
    }


def asked_of(connection: Connection, posting_id: str) -> list[dict[str, str]]:
    """Reasons for which a posting still waits although a new version came: corrections that were asked for and not yet looked at."""
    query = select(reports.c.kind, reports.c.reason).where(reports.c.posting_id == posting_id, reports.c.state == "asked")
    return [
        {"rule": REPORTED, "evidence": REPORT_KINDS[kind], "change": reason or ""}
        for kind, reason in connection.execute(query.order_by(reports.c.report_id))
    ]


def marks(connection: Connection, *, employer_id: str | None = None) -> list[tuple[str, str, str, date]]:
    """(employer id or "", credit code or "", kind, day) of the confirmed reports that were not lifted."""
    query = select(reports.c.employer_id, reports.c.uscc, reports.c.kind, reports.c.decided_at).where(reports.c.state == "confirmed")
    if employer_id is not None:
        query = query.where(reports.c.employer_id == employer_id)
    found = connection.execute(query.order_by(reports.c.decided_at, reports.c.report_id))
    return [(id_ or "", uscc or "", kind, date.fromisoformat(at[:10])) for id_, uscc, kind, at in found]
