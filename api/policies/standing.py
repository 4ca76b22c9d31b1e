"""What is open to an employer or a person, with why not; insurance data in, notices out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api import market
from api.access import scope
from api.access.accounts import Caller
from api.access.audit import Look
from api.access.fairness import LEAST
from api.access.identify import CallerOrNone, Here
from api.pages import PROVINCE
from api.policies.claim_words import notice_words
from api.policies.claims import SUBJECT, region_of_employer
from api.problems import Invalid, NotFound
from api.services import Services
from matcher.policy import load_catalogue
from matcher.policy.conditions import prepare
from matcher.policy.counted import POVERTY, POVERTY_SHARE
from matcher.policy.hint import hints_of
from matcher.policy.loader import Catalogue
from matcher.policy.package import package, package_json
from matcher.shapes import FieldError, Person
from streams.policy import queries
from streams.policy.known import employer_facts, person_facts
from streams.policy.messages import IncomeRecorded, InsuranceRecorded, InsuranceYearRecorded, InternshipEnded, Leaving, NoticeSeen
from streams.policy.rules import LAYOFFS, thresholds
from streams.runtime.exchange import Said

router = APIRouter(tags=["policies"])


class LeavingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Literal[
        "dismissed", "laid_off", "not_renewed_by_employer", "resigned", "retired", "transferred", "died", "other"
    ]  # fmt: skip
    number: int = Field(ge=0, le=10_000_000)


class InsuranceYearIn(BaseModel):
    """Insurance data of one year: insured people at the end of each month, leavings by reason, contributions, what was paid back."""

    model_config = ConfigDict(extra="forbid")
    year: int = Field(ge=2020, le=2100)
    insured_by_month: list[Annotated[int, Field(ge=0, le=10_000_000)]] = Field(min_length=1, max_length=12)
    leavings: list[LeavingIn] = Field(default_factory=list, max_length=20)
    contributions_yuan: Decimal | None = Field(default=None, ge=0, le=10**12, decimal_places=2)
    refunded_yuan: Decimal | None = Field(default=None, ge=0, le=10**12, decimal_places=2)


class InsuredIn(BaseModel):
    """One person insured by this employer; the comparison finds hires that did not come through the exchange (E-09)."""

    model_config = ConfigDict(extra="forbid")
    person_id: str = Field(min_length=1, max_length=200)
    insured_on: date
    ended_on: date | None = None
    paid_in_full: bool | None = None


class InternshipIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    person_id: str = Field(min_length=1, max_length=200)
    started_on: date
    ended_on: date
    outcome: Literal["completed", "contract_before_end", "broken_off"]
    contract_signed: bool = False
    months_left: int | None = Field(default=None, ge=0, le=36)


class IncomeIn(BaseModel):
    """A 低保 family's income per head in a month beside the local standard of that month (J-16)."""

    model_config = ConfigDict(extra="forbid")
    month: str = Field(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")
    income_per_head_yuan: Decimal = Field(ge=0, le=10**7, decimal_places=2)
    standard_yuan: Decimal = Field(gt=0, le=10**7, decimal_places=2)


def employer_standing(here: Services, caller: Caller, employer_id: str) -> dict[str, Any]:
    """Offers, numbers, notices and claims of an employer. Who was hired is named by the exchange's id only, and logged."""
    catalogue, today = load_catalogue(), market.today(here)
    with here.exchange.reading() as connection:
        found = {
            "employer_id": employer_id,
            "as_of": today.isoformat(),
            "offers": queries.offers_of_employer(connection, employer_id),
            **_numbers_as_seen(
                caller.role, catalogue, queries.numbers(connection, catalogue, employer_id, today, here.options.subject_settings)
            ),
            "notices": [{**one, "text": notice_words(catalogue, one)} for one in queries.notices_of(connection, employer_id=employer_id)],
            "claims": queries.claims_of(connection, employer_id=employer_id),
            "catalogue_version": catalogue.version,
        }
    hired = {one["person_id"] for part in ("offers", "notices", "claims") for one in found[part] if one["person_id"] is not None}
    scope.note(here.exchange, caller, [Look(person_id, "employer_policies", employer_id) for person_id in sorted(hired)])
    return found


def _too_few(role: str, poverty: int) -> bool:
    """Whether this role does not read how many of an employer's people come from poverty: an employer does not below ``LEAST``, nobody
    included. Of the first one hired, or of a few, it would tell who they are, whatever they agreed to show."""
    return role == "employer" and poverty < LEAST


def _numbers_as_seen(role: str, catalogue: Catalogue, numbers: dict[str, Any]) -> dict[str, Any]:
    counters = numbers["counters"]
    if not _too_few(role, counters["poverty"]):
        return numbers
    told = [one for one in numbers["thresholds"] if not thresholds(catalogue.by_id[one["entry_id"]], POVERTY)]
    return {**numbers, "counters": {**counters, "poverty": None, "share": None}, "thresholds": told, "shares": []}


def employer_why_not(here: Services, caller: Caller, employer_id: str) -> list[dict[str, Any]]:
    """Every entry that employers are told of, with its status, what is missing and what does not hold. What the caller does not read of
    the employer's people is as if it were not known."""
    catalogue, today = load_catalogue(), market.today(here)
    with here.exchange.reading() as connection:
        known = employer_facts(connection, employer_id, today, here.options.subject_settings)
        own = queries.employer(connection, employer_id)
    facts = dict(known.facts)
    if _too_few(caller.role, known.counters.poverty):
        facts.pop(POVERTY, None)
        if own is None or own.facts.get(POVERTY_SHARE) is None:  # what it stated itself it may read
            facts.pop(POVERTY_SHARE, None)
    hints = hints_of(catalogue, prepare(catalogue, facts, today), "enterprise_push", all_statuses=True)
    return [hint for hint in hints if "enterprise_push" in catalogue.by_id[hint["entry_id"]].usable_as]


def person_standing(here: Services, person: Person) -> dict[str, Any]:
    """The person's package (J-11), offers from hires, notices and own claims."""
    catalogue, today = load_catalogue(), market.today(here)
    with here.exchange.reading() as connection:
        prepared = prepare(catalogue, person_facts(connection, catalogue, person, today), today)
        return {
            "person_id": person.person_id,
            "as_of": today.isoformat(),
            "package": package_json(catalogue, prepared, package(catalogue, prepared)),
            "offers": queries.offers_of_person(connection, person.person_id),
            "notices": [
                {**one, "text": notice_words(catalogue, one)} for one in queries.notices_of(connection, person_id=person.person_id)
            ],
            "claims": queries.claims_of(connection, person_id=person.person_id),
        }


def person_known(here: Services, caller: Caller | None, person_id: str, action: str = "policies") -> tuple[Caller, Person]:
    """A person whom this caller may ask about; a problem otherwise. ``action``: as what it is logged."""
    scope.about_person(caller, person_id)
    with here.exchange.reading() as connection:
        found = queries.person(connection, person_id)
    if found is None:
        raise NotFound("没有这位求职者")
    return scope.person(here.exchange, caller, person_id, (found.region, found.registered_at), action), found


@router.get("/employers/{employer_id}/policies")
def of_employer(employer_id: str, here: Here, caller: CallerOrNone, why_not: bool = False) -> dict[str, Any]:
    """Offers, counts and thresholds, the layoff rate with its headroom, notices, claims; with ``why_not`` every other entry and why."""
    scope.signed_in(caller)
    who = scope.employer(caller, employer_id, region_of_employer(here, employer_id))
    found = employer_standing(here, who, employer_id)
    return {**found, "why_not": employer_why_not(here, who, employer_id)} if why_not else found


@router.get("/people/{person_id}/policies")
def of_person(person_id: str, here: Here, caller: CallerOrNone) -> dict[str, Any]:
    """Everything open to a person as one package, with one list of questions and of papers; notices and claims."""
    _, person = person_known(here, caller, person_id)
    return person_standing(here, person)


@router.get("/proposals/{benefit}")
def proposed(
    benefit: str,
    here: Here,
    caller: CallerOrNone,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """E-08: who would be paid without application, and how much; the rest with the reason."""
    who = scope.signed_in(caller, *scope.STAFF)
    catalogue = load_catalogue()
    if benefit not in catalogue.by_benefit:
        raise NotFound("没有这项政策")
    where = who.region or PROVINCE
    with here.exchange.reading() as connection:
        items = queries.proposals(connection, benefit, where, limit=limit, offset=offset)
        compared = queries.comparison(connection, where)
    return {"benefit": benefit, "region": where, "items": items, "comparison": compared}


def _staff(here: Services, caller: Caller | None, employer_id: str) -> Caller:
    who = scope.signed_in(caller, *scope.STAFF)
    return scope.employer(who, employer_id, region_of_employer(here, employer_id))


def _append(here: Services, who: Caller, message: Any) -> str:
    message_id: str = here.exchange.append([Said(message)], source=f"account:{who.account_id}")[0]
    here.exchange.wait_handled(message_id, SUBJECT, 5)
    return message_id


def _has_come(field: str, day: date, today: date) -> None:
    """Raises a problem for data of a day that has not come."""
    if day > today:
        raise Invalid("日期还没有到", errors=[FieldError(field=field, message=f"not after {today} expected: it has not come")])


def _check_year(given: InsuranceYearIn, this_year: int) -> None:
    """Raises a problem for a year that has not begun, and for more people dismissed than were ever insured in it."""
    if given.year > this_year:
        raise Invalid("年度不对", errors=[FieldError(field="year", message=f"2020 to {this_year} expected: this year has not begun")])
    insured, laid_off = max(given.insured_by_month), sum(one.number for one in given.leavings if one.reason in LAYOFFS)
    if laid_off > insured:
        said = f"{', '.join(sorted(LAYOFFS))} come to {laid_off}: 0 to {insured} expected, the most insured in a month"
        raise Invalid("减少的人数比参保人数多", errors=[FieldError(field="leavings", message=said)])


@router.post("/employers/{employer_id}/insurance-years", status_code=202)
def insurance_year(employer_id: str, given: InsuranceYearIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """The year's insurance data of an employer; a new report of the same year replaces the one before. By staff."""
    who = _staff(here, caller, employer_id)
    _check_year(given, market.today(here).year)
    message = InsuranceYearRecorded(
        employer_id=employer_id,
        year=given.year,
        insured_by_month=tuple(given.insured_by_month),
        leavings=tuple(Leaving(reason=one.reason, number=one.number) for one in given.leavings),
        contributions_yuan=format(given.contributions_yuan, "f") if given.contributions_yuan is not None else None,
        refunded_yuan=format(given.refunded_yuan, "f") if given.refunded_yuan is not None else None,
        by=f"account:{who.account_id}",
    )
    return JSONResponse({"employer_id": employer_id, "message_id": _append(here, who, message)}, 202)


@router.post("/employers/{employer_id}/insured", status_code=202)
def insured(employer_id: str, given: InsuredIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """One person insured by this employer, by staff. Somebody who is not registered here cannot be compared."""
    who = _staff(here, caller, employer_id)
    _has_come("insured_on", given.insured_on, market.today(here))
    if given.ended_on is not None and given.ended_on < given.insured_on:
        raise Invalid("日期不对", errors=[FieldError(field="ended_on", message="not before insured_on")])
    with here.exchange.reading() as connection:
        if queries.person(connection, given.person_id) is None:
            raise NotFound("没有这位求职者，没有可以比对的登记")
    scope.note(here.exchange, who, [Look(given.person_id, "insured", employer_id)])
    message = InsuranceRecorded(employer_id=employer_id, by=f"account:{who.account_id}", **given.model_dump())
    return JSONResponse({"employer_id": employer_id, "message_id": _append(here, who, message)}, 202)


@router.post("/employers/{employer_id}/internships", status_code=202)
def internship(employer_id: str, given: InternshipIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """An internship at this unit is over, by the unit or staff (J-22)."""
    scope.signed_in(caller)
    who = scope.employer(caller, employer_id, region_of_employer(here, employer_id))
    _has_come("ended_on", given.ended_on, market.today(here))
    if given.ended_on < given.started_on:
        raise Invalid("日期不对", errors=[FieldError(field="ended_on", message="not before started_on")])
    with here.exchange.reading() as connection:
        if queries.person(connection, given.person_id) is None:
            raise NotFound("没有这位见习人员的登记")
    scope.note(here.exchange, who, [Look(given.person_id, "internship", employer_id)])
    message = InternshipEnded(employer_id=employer_id, by=f"account:{who.account_id}", **given.model_dump())
    return JSONResponse({"employer_id": employer_id, "message_id": _append(here, who, message)}, 202)


@router.post("/people/{person_id}/incomes", status_code=202)
def income(person_id: str, given: IncomeIn, here: Here, caller: CallerOrNone) -> JSONResponse:
    """Civil affairs data of one month, by staff: the first month above the standard starts the six months of 渐退期."""
    who = scope.signed_in(caller, *scope.STAFF)
    _has_come("month", date.fromisoformat(f"{given.month}-01"), market.today(here))
    person_known(here, who, person_id, "incomes")
    message = IncomeRecorded(
        person_id=person_id,
        month=date.fromisoformat(f"{given.month}-01"),
        income_per_head_yuan=format(given.income_per_head_yuan, "f"),
        standard_yuan=format(given.standard_yuan, "f"),
        by=f"account:{who.account_id}",
    )
    return JSONResponse({"person_id": person_id, "message_id": _append(here, who, message)}, 202)


@router.post("/notices/{notice_id}/seen", status_code=202)
def seen(notice_id: str, here: Here, caller: CallerOrNone) -> JSONResponse:
    """The addressee has read a notice."""
    return JSONResponse({"notice_id": notice_id, "message_id": note_seen(here, caller, notice_id)}, 202)


def note_seen(here: Services, caller: Caller | None, notice_id: str) -> str:
    who = scope.signed_in(caller, "employer", "jobseeker")
    with here.exchange.reading() as connection:
        found = queries.notice(connection, notice_id)
    mine = found is not None and (
        (found["audience"] == "employer" and who.role == "employer" and found["employer_id"] == who.employer_id)
        or (found["audience"] == "person" and who.role == "jobseeker" and found["person_id"] == who.person_id)
    )
    if not mine:
        raise NotFound("没有这条通知")
    return _append(here, who, NoticeSeen(notice_id=notice_id, by=f"account:{who.account_id}"))
