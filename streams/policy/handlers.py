"""Keeps what policies depend on, offers what it opens, follows the calendar, and takes claims.

Postings, people and employers are kept silently: one row each. What follows from them is found when somebody is hired, when insurance
data come, when a claim is made, or when the clock ticks; nothing here listens to what matching finds.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update

from matcher.match_order import name_id
from streams.hiring.messages import StepTaken
from streams.intake.messages import (
    EmployerRegistered,
    PersonChanged,
    PersonRegistered,
    PersonRemoved,
    PostingChanged,
    PostingEnded,
    PostingHeld,
    PostingPublished,
)
from streams.policy.calendar import follow_the_calendar
from streams.policy.claims import decide_claim, object_to_claim, take_claim
from streams.policy.employments import begins, hire_for_insurance, hire_for_step, insurance_alone
from streams.policy.exits import take_income
from streams.policy.founders import CHECKED, report
from streams.policy.internship_posts import count_posting, stop_posting
from streams.policy.internships import offer_remaining_months
from streams.policy.known import (
    employer_document,
    employer_of,
    is_from_poverty,
    is_registered_unemployed,
    person_document,
    person_of,
    posting_document,
)
from streams.policy.messages import (
    CheckScheduled,
    CivilAffairsTold,
    ClaimDecided,
    ClaimMade,
    ClaimObjected,
    ClaimStageChanged,
    EmployerCounted,
    FounderRecorded,
    IncomeRecorded,
    InsuranceRecorded,
    InsuranceYearRecorded,
    InternshipEnded,
    NoticeSeen,
    PersonClaimMade,
    PersonPolicyNotice,
    PolicyNotice,
    WindowChanged,
)
from streams.policy.offers import evaluate_hire
from streams.policy.rechecking import check_claims_again, check_founder_claims
from streams.policy.referrals import agrees, follow_hardship, take_told
from streams.policy.tables import (
    claims,
    employers,
    founders,
    hires,
    incomes,
    internships,
    notices,
    offers,
    people,
    postings,
    referrals,
    years,
)
from streams.runtime.clock import ClockTick
from streams.runtime.messages import NAMESPACE, to_json
from streams.runtime.outcomes import Drop, Outcome, Outcomes
from streams.runtime.subjects import Handler, Subject, Work
from streams.runtime.tables import insert_new, upsert, upsert_newer

# -- projections ---------------------------------------------------------------------------------------------------------


def keep_person(message: PersonRegistered, work: Work) -> Outcomes:
    """Of a person only what conditions read; a hire that came before its person waits for it."""
    row = {"person_id": message.person_id, "revision": message.revision, "document": person_document(message.person)}
    if not upsert_newer(work.connection, people, row):
        return [Drop("superseded")]
    # Of somebody new who does not agree nothing can have been told: most people by far, and one question fewer for each.
    if agrees(message.person) or message.type != PersonRegistered.type:
        follow_hardship(work, message.person)
    waiting = select(hires).where(hires.c.person_id == message.person_id, hires.c.person.is_(None))
    outcomes: list[Outcome] = []
    for found in work.connection.execute(waiting).mappings().all():
        hire = dict(found)
        _add_person(work, hire)
        outcomes += _hire_changed(work, hire)
    return outcomes


def keep_posting(message: PostingPublished, work: Work) -> Outcomes:
    row = {
        "posting_id": message.posting_id,
        "revision": message.revision,
        "employer_id": message.posting.employer.employer_id,
        "document": posting_document(message.posting),
    }
    if not upsert_newer(work.connection, postings, row):
        return [Drop("superseded")]
    count_posting(message, work)
    return None


def keep_employer(message: EmployerRegistered, work: Work) -> Outcomes:
    """The employer's record; the next tick evaluates it."""
    row: dict[str, Any] = {
        "employer_id": message.employer_id,
        "revision": message.revision,
        "region": message.employer.region,
        "document": employer_document(message.employer),
        "due": True,
    }
    if not upsert_newer(work.connection, employers, row):
        return [Drop("superseded")]
    work.connection.execute(update(hires).where(hires.c.employer_id == message.employer_id).values(due=True))
    return None


def _touch_employer(work: Work, employer_id: str | None) -> None:
    """Something about this employer changed; one that has not registered yet is kept by its id until it does."""
    if employer_id is None:
        return
    new = {"employer_id": employer_id, "revision": 0, "region": None, "document": None, "due": True, "counters": None}
    if not insert_new(work.connection, employers, new):
        work.connection.execute(update(employers).where(employers.c.employer_id == employer_id).values(due=True))


# -- who works where -----------------------------------------------------------------------------------------------------


