"""What sources, people and staff say to intake, and what intake says of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from matcher.shapes import Employer, Person, Posting
from streams.runtime.messages import Message, Upcast


def _says_more(body: dict[str, Any]) -> dict[str, Any]:
    """Version 2 knows a posting's terms, an employer's licence, a person's consent to tell civil affairs, reports on wages and on leave;
    version 1 did not."""
    return body


class PostingReceived(Message):
    """A source sent a posting: valid, normalised, without its contact, free text masked. ``owner``: whose posting it is at the source."""

    type: ClassVar[str] = "posting.received"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}
    key: ClassVar[str] = "posting_id"
    posting_id: str
    posting: Posting
    owner: str
    via: str = "api"  # api | file | page | feed
    verified: bool = False  # the sender is a confirmed account or a registered partner
    notes: tuple[str, ...] = ()  # what the readers were not sure of


class PostingWithdrawalReceived(Message):
    type: ClassVar[str] = "posting.withdrawal_received"
    key: ClassVar[str] = "posting_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
    posting_id: str
    reason: str
    by: str | None = None


class PostingConfirmed(Message):
    """The source says the posting still stands; its 60 days start anew."""

    type: ClassVar[str] = "posting.confirmed"
    key: ClassVar[str] = "posting_id"
    posting_id: str
    by: str | None = None


class HoldDecided(Message):
    """Staff decided on a held posting: ``release`` publishes it as it is, ``reject`` ends it."""

    type: ClassVar[str] = "posting.hold_decided"
    key: ClassVar[str] = "posting_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
    posting_id: str
    decision: Literal["release", "reject"]
    by: str
    reason: str


# 003 五(一)2: 「依法打击“黑中介”、虚假招聘、就业歧视、滥用试用期、拖欠试用期工资、不依法签订劳动合同等违法违规行为」.
REPORT_KINDS = {
    "black_agency": "黑中介", "false_posting": "虚假招聘", "discrimination": "就业歧视", "probation_abuse": "滥用试用期",
    "probation_wages": "拖欠试用期工资", "no_contract": "不依法签订劳动合同",
    # 001 六、27: 「加强企业职工工资支付保障和最低工资标准、带薪年休假、未休假工资等制度落实情况动态监管。」
    "wages": "拖欠工资或低于最低工资标准", "annual_leave": "不安排带薪年休假", "leave_wages": "不支付未休年休假工资",
}  # fmt: skip
ReportKind = Literal[
    "black_agency", "false_posting", "discrimination", "probation_abuse", "probation_wages", "no_contract",
    "wages", "annual_leave", "leave_wages",
]  # fmt: skip


class ViolationReported(Message):
    """A user reports a posting, or what followed from it, in one of the kinds. ``by``: the account."""

    type: ClassVar[str] = "posting.violation_reported"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}
    key: ClassVar[str] = "posting_id"
    free_text: ClassVar[tuple[str, ...]] = ("text",)
    posting_id: str
    report_id: str
    kind: ReportKind
    text: str
    by: str


class ReportDecided(Message):
    """What staff found: ``unfounded``; ``ask_correction`` by a day; ``corrected`` in time, which leaves no mark; ``confirmed``; a mark
    ``lifted``. ``employer_id``, ``uscc`` and ``kind`` are the report's."""

    type: ClassVar[str] = "posting.report_decided"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}
    key: ClassVar[str] = "posting_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
    posting_id: str
    report_id: str
    decision: Literal["unfounded", "ask_correction", "corrected", "confirmed", "lifted"]
    by: str
    reason: str
    correct_by: date | None = None
    employer_id: str | None = None
    uscc: str | None = None
    kind: ReportKind


class DuplicateSplit(Message):
    """Staff say that two postings are not the same opening; remembered."""

    type: ClassVar[str] = "posting.duplicate_split"
    key: ClassVar[str] = "posting_id"
    posting_id: str
    from_posting_id: str
    by: str


class PersonReceived(Message):
    """A person registered or changed. ``private`` was split off before; the rest is sealed with the person's key."""

    type: ClassVar[str] = "person.received"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    person: Person


