"""Which engines the exchange runs on, how it reaches them, and the sizes of the local ones. Part of ``infra.settings.Settings``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

SCHEMES = {
    "log": ("sqlite", "kafka"),
    "state": ("sqlite", "postgresql"),
    "search": ("tantivy", "elastic", "elastics"),
    "cache": ("memory", "redis", "rediss"),
}


class EngineSettings(BaseSettings):
    """Addresses, TLS, users and sizes of the engines. Addresses may hold a password, so they too stay out of the repr."""

    # Which engines; absent: the embedded exchange in DATA_DIR.
    log: str | None = Field(default=None, repr=False, description="kafka://host:port,host:port; absent: the file in DATA_DIR")
    state: str | None = Field(
        default=None, repr=False, description="postgresql://user:password@host:port/database; absent: the file in DATA_DIR"
    )
    search: str | None = Field(
        default=None, repr=False, description="elastic://user:password@host:port,host:port (elastics:// for TLS); absent: DATA_DIR/index"
    )
    cache: str | None = Field(
        default=None, repr=False, description="redis://user:password@host:port/number (rediss:// for TLS); absent: the process's memory"
    )

    # Kafka
    kafka_prefix: str = Field(default="gongqiao.", pattern=r"^[A-Za-z0-9._-]{0,60}$", description="before every topic and consumer group")
    kafka_partitions: int = Field(default=8, ge=1, le=1000, description="partitions of each topic; never changed later")
    kafka_replication: int = Field(default=1, ge=1, le=7, description="copies of each topic; three where there are three brokers")
    kafka_min_in_sync: int = Field(default=1, ge=1, le=7, description="copies that must have a message before it counts; two of three")
    kafka_tls: bool = Field(default=False, description="speak TLS with the brokers")
    kafka_ca: Path | None = Field(default=None, description="PEM file of the authority that signed the brokers; absent: the system's")
    kafka_cert: Path | None = Field(default=None, description="PEM file of our certificate, where brokers ask for one")
    kafka_key: Path | None = Field(default=None, description="PEM file of our certificate's key")
    kafka_sasl: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(default=None, description="how we say who we are")
    kafka_user: str | None = Field(default=None, description="our name at the brokers, with GONGQIAO_KAFKA_SASL")
    kafka_password: SecretStr | None = Field(default=None, description="our password at the brokers")

    # Elasticsearch
    elastic_prefix: str = Field(default="gongqiao", pattern=r"^[a-z0-9][a-z0-9_.-]{0,60}$", description="before every index and alias")
    elastic_shards: int = Field(default=1, ge=1, le=64, description="primary shards of a postings index")
    elastic_replicas: int = Field(default=0, ge=0, le=6, description="copies of each shard; one where there are several nodes")
    elastic_ca: Path | None = Field(default=None, description="PEM file of the authority that signed the nodes; absent: the system's")
    elastic_user: str | None = Field(default=None, description="our name at Elasticsearch, if not in the address")
    elastic_password: SecretStr | None = Field(default=None, description="our password at Elasticsearch")
    elastic_api_key: SecretStr | None = Field(default=None, description="an API key in the place of name and password")

    # Redis
    redis_prefix: str = Field(default="gongqiao:", description="before every key and channel")
    redis_ca: Path | None = Field(default=None, description="PEM file of the authority that signed Redis; absent: the system's")
    redis_cert: Path | None = Field(default=None, description="PEM file of our certificate, where Redis asks for one")
    redis_key: Path | None = Field(default=None, description="PEM file of our certificate's key")
    redis_user: str | None = Field(default=None, description="our ACL name at Redis, if not in the address")
    redis_password: SecretStr | None = Field(default=None, description="our password at Redis")

    # PostgreSQL
    postgres_tls: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        default="prefer", description="TLS with PostgreSQL; in production verify-full"
    )
    postgres_ca: Path | None = Field(default=None, description="PEM file of the authority that signed the server; for the verify- modes")
    postgres_cert: Path | None = Field(default=None, description="PEM file of our certificate, where the server asks for one")
    postgres_key: Path | None = Field(default=None, description="PEM file of our certificate's key")
    postgres_user: str | None = Field(default=None, description="our name at PostgreSQL, if not in the address")
    postgres_password: SecretStr | None = Field(default=None, description="our password at PostgreSQL (SCRAM)")
    postgres_scram_only: bool = Field(default=False, description="refuse a server that wants the password in any way but SCRAM")
    postgres_pool: int = Field(default=8, ge=1, le=200, description="connections one process keeps at most")
    migrate_at_start: bool = Field(default=True, description="every process migrates PostgreSQL first; false: `gongqiao migrate` does")

    # Workers of a cluster
    shards: int = Field(default=1, ge=1, le=64, description="parts the people are split into; a posting is announced once to each")
    worker_batch: int | None = Field(default=None, ge=1, le=10_000, description="messages a worker takes at once; absent: by subject")
    worker_port: int = Field(default=0, ge=0, le=65535, description="port of a worker's /health and /metrics; 0: none")

    # The engines of `gongqiao cluster`, on this machine
    cluster_dir: Path = Field(default=Path(".cluster"), description="folder of the local engines: programs, data, logs, passwords")
    cluster_java: Path | None = Field(default=None, description="JAVA_HOME of a JDK 21 or newer; absent: one is looked for, else fetched")
    cluster_kafka_port: int = Field(default=29092, ge=1, le=65535, description="port of the local Kafka")
    cluster_kafka_controller_port: int = Field(default=29093, ge=1, le=65535, description="port of the local Kafka's controller")
    cluster_elastic_port: int = Field(default=29200, ge=1, le=65535, description="port of the local Elasticsearch")
    cluster_elastic_transport_port: int = Field(default=29300, ge=1, le=65535, description="port between its nodes")
    cluster_redis_port: int = Field(default=26379, ge=1, le=65535, description="port of the local Redis")
    cluster_postgres_port: int = Field(default=25432, ge=1, le=65535, description="port of the local PostgreSQL")
    cluster_kafka_heap_mb: int = Field(default=512, ge=128, description="memory of the local Kafka's Java")
    cluster_elastic_heap_mb: int = Field(default=1024, ge=256, description="memory of the local Elasticsearch's Java")
    cluster_redis_memory_mb: int = Field(default=256, ge=16, description="what the local Redis may hold")
    cluster_postgres_buffers_mb: int = Field(default=256, ge=16, description="shared buffers of the local PostgreSQL")
    cluster_patience_seconds: float = Field(default=300.0, ge=1, description="how long a starting engine may take to answer")

    @field_validator("log", "state", "search", "cache", mode="before")
    @classmethod
    def _address(cls, given: object, info: ValidationInfo) -> object:
        if given is None or given == "":
            return None
        allowed = SCHEMES[str(info.field_name)]
        if not isinstance(given, str) or given.partition("://")[0] not in allowed:
            raise ValueError("an address that starts with " + " or ".join(f"{scheme}://" for scheme in allowed) + " is expected")
        return given
