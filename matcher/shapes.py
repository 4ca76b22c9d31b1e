"""The shapes that others rely on (contract.md): posting, employer, person, recommendation, hint.

Everything is frozen. An unknown value is ``None`` (or an empty tuple only where the source said "none"): never "", 0 or 「不限」.
Listed values are closed; unknown further fields are accepted and ignored. ``read_*`` turns a JSON object into a shape or raises
``ShapeError`` with one ``FieldError`` per faulty field, never echoing ``private`` values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from matcher.days import day_of, in_shanghai

Source = Literal["enterprise", "gig_market", "labour_brand"]
PostingType = Literal[
    "regular", "gig", "internship", "public_welfare_post", "public_service_post", "work_relief_project",
    "government_investment_project", "grassroots_management_project", "resettlement_service_post", "university_flow_post",
]  # fmt: skip
EmploymentForm = Literal["full_time", "part_time", "temporary", "seasonal", "internship", "gig"]
PayUnit = Literal["month", "year", "week", "day", "hour", "piece"]
PersonKind = Literal["registered_unemployed", "graduate", "jobseeker"]
Intention = Literal["employment", "flexible", "startup", "unclear"]
PostingStatus = Literal["open", "closed", "held"]


_PLAIN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BASIC_DAY = re.compile(r"[0-9]{8}")
_NUMBER = re.compile(r"[-+]?[0-9.]+(?:[eE][0-9]+)?")


def _blank_is_unknown(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        return None
    return value


def _region(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[1-9][0-9]{5}", value):
        raise ValueError("six digits expected, such as 140105")
    return value


def _occupation(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9]-[0-9]{2}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("an occupation code of the 2022 classification expected, such as 6-18-02-04")
    return value


def _year_month(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])", value):
        raise ValueError("YYYY-MM expected, such as 1996-04")
    return value


def _zoned(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    # Outside lies a slip of the pen; and days are counted from here, which must not run over the calendar's edge.
    if not 1900 <= value.year <= 2999:
        raise ValueError("a time from 1900 to 2999 expected")
    return in_shanghai(value)


def _written_time(value: Any, example: str) -> Any:
    # ISO 8601 (contract.md), 20261120 included: a bare number would be read as seconds since 1970, which nobody meant.
    if isinstance(value, str) and _BASIC_DAY.fullmatch(value):
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError(f"an ISO 8601 text expected, such as {example}")
    return value


def _day_start(value: Any) -> Any:
    # A bare date where an instant is meant is the first instant of that day in Shanghai.
    value = _written_time(_blank_is_unknown(value), "2026-11-20T09:00:00+08:00")
    if isinstance(value, str) and _PLAIN_DAY.fullmatch(value):
        return value + "T00:00:00+08:00"
    return value


def _day_of_time(value: Any) -> Any:
    # An instant where a day is meant is the day in Shanghai that holds it.
    value = _written_time(_blank_is_unknown(value), "2026-11-20")
    if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}[T ]", value):
        try:
            return day_of(datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            raise ValueError("a date expected, such as 2026-11-20") from None
    return value


def _nowhere_is_unknown(value: Any) -> Any:
    # A place of which neither coordinate is known is not stated.
    if isinstance(value, Mapping) and value.get("lat") is None and value.get("lon") is None:
        return None
    return value


def _texts(value: Any) -> Any:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return [item.strip() for item in value if item.strip()]
    return value


Text = Annotated[str | None, BeforeValidator(_blank_is_unknown)]
Region = Annotated[str | None, BeforeValidator(_blank_is_unknown), AfterValidator(_region)]
OccupationCode = Annotated[str | None, BeforeValidator(_blank_is_unknown), AfterValidator(_occupation)]
YearMonth = Annotated[str | None, BeforeValidator(_blank_is_unknown), AfterValidator(_year_month)]
Instant = Annotated[datetime | None, BeforeValidator(_day_start), AfterValidator(_zoned)]
Day = Annotated[date | None, BeforeValidator(_day_of_time)]
Texts = Annotated[tuple[str, ...] | None, BeforeValidator(_texts)]
Money = Annotated[float | None, Field(ge=0, le=1e9, allow_inf_nan=False)]
Identity = Annotated[str, Field(min_length=1, max_length=200)]


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {name: value for name, value in data.items() if value is not None}
        return data


class Location(Shape):
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)


Place = Annotated[Location | None, BeforeValidator(_nowhere_is_unknown)]


class Pay(Shape):
    """Pay as stated, yuan per ``unit``; ``months`` a year where the unit is month (13 to 18 months' pay)."""

    min: Money = None
    max: Money = None
    unit: PayUnit | None = None
    months: Annotated[float | None, Field(gt=0, le=24, allow_inf_nan=False)] = None


class EmployerRef(Shape):
    employer_id: Text = None
    name: Text = None
    uscc: Text = None


class Contact(Shape):
    """Private: split off before anything is appended, shown to a person after ``interested``."""

    person: Text = None
    phone: Text = None


class Work(Shape):
    starts_at: Instant = None
    hours_per_day: Annotated[float | None, Field(gt=0, le=24)] = None
    days: Annotated[float | None, Field(gt=0, le=3660)] = None
    pay_on: Text = None


Insurance = Literal["social", "housing_fund", "commercial"]
Shifts = Literal["day", "night", "two_shift", "three_shift", "rotating"]


class Terms(Shape):
    """What the work is like and what comes with it. None: not said; False or (): said that there is none.

    ``insurance``: 社会保险, 住房公积金, 意外险 and other commercial cover. ``rest_days``: days off a month (双休 8).
    ``pay_confidence``: how sure the reading of the pay was, 0 to 1. ``read``: the names of the posting's fields that were read from its
    text and not stated in a field.
    """

    board: bool | None = None
    lodging: bool | None = None
    insurance: tuple[Insurance, ...] | None = None
    shifts: Shifts | None = None
    overtime: bool | None = None
    rest_days: Annotated[float | None, Field(ge=0, le=15)] = None
    hours_per_day: Annotated[float | None, Field(gt=0, le=24)] = None
    probation_months: Annotated[float | None, Field(ge=0, le=60)] = None
    pay_tax: Literal["before", "after"] | None = None
    pay_base_plus: bool | None = None
    pay_confidence: Annotated[float | None, Field(ge=0, le=1)] = None
    read: Texts = None


class Posting(Shape):
    posting_id: Identity
    source: Source
    title: Annotated[str, Field(min_length=1, max_length=500)]
    source_id: Text = None
    description: Text = None
    employer: EmployerRef = EmployerRef()
    occupation_code: OccupationCode = None
    type: PostingType | None = None
    employment_form: EmploymentForm | None = None
    headcount: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    region: Region = None
    address: Text = None
    location: Place = None
    pay: Pay = Pay()
    education_min: Text = None  # two-digit GB/T 4658 code; "90": no requirement
    experience_years_min: Annotated[float | None, Field(ge=0, le=80)] = None
    skills: Texts = None
    certificates: Texts = None
    open_to: Texts = None
    contact: Contact | None = None
    work: Work = Work()
    contract_months: Annotated[float | None, Field(ge=0, le=1200)] = None
    terms: Terms | None = None
    published_at: Instant = None
    confirmed_at: Instant = None
    apply_by: Day = None
    brand_id: Text = None
    market_id: Text = None
    status: PostingStatus | None = None
    filled: Annotated[int | None, Field(ge=0)] = None
    facts: Mapping[str, Any] = {}

    @property
    def form(self) -> str | None:
        """Employment form; ``type: gig`` implies gig (contract.md)."""
        return "gig" if self.type == "gig" else self.employment_form

    @property
    def openings_left(self) -> int:
        """Openings not taken; a posting without a headcount has one."""
        return max(0, (self.headcount or 1) - (self.filled or 0))


class KeyEmployer(Shape):
    """Entry on the list of employers whose staffing is guaranteed (E-01)."""

    class_: Annotated[str | None, Field(alias="class")] = None
    level: Text = None
    from_: Annotated[Day, Field(alias="from")] = None
    to: Day = None
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Licence(Shape):
    """An agency's admission (E-27): 许可, 备案, or a 许可 granted on the agency's promise (告知承诺), which is checked again."""

    kind: Literal["licence", "filing", "commitment"]
    number: Text = None
    from_: Annotated[Day, Field(alias="from")] = None
    to: Day = None
    checked_on: Day = None  # of a commitment: the day staff looked
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    def holds_on(self, day: date) -> bool:
        """In force on that day, both days included."""
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)


