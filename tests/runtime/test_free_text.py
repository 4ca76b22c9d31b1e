"""Free text of whatever is said from outside is masked before it is appended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra.composition import open_exchange
from streams.delivery.messages import RecommendationAnswered
from streams.hiring.messages import StepReported
from streams.intake.messages import HoldDecided, PersonDeletionReceived, PostingWithdrawalReceived
from streams.runtime.exchange import Exchange, Said
from streams.runtime.messages import masked
from streams.runtime.tables import log
from streams.runtime.topology import TOPICS
from streams.staffing.messages import ShortageLine, ShortageReported

TEXT, MASKED = "请联系15911223344或a.b@example.org", "请联系〔已隐去〕或〔已隐去〕"
DAY = date(2026, 11, 20)
MESSAGES: list[Any] = [
    StepReported(person_id="u", posting_id="p", step="invited", on=DAY, by="e", reason=TEXT),
    RecommendationAnswered(person_id="u", posting_id="p", match_id="m", answer="refused", reason=TEXT),
    HoldDecided(posting_id="p", decision="reject", by="a", reason=TEXT),
    PersonDeletionReceived(person_id="u", reason=TEXT),
    PostingWithdrawalReceived(posting_id="p", reason=TEXT),
]


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    opened, writer = open_exchange(tmp_path / "g.sqlite", b"k" * 32, {})
    yield opened
    writer.stop()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_a_reason_is_appended_without_what_reaches_or_identifies_anybody(exchange: Exchange, message: Any) -> None:
    exchange.append([Said(message, before=lambda connection: exchange.vault.make_key(connection, "u"))], source="test")
    with exchange.reading() as connection:
        (row,) = connection.execute(log.select()).mappings()
        assert exchange.log.decode(connection, row).message.reason == MASKED


def test_titles_of_a_shortage_too() -> None:
    lines = (ShortageLine(title="焊工", number=1), ShortageLine(title=TEXT, number=2))
    found = masked(ShortageReported(employer_id="e", lines=lines, since=DAY))
    assert [line.title for line in found.lines] == ["焊工", MASKED]


def test_what_has_nothing_to_mask_stays_as_it_was() -> None:
    message = StepReported(person_id="u", posting_id="p", step="hired", on=DAY, by="e", reason="面试合格")
    assert masked(message) == message
    nothing = message.model_copy(update={"reason": None})
    assert masked(nothing) is nothing


def test_every_fact_with_a_reason_says_that_it_is_free_text() -> None:
    """A new fact that takes a text from people must name it here; codes and ids are named as exceptions."""
    for topic in TOPICS:
        if topic.kind == "fact":
            for cls in topic.types:
                if "reason" in cls.model_fields:
                    assert "reason" in cls.free_text, cls.type