def take_step(message: StepTaken, work: Work) -> Outcomes:
    """A hire opens benefits for both sides; leaving ends what depended on staying."""
    if message.step not in ("hired", "left") and message.before != "hired":
        return [Drop("no hire")]
    employer_id = message.employer_id or _employer_of_posting(work, message.posting_id)
    hire = hire_for_step(work.connection, message, employer_id)
    if hire is None:
        return [Drop("no hire")]
    hire["employer_id"] = employer_id or hire["employer_id"]
    if message.step == "hired":
        _join_step(work, hire, message)
    elif message.step == "left":
        hire["left_on"] = message.on
    elif hire["hire_id"] != message.match_id and hire["insured_on"] is not None:
        insurance_alone(hire)
    else:
        hire["left_on"] = hire["hired_on"]  # the hire was taken back: it never counted
    if hire["person"] is None:
        _add_person(work, hire)
    return _hire_changed(work, hire)


def _join_step(work: Work, hire: dict[str, Any], message: StepTaken) -> None:
    """The hire stands on the posting of its last step, with its contract; it began on the earliest day that anybody said."""
    if hire["left_on"] is not None and hire["left_on"] <= hire["hired_on"]:
        hire.update(hired_on=None, left_on=None)  # it had been taken back
    hire.update(origin="platform", posting_id=message.posting_id, hired_on=begins(work.connection, hire, message.on))
    if message.contract is not None:
        _add_contract(hire, message)


def _employer_of_posting(work: Work, posting_id: str) -> str | None:
    found: str | None = work.connection.execute(select(postings.c.employer_id).where(postings.c.posting_id == posting_id)).scalar()
    return found


def _add_contract(hire: dict[str, Any], message: StepTaken) -> None:
    contract = message.contract
    if contract is None:
        return
    if contract.signed is not None:
        hire["contract_signed"] = contract.signed
    if contract.months is not None:
        hire["contract_months"] = str(contract.months)
    if contract.insured_on is not None:
        hire["insured_on"] = contract.insured_on


def _add_person(work: Work, hire: dict[str, Any]) -> None:
    """The person as they are when hired: being hired changes what they are (登记失业), and the claim is about what they were."""
    person = person_of(work.connection, hire["person_id"])
    if person is None:
        return
    hire["person"] = person_document(person)
    hire["was_unemployed"] = is_registered_unemployed(person)
    hire["from_poverty"] = is_from_poverty(person)


def _hire_changed(work: Work, hire: dict[str, Any]) -> list[Outcome]:
    """Evaluated at once where everybody concerned is known, otherwise with the next tick: half the facts would promise too much."""
    hire["due"] = not _all_known(work, hire)
    upsert(work.connection, hires, hire)
    _touch_employer(work, hire["employer_id"])
    return [*([] if hire["due"] else evaluate_hire(work, hire)), *check_claims_again(work, hire)]


def _all_known(work: Work, hire: dict[str, Any]) -> bool:
    if hire["person"] is None or employer_of(work.connection, hire["employer_id"]) is None:
        return False
    asked = select(postings.c.posting_id).where(postings.c.posting_id == hire["posting_id"])
    return hire["posting_id"] is None or work.connection.execute(asked).first() is not None


def compare_insurance(message: InsuranceRecorded, work: Work) -> Outcomes:
    """Insurance data beside the unemployment register (E-09): who is insured by an employer was hired by it, also without the exchange."""
    hire, new = hire_for_insurance(work.connection, message)
    before = dict(hire)
    hire["hired_on"] = begins(work.connection, hire, message.insured_on)
    hire["insured_on"] = message.insured_on
    hire["insurance_ended_on"] = message.ended_on
    if message.paid_in_full is not None:
        hire["paid_in_full"] = message.paid_in_full
    if hire["origin"] == "insurance":
        hire["left_on"] = message.ended_on
    if hire["person"] is None:
        _add_person(work, hire)
    if not new and hire == before:
        return [Drop("said before")]
    return _hire_changed(work, hire)


def take_insurance_year(message: InsuranceYearRecorded, work: Work) -> Outcomes:
    """The year's insurance data of an employer; evaluated with the next tick, a higher rate or a later report gives a top-up."""
    row = {
        "employer_id": message.employer_id,
        "year": message.year,
        "insured_by_month": to_json(list(message.insured_by_month)),
        "leavings": to_json([one.model_dump() for one in message.leavings]),
        "contributions_yuan": message.contributions_yuan,
        "refunded_yuan": message.refunded_yuan,
    }
    known = (
        work.connection.execute(select(years).where(years.c.employer_id == message.employer_id, years.c.year == message.year))
        .mappings()
        .first()
    )
    if known is not None and dict(known) == row:
        return [Drop("said before")]
    upsert(work.connection, years, row)
    _touch_employer(work, message.employer_id)
    return None


