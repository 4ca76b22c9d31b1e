"""Settings of the engines, and what becomes of them at the clients."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import pytest
import redis
from aiokafka import AIOKafkaProducer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from elasticsearch import Elasticsearch
from faust.auth import SASLCredentials, SSLCredentials
from pydantic import ValidationError

from infra.engines import (
    brokers,
    check_engines,
    elastic_arguments,
    faust_arguments,
    kafka_arguments,
    postgres_arguments,
    redis_arguments,
    search_options,
)
from infra.settings import Settings, SettingsError


@pytest.fixture
def pem(tmp_path: Path) -> dict[str, Path]:
    """A certificate and its key, made for the test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made up")])
    now = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=365)).sign(key, hashes.SHA256())
    cert, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return {"cert": cert, "key": secret}


def of(**given: Any) -> Settings:
    return Settings(**given)


KAFKA = {"log": "kafka://k1:9092,k2:9093"}
SAFE = {**KAFKA, "kafka_tls": True, "kafka_sasl": "SCRAM-SHA-512", "kafka_user": "worker", "kafka_password": "open sesame"}
ELASTIC = {"search": "elastics://worker:se%40me@e1:9200,e2:9200"}
REDIS = {"cache": "rediss://api:sesame@r1:6380/3"}
POSTGRES = {"state": "postgresql://gong:se%2Fame@p1:5433/market"}


def test_without_any_setting_everything_is_in_the_data_folder(tmp_path: Path) -> None:
    made = of(data_dir=tmp_path)
    assert made.log_url == made.state_url == f"sqlite:///{tmp_path / 'gongqiao.sqlite'}"
    assert made.search_url == f"tantivy:///{tmp_path / 'index'}"
    assert made.cache_url == "memory://"
    assert not made.clustered
    check_engines(made)


def test_an_empty_address_is_none() -> None:
    assert of(log="", cache="").log is None


@pytest.mark.parametrize("wrong", [{"log": "amqp://x"}, {"state": "mysql://x"}, {"search": "http://x"}, {"cache": "memcached://x"}])
def test_an_address_of_an_engine_nobody_knows_is_refused_with_those_that_are(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"://.* is expected"):
        of(**wrong)


def test_no_secret_is_in_the_repr() -> None:
    everything = {
        **SAFE,
        **ELASTIC,
        **REDIS,
        **POSTGRES,
        "elastic_api_key": "sesame",
        "redis_password": "sesame",
        "postgres_password": "sesame",
    }
    made = of(**everything, smtp_url="smtp://a:sesame@b", gateway_secret="sesame", master_key="sesame")
    for said in (repr(made), str(made)):
        assert "sesame" not in said
        assert "se%40me" not in said
        assert "se%2Fame" not in said


# -- what goes together ----------------------------------------------------------------------------------------------------


def test_a_broker_without_a_database_of_its_kind_is_refused() -> None:
    check_engines(of(**KAFKA, **POSTGRES))
    with pytest.raises(SettingsError, match=r"GONGQIAO_LOG is kafka.*GONGQIAO_STATE is sqlite"):
        check_engines(of(**KAFKA))
    with pytest.raises(SettingsError, match=r"GONGQIAO_LOG is sqlite.*GONGQIAO_STATE is postgresql"):
        check_engines(of(**POSTGRES))


def test_log_and_state_in_two_files_are_refused() -> None:
    with pytest.raises(SettingsError, match="one file and one transaction"):
        check_engines(of(log="sqlite:///a.sqlite", state="sqlite:///b.sqlite"))


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"GONGQIAO_REDIS_CA=.*nowhere.pem"):
        check_engines(of(redis_ca=tmp_path / "nowhere.pem"))


# -- Kafka -----------------------------------------------------------------------------------------------------------------


def test_the_local_broker_needs_an_address_only() -> None:
    assert kafka_arguments(of(**KAFKA)) == {"bootstrap_servers": "k1:9092,k2:9093", "security_protocol": "PLAINTEXT"}
    assert faust_arguments(of(**KAFKA)) == {"broker": "kafka://k1:9092;kafka://k2:9093"}


