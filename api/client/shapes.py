"""What is sent and answered, as docs/api.md says it. For type checkers: at run time these are dictionaries, and more fields may come."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Source = Literal["enterprise", "gig_market", "labour_brand"]
EmploymentForm = Literal["full_time", "part_time", "temporary", "seasonal", "internship", "gig"]
HintStatus = Literal["ELIGIBLE", "NEEDS_CHECK", "NOT_ELIGIBLE", "OUT_OF_WINDOW"]
Answer = Literal["interested", "refused", "seen"]
Step = Literal["invited", "talking", "offered", "hired", "not_hired", "left"]
JSON = dict[str, Any]


class Location(TypedDict):
    lat: float
    lon: float


class Pay(TypedDict, total=False):
    min: float
    max: float
    unit: Literal["month", "year", "week", "day", "hour", "piece"]
    months: float


class EmployerName(TypedDict, total=False):
    employer_id: str
    name: str
    uscc: str


class Posting(TypedDict, total=False):
    posting_id: str
    source: Source
    source_id: str
    title: str
    description: str
    employer: EmployerName
    occupation_code: str
    type: str
    employment_form: EmploymentForm
    headcount: int
    region: str
    address: str
    location: Location
    pay: Pay
    education_min: str
    experience_years_min: float
    contract_months: float
    skills: list[str]
    certificates: list[str]
    open_to: list[str]
    contact: dict[str, str]  # sent, never answered in lists
    work: JSON
    published_at: str
    apply_by: str
    brand_id: str | None
    market_id: str | None
    facts: JSON
    distance_km: float
    state: str
    revision: int


class Employer(TypedDict, total=False):
    employer_id: str
    name: str
    uscc: str
    region: str
    size: str
    ownership: str
    kind: str
    industry: list[str]
    insured_employees: int
    programme: list[str]
    recognition: list[str]
    key: JSON
    facts: JSON
    verified: bool
    state: str


class Person(TypedDict, total=False):
    person_id: str
    kind: Literal["registered_unemployed", "graduate", "jobseeker"]
    region: str
    birth_year_month: str
    registered_unemployed_on: str
    registered_at: str
    desired: JSON
    intention: Literal["employment", "flexible", "startup", "unclear"]
    location: Location
    education: JSON
    experience: list[JSON]
    skills: list[str]
    certificates: list[str]
    categories: list[str]
    consent: dict[str, bool]
    private: dict[str, str]  # sent, never answered
    facts: JSON
    state: str


class Sent(TypedDict, total=False):
    """What became of one object: with ``wait`` intake's ``outcome``, else ``state: received``."""

    line: int
    id: str
    message_id: str
    posting_id: str
    person_id: str
    employer_id: str
    state: str
    outcome: str
    unchanged: bool
    notes: list[str]
    rule: str
    evidence: str
    change: str
    merged_into: str


class RejectedLine(TypedDict):
    line: int
    errors: list[JSON]


class SentLines(TypedDict):
    accepted: list[Sent]
    rejected: list[RejectedLine]


class Postings(TypedDict):
    total: int
    items: list[Posting]
    facets: JSON
    cursor: str | None


class Hint(TypedDict, total=False):
    entry_id: str
    benefit: str
    name: str
    payee: str
    status: HintStatus
    amount: JSON | None
    missing: list[str]
    failed: list[str]
    unstated: list[str]
    source: JSON
    window: JSON
    text: str


class Recommendation(TypedDict, total=False):
    match_id: str
    person_id: str
    posting_id: str
    as_of: str
    score: float
    band: int
    rank: int | None
    priority: int
    priority_reasons: list[str]
    criteria: list[JSON]
    not_stated: list[str]
    hints: list[Hint]
    model_version: str
    catalogue_version: str


class InboxItem(TypedDict, total=False):
    match_id: str
    posting_id: str
    state: str


class Explanation(TypedDict, total=False):
    person_id: str
    posting_id: str
    as_of: str
    blockers: list[JSON]
    criteria: list[JSON]
    near_miss: list[JSON]
    score: float | None
    hints: list[Hint]


class HintResults(TypedDict):
    results: list[JSON]
    emitted: list[str]


class Change(TypedDict, total=False):
    """One line of the feed: ``upsert`` with the posting, or ``removed`` with the ``reason``."""

    cursor: str
    posting_id: str
    at: str
    change: Literal["upsert", "removed"]
    reason: str
    merged_into: str
    posting: Posting


class Event(TypedDict, total=False):
    id: str
    event: str
    data: Any


class ShortageLine(TypedDict, total=False):
    title: str
    occupation_code: str
    number: int


class Gap(TypedDict, total=False):
    employer_id: str
    commissioner_id: str
    reported: int
    filled: int
    accepted: int
    in_talks: int
    gap: int
    age_days: int
    lines: list[JSON]
