"""Settings turned into what the engines' clients take: TLS, SASL, users, passwords. Plain values, so that no lower layer sees settings.

Each function answers keyword arguments of one client's constructor. A user or password named by its own setting wins over the address's.
Wrong combinations raise ``SettingsError`` that names the variable.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from infra.engine_settings import EngineSettings
from infra.settings import Settings, SettingsError


def check_engines(settings: Settings) -> None:
    """Refuse addresses that do not go together and TLS files that are not there."""
    log, state = settings.log_url.partition("://")[0], settings.state_url.partition("://")[0]
    if (log == "kafka") != (state == "postgresql"):
        raise SettingsError(
            f"GONGQIAO_LOG is {log}:// and GONGQIAO_STATE is {state}://: they go together, kafka:// with postgresql:// (several processes) "
            "or neither (one process, one file)"
        )
    if log == "sqlite" and settings.log_url != settings.state_url:
        raise SettingsError("GONGQIAO_LOG and GONGQIAO_STATE name two files: embedded, log and state are one file and one transaction")
    for engine in ("kafka", "elastic", "redis", "postgres"):
        for what in ("ca", "cert", "key"):
            path: Path | None = getattr(settings, f"{engine}_{what}", None)
            if path is not None and not path.is_file():
                raise SettingsError(f"GONGQIAO_{engine.upper()}_{what.upper()}={path}: there is no such file")


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value is not None else None


def _pair(settings: EngineSettings, engine: str) -> tuple[Path | None, Path | None]:
    """Our certificate and its key: both or neither."""
    cert, key = getattr(settings, f"{engine}_cert"), getattr(settings, f"{engine}_key")
    if (cert is None) != (key is None):
        name = f"GONGQIAO_{engine.upper()}"
        raise SettingsError(f"{name}_CERT and {name}_KEY go together; one of them is missing")
    return cert, key


def _wanted(url: str | None, scheme: str) -> str:
    if url is None or url.partition("://")[0].rstrip("s") != scheme.rstrip("s"):
        raise SettingsError(f"an address with {scheme}:// is expected here; the settings name another engine")
    return url


# --- Kafka ---


def brokers(settings: Settings) -> list[str]:
    """The brokers' ``host:port``."""
    rest = _wanted(settings.log, "kafka").partition("://")[2].strip("/")
    found = [host.strip() for host in rest.split(",") if host.strip()]
    for host in found:
        if "@" in host:
            raise SettingsError("GONGQIAO_LOG holds a user; Kafka's are named by GONGQIAO_KAFKA_USER and GONGQIAO_KAFKA_PASSWORD")
        name, _, port = host.rpartition(":")
        if not name or not port.isdigit():
            raise SettingsError(f"GONGQIAO_LOG: {host!r} is not host:port; expected kafka://host:port,host:port")
    if not found:
        raise SettingsError("GONGQIAO_LOG names no broker; expected kafka://host:port,host:port")
    return found


def _kafka_tls(settings: Settings) -> ssl.SSLContext | None:
    cert, key = _pair(settings, "kafka")
    if not settings.kafka_tls:
        if settings.kafka_ca is not None or cert is not None:
            raise SettingsError("GONGQIAO_KAFKA_CA and GONGQIAO_KAFKA_CERT need GONGQIAO_KAFKA_TLS=true")
        return None
    made = ssl.create_default_context(cafile=settings.kafka_ca)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert is not None:
        made.load_cert_chain(cert, key)
    return made


