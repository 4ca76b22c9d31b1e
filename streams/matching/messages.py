"""What the matcher says: one message a posting or a person, with the pairs as numbers and codes. Texts are rendered when read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from streams.runtime.messages import Message, Upcast


class PairHint(NamedTuple):
    """A subsidy hint of a pair: entry of the catalogue and its status (ELIGIBLE or NEEDS_CHECK).

    In messages it is one text, ``entry=STATUS`` or ``entry=STATUS:yuan``: ten hints a pair and fifty pairs a posting are otherwise half of
    what is written for it.
    """

    entry_id: str
    status: str
    yuan: float | None = None

    def __str__(self) -> str:
        return f"{self.entry_id}={self.status}" if self.yuan is None else f"{self.entry_id}={self.status}:{self.yuan}"

    @classmethod
    def of(cls, text: str) -> PairHint:
        entry_id, _, rest = text.rpartition("=")
        status, _, yuan = rest.partition(":")
        return cls(entry_id, status, float(yuan) if yuan else None)


def hints_as_texts(body: dict[str, Any]) -> dict[str, Any]:
    """Upcast: in version 1 a hint was an object. ``body`` has ``hints``, or ``pairs`` that have them; those that are texts stay."""
    if "pairs" in body:
        return body | {"pairs": [hints_as_texts(pair) for pair in body["pairs"]]}
    hints = body.get("hints", ())
    return body | {"hints": [h if isinstance(h, str) else str(PairHint(h["entry_id"], h["status"], h.get("yuan"))) for h in hints]}


class Pair(BaseModel):
    """One person and one posting. ``points``: criterion code to points; ``score`` 0 to 100, ``band`` = floor(score / 5)."""

    model_config = ConfigDict(frozen=True)
    person_id: str
    posting_id: str
    score: float
    band: int
    rank: int
    priority: int = 0
    priority_reasons: tuple[str, ...] = ()
    points: dict[str, float] = {}
    not_stated: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()  # each a ``PairHint`` as text


class PostingMatched(Message):
    """The best K = min(100, 10 + 5 x openings left) people for a posting that is new or changed, best first; whole state of its pairs."""

    type: ClassVar[str] = "posting.matched"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: hints_as_texts}
    key: ClassVar[str] = "posting_id"
    as_made: ClassVar[bool] = True  # fifty pairs: decoding took a third of what delivery does with it
    posting_id: str
    revision: int
    openings_left: int
    employer_id: str | None = None
    considered: int = 0  # people without a blocker
    model_version: str
    catalogue_version: str
    pairs: tuple[Pair, ...]
    blocked: tuple[str, ...] = ()  # people who had been matched with it and are now blocked or no longer among the best


class PersonMatched(Message):
    """The best postings for a person who is new or changed, best first."""

    type: ClassVar[str] = "person.matched"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: hints_as_texts}
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    revision: int
    considered: int = 0
    model_version: str
    catalogue_version: str
    pairs: tuple[Pair, ...]
    blocked: tuple[str, ...] = ()  # postings that were offered and are now blocked for this person


class PostingLeftMarket(Message):
    """The posting is no longer offered: its recommendations end with this reason (closed, filled, held, expired, merged)."""

    type: ClassVar[str] = "posting.left_market"
    key: ClassVar[str] = "posting_id"
    posting_id: str
    revision: int
    reason: str


class PersonLeftMarket(Message):
    """The person is no longer served: removed or consent withdrawn."""

    type: ClassVar[str] = "person.left_market"
    key: ClassVar[str] = "person_id"
    person_id: str
    revision: int
    reason: str
