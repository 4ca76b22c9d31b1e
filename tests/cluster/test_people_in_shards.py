"""People in two shards, a worker for each: what a cluster makes of a market is what one process without shards makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from streams.matching.shards import shard_people
from streams.runtime.tables import handled, offsets
from tests.cluster.market import Facts, Nursery, Run, a_run, assert_same, say_people, say_postings
from tests.engines import OwnEngines

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]


@pytest.fixture
def run_in_shards(own: OwnEngines, nursery: Nursery, tmp_path: Path) -> Iterator[Run]:
    own.start("kafka")
    own.start("postgres")
    with a_run(nursery, tmp_path / "run", own.url("kafka"), own.url("postgres"), shards=2) as made:
        yield made


def test_two_shards_with_a_worker_each_give_what_one_process_gives(run_in_shards: Run, market: tuple[Facts, dict[str, Any]]) -> None:
    run, (facts, expected) = run_in_shards, market
    run.start()
    run.start("shards.2")
    say_people(run.exchange, facts)
    run.drain()
    run.wait(lambda: run.members("shards") == 2)
    say_postings(run.exchange, facts.postings)
    run.drain()
    assert run.letters() == []
    assert_same(without_revisions(run.contents()), without_revisions(expected))
    with run.exchange.reading() as connection:
        assert set(connection.execute(select(shard_people.c.shard).distinct()).scalars()) == {"0", "1"}
        workers = connection.execute(select(handled.c.worker).where(handled.c.subject == "shards").distinct()).scalars().all()
    assert len(workers) == 2, "each worker has one shard"
    run.stop("shards", "shards.2", "matching")
    with run.part.engine.begin() as connection:  # as after a kill: how far they are is written down once a second
        connection.execute(update(offsets).where(offsets.c.subject.in_(("shards", "matching"))).values(seq=1))
    for subject in ("shards", "matching"):
        assert "same as the live one" in run.gongqiao("rebuild", subject, "--check")


def without_revisions(found: dict[str, Any]) -> dict[str, Any]:
    """Revisions are places in the log, and with shards more is said."""
    matched = {key: {name: value for name, value in body.items() if name != "revision"} for key, body in found["matched"].items()}
    return {**found, "matched": matched}
