"""What reaches an inbox, what is held back, and what ends it."""

from __future__ import annotations

import pytest

from streams.delivery import queries
from streams.delivery.tables import pairs
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
    stepped,
)


def inbox(exchange: DeliveryExchange, person: str) -> list[str]:
    return [item["posting_id"] for item in exchange.ask(queries.inbox, person)["items"]]


def why(exchange: DeliveryExchange, person: str, posting: str) -> str | None:
    return exchange.ask(queries.why_not_pushed, person, posting)["reason"]


# -- pushed once ---------------------------------------------------------------------------------------------------------


def test_a_match_reaches_the_inbox_with_its_posting(exchange):
    exchange.say(published("p-1"), posting_matched("p-1", 1, pair("u-1", "p-1", hints=("job_post_subsidy__004",))))
    (item,) = exchange.ask(queries.inbox, "u-1")["items"]
    assert (item["posting"]["title"], item["band"], item["pushed_on"]) == ("焊工", 16, "2026-11-20")
    assert item["hints"] == [{"entry_id": "job_post_subsidy__004", "status": "NEEDS_CHECK", "yuan": None}]
    assert item["contact_visible"] is False
    assert exchange.issued() == [("u-1", "p-1")]


def test_a_pair_found_from_both_sides_is_one(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", rank=4)), person_matched("u-1", 1, pair("u-1", "p-1", rank=1)))
    assert len(exchange.rows(pairs)) == 1
    assert exchange.issued() == [("u-1", "p-1")]
    assert exchange.row("u-1", "p-1")["rank"] == 1  # the newest version is what is known


def test_rank_and_score_inside_a_band_are_noise(exchange):
    exchange.say(
        posting_matched("p-1", 1, pair("u-1", "p-1", score=80.0)), posting_matched("p-1", 2, pair("u-1", "p-1", score=84.9, rank=7))
    )
    assert len(exchange.issued()) == 1
    assert exchange.row("u-1", "p-1")["score"] == 84.9


def test_a_new_band_is_worth_saying_again(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", score=80.0)), posting_matched("p-1", 2, pair("u-1", "p-1", score=85.0)))
    assert [message.revision for message in exchange.out("recommendation.issued")] == [1, 2]


def test_a_new_hint_is_worth_saying_again(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), posting_matched("p-1", 2, pair("u-1", "p-1", hints=("b__004",))))
    assert len(exchange.issued()) == 2


def test_an_older_version_is_superseded(exchange):
    exchange.say(posting_matched("p-1", 2, pair("u-1", "p-1", score=80.0)), posting_matched("p-1", 1, pair("u-1", "p-1", score=20.0)))
    assert exchange.row("u-1", "p-1")["band"] == 16
    assert len(exchange.issued()) == 1


def test_nothing_new_is_the_reason_on_the_row(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), posting_matched("p-1", 2, pair("u-1", "p-1")))
    assert why(exchange, "u-1", "p-1") == "nothing_new"


def test_what_was_never_matched_says_so(exchange):
    assert why(exchange, "u-1", "p-1") == "not_matched"


# -- held back -----------------------------------------------------------------------------------------------------------


def test_who_is_interested_is_not_pushed_it_again(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "interested"))
    exchange.say(posting_matched("p-1", 2, pair("u-1", "p-1", score=95.0)))
    assert len(exchange.issued()) == 1
    assert why(exchange, "u-1", "p-1") == "applied"
    assert exchange.row("u-1", "p-1")["band"] == 19


def test_who_refused_is_not_pushed_it_again(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "refused", "pay"))
    exchange.say(posting_matched("p-1", 2, pair("u-1", "p-1", score=95.0)))
    assert len(exchange.issued()) == 1
    assert inbox(exchange, "u-1") == []
    assert why(exchange, "u-1", "p-1") == "refused"
    assert exchange.row("u-1", "p-1")["answer_reason"] == "pay"


