"""The same log gives the same: policy made anew from what it heard, and told twice, is what it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.migrate import migrate
from matcher.match_order import match_id
from streams.intake.messages import PersonRemoved, PostingEnded
from streams.policy import handlers
from streams.policy.messages import ClaimObjected
from streams.runtime.database import open_engine
from streams.runtime.processing import process
from streams.runtime.rebuild import compare, rebuild_into
from streams.runtime.tables import log, metadata
from tests.streams.policy.policy_exchange import PolicyExchange, claim, decided, employer, insured, internship, person, posting, step, year


def a_year(exchange: PolicyExchange) -> None:
    """Everything that can be said, over more than a year."""
    exchange.say(employer(size="small", recognition=["poverty_base", "internship_unit"], facts={"employer.poverty_labour_count": 28}))
    exchange.say(person(), posting(), step(), year(leavings={"dismissed": 1}))
    exchange.say(posting("p-3", type="internship"), posting("p-3", 2, type="internship", filled=1))
    exchange.say(PostingEnded(posting_id="p-3", revision=3, cause="withdrawn"))
    exchange.tick()
    exchange.say(employer("e-2"), person("u-2", categories=["registered_unemployed", "employment_difficulty"]), insured("u-2", "e-2"))
    exchange.say(*(internship(f"u-i{number}", signed=number < 7) for number in range(10)))
    exchange.say(claim(account="k1:a"), claim("c-2", about=match_id("u-1", "p-1")))
    exchange.say(insured("u-2", "e-1"), posting("p-2"), step(person_id="u-2"), step(person_id="u-2", posting_id="p-2", on="2023-09-02"))
    exchange.say(ClaimObjected(claim_id="c-2", by="account:e-1", reason="填错了"), decided("approve"), decided("pay"))
    exchange.tick("2023-12-01").tick("2023-12-24").tick("2024-01-01").tick("2024-03-01")
    exchange.say(step("left", "2024-03-01"), year("e-1", 2023, contributions="120000"))
    exchange.tick("2024-03-02").tick("2024-12-31").tick("2025-01-01")


def test_made_anew_from_its_inputs_it_says_and_keeps_the_same(
    opened: Callable[..., PolicyExchange], tmp_path: Path, empty_exchange: Path
) -> None:
    exchange = opened()
    a_year(exchange)
    shutil.copy(empty_exchange, tmp_path / "shadow.sqlite")
    engine = open_engine(tmp_path / "shadow.sqlite")
    try:
        with exchange.open.reading() as live, engine.connect() as shadow, shadow.begin():
            report = rebuild_into(shadow, live, exchange.open.log, handlers.SUBJECT, {})
            compare(shadow, live, exchange.open.log, handlers.SUBJECT, report)
    finally:
        engine.dispose()
    assert report.handled > 20
    assert report.outputs > 20
    assert report.same, report


def test_every_message_told_once_more_changes_nothing(exchange: PolicyExchange) -> None:
    """At least once delivered: a message handled again in its own place finds its rows."""
    a_year(exchange)
    before, said = exchange.tables(), len(exchange.rows(log))
    ticks = [one for one in exchange.rows(log) if one["type"] == "clock.tick"]
    with exchange.open.reading() as connection:
        last = exchange.open.log.read_at(connection, [ticks[-1]["seq"]])[0]

    def again(connection):
        return process(handlers.SUBJECT, exchange.open.log, connection, last, None, None, {}, None, all_pages=True)

    assert not exchange.open.write(again).failed
    assert exchange.tables() == before
    assert len(exchange.rows(log)) == said


@pytest.mark.parametrize("forgotten", ["u-1", "u-2"])
def test_after_forgetting_nothing_that_can_be_read_differs(opened: Callable[..., PolicyExchange], tmp_path: Path, forgotten: str) -> None:
    """Made anew without what the forgotten said, nothing new is said and nothing of them is there."""
    exchange = opened()
    a_year(exchange)
    exchange.say(PersonRemoved(person_id=forgotten, revision=9))
    exchange.open.write(lambda connection: exchange.open.vault.destroy_key(connection, forgotten))
    migrate(tmp_path / "anew.sqlite")
    engine = open_engine(tmp_path / "anew.sqlite")
    try:
        with exchange.open.reading() as live, engine.connect() as shadow, shadow.begin():
            report = rebuild_into(shadow, live, exchange.open.log, handlers.SUBJECT, {})
            for table in metadata.sorted_tables:
                if table.name.startswith("policy_"):
                    assert forgotten not in repr(shadow.execute(table.select()).all()), table.name
    finally:
        engine.dispose()
    assert report.dead == 0
    assert forgotten not in repr(exchange.tables())


def test_nothing_of_policy_is_needed_to_make_it_anew() -> None:
    assert not {one.on.type for one in handlers.SUBJECT.handlers} & {
        emitted.type for one in handlers.SUBJECT.handlers for emitted in one.emits
    }
