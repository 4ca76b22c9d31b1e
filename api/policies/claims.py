"""Claims for programs: made on any day inside the window, their stages with times, decisions by staff, objections (E-10, C-16)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from unicodedata import normalize
from uuid import uuid4

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.audit import Look
from api.access.identify import CallerOrNone, Here
from api.pages import PROVINCE
from api.policies.claim_words import EVIDENCE, STAGES
from api.problems import Conflict, Forbidden, Invalid, NotFound
from api.services import Services
from matcher.days import day_of
from matcher.policy import load_catalogue
from matcher.policy.facts import FIRST_DAY, LAST_DAY, read_facts
from matcher.shapes import FieldError
from streams.policy import queries, rules
from streams.policy.claimed import release_fault
from streams.policy.claims import window_fault
from streams.policy.messages import ClaimDecided, ClaimMade, ClaimObjected, PersonClaimMade
from streams.runtime.exchange import Said

router = APIRouter(tags=["policies"])
SUBJECT = "policy"


class ClaimIn(BaseModel):
    """What is claimed: one benefit, or several as one package (J-11). ``about``: the hire (match id) or the year it is about, the
    claimant's own; ``on``: the day of the event, always that of the hire where one is named; ``account`` is kept as a keyed hash only.
    There is no field for household registration, and none is read."""

    model_config = ConfigDict(extra="forbid")
    benefits: list[str] = Field(min_length=1, max_length=20)
    employer_id: str | None = Field(default=None, max_length=200)
    person_id: str | None = Field(default=None, max_length=200)
    about: str = Field(default="", max_length=200)
    on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    declared: dict[str, Any] = Field(default_factory=dict)
    evidence: list[str] = Field(default_factory=list, max_length=20)
    account: str | None = Field(default=None, min_length=4, max_length=60)
    relative: bool | None = None
    note: str | None = Field(default=None, max_length=1000)


class DecisionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    decision: Literal["approve", "reject", "pay", "hold", "release"]
    reason: str | None = Field(default=None, max_length=1000)
    yuan: Decimal | None = Field(default=None, ge=0, le=1_000_000_000, decimal_places=2)


class ObjectionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=2000)


def region_of_employer(here: Services, employer_id: str) -> str | None:
    """The employer's region; a problem where nobody has heard of it."""
    with here.exchange.reading() as connection:
        known, region = queries.employer_region(connection, employer_id)
    if not known:
        raise NotFound("没有这家单位")
    return region


def _claimant(here: Services, caller: Caller | None, given: ClaimIn) -> Caller:
    """Who may claim: an employer for itself, a person for themself, staff for either."""
    who = scope.signed_in(caller, "employer", "jobseeker", *scope.STAFF)
    if given.employer_id is not None:
        if who.role == "jobseeker":
            raise Forbidden("单位的补贴由单位申请")
        return scope.employer(who, given.employer_id, region_of_employer(here, given.employer_id))
    if given.person_id is None:
        raise Invalid("缺少申请人", errors=[FieldError(field="person_id", message="employer_id or person_id expected")])
    scope.about_person(who, given.person_id)
    with here.exchange.reading() as connection:
        person = queries.person(connection, given.person_id)
    if person is None:
        raise NotFound("没有这位求职者")
    return scope.person(here.exchange, who, given.person_id, (person.region, person.registered_at), "claim_made")


