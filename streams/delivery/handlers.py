"""Pushes pairs into inboxes, holds back what should not be pushed, ends what is over, takes answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update

from matcher.days import day_of
from streams.delivery import rules
from streams.delivery.asking import ask_employer, ask_person
from streams.delivery.finding import (
    end_finds,
    end_finds_of_person,
    find,
    forget_searches,
    look_for_searches,
    push_found,
    sweep_finds,
)
from streams.delivery.known_pairs import Row
from streams.delivery.leanings import forget_leanings, learn, set_use, sweep_leanings
from streams.delivery.messages import (
    AnswerUse,
    HintEnding,
    InterestShown,
    RecommendationAnswered,
    RecommendationEnded,
    RecommendationIssued,
    SearchDropped,
    SearchFound,
    SearchSaved,
)
from streams.delivery.notices import drop_notices, forget_old, tell_by_letter, tell_holders
from streams.delivery.pushing import Desk
from streams.delivery.searches import drop_search, save_search
from streams.delivery.tables import budgets, merged, outgoing, pairs, postings, sides, suppressed
from streams.delivery.turns import sweep_reach
from streams.hiring.messages import StepTaken
from streams.intake.messages import (
    EmployerAskedToConfirm,
    PersonAskedToConfirm,
    PostingChanged,
    PostingEnded,
    PostingHeld,
    PostingPublished,
)
from streams.matching.messages import PersonLeftMarket, PersonMatched, PostingLeftMarket, PostingMatched
from streams.policy.messages import PersonPolicyNotice, PolicyNotice, WindowChanged
from streams.runtime.clock import ClockTick
from streams.runtime.messages import to_json
from streams.runtime.outcomes import Continue, Drop, Outcome, Outcomes
from streams.runtime.subjects import Handler, Subject, Work
from streams.runtime.tables import Look, upsert, upsert_newer

PAGE = 500  # pairs ended or pushed in one unit of work
KEPT_DAYS = 30  # of the ledger of what was held back
STALE_DAYS = 3  # what could not be sent outside by then is not sent at all
LAST = "last:"  # begins cursors of the tick's second walk: what people's own answers moved behind everything else
# Ends that say only why a pair was not pushed; the end of its posting or person says more and replaces them.
_OWN_ENDS = ("refused", "near_duplicate", "not_among_best", "blocked")


_CANDIDATES = {
    side: Look(select(pairs).where(own == bindparam("id"), pairs.c.state == "candidate", offered.is_(True)))
    for side, own, offered in (("posting", pairs.c.posting_id, pairs.c.by_posting), ("person", pairs.c.person_id, pairs.c.by_person))
}


# -- what matching found -------------------------------------------------------------------------------------------------


def push_to_people(message: PostingMatched, work: Work) -> Outcomes:
    """The best people for a posting: push it to them, best first, as far as nothing holds it back."""
    if not _is_newer(work, "posting", message.posting_id, message.revision, None):
        return [Drop("superseded")]
    return _take(work, "posting", message, [(person_id, message.posting_id) for person_id in message.blocked])


def push_postings(message: PersonMatched, work: Work) -> Outcomes:
    """The best postings for a person, from the other side."""
    if not _is_newer(work, "person", message.person_id, message.revision, None):
        return [Drop("superseded")]
    return _take(work, "person", message, [(message.person_id, posting_id) for posting_id in message.blocked])


def _take(work: Work, side: str, message: PostingMatched | PersonMatched, blocked: list[tuple[str, str]]) -> Outcomes:
    desk = Desk(work)
    desk.adopt(_CANDIDATES[side].mappings(work.connection, id=message.key_value))
    chosen = {(pair.person_id, pair.posting_id) for pair in message.pairs}
    desk.load([(pair.person_id, pair.posting_id) for pair in message.pairs] + blocked)
    gone = set(blocked) - chosen
    for row in list(desk.rows.values()):
        who = (row["person_id"], row["posting_id"])
        if who in gone:
            desk.end(row, "blocked")
        elif who not in chosen:
            desk.withdraw_offer(row, side)
    if isinstance(message, PostingMatched):
        desk.note_openings(message.posting_id, message.openings_left)
    # A posting's people are ordered by matching; of a person's postings those that have reached few go first among near equals.
    for pair in message.pairs if isinstance(message, PostingMatched) else desk.pairs_in_turn(message.pairs):
        desk.offer(pair, side, message.model_version, message.catalogue_version)
    return desk.close()


def _is_newer(work: Work, kind: str, id_: str, revision: int, left: str | None) -> bool:
    """Note what matching says of a posting or a person; False for what is known already or older."""
    row = {"kind": kind, "id": id_, "revision": revision, "on_market": left is None, "reason": left}
    return upsert_newer(work.connection, sides, row)


def end_posting(message: PostingLeftMarket, work: Work) -> Outcomes:
    """The opening is gone: it leaves every inbox with the reason, and whoever is interested is told."""
    if work.cursor is None and not _is_newer(work, "posting", message.posting_id, message.revision, message.reason):
        return [Drop("superseded")]
    return _end_page(work, pairs.c.posting_id == message.posting_id, message.reason)


def clear_inbox(message: PersonLeftMarket, work: Work) -> Outcomes:
    """The person is served no longer: the inbox is empty. Of who was removed nothing stays but that they left."""
    if work.cursor is None and not _is_newer(work, "person", message.person_id, message.revision, message.reason):
        return [Drop("superseded")]
    drop_notices(work, message.person_id, removed=message.reason == "removed")
    end_finds_of_person(work.connection, message.person_id, message.reason, rules.as_text(work.envelope.recorded_at))
    outcomes = _end_page(work, pairs.c.person_id == message.person_id, message.reason)
    if message.reason == "removed" and not any(isinstance(outcome, Continue) for outcome in outcomes):
        own = select(pairs.c.match_id).where(pairs.c.person_id == message.person_id)
        work.connection.execute(delete(suppressed).where(suppressed.c.match_id.in_(own)))
        work.connection.execute(delete(outgoing).where(outgoing.c.person_id == message.person_id))
        work.connection.execute(delete(pairs).where(pairs.c.person_id == message.person_id))
        work.connection.execute(delete(budgets).where(budgets.c.kind == "person", budgets.c.id == message.person_id))
        forget_searches(work.connection, message.person_id)
        forget_leanings(work.connection, message.person_id)
    return outcomes


def _end_page(work: Work, whose: ColumnElement[bool], reason: str) -> Sequence[Outcome]:
    alive = or_(pairs.c.state.in_(("candidate", "issued")), pairs.c.ended_reason.in_(_OWN_ENDS))
    rows = work.connection.execute(select(pairs).where(whose, alive).order_by(pairs.c.match_id).limit(PAGE)).mappings().all()
    desk = Desk(work)
    desk.adopt([dict(row) for row in rows])
    for row in list(desk.rows.values()):
        desk.end(row, reason)
    outcomes: list[Outcome] = list(desk.close())
    if len(rows) == PAGE:
        outcomes.append(Continue("more"))
    return outcomes


# -- what people say -----------------------------------------------------------------------------------------------------


def take_answer(message: RecommendationAnswered, work: Work) -> Outcomes:
    """The person's answer; one to a pair that is not known yet waits for it. It moves their later recommendations (leanings.py)."""

    def answer(desk: Desk, row: Row) -> None:
        before = row["answer"], row["answer_reason"]
        desk.answer(row, message.answer, message.reason)
        if (row["answer"], row["answer_reason"]) != before:
            learn(work.connection, row, work.as_of.isoformat())

    return _to_pair(message, work, answer)