def test_a_refusal_runs_out_after_ninety_days(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "refused", "pay"))
    day = exchange.at
    exchange.at = day.replace(year=2027, month=2, day=17)  # 89 days later
    exchange.say(posting_matched("p-1", 2, pair("u-1", "p-1", score=95.0)))
    assert len(exchange.issued()) == 1
    exchange.at = day.replace(year=2027, month=2, day=18)
    exchange.say(posting_matched("p-1", 3, pair("u-1", "p-1", score=95.0)))
    assert len(exchange.issued()) == 2
    assert exchange.row("u-1", "p-1")["answer"] is None  # and may be refused anew


def test_what_was_seen_comes_again_only_when_it_is_better(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1", score=80.0)), answered("u-1", "p-1", "seen"))
    exchange.say(posting_matched("p-1", 2, pair("u-1", "p-1", score=70.0)))
    assert why(exchange, "u-1", "p-1") == "seen"
    exchange.say(posting_matched("p-1", 3, pair("u-1", "p-1", score=90.0)))
    assert len(exchange.issued()) == 2


def test_the_ledger_keeps_why_something_was_held_back(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "interested"))
    exchange.say(posting_matched("p-1", 2, pair("u-1", "p-1", score=95.0)))
    assert [entry["reason"] for entry in exchange.ask(queries.why_not_pushed, "u-1", "p-1")["history"]] == ["applied"]


# -- the same opening under another id -----------------------------------------------------------------------------------


def test_the_surviving_twin_takes_the_place_without_a_second_push_of_the_budget(exchange):
    exchange.say(posting_matched("p-2", 1, pair("u-1", "p-2")))
    exchange.say(merged_into("p-2", "p-1"), posting_left("p-2", 2, "merged"), posting_matched("p-1", 1, pair("u-1", "p-1")))
    assert inbox(exchange, "u-1") == ["p-1"]
    assert {(row["kind"], row["id"]): row["used"] for row in exchange.tables()["delivery_budgets"]} == {
        ("person", "u-1"): 1,
        ("posting", "p-2"): 1,
    }
    assert [entry["reason"] for entry in exchange.ask(queries.why_not_pushed, "u-1", "p-1")["history"]] == ["near_duplicate"]


def test_who_refused_an_opening_is_not_pushed_its_twin(exchange):
    exchange.say(posting_matched("p-2", 1, pair("u-1", "p-2")), answered("u-1", "p-2", "refused", "distance"))
    exchange.say(merged_into("p-2", "p-1"), posting_left("p-2", 2, "merged"), posting_matched("p-1", 1, pair("u-1", "p-1")))
    assert inbox(exchange, "u-1") == []
    assert why(exchange, "u-1", "p-1") == "near_duplicate"


def test_interest_in_an_opening_goes_over_to_its_twin(exchange):
    exchange.say(posting_matched("p-2", 1, pair("u-1", "p-2")), answered("u-1", "p-2", "interested"))
    exchange.say(merged_into("p-2", "p-1"), posting_left("p-2", 2, "merged"), posting_matched("p-1", 1, pair("u-1", "p-1")))
    assert [message.posting_id for message in exchange.out("recommendation.interest_shown")] == ["p-2", "p-1"]
    assert inbox(exchange, "u-1") == ["p-1"]


def test_interest_goes_over_also_when_the_twin_was_pushed_before(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), posting_matched("p-2", 1, pair("u-1", "p-2")))
    exchange.say(answered("u-1", "p-2", "interested"), merged_into("p-2", "p-1"), posting_left("p-2", 2, "merged"))
    assert exchange.row("u-1", "p-1")["answer"] == "interested"
    assert inbox(exchange, "u-1") == ["p-1"]


# -- ended ---------------------------------------------------------------------------------------------------------------


def test_a_blocked_pair_leaves_the_inbox(exchange):
    exchange.say(
        posting_matched("p-1", 1, pair("u-1", "p-1"), pair("u-2", "p-1")), posting_matched("p-1", 2, pair("u-2", "p-1"), blocked=("u-1",))
    )
    assert exchange.ended() == [("u-1", "p-1", "blocked")]
    assert inbox(exchange, "u-1") == []
    assert inbox(exchange, "u-2") == ["p-1"]


