"""A new master key: everything is sealed anew while the exchange runs, and the old key opens nothing any more."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection

from infra.cli import cli
from infra.composition import exchange as exchange_of
from infra.settings import Settings, SettingsError
from streams.intake.gateway import receive_people
from streams.runtime import rekeying
from streams.runtime.exchange import Exchange
from streams.runtime.rekeying import rekey
from streams.runtime.sealing import Vault, WrongMasterKey

OLD, NEW = b"o" * 32, b"n" * 32
PEOPLE = 600  # two pages


def opened(folder: Path, *keys: bytes, run: bool = False) -> AbstractContextManager[Exchange]:
    """The exchange of a folder; the first key seals, all of them open."""
    own, *others = [key.hex() for key in keys]
    return exchange_of(Settings(data_dir=folder, master_key=own, other_master_keys=",".join(others)), run=run)


def somebody(number: int) -> dict[str, object]:
    return {
        "kind": "graduate",
        "desired": {"titles": ["焊工"]},
        "private": {"name": "甲乙丙", "phone": f"154{number:08d}", "id_number": None},
    }


def say(exchange: Exchange, numbers: range) -> None:
    answers = receive_people(exchange, [{"person_id": f"u-{n}", **somebody(n)} for n in numbers], sender="test")
    assert [answer.errors for answer in answers if answer.errors] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with opened(tmp_path, OLD, run=True) as exchange:
        say(exchange, range(PEOPLE))
        exchange.runner.drain()
    return tmp_path


def test_everything_opens_with_the_new_key_alone(folder: Path) -> None:
    told: list[int] = []
    with opened(folder, NEW, OLD, run=True) as exchange:
        hashed = exchange.vault.lookup("phone", "15400000007")
        say(exchange, range(PEOPLE, PEOPLE + 50))
        done = rekey(exchange, lambda found: told.append(found.looked_at))
        say(exchange, range(PEOPLE + 50, PEOPLE + 100))
        exchange.runner.drain()
    # A key and two values a person, but for those who came under the new key already; and the key of the keyed hash.
    assert done.sealed_anew == 3 * PEOPLE + 1
    assert done.looked_at == 3 * (PEOPLE + 50) + 1
    assert told == sorted(told)
    assert len(told) > 5
    with opened(folder, NEW, run=True) as exchange:
        exchange.runner.drain()
        with exchange.reading() as connection:
            for number in (0, 499, 500, PEOPLE - 1, PEOPLE + 49, PEOPLE + 99):
                kept = exchange.vault.reveal(connection, "person", f"u-{number}")
                assert kept == {"name": "甲乙丙", "phone": f"154{number:08d}"}
            types = ["person.received", "person.registered"]
            assert all(hasattr(one, "message") for one in exchange.log.read(connection, types, 0, 10_000))
        assert exchange.vault.lookup("phone", "15400000007") == hashed


def test_who_was_known_by_a_number_is_known_by_it_after(tmp_path: Path) -> None:
    with opened(tmp_path, OLD) as exchange:
        first = receive_people(exchange, [somebody(1) | {"private": {"id_number": "140105199001011233"}}], sender="test")[0]
    with opened(tmp_path, NEW, OLD) as exchange:
        assert rekey(exchange).sealed_anew == 3
        again = receive_people(exchange, [somebody(1) | {"private": {"id_number": "140105199001011233"}}], sender="test")[0]
    with opened(tmp_path, NEW) as exchange:
        third = receive_people(exchange, [somebody(1) | {"private": {"id_number": "140105199001011233"}}], sender="test")[0]
    assert first.id == again.id == third.id


def test_the_old_key_opens_nothing_any_more(folder: Path) -> None:
    with opened(folder, NEW, OLD) as exchange:
        rekey(exchange)
        with exchange.reading() as connection:
            with pytest.raises(WrongMasterKey):
                Vault(OLD).reveal(connection, "person", "u-3")
            with pytest.raises(WrongMasterKey):
                Vault(OLD).adopt(connection)
    with pytest.raises(WrongMasterKey), opened(folder, OLD):
        pass


def test_broken_off_it_goes_on_where_it_was(folder: Path) -> None:
    class BrokenOff(Exception):
        pass

    def off(found: rekeying.Rekeyed) -> None:
        if found.looked_at >= 500:
            raise BrokenOff

    with opened(folder, NEW, OLD) as exchange:
        with pytest.raises(BrokenOff):
            rekey(exchange, off)
        assert rekey(exchange).sealed_anew == 3 * PEOPLE + 1 - 500
        assert rekey(exchange).sealed_anew == 0


def test_what_no_key_opens_is_named_and_the_rest_stays(folder: Path) -> None:
    with opened(folder, OLD) as exchange:
        exchange.write(lambda connection: Vault(b"x" * 32).keep(connection, "person", "u-strange", {"name": "甲"}))
    with opened(folder, NEW, OLD) as exchange, pytest.raises(WrongMasterKey, match=r"person\|u-strange\|name"):
        rekey(exchange)


def test_what_is_written_meanwhile_is_not_written_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(folder, NEW, OLD) as exchange:
        again, page = exchange.vault.again, rekeying._page
        connections: list[Connection] = []

        def watched(*given: Any) -> Any:
            connections.append(given[-1])
            return page(*given)

        def meanwhile(kind: Any, sealed: bytes, *names: str) -> bytes | None:
            if names == ("person", "u-5", "phone"):
                # Between reading and writing, as another process of a cluster may.
                exchange.vault.keep(connections[-1], "person", "u-5", {"phone": "15499999999"})
            return again(kind, sealed, *names)

        monkeypatch.setattr(exchange.vault, "again", meanwhile)
        monkeypatch.setattr(rekeying, "_page", watched)
        assert rekey(exchange).sealed_anew == 3 * PEOPLE + 1 - 1
        with exchange.reading() as connection:
            assert exchange.vault.reveal(connection, "person", "u-5")["phone"] == "15499999999"


def test_the_command_and_its_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGQIAO_DATA_DIR", str(folder))
    monkeypatch.setenv("GONGQIAO_MASTER_KEY", NEW.hex())
    alone = CliRunner().invoke(cli, ["rekey"])
    assert isinstance(alone.exception, WrongMasterKey)
    monkeypatch.setenv("GONGQIAO_OTHER_MASTER_KEYS", f" {b'z' * 32!r}")
    with pytest.raises(SettingsError, match="GONGQIAO_OTHER_MASTER_KEYS: 64 hex digits"):
        Settings().key()
    monkeypatch.setenv("GONGQIAO_OTHER_MASTER_KEYS", f"{(b'z' * 32).hex()}, {OLD.hex()}")
    done = CliRunner().invoke(cli, ["rekey"])
    assert done.exit_code == 0, done.output
    assert f"{3 * PEOPLE + 1} sealed anew" in done.output
    monkeypatch.delenv("GONGQIAO_OTHER_MASTER_KEYS")
    again = CliRunner().invoke(cli, ["rekey"])
    assert again.exit_code == 0, again.output
    assert " 0 sealed anew" in again.output
