"""What the edge is promised: once per key, woken when handled, and a second process that appends meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from streams.runtime.exchange import IdempotencyConflict
from streams.runtime.tables import meta
from tests.runtime.ledger import Ledger, Noted, ledger

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with ledger(tmp_path) as made:
        yield made


def put(name: str, calls: list[str]) -> Any:
    def job(connection: Connection) -> dict[str, Any]:
        calls.append(name)
        connection.execute(meta.insert().values(name=f"test-{name}", value="1"))
        return {"name": name}

    return job


def names(book: Ledger) -> set[str]:
    with book.exchange.reading() as connection:
        return set(connection.execute(select(meta.c.name).where(meta.c.name.like("test-%"))).scalars())


def test_the_same_key_and_content_answer_what_was_answered_first(book: Ledger) -> None:
    calls: list[str] = []
    assert book.exchange.once("a", "k", b"content", put("first", calls)) == {"name": "first"}
    assert book.exchange.once("a", "k", b"content", put("second", calls)) == {"name": "first"}
    assert (calls, names(book)) == (["first"], {"test-first"})


def test_the_same_key_with_other_content_is_a_conflict(book: Ledger) -> None:
    book.exchange.once("a", "k", b"content", put("first", []))
    with pytest.raises(IdempotencyConflict, match="use a new key"):
        book.exchange.once("a", "k", b"other content", put("second", []))
    assert names(book) == {"test-first"}


def test_the_same_key_of_somebody_else_is_another_key(book: Ledger) -> None:
    book.exchange.once("a", "k", b"content", put("first", []))
    book.exchange.once("b", "k", b"content", put("second", []))
    assert names(book) == {"test-first", "test-second"}


def test_without_a_key_everything_is_done_again(book: Ledger) -> None:
    calls: list[str] = []
    book.exchange.once("a", None, b"content", put("first", calls))
    book.exchange.once("a", None, b"content", put("second", calls))
    assert calls == ["first", "second"]


def test_a_job_that_failed_did_not_use_its_key_up(book: Ledger) -> None:
    def fail(connection: Connection) -> dict[str, Any]:
        put("failed", [])(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        book.exchange.once("a", "k", b"content", fail)
    book.exchange.once("a", "k", b"content", put("first", []))
    assert names(book) == {"test-first"}


def test_whoever_waits_is_told_when_the_subject_got_past_the_message(book: Ledger) -> None:
    (id_,) = book.say(Noted(name="a", text="1"))
    assert book.exchange.wait_handled(id_, "ledger", 0) is False
    book.start()
    assert book.exchange.wait_handled(id_, "ledger", 30) is True
    assert book.texts() == ["1"]


def test_nobody_waits_for_a_message_that_is_not_there(book: Ledger) -> None:
    assert book.exchange.wait_handled("no-such-id", "ledger", 30) is False


OTHER = """
import sys
from pathlib import Path
from tests.runtime.ledger import Ledger, Noted
book = Ledger(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(40):
    book.say(Noted(name="theirs", text=str(number)))
book.stop()
"""


def test_what_another_process_appends_meanwhile_is_handled_in_its_order(book: Ledger) -> None:
    book.start()
    command = [sys.executable, "-c", OTHER, str(book.folder)]
    other = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    said = 0
    while other.poll() is None or said < 40:
        book.say(Noted(name="ours", text=str(said)))
        said += 1
    _, errors = other.communicate()
    assert other.returncode == 0, errors
    book.until(lambda: len(book.texts()) == said + 40)
    assert book.texts("theirs") == [str(number) for number in range(40)]
    assert book.texts("ours") == [str(number) for number in range(said)]
    assert book.counted()
