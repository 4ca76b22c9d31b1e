"""What a person's answers do to their later recommendations: theirs alone, by a rule that is shown, for 90 days, until it is put aside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from matcher.match_order import match_id
from streams.delivery import leanings, queries
from streams.delivery.messages import AnswerUse
from streams.delivery.tables import leanings as kept
from tests.delivery.made_up_messages import (
    DeliveryExchange,
    answered,
    pair,
    person_left,
    person_matched,
    posting_left,
    posting_matched,
    published,
)

WELDER, FITTER, CLEANER = "6-18-02-04", "6-20-01-01", "4-08-01-01"
PAY, MORE = {"min": 4000, "max": 5000, "unit": "month"}, {"min": 6000, "max": 8000, "unit": "month"}
FIRST: dict[str, Any] = {"title": "焊工", "occupation_code": WELDER, "region": "140105", "pay": PAY}
# Unlike it in everything.
OTHER: dict[str, Any] = {
    "title": "装配工",
    "occupation_code": FITTER,
    "region": "140106",
    "pay": {"min": 6000, "max": 8000, "unit": "month"},
}
NIGHTS = {"terms": {"shifts": "night"}}


def refused(exchange: DeliveryExchange, reason: str, **posting: Any) -> None:
    exchange.say(
        published("p-first", **{**FIRST, **posting}), posting_matched("p-first", 1, pair("u-1", "p-first"), pair("u-2", "p-first"))
    )
    exchange.say(answered("u-1", "p-first", "refused", reason))


def offered(exchange: DeliveryExchange, posting_id: str, person: str = "u-1", score: float = 80.0, **posting: Any) -> None:
    exchange.say(published(posting_id, **{**OTHER, **posting}), posting_matched(posting_id, 1, pair(person, posting_id, score=score)))


def pushed(exchange: DeliveryExchange, person: str = "u-1") -> list[str]:
    return [posting for one, posting in exchange.issued() if one == person and posting != "p-first"]


def shown(exchange: DeliveryExchange, person: str = "u-1") -> list[dict[str, Any]]:
    return exchange.ask(leanings.of_person, person, exchange.today)  # type: ignore[no-any-return]


ALIKE = [
    ("pay", {}, {"pay": {"min": 3000, "max": 5000, "unit": "month"}}, "折合月工资不高于5000元的岗位"),
    ("pay", {}, {"pay": {"min": 200, "unit": "day"}}, "折合月工资不高于5000元的岗位"),
    ("distance", {}, {"region": "140105"}, "在山西省太原市小店区的岗位"),
    ("trade", {}, {"title": "电焊工", "occupation_code": "6-18-02-99"}, "同类工种的岗位"),
    ("trade", {"occupation_code": None}, {"title": "焊工", "occupation_code": None}, "同类工种的岗位"),
    ("hours", NIGHTS, NIGHTS, "用工形式、班次和工时都相同的岗位"),
]


@pytest.mark.parametrize(("reason", "first", "alike", "which"), ALIKE)
def test_what_is_alike_in_what_was_refused_goes_out_after_everything_else(exchange, reason, first, alike, which):
    refused(exchange, reason, **first)
    offered(exchange, "p-alike", score=95.0, **alike)
    offered(exchange, "p-unlike", score=60.0)
    assert pushed(exchange) == ["p-unlike"]
    assert exchange.ask(queries.why_not_pushed, "u-1", "p-alike")["reason"] == "moved_back"
    (rule,) = shown(exchange)
    assert (rule["kind"], rule["used"], rule["title"]) == (reason, True, "焊工")
    assert which in rule["text"]
    exchange.next_day()
    assert pushed(exchange) == ["p-unlike", "p-alike"]
    (item,) = [item for item in exchange.ask(queries.inbox, "u-1")["items"] if item["posting_id"] == "p-alike"]
    assert (item["score"], [one["code"] for one in item["turn"]]) == (95.0, ["moved_back"])


@pytest.mark.parametrize("reason", ["pay", "distance", "trade", "hours", "other"])
def test_what_is_not_alike_is_not_moved(exchange, reason):
    refused(exchange, reason, **(NIGHTS if reason == "hours" else {}))
    offered(exchange, "p-unlike")
    assert pushed(exchange) == ["p-unlike"]


def test_full_time_alone_is_no_rule_about_hours(exchange):
    refused(exchange, "hours", employment_form="full_time")
    assert shown(exchange) == []


def test_nobody_elses_recommendations_are_moved(exchange):
    refused(exchange, "distance")
    exchange.say(published("p-2", **{**OTHER, "region": "140105"}))
    exchange.say(posting_matched("p-2", 1, pair("u-1", "p-2", score=90.0), pair("u-2", "p-2", score=80.0)))
    assert pushed(exchange, "u-1") == []
    assert pushed(exchange, "u-2") == ["p-2"]
    assert shown(exchange, "u-2") == []


def test_what_was_moved_back_comes_behind_what_waited_for_a_budget(exchange):
    refused(exchange, "distance")  # one of three pushes
    offered(exchange, "p-back", score=95.0, region="140105")
    for number in range(4):
        offered(exchange, f"p-{number}", score=80.0 - number)
    assert pushed(exchange) == ["p-0", "p-1"]
    exchange.next_day()
    assert pushed(exchange)[2:] == ["p-2", "p-3", "p-back"]


def test_it_waits_as_long_as_the_budget_goes_to_others(exchange):
    refused(exchange, "distance")
    offered(exchange, "p-back", score=95.0, region="140105")
    for number in range(6):
        offered(exchange, f"p-{number}", score=80.0 - number)
    exchange.next_day()
    assert pushed(exchange) == [f"p-{number}" for number in range(5)]
    exchange.next_day()
    assert pushed(exchange)[5:] == ["p-5", "p-back"]


def test_both_walks_of_the_tick_go_in_pages(exchange, monkeypatch):
    monkeypatch.setattr("streams.delivery.handlers.PAGE", 1)
    refused(exchange, "distance")
    for number in range(2):
        offered(exchange, f"p-back-{number}", score=95.0 - number, region="140105")
    offered(exchange, "p-0")
    exchange.next_day()
    assert pushed(exchange) == ["p-0", "p-back-0", "p-back-1"]


def test_a_rule_put_aside_moves_nothing_and_can_be_taken_up_again(exchange):
    refused(exchange, "distance")
    use = AnswerUse(person_id="u-1", posting_id="p-first", match_id=match_id("u-1", "p-first"), used=False)
    exchange.say(use)
    assert [rule["used"] for rule in shown(exchange)] == [False]
    offered(exchange, "p-2", region="140105")
    assert pushed(exchange) == ["p-2"]
    exchange.say(use.model_copy(update={"used": True}))
    offered(exchange, "p-3", region="140105")
    assert pushed(exchange) == ["p-2"]


def test_somebody_else_cannot_put_it_aside(exchange):
    refused(exchange, "distance")
    exchange.say(AnswerUse(person_id="u-2", posting_id="p-first", match_id=match_id("u-1", "p-first"), used=False))
    assert [rule["used"] for rule in shown(exchange)] == [True]


def test_a_rule_runs_out_after_ninety_days(exchange):
    refused(exchange, "distance")
    last = exchange.at + timedelta(days=89)
    exchange.tick(last)
    assert [rule["until"] for rule in shown(exchange)] == [last.date().isoformat()]
    offered(exchange, "p-2", region="140105")
    assert pushed(exchange) == []
    exchange.tick(last + timedelta(days=1))
    assert shown(exchange) == []
    assert exchange.rows(kept) == []
    offered(exchange, "p-3", region="140105")
    assert "p-3" in pushed(exchange)


def test_interest_lets_the_same_trade_go_first_among_near_equals(exchange):
    exchange.say(published("p-first", **FIRST), posting_matched("p-first", 1, pair("u-1", "p-first")))
    exchange.say(answered("u-1", "p-first", "interested"))
    for number, changes in enumerate(({}, {"occupation_code": WELDER}, {"occupation_code": WELDER})):
        exchange.say(published(f"p-{number}", **{**OTHER, **changes}))
    scores = (84.0, 82.0, 79.0)
    exchange.say(person_matched("u-1", 1, *(pair("u-1", f"p-{n}", score=score, rank=n + 1) for n, score in enumerate(scores))))
    assert pushed(exchange) == ["p-1", "p-0"]  # p-2 is of another band
    items = {item["posting_id"]: [one["code"] for one in item["turn"]] for item in exchange.ask(queries.inbox, "u-1")["items"]}
    assert items["p-1"] == ["own_interest"]
    assert "感兴趣" in shown(exchange)[0]["text"]


def test_another_answer_is_another_rule_and_seen_is_none(exchange):
    refused(exchange, "distance")
    exchange.say(answered("u-1", "p-first", "refused", "trade"))
    assert [rule["kind"] for rule in shown(exchange)] == ["trade"]
    exchange.say(answered("u-1", "p-first", "interested"))
    assert [rule["kind"] for rule in shown(exchange)] == ["interested"]
    exchange.say(answered("u-1", "p-first", "refused", "other"))
    assert shown(exchange) == []
    exchange.say(posting_matched("p-9", 1, pair("u-1", "p-9")), answered("u-1", "p-9", "seen"))
    assert shown(exchange) == []


def test_the_rule_stays_when_its_posting_has_gone_and_goes_with_the_person(exchange):
    refused(exchange, "distance")
    exchange.say(posting_left("p-first", 2, "filled"))
    assert len(shown(exchange)) == 1
    exchange.say(person_left("u-1", 2, "removed"))
    assert exchange.rows(kept) == []


def test_whoever_applies_or_is_invited_does_not_wait(exchange):
    refused(exchange, "distance")
    offered(exchange, "p-2", region="140105")
    exchange.say(answered("u-1", "p-2", "interested"))
    assert exchange.row("u-1", "p-2")["state"] == "issued"
