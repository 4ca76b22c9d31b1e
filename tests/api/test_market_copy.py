"""A copy of the market follows what matching handled: row by row, over faults, and over a backup that counts anew."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import delete, select

from api.market_copy import MarketCopy
from api.problems import Unavailable
from streams.runtime.database import EngineFault
from streams.runtime.tables import handled, insert_new, log
from tests.api.conftest import PERSON, SETTINGS, Market, furnish


def note_handled(market: Market) -> int:
    """Write down what matching has handled, as workers do; answers how many rows are new."""

    def job(connection: Any) -> int:
        known = set(connection.execute(select(handled.c.message_id)).scalars())
        types = market.services.exchange.log.topology.subject("matching").types
        rows = connection.execute(select(log.c.id, log.c.seq).where(log.c.type.in_(types)).order_by(log.c.seq)).all()
        new = [row for row in rows if row.id not in known]
        values = [
            {"subject": "matching", "message_id": row.id, "seq": row.seq, "done": True, "at": "", "page": 0, "n": len(known) + 1 + place}
            for place, row in enumerate(new)
        ]
        insert_new(connection, handled, values)
        return len(values)

    return int(market.services.exchange.write(job))


def people_of(copy: MarketCopy) -> list[str]:
    assert copy.market is not None
    return [id_ for id_ in ("u-7", "u-8", "u-9") if id_ in copy.market.people]


@pytest.fixture
def copy(market: Market) -> MarketCopy:
    furnish(market)
    note_handled(market)
    made = MarketCopy(market.services.exchange, SETTINGS)
    assert made.not_ready() == "loading"
    while made.look():
        pass
    assert made.not_ready() is None
    return made


def test_it_takes_over_who_comes_changes_and_goes(market: Market, copy: MarketCopy) -> None:
    assert people_of(copy) == ["u-7", "u-8"]
    assert copy.market is not None
    assert len(copy.market.postings) == 1
    market.call("administrator", "DELETE", "/people/u-7")
    market.post("administrator", "/people?wait=1", {**PERSON, "person_id": "u-9", "private": None})
    market.post("administrator", "/people?wait=1", {**PERSON, "person_id": "u-8", "private": None, "consent": {"recommend": False}})
    market.call("administrator", "DELETE", f"/postings/{market.posting_id}?reason=x&wait=1")
    market.settle()
    with market.services.exchange.reading() as connection:
        assert copy.behind(connection) == 0
    assert note_handled(market) > 0
    with market.services.exchange.reading() as connection:
        assert copy.behind(connection) > 0
    copy.look()
    assert people_of(copy) == ["u-9"]
    assert len(copy.market.postings) == 0
    with market.services.exchange.reading() as connection:
        assert copy.behind(connection) == 0


def test_more_than_a_page_is_taken_over_page_by_page(market: Market, copy: MarketCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    from api import market_copy

    monkeypatch.setattr(market_copy, "PAGE", 2)
    monkeypatch.setattr(market_copy, "_CHANGES", market_copy._CHANGES.limit(2))
    for number in range(5):
        market.post("administrator", "/people", {**PERSON, "person_id": f"u-{20 + number}", "private": None})
    market.settle()
    note_handled(market)
    looks = 1
    while copy.look():
        looks += 1
    assert looks == 3
    assert copy.market is not None
    assert len(copy.market.people) == 7


def test_a_fault_of_the_state_leaves_what_was_known_and_is_said(market: Market, copy: MarketCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = market.services.exchange
    real, gone = exchange.reading, [True]

    @contextmanager
    def reading() -> Any:
        if gone[0]:
            raise EngineFault("the database does not answer")
        with real() as connection:
            yield connection

    monkeypatch.setattr(exchange, "reading", reading)
    copy.start()
    try:
        seen = exchange.bell.count
        while copy.fault is None:
            seen = exchange.bell.wait(seen, 0.01)
        assert copy.fault == "the database does not answer"
        assert people_of(copy) == ["u-7", "u-8"]
        gone[0] = False
        while copy.fault is not None:
            seen = exchange.bell.wait(seen, 0.01)
        assert copy.not_ready() is None
    finally:
        copy.stop()


def test_a_restored_backup_that_counts_anew_is_loaded_anew(market: Market, copy: MarketCopy) -> None:
    market.services.exchange.write(lambda connection: connection.execute(delete(handled)))
    before = copy.market
    copy.look()
    assert copy.market is not before
    assert people_of(copy) == ["u-7", "u-8"]


def test_while_it_loads_recommendations_say_so(market: Market) -> None:
    from api.market import market_of

    furnish(market)
    market.services.market = MarketCopy(market.services.exchange, SETTINGS)
    with pytest.raises(Unavailable):
        market_of(market.services)
    answer = market.get("jobseeker", "/people/u-7/recommendations")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    ready = market.client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["engines"]["market"]["status"] == "loading"
    market.services.market.look()
    assert market.get("jobseeker", "/people/u-7/recommendations").status_code == 200
    assert market.client.get("/health/ready").json()["engines"]["market"] == {"status": "ok"}
