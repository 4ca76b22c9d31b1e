"""Policy: what insurance data, claimants and staff say of benefits, and what the exchange says of them in turn.

Money is a text with the exact decimal number of yuan: JSON's numbers are not exact.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from streams.runtime.messages import Message

Audience = Literal["employer", "person"]
Decision = Literal["approve", "reject", "pay", "hold", "release"]


# -- facts: what comes from outside --------------------------------------------------------------------------------------


class InsuranceRecorded(Message):
    """Insurance data: this employer insures (or insured, with ``ended_on``) this person; compared with the unemployment register (E-09)."""

    type: ClassVar[str] = "insurance.recorded"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    employer_id: str
    insured_on: date
    ended_on: date | None = None
    paid_in_full: bool | None = None
    by: str | None = None


class Leaving(BaseModel):
    """So many people left the insured staff for this reason (codes in ``rules.LEAVING_REASONS``)."""

    model_config = ConfigDict(frozen=True)
    reason: str
    number: int


class InsuranceYearRecorded(Message):
    """Insurance data of one employer and year (E-08, E-12): insured people at the end of each month, leavings, contributions, what was paid
    back already. The newest report of a year replaces the one before."""

    type: ClassVar[str] = "insurance.year_recorded"
    key: ClassVar[str] = "employer_id"
    employer_id: str
    year: int
    insured_by_month: tuple[int, ...]
    leavings: tuple[Leaving, ...] = ()
    contributions_yuan: str | None = None  # unemployment insurance, actually paid by employer and employees
    refunded_yuan: str | None = None  # paid back so far for this year's contributions
    by: str | None = None


class InternshipEnded(Message):
    """An internship is over (J-22): ``completed`` (with or without a contract), ``contract_before_end``, or ``broken_off``."""

    type: ClassVar[str] = "internship.ended"
    key: ClassVar[str] = "employer_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    employer_id: str
    started_on: date
    ended_on: date
    outcome: Literal["completed", "contract_before_end", "broken_off"]
    contract_signed: bool = False
    months_left: int | None = None
    by: str | None = None


class IncomeRecorded(Message):
    """Civil affairs data (J-16): a 低保 family's income per head in a month beside the local standard. The standard comes with the record:
    no document states one."""

    type: ClassVar[str] = "income.recorded"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    month: date  # its first day
    income_per_head_yuan: str
    standard_yuan: str
    by: str | None = None


class FounderRecorded(Message):
    """What the market regulator's, tax and insurance data say of a founder (J-37). The newest report replaces the one before; what is not
    in it is not known from data."""

    type: ClassVar[str] = "founder.recorded"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    registered_with_market_regulator: bool | None = None
    registered_on: date | None = None
    has_tax_activity: bool | None = None
    has_social_insurance_payment: bool | None = None
    jobs_created: int | None = None
    by: str | None = None


class CivilAffairsTold(Message):
    """Staff handed a list of people in hardship to civil affairs (J-16), with this said of this person. ``batch``: the list."""

    type: ClassVar[str] = "civil_affairs.told"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    batch: str
    told: dict[str, str]
    by: str


class ClaimMade(Message):
    """An employer claims a benefit that is about no single person. ``declared``: facts that the claimant states; ``account``: a keyed hash
    of the account to be paid to, never the number; ``evidence``: codes of the proofs handed in (E-11)."""

    type: ClassVar[str] = "claim.made"
    key: ClassVar[str] = "claim_id"
    free_text: ClassVar[tuple[str, ...]] = ("note",)
    claim_id: str
    benefit: str
    employer_id: str
    about: str = ""  # the year, where a benefit is paid by the year
    on: date
    declared: dict[str, Any] = {}
    evidence: tuple[str, ...] = ()
    account: str | None = None
    note: str | None = None
    package: str | None = None
    by: str = ""


class PersonClaimMade(Message):
    """The same about a person: a hire for which the employer is paid, or a person's own claim (``employer_id`` absent)."""

    type: ClassVar[str] = "claim.person_made"
    key: ClassVar[str] = "claim_id"
    sealed_for: ClassVar[str | None] = "person_id"
    free_text: ClassVar[tuple[str, ...]] = ("note",)
    claim_id: str
    person_id: str
    benefit: str
    employer_id: str | None = None
    about: str = ""  # the hire's match id
    on: date
    declared: dict[str, Any] = {}
    evidence: tuple[str, ...] = ()
    account: str | None = None
    relative: bool | None = None  # of the employer's owner or manager, as declared
    note: str | None = None
    package: str | None = None
    by: str = ""


