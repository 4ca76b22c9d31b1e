"""The log of who read whose data: one chain whoever writes, and whatever is done to it afterwards is found."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, insert, select, update

from api.access import audit, scope
from api.access.accounts import Caller
from api.access.audit import Head, Look
from api.access.tables import audit as table
from infra.composition import open_exchange
from streams.runtime.exchange import Exchange

STAFF = Caller(account_id="a-commissioner", login="c", role="commissioner", display="c", region="140105")
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@dataclass
class Kept:
    """An exchange with a log of ten entries."""

    exchange: Exchange
    file: Path

    def entries(self) -> list[dict[str, Any]]:
        with self.exchange.reading() as connection:
            return [dict(row) for row in connection.execute(select(table).order_by(table.c.n)).mappings()]

    def tamper(self, *statements: Any) -> None:
        def job(connection: Connection) -> None:
            for statement in statements:
                connection.execute(statement)

        self.exchange.write(job)

    def verify(self, noted: Head | None = None) -> audit.Verdict:
        with self.exchange.reading() as connection:
            return audit.verify(connection, noted)

    def head(self) -> Head:
        with self.exchange.reading() as connection:
            return audit.head(connection)


@pytest.fixture
def kept(tmp_path: Path, empty_folder: Path) -> Iterator[Kept]:
    file = tmp_path / "gongqiao.sqlite"
    file.write_bytes((empty_folder / "gongqiao.sqlite").read_bytes())
    exchange, writer = open_exchange(file, b"k" * 32, {}, now=lambda: AT)
    try:
        made = Kept(exchange, file)
        for number in range(10):
            scope.note(exchange, STAFF, [Look(f"u-{number}", "profile")])
        yield made
    finally:
        writer.stop()
        exchange.close()


def test_a_log_that_nobody_touched_is_whole(kept: Kept) -> None:
    assert kept.verify() == audit.Verdict(kept.head())
    assert [one["n"] for one in kept.entries()] == list(range(1, 11))
    assert len({one["hash"] for one in kept.entries()}) == 10


def test_an_empty_log_is_whole(kept: Kept) -> None:
    kept.tamper(delete(table))
    assert kept.verify() == audit.Verdict(Head(0, audit.START))


def test_an_entry_says_who_for_whom_what_and_which_kinds_of_fields(kept: Kept) -> None:
    scope.note(kept.exchange, STAFF, [Look("u-1", "candidates", "p-1", ("score", "trade"))], "核实，电话13800138000")
    entry = kept.entries()[-1]
    assert entry.pop("hash") == kept.head().hash
    assert entry == {
        "n": 11, "at": AT.isoformat(), "account_id": "a-commissioner", "role": "commissioner", "office": "140105", "person_id": "u-1",
        "action": "candidates", "about": "p-1", "fields": "score,trade", "purpose": "核实，电话〔已隐去〕",
    }  # fmt: skip


@pytest.mark.parametrize("column", [name for name in audit.HASHED if name != "n"])
def test_a_changed_entry_is_found_whatever_was_changed(kept: Kept, column: str) -> None:
    kept.tamper(update(table).where(table.c.n == 4).values({column: "another"}))
    found = kept.verify()
    assert found.broken is not None
    assert found.broken.startswith("entry 4 (")
    assert "was changed" in found.broken
    assert found.head.n == 3


def test_a_changed_entry_with_a_hash_of_its_own_is_found_at_the_next_one(kept: Kept) -> None:
    third, fourth = kept.entries()[2:4]
    changed = {**fourth, "account_id": "a-somebody-else"}
    kept.tamper(update(table).where(table.c.n == 4).values(account_id="a-somebody-else", hash=audit.entry_hash(third["hash"], changed)))
    assert "entry 5 (" in str(kept.verify().broken)


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ([1], "entry 1 is missing: before entry 2 comes nothing"),
        ([4], "entry 4 is missing: before entry 5 comes entry 3"),
        ([4, 5, 6], "entries 4 to 6 are missing: before entry 7 comes entry 3"),
    ],
)
def test_a_removed_entry_is_found(kept: Kept, gone: list[int], said: str) -> None:
    kept.tamper(delete(table).where(table.c.n.in_(gone)))
    assert kept.verify().broken == said


def test_an_entry_that_was_removed_and_the_others_moved_up_is_found(kept: Kept) -> None:
    moved = [update(table).where(table.c.n == n).values(n=n - 1) for n in range(5, 11)]
    kept.tamper(delete(table).where(table.c.n == 4), *moved)
    assert str(kept.verify().broken).startswith("entry 4 (")


def test_entries_that_changed_places_are_found(kept: Kept) -> None:
    swap = [update(table).where(table.c.n == was).values(n=to) for was, to in ((4, 40), (5, 4), (40, 5))]
    kept.tamper(*swap)
    assert str(kept.verify().broken).startswith("entry 4 (")


@pytest.mark.parametrize("n", [-1, 0, 11, 12])
def test_an_entry_that_was_put_in_is_found(kept: Kept, n: int) -> None:
    kept.tamper(insert(table).values({**kept.entries()[0], "n": n}))
    assert kept.verify().broken is not None


def test_a_cut_tail_is_told_by_a_noted_head_and_by_nothing_else(kept: Kept) -> None:
    noted = kept.head()
    kept.tamper(delete(table).where(table.c.n > 7))
    assert kept.verify().broken is None
    found = kept.verify(noted)
    assert found.broken == "the log ends at entry 7, and entry 10 was noted: what followed was cut off"
    for _ in range(5):
        scope.note(kept.exchange, STAFF, [Look("u-1", "profile", "later")])
    assert "entry 10 has another hash than the one noted" in str(kept.verify(noted).broken)


def test_a_log_written_anew_as_a_whole_is_told_by_a_noted_head(kept: Kept) -> None:
    noted, entries = kept.head(), kept.entries()

    def anew(connection: Connection) -> None:
        connection.execute(delete(table))
        audit.append(connection, AT, STAFF, [Look(one["person_id"], "inbox") for one in entries])

    kept.exchange.write(anew)
    assert kept.verify().broken is None
    assert "written anew" in str(kept.verify(noted).broken)


def test_a_noted_head_holds_while_the_log_grows(kept: Kept) -> None:
    noted = kept.head()
    scope.note(kept.exchange, STAFF, [Look("u-1", "profile")])
    assert kept.verify(noted) == audit.Verdict(kept.head())


def test_the_pages_of_a_long_log_hold_together(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_PAGE", 3)
    seen: list[int] = []
    with kept.exchange.reading() as connection:
        assert audit.verify(connection, progress=seen.append).head.n == 10
    assert seen == [3, 6, 9, 10]
    kept.tamper(delete(table).where(table.c.n == 4))
    assert kept.verify().broken == "entry 4 is missing: before entry 5 comes entry 3"


def test_many_processes_and_threads_write_one_chain(kept: Kept) -> None:
    other, writer = open_exchange(kept.file, b"k" * 32, {}, now=lambda: AT)
    try:
        with ThreadPoolExecutor(8) as pool:
            done = [
                pool.submit(scope.note, (kept.exchange, other)[number % 2], STAFF, [Look(f"u-{number}", "profile"), Look("u-1", "inbox")])
                for number in range(100)
            ]
        assert [one.exception() for one in done] == [None] * 100
    finally:
        writer.stop()
        other.close()
    assert kept.verify() == audit.Verdict(kept.head())
    assert kept.head().n == 210


def test_a_transaction_that_is_given_up_leaves_no_entry_and_no_gap(kept: Kept) -> None:
    def given_up(connection: Connection) -> None:
        audit.append(connection, AT, STAFF, [Look("u-1", "profile")])
        raise ValueError("given up")

    with pytest.raises(ValueError, match="given up"):
        kept.exchange.write(given_up)
    scope.note(kept.exchange, STAFF, [Look("u-1", "profile")])
    assert kept.verify().head.n == 11


def test_a_list_of_fifty_people_is_one_statement_of_one_transaction(kept: Kept) -> None:
    said: list[str] = []

    def listen(*given: Any) -> None:
        said.append(given[2].split()[0])

    def job(connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", listen)
        audit.append(connection, AT, STAFF, [Look(f"u-{number}", "candidates", "p-1") for number in range(50)])
        event.remove(connection, "before_cursor_execute", listen)

    kept.exchange.write(job)
    assert said == ["SELECT", "INSERT"]
    assert kept.verify().head.n == 60


def test_a_list_that_is_shown_is_one_transaction(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Any] = []
    write = kept.exchange.write
    monkeypatch.setattr(kept.exchange, "write", lambda job: jobs.append(job) or write(job))
    scope.note(kept.exchange, STAFF, (Look(f"u-{number}", "candidates", "p-1") for number in range(50)))
    scope.note(kept.exchange, STAFF, [])
    assert len(jobs) == 1
    assert kept.verify().head.n == 60


def test_every_action_and_kind_of_field_has_words() -> None:
    for name, (words, fields) in audit.ACTIONS.items():
        assert words, name
        assert fields, name
        assert set(fields) <= audit.FIELDS.keys(), name
