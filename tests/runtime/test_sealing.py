"""Sealed messages: readable with the person's key, a tombstone without it; private values encrypted by field."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from infra.composition import open_exchange
from matcher.shapes import read_person
from streams.intake.messages import PersonReceived
from streams.runtime.exchange import Exchange, Said
from streams.runtime.log import Log
from streams.runtime.messages import Envelope, Unreadable
from streams.runtime.sealing import KeyGone, Vault, WrongMasterKey

PERSON = read_person({"person_id": "u-1", "kind": "graduate", "desired": {"titles": ["秘密的愿望"]}})


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    opened, writer = open_exchange(tmp_path / "g.sqlite", b"k" * 32, {})
    yield opened
    writer.stop()


def say(exchange: Exchange) -> None:
    said = Said(PersonReceived(person_id="u-1", person=PERSON), before=lambda connection: exchange.vault.make_key(connection, "u-1"))
    exchange.append([said], source="test")


def read(exchange: Exchange) -> list[Envelope | Unreadable]:
    with exchange.reading() as connection:
        return exchange.log.read(connection, [PersonReceived.type], 0, 10)


def test_what_is_said_of_a_person_is_sealed_in_the_log_and_read_with_the_key(exchange: Exchange, tmp_path: Path) -> None:
    say(exchange)
    (envelope,) = read(exchange)
    assert isinstance(envelope, Envelope)
    assert envelope.message.person == PERSON
    with closing(sqlite3.connect(tmp_path / "g.sqlite")) as connection:
        assert "秘密的愿望" not in "\n".join(connection.iterdump())


def test_without_the_key_every_past_message_is_a_tombstone(exchange: Exchange) -> None:
    say(exchange)
    exchange.write(lambda connection: exchange.vault.destroy_key(connection, "u-1"))
    (found,) = read(exchange)
    assert isinstance(found, Unreadable)


def test_a_new_key_does_not_open_what_the_destroyed_one_sealed(exchange: Exchange) -> None:
    say(exchange)
    exchange.write(lambda connection: exchange.vault.destroy_key(connection, "u-1"))
    say(exchange)
    first, second = read(exchange)
    assert isinstance(first, Unreadable)
    assert isinstance(second, Envelope)


def test_a_message_of_somebody_without_a_key_says_nothing_but_the_id(exchange: Exchange) -> None:
    exchange.append([Said(PersonReceived(person_id="u-2", person=PERSON))], source="test")
    assert isinstance(read(exchange)[0], Unreadable)


def test_private_values_come_back_and_are_found_by_keyed_hash(exchange: Exchange, tmp_path: Path) -> None:
    vault = exchange.vault
    exchange.write(
        lambda connection: vault.keep(connection, "person", "u-1", {"name": "甲乙丙", "phone": "15400000009", "id_number": None})
    )
    with exchange.reading() as connection:
        assert vault.reveal(connection, "person", "u-1") == {"name": "甲乙丙", "phone": "15400000009"}
    with closing(sqlite3.connect(tmp_path / "g.sqlite")) as connection:
        dump = "\n".join(connection.iterdump())
    assert vault.lookup("phone", "15400000009") in dump
    assert "15400000009" not in dump
    assert "甲乙丙" not in dump


def test_another_master_key_says_so_instead_of_giving_rubbish(exchange: Exchange) -> None:
    say(exchange)
    exchange.write(lambda connection: exchange.vault.keep(connection, "person", "u-1", {"name": "甲乙丙"}))
    other = Vault(b"x" * 32)
    with exchange.reading() as connection:
        with pytest.raises(WrongMasterKey):
            other.reveal(connection, "person", "u-1")
        with pytest.raises(WrongMasterKey):
            other.keys(connection, ["u-1"])
        with pytest.raises(KeyGone):
            other.seal("u-9", b"plain", other.keys(connection, ["u-9"]))


def test_a_page_of_messages_asks_for_all_keys_at_once(exchange: Exchange, tmp_path: Path) -> None:
    for number in range(5):
        make = partial(exchange.vault.make_key, person_id=f"u-{number}")
        exchange.append([Said(PersonReceived(person_id=f"u-{number}", person=PERSON), before=make)], source="test")
    exchange.write(lambda connection: exchange.vault.destroy_key(connection, "u-3"))
    asked: list[str] = []
    log = Log(exchange.log.topology, Vault(b"k" * 32))  # of a process that knows no key yet
    with exchange.reading() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.set_trace_callback(asked.append)
        found = log.read(connection, [PersonReceived.type], 0, 10)
        driver.set_trace_callback(None)
    assert [isinstance(one, Envelope) for one in found] == [True, True, True, False, True]
    assert len([text for text in asked if "FROM person_keys" in text]) == 1
