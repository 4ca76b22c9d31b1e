"""What policy answers: offers, notices and claims of an employer or a person, the staff's list, counts. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, func, select

from matcher.policy.counted import ABSORBED, POVERTY
from matcher.policy.loader import Catalogue
from matcher.shapes import Employer, Person
from streams.policy import rules
from streams.policy.choices import choice_at, choices
from streams.policy.headroom import limiting
from streams.policy.known import EmployerFacts, employer_facts, employer_of, layoffs_of, person_of
from streams.policy.offers import owed_yuan
from streams.policy.shares import shares_ahead
from streams.policy.tables import claim_steps, claims, employers, hires, notices, offers
from streams.regions import lies_in
from streams.runtime.messages import from_json

_JSON = {"missing", "failed", "numbers", "reasons", "cleared", "declared", "evidence"}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: days as text, lists decoded."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in _JSON:
            found[name] = from_json(value)
        else:
            found[name] = value.isoformat() if isinstance(value, date) else value
    return found


# -- offers and notices --------------------------------------------------------------------------------------------------


def offers_of_employer(
    connection: Connection, employer_id: str, *, states: tuple[str, ...] = ("open", "claimed", "settled")
) -> list[dict[str, Any]]:
    """What an employer may claim or is offered, certain and large first; ``owed_yuan`` is the sum without what was paid."""
    query = select(offers).where(offers.c.employer_id == employer_id, offers.c.payee_kind == "employer", offers.c.state.in_(states))
    return _best_first(connection, query)


def offers_of_person(connection: Connection, person_id: str, *, states: tuple[str, ...] = ("open", "claimed")) -> list[dict[str, Any]]:
    query = select(offers).where(offers.c.person_id == person_id, offers.c.payee_kind == "person", offers.c.state.in_(states))
    return _best_first(connection, query)


def _best_first(connection: Connection, query: Any) -> list[dict[str, Any]]:
    found = [{**_plain(dict(row)), "owed_yuan": owed_yuan(dict(row))} for row in connection.execute(query).mappings()]
    return sorted(
        found,
        key=lambda one: (
            one["state"] != "open",
            one["status"] != "ELIGIBLE",
            -Decimal(one["owed_yuan"] or 0),
            len(one["missing"]),
            one["offer_id"],
        ),
    )


def offer(connection: Connection, offer_id: str) -> dict[str, Any] | None:
    row = connection.execute(select(offers).where(offers.c.offer_id == offer_id)).mappings().first()
    return {**_plain(dict(row)), "owed_yuan": owed_yuan(dict(row))} if row is not None else None


def proposals(connection: Connection, benefit: str, region: str, *, limit: int = 100, offset: int = 0) -> list[dict[str, Any]]:
    """Everybody listed for a benefit that is paid without application (E-08): proposals with their sums, the rest with the reason."""
    query = (
        select(offers, employers.c.region)
        .select_from(offers.join(employers, employers.c.employer_id == offers.c.employer_id))
        .where(offers.c.benefit == benefit, offers.c.person_id.is_(None), offers.c.state != "closed", lies_in(employers.c.region, region))
        .order_by(offers.c.state != "open", offers.c.employer_id)
        .limit(limit)
        .offset(offset)
    )
    return [{**_plain(dict(row)), "owed_yuan": owed_yuan(dict(row))} for row in connection.execute(query).mappings()]


def notices_of(
    connection: Connection, *, employer_id: str | None = None, person_id: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The newest notices to an employer, or to a person."""
    mine = (
        and_(notices.c.audience == "employer", notices.c.employer_id == employer_id)
        if employer_id is not None
        else and_(notices.c.audience == "person", notices.c.person_id == person_id)
    )
    query = select(notices).where(mine).order_by(notices.c.day.desc(), notices.c.notice_id).limit(limit)
    return [_plain(dict(row)) for row in connection.execute(query).mappings()]


def notice(connection: Connection, notice_id: str) -> dict[str, Any] | None:
    row = connection.execute(select(notices).where(notices.c.notice_id == notice_id)).mappings().first()
    return _plain(dict(row)) if row is not None else None


