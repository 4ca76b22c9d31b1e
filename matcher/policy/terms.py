"""The terms of an entry: conditions and amounts, as frozen typed models. Unknown fields are refused; numbers are ``Decimal``.

A condition is a leaf (``field``, ``op``, ``value``, ``certainty``) or a group (``any_of`` or ``all_of``).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

Op = Literal["eq", "in", "contains_any", "gte", "gt", "lte", "lt", "between", "unstated"]


def _decimal(value: Any) -> Any:
    # A YAML number is written in decimal; going through its shortest form keeps 5.5 exactly 5.5.
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


Number = Annotated[Decimal, BeforeValidator(_decimal)]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Leaf(Part):
    """One test of one fact. ``certainty: ambiguous`` and ``op: unstated`` are unknown whatever the fact."""

    field: str
    op: Op
    value: Any
    certainty: Literal["ambiguous"] | None = None


class AnyOf(Part):
    any_of: tuple[Condition, ...] = Field(min_length=1)


class AllOf(Part):
    all_of: tuple[Condition, ...] = Field(min_length=1)


def _condition_kind(value: Any) -> str:
    if isinstance(value, dict):
        for name in ("any_of", "all_of"):
            if name in value:
                return name
        return "leaf"
    return "any_of" if isinstance(value, AnyOf) else "all_of" if isinstance(value, AllOf) else "leaf"


Condition: TypeAlias = Annotated[
    Annotated[Leaf, Tag("leaf")] | Annotated[AnyOf, Tag("any_of")] | Annotated[AllOf, Tag("all_of")],
    Discriminator(_condition_kind),
]


class NotStated(Part):
    """The text promises a benefit without a figure."""

    type: Literal["not_stated"]
    likely_reference: str | None = None
    also: str | None = None
    base: str | None = None
    sized_by: str | tuple[str, ...] | None = None
    effect: str | None = None


class LadderNotStated(Part):
    type: Literal["ladder_not_stated"]
    basis: str


class MonthlyPerPerson(Part):
    type: Literal["monthly_per_person"]
    yuan_per_month: Number
    max_months: Count
    max_total_yuan: Number


class Fraction(Part):
    num: int
    den: int


class FractionCapOfBase(Part):
    type: Literal["fraction_cap_of_base"]
    max_fraction: Fraction
    base: str


class Fixed(Part):
    """One sum a person, an enterprise's insured employee, or a project."""

    type: Literal["fixed", "fixed_per_person", "fixed_per_insured_employee"]
    yuan: Number


class ByReference(Part):
    """The sum of another entry; with several, of the one whose conditions hold."""

    type: Literal["by_reference"]
    reference: str | tuple[str, ...]


class Case(Part):
    when: Leaf
    yuan: Number | None = None
    reference: str | None = None


class ByCategory(Part):
    type: Literal["by_category"]
    cases: tuple[Case, ...]


class PersonStep(Part):
    min: Number
    max: Number | None = None
    yuan_per_person: Number


class LadderPerPerson(Part):
    type: Literal["ladder_per_person"]
    basis: str
    steps: tuple[PersonStep, ...]
    cliff: bool


class TotalStep(Part):
    min: Number
    max: Number | None = None
    yuan: Number


class LadderTotal(Part):
    type: Literal["ladder_total"]
    basis: str
    steps: tuple[TotalStep, ...]
    cumulative: bool


class PercentOfBase(Part):
    type: Literal["percent_of_base"]
    percent: Number
    base: str


class PercentStep(Part):
    gte: Number | None = None
    gt: Number | None = None
    lt: Number | None = None
    lte: Number | None = None
    percent: Number


class StepRule(Part):
    above_percent: Number
    each_points: Number
    adds_percent_of_base: Number


class TopRule(Part):
    above_percent: Number
    percent_of_base: Number


class LadderPercentOfBase(Part):
    type: Literal["ladder_percent_of_base"]
    basis: str
    base: str
    base_percent: Number
    step: StepRule
    top: TopRule
    steps_derived: tuple[PercentStep, ...]


class RemainingMonthsOf(Part):
    type: Literal["remaining_months_of"]
    benefit: str
    max_months: Count | None = None


class NonMonetary(Part):
    type: Literal["non_monetary", "timing_change", "in_kind", "modifier"]
    effect: str
    max_months: Count | None = None
    principal_lte_yuan: Number | None = None


class CapPerPerson(Part):
    type: Literal["cap_per_person"]
    max_yuan: Number
    ladder_basis: str | None = None
    ladder: str | None = None
    varies_by: str | None = None
    counted_by: str | None = None


class Cap(Part):
    type: Literal["cap"]
    max_yuan: Number
    previous_max_yuan: Number | None = None
    sized_by: str | None = None


class ByLevel(Part):
    """One sum a certificate, prize or institution, read by ``level_fact``."""

    type: Literal["by_level_per_person", "by_level_total"]
    level_fact: str
    levels: dict[str, Number]
    max_times_per_year: Count | None = None


class PerYearCapByLevel(Part):
    type: Literal["per_year_cap_by_level"]
    level_fact: str
    max_yuan_per_year: dict[str, Number]
    sized_by: str | None = None


class Rate(Part):
    type: Literal["rate"]
    total_percent: Number
    employer_percent: Number | None = None
    employee_percent: Number | None = None


class TopUp(Part):
    who: tuple[str, ...]
    already_paid_percent: Number
    owed_percent: Number


class PercentBySize(Part):
    type: Literal["percent_of_base_by_size"]
    base: str
    percent_by_size: dict[str, Number]
    referenced_kinds_percent: Number | None = None
    top_up: TopUp | None = None


class Deferral(Part):
    type: Literal["deferral"]
    insurance: tuple[str, ...]
    part: str
    late_fee: str
    pension_until: date | None = None
    unemployment_until: date | None = None


class Loan(Part):
    type: Literal["loan"]
    max_credit_yuan: Number | None = None
    max_rate_percent: Number | None = None
    rate_in_principle: bool | None = None
    max_principal_yuan: Number | None = None
    sized_by: str | None = None


class TermExtension(Part):
    type: Literal["term_extension"]
    max_months: Count
    in_principle: bool


class PerYear(Part):
    type: Literal["per_year"]
    yuan_per_year: Number
    previous_yuan_per_year: Number | None = None


class FreeSpace(Part):
    type: Literal["free_space"]
    min_share_of_space_percent: Number


class RangePerCounty(Part):
    type: Literal["range_per_county"]
    min_yuan: Number
    max_yuan: Number
    total_budget_yuan: Number
    counties: Count


class WageGradeRaise(Part):
    type: Literal["wage_grade_raise"]
    grades_min: Count
    grades_max: Count
    also: str


class Post(Part):
    type: Literal["post"]
    min_employed_per_zero_employment_family: Count | None = None
    posts_total_approx: Count | None = None


class Duration(Part):
    type: Literal["duration"]
    months: Count


Amount: TypeAlias = Annotated[
    NotStated | LadderNotStated | MonthlyPerPerson | FractionCapOfBase | Fixed | ByReference | ByCategory | LadderPerPerson | LadderTotal
    | PercentOfBase | LadderPercentOfBase | RemainingMonthsOf | NonMonetary | CapPerPerson | Cap | ByLevel | PerYearCapByLevel | Rate
    | PercentBySize | Deferral | Loan | TermExtension | PerYear | FreeSpace | RangePerCounty | WageGradeRaise | Post | Duration,
    Field(discriminator="type"),
]  # fmt: skip
