"""The same facts over SQLite and over PostgreSQL: the same log, and the same rows in every table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from infra.sample import generate
from matcher.days import SHANGHAI
from streams.delivery.messages import RecommendationAnswered
from streams.delivery.tables import pairs
from streams.hiring.messages import Contract, StepReported
from streams.intake.gateway import delete_person, receive_employers, receive_people, receive_postings, withdraw_posting
from streams.runtime.clock import Ticker
from streams.runtime.exchange import Said
from streams.runtime.messages import Message
from streams.staffing.messages import ShortageLine, ShortageReported
from tests.state.in_log_order import Counted, InLogOrder

pytestmark = pytest.mark.engine
Tables = dict[str, list[dict[str, Any]]]
TODAY = date(2026, 11, 20)
# No budgets: with them it matters who came first, and that is another test's.
SETTINGS = {
    "posting_days": 60,
    "person_pushes_a_day": 100_000,
    "posting_pushes_a_day": 100_000,
    "quiet_from": 22,
    "quiet_to": 7,
    "outside_channels": ("mail",),
}


@contextmanager
def opened(where: Path | str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[InLogOrder, list[datetime]]]:
    now = [datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI).astimezone(UTC)]
    with monkeypatch.context() as patch:
        numbers = Counted()
        for module in ("streams.runtime.exchange", "streams.intake.sent_profiles", "streams.intake.sent_postings"):
            patch.setattr(f"{module}.uuid4", numbers)
        run = InLogOrder(where, SETTINGS, lambda: now[0])
        try:
            yield run, now
        finally:
            run.close()


def say(run: InLogOrder, *messages: Message) -> None:
    run.exchange.append([Said(message) for message in messages], source="test")


def furnished(run: InLogOrder, people: int = 50) -> Any:
    """The first day: a tick, employers, people, postings, all handled. Answers the sample."""
    sample = generate(today=TODAY, employers=15, people=people, postings=max(30, people * 4 // 5))
    Ticker(run.exchange).tick()
    receive_employers(run.exchange, sample.employers, sender="sample", verified=True)
    run.drain()
    receive_people(run.exchange, sample.people, sender="sample")
    run.drain()
    for start in range(0, len(sample.postings), 15):
        receive_postings(run.exchange, sample.postings[start : start + 15], sender="sample", via="feed", verified=True, ids_given=True)
    run.drain()
    return sample


def live(run: InLogOrder, now: list[datetime]) -> Tables:
    """Some weeks of a small market, in phases: each is handled whole before the next is said. Answers the tables in between."""
    sample = furnished(run)
    ticker = Ticker(run.exchange)
    with run.exchange.reading() as connection:
        issued = connection.execute(
            select(pairs.c.person_id, pairs.c.posting_id, pairs.c.match_id).where(pairs.c.state == "issued").order_by(pairs.c.match_id)
        ).all()
    assert len(issued) > 50, "nothing was recommended: this would compare nothing"
    now[0] += timedelta(hours=1)
    for place, (person, posting, match) in enumerate(issued[:24]):
        answer = ("interested", "refused", "seen")[place % 3]
        say(
            run,
            RecommendationAnswered(
                person_id=person, posting_id=posting, match_id=match, answer=answer, reason="pay" if answer == "refused" else None
            ),
        )
    run.drain()
    for place, (person, posting, _) in enumerate(issued[0:24:3]):
        for step in ("invited", "talking", "offered", "hired")[: 1 + place % 4]:
            contract = Contract(signed=True, months=12) if step == "hired" else None
            say(run, StepReported(person_id=person, posting_id=posting, step=step, on=TODAY, by="employer", contract=contract))
    employers = [row["employer_id"] for row in sample.employers[:5]]
    say(run, *(ShortageReported(employer_id=one, lines=(ShortageLine(title="焊工", number=3),), since=TODAY) for one in employers))
    run.drain()
    now[0] += timedelta(days=2)
    ticker.tick()
    run.drain()
    delete_person(run.exchange, sample.people[3]["person_id"], sender="sample")
    withdraw_posting(run.exchange, sample.postings[2]["posting_id"], "招满", by="employer", sender="sample")
    receive_people(run.exchange, [{**sample.people[5], "skills": ["电焊", "叉车"]}], sender="sample")
    receive_postings(
        run.exchange, [{**sample.postings[7], "title": "夜班保安"}], sender="sample", via="feed", verified=True, ids_given=True
    )
    run.drain()
    between = run.tables()
    now[0] += timedelta(days=70)
    ticker.tick()
    run.drain()
    return between


def test_two_databases_one_market(tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[Tables, Tables, list[Any], int]] = []
    for where in (tmp_path / "g.sqlite", new_database()):
        with opened(where, monkeypatch) as (run, now):
            between = live(run, now)
            found.append((between, run.tables(), run.said(), run.handled))
    (between, tables, said, handled), (between_there, others, said_there, handled_there) = found
    filled = {name for name, rows in between.items() if rows}
    assert {"intake_postings", "matching_offered", "delivery_pairs", "hiring_steps", "staffing_gaps"} <= filled
    assert [(id_, type_, key) for id_, type_, key, _ in said_there] == [(id_, type_, key) for id_, type_, key, _ in said]
    assert said_there == said
    assert handled_there == handled
    for name, rows in tables.items():
        assert between_there[name] == between[name], f"{name} differs after the first days"
        assert others[name] == rows, f"{name} differs in the end"