def end_internship(message: InternshipEnded, work: Work) -> Outcomes:
    """One more internship of the unit is over: its 留用率 changes with the next tick."""
    id_ = name_id(NAMESPACE, f"internship|{message.employer_id}|{message.person_id}|{message.started_on.isoformat()}")
    row = {
        "internship_id": id_,
        "person_id": message.person_id,
        "employer_id": message.employer_id,
        "started_on": message.started_on,
        "ended_on": message.ended_on,
        "outcome": message.outcome,
        "contract_signed": message.contract_signed,
        "months_left": message.months_left,
    }
    upsert(work.connection, internships, row)
    _touch_employer(work, message.employer_id)
    return offer_remaining_months(work, row)


def take_founder(message: FounderRecorded, work: Work) -> Outcomes:
    """One check of what data say of a founder (J-37): claims that are not decided yet say at once what it comes to."""
    said = {f"founder.{name}": getattr(message, name) for name in FounderRecorded.model_fields if f"founder.{name}" in CHECKED}
    if message.registered_on is not None:
        said["registered_on"] = message.registered_on.isoformat()
    told = {name: value for name, value in said.items() if value is not None}
    if told == report(work.connection, message.person_id):
        return [Drop("said before")]
    upsert(work.connection, founders, {"person_id": message.person_id, "document": to_json(told)})
    return check_founder_claims(work, message.person_id)


def note_seen(message: NoticeSeen, work: Work) -> Outcomes:
    mine = notices.c.notice_id == message.notice_id
    work.connection.execute(update(notices).where(mine, notices.c.seen_on.is_(None)).values(seen_on=work.as_of))
    return None


def forget_person(message: PersonRemoved, work: Work) -> Outcomes:
    """What was known of the person goes; that somebody was hired stays as a number, and a claim as the sum it is about."""
    connection, id_ = work.connection, message.person_id
    connection.execute(delete(people).where(people.c.person_id == id_))
    connection.execute(delete(offers).where(offers.c.person_id == id_))
    connection.execute(delete(incomes).where(incomes.c.person_id == id_))
    connection.execute(delete(founders).where(founders.c.person_id == id_))
    connection.execute(delete(referrals).where(referrals.c.person_id == id_))
    connection.execute(delete(notices).where(notices.c.person_id == id_))
    connection.execute(update(hires).where(hires.c.person_id == id_).values(person_id=None, person=None, due=False))
    connection.execute(update(internships).where(internships.c.person_id == id_).values(person_id=None))
    empty = {"declared": to_json({}), "note": None, "account": None, "relative": None, "person_id": None}
    connection.execute(update(claims).where(claims.c.person_id == id_).values(**empty))
    return None


_NOTICES = (PolicyNotice, PersonPolicyNotice)
# A claim that is not decided yet is raised with its offer.
_OFFERS = (*_NOTICES, CheckScheduled, ClaimStageChanged)

SUBJECT = Subject(
    "policy",
    (
        Handler(on=PersonRegistered, handle=keep_person, emits=_OFFERS),
        Handler(on=PersonChanged, handle=keep_person, emits=_OFFERS),
        Handler(on=PersonRemoved, handle=forget_person),
        Handler(on=PostingPublished, handle=keep_posting),
        Handler(on=PostingChanged, handle=keep_posting),
        Handler(on=PostingHeld, handle=stop_posting),
        Handler(on=PostingEnded, handle=stop_posting),
        Handler(on=EmployerRegistered, handle=keep_employer),
        Handler(on=StepTaken, handle=take_step, emits=_OFFERS),
        Handler(on=InsuranceRecorded, handle=compare_insurance, emits=_OFFERS),
        Handler(on=InsuranceYearRecorded, handle=take_insurance_year),
        Handler(on=InternshipEnded, handle=end_internship, emits=(*_NOTICES, ClaimStageChanged)),
        Handler(on=IncomeRecorded, handle=take_income, emits=(PersonPolicyNotice, PolicyNotice)),
        Handler(on=FounderRecorded, handle=take_founder, emits=(ClaimStageChanged,)),
        Handler(on=CivilAffairsTold, handle=take_told),
        Handler(on=ClaimMade, handle=take_claim, emits=_OFFERS),
        Handler(on=PersonClaimMade, handle=take_claim, emits=_OFFERS),
        Handler(on=ClaimDecided, handle=decide_claim, emits=(ClaimStageChanged,)),
        Handler(on=ClaimObjected, handle=object_to_claim, emits=(ClaimStageChanged,)),
        Handler(on=NoticeSeen, handle=note_seen),
        Handler(on=ClockTick, handle=follow_the_calendar, emits=(*_OFFERS, WindowChanged, EmployerCounted)),
    ),
    rest=0.1,
)
