"""补贴: what is open to an employer or to a person, why not the rest, their claims and their stages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.forms import Form, Posted, Reader
from api.intake.pages import employer
from api.pages import PROVINCE, page
from api.policies import claim_words, notice_address
from api.policies.claims import ClaimIn, DecisionIn, claim_for, decide, make_claims, object_to
from api.policies.standing import employer_standing, employer_why_not, note_seen, person_known, person_standing
from api.policies.startup import YES_NO, checks_of
from api.problems import Conflict, Forbidden, Invalid, NotFound, Problem
from api.services import Services
from matcher.policy import load_catalogue
from streams.intake import queries as intake
from streams.policy import queries
from streams.policy.founders import merging

router = APIRouter(include_in_schema=False)
EMPLOYER, PERSON = "/employer/policies", "/me/policies"


def _words() -> dict[str, Any]:
    return {"told": claim_words, "catalogue": load_catalogue()}


# -- an employer ---------------------------------------------------------------------------------------------------------


def _employer_page(request: Request, here: Services, caller: Caller, employer_id: str, *, wrong: str = "", status: int = 200) -> Response:
    with here.exchange.reading() as connection:
        known = queries.employer_region(connection, employer_id)[0]
    found = employer_standing(here, caller, employer_id) if known else None
    if found is not None:
        _name_hires(here, found["offers"])
    why_not = [hint for hint in employer_why_not(here, caller, employer_id) if not hint["told"]] if known else []
    values = {"found": found, "why_not": why_not, "wrong": wrong, "address": notice_address.shown(here, employer_id), **_words()}
    return page(request, "policies_employer.html", values, status=status)


def _name_hires(here: Services, offers: list[dict[str, Any]]) -> None:
    """What each offer is about, as the employer knows it: the posting and the day of the hire, never a name."""
    with here.exchange.reading() as connection:
        for one in offers:
            one["occasion"] = ""
            if one["person_id"] is None:
                one["occasion"] = f"{one['about']}年度" if one["about"] else ""
                continue
            hire = queries.hire(connection, one["about"])
            if hire is None:
                continue
            title = None
            if hire["posting_id"] is not None:
                found = intake.posting(connection, hire["posting_id"])
                title = ((found or {}).get("posting") or {}).get("title")
            one["hired_on"] = hire["hired_on"]
            one["occasion"] = f"“{title}”录用的人员" if title else "参保记录显示的新招用人员"


@router.get(EMPLOYER)
def employer_policies(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """Offers with sums and last days, counts, claims, and why not the rest."""
    who, employer_id = employer(caller)
    return _employer_page(request, here, who, employer_id)


@router.post(f"{EMPLOYER}/claims")
def employer_claims(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    who, employer_id = employer(caller)
    try:
        ids = make_claims(here, who, _given(form, employer_id=employer_id))
    except (Conflict, Forbidden, Invalid, NotFound) as problem:
        return _employer_page(request, here, who, employer_id, wrong=problem.detail, status=problem.status)
    return RedirectResponse(f"/claims/{ids[0]}", 303)


@router.post(f"{EMPLOYER}/address")
def employer_address(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """Where notices of policies go outside; both fields blank: nowhere."""
    who, employer_id = employer(caller)
    errors = notice_address.take(here, employer_id, form)
    if errors:
        return _employer_page(request, here, who, employer_id, wrong="；".join(errors.values()), status=Invalid.status)
    return RedirectResponse(f"{EMPLOYER}#address", 303)


def _given(form: Form, *, employer_id: str | None = None, person_id: str | None = None) -> ClaimIn:
    """The claim as the API takes it, or a problem that says what is wrong with the form."""
    reader = Reader(form)
    catalogue = load_catalogue()
    benefits = [name for name in dict.fromkeys(form.texts("benefit")) if name in catalogue.by_benefit]
    evidence = reader.several("evidence", claim_words.EVIDENCE)
    account, note, on = reader.text("account", most=40), reader.text("note", most=500), reader.day("on")
    if not benefits:
        raise Invalid("请选择要申请的补贴")
    if reader.errors or (account is not None and len(account) < 4):
        raise Invalid("请检查填写的内容：" + ("；".join(reader.errors.values()) or "收款账户太短"))
    if len(benefits) > 20:
        raise Invalid("一次最多申请20项")
    return ClaimIn(
        benefits=benefits,
        employer_id=employer_id,
        person_id=person_id,
        about=form.text("about")[:200],
        on=on,
        evidence=evidence,
        account=account,
        relative=form.checked("relative") if employer_id is not None else None,
        note=note,
    )


# -- a person ------------------------------------------------------------------------------------------------------------


def _person_page(request: Request, here: Services, caller: Caller, person_id: str, *, wrong: str = "", status: int = 200) -> Response:
    try:
        found: dict[str, Any] | None = person_standing(here, person_known(here, caller, person_id)[1])
    except NotFound:
        found = None
    return page(request, "policies_person.html", {"found": found, "wrong": wrong, **_words()}, status=status)


@router.get(PERSON)
def person_policies(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """Everything open to the person as one package."""
    who, person_id = jobseeker(caller)
    return _person_page(request, here, who, person_id)


@router.post(f"{PERSON}/claims")
def person_claims(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """One claim or a package of several, with one form."""
    who, person_id = jobseeker(caller)
    try:
        ids = make_claims(here, who, _given(form, person_id=person_id))
    except (Conflict, Forbidden, Invalid, NotFound) as problem:
        return _person_page(request, here, who, person_id, wrong=problem.detail, status=problem.status)
    return RedirectResponse(f"/claims/{ids[0]}" if len(ids) == 1 else f"{PERSON}#claims", 303)


# -- notices and claims --------------------------------------------------------------------------------------------------


@router.post("/notices/{notice_id}/seen")
def seen(notice_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """知道了."""
    note_seen(here, caller, notice_id)
    return RedirectResponse(EMPLOYER if caller is not None and caller.role == "employer" else PERSON, 303)


def _usual_times(here: Services, region: str | None) -> dict[str, float]:
    """How long review and payment usually take where the claim is decided."""
    with here.exchange.reading() as connection:
        return queries.claim_times(connection, region or PROVINCE)


def _claim_page(request: Request, here: Services, caller: Caller | None, claim_id: str, *, wrong: str = "", status: int = 200) -> Response:
    who, found = claim_for(here, caller, claim_id)
    catalogue = load_catalogue()
    entry = catalogue.by_id.get(found["entry_id"] or "")
    founding = found["person_id"] is not None and found["benefit"] in merging(catalogue).between
    values = {
        "claim": found,
        "checks": checks_of(here, found["person_id"]) if founding else [],
        "yes_no": YES_NO,
        "rule": entry,
        "document": catalogue.documents[entry.document] if entry is not None else None,
        "questions": claim_words.questions_of(catalogue, found["missing"]),
        "failed": claim_words.failed_words(catalogue, found["failed"]),
        "staff": who.role in ("commissioner", "administrator"),
        "times": _usual_times(here, found["region"]),
        "wrong": wrong,
        **_words(),
    }
    return page(request, "claim.html", values, status=status)


@router.get("/claims/{claim_id}")
def claim(claim_id: str, request: Request, here: Here, caller: CallerOrNone) -> Response:
    """One claim: its stages with times, what holds it and why, what can be done."""
    return _claim_page(request, here, caller, claim_id)


@router.post("/claims/{claim_id}/objection")
def objection(claim_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    reader = Reader(form)
    reason = reader.text("reason", most=1000, required="请写明理由")
    if reason is None or reader.errors:
        return _claim_page(request, here, caller, claim_id, wrong="；".join(reader.errors.values()), status=Problem.status)
    try:
        object_to(here, caller, claim_id, reason)
    except (Conflict, Forbidden) as problem:
        return _claim_page(request, here, caller, claim_id, wrong=problem.detail, status=problem.status)
    return RedirectResponse(f"/claims/{claim_id}", 303)


@router.post("/claims/{claim_id}/decision")
def decision(claim_id: str, request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """审核通过, 不通过, 确认发放, 暂缓, 解除暂缓."""
    reader = Reader(form)
    chosen = reader.one_of("decision", claim_words.DECISIONS)
    reason, yuan = reader.text("reason", most=500), reader.number("yuan", high=1e9)
    if chosen is None or reader.errors:
        wrong = "；".join(reader.errors.values()) or "请选择怎么办理"
        return _claim_page(request, here, caller, claim_id, wrong=wrong, status=Problem.status)
    try:
        decide(here, caller, claim_id, DecisionIn(decision=chosen, reason=reason, yuan=str(yuan) if yuan is not None else None))  # type: ignore[arg-type]
    except (Conflict, Forbidden) as problem:
        return _claim_page(request, here, caller, claim_id, wrong=problem.detail, status=problem.status)
    return RedirectResponse(f"/claims/{claim_id}", 303)
