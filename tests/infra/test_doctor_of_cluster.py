"""``gongqiao doctor`` in a cluster: names what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import DeleteTopicsRequest
from click.testing import Result
from sqlalchemy import insert

from infra import doctor_of_cluster
from infra.commands.doctor import look
from infra.composition import shared
from infra.engines import kafka_arguments, postgres_arguments
from infra.findings import Finding
from infra.migrate import migrate
from infra.settings import Settings
from infra.workers import brokers_of, make_topics
from streams.intake.messages import PostingEnded
from streams.runtime.clock import Ticker
from streams.runtime.database import open_engine
from streams.runtime.exchange import Said
from streams.runtime.kafka_topics import wanted
from streams.runtime.locks import lock_on
from streams.runtime.outbox import move_outbox
from streams.runtime.sealing import Vault
from streams.runtime.tables import dead_letters
from streams.runtime.topology import topology
from tests.engines import drop_databases, require

Run = Callable[..., Result]
KEY = "ab" * 32
LOCKS = {"relay": "relay", "tick": "tick", "index": "index", "send": "send", "webhooks": "send"}  # and which part of a worker takes it


def bad(found: list[Finding]) -> dict[str, str]:
    """What is wrong, by its words, with what mends it."""
    return {one.what: one.mend for one in found if not one.fine}


def one_of(found: dict[str, str], start: str) -> str:
    """The mend of the one finding that starts so."""
    (mend,) = [mend for what, mend in found.items() if what.startswith(start)]
    return mend


# -- without any engine ----------------------------------------------------------------------------------------------------


def _nobody_there() -> int:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_every_engine_that_is_down_is_named_with_what_to_do(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    port = _nobody_there()
    addresses = {
        "LOG": f"kafka://127.0.0.1:{port}",
        "STATE": f"postgresql://exchange:sesame@127.0.0.1:{port}/exchange",
        "SEARCH": f"elastic://exchange:sesame@127.0.0.1:{port}",
        "CACHE": f"redis://exchange:sesame@127.0.0.1:{port}/0",
        "MASTER_KEY": KEY,
        "DATA_DIR": str(tmp_path),
    }
    for name, value in addresses.items():
        monkeypatch.setenv(f"GONGQIAO_{name}", value)
    looked = run("doctor")
    assert looked.exit_code == 1
    for engine, start in (("PostgreSQL", "postgres"), ("Kafka", "kafka"), ("Elasticsearch", "elastic"), ("Redis", "redis")):
        (line,) = [at for at, said in enumerate(looked.output.splitlines()) if said.startswith(f"BAD  {engine}: ")]
        assert f"gongqiao cluster start {start}" in looked.output.splitlines()[line + 1]
    assert "sesame" not in looked.output
    assert "ok   master key: there" in looked.output


def test_addresses_that_do_not_go_together_are_all_that_is_said(tmp_path: Path) -> None:
    found = look(Settings(data_dir=tmp_path, state="postgresql://127.0.0.1/exchange"))
    assert "GONGQIAO_LOG is sqlite" in one_of(bad(found), "settings:")
    assert len(found) == 1


# -- with the engines ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An exchange on the shared engines with a database, topics and an index prefix of its own; nothing of it runs."""
    name = f"test_doctor_{secrets.token_hex(4)}"
    urls = {engine: require(engine) for engine in ("kafka", "postgres", "elastic", "redis")}
    state = urlunsplit(urlsplit(urls["postgres"])._replace(path=f"/{name}"))
    made = Settings(
        data_dir=tmp_path_factory.mktemp("doctor"), master_key=KEY, log=urls["kafka"], state=state, search=urls["elastic"],
        cache=urls["redis"], kafka_prefix=f"{name}.", kafka_partitions=2, elastic_prefix=f"test-{name.replace('_', '-')}",
    )  # fmt: skip
    with psycopg.connect(urls["postgres"], autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield made
    finally:
        asyncio.run(_forget_topics(made))
        drop_databases(urls["postgres"], name)


async def _forget_topics(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(**kafka_arguments(settings))
    await admin.start()
    try:
        there = set(await admin.list_topics()) & {one.name for one in wanted(topology(), brokers_of(settings))}
        if there:
            await admin._send_to_controller(DeleteTopicsRequest(sorted(there), 30_000))
    finally:
        await admin.close()


@pytest.fixture
def ready(settings: Settings) -> Settings:
    """The same, migrated and with its topics."""
    migrate(settings.state_url, arguments=postgres_arguments(settings))
    make_topics(settings)
    return settings


@pytest.mark.engine
def test_an_empty_cluster_wants_to_be_migrated(settings: Settings) -> None:
    found = bad(look(settings))
    assert one_of(found, "schema: none") == "gongqiao migrate"
    assert "gongqiao topics create" in one_of(found, "topics: not as they should be")


@pytest.mark.engine
def test_whoever_does_not_work_is_named(ready: Settings) -> None:
    found = bad(look(ready))
    for name, part in LOCKS.items():
        assert one_of(found, f"{name}: nobody") == f"start: gongqiao worker --{part}"
    for subject in topology().subjects:
        assert one_of(found, f"{subject.name}: 0 workers") == f"start: gongqiao worker --subjects {subject.name}"
    assert "gongqiao worker --tick" in one_of(found, "clock: last tick never")
    assert not [
        what for what in found if what.startswith(("schema", "topics", "PostgreSQL:", "Redis", "Elasticsearch", "Kafka", "master key"))
    ]


@pytest.mark.engine
def test_whoever_holds_a_lock_works(ready: Settings) -> None:
    engine = open_engine(ready.state_url, arguments=postgres_arguments(ready))
    locks = [lock_on(engine, name) for name in LOCKS]
    try:
        assert all(lock.try_acquire() for lock in locks)
        assert not [what for what in bad(look(ready)) if "nobody" in what]
    finally:
        for lock in locks:
            lock.release()
        engine.dispose()
    assert len([what for what in bad(look(ready)) if "nobody" in what]) == len(LOCKS)


@pytest.mark.engine
def test_another_number_of_partitions_is_an_error_that_says_what_to_do(ready: Settings) -> None:
    found = bad(look(ready.model_copy(update={"kafka_partitions": 3})))
    assert "has 2 partitions, not 3" in one_of(found, "topics: not as they should be")
    assert "GONGQIAO_KAFKA_PARTITIONS" in one_of(found, "topics: not as they should be")


@pytest.mark.engine
def test_a_dead_letter_is_counted(ready: Settings) -> None:
    engine = open_engine(ready.state_url, arguments=postgres_arguments(ready))
    row = {"subject": "intake", "message_id": "m-1", "seq": 1, "type": "posting.received", "handler": "intake", "field": "title"}
    row |= {"reason": "made up", "at": "2026-11-21T08:00:00+00:00", "state": "open"}
    with engine.begin() as connection:
        connection.execute(insert(dead_letters).values(row))
    try:
        assert "gongqiao dead-letters list" in one_of(bad(look(ready)), "dead letters: 1 in intake")
    finally:
        with engine.begin() as connection:
            connection.execute(dead_letters.delete())
        engine.dispose()


@pytest.mark.engine
def test_another_master_key_is_noticed(ready: Settings) -> None:
    engine = open_engine(ready.state_url, arguments=postgres_arguments(ready))
    with engine.begin() as connection:
        Vault(bytes.fromhex(KEY)).make_key(connection, "p-1")
    engine.dispose()
    assert not [what for what in bad(look(ready)) if what.startswith("master key")]
    other = Settings(**{**ready.model_dump(), "master_key": "cd" * 32})
    assert "no other opens" in one_of(bad(look(other)), "master key: does not open")


@pytest.mark.engine
def test_a_transaction_that_stays_open_is_named_with_its_program(ready: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_of_cluster, "_LONG_OPEN", timedelta(0))
    with psycopg.connect(ready.state, application_name="forgotten") as connection:
        connection.execute("CREATE TABLE half_done (n int)")
        found = {what: mend for what, mend in bad(look(ready)).items() if "forgotten" in what}
        connection.rollback()
    ((what, mend),) = found.items()
    assert "a transaction open for" in what
    assert "pg_terminate_backend" in mend


@pytest.mark.engine
def test_a_machine_whose_clock_is_wrong_is_noticed(ready: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(minutes=10)

    monkeypatch.setattr(doctor_of_cluster, "datetime", Wrong)
    assert "NTP" in one_of({what: mend for what, mend in bad(look(ready)).items() if "between" in what}, "clock: ")


@pytest.mark.engine
def test_a_refused_password_is_that_engines_finding_only(ready: Settings) -> None:
    found = bad(look(ready.model_copy(update={"redis_password": type(ready.master_key)("wrong")})))
    assert "GONGQIAO_CACHE" in one_of(found, "Redis: AuthenticationError")
    assert not [what for what in found if what.startswith(("PostgreSQL", "Elasticsearch", "Kafka"))]


@pytest.mark.engine
def test_a_clock_that_ticked_just_now_is_fine_and_one_that_stopped_is_not(ready: Settings) -> None:
    part = shared(ready)
    try:
        Ticker(part.exchange, every=60.0).tick()
    finally:
        part.close()
    patient = ready.model_copy(update={"tick_seconds": 3600.0})
    assert not [what for what in bad(look(patient)) if what.startswith("clock: last tick")]
    later = ready.model_copy(update={"tick_seconds": -2.0})  # as if it were due since long
    assert "gongqiao worker --tick" in one_of(bad(look(later)), "clock: last tick 20")


@pytest.mark.engine
def test_subjects_and_relay_far_behind_are_named(ready: Settings) -> None:
    assert not [what for what in bad(look(ready)) if "messages to do" in what or "not yet on Kafka" in what]
    part = shared(ready)
    try:
        said = [Said(PostingEnded(posting_id=f"p-never-{number}", revision=1, cause="expired")) for number in range(10_000)]
        part.exchange.append(said, source="test")
        with part.engine.begin() as connection:
            move_outbox(connection, len(said))
    finally:
        part.close()
    found = bad(look(ready))
    assert "gongqiao worker --subjects matching" in one_of(found, "matching: 2000 or more messages to do")
    assert "a worker with --relay" in one_of(found, "relay: 10")


@pytest.mark.engine
def test_too_little_room_is_named_here_and_at_elasticsearch(ready: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> dict[str, str]:
        return {what: mend for what, mend in bad(look(ready)).items() if " GiB free" in what}

    assert full() == {}
    monkeypatch.setattr(doctor_of_cluster, "_ROOM", 1 << 60)  # more than any disk has
    found = full()
    assert "make space" in one_of(found, "disk here: ")
    assert "make space" in one_of(found, "Elasticsearch: ")


@pytest.mark.engine
@pytest.mark.parametrize(("engine", "name"), [("PostgreSQL", "_POSTGRES"), ("Elasticsearch", "_ELASTIC"), ("Redis", "_REDIS")])
def test_an_engine_of_a_version_that_will_not_do_is_named(ready: Settings, monkeypatch: pytest.MonkeyPatch, engine: str, name: str) -> None:
    """As if a later version were wanted than any that there is."""
    wanted = f"{engine} 99"
    assert not [mend for mend in bad(look(ready)).values() if mend.startswith(wanted)]
    monkeypatch.setattr(doctor_of_cluster, name, 99)
    (what,) = [what for what, mend in bad(look(ready)).items() if mend.startswith(wanted)]
    assert what.startswith(f"{engine}: ")
