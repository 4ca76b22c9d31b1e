"""Steps between a person and a posting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from streams.runtime.messages import Message, Upcast

Step = Literal["invited", "talking", "offered", "hired", "not_hired", "left"]


class Contract(BaseModel):
    """What almost every subsidy depends on (E-31): signed, length in months, first day insured."""

    model_config = ConfigDict(frozen=True)
    signed: bool | None = None
    months: float | None = None
    insured_on: date | None = None


def _contract_became_an_object(body: dict[str, Any]) -> dict[str, Any]:
    months = body.pop("contract_months", None)
    return {**body, "contract": {"months": months}} if months is not None else body


class StepReported(Message):
    """An employer, a commissioner or the person reported a step (a fact). Version 1 knew of the contract its months alone."""

    type: ClassVar[str] = "hiring.step_reported"
    version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: _contract_became_an_object}
    key: ClassVar[str] = "posting_id"
    sealed_for: ClassVar[str | None] = "person_id"
    free_text: ClassVar[tuple[str, ...]] = ("reason",)
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
    hired_by_day: dict[date, int] = {}  # of ``hired``, the day each began: a shortage reported since then counts later hires only
    employer_id: str | None = None
    occupation_code: str | None = None
    title: str | None = None
