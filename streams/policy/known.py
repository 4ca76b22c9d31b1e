"""Policy's own projections as facts: what is known of a hire, an employer and a person on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from matcher.policy import Catalogue, load_catalogue
from matcher.policy.calendar import add_months, whole_months
from matcher.policy.counted import ABSORBED, POVERTY, POVERTY_SHARE, whole, with_counts
from matcher.policy.facts import Facts, Span
from matcher.policy.own import employer_own_facts, person_own_facts
from matcher.policy.pairing import Side, merged, person_side, posting_side
from matcher.shapes import Employer, Person, Posting, read_employer, read_person, read_posting
from streams.policy import rules
from streams.policy.founders import founder_facts
from streams.policy.tables import employers, hires, internships, people, postings, years
from streams.runtime.messages import from_json, to_json

ENDLESS = Decimal(100_000)  # months; a hire that still lasts may last that long
_PERSON = {
    "person_id", "kind", "categories", "birth_year_month", "registered_unemployed_on", "registered_at", "education", "region", "facts",
    "intention", "consent",
}  # fmt: skip
_POSTING = {
    "posting_id", "source", "title", "type", "employment_form", "contract_months", "region", "occupation_code", "facts",
}  # fmt: skip
_FROM_POVERTY = frozenset({"poverty_alleviated_labour", "poverty_return_monitored"})
# What a hire through insurance data alone is known of: that somebody works there.
_NO_POSTING = {"posting_id": "-", "source": "enterprise", "title": "未经平台招用"}


def catalogue_of(settings: Mapping[str, Any]) -> Catalogue:
    """The catalogue in force: the shipped one, or the one a shadow run is given."""
    given: Catalogue | None = settings.get("catalogue")
    return given if given is not None else load_catalogue()


# -- rows ----------------------------------------------------------------------------------------------------------------


def person_document(person: Person) -> bytes:
    """Of a person only what conditions can read."""
    return to_json(person.model_dump(mode="json", exclude_none=True, by_alias=True, include=_PERSON))


def posting_document(posting: Posting) -> bytes:
    return to_json(posting.model_dump(mode="json", exclude_none=True, by_alias=True, include=_POSTING))


def employer_document(employer: Employer) -> bytes:
    return to_json(employer.model_dump(mode="json", exclude_none=True, by_alias=True))


def read_row_person(document: bytes | None) -> Person | None:
    return read_person(from_json(document)) if document is not None else None


def is_registered_unemployed(person: Person) -> bool:
    return person.kind == "registered_unemployed" or "registered_unemployed" in (person.categories or ())


def is_from_poverty(person: Person) -> bool:
    """脱贫劳动力, and 防返贫监测对象 who count like them (001 三、12)."""
    return not _FROM_POVERTY.isdisjoint(person.categories or ())


def employer_of(connection: Connection, employer_id: str | None) -> Employer | None:
    if employer_id is None:
        return None
    document = connection.execute(select(employers.c.document).where(employers.c.employer_id == employer_id)).scalar()
    return read_employer(from_json(document)) if document is not None else None


def person_of(connection: Connection, person_id: str | None) -> Person | None:
    if person_id is None:
        return None
    return read_row_person(connection.execute(select(people.c.document).where(people.c.person_id == person_id)).scalar())


def person_facts(connection: Connection, catalogue: Catalogue, person: Person, day: date) -> Facts:
    """A person apart from any hire: what they say of themselves, and what data say of a business they found, which counts before that."""
    return {**person_own_facts(catalogue, person, day), **founder_facts(connection, person)}


def posting_of(connection: Connection, posting_id: str | None) -> Posting:
    document = None
    if posting_id is not None:
        document = connection.execute(select(postings.c.document).where(postings.c.posting_id == posting_id)).scalar()
    return read_posting(from_json(document) if document is not None else _NO_POSTING)


# -- counters of an employer (E-23, E-24) --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counters:
    """People, not hires. ``absorbed``: newly hired with six stable months in the counting period, ``by_year`` of the hire; ``poverty``:
    people from poverty now employed; ``headcount``: all who work there, where stated."""

    absorbed: int
    by_year: Mapping[int, int]
    poverty: int
    headcount: Decimal | None
    share: Decimal | None

    def document(self) -> dict[str, Any]:
        share = str(self.share) if self.share is not None else None
        return {"absorbed": self.absorbed, "poverty": self.poverty, "share": share}


def counters(
    connection: Connection, employer_id: str, employer: Employer | None, day: date, settings: Mapping[str, Any], year: int | None = None
) -> Counters:
    """Counts on ``day`` from the hires known here, for hires of ``year`` (the day's own where none is given); what the employer's own
    record states counts where it is higher (it also knows earlier hires)."""
    period = str(settings.get("absorbed_period", "year"))
    working = and_(hires.c.employer_id == employer_id, hires.c.hired_on.is_not(None))
    # A person who is forgotten still counts, each of their hires as somebody.
    who = func.coalesce(hires.c.person_id, hires.c.hire_id)
    rows = connection.execute(select(who, hires.c.hired_on, hires.c.left_on, hires.c.from_poverty).where(working)).all()
    stable = rules.stable_by_year(((one, hired_on, left_on) for one, hired_on, left_on, _ in rows), day)
    absorbed = rules.absorbed_in(stable, year or day.year, period)
    poverty = len({one for one, hired_on, left_on, counts in rows if counts and hired_on <= day and (left_on is None or left_on > day)})
    stated = employer.facts if employer is not None else {}
    absorbed = max(absorbed, whole(stated.get(ABSORBED)))
    poverty = max(poverty, whole(stated.get(POVERTY)))
    headcount = _decimal(stated.get("employer.headcount"))
    if headcount is None and employer is not None and employer.insured_employees is not None:
        headcount = Decimal(employer.insured_employees)
    by_year = {hired_in: len(people_) for hired_in, people_ in stable.items()}
    return Counters(absorbed, by_year, poverty, headcount, rules.share_percent(poverty, headcount))


def _decimal(value: Any) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def counter_facts(found: Counters, employer: Employer | None) -> Facts:
    facts: Facts = {ABSORBED: Decimal(found.absorbed), POVERTY: Decimal(found.poverty)}
    stated = employer.facts if employer is not None else {}
    if found.share is not None and stated.get(POVERTY_SHARE) is None:
        facts[POVERTY_SHARE] = found.share
    return facts


# -- a hire --------------------------------------------------------------------------------------------------------------


def hire_facts(connection: Connection, hire: Mapping[str, Any], day: date, settings: Mapping[str, Any]) -> Facts | None:
    """Facts of a hire as known on ``day``; ``None`` while the person is unknown.

    Person and versions count as of the day of the hire, what has happened since as of ``day``: six stable months are unknown until they
    are over, and false once the person has left before.
    """
    person = read_row_person(hire["person"])
    if person is None or hire["hired_on"] is None:
        return None
    return _hire_facts(connection, hire, person_side(catalogue_of(settings), person, hire["hired_on"]), day, settings)


def post_facts(connection: Connection, hire: Mapping[str, Any], day: date, settings: Mapping[str, Any]) -> Facts:
    """The same without the person, of whom nothing is known: what post, employer and contract say."""
    return _hire_facts(connection, hire, Side({}, {}), day, settings) if hire["hired_on"] is not None else {}


def _hire_facts(connection: Connection, hire: Mapping[str, Any], who: Side, day: date, settings: Mapping[str, Any]) -> Facts:
    employer = employer_of(connection, hire["employer_id"])
    if employer is not None:
        found = counters(connection, hire["employer_id"], employer, day, settings, hire["hired_on"].year)
        employer = with_counts(employer, **found.document())
    facts = merged(posting_side(catalogue_of(settings), posting_of(connection, hire["posting_id"]), employer), who)
    if hire["contract_months"] is not None:
        facts["contract.min_months"] = Decimal(hire["contract_months"])
    if hire["contract_signed"] is not None:
        facts["contract.signed"] = bool(hire["contract_signed"])
    if hire["insured_on"] is not None:
        facts["social_insurance.ui_enrolled"] = hire["insured_on"] <= day
    if hire["paid_in_full"] is not None:
        facts["social_insurance.paid_in_full"] = bool(hire["paid_in_full"])
    facts["employment.stable_months"] = stable_months(hire, day)
    return facts


def stable_months(hire: Mapping[str, Any], day: date) -> Decimal | Span:
    """Whole months of employment: certain once it is over, and open upwards while it lasts."""
    until = hire["left_on"] if hire["left_on"] is not None and hire["left_on"] <= day else None
    months = Decimal(whole_months(hire["hired_on"], until or day)) if hire["hired_on"] <= (until or day) else Decimal(0)
    return months if until is not None else Span(months, ENDLESS)


# -- an employer ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EmployerFacts:
    """Facts of an employer, with the sums that percentages are of. ``year``: whose insurance data they are from."""

    facts: Facts
    year: int | None
    contributions: Decimal | None
    refunded: Decimal
    insured: int | None
    layoffs: rules.Layoffs | None
    counters: Counters
    retention: Decimal | None


def employer_facts(connection: Connection, employer_id: str, day: date, settings: Mapping[str, Any]) -> EmployerFacts:
    """Everything known of an employer on a day, from its record, insurance data of the year before, hires and internships."""
    catalogue = catalogue_of(settings)
    employer = employer_of(connection, employer_id)
    facts = employer_own_facts(catalogue, employer)
    found = counters(connection, employer_id, employer, day, settings)
    facts.update(counter_facts(found, employer))
    year = _year_of(connection, employer_id, day.year - 1)
    layoffs = None
    if year is not None:
        facts["employer.ui_insured"] = True
        layoffs = _layoffs(year, settings)
        if layoffs is not None:
            facts[rules.LAYOFF] = layoffs.percent
            facts[rules.INSURED] = Decimal(layoffs.insured)
    retention = retention_of(connection, employer_id, day, settings)
    if retention is not None:
        facts["internship.retention_rate_percent"] = retention
    insured = layoffs.insured if layoffs is not None else employer.insured_employees if employer is not None else None
    return EmployerFacts(
        facts=facts,
        year=day.year - 1 if year is not None else None,
        contributions=Decimal(year["contributions_yuan"]) if year is not None and year["contributions_yuan"] else None,
        refunded=Decimal(year["refunded_yuan"]) if year is not None and year["refunded_yuan"] else Decimal(0),
        insured=insured,
        layoffs=layoffs,
        counters=found,
        retention=retention,
    )


def _year_of(connection: Connection, employer_id: str, year: int) -> dict[str, Any] | None:
    """The insurance data of a year as they were reported last."""
    found = connection.execute(select(years).where(years.c.employer_id == employer_id, years.c.year == year)).mappings().first()
    return dict(found) if found is not None else None


def _layoffs(year: Mapping[str, Any], settings: Mapping[str, Any]) -> rules.Layoffs | None:
    leavings = [(one["reason"], one["number"]) for one in from_json(year["leavings"])]
    return rules.layoffs(from_json(year["insured_by_month"]), leavings, str(settings.get("layoff_formula", "dismissals_over_average")))


def layoffs_of(connection: Connection, employer_id: str, year: int, settings: Mapping[str, Any]) -> rules.Layoffs | None:
    """The layoff rate of a year, also of the one that is running, as far as its data go."""
    found = _year_of(connection, employer_id, year)
    return _layoffs(found, settings) if found is not None else None


def retention_of(connection: Connection, employer_id: str, day: date, settings: Mapping[str, Any]) -> Decimal | None:
    """留用率 of the internships that ended within the months up to the day that the settings name; ``None`` where none did."""
    months = int(settings.get("retention_months", rules.RETENTION_MONTHS))
    since = add_months(day, -months)
    over = and_(internships.c.employer_id == employer_id, internships.c.ended_on <= day, internships.c.ended_on > since)
    outcomes = connection.execute(select(internships.c.outcome, internships.c.contract_signed).where(over)).all()
    formula = str(settings.get("retention_formula", "with_contracts_before_end"))
    return rules.retention_percent(((outcome, bool(signed)) for outcome, signed in outcomes), formula)


def has_anything(connection: Connection, employer_id: str) -> bool:
    """Whether there is anything beside the record itself: insurance data, hires, internships."""
    asked = or_(
        select(years.c.employer_id).where(years.c.employer_id == employer_id).exists(),
        select(hires.c.hire_id).where(hires.c.employer_id == employer_id).exists(),
        select(internships.c.internship_id).where(internships.c.employer_id == employer_id).exists(),
    )
    return bool(connection.execute(select(func.count()).where(asked)).scalar())
