"""TLS and passwords as a deployment has them, with the real engines: what the settings say gets us in, anything less does not."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from elasticsearch import AuthenticationException, Elasticsearch
from elasticsearch import ConnectionError as ElasticConnectionError
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.cluster.elastic import Elastic
from infra.cluster.engine import Engine
from infra.cluster.kafka import Kafka
from infra.cluster.postgres import Postgres
from infra.cluster.processes import spawn
from infra.cluster.redis import Redis
from infra.composition import shared
from infra.engines import elastic_arguments, kafka_arguments, postgres_arguments, redis_arguments
from infra.migrate import migrate
from infra.settings import Settings
from infra.workers import brokers_of, make_topics, run_singles, run_subject
from streams.intake.messages import PostingEnded
from streams.runtime.exchange import Said
from tests.engines import OwnEngines

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]


# -- certificates ----------------------------------------------------------------------------------------------------------


class Papers:
    """An authority, a server's certificate for this machine, one for its name only, and another authority that signed nothing of it."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir()
        folder.chmod(0o755)
        key, certificate = self._made("authority", None)
        self._write("ca", certificate)
        server_key, server = self._made("localhost", (key, certificate))
        self._write("server", server, server_key)
        named_key, named = self._made("localhost", (key, certificate), by_address=False)
        self._write("named", named, named_key)
        self._write("stranger", self._made("stranger", None)[1])

    @staticmethod
    def _made(
        name: str, signer: tuple[rsa.RSAPrivateKey, x509.Certificate] | None, *, by_address: bool = True
    ) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
        key = rsa.generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(signer[1].subject if signer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        )
        if signer is not None:
            names: list[x509.GeneralName] = [x509.DNSName("localhost")]
            if by_address:
                names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return key, builder.sign(signer[0] if signer else key, hashes.SHA256())

    def _write(self, name: str, certificate: x509.Certificate, key: rsa.RSAPrivateKey | None = None) -> None:
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (self.folder / f"{name}.pem").write_bytes(pem)
        if key is not None:
            plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            (self.folder / f"{name}.key").write_bytes(plain)
            (self.folder / f"{name}-both.pem").write_bytes(plain + pem)

    def __getitem__(self, name: str) -> Path:
        return self.folder / name


# -- the engines as a deployment has them ----------------------------------------------------------------------------------


class TlsRedis(Redis):
    papers: Papers

    def prepare(self) -> None:
        super().prepare()
        conf = self.folder.path / "redis-data" / "redis.conf"
        lines = {"tls-port": self.port, "tls-cert-file": self.papers["named.pem"], "tls-key-file": self.papers["named.key"]}
        lines |= {"tls-ca-cert-file": self.papers["ca.pem"], "tls-auth-clients": "no"}
        text = re.sub(r"(?m)^port .*$", "port 0", conf.read_text())
        self.folder.write(conf, text + "".join(f"{name} {value}\n" for name, value in lines.items()))

    @property
    def wanted(self) -> dict[str, Any]:
        password = self.folder.password("redis_exchange")
        address = f"rediss://localhost:{self.port}/0"
        return {"cache": address, "redis_user": "exchange", "redis_password": password, "redis_ca": self.papers["ca.pem"]}

    def fault(self) -> str | None:
        return ask_redis(self.wanted)


class TlsPostgres(Postgres):
    papers: Papers

    def prepare(self) -> None:
        super().prepare()
        data = self.folder.path / "postgres-data"
        for name, source in (("server.crt", "named.pem"), ("server.key", "named.key")):
            self.folder.write(data / name, self.papers[source].read_text())
        self.folder.write(data / "pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n")

    def command(self) -> tuple[list[str | Path], dict[str, str]]:
        arguments, environment = super().command()
        return [*arguments, "-c", "ssl=on"], environment

    @property
    def wanted(self) -> dict[str, Any]:
        return {
            "state": f"postgresql://localhost:{self.port}/exchange",
            "postgres_user": "exchange",
            "postgres_password": self.folder.password("postgres_exchange"),
            "postgres_tls": "verify-full",
            "postgres_ca": self.papers["ca.pem"],
            "postgres_scram_only": True,
        }


