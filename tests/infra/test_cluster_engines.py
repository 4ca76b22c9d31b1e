"""The local engines themselves: who is let in, what survives, what is stopped. Talks to real engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from click.testing import Result
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.cluster.control import NAMES, Cluster
from infra.cluster.elastic import READER, Elastic
from infra.cluster.folder import ClusterError
from infra.cluster.postgres import Postgres
from tests.engines import OwnEngines, require, settings_of_the_cluster

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
Run = Callable[..., Result]


@pytest.fixture
def shared() -> Cluster:
    for name in NAMES:
        require(name)
    return Cluster(settings_of_the_cluster())


@pytest.fixture(scope="module")
def own() -> Iterator[OwnEngines]:
    with OwnEngines("redis", "postgres", "kafka") as made:
        yield made


# -- who is let in ---------------------------------------------------------------------------------------------------------


def test_elasticsearch_lets_nobody_in_without_a_name(shared: Cluster) -> None:
    elastic = shared.engines["elastic"]
    assert isinstance(elastic, Elastic)
    assert elastic.ask(None, "/_cluster/health").status_code == 401
    assert elastic.ask(None, "/gongqiao-anything/_search").status_code == 401
    assert elastic.ask("exchange", "/_cluster/health").status_code == 200


def test_elasticsearch_gives_each_user_its_own_indices(shared: Cluster) -> None:
    elastic = shared.engines["elastic"]
    assert isinstance(elastic, Elastic)
    try:
        assert elastic.ask("exchange", "/test-rights", "PUT").status_code == 200
        assert elastic.ask(READER, "/test-rights/_count").json()["count"] == 0
        assert elastic.ask(READER, "/test-rights", "DELETE").status_code == 403
        assert elastic.ask("exchange", "/somebody-elses", "PUT").status_code == 403
        assert elastic.ask("exchange", "/_security/user").status_code == 403
    finally:
        elastic.ask("exchange", "/test-rights", "DELETE")


def test_redis_lets_nobody_in_without_a_name_or_with_a_wrong_password(shared: Cluster) -> None:
    port = shared.engines["redis"].port
    once = Retry(NoBackoff(), 0)
    for given in ({}, {"username": "exchange", "password": "wrong"}, {"username": "default", "password": ""}):
        with pytest.raises((redis.AuthenticationError, redis.ResponseError)), redis.Redis(port=port, retry=once, **given) as client:
            client.ping()


def test_redis_gives_its_user_no_administration(shared: Cluster) -> None:
    with redis.Redis.from_url(require("redis")) as client:
        assert client.ping()
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.config_get("requirepass")
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.shutdown(nosave=True)


def test_postgresql_lets_nobody_in_without_a_password_or_with_a_wrong_one(shared: Cluster) -> None:
    port = shared.engines["postgres"].port
    for given in ({}, {"password": "wrong"}):
        for user in ("exchange", "postgres"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(host="127.0.0.1", port=port, user=user, dbname="exchange", passfile="/dev/null", **given)


def test_postgresql_asks_for_passwords_by_scram_only(shared: Cluster) -> None:
    postgres = shared.engines["postgres"]
    assert isinstance(postgres, Postgres)
    with psycopg.connect(postgres.url, require_auth="scram-sha-256") as connection:
        role = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
    assert role == (False, True)
    with postgres.administer() as connection:
        kept = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname IN ('exchange', 'postgres')").fetchall()
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert all(password.startswith("SCRAM-SHA-256$") for (password,) in kept)
    assert rules == [("scram-sha-256",)]


def test_nothing_listens_beyond_this_machine(shared: Cluster) -> None:
    tables = [path.read_text() for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if path.exists()]
    if not tables:
        pytest.fail("this machine does not say who listens where: /proc/net is missing")
    ports = {port for engine in shared.engines.values() for port in engine.ports.values()}
    listening = {}
    for line in (line.split() for table in tables for line in table.splitlines()[1:]):
        address, _, port = line[1].rpartition(":")
        if line[3] == "0A" and int(port, 16) in ports:
            listening[int(port, 16)] = address
    assert set(listening) == ports
    assert set(listening.values()) <= {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


# -- up, down, status ------------------------------------------------------------------------------------------------------


def test_called_twice_it_changes_nothing(shared: Cluster) -> None:
    before, written = {state.name: state.pid for state in shared.status()}, shared.folder.env.read_text()
    addresses = Cluster(settings_of_the_cluster()).up()
    assert {state.name: state.pid for state in shared.status()} == before
    assert shared.folder.env.read_text() == written
    assert {urlsplit(url).scheme for url in addresses.values()} == {"kafka", "postgresql", "elastic", "redis"}


def test_status_says_version_process_and_memory(shared: Cluster, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings_of_the_cluster().model_dump().items():
        if name.startswith("cluster_") and value is not None:
            monkeypatch.setenv(f"GONGQIAO_{name.upper()}", str(value))
    said = run("cluster", "status", "--json")
    assert said.exit_code == 0, said.output
    for state in json.loads(said.stdout).values():
        assert state["state"] == "up"
        assert state["version"][0].isdigit()
        assert state["memory_mb"] > 0


def test_a_port_that_the_shared_engines_hold_is_taken_for_others(shared: Cluster, own: OwnEngines) -> None:
    other = own.settings.model_copy(update={"cluster_dir": own.folder / "other", "cluster_redis_port": shared.engines["redis"].port})
    with pytest.raises(ClusterError, match="is taken by another program"):
        Cluster(other).up(["redis"])


async def _topics(url: str, *, make: str | None = None) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=url.removeprefix("kafka://"))
    await admin.start()
    try:
        if make is not None:
            await admin.create_topics([NewTopic(make, 1, 1)])
        return list(await admin.list_topics())
    finally:
        await admin.close()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_what_was_written_is_there_after_a_stop_and_after_a_kill(own: OwnEngines, how: str) -> None:
    with redis.Redis.from_url(own.url("redis")) as client, psycopg.connect(own.url("postgres")) as connection:
        client.set(f"kept:{how}", "yes")
        connection.execute(f"CREATE TABLE kept_{how} (n int)")
        connection.commit()
        before = {state.name: state.pid for state in own.cluster.status()}
        for name in own.names:
            getattr(own, how)(name)
        assert {state.name for state in own.cluster.status() if state.state != "down"} == set()
        for name in own.names:
            own.start(name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    after = {state.name: state.pid for state in own.cluster.status()}
    assert all(after[name] not in (None, before[name]) for name in own.names)
    with redis.Redis.from_url(own.url("redis")) as client, psycopg.connect(own.url("postgres")) as connection:
        assert connection.execute(f"SELECT count(*) FROM kept_{how}").fetchone() == (0,)
        if how == "stop":  # after a kill Redis may have lost its last second
            assert client.get(f"kept:{how}") == b"yes"


def test_topics_survive_a_killed_broker(own: OwnEngines) -> None:
    assert "kept" in [*asyncio.run(_topics(own.url("kafka"), make="kept")), "kept"]
    own.kill("kafka")
    own.start("kafka")
    assert "kept" in asyncio.run(_topics(own.url("kafka")))


def test_down_stops_its_own_engines_only(shared: Cluster, own: OwnEngines) -> None:
    before = {state.name: state.pid for state in shared.status()}
    assert sorted(own.cluster.down()) == sorted(own.names)
    assert own.cluster.down() == []
    assert {state.name: state.pid for state in shared.status()} == before
    own.cluster.up(own.names)


def test_an_engine_that_cannot_start_is_an_error_with_the_end_of_its_log(own: OwnEngines) -> None:
    own.stop("redis")
    conf = own.folder / "redis-data" / "appendonlydir"
    aside = conf.rename(conf.with_name("aside"))
    conf.write_text("not a folder")
    try:
        with pytest.raises(ClusterError, match=r"(?s)Redis ended while it started; .*redis\.log ends with\n.*Not a directory"):
            own.start("redis")
    finally:
        conf.unlink()
        aside.rename(conf)
    own.start("redis")
