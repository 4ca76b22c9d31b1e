"""Daily budgets on both sides of their limits, the change of day, quiet hours."""

from __future__ import annotations

from datetime import datetime

import pytest

from matcher.days import SHANGHAI
from streams.delivery import queries, rules
from streams.delivery.tables import outgoing, pairs
from tests.delivery.made_up_messages import (
    DeliveryExchange,
    answered,
    pair,
    person_left,
    person_matched,
    posting_left,
    posting_matched,
)


def held(exchange: DeliveryExchange, person: str, posting: str) -> str | None:
    return exchange.ask(queries.why_not_pushed, person, posting)["reason"]


# -- budgets (three a person, four a posting) ----------------------------------------------------------------------------


def test_the_last_push_inside_the_persons_budget_goes_out_and_the_next_does_not(exchange):
    for number in range(1, 5):
        exchange.say(posting_matched(f"p-{number}", 1, pair("u-1", f"p-{number}")))
    assert [posting for _, posting in exchange.issued()] == ["p-1", "p-2", "p-3"]
    assert held(exchange, "u-1", "p-4") == "person_budget"


def test_the_last_push_inside_the_postings_budget_goes_out_and_the_next_does_not(exchange):
    exchange.say(posting_matched("p-1", 1, *(pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5))))
    assert [person for person, _ in exchange.issued()] == ["u-0", "u-1", "u-2", "u-3"]
    assert held(exchange, "u-4", "p-1") == "posting_budget"


def test_within_one_message_the_best_go_first(exchange):
    exchange.say(person_matched("u-1", 1, *(pair("u-1", f"p-{number}", score=90.0 - 6 * number) for number in range(5))))
    assert [posting for _, posting in exchange.issued()] == ["p-0", "p-1", "p-2"]


def test_one_persons_budget_does_not_touch_anothers(exchange):
    for number in range(1, 4):
        exchange.say(posting_matched(f"p-{number}", 1, pair("u-1", f"p-{number}")))
    exchange.say(posting_matched("p-4", 1, pair("u-1", "p-4"), pair("u-2", "p-4")))
    assert ("u-2", "p-4") in exchange.issued()
    assert ("u-1", "p-4") not in exchange.issued()


def test_what_a_budget_stopped_goes_out_best_first_on_the_next_day(exchange):
    for number, score in ((1, 50.0), (2, 51.0), (3, 52.0), (4, 60.0), (5, 95.0), (6, 70.0), (7, 80.0)):
        exchange.say(posting_matched(f"p-{number}", 1, pair("u-1", f"p-{number}", score=score)))
    exchange.next_day()
    assert [posting for _, posting in exchange.issued()[3:]] == ["p-5", "p-7", "p-6"]
    assert held(exchange, "u-1", "p-4") == "person_budget"
    exchange.next_day()
    assert exchange.issued()[6:] == [("u-1", "p-4")]


def test_the_same_day_s_ticks_push_nothing_more(exchange):
    for number in range(1, 5):
        exchange.say(posting_matched(f"p-{number}", 1, pair("u-1", f"p-{number}")))
    exchange.tick(exchange.at.replace(hour=23, minute=59))
    assert len(exchange.issued()) == 3
    exchange.next_day(hour=0)
    assert len(exchange.issued()) == 4


def test_a_day_is_a_day_in_shanghai(exchange):
    exchange.at = datetime(2026, 11, 20, 23, 59, tzinfo=SHANGHAI)
    for number in range(1, 4):
        exchange.say(posting_matched(f"p-{number}", 1, pair("u-1", f"p-{number}")))
    exchange.at = datetime(2026, 11, 21, 0, 0, tzinfo=SHANGHAI)  # 16:00 of the 20th in UTC
    exchange.say(posting_matched("p-4", 1, pair("u-1", "p-4")))
    assert len(exchange.issued()) == 4


