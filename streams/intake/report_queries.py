"""What intake answers about reports of users: those that wait for staff, those on a posting, an employer's marks. Read-only."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select

from streams.intake.messages import REPORT_KINDS
from streams.intake.reports import MARK_DAYS
from streams.intake.tables import postings, reports
from streams.regions import lies_in

WAITING = ("open", "asked")


def report(connection: Connection, report_id: str) -> dict[str, Any] | None:
    """One report, with the title of its posting; None where intake does not know it (yet)."""
    found = _found(connection, reports.c.report_id == report_id, limit=1)
    return found[0] if found else None


def waiting(
    connection: Connection, as_of: date, *, region: str | None = None, after: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Reports that staff of a region have to decide, the oldest first; ``overdue`` where a correction was asked for by an earlier day.
    ``after``: a report_id of the last page."""
    conditions = [reports.c.state.in_(WAITING), *_in_region(region)]
    if after is not None:
        at = connection.execute(select(reports.c.at).where(reports.c.report_id == after)).scalar() or ""
        conditions.append(or_(reports.c.at > at, (reports.c.at == at) & (reports.c.report_id > after)))
    found = _found(connection, *conditions, limit=limit)
    return [{**one, "overdue": one["correct_by"] is not None and one["correct_by"] < as_of.isoformat()} for one in found]


def of_posting(connection: Connection, posting_id: str) -> list[dict[str, Any]]:
    """Every report on a posting, the oldest first."""
    return _found(connection, reports.c.posting_id == posting_id, limit=200)


def marks_of(connection: Connection, employer_id: str, as_of: date) -> list[dict[str, Any]]:
    """An employer's confirmed reports that still count: what supervision sees. Corrected, unfounded and lifted ones leave no mark."""
    since = (as_of - timedelta(days=MARK_DAYS)).isoformat()
    return _found(
        connection, reports.c.employer_id == employer_id, reports.c.state == "confirmed", reports.c.decided_at >= since, limit=200
    )


def counts(connection: Connection, *, region: str | None = None) -> dict[str, dict[str, int]]:
    """How many reports by kind and state, for supervision."""
    query = select(reports.c.kind, reports.c.state, func.count()).where(*_in_region(region)).group_by(reports.c.kind, reports.c.state)
    found: dict[str, dict[str, int]] = {kind: {} for kind in REPORT_KINDS}
    for kind, state, count in connection.execute(query):
        found[kind][state] = int(count)
    return found


def _in_region(region: str | None) -> list[Any]:
    return [lies_in(reports.c.region, region)] if region is not None else []


def _found(connection: Connection, *conditions: Any, limit: int) -> list[dict[str, Any]]:
    query = (
        select(reports, postings.c.title, postings.c.state.label("posting_state"))
        .outerjoin(postings, postings.c.posting_id == reports.c.posting_id)
        .where(*conditions)
        .order_by(reports.c.at, reports.c.report_id)
        .limit(limit)
    )
    return [{**row, "kind_name": REPORT_KINDS[row["kind"]]} for row in connection.execute(query).mappings()]