def note_step(message: StepTaken, work: Work) -> Outcomes:
    """What employer and person have agreed on; nobody is pushed what they talk about already, nor told that their own place is taken."""
    return _to_pair(message, work, lambda desk, row: desk.step(row, message.step))


def _to_pair(message: RecommendationAnswered | StepTaken, work: Work, do: Callable[[Desk, Row], None]) -> Outcomes:
    left = work.connection.execute(
        select(sides.c.reason).where(sides.c.kind == "person", sides.c.id == message.person_id, sides.c.on_market.is_(False))
    ).scalar()
    if left == "removed":
        return [Drop("the person was removed")]
    desk = Desk(work)
    desk.load([(message.person_id, message.posting_id)])
    row = next(iter(desk.rows.values()), None) or desk.await_pair(message.person_id, message.posting_id)
    do(desk, row)
    return desk.close()


# -- the clock -----------------------------------------------------------------------------------------------------------


def push_what_waited(message: ClockTick, work: Work) -> Outcomes:
    """A new day has new budgets: what they stopped goes out, best first, then what people's own answers moved back. Quiet hours end: what
    was to be sent outside is due."""
    if work.cursor is None:
        _open_the_day(message, work)
    day = work.as_of.isoformat()
    due = select(pairs.c.match_id).where(pairs.c.held_on < day).limit(1)
    if (work.cursor or "").startswith("found:") or work.connection.execute(due).first() is None:
        return push_found(work)
    after, last = work.cursor or "", False
    if after.startswith(LAST):
        after, last = after.removeprefix(LAST), True
    which = pairs.c.held_back == rules.MOVED_BACK if last else pairs.c.held_back != rules.MOVED_BACK
    query = select(pairs).where(pairs.c.held_on.is_not(None), pairs.c.held_on < day, which, pairs.c.best > after)
    rows = work.connection.execute(query.order_by(pairs.c.best).limit(PAGE)).mappings().all()
    desk = Desk(work)
    desk.adopt([dict(row) for row in rows])
    desk.load_sides()
    for row in desk.rows_in_turn():
        desk.push_or_hold(row, row["state"], last=last)
    outcomes: list[Outcome] = list(desk.close())
    phase = LAST if last else ""
    following = "found:" if last else LAST
    outcomes.append(Continue(f"{phase}{rows[-1]['best']}" if len(rows) == PAGE else following))
    return outcomes