class ClaimDecided(Message):
    """Staff took a claim a stage further, or held or released it. ``yuan``: what is granted or was paid."""

    type: ClassVar[str] = "claim.decided"
    key: ClassVar[str] = "claim_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
    claim_id: str
    decision: Decision
    by: str
    reason: str | None = None
    yuan: str | None = None


class ClaimObjected(Message):
    """The claimant objects to a hold or a refusal; every automated decision has this way (C-16)."""

    type: ClassVar[str] = "claim.objected"
    key: ClassVar[str] = "claim_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
    claim_id: str
    by: str
    reason: str


class NoticeSeen(Message):
    """Somebody of the addressed employer, or the addressed person, has opened a notice (E-09 counts pushed, opened, claimed, paid)."""

    type: ClassVar[str] = "policy.notice_seen"
    key: ClassVar[str] = "notice_id"
    notice_id: str
    by: str


# -- what the exchange says ----------------------------------------------------------------------------------------------


class PolicyNotice(Message):
    """A notice to an employer about a benefit. ``kind``: offer, ready, top_up, changed, choice, threshold, closing, closed, comparison.

    Whole state of what is offered; ``revision`` grows with each notice of the same offer.
    """

    type: ClassVar[str] = "policy.notice"
    key: ClassVar[str] = "employer_id"
    notice_id: str
    kind: str
    employer_id: str
    offer_id: str | None = None
    benefit: str
    entry_id: str | None = None
    about: str = ""
    status: str | None = None
    yuan: str | None = None
    day: date
    last_day: date | None = None
    numbers: dict[str, str] = {}


class PersonPolicyNotice(Message):
    """The same about a person: to the employer that hired them (``audience`` employer), or to the person."""

    type: ClassVar[str] = "policy.person_notice"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    notice_id: str
    kind: str
    audience: Audience
    person_id: str
    employer_id: str | None = None
    offer_id: str | None = None
    benefit: str
    entry_id: str | None = None
    about: str = ""
    status: str | None = None
    yuan: str | None = None
    day: date
    last_day: date | None = None
    numbers: dict[str, str] = {}


class CheckScheduled(Message):
    """A condition that can only come true later (six months' stable employment, contributions paid) is looked at again on ``due``."""

    type: ClassVar[str] = "policy.check_scheduled"
    key: ClassVar[str] = "match_id"
    match_id: str
    employer_id: str
    due: date
    entry_ids: tuple[str, ...]


class EmployerCounted(Message):
    """Whole state of what policy counts of an employer (E-23, E-24), so that hints of new pairs are at the rate that the count gives.

    ``absorbed``: new hires with six stable months in the counting period; ``poverty``: people from poverty now employed; ``share`` of them
    in percent, where the number of all who work there is known.
    """

    type: ClassVar[str] = "employer.counted"
    key: ClassVar[str] = "employer_id"
    employer_id: str
    revision: int
    absorbed: int
    poverty: int
    share: str | None = None


class WindowChanged(Message):
    """A window opened, closed, or closes in ``days_left`` days (told 30 and 7 days before): whoever holds an open hint of it is to know."""

    type: ClassVar[str] = "policy.window_changed"
    key: ClassVar[str] = "entry_id"
    entry_id: str
    benefit: str
    event: Literal["opened", "closing", "closed"]
    day: date
    last_day: date | None = None
    days_left: int | None = None


class ClaimStageChanged(Message):
    """Whole state of a claim's stage: 受理 (accepted), 审核 (approved or rejected), 发放 (paid); held and refused with their reasons."""

    type: ClassVar[str] = "claim.stage_changed"
    key: ClassVar[str] = "claim_id"
    claim_id: str
    revision: int
    benefit: str
    entry_id: str | None = None
    employer_id: str | None = None
    stage: str
    held: bool = False
    rules: tuple[str, ...] = ()
    yuan: str | None = None
    at: str
