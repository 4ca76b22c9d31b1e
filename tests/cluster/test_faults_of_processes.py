"""Workers and relay are killed, join and leave, messages come three times: what comes of it is what comes of an undisturbed run."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert

from streams.matching.messages import PostingMatched
from streams.runtime.relay import published
from streams.runtime.tables import outbox
from streams.runtime.topology import topology
from tests.cluster.market import NOW, POISON, SUBJECTS, Facts, Run, assert_same, say_people, say_postings

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]
Market = tuple[Facts, dict[str, Any]]


def test_a_cluster_gives_what_one_process_gives(run: Run, market: Market) -> None:
    facts, expected = market
    run.start()
    say_people(run.exchange, facts)
    run.drain()
    say_postings(run.exchange, facts.postings)
    run.drain()
    assert run.letters() == []
    assert_same(run.contents(), expected)


def test_workers_killed_at_random_moments_lose_and_double_nothing(run: Run, market: Market) -> None:
    facts, expected = market
    drawn = random.Random(5)
    run.start()
    say_people(run.exchange, facts)
    run.drain()
    say_postings(run.exchange, facts.postings)
    killed = []
    for number in range(10):
        at = len(facts.postings) * (number + 0.5 * drawn.random()) / 20
        run.wait(lambda at=at: run.count(PostingMatched.type) >= at)  # type: ignore[misc]
        name = drawn.choice(SUBJECTS)
        killed.append((name, run.left()))
        run.kill(name)
        run.wait(lambda name=name: not run.alive(name))  # type: ignore[misc]
        run.start(name)
    run.drain()
    assert sum(1 for _, left in killed if left) >= 8, f"too few kills hit work in flight: {killed}"
    assert run.letters() == []
    assert_same(run.contents(), expected)


def test_workers_that_join_and_leave_in_mid_run_lose_and_double_nothing(run: Run, market: Market) -> None:
    facts, expected = market
    run.start()
    say_people(run.exchange, facts)
    run.drain()
    half = len(facts.postings) // 2
    say_postings(run.exchange, facts.postings[:half])
    run.wait(lambda: run.count(PostingMatched.type) >= half // 3)
    run.start("intake.2", "matching.2", "delivery.2")
    run.wait(lambda: all(run.members(name) == 2 for name in SUBJECTS))
    say_postings(run.exchange, facts.postings[half:])
    run.wait(lambda: all(len(run.workers_of(name)) == 2 for name in SUBJECTS))
    run.stop("intake", "matching", "delivery")
    run.drain()
    assert run.letters() == []
    assert_same(run.contents(), expected)


@pytest.mark.parametrize("point", ["before_publish", "before_offset"])
def test_a_relay_killed_around_publishing_loses_and_doubles_nothing(run: Run, market: Market, point: str) -> None:
    facts, expected = market
    run.start(*SUBJECTS)
    for number in (2, 3):
        run.start("relay", point=point, number=number)
        say_people(run.exchange, facts) if number == 2 else say_postings(run.exchange, facts.postings)
        run.wait(lambda: not run.alive("relay"))
        with run.exchange.reading() as connection:
            behind = run.exchange.log.end(connection) - published(connection)
        assert behind > 0, "the relay should have been killed with rows in the log that it had not written down as published"
        run.start("relay")
        run.drain()
        run.stop("relay")
    assert run.letters() == []
    assert_same(run.contents(), expected)


def test_every_message_delivered_three_times_takes_effect_once(run: Run, market: Market) -> None:
    facts, expected = market
    run.start()
    say_people(run.exchange, facts)
    run.drain()
    run.publish_again()
    say_postings(run.exchange, facts.postings)
    run.wait(lambda: run.count(PostingMatched.type) >= len(facts.postings) // 3)
    run.publish_again()
    run.drain()
    run.publish_again()
    run.publish_again()
    run.wait(lambda: run.lag() == 0)
    run.drain()
    assert run.letters() == []
    assert_same(run.contents(), expected)


def test_poison_in_every_topic_becomes_dead_letters_and_the_rest_flows(run: Run, market: Market) -> None:
    facts, expected = market
    flows = topology()
    everybody = [subject.name for subject in flows.subjects]
    run.start("relay", *everybody)
    said = [topic.types[0] for topic in flows.topics]
    with run.part.engine.begin() as connection:
        for cls in said:
            connection.execute(insert(outbox).values(poison(cls.type, flows.topic_of(cls.type).name)))
    say_people(run.exchange, facts)
    run.drain()
    wanted = {(subject.name, cls.type) for cls in said for subject in flows.subjects if subject.handler_of(cls.type) is not None}
    run.wait(lambda: {(letter.subject, letter.type) for letter in run.letters()} == wanted)
    assert {flows.topic_of(type_).kind for _, type_ in wanted} >= {"fact", "derived"}
    say_postings(run.exchange, facts.postings)
    run.drain()
    assert len(run.letters()) == len(wanted)
    assert_same(run.contents(), expected)


def test_a_dead_letter_retried_after_a_fix_is_delivered(run: Run, market: Market) -> None:
    facts, expected = market
    run.start(*SUBJECTS)
    say_people(run.exchange, facts)
    ids = run.break_some("person.received", 3)
    run.start("relay")
    run.drain()
    assert {letter.message_id for letter in run.letters()} == ids
    run.mend_and_retry(ids)
    run.drain()
    run.wait(lambda: run.parked() == 0)
    run.drain()
    run.stop("relay")
    say_postings(run.exchange, facts.postings)
    ids = run.break_some("posting.received", 5)
    run.start("relay")
    run.drain()
    assert {letter.message_id for letter in run.letters() if letter.state == "open"} == ids
    run.mend_and_retry(ids)
    run.wait(lambda: run.parked() == 0)
    run.drain()
    assert not [letter for letter in run.letters() if letter.state == "open"]
    assert_same(run.contents(), expected)


def test_with_budgets_no_kill_and_no_second_worker_leads_to_a_push_too_many(run: Run, market: Market) -> None:
    facts, expected = market
    run.more({"GONGQIAO_PERSON_PUSHES_A_DAY": "3", "GONGQIAO_POSTING_PUSHES_A_DAY": "4"})
    run.start()
    run.start("delivery.2")
    say_people(run.exchange, facts)
    run.drain()
    say_postings(run.exchange, facts.postings)
    for number in range(4):
        at = len(facts.postings) * (number + 1) // 10
        run.wait(lambda at=at: run.count(PostingMatched.type) >= at)  # type: ignore[misc]
        name = ("delivery", "delivery.2")[number % 2]
        run.kill(name)
        run.wait(lambda name=name: not run.alive(name))  # type: ignore[misc]
        run.start(name)
    run.drain()
    found = run.contents()
    assert found["matched"] == expected["matched"], "budgets change nothing in what is matched"
    assert found["inboxes"].keys() == expected["inboxes"].keys(), "what is not pushed is held back, not lost"
    assert found["pushed"], "something is pushed"
    assert set(found["pushed"].values()) == {1}, "no pair is pushed twice"
    of_pair = {match_id: (row["person_id"], row["posting_id"]) for match_id, row in found["inboxes"].items()}
    people = Counter(of_pair[match_id][0] for match_id in found["pushed"])
    postings = Counter(of_pair[match_id][1] for match_id in found["pushed"])
    assert max(people.values()) <= 3
    assert max(postings.values()) <= 4
    assert run.letters() == []


def poison(type_: str, topic: str) -> dict[str, Any]:
    """A row that no handler can read."""
    id_, at = str(uuid4()), NOW.isoformat()
    return {
        "id": id_,
        "topic": topic,
        "key": POISON,
        "type": type_,
        "version": 1,
        "occurred_at": at,
        "recorded_at": at,
        "source": "test",
        "causation_id": None,
        "trace_id": id_,
        "body": b'{"nonsense": true}' if len(type_) % 2 else b"not even JSON",
    }
