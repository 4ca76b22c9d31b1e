"""Matches the moment either side changes: one message a posting or a person, its best pairs with their hints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import bindparam, delete, select

from matcher.blockers import blockers
from matcher.criteria import CRITERIA
from matcher.match_order import MODEL_VERSION, is_in_market
from matcher.pairs import Pair as FoundPair
from matcher.priority import priority
from matcher.shapes import Employer, Person, Posting
from streams.intake.messages import (
    EmployerRegistered,
    PersonChanged,
    PersonRegistered,
    PersonRemoved,
    PostingChanged,
    PostingEnded,
    PostingHeld,
    PostingPublished,
    posting_document,
)
from streams.matching import queries, tables
from streams.matching.memory import OFF, ON, Market
from streams.matching.messages import Pair, PairHint, PersonLeftMarket, PersonMatched, PostingLeftMarket, PostingMatched
from streams.policy.messages import EmployerCounted
from streams.runtime.messages import to_json
from streams.runtime.outcomes import Drop, Emit, Outcomes
from streams.runtime.subjects import Handler, Preparation, Subject, Work
from streams.runtime.tables import Look, insert_new, upsert, upsert_newer

PERSON_PAIRS = 20  # at most so many postings go out with one change of a person


# Statements are made once: making one takes 70 us, running it 20.
_POSTING_REVISION = Look(select(tables.postings.c.revision).where(tables.postings.c.posting_id == bindparam("posting_id")))
_OFFERED_TO = select(tables.offered.c.person_id).where(tables.offered.c.posting_id == bindparam("posting_id"))
_PERSON = select(tables.people.c.revision, tables.people.c.state).where(tables.people.c.person_id == bindparam("person_id"))


def most_pairs(openings_left: int) -> int:
    """K = min(100, 10 + 5 x openings left)."""
    return min(100, 10 + 5 * openings_left)


@dataclass(frozen=True)
class Found:
    """What the prepare step found: the best pairs with hints and how many were without a blocker."""

    pairs: tuple[Pair, ...]
    considered: int


def _pair(found: FoundPair, hints: Iterable[tuple[str, str]]) -> Pair:
    return Pair(
        person_id=found.person_id,
        posting_id=found.posting_id,
        score=found.score,
        band=found.band,
        rank=found.rank,
        priority=found.priority,
        priority_reasons=found.priority_reasons,
        points={name: tenths / 10 for name, tenths in zip(CRITERIA, found.tenths, strict=True)},
        not_stated=found.not_stated,
        hints=_told(tuple(hints)),
    )


# Ten hints a pair, and few different lists of them: made anew each time they were a third of a match.
@lru_cache(maxsize=10_000)
def _told(hints: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(str(PairHint(entry_id, status)) for entry_id, status in hints)


def wants_recommendations(person: Person) -> bool:
    # Consent is the one silence that blocks: without it nothing is pushed (contract.md).
    return person.consent is not None and person.consent.recommend is True


# -- a posting is new or changed -----------------------------------------------------------------------------------------


def find_people(message: PostingPublished, preparation: Preparation) -> Found:
    market: Market = preparation.memory
    posting = message.posting
    market.posting_documents.put(message.posting_id, posting)
    if not is_in_market(posting):
        with market.lock:
            market.postings.remove(message.posting_id)
        return Found((), 0)
    employer = market.employer(preparation.reading, posting.employer.employer_id)
    with market.lock:
        market.postings.upsert(posting)
        best, considered = market.people.match_counted(
            posting, preparation.as_of, most_pairs(posting.openings_left), employer, market.rules
        )
    return Found(hinted_pairs(market, preparation, posting, employer, best), considered)


def hinted_pairs(
    market: Market, preparation: Preparation, posting: Posting, employer: Employer | None, best: list[FoundPair]
) -> tuple[Pair, ...]:
    """Pairs of one posting with their hints; a person who is not known any more is left out."""
    views = market.views(preparation.reading, [pair.person_id for pair in best], preparation.as_of)
    best = [pair for pair in best if pair.person_id in views]
    hints = market.hints(preparation.as_of).for_posting(posting, employer, [views[pair.person_id] for pair in best])
    return tuple([_pair(pair, its) for pair, its in zip(best, hints, strict=True)])


def match_posting(message: PostingPublished, work: Work) -> Outcomes:
    """Keep the posting and announce its best people; whoever was offered it and is blocked now is named."""
    known = _POSTING_REVISION.rows(work.connection, posting_id=message.posting_id)
    if known and known[0][0] >= message.revision:
        return [Drop("superseded")]
    posting = message.posting
    in_market = is_in_market(posting)
    upsert(
        work.connection,
        tables.postings,
        {
            "posting_id": message.posting_id,
            "revision": message.revision,
            "state": ON if in_market else OFF,
            "document": to_json(posting_document(posting)),
        },
    )
    if not in_market:
        return leave(message.posting_id, message.revision, "not_in_market", work) if known else [Drop("not a market posting")]
    return announce_pairs(posting, message.revision, work.prepared, work, changed=bool(known))


def announce_pairs(posting: Posting, revision: int, found: Found, work: Work, *, changed: bool) -> Outcomes:
    """Say the best pairs of a posting; ``changed``: it may have been offered before, and whoever is blocked now is named."""
    chosen = {pair.person_id for pair in found.pairs}
    others: list[str] = []
    if changed:
        before = work.connection.execute(_OFFERED_TO, {"posting_id": posting.posting_id}).scalars()
        others = [person_id for person_id in before if person_id not in chosen]
    # From the table, not the memory: that has seen the later messages of this batch already.
    people = queries.people(work.connection, others)
    blocked = tuple(
        person_id for person_id in others if person_id not in people or blockers(posting, people[person_id], work.as_of, work.memory.rules)
    )
    _note_offers(
        work, [(posting.posting_id, person_id) for person_id in chosen], [(posting.posting_id, person_id) for person_id in blocked]
    )
    matched = PostingMatched(
        posting_id=posting.posting_id,
        revision=revision,
        openings_left=posting.openings_left,
        employer_id=posting.employer.employer_id,
        considered=found.considered,
        model_version=MODEL_VERSION,
        catalogue_version=work.memory.catalogue.version,
        pairs=found.pairs,
        blocked=blocked,
    )
    return [Emit(matched)]


def _note_offers(work: Work, chosen: list[tuple[str, str]], blocked: list[tuple[str, str]]) -> None:
    insert_new(work.connection, tables.offered, [{"posting_id": posting, "person_id": person} for posting, person in sorted(chosen)])
    for posting, person in blocked:
        work.connection.execute(delete(tables.offered).where(tables.offered.c.posting_id == posting, tables.offered.c.person_id == person))


def forget_posting(message: PostingHeld | PostingEnded, preparation: Preparation) -> None:
    with preparation.memory.lock:
        preparation.memory.postings.remove(message.posting_id)


def end_posting(message: PostingEnded, work: Work) -> Outcomes:
    """The opening is gone: nobody is recommended for it any more."""
    return _off(message.posting_id, message.revision, message.cause, work)


def suspend_posting(message: PostingHeld, work: Work) -> Outcomes:
    return _off(message.posting_id, message.revision, "held", work)


def _off(posting_id: str, revision: int, reason: str, work: Work) -> Outcomes:
    row = work.connection.execute(select(tables.postings).where(tables.postings.c.posting_id == posting_id)).mappings().first()
    if row is None:
        return [Drop("never on the market")]
    if row["revision"] >= revision:
        return [Drop("superseded")]
    upsert(work.connection, tables.postings, {**row, "revision": revision, "state": OFF})
    return leave(posting_id, revision, reason, work)


def leave(posting_id: str, revision: int, reason: str, work: Work) -> Outcomes:
    work.connection.execute(delete(tables.offered).where(tables.offered.c.posting_id == posting_id))
    return [Emit(PostingLeftMarket(posting_id=posting_id, revision=revision, reason=reason))]


# -- a person is new or changed ------------------------------------------------------------------------------------------


def find_postings(message: PersonRegistered, preparation: Preparation) -> Found:
    market: Market = preparation.memory
    person = message.person
    market.put_person(person)
    if not wants_recommendations(person):
        with market.lock:
            market.people.remove(message.person_id)
        return Found((), 0)
    with market.lock:
        market.people.upsert(person)
        best, considered = market.postings.match_counted(person, preparation.as_of, PERSON_PAIRS, rules=market.rules)
    postings = market.posting_documents.many(preparation.reading, [pair.posting_id for pair in best])
    ids = {posting.employer.employer_id for posting in postings.values() if posting.employer.employer_id is not None}
    employers = market.employers(preparation.reading, sorted(ids))
    hints = market.hints(preparation.as_of)
    view = hints.view(person)
    market.keep_view(message.person_id, view)
    pairs = []
    for pair in best:
        posting = postings.get(pair.posting_id)
        if posting is None:
            continue
        employer = employers.get(posting.employer.employer_id or "")
        # The columns of postings know no employers: who comes first among equals is looked up here, for the few that are announced.
        points, reasons = priority(posting, person, employer, preparation.as_of)
        pairs.append(_pair(pair._replace(priority=points, priority_reasons=reasons), hints.for_posting(posting, employer, [view])[0]))
    return Found(tuple(pairs), considered)


def match_person(message: PersonRegistered, work: Work) -> Outcomes:
    """Keep the profile and announce the best postings for it; those offered before and blocked now are named."""
    row = work.connection.execute(_PERSON, {"person_id": message.person_id}).mappings().first()
    if row is not None and row["revision"] >= message.revision:
        return [Drop("superseded")]
    wants = wants_recommendations(message.person)
    document = message.person.model_dump_json(exclude_none=True, by_alias=True, exclude={"private"}).encode()
    upsert(
        work.connection,
        tables.people,
        {"person_id": message.person_id, "revision": message.revision, "state": ON if wants else OFF, "document": document},
    )
    if not wants:
        if row is None or row["state"] == OFF:
            return [Drop("no consent to recommendations")]
        return _person_leaves(message.person_id, message.revision, "consent", work)
    found: Found = work.prepared
    chosen = {pair.posting_id for pair in found.pairs}
    others: list[str] = []
    if row is not None:
        before = work.connection.execute(select(tables.offered.c.posting_id).where(tables.offered.c.person_id == message.person_id))
        others = sorted(posting_id for (posting_id,) in before if posting_id not in chosen)
    postings = queries.postings(work.connection, others)  # from the table, as above
    blocked = tuple(
        posting_id
        for posting_id in others
        if posting_id not in postings or blockers(postings[posting_id], message.person, work.as_of, work.memory.rules)
    )
    _note_offers(
        work, [(posting_id, message.person_id) for posting_id in chosen], [(posting_id, message.person_id) for posting_id in blocked]
    )
    matched = PersonMatched(
        person_id=message.person_id,
        revision=message.revision,
        considered=found.considered,
        model_version=MODEL_VERSION,
        catalogue_version=work.memory.catalogue.version,
        pairs=found.pairs,
        blocked=blocked,
    )
    return [Emit(matched)]


def forget_person(message: PersonRemoved, preparation: Preparation) -> None:
    with preparation.memory.lock:
        preparation.memory.people.remove(message.person_id)
    preparation.memory.drop_person(message.person_id)


def remove_person(message: PersonRemoved, work: Work) -> Outcomes:
    row = work.connection.execute(select(tables.people.c.person_id).where(tables.people.c.person_id == message.person_id)).first()
    if row is None:
        return [Drop("not known")]
    work.connection.execute(delete(tables.people).where(tables.people.c.person_id == message.person_id))
    return _person_leaves(message.person_id, message.revision, "removed", work)


def _person_leaves(person_id: str, revision: int, reason: str, work: Work) -> Outcomes:
    work.connection.execute(delete(tables.offered).where(tables.offered.c.person_id == person_id))
    return [Emit(PersonLeftMarket(person_id=person_id, revision=revision, reason=reason))]


# -- employers -----------------------------------------------------------------------------------------------------------


def learn_employer(message: EmployerRegistered, preparation: Preparation) -> None:
    preparation.memory.employer_documents.put(message.employer_id, message.employer)


def keep_employer(message: EmployerRegistered, work: Work) -> Outcomes:
    """What hints and priority need of the employer; postings matched before keep their hints until they change."""
    known = work.connection.execute(
        select(tables.employers.c.revision).where(tables.employers.c.employer_id == message.employer_id)
    ).scalar()
    if known is not None and known >= message.revision:
        return [Drop("superseded")]
    document = to_json(message.employer.model_dump(mode="json", exclude_none=True, by_alias=True))
    upsert(work.connection, tables.employers, {"employer_id": message.employer_id, "revision": message.revision, "document": document})
    return None


def learn_counts(message: EmployerCounted, preparation: Preparation) -> None:
    preparation.memory.put_counts(message.employer_id, queries.Counted(message.absorbed, message.poverty, message.share))


def keep_counts(message: EmployerCounted, work: Work) -> Outcomes:
    """What policy counts of the employer: the sums in hints of its next pairs, and of all that are read from now on, are at that rate."""
    row = {name: getattr(message, name) for name in tables.counts.columns.keys()}  # noqa: SIM118 - columns, not names
    return None if upsert_newer(work.connection, tables.counts, row) else [Drop("superseded")]


SUBJECT = Subject(
    "matching",
    (
        Handler(on=PostingPublished, handle=match_posting, prepare=find_people, emits=(PostingMatched, PostingLeftMarket)),
        Handler(on=PostingChanged, handle=match_posting, prepare=find_people, emits=(PostingMatched, PostingLeftMarket)),
        Handler(on=PostingHeld, handle=suspend_posting, prepare=forget_posting, emits=(PostingLeftMarket,)),
        Handler(on=PostingEnded, handle=end_posting, prepare=forget_posting, emits=(PostingLeftMarket,)),
        Handler(on=PersonRegistered, handle=match_person, prepare=find_postings, emits=(PersonMatched, PersonLeftMarket)),
        Handler(on=PersonChanged, handle=match_person, prepare=find_postings, emits=(PersonMatched, PersonLeftMarket)),
        Handler(on=PersonRemoved, handle=remove_person, prepare=forget_person, emits=(PersonLeftMarket,)),
        Handler(on=EmployerRegistered, handle=keep_employer, prepare=learn_employer),
        Handler(on=EmployerCounted, handle=keep_counts, prepare=learn_counts),
    ),
    memory=Market,
    batch=32,
)