def test_who_is_no_longer_among_the_best_keeps_what_is_in_the_inbox(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), posting_matched("p-1", 2, pair("u-2", "p-1")))
    assert inbox(exchange, "u-1") == ["p-1"]
    assert exchange.ended() == []


def test_a_blocked_pair_that_fits_again_is_issued_again(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), posting_matched("p-1", 2, blocked=("u-1",)))
    exchange.say(posting_matched("p-1", 3, pair("u-1", "p-1")))
    assert inbox(exchange, "u-1") == ["p-1"]
    assert [m.revision for m in exchange.out("recommendation.issued")] == [1, 3]
    assert [m.revision for m in exchange.out("recommendation.ended")] == [2]


def test_a_filled_posting_leaves_every_inbox_and_whoever_is_interested_is_told(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1"), pair("u-2", "p-1")), answered("u-1", "p-1", "interested"))
    exchange.say(posting_left("p-1", 2, "filled"))
    assert {(m.person_id, m.reason, m.had_answered) for m in exchange.out("recommendation.ended")} == {
        ("u-1", "filled", True),
        ("u-2", "filled", False),
    }
    (told,) = exchange.ask(queries.inbox, "u-1")["items"]
    assert (told["state"], told["ended_text"], told["contact_visible"]) == ("ended", "岗位已招满。", False)
    assert inbox(exchange, "u-2") == []


def test_an_end_over_many_pages_reaches_everybody(exchange, monkeypatch):
    monkeypatch.setattr("streams.delivery.handlers.PAGE", 2)
    people = [f"u-{number}" for number in range(4)]
    exchange.say(posting_matched("p-1", 1, *(pair(person, "p-1") for person in people)), posting_left("p-1", 2, "withdrawn"))
    assert sorted(exchange.ended()) == [(person, "p-1", "withdrawn") for person in people]


def test_an_old_match_does_not_bring_a_posting_back(exchange):
    exchange.say(
        posting_matched("p-1", 1, pair("u-1", "p-1")), posting_left("p-1", 3, "held"), posting_matched("p-1", 2, pair("u-2", "p-1"))
    )
    assert inbox(exchange, "u-2") == []


def test_a_person_found_for_a_posting_that_is_gone_is_not_pushed_it(exchange):
    exchange.say(posting_matched("p-1", 1), posting_left("p-1", 2, "expired"), person_matched("u-1", 1, pair("u-1", "p-1")))
    assert exchange.issued() == []
    assert why(exchange, "u-1", "p-1") == "expired"


def test_a_released_posting_comes_back(exchange):
    exchange.say(
        posting_matched("p-1", 1, pair("u-1", "p-1")), posting_left("p-1", 2, "held"), posting_matched("p-1", 3, pair("u-1", "p-1"))
    )
    assert inbox(exchange, "u-1") == ["p-1"]


def test_who_withdraws_consent_has_an_empty_inbox(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "interested"), person_left("u-1", 2, "consent"))
    assert exchange.ended() == [("u-1", "p-1", "consent")]
    assert inbox(exchange, "u-1") == []


def test_of_who_was_removed_no_pair_stays(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1"), pair("u-2", "p-1")), person_left("u-1", 2, "removed"))
    exchange.say(answered("u-1", "p-1", "interested"))
    assert [row["person_id"] for row in exchange.rows(pairs)] == ["u-2"]


# -- answers -------------------------------------------------------------------------------------------------------------


def test_interest_is_announced_and_makes_the_contact_visible(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "interested"))
    (shown,) = exchange.out("recommendation.interest_shown")
    assert (shown.person_id, shown.posting_id, shown.withdrawn) == ("u-1", "p-1", False)
    assert exchange.ask(queries.recommendation, shown.match_id)["contact_visible"] is True


def test_seen_does_not_take_back_interest(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "interested"), answered("u-1", "p-1", "seen"))
    assert exchange.row("u-1", "p-1")["answer"] == "interested"