def _open_the_day(message: ClockTick, work: Work) -> None:
    instant = rules.as_text(message.instant)
    work.connection.execute(update(outgoing).where(outgoing.c.state == "waiting", outgoing.c.not_before <= instant).values(state="due"))
    if message.last is not None and day_of(message.last) == day_of(message.instant):
        return
    work.connection.execute(delete(budgets).where(budgets.c.day < (work.as_of - timedelta(days=2)).isoformat()))
    too_late = rules.as_text(message.instant - timedelta(days=STALE_DAYS))
    work.connection.execute(delete(outgoing).where(outgoing.c.not_before < too_late))
    work.connection.execute(delete(suppressed).where(suppressed.c.day < (work.as_of - timedelta(days=KEPT_DAYS)).isoformat()))
    forget_old(work)
    sweep_finds(work)
    sweep_leanings(work)
    sweep_reach(work.connection)


# -- what messages say of a posting --------------------------------------------------------------------------------------


def keep_posting(message: PostingPublished, work: Work) -> Outcomes:
    """What an inbox and a mail say of the posting; and whoever saved a search that finds it is told."""
    if work.cursor is not None:
        return find(message, work)
    posting = message.posting
    document: dict[str, Any] = {
        "title": posting.title,
        "employer_id": posting.employer.employer_id,
        "employer": posting.employer.name,
        "region": posting.region,
        "pay": posting.pay.model_dump(mode="json", exclude_none=True),
        "form": posting.form,
        "occupation_code": posting.occupation_code,
        "shifts": posting.terms.shifts if posting.terms is not None else None,
        "hours_per_day": posting.work.hours_per_day or (posting.terms.hours_per_day if posting.terms is not None else None),
        "apply_by": posting.apply_by,
        "starts_at": posting.work.starts_at,
    }
    kept = to_json({name: value for name, value in document.items() if value is not None})
    row = {"posting_id": message.posting_id, "revision": message.revision, "document": kept}
    return find(message, work) if upsert_newer(work.connection, postings, row) else [Drop("superseded")]