def _kafka_user(settings: Settings) -> tuple[str, str, str] | None:
    """Mechanism, user and password; None where the brokers do not ask."""
    user, password = settings.kafka_user, _secret(settings.kafka_password)
    if settings.kafka_sasl is None:
        if user or password:
            raise SettingsError("GONGQIAO_KAFKA_USER needs GONGQIAO_KAFKA_SASL: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
        return None
    if not user or not password:
        raise SettingsError(f"GONGQIAO_KAFKA_SASL={settings.kafka_sasl} needs GONGQIAO_KAFKA_USER and GONGQIAO_KAFKA_PASSWORD")
    if settings.kafka_sasl == "PLAIN" and not settings.kafka_tls:
        raise SettingsError("GONGQIAO_KAFKA_SASL=PLAIN without GONGQIAO_KAFKA_TLS would send the password in the clear")
    return settings.kafka_sasl, user, password


def kafka_arguments(settings: Settings) -> dict[str, Any]:
    """For every client of aiokafka: producer, consumer, admin."""
    context, user = _kafka_tls(settings), _kafka_user(settings)
    made: dict[str, Any] = {
        "bootstrap_servers": ",".join(brokers(settings)),
        "security_protocol": f"{'SASL_' if user else ''}{'SSL' if context else 'PLAINTEXT'}",
    }
    if context is not None:
        made["ssl_context"] = context
    if user is not None:
        made |= {"sasl_mechanism": user[0], "sasl_plain_username": user[1], "sasl_plain_password": user[2]}
    return made


def faust_arguments(settings: Settings) -> dict[str, Any]:
    """For ``faust.App``: ``broker`` and, where brokers ask or TLS is spoken, ``broker_credentials``."""
    from faust.auth import SASLCredentials, SSLCredentials  # imported where it is used: Faust takes a second

    context, user = _kafka_tls(settings), _kafka_user(settings)
    made: dict[str, Any] = {"broker": ";".join(f"kafka://{host}" for host in brokers(settings))}
    if user is not None:
        made["broker_credentials"] = SASLCredentials(username=user[1], password=user[2], mechanism=user[0], ssl_context=context)
    elif context is not None:
        made["broker_credentials"] = SSLCredentials(context=context)
    return made


# --- Elasticsearch ---


def elastic_arguments(settings: Settings) -> dict[str, Any]:
    """For ``elasticsearch.Elasticsearch``: hosts, and an API key or a user, and the authority to trust."""
    url = _wanted(settings.search, "elastic")
    scheme, _, rest = url.partition("://")
    known, _, hosts = rest.rpartition("@")
    user, _, password = known.partition(":")
    found = [host.strip() for host in hosts.partition("/")[0].split(",") if host.strip()]
    found = [host if host.rpartition(":")[0] and not host.endswith("]") else f"{host}:9200" for host in found]
    for host in found:
        if not host.rpartition(":")[2].isdigit():
            raise SettingsError(f"GONGQIAO_SEARCH: {host!r} is not host:port; expected elastic://user:password@host:port,host:port")
    if not found:
        raise SettingsError("GONGQIAO_SEARCH names no node; expected elastic://user:password@host:port,host:port")
    tls = scheme == "elastics"
    made: dict[str, Any] = {"hosts": [f"{'https' if tls else 'http'}://{host}" for host in found]}
    name = settings.elastic_user or unquote(user)
    secret = _secret(settings.elastic_password) or unquote(password)
    key = _secret(settings.elastic_api_key)
    if key is not None:
        if name:
            raise SettingsError("GONGQIAO_ELASTIC_API_KEY stands in the place of a user; leave one of the two out")
        made["api_key"] = key
    elif name:
        made["basic_auth"] = (name, secret)
    if settings.elastic_ca is not None:
        if not tls:
            raise SettingsError("GONGQIAO_ELASTIC_CA needs TLS: elastics:// in GONGQIAO_SEARCH")
        made["ca_certs"] = str(settings.elastic_ca)
    return made


def search_options(settings: Settings) -> dict[str, Any]:
    """For ``search.index.open_index``: the client's arguments, and the prefix, shards and copies of our indices. Embedded: none."""
    if not settings.search_url.startswith("elastic"):
        return {}
    ours = {"prefix": settings.elastic_prefix, "shards": settings.elastic_shards, "replicas": settings.elastic_replicas}
    return {**elastic_arguments(settings), **ours}


# --- Redis ---


def redis_arguments(settings: Settings) -> dict[str, Any]:
    """For ``redis.Redis`` and ``redis.asyncio.Redis``: host, port, database, ACL user, TLS."""
    parts = urlsplit(_wanted(settings.cache, "redis"))
    cert, key = _pair(settings, "redis")
    number = parts.path.strip("/") or "0"
    if not number.isdigit() or not parts.hostname:
        raise SettingsError("GONGQIAO_CACHE: expected redis://user:password@host:port/number")
    made: dict[str, Any] = {"host": parts.hostname, "port": parts.port or 6379, "db": int(number)}
    name = settings.redis_user or unquote(parts.username or "")
    secret = _secret(settings.redis_password) or unquote(parts.password or "")
    if name:
        made["username"] = name
    if secret:
        made["password"] = secret
    if parts.scheme == "rediss":
        made |= {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
        if settings.redis_ca is not None:
            made["ssl_ca_certs"] = str(settings.redis_ca)
        if cert is not None:
            made |= {"ssl_certfile": str(cert), "ssl_keyfile": str(key)}
    elif settings.redis_ca is not None or cert is not None:
        raise SettingsError("GONGQIAO_REDIS_CA and GONGQIAO_REDIS_CERT need TLS: rediss:// in GONGQIAO_CACHE")
    return made


# --- PostgreSQL ---


def postgres_arguments(settings: Settings) -> dict[str, Any]:
    """For ``psycopg.connect``, and as ``connect_args`` of SQLAlchemy: user, password, TLS, and SCRAM if nothing else will do."""
    parts = urlsplit(_wanted(settings.state, "postgresql"))
    cert, key = _pair(settings, "postgres")
    made: dict[str, Any] = {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or 5432,
        "dbname": unquote(parts.path.strip("/")) or "gongqiao",
        "sslmode": settings.postgres_tls,
        "application_name": "gongqiao",
    }
    name = settings.postgres_user or unquote(parts.username or "")
    secret = _secret(settings.postgres_password) or unquote(parts.password or "")
    if name:
        made["user"] = name
    if secret:
        made["password"] = secret
    if settings.postgres_ca is not None:
        made["sslrootcert"] = str(settings.postgres_ca)
    elif settings.postgres_tls.startswith("verify-"):
        made["sslrootcert"] = "system"
        if settings.postgres_tls == "verify-ca":
            raise SettingsError("GONGQIAO_POSTGRES_TLS=verify-ca needs GONGQIAO_POSTGRES_CA; with the system's authorities: verify-full")
    if cert is not None:
        made |= {"sslcert": str(cert), "sslkey": str(key)}
    if settings.postgres_scram_only:
        made["require_auth"] = "scram-sha-256"
    return made
