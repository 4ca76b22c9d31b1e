"""Rows that cannot be read: each is a dead letter with the reason, and the rest flows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from infra.migrate import migrate
from streams.runtime.database import open_engine
from streams.runtime.dead_letters import Letter, letters, retry
from streams.runtime.rebuild import compare, rebuild_into
from streams.runtime.tables import log
from tests.runtime.ledger import Ledger, Noted, Whispered, ledger, make_tables

DAMAGES: dict[str, dict[str, Any]] = {
    "newer version": {"version": 99},
    "body that does not fit": {"body": b'{"name": "a", "text": ["secret"]}'},
    "no JSON": {"body": b'{"name": "a", "te'},
    "no object": {"body": b'"text"'},
    "no date": {"recorded_at": "yesterday"},
}


def damage(book: Ledger, id_: str, values: dict[str, Any]) -> None:
    book.exchange.write(lambda connection: connection.execute(update(log).where(log.c.id == id_).values(**values)))


def open_letters(book: Ledger) -> list[Letter]:
    with book.exchange.reading() as connection:
        return letters(connection)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_row_in_mid_batch_is_a_dead_letter_and_the_rest_flows(tmp_path: Path, name: str) -> None:
    with ledger(tmp_path) as book:
        ids = book.say(*(Noted(name="a", text=str(n)) for n in range(5)))
        damage(book, ids[2], DAMAGES[name])
        book.start()
        book.drain()
        assert book.texts() == ["0", "1", "3", "4"]
        (letter,) = open_letters(book)
        assert (letter.message_id, letter.subject) == (ids[2], "ledger")
        assert "secret" not in letter.reason
        assert book.exchange.runner.faults() == {}
        assert book.counted()


def test_a_sealed_row_that_is_damaged_is_a_dead_letter_too(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        ids = book.say(Whispered(person_id="u-1", text="1"), Whispered(person_id="u-1", text="2"))
        damage(book, ids[0], {"body": b'{"person_id": "u-1"}'})
        book.start()
        book.drain()
        assert book.texts() == ["2"]
        assert len(open_letters(book)) == 1


def test_an_unknown_type_is_nobodys_message(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        ids = book.say(Noted(name="a", text="1"), Noted(name="a", text="2"))
        damage(book, ids[0], {"type": "of.tomorrow"})
        book.start()
        book.drain()
        assert book.texts() == ["2"]
        assert open_letters(book) == []


def test_one_handed_back_before_the_upgrade_is_open_again_and_holds_nobody_up(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        (id_,) = book.say(Noted(name="a", text="1"))
        damage(book, id_, {"version": 99})
        book.start()
        book.drain()
        (letter,) = open_letters(book)
        assert book.exchange.write(lambda connection: retry(connection, letter, now=book.now))
        book.say(Noted(name="a", text="2"))
        book.until(lambda: book.texts() == ["2"] and len(open_letters(book)) == 1)
        # As the upgraded program reads it:
        damage(book, id_, {"version": 1})
        assert book.exchange.write(lambda connection: retry(connection, open_letters(book)[0], now=book.now))
        book.until(lambda: book.texts() == ["2", "1"])
        assert open_letters(book) == []


def test_a_log_with_damaged_rows_still_rebuilds(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        ids = book.say(*(Noted(name="a", text=str(n)) for n in range(5)))
        damage(book, ids[2], {"body": b"{"})
        book.start()
        book.drain()
        book.exchange.runner.stop()
        migrate(tmp_path / "shadow.sqlite")
        engine = open_engine(tmp_path / "shadow.sqlite")
        subject = book.exchange.log.topology.subject("ledger")
        with book.exchange.reading() as live, engine.connect() as shadow, shadow.begin():
            make_tables(shadow)
            report = rebuild_into(shadow, live, book.exchange.log, subject, {})
            compare(shadow, live, book.exchange.log, subject, report)
        engine.dispose()
        assert (report.same, report.dead) == (True, 1)


def test_reading_a_log_that_is_far_ahead_sorts_places_and_not_rows(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.say(*(Noted(name="a", text=str(n)) for n in range(50)))

        def plan(connection: Connection) -> list[str]:
            seen: list[str] = []
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.set_trace_callback(seen.append)
            found = book.exchange.log.read(connection, [Noted.type, Whispered.type], 10, 5)
            raw.set_trace_callback(None)
            assert [message.seq for message in found] == [11, 12, 13, 14, 15]
            rows = raw.execute(f"EXPLAIN QUERY PLAN {seen[-1]}").fetchall()
            return [str(row[3]) for row in rows]

        with book.exchange.reading() as connection:
            steps = plan(connection)
        assert any("COVERING INDEX log_by_type" in step for step in steps)
        assert not any(step.startswith("SCAN log") for step in steps)