def end_what_is_held(message: PostingHeld, work: Work) -> Outcomes:
    """What saved searches found is not shown while it waits for staff."""
    end_finds(work.connection, message.posting_id, "held", rules.as_text(work.envelope.recorded_at))
    return None


def note_merger(message: PostingEnded, work: Work) -> Outcomes:
    """Two postings are the same opening: whoever had the one pushed is not pushed the other, and keeps their answer."""
    end_finds(work.connection, message.posting_id, message.cause, rules.as_text(work.envelope.recorded_at))
    if message.cause != "merged" or message.merged_into is None:
        return [Drop("not merged")]
    connection = work.connection
    into = (
        connection.execute(select(merged.c.merged_into).where(merged.c.posting_id == message.merged_into)).scalar() or message.merged_into
    )
    if into == message.posting_id:
        return [Drop("merged into itself")]
    connection.execute(update(merged).where(merged.c.merged_into == message.posting_id).values(merged_into=into))
    upsert(connection, merged, {"posting_id": message.posting_id, "merged_into": into})
    answered = connection.execute(
        select(pairs.c.person_id, pairs.c.answer, pairs.c.answer_reason)
        .where(pairs.c.posting_id == message.posting_id, pairs.c.answer.in_(("interested", "refused")))
        .order_by(pairs.c.match_id)
    ).all()
    desk = Desk(work)
    desk.load([(person_id, into) for person_id, _, _ in answered])
    own = {row["person_id"]: row for row in desk.rows.values()}
    for person_id, answer, reason in answered:
        if person_id in own and own[person_id]["answer"] in (None, "seen"):
            desk.answer(own[person_id], answer, reason)
    return desk.close()


_SAYS = (RecommendationIssued, RecommendationEnded, InterestShown)

SUBJECT = Subject(
    "delivery",
    (
        Handler(on=PostingMatched, handle=push_to_people, emits=_SAYS),
        Handler(on=PersonMatched, handle=push_postings, emits=_SAYS),
        Handler(on=PostingLeftMarket, handle=end_posting, emits=(RecommendationEnded,)),
        Handler(on=PersonLeftMarket, handle=clear_inbox, emits=(RecommendationEnded,)),
        Handler(on=RecommendationAnswered, handle=take_answer, emits=(RecommendationIssued, InterestShown)),
        Handler(on=AnswerUse, handle=set_use),
        Handler(on=StepTaken, handle=note_step, emits=(RecommendationIssued,)),
        Handler(on=ClockTick, handle=push_what_waited, emits=(*_SAYS, SearchFound)),
        Handler(on=PostingPublished, handle=keep_posting, prepare=look_for_searches, emits=(SearchFound,)),
        Handler(on=PostingChanged, handle=keep_posting, prepare=look_for_searches, emits=(SearchFound,)),
        Handler(on=PostingHeld, handle=end_what_is_held),
        Handler(on=PostingEnded, handle=note_merger, emits=(RecommendationIssued, InterestShown)),
        Handler(on=WindowChanged, handle=tell_holders, emits=(HintEnding,)),
        Handler(on=PersonPolicyNotice, handle=tell_by_letter),
        Handler(on=PolicyNotice, handle=tell_by_letter),
        Handler(on=PersonAskedToConfirm, handle=ask_person),
        Handler(on=EmployerAskedToConfirm, handle=ask_employer),
        Handler(on=SearchSaved, handle=save_search),
        Handler(on=SearchDropped, handle=drop_search),
    ),
    batch=16,  # a posting's pairs take 7 ms: more at once would keep the others' commits waiting
)
