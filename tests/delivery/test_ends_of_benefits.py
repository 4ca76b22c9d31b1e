"""Whose inbox tells of a benefit is told 30 and 7 days before its last day, and that it has ended; once, and nothing after the last day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from matcher.days import SHANGHAI
from streams.delivery import notices as module
from streams.delivery import queries
from streams.delivery.tables import budgets, notices, outgoing
from streams.policy.messages import WindowChanged
from tests.delivery.made_up_messages import DeliveryExchange, pair, person_left, person_matched, posting_left, posting_matched

ENTRY = "job_expansion_subsidy__001"
LAST = date(2026, 12, 31)


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"person_pushes_a_day": 3, "posting_pushes_a_day": 99, "quiet_from": 22, "quiet_to": 7, "outside_channels": ("mail",)}


def window(left: int | None, entry: str = ENTRY, last: date = LAST) -> WindowChanged:
    """What policy says so many days before the last day; None: on the day after it."""
    day = last - timedelta(days=left) if left is not None else last + timedelta(days=1)
    event = "closing" if left is not None else "closed"
    return WindowChanged(entry_id=entry, benefit=entry.partition("__")[0], event=event, day=day, last_day=last, days_left=left)


def on(exchange: DeliveryExchange, day: date, hour: int = 10) -> None:
    exchange.at = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def told(exchange: DeliveryExchange) -> list[tuple[str, str, str]]:
    return [(one.person_id, one.entry_id, one.stage) for one in exchange.out("recommendation.hint_ending")]


def endings(exchange: DeliveryExchange, person: str, today: date) -> list[tuple[str, int | None]]:
    return [(one["stage"], one["days_left"]) for one in exchange.ask(queries.endings, person, today)]


@pytest.fixture
def holders(exchange: DeliveryExchange) -> DeliveryExchange:
    """u-1 holds it twice, u-2 once, u-3 another one."""
    exchange.say(
        posting_matched("p-1", 1, pair("u-1", "p-1", hints=(ENTRY,)), pair("u-2", "p-1", hints=("other__000", ENTRY))),
        posting_matched("p-2", 1, pair("u-1", "p-2", score=90.0, hints=(ENTRY,)), pair("u-3", "p-2", hints=(f"{ENTRY}_more",))),
    )
    return exchange


@pytest.mark.parametrize(("left", "stage"), [(30, "closing_30"), (7, "closing_7"), (None, "closed")])
def test_every_holder_is_told_once_and_nobody_else(holders: DeliveryExchange, left: int | None, stage: str) -> None:
    on(holders, window(left).day)
    holders.say(window(left))
    assert told(holders) == [("u-1", ENTRY, stage), ("u-2", ENTRY, stage)]
    assert [(one.match_id, one.matches) for one in holders.out("recommendation.hint_ending")] == [
        (holders.row("u-1", "p-2")["match_id"], 2),
        (holders.row("u-2", "p-1")["match_id"], 1),
    ]
    holders.say(window(left))
    assert len(told(holders)) == 2


def test_thirty_days_seven_days_and_the_end_are_three_notices(holders: DeliveryExchange) -> None:
    for left in (30, 7, None):
        on(holders, window(left).day)
        holders.say(window(left))
    assert [stage for person, _, stage in told(holders) if person == "u-1"] == ["closing_30", "closing_7", "closed"]


def test_a_window_that_opens_is_told_to_nobody(holders: DeliveryExchange) -> None:
    holders.say(WindowChanged(entry_id=ENTRY, benefit="b", event="opened", day=holders.at.date(), last_day=LAST))
    assert told(holders) == []


@pytest.mark.parametrize(
    ("left", "handled", "stages"),
    [
        (30, LAST - timedelta(days=8), ["closing_30"]),
        (30, LAST - timedelta(days=7), []),  # after a pause the notice of seven days says it
        (7, LAST, ["closing_7"]),
        (7, LAST + timedelta(days=1), []),
        (30, LAST + timedelta(days=1), []),
        (None, LAST + timedelta(days=9), ["closed"]),
    ],
)
def test_after_a_pause_nothing_is_promised_after_the_last_day(
    holders: DeliveryExchange, left: int | None, handled: date, stages: list[str]
) -> None:
    on(holders, handled)
    holders.say(window(left))
    assert [stage for person, _, stage in told(holders) if person == "u-2"] == stages


def test_the_inbox_counts_from_today_and_falls_silent_after_the_last_day(holders: DeliveryExchange) -> None:
    on(holders, window(7).day)
    holders.say(window(7))
    assert endings(holders, "u-1", LAST - timedelta(days=7)) == [("closing_7", 7)]
    assert endings(holders, "u-1", LAST) == [("closing_7", 0)]
    assert endings(holders, "u-1", LAST + timedelta(days=1)) == []
    on(holders, LAST + timedelta(days=1))
    holders.say(window(None))
    assert endings(holders, "u-1", LAST) == [("closing_7", 0)]
    assert endings(holders, "u-1", LAST + timedelta(days=1)) == [("closed", None)]


def test_what_left_the_inbox_is_not_told_of(holders: DeliveryExchange) -> None:
    holders.say(posting_left("p-1", 2, "filled"))
    on(holders, window(30).day)
    holders.say(window(30))
    assert told(holders) == [("u-1", ENTRY, "closing_30")]
    holders.say(posting_left("p-2", 2, "filled"))
    assert endings(holders, "u-1", window(30).day) == []


def test_a_newer_version_without_the_hint_is_not_told_of_its_end_to_come(holders: DeliveryExchange) -> None:
    holders.say(posting_matched("p-1", 2, pair("u-1", "p-1"), pair("u-2", "p-1")))
    on(holders, window(7).day)
    holders.say(window(7))
    assert told(holders) == [("u-1", ENTRY, "closing_7")]


@pytest.mark.parametrize("page", [1, 2, 3])
def test_pages_of_any_size_tell_the_same(holders: DeliveryExchange, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PEOPLE", page)
    on(holders, window(7).day)
    holders.say(window(7))
    assert told(holders) == [("u-1", ENTRY, "closing_7"), ("u-2", ENTRY, "closing_7")]


# -- letters -------------------------------------------------------------------------------------------------------------


def letters(exchange: DeliveryExchange) -> list[tuple[str, str, str]]:
    rows = [row for row in exchange.rows(outgoing) if row["kind"] == "notices"]
    return sorted((row["person_id"], row["state"], row["not_before"]) for row in rows)


def used(exchange: DeliveryExchange, person: str, day: date) -> int:
    rows = [row for row in exchange.rows(budgets) if (row["kind"], row["id"], row["day"]) == ("person", person, day.isoformat())]
    return rows[0]["used"] if rows else 0


def test_all_that_ends_on_a_day_is_one_letter_and_one_push(exchange: DeliveryExchange) -> None:
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", hints=(ENTRY, "other__000"))))
    on(exchange, window(30).day, hour=0)
    exchange.say(window(30), window(30, "other__000"))
    assert letters(exchange) == [("u-1", "waiting", "2026-11-30T23:00:00.000000+00:00")]  # seven o'clock in Shanghai
    assert used(exchange, "u-1", window(30).day) == 1
    assert len({row["letter"] for row in exchange.rows(notices)}) == 1
    exchange.tick(exchange.at.replace(hour=6, minute=59))
    assert [state for _, state, _ in letters(exchange)] == ["waiting"]
    exchange.tick(exchange.at.replace(hour=7, minute=0))
    assert [state for _, state, _ in letters(exchange)] == ["due"]


def test_a_letter_that_is_due_takes_nothing_more(exchange: DeliveryExchange) -> None:
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", hints=(ENTRY, "other__000"))))
    on(exchange, window(30).day)
    exchange.say(window(30))
    exchange.tick(exchange.at.replace(hour=11))
    exchange.say(window(30, "other__000"))
    assert [state for _, state, _ in letters(exchange)] == ["due", "waiting"]
    assert len({row["letter"] for row in exchange.rows(notices)}) == 2


def test_where_the_days_pushes_are_used_up_the_letter_goes_on_the_next_day_and_the_inbox_says_it_at_once(
    exchange: DeliveryExchange,
) -> None:
    on(exchange, window(7).day)
    exchange.say(person_matched("u-1", 1, *(pair("u-1", f"p-{number}", hints=(ENTRY,)) for number in range(3))))
    exchange.say(window(7))
    assert endings(exchange, "u-1", window(7).day) == [("closing_7", 7)]
    assert letters(exchange) == [("u-1", "waiting", "2026-12-24T23:00:00.000000+00:00")]
    assert (used(exchange, "u-1", window(7).day), used(exchange, "u-1", window(6).day)) == (3, 1)


def test_a_letter_in_quiet_hours_waits_for_the_morning(holders: DeliveryExchange) -> None:
    on(holders, window(7).day, hour=23)
    holders.say(window(7))
    assert {not_before for _, _, not_before in letters(holders)} == {"2026-12-24T23:00:00.000000+00:00"}


@pytest.mark.parametrize(("reason", "kept"), [("consent", 1), ("removed", 0)])
def test_who_left_gets_no_letter_and_of_who_was_removed_nothing_stays(holders: DeliveryExchange, reason: str, kept: int) -> None:
    on(holders, window(7).day)
    holders.say(window(7), person_left("u-1", 2, reason))
    assert not [one for one in letters(holders) if one[0] == "u-1" and one[1] != "cancelled"]
    assert len([row for row in holders.rows(notices) if row["person_id"] == "u-1"]) == kept
    assert endings(holders, "u-1", window(7).day) == []
