"""Facts of a posting, a person and an employer on a day: what the shapes say, and nothing that they do not.

Explicit ``facts`` of a shape win over what is derived here. Where two shapes state the same fact, the one it belongs to wins
(``employer.*`` the employer, ``person.*`` and ``graduate.*`` the person), otherwise person before employer before posting. Facts of the
wrong type are unknown here; ``faulty_facts`` names them for whoever reads the shape. Household registration is never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from matcher.policy.calendar import age_span, whole_months, years_between
from matcher.policy.facts import FactFault, Facts, KnownTags, Span, Value, read_fact
from matcher.policy.loader import PERSON_PLACE, POSTING_PLACE, Catalogue, load_catalogue
from matcher.shapes import Employer, FieldError, Person, Posting

# 003 专栏2: 支持劳动者通过临时性、非全日制、季节性、弹性工作等形式灵活就业; gig work by the catalogue's prospective_fields.
_FORM_OF_WORK = {"gig": "flexible", "part_time": "flexible", "temporary": "flexible", "seasonal": "flexible", "full_time": "full_time"}
# The occupations that conditions name, by code of the 2022 classification and by title.
_NAMED_OCCUPATIONS = {"4-02-07-08": "快递员", "4-10-08-01": "外卖骑手", "2-05-09-00": "乡村医生"}
_NAMED_TITLES = ("快递员", "外卖骑手", "网约车司机", "乡村医生")
_OWNER = {
    "employer": 1,
    "person": 2,
    "graduate": 2,
    "founder": 2,
    "family": 2,
    "internship": 2,
    "certificate": 2,
    "posting": 0,
    "contract": 0,
}
_NOT_COUNTED = frozenset({"registered_unemployed"})


@dataclass(frozen=True)
class Stated:
    """An explicit fact and whether the shape that states it is the one it belongs to."""

    value: Value
    owned: bool


@dataclass(frozen=True)
class Side:
    """One side of a pair: what follows from its fields, and what its ``facts`` state."""

    derived: Facts
    explicit: dict[str, Stated]


def explicit_facts(catalogue: Catalogue, given: Mapping[str, Any]) -> Facts:
    """The facts of a shape that conditions read and that can be so (type, range, listed words); null is unknown."""
    found: Facts = {}
    for name, value in given.items():
        known = catalogue.shared.fields.get(name)
        if known is None or known.type == "unstated_marker" or value is None:
            continue
        try:
            found[name] = read_fact(catalogue, name, value)
        except FactFault:
            continue
    return found


def faulty_facts(catalogue: Catalogue, given: Mapping[str, Any]) -> list[FieldError]:
    """One error for each fact of a shape that has the wrong type or cannot be so."""
    errors = []
    for name, value in given.items():
        known = catalogue.shared.fields.get(name)
        if known is None or known.type == "unstated_marker" or value is None:
            continue
        try:
            read_fact(catalogue, name, value)
        except FactFault as fault:
            errors.append(FieldError(field=f"facts.{name}", message=str(fault), allowed=fault.allowed))
    return errors


def stated_facts(catalogue: Catalogue, given: Mapping[str, Any], shape: int) -> dict[str, Stated]:
    if not given:
        return {}
    return {name: Stated(value, _OWNER.get(name.split(".", 1)[0]) == shape) for name, value in explicit_facts(catalogue, given).items()}


def _occupation(posting: Posting) -> str | None:
    for name in _NAMED_TITLES:
        if name in posting.title:
            return name
    if posting.occupation_code is None:
        return None
    # An occupation that no condition names is known, and matches none.
    return _NAMED_OCCUPATIONS.get(posting.occupation_code, posting.occupation_code)


def posting_side(catalogue: Catalogue, posting: Posting, employer: Employer | None) -> Side:
    """What posting and employer say, the hire assumed (``employment.is_new_hire``; ``prospective_fields``)."""
    derived: Facts = {"employment.is_new_hire": True}
    if posting.type is not None:
        derived["posting.type"] = posting.type
    form = _FORM_OF_WORK.get(posting.form or "")
    if form is not None:
        derived["person.employment_form"] = form
    if posting.contract_months is not None:
        derived["contract.min_months"] = Decimal(str(posting.contract_months))
    if posting.region is not None:
        derived["posting.in_province"] = posting.region.startswith("14")
        if catalogue.figures:
            derived[POSTING_PLACE] = posting.region
    occupation = _occupation(posting)
    if occupation is not None:
        derived["posting.occupation"] = occupation
    if employer is not None:
        derived.update(_employer_facts(employer))
    explicit = stated_facts(catalogue, posting.facts, 0)
    if employer is not None:
        for name, stated in stated_facts(catalogue, employer.facts, 1).items():
            if stated.owned or name not in explicit or not explicit[name].owned:
                explicit[name] = stated
    return Side(derived, explicit)


def _employer_facts(employer: Employer) -> Facts:
    found: Facts = {}
    for name, text in (("employer.size", employer.size), ("employer.ownership", employer.ownership), ("employer.kind", employer.kind)):
        if text is not None:
            found[name] = text
    if employer.kind == "individual_business":
        # An individual business is no enterprise with a size and no 民营企业 (note on employers in the catalogue).
        found.setdefault("employer.size", "none")
        found.setdefault("employer.ownership", "other")
    if employer.industry is not None:
        found["employer.industry"] = employer.industry
    if employer.insured_employees is not None:
        found["employer.insured_employees"] = Decimal(employer.insured_employees)
    if employer.programme is not None:
        found["employer.programme"] = frozenset(employer.programme)
    if employer.recognition is not None:
        found["employer.recognition"] = frozenset(employer.recognition)
    return found


@lru_cache(maxsize=4096)
def _categories(kind: str, given: tuple[str, ...] | None) -> Value:
    own = {"registered_unemployed": frozenset({"registered_unemployed"}), "graduate": frozenset({"college_graduate"})}.get(
        kind, frozenset()
    )
    never = _NOT_COUNTED if kind == "jobseeker" else frozenset()
    if given is None:
        # Kind says one thing of the set; about every other tag nothing is known.
        return KnownTags(own, never)
    if never:
        # 求职登记 is not counted as unemployment, whatever the list says (nor is what would imply it).
        return frozenset(given) - {"registered_unemployed", "urban_registered_unemployed"}
    return frozenset(given) | own


@lru_cache(maxsize=4096)
def _age(year_month: str, as_of: date) -> Value | None:
    low, high = age_span(int(year_month[:4]), int(year_month[5:]), as_of)
    if high < 0:
        return None
    return Decimal(low) if low == high else Span(Decimal(low), Decimal(high))


@lru_cache(maxsize=65536)
def _months_since(day: date, as_of: date) -> Value | None:
    return Decimal(whole_months(day, as_of)) if day <= as_of else None


@lru_cache(maxsize=16384)
def _years_since(day: date, as_of: date) -> Value | None:
    return years_between(day, as_of) if day <= as_of else None


def _level(code: str | None) -> str | None:
    # GB/T 4658: 1x, 2x, 3x are 高等教育, 4x 中等职业教育; 90 and anything else unheard of is unknown.
    first = (code or "")[:1]
    if first in ("1", "2", "3"):
        return "college"
    if first == "4":
        return "secondary_vocational"
    return "other" if first in ("6", "7", "8") else None


def person_raw(person: Person, catalogue: Catalogue) -> tuple[Any, ...]:
    """What ``facts_of_raw`` reads of a person's fields, as a key; the place only where figures depend on it."""
    education = person.education
    return (
        person.kind,
        person.categories,
        person.birth_year_month,
        person.registered_unemployed_on,
        education.graduated_on,
        education.level,
        person.region if catalogue.figures else None,
    )


