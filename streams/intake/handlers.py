"""What intake does: publishes, holds, merges and ends postings; registers people and employers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, false, or_, select

from matcher.days import day_of, in_shanghai
from matcher.occupations import codes_for_title
from matcher.pay import monthly
from matcher.shapes import Posting, read_posting
from streams.hiring.messages import OpeningsTaken
from streams.intake.asking_again import PEOPLE, ask_again, begins_a_day, confirm_person
from streams.intake.commitments import broken, broken_reason, decide_commitment, note_commitment
from streams.intake.consents import followed
from streams.intake.from_text import completed, note
from streams.intake.holds import advised, reasons_to_hold, still_waiting
from streams.intake.identity import content_hash
from streams.intake.memory import IntakeMemory, Near
from streams.intake.messages import (
    CommitmentDecided,
    DuplicateSplit,
    EmployerAskedToConfirm,
    EmployerReceived,
    EmployerRegistered,
    HoldDecided,
    PersonAskedToConfirm,
    PersonChanged,
    PersonConfirmed,
    PersonDeletionReceived,
    PersonReceived,
    PersonRegistered,
    PersonRemoved,
    PostingChanged,
    PostingConfirmed,
    PostingEnded,
    PostingHeld,
    PostingPublished,
    PostingReceived,
    PostingWithdrawalReceived,
    ReportDecided,
    ViolationReported,
)
from streams.intake.openings import Openings, Row, document
from streams.intake.reports import MARK_DAYS, asked_of, decide_report, mark_reason, receive_report
from streams.intake.tables import block_keys, employers, people, postings, splits
from streams.runtime.clock import ClockTick
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Continue, Drop, Emit, Outcomes
from streams.runtime.subjects import Handler, Preparation, Subject, Work
from streams.runtime.tables import insert_new, upsert

PAGE = 200  # rows a page of due work: a tick after a long pause must not hold the writer
# Below it a code proposed from the title is too often a wrong one (操作员 is no CNC operator); from here 56 % of real titles have one.
SURE_OCCUPATION = 0.7
POSTING_OUTPUTS = (PostingPublished, PostingChanged, PostingHeld, PostingEnded)


@dataclass(frozen=True)
class Looked:
    """What was found out about a version before the transaction opened."""

    content: str
    posting: Posting  # with what its text says
    reasons: list[dict[str, str]]
    advice: list[str]
    occupation_code: str | None
    sure: float  # of the occupation code, 0..1
    near: list[Near]
    marks: tuple[frozenset[str], str]


def look_at_posting(message: PostingReceived, preparation: Preparation) -> Looked:
    memory: IntakeMemory = preparation.memory
    posting = completed(message.posting)
    _, marks = memory.remember(message.posting_id, posting)
    code, sure = None, 0.0
    if posting.occupation_code is None:
        found = codes_for_title(posting.title, 1)
        if found and found[0][1] >= SURE_OCCUPATION:
            code, sure = found[0]
    known = memory.knows(posting.employer)
    licensed = memory.licensed(posting.employer, preparation.as_of)
    reasons = reasons_to_hold(
        posting,
        verified_sender=message.verified,
        as_of=preparation.as_of,
        known_employer=known,
        licensed_agency=licensed,
        registered_code=memory.registered_code(posting.employer),
    )
    promise = memory.broken(posting.employer)
    if promise is not None:
        reasons.append(broken_reason(promise.on, promise.found))
    marked = memory.marked(posting.employer, preparation.as_of - timedelta(days=MARK_DAYS))
    if marked is not None:
        reasons.append(mark_reason(*marked))
    near = memory.near(preparation.reading, message.posting_id)
    advice = advised(posting)
    said = note(posting)
    return Looked(content_hash(message.posting), posting, reasons, [*advice, said] if said else advice, code, sure, near, marks)


def look_for_lookalikes(message: Any, preparation: Preparation) -> list[Near]:
    memory: IntakeMemory = preparation.memory
    return memory.near(preparation.reading, message.posting_id)


def get_to_know(message: EmployerReceived, preparation: Preparation) -> None:
    memory: IntakeMemory = preparation.memory
    memory.know(message.employer, message.verified)


def consider_commitment(message: CommitmentDecided, preparation: Preparation) -> None:
    memory: IntakeMemory = preparation.memory
    memory.check(message.employer_id, message.decision, message.reason, preparation.as_of)


def _openings(work: Work) -> Openings:
    days = int(work.settings.get("posting_days", 60))
    return Openings(work.connection, work.as_of, in_shanghai(work.envelope.recorded_at).isoformat(), days)


# -- postings ----------------------------------------------------------------------------------------------------------


def receive_posting(message: PostingReceived, work: Work) -> Outcomes:
    """A new posting or a new version: held where a rule is met, merged where it is offered already, else published."""
    looked: Looked = work.prepared
    openings = _openings(work)
    row = openings.row(message.posting_id)
    closed = message.posting.status == "closed"
    if row is not None and row["content_hash"] == looked.content and (row["withdrawn"] is not None) == closed and row["state"] != "expired":
        return [Drop("the same content again")]
    reasons = looked.reasons
    if row is None:
        row = _new_row(message, openings, work.envelope.seq)
        openings.add(row)
    else:
        reasons = [*reasons, *asked_of(work.connection, message.posting_id)]
        work.connection.execute(delete(block_keys).where(block_keys.c.posting_id == message.posting_id))
    posting = _completed(looked.posting, row, looked, work, openings)
    decision = from_json(row["decision"]) if row["decision"] else None
    if decision is not None and decision["decision"] == "reject":
        row["decision"] = None  # what was rejected was the earlier version
    low, high = monthly(posting.pay) or (None, None)
    row.update(
        source=posting.source,
        owner=message.owner,
        source_id=posting.source_id,
        via=message.via,
        verified=message.verified,
        employer_id=posting.employer.employer_id,
        uscc=posting.employer.uscc,
        region=posting.region,
        title=posting.title,
        occupation_code=posting.occupation_code,
        pay_low=low,
        pay_high=high,
        doc=document(posting),
        content_hash=looked.content,
        notes=to_json(_notes(message, looked)),
        reasons=to_json(reasons),
        withdrawn="来源已关闭该岗位" if closed else None,
        published_at=posting.published_at.isoformat() if posting.published_at else None,
    )
    keys, tail = looked.marks
    insert_new(work.connection, block_keys, [{"block": key, "tail": tail, "posting_id": message.posting_id} for key in sorted(keys)])
    openings.due(row, posting)
    openings.settle(row, looked.near, new_content=True)
    return openings.save()


def _new_row(message: PostingReceived, openings: Openings, seq: int) -> Row:
    empty: Row = {column.name: None for column in postings.columns}
    return empty | {
        "posting_id": message.posting_id,
        "revision": 0,
        "state": "received",
        "hired": 0,
        "hired_revision": 0,
        "filled": 0,
        "sources": to_json([]),
        "received_at": openings.recorded_at,
        "received_seq": seq,
        "changed_at": openings.recorded_at,
    }


def _completed(posting: Posting, row: Row, looked: Looked, work: Work, openings: Openings) -> Posting:
    """What the source left to the exchange: when it was published, which occupation it is, which registered employer."""
    changes: dict[str, Any] = {}
    if posting.published_at is None:
        before = read_posting(from_json(row["doc"])).published_at if row["doc"] else None
        changes["published_at"] = before or in_shanghai(work.envelope.recorded_at)
    if looked.occupation_code is not None:
        changes["occupation_code"] = looked.occupation_code
    if posting.employer.employer_id is None and posting.employer.uscc is not None:
        query = select(employers.c.employer_id).where(employers.c.uscc == posting.employer.uscc).order_by(employers.c.employer_id)
        known = work.connection.execute(query.limit(1)).scalar()
        if known is not None:
            changes["employer"] = posting.employer.model_copy(update={"employer_id": known})
    return posting.model_copy(update=changes) if changes else posting


def _notes(message: PostingReceived, looked: Looked) -> list[str]:
    notes = [*message.notes, *looked.advice]
    if looked.occupation_code is not None:
        notes.append(f"职业代码{looked.occupation_code}按岗位名称判断（把握{looked.sure:.0%}）")
    return notes


def withdraw_posting(message: PostingWithdrawalReceived, work: Work) -> Outcomes:
    """The source takes it back; the opening ends with its last source."""
    openings = _openings(work)
    row = openings.row(message.posting_id)
    if row is None or row["withdrawn"] is not None:
        return [Drop("no such posting, or withdrawn already")]
    row["withdrawn"] = message.reason
    openings.settle(row)
    return openings.save()


def confirm_posting(message: PostingConfirmed, work: Work) -> Outcomes:
    """The source says it still stands: its days start anew, also where they were over."""
    openings = _openings(work)
    row = openings.row(message.posting_id)
    if row is None or row["withdrawn"] is not None:
        return [Drop("no such posting, or withdrawn")]
    posting = read_posting(from_json(row["doc"])).model_copy(update={"confirmed_at": in_shanghai(work.envelope.recorded_at)})
    row["doc"] = document(posting)
    openings.due(row, posting)
    openings.settle(row, work.prepared or ())
    if row["state"] == "published":
        openings.refresh(row, changed=not openings.outcomes)
    return openings.save()


def decide_hold(message: HoldDecided, work: Work) -> Outcomes:
    """Staff release a held posting as it is, or reject it."""
    openings = _openings(work)
    row = openings.row(message.posting_id)
    if row is None or row["state"] != "held":
        return [Drop("not held")]
    decision = {
        "decision": message.decision,
        "by": message.by,
        "reason": message.reason,
        "on": work.as_of.isoformat(),
        "reasons": from_json(row["reasons"]),
    }
    row["decision"] = to_json(decision)
    openings.settle(row, work.prepared or ())
    return openings.save()


def split_duplicate(message: DuplicateSplit, work: Work) -> Outcomes:
    """Two postings are two openings, staff say: remembered, and taken apart where they had been merged."""
    first, second = sorted((message.posting_id, message.from_posting_id))
    at = in_shanghai(work.envelope.recorded_at).isoformat()
    insert_new(work.connection, splits, {"first_id": first, "second_id": second, "by": message.by, "at": at})
    openings = _openings(work)
    for one, other in ((message.posting_id, message.from_posting_id), (message.from_posting_id, message.posting_id)):
        row = openings.row(one)
        if row is not None and row["merged_into"] == other:
            openings.split(row, [entry for entry in work.prepared or () if one == message.posting_id])
    return openings.save()


def consider_report(message: ReportDecided, preparation: Preparation) -> None:
    memory: IntakeMemory = preparation.memory
    if message.decision == "confirmed":
        memory.mark(message.report_id, message.employer_id, message.uscc, message.kind, preparation.as_of)
    elif message.decision == "lifted":
        memory.lift(message.report_id)


def settle_report(message: ReportDecided, work: Work) -> Outcomes:
    """Staff decided on a report: its posting, and where the employer deceives its other postings, follow."""
    return decide_report(message, work, _openings(work))


def settle_commitment(message: CommitmentDecided, work: Work) -> Outcomes:
    """Staff looked at what an agency promised: its postings follow."""
    return decide_commitment(message, work, _openings(work))


def count_openings_taken(message: OpeningsTaken, work: Work) -> Outcomes:
    """Openings taken: the last one fills the posting for everyone else; somebody who leaves opens it again."""
    openings = _openings(work)
    row = openings.row(message.posting_id)
    if row is None or message.revision <= row["hired_revision"]:
        return [Drop("superseded, or no such posting")]
    changed = row["hired"] != message.hired
    row["hired"], row["hired_revision"] = message.hired, message.revision
    row["accepted"], row["in_talks"] = message.accepted, message.in_talks
    openings.touch(row)
    opening = openings.row(row["merged_into"]) if row["merged_into"] else row
    if changed and opening is not None:
        openings.refresh(opening, changed=True)
    return openings.save()


def tick(message: ClockTick, work: Work) -> Outcomes:
    """Ends what was open for the last time yesterday; announces again what opens today; asks on a new day what still stands. In pages."""
    openings = _openings(work)
    today = work.as_of.isoformat()
    after = work.cursor or ""
    phase, _, at = after.partition(":")
    if phase.startswith("ask_"):
        return ask_again(work, openings)
    if phase != "opens":
        query = (
            select(postings.c.posting_id)
            .where(
                postings.c.last_open_day < today,
                postings.c.state.in_(("published", "held", "merged")),
                postings.c.content_from.is_(None),
                postings.c.posting_id > at,
            )
            .order_by(postings.c.posting_id)
            .limit(PAGE)
        )
        ids = list(work.connection.execute(query).scalars())
        for posting_id in ids:
            row = openings.row(posting_id)
            if row is not None:
                openings.settle(row)
        return [*openings.save(), Continue(f"expires:{ids[-1]}" if len(ids) == PAGE else "opens:")]
    since = day_of(message.last).isoformat() if message.last is not None else ""
    opening = (
        select(postings.c.posting_id)
        .where(postings.c.opens_on > since, postings.c.opens_on <= today, postings.c.posting_id > at)
        .where(postings.c.state == "published")
        .order_by(postings.c.posting_id)
        .limit(PAGE)
    )
    ids = list(work.connection.execute(opening).scalars())
    for posting_id in ids:
        row = openings.row(posting_id)
        if row is not None:
            openings.refresh(row, changed=True)
    outcomes = openings.save()
    if len(ids) == PAGE:
        return [*outcomes, Continue(f"opens:{ids[-1]}")]
    return [*outcomes, Continue(f"{PEOPLE}:")] if begins_a_day(message) else outcomes


# -- people and employers ----------------------------------------------------------------------------------------------


def receive_person(message: PersonReceived, work: Work) -> Outcomes:
    """A person's whole profile. The revision is the message's place in the log: after a deletion nothing of what was before can be read,
    so nothing of it may be counted either."""
    revision = work.envelope.seq
    before = work.connection.execute(select(people.c.revision, people.c.consents).where(people.c.person_id == message.person_id)).first()
    if before is not None and before.revision >= revision:
        return [Drop("superseded")]
    person, at = message.person, in_shanghai(work.envelope.recorded_at).isoformat()
    history = from_json(before.consents) if before is not None and before.consents is not None else []
    values = {
        "person_id": message.person_id,
        "revision": revision,
        "kind": person.kind,
        "region": person.region,
        "doc": to_json(person.model_dump(mode="json", exclude_none=True, by_alias=True, exclude={"private"})),
        "changed_at": at,
        "confirmed_on": work.as_of.isoformat(),
        "asked_on": None,
        "consents": to_json(followed(history, person.consent, at, work.envelope.source)),
    }
    upsert(work.connection, people, values)
    kind = PersonRegistered if before is None else PersonChanged
    return [Emit(kind(person_id=message.person_id, revision=revision, person=person))]


def remove_person(message: PersonDeletionReceived, work: Work) -> Outcomes:
    """The profile goes; what was said of the person before cannot be read any more (the key went with the message)."""
    work.connection.execute(delete(people).where(people.c.person_id == message.person_id))
    return [Emit(PersonRemoved(person_id=message.person_id, revision=work.envelope.seq))]


def receive_employer(message: EmployerReceived, work: Work) -> Outcomes:
    """An employer's whole state; postings that named it by its credit code alone now belong to its id."""
    openings = _openings(work)
    employer = message.employer
    emitted: list[Any] = []
    if work.cursor is None:
        before = work.connection.execute(
            select(employers.c.revision, employers.c.verified).where(employers.c.employer_id == message.employer_id)
        ).first()
        if before is not None and before.revision >= work.envelope.seq:
            return [Drop("superseded")]
        verified = message.verified or bool(before is not None and before.verified)
        values = {
            "employer_id": message.employer_id,
            "revision": work.envelope.seq,
            "name": employer.name,
            "uscc": employer.uscc,
            "region": employer.region,
            "verified": verified,
            "doc": to_json(employer.model_dump(mode="json", exclude_none=True, by_alias=True)),
            "changed_at": openings.recorded_at,
        }
        upsert(work.connection, employers, values)
        note_commitment(work.connection, employer, work.as_of)
        emitted.append(
            Emit(EmployerRegistered(employer_id=message.employer_id, revision=work.envelope.seq, employer=employer, verified=verified))
        )
    confirmed = bool(work.connection.execute(select(employers.c.verified).where(employers.c.employer_id == message.employer_id)).scalar())
    licensed = employer.licence is not None and employer.licence.holds_on(work.as_of)
    kept = not broken(work.connection, message.employer_id)
    ids = _postings_waiting_for(work, message, confirmed)
    for posting_id in ids:
        row = openings.row(posting_id)
        if row is None:
            continue
        posting = read_posting(from_json(row["doc"]))
        if row["employer_id"] is None:
            posting = posting.model_copy(update={"employer": posting.employer.model_copy(update={"employer_id": message.employer_id})})
            row["doc"], row["employer_id"] = document(posting), message.employer_id
        row["reasons"] = to_json(still_waiting(from_json(row["reasons"]), confirmed=confirmed, licensed=licensed, kept=kept))
        openings.touch(row)
        if row["merged_into"] is None:
            openings.refresh(row, changed=row["state"] == "published")
    emitted.extend(openings.save())
    return [*emitted, Continue(ids[-1])] if len(ids) == PAGE else emitted


