"""What is pushed to people, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal

from streams.matching.messages import hints_as_texts
from streams.runtime.messages import Message, Upcast


class RecommendationIssued(Message):
    """A pair was pushed into a person's inbox (again only when its new version says something new)."""

    type: ClassVar[str] = "recommendation.issued"
    version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: hints_as_texts, 2: dict}
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    posting_id: str
    match_id: str
    revision: int
    score: float
    band: int
    rank: int
    priority: int = 0
    priority_reasons: tuple[str, ...] = ()
    points: dict[str, float] = {}
    hints: tuple[str, ...] = ()  # each a ``PairHint`` of matching as text
    model_version: str
    catalogue_version: str
    turn: tuple[str, ...] = ()  # why it went out before one of the same person with a better score (``rules.TURNS``)


class RecommendationEnded(Message):
    """It left the inbox: the posting closed, filled, is held or expired, the pair became blocked, the person left."""

    type: ClassVar[str] = "recommendation.ended"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    posting_id: str
    match_id: str
    revision: int
    reason: str
    had_answered: bool = False


class RecommendationAnswered(Message):
    """The person's answer (a fact). ``refused`` carries a reason: pay, distance, trade, hours, other."""

    type: ClassVar[str] = "recommendation.answered"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
    person_id: str
    posting_id: str
    match_id: str
    answer: Literal["interested", "refused", "seen"]
    reason: str | None = None


class AnswerUse(Message):
    """Whether what the person answered to a posting moves their later recommendations (a fact); it does until they say no."""

    type: ClassVar[str] = "recommendation.answer_use"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    posting_id: str
    match_id: str
    used: bool


class InterestShown(Message):
    """A person is interested in a posting: the employer may see it, hiring may begin. ``withdrawn``: not any more."""

    type: ClassVar[str] = "recommendation.interest_shown"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    posting_id: str
    match_id: str
    withdrawn: bool = False


class HintEnding(Message):
    """A benefit of which recommendations in a person's inbox tell is about to end (``closing_30``, ``closing_7``: days left) or has ended
    (``closed``). Once a person, entry and stage. ``match_id``: the best of these recommendations, ``matches`` how many they are."""

    type: ClassVar[str] = "recommendation.hint_ending"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    notice_id: str
    entry_id: str
    benefit: str
    stage: Literal["closing_30", "closing_7", "closed"]
    last_day: date | None = None
    match_id: str
    matches: int


class SearchSaved(Message):
    """A person wants to be told of postings that a search finds from now on (a fact). ``parameters`` are those of ``search.query``."""

    type: ClassVar[str] = "search.saved"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    free_text: ClassVar[tuple[str, ...]] = ("name",)
    person_id: str
    search_id: str
    name: str
    parameters: dict[str, str]


class SearchDropped(Message):
    """The person wants it no longer (a fact)."""

    type: ClassVar[str] = "search.dropped"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    search_id: str


class SearchFound(Message):
    """A posting that a saved search finds was pushed into the person's inbox; said once a posting and search."""

    type: ClassVar[str] = "search.found"
    key: ClassVar[str] = "person_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    search_id: str
    posting_id: str
    match_id: str