class Employer(Shape):
    employer_id: Identity
    name: Text = None
    uscc: Text = None
    region: Region = None
    size: Literal["micro", "small", "medium", "large", "none"] | None = None
    ownership: Literal["private", "state", "other"] | None = None
    kind: Text = None
    industry: Texts = None
    insured_employees: Annotated[int | None, Field(ge=0)] = None
    programme: Texts = None
    recognition: Texts = None
    key: KeyEmployer | None = None
    licence: Licence | None = None
    facts: Mapping[str, Any] = {}

    def is_key(self, as_of: date) -> bool:
        """On the list of guaranteed employers on that day, both days included."""
        if self.key is None:
            return False
        return (self.key.from_ is None or self.key.from_ <= as_of) and (self.key.to is None or as_of <= self.key.to)


class Desired(Shape):
    titles: Texts = None
    occupation_codes: Annotated[tuple[Annotated[str, AfterValidator(_occupation)], ...] | None, BeforeValidator(_texts)] = None
    regions: Annotated[tuple[Annotated[str, AfterValidator(_region)], ...] | None, BeforeValidator(_texts)] = None
    max_distance_km: Annotated[float | None, Field(ge=0, le=20_100)] = None
    pay_min: Money = None
    employment_forms: tuple[EmploymentForm, ...] | None = None
    available_from: Day = None


