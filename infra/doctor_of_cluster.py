"""What ``gongqiao doctor`` looks at in a cluster: each engine by itself, what waits between them, and who works. Changes nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DescribeGroupsRequest_v2
from aiokafka.protocol.api import Request
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Connection, func, select, text

from infra.composition import flows_of
from infra.engines import check_engines, elastic_arguments, postgres_arguments, redis_arguments
from infra.findings import DEAD_WEBHOOKS, NOT_SENT, Finding, dead_webhooks, lag, not_sent, since_yesterday
from infra.migrate import SchemaError, newest, revision_of_postgres
from infra.settings import Settings, SettingsError
from infra.workers import brokers_of
from streams.runtime.clock import last_tick
from streams.runtime.database import EngineFault, is_engine_fault, open_engine, plain_reason
from streams.runtime.kafka import Brokers
from streams.runtime.kafka_lag import group_lags
from streams.runtime.kafka_topics import TopicsWrong, check_topics
from streams.runtime.locks import _OURS as OURS
from streams.runtime.locks import RELAY, TICK, lock_number
from streams.runtime.log import Log
from streams.runtime.relay import published
from streams.runtime.sealing import Vault
from streams.runtime.subjects import Subject, Topology
from streams.runtime.tables import dead_letters, outbox, parked, person_keys

_LOCAL = "on one's own machine: gongqiao cluster start"
_LONG_OPEN = timedelta(minutes=2)
_SKEW = timedelta(seconds=5)
_ROOM = 1 << 30
_POSTGRES, _ELASTIC, _REDIS = 13, 9, 6  # versions: the oldest PostgreSQL and Redis, and the one Elasticsearch


def look_at_cluster(settings: Settings, look_at_index: Callable[[Settings], list[Finding]]) -> list[Finding]:
    """Everything that can be looked at from here. An engine that does not answer is one finding; the others are looked at all the same."""
    try:
        check_engines(settings)
        key = settings.kept_key()
        brokers = brokers_of(settings)
    except SettingsError as error:
        return [Finding(False, "settings: they do not go together", str(error))]
    found = [_key(settings, key), _disk(settings)]
    found += _state(settings, key)
    found += _log(brokers, flows_of(settings))
    found += _search(settings) if settings.search_url.startswith("elastic") else []
    if found[-1].fine:
        found += look_at_index(settings)
    found += _cache(settings) if settings.cache_url.startswith("redis") else []
    return found


def _key(settings: Settings, key: bytes | None) -> Finding:
    made = "there" if key is not None else "missing"
    return Finding(key is not None, f"master key: {made}", "every process of a cluster needs the same GONGQIAO_MASTER_KEY")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else Path(".")).free
    return Finding(free > _ROOM, f"disk here: {free / (1 << 30):.1f} GiB free", "make space for what is made on the way")


# -- PostgreSQL ------------------------------------------------------------------------------------------------------------


def _state(settings: Settings, key: bytes | None) -> list[Finding]:
    engine = open_engine(settings.state_url, read_only=True, arguments=postgres_arguments(settings), connections=1)
    try:
        with engine.connect() as connection:
            found = [_version(connection), *_connections(connection), *_open_transactions(connection), _server_clock(connection)]
            try:
                current = revision_of_postgres(connection)
            except SchemaError as error:
                return [*found, Finding(False, f"schema: {error}", "name the exchange's database, or upgrade the program")]
            found.append(Finding(current == newest(), f"schema: {current or 'none'}, newest {newest()}", "gongqiao migrate"))
            return found + _inside(connection, settings, key) if current == newest() else found
    except Exception as error:
        if not is_engine_fault(error):
            raise
        mend = f"start PostgreSQL, or mend GONGQIAO_STATE, user, password and TLS; nothing is taken until then ({_LOCAL} postgres)"
        return [Finding(False, f"PostgreSQL: {plain_reason(error)}", mend)]
    finally:
        engine.dispose()


def _version(connection: Connection) -> Finding:
    version, tls, size = connection.execute(
        text(
            "SELECT current_setting('server_version_num')::int, "
            "coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false), pg_database_size(current_database())"
        )
    ).one()
    said = f"PostgreSQL: {version // 10000}.{version % 10000}, {size >> 20} MiB, {'with' if tls else 'without'} TLS"
    return Finding(version // 10000 >= _POSTGRES, said, f"PostgreSQL {_POSTGRES} or newer is needed")


def _connections(connection: Connection) -> list[Finding]:
    used, most = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), current_setting('max_connections')::int"
        )
    ).one()
    mend = "raise max_connections, or lower GONGQIAO_POSTGRES_POOL or the number of processes"
    return [Finding(used < most * 0.9, f"PostgreSQL: {used} of {most} connections", mend)]


def _open_transactions(connection: Connection) -> list[Finding]:
    """A transaction that wrote and stays open, in any database of the server, holds up everything behind it."""
    rows = connection.execute(
        text(
            "SELECT pid, application_name, datname, now() - xact_start FROM pg_stat_activity "
            "WHERE backend_xid IS NOT NULL AND now() - xact_start > :long ORDER BY xact_start"
        ),
        {"long": _LONG_OPEN},
    ).all()
    mend = "end the program that holds it (SELECT pg_terminate_backend(PID)): messages behind it are not published until then"
    return [
        Finding(False, f"PostgreSQL: a transaction open for {since} ({application or 'no name'}, process {pid}, {database})", mend)
        for pid, application, database, since in rows
    ]


def _server_clock(connection: Connection) -> Finding:
    before = datetime.now(UTC)
    theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    apart = max(before - theirs, theirs - datetime.now(UTC), timedelta(0))  # what the question itself took is no difference
    said = f"clock: {apart.total_seconds():.0f} s between this machine and PostgreSQL's"
    return Finding(apart < _SKEW, said, "set both by NTP: what happened when is said by each machine's own clock")


def _inside(connection: Connection, settings: Settings, key: bytes | None) -> list[Finding]:
    found: list[Finding] = []
    if key is not None and (row := connection.execute(select(person_keys.c.person_id, person_keys.c.wrapped).limit(1)).first()):
        opens = Vault(key).fits(row[0], row[1])
        mend = "use the master key that this data was made with; no other opens names, numbers and profiles"
        found.append(Finding(opens, f"master key: {'opens' if opens else 'does not open'} the personal data", mend))
    flows = flows_of(settings)
    log = Log(flows, Vault(key or bytes(32)))
    end, waiting, sent = log.end(connection), _count(connection, outbox), published(connection)
    found.append(Finding(True, f"log: {end} messages"))
    behind = waiting + max(end - sent, 0)
    mend = "start a worker with --relay; start Kafka; the backlog is published in order"
    found.append(Finding(behind < 10_000, f"relay: {behind} messages not yet on Kafka", mend))
    found += _singles(connection)
    found.append(_tick(connection, settings))
    found += [_lag(connection, log, subject) for subject in flows.subjects]
    open_letters = select(dead_letters.c.subject, func.count()).where(dead_letters.c.state == "open").group_by(dead_letters.c.subject)
    for subject, count in connection.execute(open_letters):
        mend = "gongqiao dead-letters list; after the fix: gongqiao dead-letters retry --all"
        found.append(Finding(False, f"dead letters: {count} in {subject}", mend))
    lost = connection.execute(text(NOT_SENT), since_yesterday(datetime.now(UTC)))
    found += not_sent((row[0], row[1]) for row in lost)
    found += dead_webhooks((row[0], row[1]) for row in connection.execute(text(DEAD_WEBHOOKS)))
    for subject, count in connection.execute(select(parked.c.subject, func.count()).group_by(parked.c.subject)):
        found.append(Finding(True, f"parked: {count} messages of {subject} wait for a retry"))
    return found


def _count(connection: Connection, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _singles(connection: Connection) -> list[Finding]:
    """Whether somebody publishes, keeps the clock, the index, the mails and the webhooks: each holds its lock while it works."""
    held = set(
        connection.execute(
            text(
                "SELECT CASE WHEN objid::bigint >= 2147483648 THEN objid::bigint - 4294967296 ELSE objid::bigint END FROM pg_locks "
                "WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = :ours "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            {"ours": OURS},
        ).scalars()
    )
    known = {
        RELAY: ("publishes to Kafka", "relay"),
        TICK: ("keeps the clock", "tick"),
        "index": ("keeps the index", "index"),
        "send": ("sends mails and messages", "send"),
        "webhooks": ("sends the feed to webhooks", "send"),
    }
    found = []
    for name, (does, part) in known.items():
        there = lock_number(name) in held
        found.append(Finding(there, f"{name}: {'somebody' if there else 'nobody'} {does}", f"start: gongqiao worker --{part}"))
    return found


def _tick(connection: Connection, settings: Settings) -> Finding:
    last = last_tick(connection)
    late = last is None or datetime.now(UTC) - last > timedelta(seconds=3 * settings.tick_seconds + 5)
    said = f"clock: last tick {last.isoformat(timespec='seconds') if last else 'never'}"
    return Finding(not late, said, "nothing expires and nothing due is done; start: gongqiao worker --tick")


def _lag(connection: Connection, log: Log, subject: Subject) -> Finding:
    mend = f"start, or start more: gongqiao worker --subjects {subject.name} (at most one for each of GONGQIAO_KAFKA_PARTITIONS)"
    return lag(connection, log, subject, mend)


# -- Kafka -----------------------------------------------------------------------------------------------------------------


def _log(brokers: Brokers, flows: Topology) -> list[Finding]:
    try:
        return asyncio.run(asyncio.wait_for(_ask_kafka(brokers, flows), 90))
    except (KafkaError, EngineFault, OSError, TimeoutError) as error:
        mend = f"start Kafka, or mend GONGQIAO_LOG, user, password and TLS; what is sent is kept until then ({_LOCAL} kafka)"
        return [Finding(False, f"Kafka: {type(error).__name__} at {', '.join(brokers.servers)}", mend)]


async def _ask_kafka(brokers: Brokers, flows: Topology) -> list[Finding]:
    admin = AIOKafkaAdminClient(**brokers.client)
    found: list[Finding] = []
    try:
        await admin.start()
        nodes = (await admin.describe_cluster())["brokers"]
        enough = len(nodes) >= brokers.min_in_sync
        mend = "start the missing brokers: with fewer than GONGQIAO_KAFKA_MIN_IN_SYNC nothing is taken"
        found.append(Finding(enough, f"Kafka: {len(nodes)} broker{'s' if len(nodes) != 1 else ''}", mend))
        members = {subject.name: await _members(admin, brokers.group(subject.name)) for subject in flows.subjects}
    finally:
        await admin.close()
    try:
        await check_topics(flows, brokers)
        found.append(Finding(True, "topics: as they should be"))
    except TopicsWrong as error:
        return [*found, Finding(False, "topics: not as they should be", str(error))]
    lags = await group_lags(flows, brokers)
    for subject in flows.subjects:
        count = members[subject.name]
        said = f"{subject.name}: {count} worker{'s' if count != 1 else ''}, {lags[subject.name]} messages on Kafka to take"
        found.append(Finding(count > 0, said, f"start: gongqiao worker --subjects {subject.name}"))
    return found


class _AskForGroups(Request[DescribeGroupsRequest_v2]):
    """What ``describe_consumer_groups`` of aiokafka 0.14 asks with version 3, whose answer it then reads as version 2 and fails."""

    API_KEY = DescribeGroupsRequest_v2.API_KEY

    def __init__(self, group: str):
        self._group = group

    def build(self, request_struct_class: type[DescribeGroupsRequest_v2]) -> DescribeGroupsRequest_v2:
        return request_struct_class([self._group])


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    """How many workers a consumer group has."""
    answer: Any = await admin._send_request(_AskForGroups(group), await admin.find_coordinator(group))
    return sum(len(described[5]) for described in answer.groups if described[0] == 0)


# -- Elasticsearch ---------------------------------------------------------------------------------------------------------


def _search(settings: Settings) -> list[Finding]:
    from elasticsearch import ApiError, Elasticsearch, TransportError  # importing it opens a socket: only when it is asked

    client = Elasticsearch(**elastic_arguments(settings), request_timeout=30, max_retries=0)
    try:
        nodes = client.nodes.info(filter_path="nodes.*.version,nodes.*.name").body["nodes"].values()
        room = client.nodes.stats(metric="fs", filter_path="nodes.*.name,nodes.*.fs.total").body["nodes"].values()
        health = client.cluster.health().body
    except (ApiError, TransportError) as error:
        what = f"answers {error.status_code}" if isinstance(error, ApiError) else type(error).__name__
        mend = f"start Elasticsearch, or mend GONGQIAO_SEARCH, user, key and TLS; search has what it had ({_LOCAL} elastic)"
        return [Finding(False, f"Elasticsearch: {what}", mend)]
    finally:
        client.close()
    versions = sorted({str(node["version"]) for node in nodes})
    fit = all(_major(version) == _ELASTIC for version in versions)
    found = [Finding(fit, f"Elasticsearch: {len(nodes)} node(s), version {', '.join(versions)}", f"Elasticsearch {_ELASTIC} is needed")]
    for node in room:
        total, free = node["fs"]["total"]["total_in_bytes"], node["fs"]["total"]["available_in_bytes"]
        said = f"Elasticsearch: {free / (1 << 30):.1f} of {total / (1 << 30):.0f} GiB free on {node['name']}"
        found.append(Finding(free > 2 * _ROOM, said, "make space: on a full disk it takes no documents"))
    mend = "see GET /_cluster/allocation/explain; red: gongqiao reindex makes the index anew from the state"
    found.append(Finding(health["status"] != "red", f"Elasticsearch: {health['status']}", mend))
    return found


# -- Redis -----------------------------------------------------------------------------------------------------------------


def _cache(settings: Settings) -> list[Finding]:
    try:
        with redis.Redis(**redis_arguments(settings), socket_timeout=15, socket_connect_timeout=15, retry=Retry(NoBackoff(), 0)) as client:
            client.ping()
            about: dict[str, Any] = client.info("server")  # type: ignore[assignment]
    except redis.exceptions.NoPermissionError:
        return [Finding(True, "Redis: answers; its version is not for us to ask")]
    except redis.RedisError as error:
        mend = f"start Redis, or mend GONGQIAO_CACHE, user, password and TLS; no data is lost without it ({_LOCAL} redis)"
        return [Finding(False, f"Redis: {type(error).__name__}", mend)]
    version = str(about.get("redis_version", "?"))
    return [Finding(_major(version) >= _REDIS, f"Redis: {version}", f"Redis {_REDIS} or newer is needed")]


def _major(version: str) -> int:
    """The number before the first dot; 0 where there is none."""
    first = version.partition(".")[0]
    return int(first) if first.isdigit() else 0
