"""Reports of users about postings: made by jobseekers, decided by staff of the posting's place. And what is known of a posting's freshness,
an employer's marks and open questions, and what a trade pays."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.intake.asking import found_posting
from api.problems import BadRequest, Conflict, NotFound
from api.services import Services
from matcher.days import day_of
from matcher.occupations import occupation
from matcher.places import regions
from matcher.policy.loader import load_catalogue
from matcher.shapes import FieldError, read_employer
from streams.hiring import queries as hiring
from streams.intake import freshness, queries, report_queries
from streams.intake.employer_questions import questions
from streams.intake.gateway import decide_report, report_violation
from streams.intake.messages import ReportKind
from streams.intake.pay_reference import pay_reference, surveyed_pay
from streams.intake.reports import may_follow

router = APIRouter(tags=["reports"])
REPORTERS = ("jobseeker", *scope.STAFF)
PAGE = 50
Decision = Literal["unfounded", "ask_correction", "corrected", "confirmed", "lifted"]
_SHOWN = (
    "report_id", "posting_id", "employer_id", "region", "kind", "kind_name", "text", "at", "state", "correct_by", "decided_at", "reason",
    "title", "posting_state",
)  # fmt: skip


class ReportIn(BaseModel):
    """What a user reports: one of nine kinds, and what happened in their own words."""

    model_config = ConfigDict(extra="forbid")
    kind: ReportKind
    text: str = Field(min_length=5, max_length=2_000)


class ReportDecisionIn(BaseModel):
    """``unfounded``; ``ask_correction`` (the posting waits; ``correct_by`` is the day until which it leaves no mark); ``corrected``;
    ``confirmed`` (the posting ends, its employer is marked); ``lifted`` takes a mark away."""

    model_config = ConfigDict(extra="forbid")
    decision: Decision
    reason: str = Field(min_length=1, max_length=500)
    correct_by: date | None = None


def _today(here: Services) -> date:
    return day_of(here.exchange.now())


def make_report(here: Services, caller: Caller | None, posting_id: str, given: ReportIn) -> str:
    """The report's id; a problem where the posting was never public or the caller may not report."""
    who = scope.signed_in(caller, *REPORTERS)
    found = found_posting(here, posting_id)
    if not found["public_since"]:
        raise NotFound("没有这个岗位，或者它没有公开过")
    return report_violation(here.exchange, posting_id, given.kind, given.text, by=who.account_id, sender=f"account:{who.account_id}")


def decide(here: Services, caller: Caller | None, report_id: str, given: ReportDecisionIn) -> dict[str, Any]:
    """The report after the decision; a problem where there is none, it lies elsewhere, or the decision cannot follow."""
    who = scope.signed_in(caller, *scope.STAFF)
    report = _report(here, report_id)
    scope.employer(who, None, report["region"])
    if not may_follow(report["state"], given.decision):
        raise Conflict("这条举报现在的状态不能这样处理")
    message_id = decide_report(
        here.exchange, report, given.decision, by=who.account_id, reason=given.reason, correct_by=given.correct_by,
        sender=f"account:{who.account_id}",
    )  # fmt: skip
    if here.exchange.wait_handled(message_id, "intake", 5):
        report = _report(here, report_id)
    return {"report_id": report_id, "message_id": message_id, "state": report["state"]}


def _report(here: Services, report_id: str) -> dict[str, Any]:
    with here.exchange.reading() as connection:
        report = report_queries.report(connection, report_id)
    if report is None:
        raise NotFound("没有这条举报")
    return report


def shown(report: dict[str, Any]) -> dict[str, Any]:
    """A report for staff, without who made it: whoever reports is protected, also from the employer's friends."""
    return {name: report[name] for name in _SHOWN if report.get(name) is not None} | {"overdue": bool(report.get("overdue"))}


