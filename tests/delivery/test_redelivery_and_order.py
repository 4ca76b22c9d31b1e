"""The same again changes nothing; where answers fall changes nothing that lasts."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.delivery.tables import pairs
from streams.runtime.messages import Message
from tests.delivery.made_up_messages import (
    DeliveryExchange,
    answered,
    merged_into,
    pair,
    person_left,
    person_matched,
    posting_left,
    posting_matched,
    published,
)
from tests.one_subject import MORNING

SETTINGS = {"person_pushes_a_day": 2, "posting_pushes_a_day": 2, "quiet_from": 22, "quiet_to": 7, "outside_channels": ("mail",)}

STORY: tuple[Message, ...] = (
    published("p-1"),
    posting_matched("p-1", 1, pair("u-1", "p-1"), pair("u-2", "p-1", score=70.0), pair("u-3", "p-1", score=60.0)),
    person_matched("u-1", 1, pair("u-1", "p-1"), pair("u-1", "p-2", score=50.0), pair("u-1", "p-3", score=40.0)),
    answered("u-1", "p-1", "interested"),
    answered("u-2", "p-1", "refused", "pay"),
    posting_matched("p-2", 1, pair("u-1", "p-2", score=65.0), pair("u-4", "p-2")),
    merged_into("p-2", "p-5"),
    posting_left("p-2", 2, "merged"),
    posting_matched("p-5", 1, pair("u-4", "p-5")),
    posting_matched("p-1", 2, pair("u-1", "p-1", score=95.0), pair("u-3", "p-1"), blocked=("u-2",)),
    person_left("u-4", 2, "consent"),
    posting_left("p-1", 3, "filled"),
)


def tell(
    empty: Path, path: Path, messages: tuple[Message, ...], *, times: int = 1, at: datetime = MORNING
) -> tuple[dict[str, Any], DeliveryExchange]:
    shutil.copy(empty, path)
    exchange = DeliveryExchange(path, SETTINGS)
    exchange.at = at
    try:
        exchange.say(*(message for message in messages for _ in range(times)))
        assert exchange.dead() == []
        return exchange.tables(), exchange
    finally:
        exchange.close()


def test_every_message_twice_gives_the_same_tables(empty_exchange, tmp_path):
    once, _ = tell(empty_exchange, tmp_path / "once.sqlite", STORY)
    twice, _ = tell(empty_exchange, tmp_path / "twice.sqlite", STORY, times=2)
    assert twice == once


def test_the_whole_story_again_pushes_and_ends_nothing_more(tmp_path):
    exchange = DeliveryExchange(tmp_path / "g.sqlite", SETTINGS)
    try:
        exchange.say(*STORY)
        issued, ended, rows = exchange.issued(), exchange.ended(), exchange.rows(pairs)
        exchange.say(*STORY)
        assert (exchange.issued(), exchange.ended(), exchange.rows(pairs)) == (issued, ended, rows)
    finally:
        exchange.close()


def what_lasts(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Where each pair stands: what the person, the employer and the commissioner see of it."""
    return [(r["person_id"], r["posting_id"], r["state"], r["answer"], r["answer_reason"], r["ended_reason"], r["band"]) for r in rows]


MATCHING = (
    posting_matched("p-1", 1, pair("u-1", "p-1"), pair("u-2", "p-1")),
    person_matched("u-1", 1, pair("u-1", "p-1"), pair("u-1", "p-2")),
    posting_matched("p-2", 1, pair("u-1", "p-2"), pair("u-3", "p-2")),
    posting_left("p-2", 2, "filled"),
    person_left("u-2", 2, "consent"),
)
ANSWERS = (
    answered("u-1", "p-1", "interested"),
    answered("u-2", "p-1", "refused", "distance"),
    answered("u-3", "p-2", "interested"),
    answered("u-1", "p-2", "refused", "pay"),
)


def interleaved(places: list[int]) -> tuple[Message, ...]:
    """Matching's messages in their order, answers in theirs, each answer before the matching message of that place."""
    told: list[Message] = []
    answers = sorted(zip(places, range(len(ANSWERS)), strict=True), key=lambda item: item[0])
    for place in range(len(MATCHING) + 1):
        told += [ANSWERS[number] for at, number in answers if at == place]
        if place < len(MATCHING):
            told.append(MATCHING[place])
    return tuple(told)


@pytest.fixture(scope="module")
def expected(empty_exchange, tmp_path_factory):
    tables, _ = tell(empty_exchange, tmp_path_factory.mktemp("last") / "g.sqlite", (*MATCHING, *ANSWERS))
    return what_lasts(tables["delivery_pairs"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.integers(0, len(MATCHING)), min_size=len(ANSWERS), max_size=len(ANSWERS)))
def test_where_answers_fall_changes_nothing_that_lasts(empty_exchange, tmp_path_factory, expected, places):
    tables, _ = tell(empty_exchange, tmp_path_factory.mktemp("order") / "g.sqlite", interleaved(places))
    assert what_lasts(tables["delivery_pairs"]) == expected