def make_claims(here: Services, caller: Caller | None, given: ClaimIn) -> list[str]:
    """Check what can be said at once, append, and wait until they are taken. Answers the claims' ids."""
    who = _claimant(here, caller, given)
    catalogue, today = load_catalogue(), market.today(here)
    read_facts(catalogue, given.declared)  # a fact of the wrong type is named
    strange = [name for name in given.evidence if name not in EVIDENCE]
    if strange:
        raise Invalid("材料种类不对", errors=[FieldError(field="evidence", message="one of the listed values", allowed=list(EVIDENCE))])
    person_id, on = given.person_id, given.on
    with here.exchange.reading() as connection:
        hire = queries.hire(connection, given.about) if given.about else None
    if hire is not None and given.employer_id is not None:
        if hire["employer_id"] != given.employer_id:
            raise NotFound("这家单位没有这次招用")
        person_id = hire["person_id"]
    own = hire is not None and hire["person_id"] == person_id and hire["hired_on"] is not None
    if hire is not None and own and (on is None or on <= today):
        on = date.fromisoformat(hire["hired_on"])
    on = on or today
    for benefit in given.benefits:
        entries = catalogue.by_benefit.get(benefit, ())
        if not entries:
            raise Invalid("没有这项政策", errors=[FieldError(field="benefits", message=f"there is no benefit {benefit}"[:200])])
        faults = [window_fault(catalogue, benefit, entry, on, today) for entry in entries]
        if all(faults):
            raise Conflict(f"不能申请“{catalogue.benefit_names[benefit]}”：{faults[-1]}")
    package = str(uuid4()) if len(given.benefits) > 1 else None
    account = here.exchange.vault.lookup("account", _account(given.account)) if given.account is not None else None
    fields: dict[str, Any] = {
        "about": given.about, "on": on, "declared": given.declared, "evidence": tuple(given.evidence), "account": account,
        "note": given.note, "package": package, "by": f"account:{who.account_id}",
    }  # fmt: skip
    said: list[ClaimMade | PersonClaimMade] = []
    for benefit in given.benefits:
        claim_id = str(uuid4())
        if person_id is not None:
            own = {**fields, "person_id": person_id, "employer_id": given.employer_id, "relative": given.relative}
            said.append(PersonClaimMade(claim_id=claim_id, benefit=benefit, **own))
        else:
            said.append(ClaimMade(claim_id=claim_id, benefit=benefit, **{**fields, "employer_id": given.employer_id or ""}))
    ids = here.exchange.append([Said(message) for message in said], source=f"account:{who.account_id}")
    here.exchange.wait_handled(ids[-1], SUBJECT, 5)
    return [message.claim_id for message in said]


def _account(given: str) -> str:
    """An account's number as it is compared: people write it in groups, with blanks or hyphens, or in full width."""
    written = "".join(one for one in normalize("NFKC", given) if one.isalnum())
    if len(written) < 4:
        raise Invalid("收款账户太短", errors=[FieldError(field="account", message="at least 4 letters or digits expected")])
    return written


def most_steps(here: Services) -> int:
    """How many steps a claim may go through (E-10)."""
    return int(here.options.subject_settings.get("claim_most_steps", rules.MOST_STEPS))


def claim_for(here: Services, caller: Caller | None, claim_id: str) -> tuple[Caller, dict[str, Any]]:
    """A claim as its claimant or the staff of its region may see it; nobody else learns that it exists."""
    who = scope.signed_in(caller, "employer", "jobseeker", *scope.STAFF)
    with here.exchange.reading() as connection:
        found = queries.claim(connection, claim_id)
    if found is not None:
        own = found["employer_id"] == who.employer_id if found["employer_id"] is not None else found["person_id"] == who.person_id
        mine = own and who.role == ("employer" if found["employer_id"] is not None else "jobseeker")
        if mine or who.role == "administrator" or (who.role == "commissioner" and scope.in_region(who, found["region"])):
            if found["person_id"] is not None and who.role != "jobseeker":
                scope.note(here.exchange, who, [Look(found["person_id"], "claim", claim_id)])
            return who, found
    raise NotFound("没有这件申请")


def note_listed(here: Services, caller: Caller, items: list[dict[str, Any]]) -> None:
    """Whose claims a list shows to staff is logged."""
    scope.note(here.exchange, caller, [Look(one["person_id"], "claims", one["claim_id"]) for one in items if one["person_id"] is not None])