def facts_of_raw(raw: tuple[Any, ...], as_of: date) -> Facts:
    """What follows from a person's fields on that day."""
    kind, given, birth, registered, graduated, level, place = raw
    categories = _categories(kind, given)
    holds = categories.holds if isinstance(categories, KnownTags) else categories
    found: Facts = {"person.category": categories}
    registered_now = "registered_unemployed" in holds  # type: ignore[operator]
    if registered_now:
        found["person.unemployed"] = True
        found["person.employed"] = False
    candidates: list[tuple[str, Value | None]] = []
    if birth is not None:
        candidates.append(("person.age", _age(birth, as_of)))
    if registered is not None and kind != "jobseeker":
        candidates.append(("person.registered_unemployed_months", _months_since(registered, as_of)))
    if graduated is not None:
        candidates.append(("graduate.years_since_graduation", _years_since(graduated, as_of)))
    candidates.append(("graduate.level", _level(level)))
    candidates.append((PERSON_PLACE, place))
    for name, value in candidates:
        if value is not None:
            found[name] = value
    return found


def person_side(catalogue: Catalogue, person: Person, as_of: date) -> Side:
    return Side(facts_of_raw(person_raw(person, catalogue), as_of), stated_facts(catalogue, person.facts, 2))


def merged(base: Side, person: Side) -> Facts:
    """Both sides as one set of facts."""
    facts: Facts = {**base.derived, **person.derived}
    for name, stated in base.explicit.items():
        facts[name] = stated.value
    for name, stated in person.explicit.items():
        if name not in base.explicit or not base.explicit[name].owned:
            facts[name] = stated.value
    return facts


def pair_facts(posting: Posting, person: Person, employer: Employer | None, as_of: date, catalogue: Catalogue | None = None) -> Facts:
    """Everything known of this pair on that day, typed as ``evaluate`` reads it. What nobody said is left out.

    Missing ``categories`` give ``KnownTags`` (only the tag of the person's kind is known); the month of birth gives a ``Span`` of two ages.
    """
    catalogue = catalogue or load_catalogue()
    return merged(posting_side(catalogue, posting, employer), person_side(catalogue, person, as_of))
