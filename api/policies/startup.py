"""创业一件事 (J-37: 001 五、21): one form for the merged startup subsidies, filled in with what data say; data come from staff."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.identify import CallerOrNone, Here
from api.delivery.pages import jobseeker
from api.forms import Form, Posted, Reader
from api.pages import page
from api.policies import claim_words
from api.policies.claims import SUBJECT, ClaimIn, claim_for, make_claims
from api.policies.standing import person_known
from api.problems import Conflict, Forbidden, Invalid, NotFound
from api.services import Services
from matcher.policy import load_catalogue
from matcher.policy.conditions import prepare
from matcher.policy.hint import hints_of
from matcher.policy.loader import Catalogue
from matcher.policy.wording import label, question, value_words
from matcher.shapes import FieldError, Person
from streams.policy import founders, queries
from streams.policy.known import person_facts
from streams.policy.messages import FounderRecorded
from streams.runtime.exchange import Said

router = APIRouter(tags=["policies"])
pages = APIRouter(include_in_schema=False)
PAGE = "/me/startup"
CHANNEL = "founder_push"
FIRST_DAY = date(1990, 1, 1)  # of a registration; before that there was no register of this kind
YES_NO = {"yes": "是", "no": "否"}


class FounderIn(BaseModel):
    """What data say of a founder, the whole of it: what is left out is not known from data."""

    model_config = ConfigDict(extra="forbid")
    registered_with_market_regulator: bool | None = None
    registered_on: date | None = None
    has_tax_activity: bool | None = None
    has_social_insurance_payment: bool | None = None
    jobs_created: Annotated[int, Field(ge=0, le=100_000)] | None = None


def form_of(here: Services, person: Person) -> dict[str, Any]:
    """The form: ``merged`` says whether one application stands for all (a graduate, inside the window), ``benefits`` what is applied for
    with its sum, ``checks`` the four facts with what data say, ``questions`` what only the person can answer, ``closed`` what an
    application made before has closed, and ``instead`` why the merged one is not open."""
    catalogue, today = load_catalogue(), market.today(here)
    rule = founders.merging(catalogue)
    with here.exchange.reading() as connection:
        facts, told = person_facts(connection, catalogue, person, today), founders.report(connection, person.person_id)
        made = [one for one in queries.claims_of(connection, person_id=person.person_id) if one["benefit"] in rule.between]
    # Whoever opens this form founds a business.
    prepared = prepare(catalogue, {"person.starting_business": True, **facts}, today)
    every = [one for one in hints_of(catalogue, prepared, CHANNEL, all_statuses=True) if one["benefit"] in rule.between]
    hints = [one for one in every if one["told"]]
    merged = any(one["benefit"] == rule.between[0] for one in hints)
    standing = [one for one in made if one["stage"] not in ("refused", "rejected")]
    taken = {one["benefit"] for one in standing} | (
        set(rule.between) if any(one["benefit"] == rule.between[0] for one in standing) else set()
    )
    asked = list(dict.fromkeys(name for one in hints if one["benefit"] not in taken for name in one["missing"]))
    return {
        "person_id": person.person_id,
        "as_of": today.isoformat(),
        "merged": merged,
        "source": {"source": rule.sources[0].source, "quote": rule.sources[0].quote},
        "benefits": [
            {name: one[name] for name in ("benefit", "name", "title", "entry_id", "status", "amount", "text", "window")}
            for one in hints
            if one["benefit"] not in taken
        ],
        "checks": [_check(catalogue, name, told, facts.get(name)) for name in founders.CHECKED],
        "questions": [{"field": name, "question": question(catalogue, name)} for name in asked if name in catalogue.fields],
        "closed": [catalogue.benefit_names[one] for one in rule.between if one in taken],
        "instead": "" if merged else next((one["text"] for one in every if one["benefit"] == rule.between[0]), ""),
        "claims": made,
    }


def checks_of(here: Services, person_id: str) -> list[dict[str, Any]]:
    """The four facts of a founder as they stand, for whoever decides their claim. Empty where nobody knows the person any more."""
    catalogue, today = load_catalogue(), market.today(here)
    with here.exchange.reading() as connection:
        person = queries.person(connection, person_id)
        if person is None:
            return []
        facts, told = person_facts(connection, catalogue, person, today), founders.report(connection, person_id)
    return [_check(catalogue, name, told, facts.get(name)) for name in founders.CHECKED]


def _check(catalogue: Catalogue, name: str, told: dict[str, Any], value: Any) -> dict[str, Any]:
    """One of the four facts: ``verdict`` ``met``, ``not_met`` or ``unknown``, and ``from`` ``data`` or the person's own word."""
    plain = int(value) if isinstance(value, Decimal) else value
    met = plain is not None and plain >= 1 if name == "founder.jobs_created" else plain is True
    return {
        "field": name,
        "label": label(catalogue, name),
        "value": plain,
        "words": value_words(catalogue, name, value) if value is not None else "",
        "verdict": "unknown" if plain is None else "met" if met else "not_met",
        "from": None if plain is None else "data" if name in told else "person",
    }