def test_who_changes_their_mind_withdraws_the_interest(exchange):
    exchange.say(
        posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "interested"), answered("u-1", "p-1", "refused", "pay")
    )
    assert [m.withdrawn for m in exchange.out("recommendation.interest_shown")] == [False, True]
    exchange.say(answered("u-1", "p-1", "interested"))
    assert inbox(exchange, "u-1") == ["p-1"]


def test_interest_in_a_posting_found_by_search_reaches_the_employer_at_once_and_once(exchange):
    exchange.say(answered("u-1", "p-1", "interested"))
    assert why(exchange, "u-1", "p-1") == "waiting"
    assert [m.withdrawn for m in exchange.out("recommendation.interest_shown")] == [False]
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")))
    assert len(exchange.out("recommendation.interest_shown")) == 1
    assert inbox(exchange, "u-1") == ["p-1"]


def test_interest_in_a_posting_found_by_search_can_be_taken_back(exchange):
    exchange.say(answered("u-1", "p-1", "interested"), answered("u-1", "p-1", "refused", "pay"))
    assert [m.withdrawn for m in exchange.out("recommendation.interest_shown")] == [False, True]


def test_a_refusal_that_comes_before_its_pair_keeps_it_out(exchange):
    exchange.say(answered("u-1", "p-1", "refused", "trade"), posting_matched("p-1", 1, pair("u-1", "p-1")))
    assert exchange.issued() == []
    assert why(exchange, "u-1", "p-1") == "refused"


def test_the_employer_side_sees_who_is_interested(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1"), pair("u-2", "p-1"), pair("u-3", "p-1", score=95.0)))
    exchange.say(answered("u-2", "p-1", "interested"), answered("u-3", "p-1", "refused", "pay"))
    assert [i["person_id"] for i in exchange.ask(queries.pushed_for, "p-1")["items"]] == ["u-3", "u-1", "u-2"]
    assert [i["person_id"] for i in exchange.ask(queries.pushed_for, "p-1", answer="interested")["items"]] == ["u-2"]
    assert exchange.ask(queries.answers_of_posting, "p-1") == {"pushed": 3, "interested": 1, "refused": 1, "seen": 0}


def test_the_inbox_is_walked_with_a_cursor(exchange):
    for number in range(3):
        exchange.say(posting_matched(f"p-{number}", 1, pair("u-1", f"p-{number}", score=60.0 + 10 * number)))
    found, cursor = [], None
    while True:
        page = exchange.ask(queries.inbox, "u-1", cursor, 1)
        found += [item["posting_id"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == ["p-2", "p-1", "p-0"]


# -- steps between person and employer -----------------------------------------------------------------------------------


def test_whoever_is_hired_is_not_told_that_their_own_place_is_taken(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), answered("u-1", "p-1", "interested"), stepped("u-1", "p-1", "hired"))
    exchange.say(posting_left("p-1", 2, "filled"))
    (item,) = exchange.ask(queries.inbox, "u-1")["items"]
    assert (item["ended_text"], item["contact_visible"]) == ("您已被录用。", True)


@pytest.mark.parametrize("invited_first", [False, True])
def test_whoever_is_invited_finds_the_posting_in_the_inbox_whichever_came_first(exchange, invited_first):
    people = [pair(f"u-{number}", "p-1", score=90.0 - number) for number in range(5)]
    messages = [posting_matched("p-1", 1, *people), stepped("u-4", "p-1", "invited")]  # the fifth is above the posting's budget
    exchange.say(*(reversed(messages) if invited_first else messages))
    assert inbox(exchange, "u-4") == ["p-1"]


def test_talks_hold_back_another_push_until_they_have_failed(exchange):
    exchange.say(posting_matched("p-1", 1, pair("u-1", "p-1")), stepped("u-1", "p-1", "talking"))
    exchange.say(posting_matched("p-1", 2, pair("u-1", "p-1", score=95.0)))
    assert why(exchange, "u-1", "p-1") == "applied"
    exchange.say(stepped("u-1", "p-1", "not_hired"), posting_matched("p-1", 3, pair("u-1", "p-1", score=95.0)))
    assert len(exchange.issued()) == 2