async def _made(arguments: dict[str, Any]) -> None:
    AIOKafkaProducer(**arguments)  # checks what goes together without connecting


def test_a_broker_with_tls_and_scram_gets_both() -> None:
    import asyncio

    made = kafka_arguments(of(**SAFE))
    assert made["security_protocol"] == "SASL_SSL"
    assert (made["sasl_mechanism"], made["sasl_plain_username"], made["sasl_plain_password"]) == ("SCRAM-SHA-512", "worker", "open sesame")
    assert made["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    assert made["ssl_context"].check_hostname
    asyncio.run(_made(made))
    credentials = faust_arguments(of(**SAFE))["broker_credentials"]
    assert isinstance(credentials, SASLCredentials)
    assert (credentials.protocol.value, credentials.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")


def test_tls_alone_and_scram_alone_are_possible() -> None:
    tls = of(**KAFKA, kafka_tls=True)
    assert kafka_arguments(tls)["security_protocol"] == "SSL"
    assert isinstance(faust_arguments(tls)["broker_credentials"], SSLCredentials)
    assert kafka_arguments(of(**{**SAFE, "kafka_tls": False}))["security_protocol"] == "SASL_PLAINTEXT"


def test_our_certificate_is_loaded_for_the_broker(pem: dict[str, Path]) -> None:
    made = of(**KAFKA, kafka_tls=True, kafka_ca=pem["cert"], kafka_cert=pem["cert"], kafka_key=pem["key"])
    assert kafka_arguments(made)["security_protocol"] == "SSL"
    with pytest.raises(SettingsError, match="KAFKA_CERT and GONGQIAO_KAFKA_KEY go together"):
        kafka_arguments(of(**KAFKA, kafka_tls=True, kafka_cert=pem["cert"]))
    with pytest.raises(SettingsError, match="need GONGQIAO_KAFKA_TLS"):
        kafka_arguments(of(**KAFKA, kafka_ca=pem["cert"]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kafka_user": None}, "needs GONGQIAO_KAFKA_USER and GONGQIAO_KAFKA_PASSWORD"),
        ({"kafka_password": None}, "needs GONGQIAO_KAFKA_USER and GONGQIAO_KAFKA_PASSWORD"),
        ({"kafka_sasl": None}, "GONGQIAO_KAFKA_USER needs GONGQIAO_KAFKA_SASL"),
        ({"kafka_sasl": "PLAIN", "kafka_tls": False}, "in the clear"),
        ({"log": "kafka://worker:sesame@k1:9092"}, "GONGQIAO_KAFKA_USER"),
        ({"log": "kafka://k1"}, "not host:port"),
        ({"log": "kafka://"}, "names no broker"),
        ({"log": None}, "name another engine"),
    ],
)
def test_half_a_login_at_the_broker_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as refused:
        kafka_arguments(of(**{**SAFE, **change}))
    assert "sesame" not in str(refused.value)


def test_every_broker_is_found() -> None:
    assert brokers(of(log="kafka://[::1]:9092, k2:9093/")) == ["[::1]:9092", "k2:9093"]


# -- Elasticsearch ---------------------------------------------------------------------------------------------------------


def test_elasticsearch_gets_every_node_and_the_user() -> None:
    made = elastic_arguments(of(**ELASTIC))
    assert made == {"hosts": ["https://e1:9200", "https://e2:9200"], "basic_auth": ("worker", "se@me")}
    Elasticsearch(**made).close()
    assert elastic_arguments(of(search="elastic://e1:9200")) == {"hosts": ["http://e1:9200"]}


def test_elasticsearch_listens_on_9200_unless_told_otherwise() -> None:
    assert elastic_arguments(of(search="elastic://e1,[::1],[::1]:9201"))["hosts"] == [
        "http://e1:9200",
        "http://[::1]:9200",
        "http://[::1]:9201",
    ]


def test_an_api_key_stands_in_the_place_of_the_user(pem: dict[str, Path]) -> None:
    made = elastic_arguments(of(search="elastics://e1:9200", elastic_api_key="k", elastic_ca=pem["cert"]))
    assert made == {"hosts": ["https://e1:9200"], "api_key": "k", "ca_certs": str(pem["cert"])}
    Elasticsearch(**made).close()
    with pytest.raises(SettingsError, match="leave one of the two out"):
        elastic_arguments(of(**ELASTIC, elastic_api_key="k"))


def test_the_index_gets_the_client_and_its_own_names() -> None:
    made = search_options(of(search="elastic://e1:9200", elastic_prefix="county", elastic_replicas=1))
    assert made == {"hosts": ["http://e1:9200"], "prefix": "county", "shards": 1, "replicas": 1}
    assert elastic_arguments(of(search="elastic://e1:9200,e2:9200/test-1"))["hosts"] == ["http://e1:9200", "http://e2:9200"]
    assert search_options(of()) == {}


def test_a_user_named_apart_wins_over_the_address() -> None:
    made = elastic_arguments(of(**ELASTIC, elastic_user="api", elastic_password="other"))
    assert made["basic_auth"] == ("api", "other")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"search": "elastic://e1:http"}, "not host:port"),
        ({"search": "elastic://a:sesame@"}, "names no node"),
        ({"search": "elastic://e1:9200", "elastic_ca": Path("ca.pem")}, "needs TLS"),
    ],
)
def test_an_address_of_elasticsearch_that_cannot_be_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        elastic_arguments(of(**given))