def test_the_next_day_s_pushes_go_out_in_pages(exchange, monkeypatch):
    monkeypatch.setattr("streams.delivery.handlers.PAGE", 2)
    people = [f"u-{number}" for number in range(9)]
    exchange.say(posting_matched("p-1", 1, *(pair(person, "p-1", score=90.0 - 6 * place) for place, person in enumerate(people))))
    exchange.next_day()
    assert [person for person, _ in exchange.issued()] == people[:8]
    exchange.next_day()
    assert [person for person, _ in exchange.issued()] == people


def test_what_has_ended_meanwhile_does_not_go_out(exchange):
    exchange.say(posting_matched("p-1", 1, *(pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5))))
    exchange.say(posting_left("p-1", 2, "filled"))
    exchange.next_day()
    assert len(exchange.issued()) == 4
    assert ("u-4", "p-1", "filled") not in exchange.ended()  # it never was in the inbox


def test_what_neither_side_offers_any_more_does_not_go_out(exchange):
    people = [pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5)]
    exchange.say(posting_matched("p-1", 1, *people), posting_matched("p-1", 2, *people[:4]))
    exchange.next_day()
    assert len(exchange.issued()) == 4
    assert held(exchange, "u-4", "p-1") == "not_among_best"


def test_what_the_other_side_still_offers_goes_out(exchange):
    people = [pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5)]
    exchange.say(posting_matched("p-1", 1, *people), person_matched("u-4", 1, people[4]), posting_matched("p-1", 2, *people[:4]))
    exchange.next_day()
    assert exchange.issued()[4:] == [("u-4", "p-1")]


def test_who_left_meanwhile_is_pushed_nothing(exchange):
    exchange.say(posting_matched("p-1", 1, *(pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5))))
    exchange.say(person_left("u-4", 2, "consent"))
    exchange.next_day()
    assert len(exchange.issued()) == 4


def test_a_second_push_of_a_pair_counts_against_the_budget(exchange):
    exchange.say(*(posting_matched("p-1", number + 1, pair("u-1", "p-1", score=60.0 + 5 * number)) for number in range(4)))
    assert len(exchange.issued()) == 3
    assert exchange.row("u-1", "p-1")["state"] == "issued"
    exchange.next_day()
    assert len(exchange.issued()) == 4


def test_whoever_shows_interest_does_not_wait_for_a_budget(exchange):
    exchange.say(posting_matched("p-1", 1, *(pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5))))
    exchange.say(answered("u-4", "p-1", "interested"))
    assert exchange.row("u-4", "p-1")["state"] == "issued"
    exchange.next_day()
    assert len(exchange.issued()) == 5


@pytest.mark.parametrize("settings", [{"person_pushes_a_day": 0, "posting_pushes_a_day": 4}])
def test_a_budget_of_nothing_pushes_nothing(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")))
    exchange.next_day()
    assert exchange.issued() == []


def test_counters_by_day_say_what_went_out_and_what_was_stopped(exchange):
    exchange.say(posting_matched("p-1", 1, *(pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5))))
    exchange.say(answered("u-0", "p-1", "interested"), answered("u-1", "p-1", "refused", "pay"))
    exchange.next_day()
    day = exchange.at.date()
    assert exchange.ask(queries.counters, day.replace(day=20), day) == {
        "2026-11-20": {"issued": 4, "held_back_posting_budget": 1, "answered_interested": 1, "answered_refused": 1},
        "2026-11-21": {"issued": 1},
    }


def test_the_ledger_forgets_after_thirty_days(exchange):
    exchange.say(posting_matched("p-1", 1, *(pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5))))
    exchange.tick(exchange.at.replace(month=12, day=20))
    assert [e["day"] for e in exchange.ask(queries.why_not_pushed, "u-4", "p-1")["history"]] == ["2026-11-20"]
    exchange.tick(exchange.at.replace(month=12, day=21))
    assert exchange.ask(queries.why_not_pushed, "u-4", "p-1")["history"] == []


# -- quiet hours (22 to 7) -----------------------------------------------------------------------------------------------