class PersonDeletionReceived(Message):
    """The person is to be forgotten. The key is destroyed in the same transaction, so this message itself says only the id."""

    type: ClassVar[str] = "person.deletion_received"
    key: ClassVar[str] = "person_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
    person_id: str
    reason: str = "own wish"


class PersonConfirmed(Message):
    """The person, or staff at their word, says that what was stated still stands and that work is still looked for."""

    type: ClassVar[str] = "person.confirmed"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str


class EmployerReceived(Message):
    type: ClassVar[str] = "employer.received"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}
    key: ClassVar[str] = "employer_id"
    employer_id: str
    employer: Employer
    verified: bool = False


class CommitmentDecided(Message):
    """Staff looked at what an agency promised for its licence (告知承诺, E-27): ``kept``, or ``broken``, for which its postings wait."""

    type: ClassVar[str] = "employer.commitment_decided"
    key: ClassVar[str] = "employer_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
    employer_id: str
    decision: Literal["kept", "broken"]
    by: str
    reason: str


class HoldReason(BaseModel):
    """Rule, the words that met it, and what to change, in plain Chinese."""

    model_config = ConfigDict(frozen=True)
    rule: str
    evidence: str
    change: str


class PostingPublished(Message):
    """Whole state of an opening that is public. ``revision`` grows with each message about the posting."""

    type: ClassVar[str] = "posting.published"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}
    key: ClassVar[str] = "posting_id"
    posting_id: str
    revision: int
    posting: Posting  # status open; ``filled`` counts openings taken
    sources: tuple[str, ...] = ()  # every source that offers the same opening


class PostingChanged(PostingPublished):
    """The same, when it was public already: new version at the source, an opening taken, another source joined."""

    type: ClassVar[str] = "posting.changed"


class PostingHeld(Message):
    type: ClassVar[str] = "posting.held"
    key: ClassVar[str] = "posting_id"
    posting_id: str
    revision: int
    reasons: tuple[HoldReason, ...]
    employer_id: str | None = None
    region: str | None = None


class PostingEnded(Message):
    """No longer public: ``withdrawn`` by its source, ``expired``, ``filled``, ``rejected`` by staff, or ``merged`` into another."""

    type: ClassVar[str] = "posting.ended"
    key: ClassVar[str] = "posting_id"
    posting_id: str
    revision: int
    cause: Literal["withdrawn", "expired", "filled", "rejected", "merged"]
    reason: str | None = None
    merged_into: str | None = None


class PersonRegistered(Message):
    """Whole state of a person's profile, without private values."""

    type: ClassVar[str] = "person.registered"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    revision: int
    person: Person


class PersonChanged(PersonRegistered):
    type: ClassVar[str] = "person.changed"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}


class PersonRemoved(Message):
    type: ClassVar[str] = "person.removed"
    key: ClassVar[str] = "person_id"
    person_id: str
    revision: int


class PersonAskedToConfirm(Message):
    """A person said nothing since that day (``since``) and is asked whether what was stated still stands; once, until they answer."""

    type: ClassVar[str] = "person.asked_to_confirm"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    since: date
    on: date


class EmployerAskedToConfirm(Message):
    """A posting of the employer ends after ``last_day`` unless it is confirmed; said once for each such day."""

    type: ClassVar[str] = "employer.asked_to_confirm"
    key: ClassVar[str] = "employer_id"
    employer_id: str
    posting_id: str
    title: str
    last_day: date


class EmployerRegistered(Message):
    """Whole state of an employer; ``verified``: credit code checked and account confirmed."""

    type: ClassVar[str] = "employer.registered"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _says_more}
    key: ClassVar[str] = "employer_id"
    employer_id: str
    revision: int
    employer: Employer
    verified: bool = False


def posting_document(posting: Posting) -> dict[str, Any]:
    """The posting as contract JSON without what is private; what is unknown is left out."""
    return posting.model_dump(mode="json", exclude_none=True, by_alias=True, exclude={"contact"})
