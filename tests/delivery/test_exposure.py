"""Among near equals the posting that has reached few people goes out first; scores, bands, priority and budgets stay what they were."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from streams.delivery import queries
from streams.delivery.tables import pairs, reach
from streams.delivery.turns import Place, in_turn
from tests.delivery.made_up_messages import DeliveryExchange, answered, pair, person_matched, posting_left, posting_matched, published
from tests.delivery.test_saved_searches import saved

# Three a person and day, four a posting (conftest).


def postings_of(exchange: DeliveryExchange, person: str) -> list[str]:
    return [posting for one, posting in exchange.issued() if one == person]


def reached(exchange: DeliveryExchange) -> dict[str, tuple[int, int]]:
    return {row["posting_id"]: (row["people"], row["openings"]) for row in exchange.rows(reach)}


def everybody_gets_the_same_postings(exchange: DeliveryExchange, people: int, postings: int) -> Counter[str]:
    """Each person is matched with the same postings of one band, always in the same order of scores; who got what after one day."""
    for number in range(people):
        found = [pair(f"u-{number}", f"p-{place}", score=84.0 - place / 10, rank=place + 1) for place in range(postings)]
        exchange.say(person_matched(f"u-{number}", 1, *found))
    return Counter(posting for _, posting in exchange.issued())


def test_forty_people_are_not_all_sent_to_the_same_three_postings(exchange):
    found = everybody_gets_the_same_postings(exchange, people=4, postings=6)
    assert found == {f"p-{place}": 2 for place in range(6)}


@pytest.mark.parametrize("settings", [{"person_pushes_a_day": 3, "posting_pushes_a_day": 50, "balance_exposure": False}])
def test_without_balancing_they_are(exchange):
    assert everybody_gets_the_same_postings(exchange, people=4, postings=6) == {"p-0": 4, "p-1": 4, "p-2": 4}


def test_a_better_band_is_never_passed(exchange):
    exchange.say(posting_matched("p-crowded", 1, pair("u-1", "p-crowded"), pair("u-2", "p-crowded")))
    better = pair("u-9", "p-crowded", score=85.0)
    exchange.say(person_matched("u-9", 1, better, *(pair("u-9", f"p-{n}", score=84.9 - n, rank=n + 2) for n in range(3))))
    assert postings_of(exchange, "u-9") == ["p-crowded", "p-0", "p-1"]


def test_the_score_stays_and_the_reason_is_kept_with_the_recommendation(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", score=84.0)))
    exchange.say(person_matched("u-9", 1, pair("u-9", "p-1", score=84.0), pair("u-9", "p-2", score=83.0, rank=2)))
    said = {message.posting_id: message for message in exchange.out("recommendation.issued") if message.person_id == "u-9"}
    assert postings_of(exchange, "u-9") == ["p-2", "p-1"]
    assert (said["p-2"].score, said["p-2"].rank, said["p-2"].turn) == (83.0, 2, ("few_reached",))
    assert (said["p-1"].score, said["p-1"].rank, said["p-1"].turn) == (84.0, 1, ())
    items = {item["posting_id"]: item for item in exchange.ask(queries.inbox, "u-9")["items"]}
    assert [one["code"] for one in items["p-2"]["turn"]] == ["few_reached"]
    assert "联系到的求职者较少" in items["p-2"]["turn"][0]["text"]
    assert items["p-1"]["turn"] == []


def test_what_was_said_of_its_turn_stays_while_its_numbers_change(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", score=84.0)))
    exchange.say(person_matched("u-9", 1, pair("u-9", "p-1", score=84.0), pair("u-9", "p-2", score=83.0, rank=2)))
    exchange.say(posting_matched("p-2", 1, pair("u-9", "p-2", score=83.4)))
    item = next(item for item in exchange.ask(queries.inbox, "u-9")["items"] if item["posting_id"] == "p-2")
    assert (item["score"], [one["code"] for one in item["turn"]]) == (83.4, ["few_reached"])


def test_a_posting_with_many_openings_may_reach_as_many_people_for_each(exchange):
    many = posting_matched("p-many", 1, *(pair(f"u-{n}", "p-many") for n in range(2))).model_copy(update={"openings_left": 3})
    exchange.say(many, posting_matched("p-one", 1, pair("u-0", "p-one")))
    assert reached(exchange) == {"p-many": (2, 3), "p-one": (1, 1)}
    exchange.say(person_matched("u-9", 1, pair("u-9", "p-one", score=84.0), pair("u-9", "p-many", score=83.0, rank=2)))
    assert postings_of(exchange, "u-9") == ["p-many", "p-one"]


def test_what_waited_goes_out_to_who_has_reached_few_on_the_next_day(exchange):
    """An employer without applicants is not starved by one that everybody heard of."""
    for number in range(3):
        exchange.say(posting_matched(f"p-first-{number}", 1, pair("u-9", f"p-first-{number}", score=95.0)))
    crowd = [pair(f"u-{number}", "p-known", score=84.0) for number in range(4)]
    exchange.say(posting_matched("p-known", 1, *crowd))
    better = [pair("u-9", f"p-better-{n}", score=90.0) for n in range(2)]
    for one in (*better, pair("u-9", "p-known", score=84.0), pair("u-9", "p-empty", score=82.0)):
        exchange.say(posting_matched(one.posting_id, 2, one))
    exchange.next_day()
    assert postings_of(exchange, "u-9")[3:] == ["p-better-0", "p-better-1", "p-empty"]
    assert exchange.row("u-9", "p-known")["held_back"] == "person_budget"


def test_priority_is_not_passed_by_who_has_reached_few(exchange):
    for number in range(3):
        exchange.say(posting_matched(f"p-first-{number}", 1, pair("u-9", f"p-first-{number}", score=95.0)))
    exchange.say(posting_matched("p-known", 1, *(pair(f"u-{number}", "p-known", score=84.0) for number in range(4))))
    exchange.say(posting_matched("p-known", 2, pair("u-9", "p-known", score=84.0, priority=4)))
    exchange.say(*(posting_matched(f"p-{n}", 1, pair("u-9", f"p-{n}", score=84.5)) for n in range(3)))
    exchange.next_day()
    assert postings_of(exchange, "u-9")[3] == "p-known"


def test_people_are_counted_once_a_posting(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", score=70.0)), posting_matched("p-1", 2, pair("u-1", "p-1", score=90.0)))
    exchange.say(answered("u-1", "p-1", "interested"), posting_left("p-1", 3, "held"), posting_matched("p-1", 4, pair("u-1", "p-1")))
    assert len(exchange.issued()) > 1
    assert reached(exchange) == {"p-1": (1, 1)}


def test_who_has_ended_is_counted_no_longer_than_the_day_and_again_when_they_come_back(exchange):
    exchange.tick()
    exchange.say(posting_matched("p-over", 1, *(pair(f"u-{number}", "p-over") for number in range(3))), posting_left("p-over", 2, "filled"))
    exchange.say(posting_matched("p-open", 1, pair("u-0", "p-open", score=83.0)))
    exchange.tick(exchange.at.replace(hour=23))
    assert set(reached(exchange)) == {"p-over", "p-open"}
    exchange.next_day()
    assert reached(exchange) == {"p-open": (1, 1)}
    exchange.say(posting_matched("p-over", 3, pair("u-0", "p-over")).model_copy(update={"openings_left": 2}))
    assert reached(exchange) == {"p-open": (1, 1), "p-over": (3, 2)}, "nobody gets ahead by leaving for a day"


def test_who_only_a_search_found_is_counted_again_the_next_day(exchange):
    """It never was on the market: no recommendation was made of it."""
    exchange.say(person_matched("u-1", 1), saved("u-1", "s-1"), published("p-found"))
    assert reached(exchange) == {"p-found": (1, 1)}
    exchange.next_day()
    assert reached(exchange) == {}
    exchange.say(posting_matched("p-found", 2, pair("u-2", "p-found")))
    assert reached(exchange) == {"p-found": (2, 1)}


def test_the_same_messages_give_the_same_recommendations(exchange, tmp_path: Path, empty_exchange: Path, settings: dict[str, Any]):
    everybody_gets_the_same_postings(exchange, people=5, postings=7)
    exchange.next_day()
    shutil.copy(empty_exchange, tmp_path / "again.sqlite")
    again = DeliveryExchange(tmp_path / "again.sqlite", settings)
    try:
        everybody_gets_the_same_postings(again, people=5, postings=7)
        again.next_day()
        assert again.issued() == exchange.issued()
        assert [row["document"] for row in again.rows(pairs)] == [row["document"] for row in exchange.rows(pairs)]
    finally:
        again.close()


def test_shares_that_grow_while_pairs_go_out_are_seen():
    told: Counter[str] = Counter({"crowded": 1})
    places = [Place(-16, person, posting) for person in ("a", "b", "c") for posting in ("crowded", "x", "y")]
    found = []
    for number, why in in_turn(places, lambda posting: told[posting]):
        told[places[number].posting_id] += 1
        found.append((places[number].person_id, places[number].posting_id, why))
    assert found[:4] == [("a", "x", "few_reached"), ("a", "y", "few_reached"), ("a", "crowded", None), ("b", "x", "few_reached")]
    assert len(found) == 9
    assert set(told.values()) == {3, 4}


def test_who_was_pushed_already_is_nobody_s_competitor():
    places = [Place(-16, "a", "old", new=False), Place(-16, "a", "fresh")]
    assert list(in_turn(places, {"old": 5, "fresh": 0}.__getitem__)) == [(1, None), (0, None)]