# -- Redis -----------------------------------------------------------------------------------------------------------------


def test_redis_gets_its_acl_user_and_checks_the_host(pem: dict[str, Path]) -> None:
    made = redis_arguments(of(**REDIS, redis_ca=pem["cert"], redis_cert=pem["cert"], redis_key=pem["key"]))
    assert (made["host"], made["port"], made["db"], made["username"], made["password"]) == ("r1", 6380, 3, "api", "sesame")
    assert (made["ssl_cert_reqs"], made["ssl_check_hostname"]) == ("required", True)
    redis.Redis(**made).close()


def test_redis_without_tls_refuses_its_files(pem: dict[str, Path]) -> None:
    assert redis_arguments(of(cache="redis://r1")) == {"host": "r1", "port": 6379, "db": 0}
    with pytest.raises(SettingsError, match="need TLS: rediss"):
        redis_arguments(of(cache="redis://r1", redis_ca=pem["cert"]))
    with pytest.raises(SettingsError, match="expected redis"):
        redis_arguments(of(cache="redis://r1/first"))


# -- PostgreSQL ------------------------------------------------------------------------------------------------------------


def test_postgresql_gets_user_password_and_database() -> None:
    made = postgres_arguments(of(**POSTGRES))
    assert (made["host"], made["port"], made["dbname"], made["user"], made["password"]) == ("p1", 5433, "market", "gong", "se/ame")
    assert made["sslmode"] == "prefer"
    assert "require_auth" not in made


def test_postgresql_with_everything_on(pem: dict[str, Path]) -> None:
    made = postgres_arguments(
        of(
            **POSTGRES, postgres_tls="verify-full", postgres_ca=pem["cert"], postgres_cert=pem["cert"], postgres_key=pem["key"],
            postgres_scram_only=True, postgres_user="worker", postgres_password="other",
        )
    )  # fmt: skip
    assert (made["sslmode"], made["sslrootcert"], made["sslcert"]) == ("verify-full", str(pem["cert"]), str(pem["cert"]))
    assert (made["require_auth"], made["user"], made["password"]) == ("scram-sha-256", "worker", "other")


def test_the_systems_authorities_check_the_host_too() -> None:
    assert postgres_arguments(of(**POSTGRES, postgres_tls="verify-full"))["sslrootcert"] == "system"
    with pytest.raises(SettingsError, match="needs GONGQIAO_POSTGRES_CA"):
        postgres_arguments(of(**POSTGRES, postgres_tls="verify-ca"))
