"""Steps between a person and a posting."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from streams.runtime.messages import Message

Step = Literal["invited", "talking", "offered", "hired", "not_hired", "left"]


class Contract(BaseModel):
    """What almost every subsidy depends on (E-31): signed, length in months, first day insured."""

    model_config = ConfigDict(frozen=True)
    signed: bool | None = None
    months: float | None = None
    insured_on: date | None = None


class StepReported(Message):
    """An employer, a commissioner or the person reported a step (a fact)."""

    type: ClassVar[str] = "hiring.step_reported"
    key: ClassVar[str] = "posting_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    posting_id: str
    step: Step
    on: date
    by: str
    reason: str | None = None
    contract: Contract | None = None


class StepTaken(Message):
    """The step holds. ``before``: the step it follows, so that whoever counts can undo the earlier one."""

    type: ClassVar[str] = "hiring.step"
    key: ClassVar[str] = "posting_id"
    sealed_for: ClassVar[str | None] = "person_id"
    person_id: str
    posting_id: str
    match_id: str
    step: Step
    before: Step | None = None
    on: date
    reason: str | None = None
    contract: Contract | None = None
    employer_id: str | None = None


class OpeningsTaken(Message):
    """How many openings of a posting are taken now; carries whole state, so that it says the same however often it is heard."""

    type: ClassVar[str] = "hiring.openings_taken"
    key: ClassVar[str] = "posting_id"
    posting_id: str
    revision: int
    hired: int
    in_talks: int
    accepted: int
    employer_id: str | None = None
    occupation_code: str | None = None
    title: str | None = None
