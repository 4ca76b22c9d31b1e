"""An employer's posting: its state, the people for it, and the steps with each."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.access.scope import STAFF
from api.forms import Form, Posted, Reader
from api.hiring import routes
from api.hiring.candidates import in_progress, note_candidates, recommended
from api.hiring.routes import ContractIn, StepIn
from api.intake.pages import manageable
from api.pages import fragment, page, region
from api.problems import Conflict, Forbidden, Invalid, Problem
from api.services import Services
from matcher.days import day_of
from streams.delivery import queries as delivery
from streams.hiring import queries, rules
from streams.intake.freshness import freshness
from streams.intake.pay_reference import note, pay_of_others

router = APIRouter(include_in_schema=False)
CANDIDATES = "candidates.html"
CANDIDATES_FOR = ("employer", *STAFF)
#: What a button says, for the state it leads to.
DOING = {
    "invited": "邀请面谈", "talking": "开始洽谈", "offered": "发录用意向", "hired": "录用", "not_hired": "不录用", "left": "已离职",
}  # fmt: skip


def _contents(here: Services, caller: Caller, found: dict[str, Any], cursor: str | None) -> dict[str, Any]:
    posting_id = found["posting_id"]
    progress = in_progress(here, caller, posting_id)
    shown = progress if cursor is None else []
    is_open = found["state"] == "published"
    known = {entry["person_id"] for entry in progress}
    nobody: dict[str, Any] = {"items": [], "total": 0, "cursor": None}
    # Markets, brands and partners manage their postings and see no candidates.
    people = recommended(here, caller, posting_id, cursor, known) if is_open and caller.role in CANDIDATES_FOR else nobody
    note_candidates(here, caller, posting_id, [*shown, *people["items"]])
    with here.exchange.reading() as connection:
        counts = queries.counts(connection, posting_id)
        pushed = delivery.answers_of_posting(connection, posting_id)
    return {
        "found": found,
        "progress": shown,
        "people": people,
        "counts": counts,
        "pushed": pushed,
        "doing": DOING,
        "is_open": is_open,
        "further": cursor is not None,
        "may_call": caller.role in STAFF,
    }


def _page(
    request: Request, here: Services, caller: Caller, found: dict[str, Any], *, cursor: str | None = None, sent: bool = False,
    wrong: str = "", status: int = 200,
) -> Response:  # fmt: skip
    url = f"/employer/postings/{found['posting_id']}"
    on = "candidates" if caller.role == "employer" else "gap"
    part = region(request, CANDIDATES, _contents(here, caller, found, cursor), url=f"{url}/candidates", on="" if cursor else on)
    values = {"found": found, "posting": found["posting"] or {}, "part": part, "sent": sent, "wrong": wrong, **_standing(here, found)}
    return page(request, "managed_posting.html", values, status=status)


def _standing(here: Services, found: dict[str, Any]) -> dict[str, Any]:
    """What is unusual about a public posting, and whether its pay lies far below what others offer; a note each, no more."""
    if found["state"] != "published":
        return {"signs": (), "pay_note": None, "offered": None, "surveyed": None}
    code, region_of, top = found["occupation_code"], found["region"], found["pay_high"] or found["pay_low"]
    with here.exchange.reading() as connection:
        interested = queries.counts(connection, found["posting_id"])["interested"]
        fresh = freshness(connection, found["posting_id"], day_of(here.exchange.now()), interested=interested)
        offered, surveyed = pay_of_others(connection, code, region_of, day_of(here.exchange.now()))
    # What is paid says more than what is offered.
    reference = surveyed or offered
    pay_note = note(reference, top) if reference is not None and top else None
    return {"signs": fresh.signs if fresh else (), "pay_note": pay_note, "offered": offered, "surveyed": surveyed}


@router.get("/employer/postings/{posting_id}")
def posting_page(
    posting_id: str,
    request: Request,
    here: Here,
    caller: CallerOrNone,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    sent: str = "",
) -> Response:
    """State and what to do about it, people under way, people recommended."""
    who, found = manageable(here, caller, posting_id)
    return _page(request, here, who, found, cursor=cursor, sent=bool(sent))


@router.get("/employer/postings/{posting_id}/candidates")
def candidates(posting_id: str, request: Request, here: Here, caller: CallerOrNone) -> Response:
    who, found = manageable(here, caller, posting_id)
    return fragment(request, CANDIDATES, _contents(here, who, found, None))


@router.post("/employer/postings/{posting_id}/steps")
def step(posting_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """邀请面谈 … 录用, 不录用, 已离职: one step with one person."""
    who, found = manageable(here, caller, posting_id)
    person_id, given, wrong = _given(form)
    if given is not None:
        try:
            routes.step(person_id, posting_id, given, here, who)
        except (Conflict, Forbidden, Invalid) as problem:
            return _page(request, here, who, found, wrong=problem.detail, status=problem.status)
        return RedirectResponse(f"/employer/postings/{posting_id}#candidates", 303)
    return _page(request, here, who, found, wrong=wrong, status=Problem.status)


def _given(form: Form) -> tuple[str, StepIn | None, str]:
    """The person, the step as the API takes it, or what is wrong with the form."""
    reader = Reader(form)
    name = form.text("step")
    if name not in rules.NAMES:
        return "", None, "请选择要办理的步骤"
    on, insured_on = reader.day("on"), reader.day("insured_on")
    months = reader.number("months", high=600)
    reason = reader.text("reason", most=200)
    if reader.errors:
        labels = {"on": "日期", "insured_on": "参保日期", "months": "合同月数", "reason": "说明"}
        return "", None, "；".join(f"{labels[field]}：{message}" for field, message in reader.errors.items())
    contract = None
    if name in ("offered", "hired"):
        contract = ContractIn(signed=form.checked("signed") if name == "hired" else None, months=months, insured_on=insured_on)
    return form.text("person_id"), StepIn(step=cast(Any, name), on=on, reason=reason, contract=contract), ""
