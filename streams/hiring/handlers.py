"""Takes the steps between a person and a posting and says how many openings are taken.

Only a reported step makes hiring speak. Postings and interest are kept silently: intake answers openings with new versions of a posting,
so whoever spoke up on those would start a loop. What follows from a posting's end (talks that have become moot) is found when read.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import delete, select, update

from matcher.match_order import match_id
from streams.delivery.messages import InterestShown
from streams.hiring import rules
from streams.hiring.messages import OpeningsTaken, StepReported, StepTaken
from streams.hiring.tables import openings, pairs, postings, steps
from streams.intake.messages import PersonRemoved, PostingChanged, PostingEnded, PostingPublished
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Drop, Emit, Outcome, Outcomes
from streams.runtime.subjects import Handler, Subject, Work
from streams.runtime.tables import upsert, upsert_newer


def take_step(message: StepReported, work: Work) -> Outcomes:
    """The step holds if it may follow the one before; otherwise it is kept as refused, and nothing changes."""
    connection = work.connection
    id_ = match_id(message.person_id, message.posting_id)
    known = connection.execute(select(pairs).where(pairs.c.match_id == id_)).mappings().first()
    row = dict(known) if known is not None else _new_pair(id_, message.person_id, message.posting_id)
    before = row["step"]
    contract = message.contract.model_dump(mode="json") if message.contract is not None else None
    told = {
        "step": message.step,
        "on": message.on.isoformat(),
        "by": message.by,
        "reason": message.reason,
        "contract": to_json(contract) if contract is not None else None,
    }
    refused = rules.check(before, message.step)
    if before == message.step and not _says_more(row, message):
        return [Drop("said before")]
    if refused is not None and _was_told(connection, id_, told):
        return [Drop("said before, and things have gone on since")]
    row["number"] += 1
    entry = {
        "match_id": id_,
        "number": row["number"],
        "before": before,
        "refused": refused,
        "recorded_at": work.envelope.recorded_at.isoformat(),
    }
    upsert(connection, steps, {**entry, **told})
    if refused is None:
        row.update(step=message.step, on=told["on"], reason=message.reason)
        if message.step != before:
            row.update(contract_signed=None, contract_months=None, insured_on=None)
        if message.contract is not None:
            _add_contract(row, message)
    upsert(connection, pairs, row)
    if refused is not None:
        return None
    posting = connection.execute(select(postings).where(postings.c.posting_id == message.posting_id)).mappings().first()
    taken = StepTaken(
        person_id=message.person_id,
        posting_id=message.posting_id,
        match_id=id_,
        step=message.step,
        before=before,
        on=message.on,
        reason=message.reason,
        contract=message.contract,
        employer_id=posting["employer_id"] if posting else None,
    )
    return [Emit(taken, discriminator=id_), *_count_openings(work, message.posting_id, dict(posting) if posting else {})]


def _new_pair(id_: str, person_id: str, posting_id: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(column.name for column in pairs.columns)
    row.update(match_id=id_, person_id=person_id, posting_id=posting_id, interested=False, number=0)
    return row


def _says_more(row: dict[str, Any], message: StepReported) -> bool:
    """Whether the same step again brings something: another day or reason, or facts of the contract (E-31)."""
    if row["on"] != message.on.isoformat() or (message.reason is not None and row["reason"] != message.reason):
        return True
    with_contract = dict(row)
    _add_contract(with_contract, message)
    return with_contract != row


def _add_contract(row: dict[str, Any], message: StepReported) -> None:
    contract = message.contract
    if contract is None:
        return
    if contract.signed is not None:
        row["contract_signed"] = contract.signed
    if contract.months is not None:
        row["contract_months"] = contract.months
    if contract.insured_on is not None:
        row["insured_on"] = contract.insured_on.isoformat()


def _was_told(connection: Any, id_: str, told: dict[str, Any]) -> bool:
    earlier = connection.execute(select(steps).where(steps.c.match_id == id_, steps.c.step == told["step"])).mappings()
    return any(all(row[name] == value for name, value in told.items()) for row in earlier)


def _count_openings(work: Work, posting_id: str, posting: dict[str, Any]) -> list[Outcome]:
    """The openings of a posting as they are now; said only when they changed."""
    connection = work.connection
    standing = connection.execute(select(pairs.c.step, pairs.c.on).where(pairs.c.posting_id == posting_id, pairs.c.step.is_not(None))).all()
    numbers = rules.openings((step, on) for step, on in standing)
    by_day = dict(sorted(Counter(on for step, on in standing if step == "hired").items()))
    last = connection.execute(select(openings).where(openings.c.posting_id == posting_id)).mappings().first()
    before = {name: last[name] if last else 0 for name in numbers}
    if before == numbers and (from_json(last["hired_by_day"]) if last else {}) == by_day:
        return []
    revision = (last["revision"] if last else 0) + 1
    upsert(connection, openings, {"posting_id": posting_id, "revision": revision, **numbers, "hired_by_day": to_json(by_day)})
    said = OpeningsTaken(
        posting_id=posting_id,
        revision=revision,
        **numbers,
        hired_by_day=by_day,
        employer_id=posting.get("employer_id"),
        occupation_code=posting.get("occupation_code"),
        title=posting.get("title"),
    )
    return [Emit(said)]


def note_interest(message: InterestShown, work: Work) -> Outcomes:
    """A person is interested (or no longer): the employer sees it beside the steps."""
    known = work.connection.execute(select(pairs).where(pairs.c.match_id == message.match_id)).mappings().first()
    row = dict(known) if known is not None else _new_pair(message.match_id, message.person_id, message.posting_id)
    row["interested"] = not message.withdrawn
    upsert(work.connection, pairs, row)
    return None


def keep_posting(message: PostingPublished, work: Work) -> Outcomes:
    posting = message.posting
    row = {
        "posting_id": message.posting_id,
        "revision": message.revision,
        "title": posting.title,
        "employer_id": posting.employer.employer_id,
        "occupation_code": posting.occupation_code,
        "headcount": posting.headcount,
        "ended": None,
    }
    return None if upsert_newer(work.connection, postings, row) else [Drop("superseded")]


def end_posting(message: PostingEnded, work: Work) -> Outcomes:
    known = work.connection.execute(select(postings).where(postings.c.posting_id == message.posting_id)).mappings().first()
    if known is not None and known["revision"] >= message.revision:
        return [Drop("superseded")]
    row = dict(known) if known is not None else dict.fromkeys(column.name for column in postings.columns)
    row.update(posting_id=message.posting_id, revision=message.revision, ended=message.cause)
    upsert(work.connection, postings, row)
    return None


def forget_person(message: PersonRemoved, work: Work) -> Outcomes:
    """The person is to be forgotten: mere interest goes, and every free text; that an opening was taken stays."""
    connection = work.connection
    own = pairs.c.person_id == message.person_id
    ids = select(pairs.c.match_id).where(own)
    connection.execute(update(steps).where(steps.c.match_id.in_(ids)).values(reason=None))
    connection.execute(delete(pairs).where(own, pairs.c.step.is_(None)))
    connection.execute(update(pairs).where(own).values(reason=None, interested=False))
    return None


SUBJECT = Subject(
    "hiring",
    (
        Handler(on=StepReported, handle=take_step, emits=(StepTaken, OpeningsTaken)),
        Handler(on=InterestShown, handle=note_interest),
        Handler(on=PostingPublished, handle=keep_posting),
        Handler(on=PostingChanged, handle=keep_posting),
        Handler(on=PostingEnded, handle=end_posting),
        Handler(on=PersonRemoved, handle=forget_person),
    ),
    rest=0.1,
)
