"""One pair, explained: blockers, criteria with points and sentences, score, band, near miss, priority.

Slow and readable on purpose: it is what the columnar form (``matcher.columns``) is held to by a property test, and what people are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from matcher.blockers import Blocker, Rules, blockers
from matcher.criteria import Criterion, criteria
from matcher.match_order import MODEL_VERSION, band_of, is_in_market, match_id
from matcher.near_miss import near_miss
from matcher.occupation_likeness import reader_of
from matcher.priority import priority
from matcher.shapes import Employer, Person, Posting
from matcher.sides import sides


@dataclass(frozen=True)
class Explanation:
    """Everything the matcher has to say about a pair on a day. ``score_tenths`` is the sum of the criteria's tenths."""

    person_id: str
    posting_id: str
    as_of: date
    blockers: tuple[Blocker, ...]
    criteria: tuple[Criterion, ...]
    score_tenths: int
    priority: int
    priority_reasons: tuple[str, ...]
    in_market: bool
    model_version: str = MODEL_VERSION

    @property
    def score(self) -> float:
        """0 to 100 with one decimal."""
        return self.score_tenths / 10

    @property
    def band(self) -> int:
        return band_of(self.score_tenths)

    @property
    def not_stated(self) -> list[str]:
        """The criteria on which the posting or the person is silent."""
        return [criterion.name for criterion in self.criteria if not criterion.stated]

    @property
    def near_miss(self) -> list[Blocker]:
        """The blockers that someone could change, smallest change first."""
        return near_miss(self.blockers)

    @property
    def recommended(self) -> bool:
        """Only pairs without a blocker, and never a public-welfare post, are recommended on the market."""
        return self.in_market and not self.blockers

    def as_json(self) -> dict[str, Any]:
        """The contract's ``explain`` output without hints."""
        return {
            "match_id": match_id(self.person_id, self.posting_id),
            "person_id": self.person_id,
            "posting_id": self.posting_id,
            "as_of": self.as_of.isoformat(),
            "blockers": [without_effort(item) for item in self.blockers],
            "near_miss": [without_effort(item) for item in self.near_miss],
            "score": self.score,
            **sides({criterion.name: criterion.tenths for criterion in self.criteria}),
            "band": self.band,
            "priority": self.priority,
            "priority_reasons": list(self.priority_reasons),
            "criteria": [criterion.as_json() for criterion in self.criteria],
            "not_stated": self.not_stated,
            "in_market": self.in_market,
            "recommended": self.recommended,
            "model_version": self.model_version,
        }


def without_effort(item: Blocker) -> dict[str, Any]:
    """A blocker as the contract shows it; ``effort`` only orders."""
    return {name: value for name, value in item.items() if name != "effort"}


def explain(posting: Posting, person: Person, as_of: date, employer: Employer | None = None, rules: Rules = Rules()) -> Explanation:
    """The whole answer for one pair on one day in Shanghai. ``employer`` matters for priority alone."""
    reader = reader_of(posting)
    found = criteria(posting, person, as_of, reader)
    points, reasons = priority(posting, person, employer, as_of)
    return Explanation(
        person_id=person.person_id,
        posting_id=posting.posting_id,
        as_of=as_of,
        blockers=tuple(blockers(posting, person, as_of, rules, reader)),
        criteria=tuple(found),
        score_tenths=sum(criterion.tenths for criterion in found),
        priority=points,
        priority_reasons=reasons,
        in_market=is_in_market(posting),
    )
