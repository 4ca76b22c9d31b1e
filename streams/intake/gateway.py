"""The door of intake: what the API, the pages and ``gongqiao ingest`` call. Everything said comes in through here, or not at all.

Reading happens before the transaction; identity, private values, keys and the message are written in one. Answers are per item, so
that one bad line never spoils a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from uuid import uuid5

from sqlalchemy import Connection

from matcher.days import day_of
from streams.intake.messages import (
    CommitmentDecided,
    DuplicateSplit,
    HoldDecided,
    PersonConfirmed,
    PostingConfirmed,
    PostingWithdrawalReceived,
    ReportDecided,
    ReportKind,
    ViolationReported,
)
from streams.intake.sent import BATCH, Answer, Idempotency, Item, Rights, known_rows
from streams.intake.sent_postings import receive_postings
from streams.intake.sent_profiles import confirm_employer, delete_person, person_with, receive_employers, receive_people
from streams.intake.tables import received
from streams.runtime.exchange import Exchange, Said
from streams.runtime.messages import NAMESPACE
from streams.runtime.tables import upsert

__all__ = [
    "BATCH",
    "Answer",
    "Idempotency",
    "Item",
    "Rights",
    "confirm_employer",
    "confirm_person",
    "confirm_posting",
    "decide_hold",
    "decide_report",
    "delete_person",
    "person_with",
    "receive_employers",
    "receive_people",
    "receive_postings",
    "report_violation",
    "split_duplicates",
    "withdraw_posting",
]


def withdraw_posting(exchange: Exchange, posting_id: str, reason: str, *, by: str, sender: str) -> str:
    """The source takes its posting back; answers the message's id. The same content may be sent again later."""

    def job(connection: Connection) -> str:
        # Forgotten, so that the identical posting sent again is a new version and opens it anew.
        row = {"kind": "posting", "id": posting_id}
        known = known_rows(connection, "posting", [posting_id]).get(posting_id)
        message = PostingWithdrawalReceived(posting_id=posting_id, reason=reason, by=by)
        message_id = exchange.append_within(connection, [Said(message)], source=sender)[0]
        if known is not None:
            values = {**known, **row, "fingerprint": "withdrawn", "message_id": message_id, "at": exchange.now().isoformat()}
            upsert(connection, received, values)
        return message_id

    return exchange.write(job)


def confirm_posting(exchange: Exchange, posting_id: str, *, by: str, sender: str) -> str:
    """The source says the posting still stands: its days start anew. Answers the message's id."""
    return exchange.append([Said(PostingConfirmed(posting_id=posting_id, by=by))], source=sender)[0]


def confirm_person(exchange: Exchange, person_id: str, *, sender: str) -> str:
    """What the person stated still stands: its days start anew. Answers the message's id."""
    return exchange.append([Said(PersonConfirmed(person_id=person_id))], source=sender)[0]


def decide_hold(exchange: Exchange, posting_id: str, decision: Literal["release", "reject"], *, by: str, reason: str, sender: str) -> str:
    """Staff release a held posting as it is, or reject it. Answers the message's id."""
    message = HoldDecided(posting_id=posting_id, decision=decision, by=by, reason=reason)
    return exchange.append([Said(message)], source=sender)[0]


def report_violation(exchange: Exchange, posting_id: str, kind: ReportKind, text: str, *, by: str, sender: str) -> str:
    """A user reports a posting; answers the report's id. The same account reporting the same of the same posting again that day says
    nothing new."""
    day = day_of(exchange.now()).isoformat()
    report_id = str(uuid5(NAMESPACE, "\x1f".join(("report", posting_id, kind, by, day))))
    message = ViolationReported(posting_id=posting_id, report_id=report_id, kind=kind, text=text, by=by)
    exchange.append([Said(message)], source=sender)
    return report_id


def decide_report(
    exchange: Exchange,
    report: Mapping[str, Any],
    decision: Literal["unfounded", "ask_correction", "corrected", "confirmed", "lifted"],
    *,
    by: str,
    reason: str,
    sender: str,
    correct_by: date | None = None,
) -> str:
    """Staff decide on a report (a row of ``report_queries``); answers the message's id."""
    message = ReportDecided(
        posting_id=report["posting_id"],
        report_id=report["report_id"],
        decision=decision,
        by=by,
        reason=reason,
        correct_by=correct_by,
        employer_id=report["employer_id"],
        uscc=report["uscc"],
        kind=report["kind"],
    )
    return exchange.append([Said(message)], source=sender)[0]


def decide_commitment(
    exchange: Exchange, employer_id: str, decision: Literal["kept", "broken"], *, by: str, reason: str, sender: str
) -> str:
    """Staff looked at what an agency promised; answers the message's id."""
    message = CommitmentDecided(employer_id=employer_id, decision=decision, by=by, reason=reason)
    return exchange.append([Said(message)], source=sender)[0]


def split_duplicates(exchange: Exchange, posting_id: str, from_posting_id: str, *, by: str, sender: str) -> str:
    """Staff say that two postings are two openings; remembered. Answers the message's id."""
    message = DuplicateSplit(posting_id=posting_id, from_posting_id=from_posting_id, by=by)
    return exchange.append([Said(message)], source=sender)[0]