def decide(here: Services, caller: Caller | None, claim_id: str, given: DecisionIn) -> str:
    """Append a decision after the rules were asked."""
    who = scope.signed_in(caller, *scope.STAFF)
    _, found = claim_for(here, who, claim_id)
    taken, most = rules.steps_taken(step["step"] for step in found["steps"]), most_steps(here)
    wrong = rules.may_decide(found["stage"], found["held"], given.decision, given.reason, taken=taken, most=most)
    if wrong is None and given.decision == "release":
        with here.exchange.reading() as connection:
            wrong = release_fault(connection, load_catalogue(), claim_id)
    if wrong is not None:
        raise Conflict(wrong)
    yuan = format(given.yuan, "f") if given.yuan is not None else None
    by = f"account:{who.account_id}"
    message = ClaimDecided(claim_id=claim_id, decision=given.decision, by=by, reason=given.reason, yuan=yuan)
    message_id = here.exchange.append([Said(message)], source=by)[0]
    here.exchange.wait_handled(message_id, SUBJECT, 5)
    return message_id


def object_to(here: Services, caller: Caller | None, claim_id: str, reason: str) -> str:
    """The claimant's objection; staff cannot object in their stead."""
    who, found = claim_for(here, caller, claim_id)
    if who.role not in ("employer", "jobseeker"):
        raise Forbidden("异议由申请人提出")
    if not (found["held"] or found["stage"] in ("refused", "rejected")):
        raise Conflict("这件申请没有暂缓，也没有被拒绝，不需要提出异议")
    by = f"account:{who.account_id}"
    message_id = here.exchange.append([Said(ClaimObjected(claim_id=claim_id, by=by, reason=reason))], source=by)[0]
    here.exchange.wait_handled(message_id, SUBJECT, 5)
    return message_id


@router.post("/claims", status_code=202)
def make(given: ClaimIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Claim one benefit, or several as one package; accepted at once, on any day inside the window."""
    ids = make_claims(here, caller, given)
    with here.exchange.reading() as connection:
        found = [queries.claim(connection, id_) for id_ in ids]
    told = [{"claim_id": id_, "stage": one["stage"] if one else "received"} for id_, one in zip(ids, found, strict=True)]
    return JSONResponse({"claims": told}, 202)


@router.get("/claims")
def to_do(
    here: Here,
    caller: CallerOrNone,
    stage: Annotated[str | None, Query(max_length=20)] = None,
    held: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """Claims of the staff's region: objections first, then held ones, then the oldest; counts and median times beside them."""
    who = scope.signed_in(caller, *scope.STAFF)
    if stage is not None and stage not in STAGES:
        raise Invalid("没有这个阶段", errors=[FieldError(field="stage", message="one of the listed values", allowed=list(STAGES))])
    where = who.region or PROVINCE
    with here.exchange.reading() as connection:
        items = queries.claims_to_do(connection, where, stage=stage, held=held, limit=limit, offset=offset)
        counts, times = queries.claim_counts(connection, where), queries.claim_times(connection, where)
    note_listed(here, who, items)
    return {"region": where, "as_of": day_of(here.exchange.now()).isoformat(), "items": items, "counts": counts, "times": times}


@router.get("/claims/{claim_id}")
def one(claim_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """One claim: stage, every step with its instant, what holds it and why."""
    return claim_for(here, caller, claim_id)[1]


@router.post("/claims/{claim_id}/decisions", status_code=202)
def decision(claim_id: str, given: DecisionIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """审核, 发放, or a hold put on or taken off, by staff; a refusal and a hold want a reason."""
    return JSONResponse({"claim_id": claim_id, "message_id": decide(here, caller, claim_id, given)}, 202)


@router.post("/claims/{claim_id}/objections", status_code=202)
def objection(claim_id: str, given: ObjectionIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """The claimant objects to a hold or a refusal."""
    return JSONResponse({"claim_id": claim_id, "message_id": object_to(here, caller, claim_id, given.reason)}, 202)