# -- an employer's numbers -----------------------------------------------------------------------------------------------


def employer(connection: Connection, employer_id: str) -> Employer | None:
    return employer_of(connection, employer_id)


def employer_region(connection: Connection, employer_id: str) -> tuple[bool, str | None]:
    """Whether the employer is known at all, and its region."""
    row = connection.execute(select(employers.c.region).where(employers.c.employer_id == employer_id)).first()
    return row is not None, row[0] if row is not None else None


def person(connection: Connection, person_id: str) -> Person | None:
    return person_of(connection, person_id)


def hire(connection: Connection, hire_id: str) -> dict[str, Any] | None:
    row = connection.execute(select(hires).where(hires.c.hire_id == hire_id)).mappings().first()
    return {name: value for name, value in _plain(dict(row)).items() if name != "person"} if row is not None else None


def numbers(connection: Connection, catalogue: Catalogue, employer_id: str, day: date, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Counts and the next thresholds (E-23, E-24), the layoff rate with its headroom (E-12) of the year before and of
    the one that is running, what interns stay (J-22)."""
    known = employer_facts(connection, employer_id, day, settings)
    formula = str(settings.get("layoff_formula", "dismissals_over_average"))
    return {
        "counters": {
            **known.counters.document(),
            "headcount": str(known.counters.headcount) if known.counters.headcount is not None else None,
        },
        "thresholds": _thresholds(catalogue, known, day),
        "shares": shares_ahead(catalogue, employer_of(connection, employer_id), known.counters, day),
        "choices": choices(catalogue, known, day),
        "layoffs": _layoffs(catalogue, known.layoffs, day.year - 1, day, formula),
        "layoffs_this_year": _layoffs(catalogue, layoffs_of(connection, employer_id, day.year, settings), day.year, day, formula),
        "retention_percent": str(known.retention) if known.retention is not None else None,
    }


def _thresholds(catalogue: Catalogue, known: EmployerFacts, day: date) -> list[dict[str, Any]]:
    found = []
    for field, count in ((ABSORBED, known.counters.absorbed), (POVERTY, known.counters.poverty)):
        for entry in catalogue.entries:
            ahead = [step for step in rules.thresholds(entry, field) if step > count]
            if ahead and count and entry.window.holds(day):
                benefit = catalogue.benefit_of[entry.id]
                step = {"benefit": benefit, "entry_id": entry.id, "name": entry.name, "count": count}
                choice = choice_at(catalogue, known, day, field, ahead[0], benefit)
                found.append({**step, "threshold": int(ahead[0]), "missing": int(ahead[0] - count), **choice})
    return found


def _layoffs(catalogue: Catalogue, found: rules.Layoffs | None, year: int, day: date, formula: str) -> dict[str, Any] | None:
    if found is None:
        return None
    entry, in_force = limiting(catalogue, day)
    bound = rules.layoff_bound(catalogue, entry, found.insured)
    return {
        "year": year,
        "percent": rules.percent_text(found.percent),
        "laid_off": found.laid_off,
        "insured": found.insured,
        "formula": rules.FORMULAS[formula],
        "bound_percent": str(bound) if bound is not None else None,
        "headroom": rules.headroom(found, bound).more if bound is not None else None,
        "entry_id": entry.id,
        "in_force": in_force,
    }


def comparison(connection: Connection, region: str) -> dict[str, Any]:
    """E-09 in numbers: hires found by comparing data, of them people who left the register by being insured, notices, claims, payments."""
    place = lies_in(employers.c.region, region)
    of_region = hires.join(employers, employers.c.employer_id == hires.c.employer_id)
    found = select(func.count()).select_from(of_region).where(hires.c.origin == "insurance", place)
    left = found.where(hires.c.was_unemployed)
    offered = offers.join(employers, employers.c.employer_id == offers.c.employer_id)
    compared = and_(offers.c.origin == "comparison", offers.c.payee_kind == "employer", place)
    eligible = select(func.count()).select_from(offered).where(compared)
    told = notices.join(offers, offers.c.offer_id == notices.c.offer_id).join(employers, employers.c.employer_id == offers.c.employer_id)
    pushed = select(func.count(func.distinct(notices.c.offer_id))).select_from(told).where(compared)
    claimed = claims.join(offers, offers.c.offer_id == claims.c.offer_id).join(employers, employers.c.employer_id == offers.c.employer_id)
    claimed_number = select(func.count(func.distinct(claims.c.offer_id))).select_from(claimed).where(compared)
    numbers = {
        "found": found,
        "left_register": left,
        "eligible": eligible,
        "pushed": pushed,
        "opened": pushed.where(notices.c.seen_on.is_not(None)),
        "claimed": claimed_number,
        "paid": claimed_number.where(claims.c.stage == "paid"),
    }
    counted: dict[str, Any] = {name: int(connection.execute(query).scalar() or 0) for name, query in numbers.items()}
    counted["coverage_percent"] = round(100 * counted["pushed"] / counted["eligible"], 1) if counted["eligible"] else None
    return counted


# -- claims --------------------------------------------------------------------------------------------------------------


def claim(connection: Connection, claim_id: str) -> dict[str, Any] | None:
    """A claim with its steps; without the account and without what the claimant declared of others."""
    row = connection.execute(select(claims).where(claims.c.claim_id == claim_id)).mappings().first()
    if row is None:
        return None
    steps = connection.execute(select(claim_steps).where(claim_steps.c.claim_id == claim_id).order_by(claim_steps.c.number)).mappings()
    return {**_shown(dict(row)), "steps": [dict(step) for step in steps]}


def claims_of(
    connection: Connection, *, employer_id: str | None = None, person_id: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """An employer's claims, or those a person made themself; the newest first."""
    mine = (
        claims.c.employer_id == employer_id
        if employer_id is not None
        else and_(claims.c.person_id == person_id, claims.c.employer_id.is_(None))
    )
    query = select(claims).where(mine).order_by(claims.c.received_at.desc(), claims.c.claim_id).limit(limit)
    return [_shown(dict(row)) for row in connection.execute(query).mappings()]


def claims_to_do(
    connection: Connection, region: str, *, stage: str | None = None, held: bool | None = None, limit: int = 100, offset: int = 0
) -> list[dict[str, Any]]:
    """The staff's list: objections first, then held ones, then the oldest."""
    asked = [lies_in(claims.c.region, region)]
    if stage is not None:
        asked.append(claims.c.stage == stage)
    if held is not None:
        asked.append(claims.c.held.is_(held))
    query = (
        select(claims)
        .where(*asked)
        .order_by(claims.c.objected.desc(), claims.c.held.desc(), claims.c.received_at, claims.c.claim_id)
        .limit(limit)
        .offset(offset)
    )
    return [_shown(dict(row)) for row in connection.execute(query).mappings()]


def claim_counts(connection: Connection, region: str) -> dict[str, int]:
    """Claims by stage, and how many are held or objected to."""
    place = lies_in(claims.c.region, region)
    found = dict.fromkeys(rules.STAGES, 0)
    for stage, number in connection.execute(select(claims.c.stage, func.count()).where(place).group_by(claims.c.stage)):
        found[stage] = int(number)
    for name, which in (("held", claims.c.held), ("objected", claims.c.objected)):
        found[name] = int(connection.execute(select(func.count()).where(place, which)).scalar() or 0)
    return found


def claim_times(connection: Connection, region: str = "140000") -> dict[str, float]:
    """Median hours from acceptance to review and from review to payment."""
    joined = claim_steps.join(claims, claims.c.claim_id == claim_steps.c.claim_id)
    query = select(claim_steps.c.claim_id, claim_steps.c.step, claim_steps.c.at).select_from(joined).where(lies_in(claims.c.region, region))
    steps = [{"claim_id": id_, "step": step, "at": datetime.fromisoformat(at)} for id_, step, at in connection.execute(query)]
    return rules.medians(steps)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in _plain(row).items() if name not in ("account", "cleared", "relative", "declared", "marked_yuan")}