@router.post("/postings/{posting_id}/reports", status_code=202)
def report(posting_id: str, given: ReportIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Report a posting in one of nine kinds: black_agency, false_posting, discrimination, probation_abuse, probation_wages, no_contract,
    wages, annual_leave, leave_wages."""
    return JSONResponse({"report_id": make_report(here, caller, posting_id, given), "state": "received"}, 202)


@router.get("/reports")
def reports(here: Here, caller: CallerOrNone, after: Annotated[str | None, Query(max_length=200)] = None) -> dict[str, Any]:
    """Reports that wait for staff of the caller's region, the oldest first, and how many there are by kind and state."""
    who = scope.signed_in(caller, *scope.STAFF)
    region = None if who.role == "administrator" else who.region
    with here.exchange.reading() as connection:
        found = report_queries.waiting(connection, _today(here), region=region, after=after, limit=PAGE + 1)
        counts = report_queries.counts(connection, region=region)
    cursor = found[PAGE - 1]["report_id"] if len(found) > PAGE else None
    return {"items": [shown(one) for one in found[:PAGE]], "counts": counts, "cursor": cursor}


@router.post("/reports/{report_id}/decision", status_code=202)
def decided(report_id: str, given: ReportDecisionIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Staff of the posting's place decide on a report."""
    return JSONResponse(decide(here, caller, report_id, given), 202)


@router.get("/postings/{posting_id}/freshness")
def fresh(posting_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Until when the source has to confirm a posting, and what is unusual about it; for its source and staff. No verdict."""
    found = found_posting(here, posting_id)
    scope.posting(caller, owner=found["owner"], employer_id=found["employer_id"], region=found["region"])
    with here.exchange.reading() as connection:
        interested = hiring.counts(connection, posting_id)["interested"]
        known = freshness.freshness(connection, posting_id, _today(here), interested=interested)
    if known is None:
        raise NotFound("这个岗位还没有处理完")
    return {name: value for name, value in known.__dict__.items() if value is not None}


@router.get("/employers/{employer_id}/to-confirm")
def to_confirm(employer_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """The employer's public postings that end within two weeks unless they are confirmed, the soonest first."""
    scope.employer(caller, employer_id, _employer(here, employer_id, caller)["region"])
    with here.exchange.reading() as connection:
        return {"items": freshness.to_confirm(connection, _today(here), employer_id=employer_id)}


@router.get("/employers/{employer_id}/reports")
def marks(employer_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Confirmed reports of an employer that still count; corrected in time, unfounded and lifted ones leave no mark."""
    scope.employer(caller, employer_id, _employer(here, employer_id, caller)["region"])
    with here.exchange.reading() as connection:
        found = report_queries.marks_of(connection, employer_id, _today(here))
    names = ("report_id", "posting_id", "title", "kind", "kind_name", "decided_at", "reason")
    return {"items": [{name: one[name] for name in names} for one in found]}


@router.get("/employers/{employer_id}/questions")
def asked(employer_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """What the employer has not stated and a benefit in force depends on, that on which most depends first."""
    known = _employer(here, employer_id, caller)
    scope.employer(caller, employer_id, known["region"])
    found = questions(load_catalogue(), read_employer(known["employer"]), _today(here))
    return {"items": [{"fact": one.fact, "question": one.text, "benefits": list(one.benefits)} for one in found]}


def _employer(here: Services, employer_id: str, caller: Caller | None) -> dict[str, Any]:
    who = scope.signed_in(caller)
    with here.exchange.reading() as connection:
        found = queries.employer(connection, employer_id)
    if found is None:
        scope.employer(who, employer_id, None)
        raise NotFound("没有这家单位")
    return found


@router.get("/pay-reference")
def pay(here: Here, occupation_code: Annotated[str, Query(max_length=20)], region: Annotated[str, Query(max_length=6)]) -> dict[str, Any]:
    """What an occupation pays in a region, as quartiles of monthly pay from the narrowest cell that is large enough: ``reference``, what
    public postings offer; ``survey``, what a survey in force found, with its source and its day. Null where there is none."""
    errors = []
    if occupation(occupation_code) is None:
        errors.append(
            FieldError(field="occupation_code", message="an occupation code of the 2022 classification expected, such as 6-18-02-04")
        )
    if region not in regions():
        errors.append(FieldError(field="region", message="a province, city or county by its six digits expected"))
    if errors:
        raise BadRequest("查询参数有误", errors=errors)
    with here.exchange.reading() as connection:
        found = pay_reference(connection, occupation_code, region)
    surveyed = surveyed_pay(occupation_code, region, day_of(here.exchange.now()))
    return {
        "occupation_code": occupation_code,
        "region": region,
        "reference": None if found is None else found.__dict__,
        "survey": None if surveyed is None else {name.rstrip("_"): value for name, value in surveyed.__dict__.items()},
    }
