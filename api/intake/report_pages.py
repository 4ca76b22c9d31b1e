"""Pages of reports: a jobseeker reports a posting, staff decide."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api.access import scope
from api.access.identify import CallerOrNone, Here
from api.forms import Posted
from api.intake import reporting
from api.intake.asking import found_posting
from api.intake.reporting import ReportDecisionIn, ReportIn
from api.pages import PROVINCE, page
from api.problems import Conflict, NotFound
from matcher.days import day_of
from streams.intake import freshness, report_queries
from streams.intake.messages import REPORT_KINDS

router = APIRouter(include_in_schema=False)
PAGE = 20
DECISIONS = {"unfounded": "不属实", "ask_correction": "责令改正", "corrected": "已按期改正", "confirmed": "属实"}


@router.get("/postings/{posting_id}/report")
def form(posting_id: str, request: Request, here: Here, caller: CallerOrNone, done: str = "") -> Response:
    """What can be reported, and where the report goes."""
    scope.signed_in(caller, *reporting.REPORTERS)
    return _form(request, here, posting_id, done=bool(done))


def _form(
    request: Request, here: Here, posting_id: str, *, done: bool = False, wrong: str = "", values: dict[str, str] | None = None
) -> Response:
    found = found_posting(here, posting_id)
    if not found["public_since"]:
        raise NotFound("没有这个岗位，或者它没有公开过")
    shown = {"found": found, "posting": found["posting"] or {}, "kinds": REPORT_KINDS, "done": done, "wrong": wrong, "values": values or {}}
    return page(request, "report.html", shown, status=422 if wrong else 200)


@router.post("/postings/{posting_id}/report")
def send(posting_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    who = scope.signed_in(caller, *reporting.REPORTERS)
    values = {"kind": form.text("kind"), "text": form.text("text")}
    try:
        given = ReportIn.model_validate(values)
    except ValidationError:
        wrong = "请选择举报的类别" if values["kind"] not in REPORT_KINDS else "请写明情况（5至2000字）"
        return _form(request, here, posting_id, wrong=wrong, values=values)
    reporting.make_report(here, who, posting_id, given)
    return RedirectResponse(f"/postings/{posting_id}/report?done=1", 303)


@router.get("/commissioner/reports")
def waiting(
    request: Request, here: Here, caller: CallerOrNone, after: Annotated[str | None, Query(max_length=200)] = None, done: str = ""
) -> Response:
    """Reports of the region that wait for a decision, the oldest first; and postings with signs that they hire nobody."""
    who = scope.signed_in(caller, *scope.STAFF)
    return _waiting(request, here, who.region, after, done=done)


def _waiting(request: Request, here: Here, where: str | None, after: str | None = None, *, done: str = "", wrong: str = "") -> Response:
    region = where or PROVINCE
    today = day_of(here.exchange.now())
    with here.exchange.reading() as connection:
        found = report_queries.waiting(connection, today, region=region, after=after, limit=PAGE + 1)
        unusual = [] if after else freshness.unusual(connection, today, region=region, limit=PAGE)
    values: dict[str, Any] = {
        "reports": found[:PAGE],
        "next": found[PAGE - 1]["report_id"] if len(found) > PAGE else None,
        "unusual": unusual,
        "decisions": DECISIONS,
        "where": region,
        "done": DECISIONS.get(done, ""),
        "wrong": wrong,
    }
    return page(request, "reports.html", values, status=422 if wrong else 200)


@router.post("/commissioner/reports/{report_id}")
def decided(report_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """不属实, 责令改正, 已按期改正 or 属实, each with what was found."""
    who = scope.signed_in(caller, *scope.STAFF)
    decision, reason, until = form.text("decision"), form.text("reason"), form.text("correct_by")
    if decision not in DECISIONS:
        return _waiting(request, here, who.region, wrong="请选择处理结果")
    if not reason or len(reason) > 500:
        return _waiting(request, here, who.region, wrong="请写明核实情况（最多500字）")
    try:
        day = date.fromisoformat(until) if until else None
        reporting.decide(here, who, report_id, ReportDecisionIn(decision=cast(Any, decision), reason=reason, correct_by=day))
    except ValueError:
        return _waiting(request, here, who.region, wrong="改正期限请写成2026-11-20这样的日期")
    except Conflict as problem:
        return _waiting(request, here, who.region, wrong=problem.detail)
    return RedirectResponse(f"/commissioner/reports?done={decision}", 303)