OUTSIDE = {"person_pushes_a_day": 3, "posting_pushes_a_day": 4, "quiet_from": 22, "quiet_to": 7, "outside_channels": ("mail", "gateway")}


def sent(exchange: DeliveryExchange) -> dict[str, str]:
    return {row["channel"]: row["state"] for row in exchange.rows(outgoing)}


@pytest.mark.parametrize("settings", [OUTSIDE])
@pytest.mark.parametrize(("hour", "minute", "state"), [(21, 59, "due"), (22, 0, "waiting"), (6, 59, "waiting"), (7, 0, "due")])
def test_at_night_the_inbox_has_it_at_once_and_the_outside_waits(exchange, hour, minute, state):
    exchange.at = exchange.at.replace(hour=hour, minute=minute)
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")))
    assert exchange.row("u-1", "p-1")["state"] == "issued"
    assert sent(exchange) == {"mail": state, "gateway": state}


@pytest.mark.parametrize("settings", [OUTSIDE])
def test_the_morning_s_tick_sends_what_the_night_kept(exchange):
    exchange.at = exchange.at.replace(hour=23)
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")))
    exchange.tick(datetime(2026, 11, 21, 6, 59, tzinfo=SHANGHAI))
    assert set(sent(exchange).values()) == {"waiting"}
    exchange.tick(datetime(2026, 11, 21, 7, 0, tzinfo=SHANGHAI))
    assert set(sent(exchange).values()) == {"due"}


@pytest.mark.parametrize("settings", [OUTSIDE])
def test_what_was_seen_or_has_ended_in_the_night_is_not_sent(exchange):
    exchange.at = exchange.at.replace(hour=23)
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1"), pair("u-2", "p-1")), answered("u-1", "p-1", "seen"))
    states = {(row["person_id"], row["state"]) for row in exchange.rows(outgoing)}
    assert states == {("u-1", "cancelled"), ("u-2", "waiting")}
    exchange.say(posting_left("p-1", 2, "filled"))
    assert {row["state"] for row in exchange.rows(outgoing)} == {"cancelled"}


@pytest.mark.parametrize("settings", [OUTSIDE])
def test_whoever_is_interested_is_told_of_the_end_outside_too(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1"), pair("u-2", "p-1")), answered("u-1", "p-1", "interested"))
    exchange.say(posting_left("p-1", 2, "filled"))
    assert {(r["person_id"], r["channel"], r["reason"]) for r in exchange.rows(outgoing) if r["kind"] == "ended"} == {
        ("u-1", "mail", "filled"),
        ("u-1", "gateway", "filled"),
    }


def test_without_a_channel_nothing_is_queued(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")))
    assert exchange.rows(outgoing) == []


@pytest.mark.parametrize(
    ("quiet_from", "quiet_to", "hour", "quiet"),
    [(22, 7, 22, True), (22, 7, 7, False), (0, 6, 5, True), (0, 6, 6, False), (0, 6, 23, False), (8, 8, 8, False)],
)
def test_quiet_hours_may_cross_midnight_or_not(quiet_from, quiet_to, hour, quiet):
    instant = datetime(2026, 11, 20, hour, tzinfo=SHANGHAI)
    assert rules.is_quiet(instant, quiet_from, quiet_to) is quiet


def test_the_end_of_the_night_is_the_same_day_or_the_next():
    assert rules.next_waking(datetime(2026, 11, 20, 23, tzinfo=SHANGHAI), 22, 7) == datetime(2026, 11, 21, 7, tzinfo=SHANGHAI)
    assert rules.next_waking(datetime(2026, 11, 20, 3, tzinfo=SHANGHAI), 22, 7) == datetime(2026, 11, 20, 7, tzinfo=SHANGHAI)


def test_no_pair_has_two_rows(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), person_matched("u-1", 1, pair("u-1", "p-1")))
    exchange.say(posting_left("p-1", 2, "held"), posting_matched("p-1", 3, pair("u-1", "p-1")))
    assert len(exchange.rows(pairs)) == 1