class TlsKafka(Kafka):
    papers: Papers

    def prepare(self) -> None:
        super().prepare()  # formats without users; done again below with ours
        properties = self.folder.path / "kafka.properties"
        text = properties.read_text().replace("PLAINTEXT://127", "SASL_SSL://127").replace(",PLAINTEXT:PLAINTEXT", ",SASL_SSL:SASL_SSL")
        module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        more = {
            "inter.broker.listener.name": "SASL_SSL", "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": module.replace(
                ";", f' username="worker" password="{self.folder.password("kafka_worker")}";'
            ),
            "ssl.keystore.type": "PEM", "ssl.keystore.location": self.papers["server-both.pem"],
            "ssl.truststore.type": "PEM", "ssl.truststore.location": self.papers["ca.pem"],
        }  # fmt: skip
        self.folder.write(properties, text + "".join(f"{name}={value}\n" for name, value in more.items()))
        data = self.folder.path / "kafka-data"
        for inside in data.iterdir():
            inside.unlink()
        user = f"SCRAM-SHA-512=[name=worker,password={self.folder.password('kafka_worker')}]"
        tool = ["kafka.tools.StorageTool", "format", "--cluster-id", "M2fhV8hVSumoFssRRO6v0Q", "-c", properties, "--add-scram", user]
        assert spawn(self.folder, [*self._run(), *tool], log=self.log, environment={}).wait(600) == 0

    @property
    def wanted(self) -> dict[str, Any]:
        return {
            "log": f"kafka://localhost:{self.port}", "kafka_tls": True, "kafka_ca": self.papers["ca.pem"], "kafka_sasl": "SCRAM-SHA-512",
            "kafka_user": "worker", "kafka_password": self.folder.password("kafka_worker"),
        }  # fmt: skip

    def fault(self) -> str | None:
        return ask_kafka(self.wanted)


class TlsElastic(Elastic):
    papers: Papers

    def prepare(self) -> None:
        super().prepare()
        conf = self.folder.path / "elastic-conf"
        for name in ("server.pem", "server.key"):
            self.folder.write(conf / name, self.papers[name].read_text())
        said = (conf / "elasticsearch.yml").read_text()
        tls = "http.ssl.enabled: true\nxpack.security.http.ssl.certificate: server.pem\nxpack.security.http.ssl.key: server.key"
        self.folder.write(conf / "elasticsearch.yml", said.replace("http.ssl.enabled: false", tls))

    @property
    def wanted(self) -> dict[str, Any]:
        password = self.folder.password("elastic_exchange")
        address = f"elastics://127.0.0.1:{self.port}"
        return {"search": address, "elastic_user": "exchange", "elastic_password": password, "elastic_ca": self.papers["ca.pem"]}

    def fault(self) -> str | None:
        return ask_elastic(self.wanted)


# -- asking with what the settings make ------------------------------------------------------------------------------------


def ask_redis(given: dict[str, Any]) -> str | None:
    with redis.Redis(**redis_arguments(Settings(**given)), retry=Retry(NoBackoff(), 0), socket_timeout=60) as client:
        try:
            client.ping()
        except redis.RedisError as error:
            return f"{type(error).__name__}: {error}"
    return None


def ask_postgres(given: dict[str, Any]) -> str | None:
    try:
        with psycopg.connect(**postgres_arguments(Settings(**given)), connect_timeout=60) as connection:
            connection.execute("SELECT 1")
            return None if connection.pgconn.ssl_in_use else "no TLS"
    except psycopg.OperationalError as error:
        return str(error)


def ask_kafka(given: dict[str, Any]) -> str | None:
    async def ask() -> str | None:
        admin = AIOKafkaAdminClient(**kafka_arguments(Settings(**given)), request_timeout_ms=60_000)
        try:
            await asyncio.wait_for(admin.start(), 120)
            await admin.list_topics()
        except (KafkaError, OSError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            await admin.close()
        return None

    return asyncio.run(ask())


def ask_elastic(given: dict[str, Any]) -> str | None:
    client = Elasticsearch(**elastic_arguments(Settings(**given)), request_timeout=60, max_retries=0)
    try:
        client.cluster.health()
    except (ElasticConnectionError, AuthenticationException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        client.close()
    return None


# -- tests -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> Iterator[OwnEngines]:
    made = OwnEngines("redis", "postgres", "kafka", "elastic")
    papers = Papers(made.folder / "papers")
    kinds: tuple[type[Engine], ...] = (TlsRedis, TlsPostgres, TlsKafka, TlsElastic)
    for kind in kinds:
        engine = kind(made.cluster.folder, made.settings)
        engine.papers = papers  # type: ignore[attr-defined]
        made.cluster.engines[engine.name] = engine
    with made:
        yield made


CASES: list[tuple[str, Any, list[tuple[str, str | None]]]] = [
    ("redis", ask_redis, [("redis_password", "wrong"), ("redis_user", "default")]),
    ("postgres", ask_postgres, [("postgres_password", "wrong"), ("postgres_tls", "disable")]),
    ("kafka", ask_kafka, [("kafka_password", "wrong"), ("kafka_sasl", "SCRAM-SHA-256")]),
    ("elastic", ask_elastic, [("elastic_password", "wrong")]),
]
for _name, _, _changes in CASES:
    _changes += [(f"{_name}_ca", "stranger"), (f"{_name}_ca", None)]


@pytest.mark.parametrize(("name", "ask"), [(name, ask) for name, ask, _ in CASES])
def test_what_the_settings_say_gets_us_in(own: OwnEngines, name: str, ask: Any) -> None:
    assert ask(own.cluster.engines[name].wanted) is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "ask", "setting", "value"), [(name, ask, *change) for name, ask, changes in CASES for change in changes])
