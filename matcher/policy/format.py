"""The catalogue's format: what one YAML file a benefit may say, and what the benefits share, as frozen typed models.

The JSON Schema of these models ships beside the files as ``catalogue.schema.json``.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, TypeAlias

from pydantic import Field, model_validator

from matcher.policy.terms import Amount, Condition, Number, Part

Day: TypeAlias = date
Channel = Literal["hint_per_match", "enterprise_push", "person_push", "founder_push", "institution_level", "modifier"]
FieldType = Literal["bool", "date", "enum", "number", "set", "unstated_marker"]
DocumentId = Literal["000", "001", "002", "003", "004"]


class Window(Part):
    """First and last day of the triggering event, both included; ``to`` null: no end is stated."""

    from_: date = Field(alias="from")
    from_basis: Literal["stated", "doc_date", "doc_month_day_blank"]
    to: date | None
    to_basis: Literal["stated", "derived_doc_validity_5y", "derived_plan_period", "derived_superseded", "none_stated"]
    kind: Literal["policy_period", "application_deadline", "event_window", "document_validity", "plan_period", "none"]

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if self.to is not None and self.to < self.from_:
            raise ValueError("window ends before it begins")
        if (self.to is None) != (self.to_basis == "none_stated"):
            raise ValueError("to and to_basis disagree: none_stated belongs to a window without an end")
        return self

    def holds(self, day: date) -> bool:
        return self.from_ <= day and (self.to is None or day <= self.to)

    def over(self, day: date) -> bool:
        """Whether nothing can be applied for any more: whatever the window is about, a claim has to come inside it too."""
        return self.to is not None and self.to < day


class Superseded(Part):
    entry: str
    mode: Literal[
        "explicit_replacement", "lapsed_then_restated", "lapsed_then_restated_wider", "replaced_for_later_year", "restated_wider",
        "restated_other_terms", "restated_same_terms", "restated_keep_earlier_criteria", "later_adds_amount", "merged",
    ]  # fmt: skip
    basis: str


class Exclusion(Part):
    benefit: str
    source: str
    quote: str
    strength: str | None = None


class Evidence(Part):
    employment_proof_any_of: tuple[str, ...]
    social_insurance_detail_required_only_for: tuple[str, ...]
    startup_training_certificate_required: bool


class Entry(Part):
    """One benefit as one document states it (one entry a branch where a sentence has several)."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*__00[0-4][a-z0-9_]*$")
    variant: str | None = None
    name: str
    kind: Literal[
        "allowance", "contribution_deferral", "eligibility_modifier", "facilitation", "facility", "fee_relief", "income_support", "loan",
        "post", "process_rule", "refund", "reward", "subsidy", "tax_relief", "wage_benefit", "wage_quota",
    ]  # fmt: skip
    document: DocumentId
    clause: str
    quote: str
    payee: Literal["employer", "jobseeker", "intern_unit", "training_org", "enterprise_founder", "institution", "market"]
    trigger: str
    amount: Amount
    conditions: tuple[Condition, ...]
    priority: tuple[Condition, ...] = ()
    window: Window
    supersedes: tuple[str, ...] = ()
    superseded_by: Superseded | None = None
    excludes: tuple[Exclusion, ...] = ()
    possible_overlap: tuple[str, ...] = ()
    usable_as: tuple[Channel, ...] = Field(min_length=1)
    pointer_only: bool = False
    application: Literal["mandated", "permitted", "proactive_push", "not_stated"]
    evaluable_at: Literal[
        "after_failed_market_matches", "after_hire", "after_internship_cohort", "after_training", "always", "at_certificate", "at_claim",
        "at_contract", "at_first_employee", "at_internship_start", "at_match", "at_ui_enrolment", "enterprise_thresholds_met",
        "month_12_after_registration", "month_6_after_hire", "monthly_after_hire", "never_until_rule_exists", "on_award", "on_cpi_event",
        "on_registration", "on_risk_level_event", "yearly",
    ]  # fmt: skip
    evidence: Evidence | None = None
    hint: str | None = None
    notes: str = ""
    not_modelled: tuple[str, ...] = ()
    checked_on: date


class BenefitFile(Part):
    """One file of the catalogue: all entries of one benefit."""

    benefit: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    entries: tuple[Entry, ...] = Field(min_length=1)