@router.get("/people/{person_id}/startup")
def startup(person_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """The form of one founder, filled in with what data say; it is sent in with ``POST /claims`` (``benefits``, ``declared``)."""
    _, person = person_known(here, caller, person_id, "startup")
    return form_of(here, person)


@router.post("/people/{person_id}/founder", status_code=202)
def founder(person_id: str, given: FounderIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """What the market regulator's, tax and insurance data say of a founder, by staff: one check for all merged subsidies."""
    who = scope.signed_in(caller, *scope.STAFF)
    _check_founder(given, market.today(here))
    person_known(here, who, person_id, "founder")
    return JSONResponse({"person_id": person_id, "message_id": _record(here, who, person_id, given)}, 202)


def _record(here: Services, who: Caller, person_id: str, given: FounderIn) -> str:
    by = f"account:{who.account_id}"
    message_id = here.exchange.append([Said(FounderRecorded(person_id=person_id, by=by, **given.model_dump()))], source=by)[0]
    here.exchange.wait_handled(message_id, SUBJECT, 5)
    return message_id


def _check_founder(given: FounderIn, today: date) -> None:
    day = given.registered_on
    if day is not None and not FIRST_DAY <= day <= today:
        raise Invalid("登记日期不对", errors=[FieldError(field="registered_on", message=f"{FIRST_DAY} to {today} expected")])
    if day is not None and given.registered_with_market_regulator is not True:
        said = "a day of registration needs registered_with_market_regulator true"
        raise Invalid(
            "登记日期和是否登记不一致", errors=[FieldError(field="registered_with_market_regulator", message=said, allowed=["true"])]
        )


# -- the page ------------------------------------------------------------------------------------------------------------


def _shown(request: Request, here: Services, caller: CallerOrNone, *, wrong: str = "", status: int = 200) -> Response:
    who, person_id = jobseeker(caller)
    try:
        form: dict[str, Any] | None = form_of(here, person_known(here, who, person_id)[1])
    except NotFound:
        form = None
    catalogue = load_catalogue()
    kinds = {one["field"]: catalogue.fields[one["field"]].type for one in form["questions"]} if form is not None else {}
    values = {"form": form, "kinds": kinds, "yes_no": YES_NO, "wrong": wrong, "told": claim_words, "catalogue": catalogue}
    return page(request, "startup.html", values, status=status)


@pages.get(PAGE)
def startup_page(request: Request, here: Here, caller: CallerOrNone) -> Response:
    """创业一件事."""
    return _shown(request, here, caller)


@pages.post(PAGE)
def startup_claim(request: Request, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """The one application, or the ones chosen where nothing is merged, with the answers that data do not give."""
    who, person_id = jobseeker(caller)
    try:
        found = form_of(here, person_known(here, who, person_id)[1])
        ids = make_claims(here, who, _given(form, person_id, found))
    except (Conflict, Forbidden, Invalid, NotFound) as problem:
        return _shown(request, here, caller, wrong=problem.detail, status=problem.status)
    return RedirectResponse(f"/claims/{ids[0]}" if len(ids) == 1 else "/me/policies#claims", 303)


def _given(form: Form, person_id: str, found: dict[str, Any]) -> ClaimIn:
    catalogue, reader = load_catalogue(), Reader(form)
    open_ = [one["benefit"] for one in found["benefits"]]
    chosen = open_ if found["merged"] else [one for one in dict.fromkeys(form.texts("benefit")) if one in open_]
    if not chosen:
        raise Invalid("请选择要申请的补贴" if open_ else "现在没有可以申请的创业补贴")
    declared: dict[str, Any] = {}
    for asked in found["questions"]:
        name = asked["field"]
        if catalogue.fields[name].type == "bool":
            answer = reader.one_of(name, YES_NO)
            value: Any = None if answer is None else answer == "yes"
        else:
            value = reader.number(name) if catalogue.fields[name].type == "number" else None
        if value is not None:
            declared[name] = value
    account = reader.text("account", most=40)
    if reader.errors or (account is not None and len(account) < 4):
        raise Invalid("请检查填写的内容：" + ("；".join(reader.errors.values()) or "收款账户太短"))
    return ClaimIn(benefits=chosen, person_id=person_id, declared=declared, account=account)


@pages.post("/claims/{claim_id}/founder")
def founder_form(claim_id: str, here: Here, caller: CallerOrNone, form: Posted) -> Response:
    """The same report of data, by staff at a claim."""
    who = scope.signed_in(caller, *scope.STAFF)
    _, claim = claim_for(here, who, claim_id)
    if claim["person_id"] is None or claim["benefit"] not in founders.merging(load_catalogue()).between:
        raise NotFound("这件申请不用核对创业数据")
    person_known(here, who, claim["person_id"], "founder")  # as by the interface: of the person's own region, and an entry they can read
    reader = Reader(form)
    answers = {name: reader.one_of(name, YES_NO) for name in FounderIn.model_fields if name not in ("registered_on", "jobs_created")}
    jobs, day = reader.number("jobs_created", high=100_000, whole=True), reader.day("registered_on")
    if reader.errors:
        raise Invalid("请检查填写的内容：" + "；".join(reader.errors.values()))
    told = {name: None if answer is None else answer == "yes" for name, answer in answers.items()}
    given = FounderIn(**told, registered_on=day, jobs_created=int(jobs) if jobs is not None else None)
    _check_founder(given, market.today(here))
    _record(here, who, claim["person_id"], given)
    return RedirectResponse(f"/claims/{claim_id}", 303)
