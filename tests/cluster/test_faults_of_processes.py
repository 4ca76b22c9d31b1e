"""Workers and relay are killed, join and leave, messages come three times: what comes of it is what comes of an undisturbed run."""

from __future__ import annotations

import random
from typing import Any

import pytest

from streams.matching.messages import PostingMatched
from tests.cluster.market import SUBJECTS, Facts, Run, assert_same, say_people, say_postings

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
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
        at = len(facts.postings) * (number + 0.5 * drawn.random()) / 12
        run.wait(lambda at=at: run.count(PostingMatched.type) >= at)  # type: ignore[misc]
        name = drawn.choice(SUBJECTS)
        killed.append((name, run.left()))
        run.kill(name)
        run.wait(lambda name=name: not run.alive(name))  # type: ignore[misc]
        run.start(name)
    run.drain(400)
    assert sum(1 for _, left in killed if left) >= 8, f"too few kills hit work in flight: {killed}"
    assert run.letters() == []
    assert_same(run.contents(), expected)
