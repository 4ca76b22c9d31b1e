"""Replay: a shadow run of the matcher over the log with another catalogue or another program, and what would be different.

Nothing is sent and nothing is kept: the report says who would gain and lose which pair and which hint before a change goes live.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from streams.matching.messages import PairHint, PersonMatched, PostingMatched
from streams.runtime.log import Log
from streams.runtime.messages import Unreadable
from streams.runtime.tables import log as log_table

Key = tuple[str, str]


def announced(connection: Connection, log: Log) -> dict[Key, dict[str, Any]]:
    """The newest announcement of every pair in a log: score, points, hints by entry and the versions they were made with."""
    found: dict[Key, dict[str, Any]] = {}
    query = select(log_table).where(log_table.c.type.in_((PostingMatched.type, PersonMatched.type))).order_by(log_table.c.seq)
    for row in connection.execute(query.execution_options(yield_per=500)).mappings():
        envelope = log.decode(connection, row)
        if isinstance(envelope, Unreadable):
            continue
        message = envelope.message
        assert isinstance(message, PostingMatched | PersonMatched)
        for pair in message.pairs:
            found[pair.person_id, pair.posting_id] = {
                "score": pair.score,
                "points": pair.points,
                "hints": {hint.entry_id: hint.status for hint in map(PairHint.of, pair.hints)},
            }
    return found


def differences(before: Mapping[Key, dict[str, Any]], after: Mapping[Key, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One entry a pair that differs: ``change`` gained, lost or changed, with scores and the hints gained, lost or of other status."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        entry: dict[str, Any] = {"person_id": key[0], "posting_id": key[1]}
        if old is None or new is None:
            one = new if old is None else old
            assert one is not None
            yield {**entry, "change": "gained" if old is None else "lost", "score": one["score"], "hints": one["hints"]}
            continue
        gained = {name: status for name, status in new["hints"].items() if name not in old["hints"]}
        lost = {name: status for name, status in old["hints"].items() if name not in new["hints"]}
        other = {name: [old["hints"][name], status] for name, status in new["hints"].items() if old["hints"].get(name, status) != status}
        yield {
            **entry,
            "change": "changed",
            "score": [old["score"], new["score"]],
            "hints_gained": gained,
            "hints_lost": lost,
            "hints_changed": other,
        }
