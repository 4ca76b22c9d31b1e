"""Replay: a shadow run of the matcher over the log with another catalogue or another program, and what would be different.

Nothing is sent and nothing is kept: the report says who would gain and lose which pair and which hint before a change goes live.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from sqlalchemy import Connection, func, select

from matcher.days import day_of
from matcher.policy import Catalogue, pair_statuses
from matcher.policy.difference import entry_changes, hint_changes, own_changes, sum_change, sums_may_differ
from streams.matching import queries
from streams.matching.messages import PairHint, PersonMatched, PostingMatched
from streams.runtime.log import Log
from streams.runtime.messages import Unreadable
from streams.runtime.tables import log as log_table

Key = tuple[str, str]
_SAID = ("score", "points", "hints")


def announced(connection: Connection, log: Log) -> dict[Key, dict[str, Any]]:
    """The newest announcement of every pair in a log: score, points, hints by entry, its day and the catalogue it was made with."""
    found: dict[Key, dict[str, Any]] = {}
    query = select(log_table).where(log_table.c.type.in_((PostingMatched.type, PersonMatched.type))).order_by(log_table.c.seq)
    rows = connection.execute(query.execution_options(yield_per=500)).mappings().partitions()
    for envelope in chain.from_iterable(log.decode_all(connection, page) for page in rows):
        if isinstance(envelope, Unreadable):
            continue
        message = envelope.message
        assert isinstance(message, PostingMatched | PersonMatched)
        for pair in message.pairs:
            found[pair.person_id, pair.posting_id] = {
                "score": pair.score,
                "points": pair.points,
                "hints": {hint.entry_id: hint.status for hint in map(PairHint.of, pair.hints)},
                "as_of": envelope.as_of,
                "catalogue_version": message.catalogue_version,
            }
    return found


def sums(connection: Connection, before: Mapping[Key, dict[str, Any]], old: Catalogue, new: Catalogue) -> dict[Key, Decimal]:
    """By how much the sum of the told hints changes, for every pair of the log that the old catalogue was used for, on the day of its
    announcement; pairs without a change are left out. What sums are is said by ``policy diff``, and this is its arithmetic."""
    may_differ = sums_may_differ(entry_changes(old, new))
    by_day: dict[date, dict[str, list[str]]] = {}
    for (person_id, posting_id), pair in before.items():
        if pair["catalogue_version"] == old.version:
            by_day.setdefault(pair["as_of"], {}).setdefault(posting_id, []).append(person_id)
    found: dict[Key, Decimal] = {}
    for day, openings in sorted(by_day.items()):
        offers = queries.postings(connection, openings)
        owners = {posting.employer.employer_id for posting in offers.values() if posting.employer.employer_id}
        employers = queries.employers(connection, owners)
        had, has = pair_statuses(old, day), pair_statuses(new, day)
        for posting_id, posting in sorted(offers.items()):
            employer = employers.get(posting.employer.employer_id or "")
            people = list(queries.people(connection, openings[posting_id]).values())
            both = zip(people, had.for_posting(posting, employer, people), has.for_posting(posting, employer, people), strict=True)
            for person, one, other in both:
                if one != other or may_differ:
                    yuan = sum_change(old, new, posting, person, employer, day)
                    if yuan:
                        found[person.person_id, posting_id] = yuan
    return found


def own(connection: Connection, old: Catalogue, new: Catalogue) -> Iterator[dict[str, Any]]:
    """What people, founders, employers and institutions of the exchange would be told otherwise about themselves, on the last day of the
    log: the lines of ``policy diff``."""
    last = connection.execute(select(func.max(log_table.c.recorded_at))).scalar()
    if last is None:
        return
    day = day_of(datetime.fromisoformat(last))
    for change in own_changes(old, new, *queries.everybody(connection), day):
        yield change.as_json()


def differences(
    before: Mapping[Key, dict[str, Any]], after: Mapping[Key, dict[str, Any]], yuan: Mapping[Key, Decimal] | None = None
) -> Iterator[dict[str, Any]]:
    """One entry a pair that differs: ``change`` gained, lost or changed, with scores, the hints gained, lost or of other status, and with
    ``yuan`` (what ``sums`` found) by how much the sum changes: the words of ``policy diff``."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        entry: dict[str, Any] = {"person_id": key[0], "posting_id": key[1]}
        if old is None or new is None:
            one = new if old is None else old
            assert one is not None
            yield {**entry, "change": "gained" if old is None else "lost", "score": one["score"], "hints": one["hints"]}
            continue
        change = (yuan or {}).get(key, Decimal(0))
        if not change and all(old[name] == new[name] for name in _SAID):
            continue
        gained, lost, other = hint_changes(old["hints"], new["hints"])
        yield {
            **entry,
            "change": "changed",
            "score": [old["score"], new["score"]],
            "hints_gained": gained,
            "hints_lost": lost,
            "hints_changed": other,
            "yuan": float(change),
        }