class Document(Part):
    id: DocumentId
    doc_number: str | None = None
    doc_number_note: str | None = None
    title: str
    issuer: str
    dated: str
    dated_note: str | None = None
    printed: str | None = None
    validity_quote: str | None = None
    validity_from: date
    validity_to: date | None = None
    validity_note: str | None = None
    disclosure: str
    authority: str
    scope_trap: str | None = None


class Categories(Part):
    """Tags of ``person.category`` that are derived, and tags that only make another one possible."""

    always: tuple[str, ...]
    implies: dict[str, tuple[str, ...]]
    candidates: dict[str, tuple[str, ...]]


class Modifier(Part):
    """How an entry changes the reading of others inside its own window."""

    entry: str
    rule: Literal["parity", "false_is_unknown"]
    field: str
    value: str | None = None
    counts_as: str | None = None
    in_kind: str | None = None


class FactField(Part):
    """A fact: its type, who knows it, what readers call it (``label``; of a bool the statement itself), the question that asks for it.

    ``values`` are those that conditions name; a field with a vocabulary takes no other words than those, unless it is ``open``. ``low`` and
    ``high`` where the range of the unit (``facts.RANGES``) is not this field's; ``first_day`` where days before 2021 count.
    """

    type: FieldType
    from_: str = Field(alias="from")
    values: tuple[str, ...] = ()
    label: str = ""
    question: str = ""
    unit: str = ""
    words: dict[str, str] = {}
    open: bool = False
    low: int | None = None
    high: int | None = None
    first_day: date | None = None

    @model_validator(mode="after")
    def _can_be_asked(self) -> FactField:
        if self.type != "unstated_marker" and not (self.label and self.question):
            raise ValueError("label and question expected: every fact can be asked for")
        return self


class Quoted(Part):
    source: str
    quote: str


class ExclusionRule(Part):
    id: str
    rule: Literal["one_of", "higher_total", "bundle_first", "one_variant", "never_sum", "per_year"]
    strength: Literal["stated", "stated_limit", "implied_by_merger", "prudential"]
    between: tuple[str, ...]
    scope: str
    count_fact: str | None = None
    sources: tuple[Quoted, ...] = ()
    window: str | None = None
    behaviour: str


class Stackable(Part):
    benefits: tuple[str, ...]
    basis: str
    source: str
    quote: str


class SettledCase(Part):
    """Facts on a day and what the entry says of them once the conflict is settled."""

    entry: str
    date: Day
    facts: dict[str, Any]
    status: Literal["ELIGIBLE", "NEEDS_CHECK", "NOT_ELIGIBLE", "OUT_OF_WINDOW"]
    yuan: Number | None = None
    percent: Number | None = None


class Target(Part):
    """A number that a document sets itself, in its period (first and last day); no benefit depends on it."""

    what: str
    value: Number
    unit: str
    from_: Day | None = Field(alias="from")
    to: Day | None
    source: str
    quote: str


class Conflict(Part):
    """Where texts disagree: how it was settled, with ``cases`` that hold the entries to it and ``targets`` kept apart."""

    id: str
    topic: str
    texts: tuple[str, ...]
    resolution: str
    cases: tuple[SettledCase, ...] = ()
    targets: tuple[Target, ...] = ()

    @model_validator(mode="after")
    def _settled(self) -> Conflict:
        if not (self.cases or self.targets):
            raise ValueError("cases or targets expected: a conflict is settled by data")
        return self


class Gap(Part):
    benefit: str
    from_: str = Field(alias="from")
    to: str | None
    note: str


class Considered(Part):
    source: str
    what: str
    why: str


class SharedFile(Part):
    """``_catalogue.yaml``: what the benefits share."""

    version: int
    jurisdiction: str
    currency: Literal["CNY"]
    normalisation: str
    documents: tuple[Document, ...]
    order: tuple[str, ...]
    vocabulary: dict[str, dict[str, str]]
    vocabulary_notes: dict[str, str]
    size_groups: dict[str, tuple[str, ...]]
    categories: Categories
    modifiers: tuple[Modifier, ...]
    fields: dict[str, FactField]
    figures: dict[str, str]
    exclusion_rules: tuple[ExclusionRule, ...]
    stackable: tuple[Stackable, ...]
    conflicts: tuple[Conflict, ...]
    gaps: tuple[Gap, ...]
    considered_not_catalogued: tuple[Considered, ...]
