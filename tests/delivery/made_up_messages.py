"""An exchange with delivery alone, and made-up messages of matching and intake."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from matcher.match_order import match_id
from matcher.shapes import read_posting
from streams.delivery import handlers
from streams.delivery.messages import RecommendationAnswered
from streams.delivery.tables import budgets, counts, leanings, merged, notices, outgoing, pairs, postings, reach, sides, suppressed
from streams.hiring.messages import StepTaken
from streams.intake.messages import PostingEnded, PostingPublished
from streams.matching.messages import Pair, PairHint, PersonLeftMarket, PersonMatched, PostingLeftMarket, PostingMatched
from streams.runtime.clock import ClockTick
from streams.runtime.messages import Message
from tests.one_subject import MORNING, OneSubject


class DeliveryExchange(OneSubject):
    subject = handlers.SUBJECT
    remembers = (pairs, sides, postings, merged, budgets, reach, leanings, suppressed, counts, outgoing, notices)

    def __init__(self, path: Path, settings: dict[str, Any]):
        super().__init__(path, settings)
        self.said: list[Message] = []
        self._ticked: datetime | None = None

    def say(self, *messages: Message) -> None:
        self.said.extend(messages)
        super().say(*messages)

    def tick(self, at: datetime | None = None) -> None:
        self.at = at or self.at
        message = ClockTick(instant=self.at, last=self._ticked)
        self._ticked = self.at
        self.say(message)

    def next_day(self, hour: int = 10) -> None:
        self.tick((self.at + timedelta(days=1)).replace(hour=hour, minute=0))

    def row(self, person: str, posting: str) -> dict[str, Any]:
        return next(row for row in self.rows(pairs) if row["match_id"] == match_id(person, posting))

    def issued(self) -> list[tuple[str, str]]:
        return [(message.person_id, message.posting_id) for message in self.out("recommendation.issued")]

    def ended(self) -> list[tuple[str, str, str]]:
        return [(message.person_id, message.posting_id, message.reason) for message in self.out("recommendation.ended")]


def pair(person: str, posting: str, *, score: float = 80.0, rank: int = 1, priority: int = 0, hints: tuple[str, ...] = ()) -> Pair:
    return Pair(
        person_id=person,
        posting_id=posting,
        score=score,
        band=int(score // 5),
        rank=rank,
        priority=priority,
        points={"occupation": 30.0},
        hints=tuple(str(PairHint(hint, "NEEDS_CHECK")) for hint in hints),
    )


def posting_matched(posting: str, revision: int, *found: Pair, blocked: tuple[str, ...] = ()) -> PostingMatched:
    return PostingMatched(
        posting_id=posting, revision=revision, openings_left=1, model_version="1", catalogue_version="c", pairs=found, blocked=blocked
    )


def person_matched(person: str, revision: int, *found: Pair, blocked: tuple[str, ...] = ()) -> PersonMatched:
    return PersonMatched(person_id=person, revision=revision, model_version="1", catalogue_version="c", pairs=found, blocked=blocked)


def answered(person: str, posting: str, answer: str, reason: str | None = None) -> RecommendationAnswered:
    return RecommendationAnswered(person_id=person, posting_id=posting, match_id=match_id(person, posting), answer=answer, reason=reason)


def posting_left(posting: str, revision: int, reason: str) -> PostingLeftMarket:
    return PostingLeftMarket(posting_id=posting, revision=revision, reason=reason)


def person_left(person: str, revision: int, reason: str) -> PersonLeftMarket:
    return PersonLeftMarket(person_id=person, revision=revision, reason=reason)


def merged_into(posting: str, into: str, revision: int = 9) -> PostingEnded:
    return PostingEnded(posting_id=posting, revision=revision, cause="merged", merged_into=into)


def published(posting: str, revision: int = 1, **changes: Any) -> PostingPublished:
    document = {
        "posting_id": posting,
        "source": "enterprise",
        "title": "焊工",
        "employer": {"employer_id": "e-1", "name": "太原样板机械有限公司"},
        "region": "140105",
        "pay": {"min": 5000, "max": 7000, "unit": "month"},
        **changes,
    }
    return PostingPublished(posting_id=posting, revision=revision, posting=read_posting(document))


def stepped(person: str, posting: str, step: str) -> StepTaken:
    return StepTaken(person_id=person, posting_id=posting, match_id=match_id(person, posting), step=step, on=MORNING.date())