class Education(Shape):
    level: Text = None  # two-digit GB/T 4658 code; "90" is unknown
    major: Text = None
    school: Text = None
    graduated_on: Day = None


class Experience(Shape):
    title: Text = None
    years: Annotated[float | None, Field(ge=0, le=80)] = None
    occupation_code: OccupationCode = None


class Consent(Shape):
    """What somebody agreed to; silence is no consent. ``share_with_civil_affairs``: that the 渐退期 is told to civil affairs (002 六)."""

    recommend: bool | None = None
    share_with_employers: bool | None = None
    share_with_civil_affairs: bool | None = None  # and of hardship while registered as unemployed


class Private(Shape):
    """Encrypted on arrival; never comes back from any list, feed, topic, index or log."""

    name: Text = None
    id_number: Text = None
    phone: Text = None


class Person(Shape):
    person_id: Identity
    kind: PersonKind
    region: Region = None
    birth_year_month: YearMonth = None
    registered_unemployed_on: Day = None
    registered_at: Region = None
    desired: Desired = Desired()
    intention: Intention | None = None
    location: Place = None
    education: Education = Education()
    experience: tuple[Experience, ...] | None = None
    skills: Texts = None
    certificates: Texts = None
    categories: Texts = None
    consent: Consent | None = None
    private: Private | None = Field(default=None, repr=False)
    facts: Mapping[str, Any] = {}

    @property
    def all_categories(self) -> frozenset[str]:
        """Declared categories plus the one that ``kind`` adds (contract.md)."""
        own = {"registered_unemployed": "registered_unemployed", "graduate": "college_graduate"}.get(self.kind)
        return frozenset(self.categories or ()) | (frozenset((own,)) if own else frozenset())


class FieldError(BaseModel):
    model_config = ConfigDict(frozen=True)
    field: str
    message: str
    allowed: list[str] | None = None


class ShapeError(ValueError):
    """A JSON object that is not the shape it should be; ``errors`` names each faulty field."""

    def __init__(self, errors: list[FieldError]):
        self.errors = errors
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors))


_PLAIN = {
    "missing": "required",
    "string_type": "text expected",
    "int_parsing": "whole number expected",
    "int_type": "whole number expected",
    "float_parsing": "number expected",
    "float_type": "number expected",
    "date_from_datetime_parsing": "date expected, such as 2026-11-20",
    "date_parsing": "date expected, such as 2026-11-20",
    "datetime_parsing": "time expected, such as 2026-11-20T09:00:00+08:00",
    "datetime_from_date_parsing": "time expected, such as 2026-11-20T09:00:00+08:00",
    "tuple_type": "list expected",
    "model_type": "object expected",
    "model_attributes_type": "object expected",
}


def field_errors(error: ValidationError) -> list[FieldError]:
    """Pydantic's errors as ours: dotted field, plain message, allowed values; the faulty value itself is never repeated."""
    found: dict[str, FieldError] = {}
    for item in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in item["loc"]) or "(object)"
        allowed: list[str] | None = None
        if item["type"] == "literal_error":
            allowed = [
                part.strip().strip("'") for part in re.split(r",| or ", str(item.get("ctx", {}).get("expected", ""))) if part.strip()
            ]
            message = "one of the listed values expected"
        elif item["type"] == "value_error":
            message = str(item.get("ctx", {}).get("error", item["msg"]))
        else:
            message = _PLAIN.get(item["type"], item["msg"])
        found.setdefault(name, FieldError(field=name, message=message, allowed=allowed))
    return list(found.values())


ShapeT = TypeVar("ShapeT", bound=Shape)


def read_shape(shape: type[ShapeT], data: Any) -> ShapeT:
    """``data`` (a decoded JSON value) as ``shape``; raises ``ShapeError``."""
    if not isinstance(data, Mapping):
        raise ShapeError([FieldError(field="(object)", message="a JSON object expected")])
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise ShapeError(field_errors(error)) from None


def read_posting(data: Any) -> Posting:
    return read_shape(Posting, data)


def read_person(data: Any) -> Person:
    return read_shape(Person, data)


def read_employer(data: Any) -> Employer:
    return read_shape(Employer, data)
