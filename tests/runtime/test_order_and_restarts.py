"""Order of a key through retries, pages, restarts, tombstones and faults: nothing is lost, doubled or overtaken."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from streams.runtime.database import EngineFault
from streams.runtime.dead_letters import letters, retry
from streams.runtime.embedded import SubjectLoop
from streams.runtime.subjects import Preparation, Work
from tests.runtime.ledger import Ledger, Noted, Seen, Whispered, ledger


def hand_back(book: Ledger) -> None:
    with book.exchange.reading() as connection:
        (letter,) = letters(connection)
    assert book.exchange.write(lambda connection: retry(connection, letter, now=book.now)) is True


def open_letters(book: Ledger) -> list[str]:
    with book.exchange.reading() as connection:
        return [letter.reason for letter in letters(connection)]


def test_a_key_that_waits_goes_on_in_its_order_after_a_restart(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.say(Noted(name="a", text="1", do="wait"), Noted(name="a", text="2"), Noted(name="b", text="x"))
        book.start()
        book.until(lambda: book.texts() == ["x"])
        book.say(Noted(name="a", text="3"))
        book.drain()
        book.restart()
        book.drain()
        assert book.texts() == ["x"], "a second has not passed by the clock of the exchange"
        book.mended = True
        book.now += timedelta(seconds=1)
        book.until(lambda: len(book.texts("a")) == 3)
        assert book.texts("a") == ["1", "2", "3"]
        assert book.counted()


def test_a_dead_letter_handed_back_is_handled_with_a_memory_put_right(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.say(*(Noted(name="a", text=str(n), do="fail" if n == 2 else "note") for n in range(6)))
        book.start()
        book.drain()
        assert book.texts() == ["0", "1", "3", "4", "5"]
        book.mended = True
        hand_back(book)
        book.say(Noted(name="a", text="6"))
        book.until(lambda: len(book.texts()) == 7)
        assert book.texts() == ["0", "1", "3", "4", "5", "2", "6"]
        assert book.counted()
        assert open_letters(book) == []


def test_later_messages_wait_until_the_last_page(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.say(Noted(name="a", text="x"), Noted(name="a", text="p", do="pages"), Noted(name="a", text="y"), Noted(name="b", text="z"))
        book.start()
        book.drain()
        assert book.texts() == ["x", "p 0", "p 1", "p 2", "y", "z"]
        assert book.counted()


def test_a_dead_letter_handed_back_between_two_pages_waits_for_the_last_one(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.say(Noted(name="a", text="bad", do="fail"))
        book.start()
        book.drain()
        book.mended = True

        def hand_back_once(work: Work) -> None:
            # In the very transaction of the first page: it is there before the second page is looked for.
            with book.exchange.reading() as connection:
                found = letters(connection)
            if work.cursor is None:
                assert retry(work.connection, found[0], now=book.now)

        book.on_page = hand_back_once
        book.say(Noted(name="a", text="p", do="pages"), Noted(name="a", text="after"))
        book.until(lambda: len(book.texts()) == 5)
        assert book.texts() == ["p 0", "p 1", "p 2", "bad", "after"]
        assert book.counted()


def test_pages_are_finished_after_a_restart_in_the_middle(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.hold = threading.Event()
        book.say(Noted(name="a", text="p", do="pages"), Noted(name="a", text="after"))
        book.start()
        assert book.entered.wait(240)
        stopping = threading.Thread(target=book.exchange.runner.stop)
        stopping.start()
        book.exchange.runner.loops["ledger"]._stopping.wait(240)
        book.hold.set()
        stopping.join()
        assert book.texts() == ["p 0"], "a graceful stop finishes the unit of work in hand and no more"
        book.restart()
        book.drain()
        assert book.texts() == ["p 0", "p 1", "p 2", "after"]


def test_a_graceful_stop_finishes_the_batch_in_hand_and_begins_no_other(tmp_path: Path) -> None:
    with ledger(tmp_path, batch=4) as book:
        book.hold = threading.Event()
        book.say(*(Noted(name="a", text=str(n)) for n in range(10)))
        book.start()
        assert book.entered.wait(240)
        stopping = threading.Thread(target=book.exchange.runner.stop)
        stopping.start()
        book.exchange.runner.loops["ledger"]._stopping.wait(240)
        book.hold.set()
        stopping.join()
        assert book.texts() == ["0", "1", "2", "3"]
        book.restart()
        book.drain()
        assert book.texts() == [str(n) for n in range(10)]
        assert book.counted()


def test_tombstones_in_the_middle_of_a_batch_are_passed_over(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.say(
            Whispered(person_id="u-1", text="1"),
            Whispered(person_id="u-2", text="2"),
            Noted(name="a", text="3"),
            Whispered(person_id="u-2", text="4"),
            Whispered(person_id="u-1", text="5"),
        )
        book.exchange.write(lambda connection: book.exchange.vault.destroy_key(connection, "u-2"))
        book.start()
        book.drain()
        assert book.texts() == ["1", "3", "5"]
        assert open_letters(book) == []
        assert book.counted()


def test_a_parked_message_whose_person_was_deleted_holds_its_key_no_longer(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.say(Whispered(person_id="u-1", text="1"))
        book.start()
        book.drain()
        book.say(Noted(name="u-1", text="waits", do="wait"), Whispered(person_id="u-1", text="behind"), Noted(name="u-1", text="last"))
        book.drain()
        book.exchange.write(lambda connection: book.exchange.vault.destroy_key(connection, "u-1"))
        book.mended = True
        book.now += timedelta(seconds=1)
        book.until(lambda: "last" in book.texts())
        assert book.texts() == ["1", "waits", "last"]


def test_a_memory_that_cannot_be_loaded_is_said_and_tried_again(tmp_path: Path) -> None:
    with ledger(tmp_path, failing_loads=2) as book:
        book.say(Noted(name="a", text="1"))
        book.start()
        book.until(lambda: book.exchange.runner.faults() == {"ledger": "the tables cannot be read"})
        book.drain()
        assert (book.texts(), book.loads, book.exchange.runner.faults()) == (["1"], 3, {})


def test_a_fault_in_mid_batch_leaves_nothing_and_the_batch_is_handled_again(tmp_path: Path) -> None:
    with ledger(tmp_path) as book:
        book.say(Noted(name="a", text="1"), Noted(name="a", text="2", do="fault"), Noted(name="a", text="3"))
        book.start()
        book.until(lambda: book.exchange.runner.faults() != {})
        assert book.texts() == []
        book.mended = True
        book.drain()
        assert book.texts() == ["1", "2", "3"]
        assert book.counted()


def test_a_second_runner_on_the_same_file_doubles_nothing(tmp_path: Path) -> None:
    with ledger(tmp_path, batch=2) as first, ledger(tmp_path, batch=2) as second:
        first.hold = threading.Event()
        first.say(*(Noted(name="a", text=str(n)) for n in range(6)))
        first.start()
        assert first.entered.wait(240)
        second_loop: SubjectLoop = second.exchange.runner.loops["ledger"]
        second_loop.memory = Seen(second)
        with second.exchange.reading() as connection:
            second_loop.memory.load(connection)
        # The second has read the same batch; its transaction begins only when the first one's is over.
        prepared = threading.Event()
        count = second._count

        def counting(message: Noted, preparation: Preparation) -> int:
            prepared.set()
            return count(message, preparation)

        handlers = tuple(replace(handler, prepare=counting) for handler in second_loop.subject.handlers)
        second_loop.subject = replace(second_loop.subject, handlers=handlers)
        faults: list[BaseException] = []

        def step() -> None:
            try:
                second_loop.step()
            except EngineFault as error:
                faults.append(error)

        beside = threading.Thread(target=step)
        beside.start()
        assert prepared.wait(240)
        first.hold.set()
        beside.join()
        first.drain()
        assert first.texts() == [str(n) for n in range(6)]
        assert "run only one" in str(faults[0])


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_whatever_goes_wrong_each_message_takes_effect_once_and_in_the_order_of_its_key(tmp_path: Path, batch: int) -> None:
    kinds = ("note", "note", "pages", "fault", "note", "wait")
    with ledger(tmp_path, batch=batch) as book:
        book.say(*(Noted(name=f"k{n % 3}", text=str(n), do=kinds[n % len(kinds)]) for n in range(36)))
        book.start()
        book.until(lambda: book.exchange.runner.faults() != {})
        book.mended = True
        book.now += timedelta(seconds=5)
        book.drain()
        book.now += timedelta(seconds=5)
        expected = {
            f"k{key}": [text for n in range(key, 36, 3) for text in ([f"{n} {p}" for p in range(3)] if n % 6 == 2 else [str(n)])]
            for key in range(3)
        }
        book.until(lambda: len(book.texts()) == sum(map(len, expected.values())))
        assert {key: book.texts(key) for key in expected} == expected
        assert book.counted()
