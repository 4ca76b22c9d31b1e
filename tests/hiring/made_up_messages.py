"""An exchange with hiring alone, and made-up messages."""

from __future__ import annotations

from datetime import date
from typing import Any

from matcher.match_order import match_id
from matcher.shapes import read_posting
from streams.delivery.messages import InterestShown
from streams.hiring import handlers
from streams.hiring.messages import Contract, StepReported
from streams.hiring.tables import openings, pairs, postings, steps
from streams.intake.messages import PostingChanged, PostingEnded, PostingPublished
from tests.one_subject import OneSubject


class HiringExchange(OneSubject):
    subject = handlers.SUBJECT
    remembers = (pairs, steps, postings, openings)


def reported(step: str, *, person: str = "u-1", posting: str = "p-1", on: str = "2026-11-20", **more: Any) -> StepReported:
    contract = Contract(**more.pop("contract")) if "contract" in more else None
    return StepReported(
        person_id=person, posting_id=posting, step=step, on=date.fromisoformat(on), by="account:e-1", contract=contract, **more
    )


def interest(person: str = "u-1", posting: str = "p-1", *, withdrawn: bool = False) -> InterestShown:
    return InterestShown(person_id=person, posting_id=posting, match_id=match_id(person, posting), withdrawn=withdrawn)


def published(posting: str = "p-1", revision: int = 1, *, changed: bool = False, **changes: Any) -> PostingPublished:
    document = {
        "posting_id": posting,
        "source": "enterprise",
        "title": "焊工",
        "occupation_code": "6-18-02-04",
        "headcount": 2,
        "employer": {"employer_id": "e-1", "name": "太原样板机械有限公司"},
        **changes,
    }
    made = PostingChanged if changed else PostingPublished
    return made(posting_id=posting, revision=revision, posting=read_posting(document))


def ended(posting: str = "p-1", revision: int = 9, cause: str = "filled") -> PostingEnded:
    return PostingEnded(posting_id=posting, revision=revision, cause=cause)