def test_anything_less_does_not(own: OwnEngines, name: str, ask: Any, setting: str, value: str | None) -> None:
    engine = own.cluster.engines[name]
    changed = engine.papers[f"{value}.pem"] if value == "stranger" else value  # type: ignore[attr-defined]
    said = ask({**engine.wanted, setting: changed})  # type: ignore[attr-defined]
    assert said is not None
    for secret in ("elastic_exchange", "redis_exchange", "postgres_exchange", "kafka_worker"):
        assert own.cluster.folder.password(secret) not in said


@pytest.mark.parametrize(("name", "ask", "setting"), [("redis", ask_redis, "cache"), ("postgres", ask_postgres, "state")])
def test_a_certificate_of_another_name_is_refused(own: OwnEngines, name: str, ask: Any, setting: str) -> None:
    """These two have one for `localhost` only."""
    wanted = own.cluster.engines[name].wanted  # type: ignore[attr-defined]
    said = ask({**wanted, setting: wanted[setting].replace("localhost", "127.0.0.1")})
    assert said is not None
    assert "certificate" in said


def test_a_producer_says_something_over_tls_and_scram(own: OwnEngines) -> None:
    async def say() -> int:
        arguments = kafka_arguments(Settings(**own.cluster.engines["kafka"].wanted))  # type: ignore[attr-defined]
        admin = AIOKafkaAdminClient(**arguments)
        await admin.start()
        try:
            await admin.create_topics([NewTopic("said", 1, 1)])
        finally:
            await admin.close()
        producer = AIOKafkaProducer(**arguments, enable_idempotence=True, acks="all")
        await producer.start()
        try:
            return int((await producer.send_and_wait("said", b"hello")).offset)
        finally:
            await producer.stop()

    assert asyncio.run(say()) == 0


def test_a_message_is_handled_over_tls_and_scram(own: OwnEngines, tmp_path: Path) -> None:
    """Relay and Faust as `gongqiao worker` runs them, with Kafka, PostgreSQL and Redis all behind TLS."""
    wanted: dict[str, Any] = {}
    for name in ("kafka", "postgres", "redis"):
        wanted |= own.cluster.engines[name].wanted  # type: ignore[attr-defined]
    settings = Settings(data_dir=tmp_path, master_key="ab" * 32, kafka_partitions=1, **wanted)
    migrate(settings.state_url, arguments=postgres_arguments(settings))
    make_topics(settings)
    stopping = threading.Event()
    jobs = ((run_singles, (settings, ["relay"], stopping)), (run_subject, (settings, "hiring", stopping)))
    running = [threading.Thread(target=job, args=arguments) for job, arguments in jobs]
    part = shared(settings)
    try:
        for thread in running:
            thread.start()
        (message_id,) = part.exchange.append([Said(PostingEnded(posting_id="p-1", revision=1, cause="expired"))], source="test")
        assert part.exchange.wait_handled(message_id, "hiring", 300)
        # It was Kafka that brought it: the group has acknowledged it there.
        deadline = time.monotonic() + 300
        while asyncio.run(acknowledged(settings, "hiring")) < 1:
            assert time.monotonic() < deadline, "handled, and not acknowledged on Kafka"
    finally:
        stopping.set()
        for thread in running:
            thread.join()
        part.close()


async def acknowledged(settings: Settings, subject: str) -> int:
    """How many messages a subject's group has acknowledged."""
    brokers = brokers_of(settings)
    admin = AIOKafkaAdminClient(**brokers.client)
    await admin.start()
    try:
        return sum(max(0, place.offset) for place in (await admin.list_consumer_group_offsets(brokers.group(subject))).values())
    finally:
        await admin.close()
