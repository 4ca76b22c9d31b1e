"""Shortages of key employers and the gaps that commissioners watch (E-01, E-02, C-01)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from streams.runtime.messages import Message


class ShortageLine(BaseModel):
    model_config = ConfigDict(frozen=True)
    title: str
    occupation_code: str | None = None
    number: int


class ShortageReported(Message):
    """An employer (or its commissioner) reported how many are missing for what, from when (004 第24项)."""

    type: ClassVar[str] = "shortage.reported"
    key: ClassVar[str] = "employer_id"
    free_text: ClassVar[tuple[str, ...]] = ("lines.title",)
    employer_id: str
    lines: tuple[ShortageLine, ...]
    since: date
    by: str | None = None


class GapChanged(Message):
    """Whole state of an employer's gap: gap = reported - filled, with accepted and in talks beside it."""

    type: ClassVar[str] = "gap.changed"
    key: ClassVar[str] = "employer_id"
    employer_id: str
    revision: int
    region: str | None = None
    reported: int
    filled: int
    accepted: int
    in_talks: int
    gap: int
    since: date | None = None
