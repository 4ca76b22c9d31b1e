"""A pair as numbers and codes, without a word: what travels in messages and what texts are rendered from when somebody reads them."""

from __future__ import annotations

from typing import Any, NamedTuple

from matcher.criteria import CRITERIA, OF
from matcher.match_order import MODEL_VERSION, band_of, match_id
from matcher.sides import sides


class Pair(NamedTuple):
    """A recommended pair. ``tenths`` of the eight criteria in the order of ``CRITERIA``; ``score_tenths`` is their sum; ``rank`` from 1."""

    person_id: str
    posting_id: str
    score_tenths: int
    rank: int
    priority: int
    priority_reasons: tuple[str, ...]
    tenths: tuple[int, ...]
    not_stated: tuple[str, ...]

    @property
    def score(self) -> float:
        return self.score_tenths / 10

    @property
    def band(self) -> int:
        return band_of(self.score_tenths)

    @property
    def match_id(self) -> str:
        return match_id(self.person_id, self.posting_id)

    def as_json(self) -> dict[str, Any]:
        """The contract's Recommendation without texts, hints and ``as_of``."""
        return {
            "match_id": self.match_id,
            "person_id": self.person_id,
            "posting_id": self.posting_id,
            "score": self.score,
            **sides(dict(zip(CRITERIA, self.tenths, strict=True))),
            "band": self.band,
            "rank": self.rank,
            "priority": self.priority,
            "priority_reasons": list(self.priority_reasons),
            "criteria": [
                {"criterion": name, "points": tenths / 10, "of": OF[name] // 10} for name, tenths in zip(CRITERIA, self.tenths, strict=True)
            ],
            "not_stated": list(self.not_stated),
            "model_version": MODEL_VERSION,
        }


def silent_names(bits: int, freshness_is_stated: bool) -> tuple[str, ...]:
    """The kernel's bits of what is not stated as names of criteria."""
    found = [name for bit, name in enumerate(CRITERIA[:7]) if bits >> bit & 1]
    return tuple(found if freshness_is_stated else [*found, "freshness"])


def reasons_of(priority: int) -> tuple[str, ...]:
    """The reasons that add up to a priority (``matcher.priority``): 4 local, 2 elsewhere, 1 in difficulty; every sum has one reading."""
    reasons = {4: ("registered_unemployed_local",), 2: ("registered_unemployed",), 0: ()}[priority & ~1]
    return (*reasons, "employment_difficulty") if priority & 1 else reasons