def _postings_waiting_for(work: Work, message: EmployerReceived, confirmed: bool) -> list[str]:
    """Postings that named this employer by its credit code only, and those held until staff confirm it or it shows its licence."""
    employer = message.employer
    named = or_(postings.c.employer_id == message.employer_id, postings.c.uscc == employer.uscc if employer.uscc else false())
    held = (postings.c.state == "held") if confirmed or employer.licence is not None else false()
    query = select(postings.c.posting_id).where(
        named, or_(postings.c.employer_id.is_(None), held), postings.c.posting_id > (work.cursor or "")
    )
    return list(work.connection.execute(query.order_by(postings.c.posting_id).limit(PAGE)).scalars())


SUBJECT = Subject(
    "intake",
    (
        Handler(PostingReceived, receive_posting, POSTING_OUTPUTS, look_at_posting),
        Handler(PostingWithdrawalReceived, withdraw_posting, POSTING_OUTPUTS),
        Handler(PostingConfirmed, confirm_posting, POSTING_OUTPUTS, look_for_lookalikes),
        Handler(HoldDecided, decide_hold, POSTING_OUTPUTS, look_for_lookalikes),
        Handler(DuplicateSplit, split_duplicate, POSTING_OUTPUTS, look_for_lookalikes),
        Handler(ViolationReported, receive_report),
        Handler(ReportDecided, settle_report, POSTING_OUTPUTS, consider_report),
        Handler(CommitmentDecided, settle_commitment, (EmployerRegistered, *POSTING_OUTPUTS), consider_commitment),
        Handler(OpeningsTaken, count_openings_taken, POSTING_OUTPUTS),
        Handler(ClockTick, tick, (*POSTING_OUTPUTS, PersonAskedToConfirm, EmployerAskedToConfirm)),
        Handler(PersonConfirmed, confirm_person),
        Handler(PersonReceived, receive_person, (PersonRegistered, PersonChanged)),
        Handler(PersonDeletionReceived, remove_person, (PersonRemoved,)),
        Handler(EmployerReceived, receive_employer, (EmployerRegistered, *POSTING_OUTPUTS), get_to_know),
    ),
    memory=IntakeMemory,
)
