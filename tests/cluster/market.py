"""A made-up market through a whole cluster, in phases, compared with what the embedded exchange makes of the same facts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import Connection, func, select, update

from infra.composition import exchange, open_shared
from infra.doctor_of_cluster import _AskForGroups as AskForGroups
from infra.sample import generate
from infra.settings import Settings
from streams.delivery.messages import RecommendationIssued
from streams.delivery.tables import pairs as delivery_pairs
from streams.intake.gateway import receive_employers, receive_people, receive_postings
from streams.intake.tables import postings as intake_postings
from streams.matching.messages import PostingMatched
from streams.matching.shards import sharded
from streams.runtime.dead_letters import letters, retry
from streams.runtime.exchange import Exchange
from streams.runtime.floor import unhandled
from streams.runtime.kafka import Brokers, record
from streams.runtime.kafka_lag import group_lags
from streams.runtime.log import Log
from streams.runtime.messages import Unreadable
from streams.runtime.relay import LARGEST, published
from streams.runtime.subjects import Topology
from streams.runtime.tables import dead_letters, handled, log, outbox, parked
from streams.runtime.topology import topology
from tests.cluster.fresh import fresh_database, fresh_topics

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
KEY = b"k" * 32
SUBJECTS = ("intake", "matching", "delivery")  # what a recommendation passes through
NO_BUDGETS = {"person_pushes_a_day": 1_000_000, "posting_pushes_a_day": 1_000_000}
ROOT = Path(__file__).parents[2]
POISON = "poison"  # the key of what cannot be read on purpose
PATIENCE_S = 500.0  # for machines that are busy with something else; nothing is judged by how long it takes


@dataclass(frozen=True)
class Facts:
    employers: list[dict[str, Any]]
    people: list[dict[str, Any]]
    postings: list[dict[str, Any]]


def say_people(opened: Exchange, facts: Facts) -> None:
    receive_employers(opened, facts.employers, sender="sample", verified=True, recorded_at=NOW)
    for start in range(0, len(facts.people), 200):
        receive_people(opened, facts.people[start : start + 200], sender="sample", recorded_at=NOW)


def say_postings(opened: Exchange, postings: list[dict[str, Any]]) -> None:
    for start in range(0, len(postings), 100):
        page = postings[start : start + 100]
        receive_postings(opened, page, sender="sample", via="feed", verified=True, ids_given=True, recorded_at=NOW)


def contents(connection: Connection, flows: Log) -> dict[str, Any]:
    """What must be equal after two runs: pairs with points and hints as matching said them, inboxes, and how often each was pushed."""
    matched: dict[str, Any] = {}
    pushed: Counter[str] = Counter()
    seqs = connection.execute(
        select(log.c.seq).where(log.c.type.in_((PostingMatched.type, RecommendationIssued.type))).order_by(log.c.seq)
    ).scalars()
    places = list(seqs)
    for start in range(0, len(places), 500):
        for envelope in flows.read_at(connection, places[start : start + 500]):
            if isinstance(envelope, Unreadable):
                assert envelope.key == POISON
                continue
            message: Any = envelope.message
            if isinstance(message, PostingMatched):
                assert message.posting_id not in matched, "a posting was matched twice"
                matched[message.posting_id] = message.body()
            else:
                pushed[message.match_id] += 1
    names = [column for column in delivery_pairs.c if column.name not in ("revision",)]
    inboxes = {row["match_id"]: dict(row) for row in connection.execute(select(*names)).mappings()}
    return {"matched": matched, "pushed": dict(pushed), "inboxes": inboxes}


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for what in ("matched", "pushed", "inboxes"):
        missing, more = expected[what].keys() - found[what].keys(), found[what].keys() - expected[what].keys()
        assert not missing, f"{what}: {len(missing)} of {len(expected[what])} missing"
        assert not more, f"{what}: {len(more)} too many"
        differing = [key for key in expected[what] if found[what][key] != expected[what][key]]
        assert not differing, f"{what}: {len(differing)} differ, as {found[what][differing[0]]} from {expected[what][differing[0]]}"
    assert set(found["pushed"].values()) <= {1}


def undisturbed(folder: Path, *, postings: int, people: int, seed: int = 7) -> tuple[Facts, dict[str, Any]]:
    """Facts and what the embedded exchange makes of them.

    Postings that look alike are left out: which of two comes first, and so which is merged into which, is up to the order in which they
    arrive, and partitions do not arrive in the order of the log.
    """
    sample = generate(seed=seed, postings=postings, employers=60, people=people, today=date(2026, 11, 20))
    facts = Facts(sample.employers, sample.people, sample.postings)
    with exchange(Settings(data_dir=folder / "sorted", **NO_BUDGETS), run=False, now=lambda: NOW) as opened:
        say_people(opened, facts)
        say_postings(opened, facts.postings)
        intake = opened.runner.loops["intake"]
        intake.start()
        with opened.reading() as connection:
            end = opened.log.end(connection)
        while intake.idle_at < end:
            opened.bell.wait(opened.bell.count, 0.02)
        with opened.reading() as connection:
            rows = connection.execute(select(intake_postings.c.posting_id, intake_postings.c.state, intake_postings.c.merged_into)).all()
        opened.runner.stop()
    into = {row.merged_into for row in rows if row.merged_into}
    fine = {row.posting_id for row in rows if row.state == "published" and not row.merged_into} - into
    kept = Facts(facts.employers, facts.people, [posting for posting in facts.postings if posting["posting_id"] in fine])
    with exchange(Settings(data_dir=folder / "calm", **NO_BUDGETS), now=lambda: NOW) as opened:
        say_people(opened, kept)
        opened.runner.drain(280)
        say_postings(opened, kept.postings)
        opened.runner.drain(280)
        with opened.reading() as connection:
            expected = contents(connection, opened.log)
    assert len(expected["matched"]) > len(facts.postings) / 2  # the others are merged, held, or no market postings
    assert len(expected["pushed"]) > len(kept.postings)
    return kept, expected


class Nursery:
    """Starts workers (see ``nursery``)."""

    def __init__(self, errors: Path):
        self._stderr = errors.open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster.nursery"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )

    def start(self, order: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline())["pid"])

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(200)
        self._process.stdout.close()
        self._stderr.close()


class Run:
    """One exchange on real engines: this process says and looks, the nursery's children work."""

    def __init__(self, nursery: Nursery, folder: Path, state: str, brokers: Brokers, flows: Topology) -> None:
        self.brokers = brokers
        self.flows = flows
        self.subjects = tuple(one.name for one in flows.subjects if one.name in (*SUBJECTS, "shards"))
        self.state = state
        self.part = open_shared(state, KEY, flows=flows, now=lambda: NOW)
        self.exchange = self.part.exchange
        self.children: dict[str, int] = {}
        self._nursery = nursery
        self._folder = folder
        self.settings = {
            "GONGQIAO_LOG": "kafka://" + ",".join(brokers.servers),
            "GONGQIAO_STATE": state,
            "GONGQIAO_KAFKA_PREFIX": brokers.prefix,
            "GONGQIAO_KAFKA_PARTITIONS": str(brokers.partitions),
            "GONGQIAO_DATA_DIR": str(folder),
            "GONGQIAO_MASTER_KEY": KEY.hex(),
            "GONGQIAO_WORKER_PORT": "0",
            **{f"GONGQIAO_{name.upper()}": str(value) for name, value in NO_BUDGETS.items()},
        }

    def more(self, settings: dict[str, str]) -> None:
        """Settings of the processes started from now on."""
        self.settings |= settings

    # -- processes -----------------------------------------------------------------------------------------------------

    def start(self, *names: str, **more: Any) -> None:
        """Start ``relay``, ``index`` or subjects; a name may carry a number (``matching.2``) for a second worker of the subject."""
        for name in names or ("relay", *self.subjects):
            bare = name.partition(".")[0]
            order: dict[str, Any] = {"settings": self.settings, "log": str(self.log_of(name)), **more}
            order |= {"singles": [bare]} if bare in ("relay", "index", "tick", "send") else {"subject": bare}
            self.children[name] = self._nursery.start(order)

    def gongqiao(self, *words: str) -> str:
        """The command line as an operator calls it, beside the workers; what it wrote."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GONGQIAO_")} | self.settings
        command = [sys.executable, "-c", "from infra.cli import main; main()", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def log_of(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def alive(self, name: str) -> bool:
        try:
            os.kill(self.children[name], 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self, name: str) -> None:
        os.kill(self.children[name], signal.SIGKILL)

    def stop(self, *names: str) -> None:
        """SIGTERM, and wait until they are gone."""
        names = names or tuple(self.children)
        for name in names:
            if self.alive(name):
                os.kill(self.children[name], signal.SIGTERM)
        deadline = time.monotonic() + 40
        for name in names:
            while self.alive(name):
                if time.monotonic() > deadline:
                    self.kill(name)
                time.sleep(0.02)
            del self.children[name]

    def close(self) -> None:
        for name in self.children:
            if self.alive(name):
                self.kill(name)
        self.part.close()

    # -- looking -------------------------------------------------------------------------------------------------------

    def count(self, type_: str) -> int:
        with self.exchange.reading() as connection:
            return int(connection.execute(select(func.count()).where(log.c.type == type_)).scalar_one())

    def wait(self, condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited for {seconds:.0f} s in vain: {self.left()}\n{self.last_words()}"
            time.sleep(0.05)

    def left(self) -> dict[str, int]:
        """What is still to be done, by who is to do it."""
        with self.exchange.reading() as connection:
            found = {name: unhandled(connection, self.exchange.log, self.flows.subject(name)) for name in self.subjects}
            found["outbox"] = int(connection.execute(select(func.count()).select_from(outbox)).scalar_one())
            found["relay"] = self.exchange.log.end(connection) - published(connection)
        return {name: count for name, count in found.items() if count}

    def drain(self, seconds: float = PATIENCE_S) -> None:
        self.wait(lambda: self.left() == {}, seconds)

    def last_words(self) -> str:
        said = []
        for name in self.children:
            path = self.log_of(name)
            lines = path.read_text().splitlines()[-5:] if path.exists() else []
            said.append("\n".join([f"--- {name} ({'alive' if self.alive(name) else 'dead'})", *lines]))
        return "\n".join(said)

    def workers_of(self, subject: str) -> set[str]:
        """The processes that have handled something for a subject."""
        with self.exchange.reading() as connection:
            return set(connection.execute(select(handled.c.worker).where(handled.c.subject == subject).distinct()).scalars())

    def members(self, subject: str) -> int:
        """Workers in a subject's group, once they have shared out the partitions; 0 while they do."""

        async def asking() -> int:
            admin = AIOKafkaAdminClient(**self.brokers.client)
            await admin.start()
            try:
                group = self.brokers.group(subject)
                answer: Any = await admin._send_request(AskForGroups(group), await admin.find_coordinator(group))
            finally:
                await admin.close()
            return sum(len(described[5]) for described in answer.groups if described[0] == 0 and described[2] == "Stable")

        return asyncio.run(asking())

    def lag(self) -> int:
        """Messages on Kafka that have not been acknowledged by the subjects a recommendation passes through."""
        lags = asyncio.run(group_lags(self.flows, self.brokers))
        return sum(lags[name] for name in self.subjects)

    def parked(self) -> int:
        with self.exchange.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(parked)).scalar_one())

    # -- harm ----------------------------------------------------------------------------------------------------------

    def publish_again(self) -> None:
        """Everything that is in the log, once more on Kafka."""
        with self.exchange.reading() as connection:
            rows = connection.execute(select(log).order_by(log.c.seq)).mappings().all()

        async def sending() -> None:
            producer = AIOKafkaProducer(**self.brokers.client, acks="all", max_request_size=LARGEST)
            await producer.start()
            try:
                pending = []
                for row in rows:
                    key, value = record(row)
                    pending.append(await producer.send(self.brokers.topic(row["topic"]), value, key))
                await asyncio.gather(*pending)
            finally:
                await producer.stop()

        asyncio.run(sending())

    def break_some(self, type_: str, number: int) -> set[str]:
        """Make messages that still wait in the outbox unreadable, as if a newer program had said them; answers their ids."""
        with self.part.engine.begin() as connection:
            ids = set(connection.execute(select(outbox.c.id).where(outbox.c.type == type_).order_by(outbox.c.n).limit(number)).scalars())
        assert len(ids) == number
        self.spoil(ids)
        return ids

    def spoil(self, ids: set[str]) -> None:
        """Make these, which still wait in the outbox, unreadable."""
        with self.part.engine.begin() as connection:
            spoiled = connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(version=outbox.c.version + 100)).rowcount
        assert spoiled == len(ids)

    def mend(self, ids: set[str]) -> None:
        """The newer program is installed: what it said can be read now."""
        with self.part.engine.begin() as connection:
            connection.execute(update(log).where(log.c.id.in_(ids)).values(version=log.c.version - 100))

    def mend_and_retry(self, ids: set[str]) -> None:
        self.mend(ids)
        with self.part.engine.begin() as connection:
            for letter in letters(connection):
                assert retry(connection, letter, now=NOW)

    def letters(self) -> list[Any]:
        with self.exchange.reading() as connection:
            return list(connection.execute(select(dead_letters)).all())

    def contents(self) -> dict[str, Any]:
        with self.exchange.reading() as connection:
            return contents(connection, self.exchange.log)


@contextmanager
def a_run(nursery: Nursery, folder: Path, kafka: str, postgres: str, *, partitions: int = 4, shards: int = 1) -> Iterator[Run]:
    """A run with a database and topics of its own; nothing is started yet."""
    folder.mkdir(parents=True, exist_ok=True)
    flows = sharded(topology(), shards)
    with fresh_database(postgres) as state, fresh_topics(kafka, flows, partitions=partitions) as brokers:
        run = Run(nursery, folder, state, brokers, flows)
        run.more({"GONGQIAO_SHARDS": str(shards)})
        try:
            yield run
        finally:
            run.close()
