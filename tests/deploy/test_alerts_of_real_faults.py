"""A whole cluster of processes on engines of its own: each alert is tripped by a real fault, and ends when that is mended.

A second of these tests is a minute of the alerts: their ``for:`` and ranges are waited for in seconds.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from api.access.accounts import create_account
from api.webhooks import book
from infra.cluster.machine import taken
from infra.composition import open_shared
from streams.intake.messages import PostingEnded
from streams.policy.messages import EmployerCounted
from streams.runtime.exchange import Exchange, Said
from tests.deploy.promql import History, Key, scraped
from tests.engines import OwnEngines
from tests.receiver import Receiver

pytestmark = [pytest.mark.engine, pytest.mark.timeout(2400)]
ROOT = Path(__file__).parents[2]
KEY = "ab" * 32
SPEED = 60.0
OTHERS = ("intake", "delivery", "hiring", "staffing", "policy")
FIRST, LAST = "2026-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"  # long ago, and not in our time


class Processes:
    """``gongqiao serve``, a worker of matching, one of every other subject, and the singles, as an operator starts them."""

    def __init__(self, own: OwnEngines, folder: Path):
        first = next(port for port in range(12_000, 30_000, 20) if not any(taken(port + more) for more in range(10)))
        self._ports = range(first, first + 8)
        self._commands = {
            "edge": (0, "serve", "--port", str(first)),
            "matching": (first + 1, "worker", "--subjects", "matching"),
            "singles": (first + 2, "worker", "--relay", "--tick", "--index", "--send"),
            "others": (first + 3, "worker", "--subjects", ",".join(OTHERS)),  # a port for each
        }
        self._folder = folder
        self._settings = {
            "GONGQIAO_LOG": own.url("kafka"),
            "GONGQIAO_STATE": own.url("postgres"),
            "GONGQIAO_SEARCH": own.url("elastic"),
            "GONGQIAO_CACHE": own.url("redis"),
            "GONGQIAO_MASTER_KEY": KEY,
            "GONGQIAO_DATA_DIR": str(folder / "data"),
            "GONGQIAO_KAFKA_PARTITIONS": "1",
            "GONGQIAO_TICK_SECONDS": "2",
            "GONGQIAO_WORKER_BATCH": "500",
            "GONGQIAO_WEBHOOK_LOOPBACK": "true",
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._history = History()
        self._client = httpx.Client(trust_env=False, timeout=10, limits=httpx.Limits(max_keepalive_connections=0))
        (folder / "data").mkdir()
        assert self._run("migrate", 0, "migrate").wait(600) == 0, self.said()
        for name in self._commands:
            self.start(name)

    def _run(self, name: str, port: int, *words: str) -> subprocess.Popen[bytes]:
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GONGQIAO_")}
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", "from infra.cli import main; main()", *words],
                cwd=ROOT,
                env={**outside, **self._settings, "GONGQIAO_WORKER_PORT": str(port)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self, name: str) -> None:
        self._running[name] = self._run(name, *self._commands[name])

    def signal(self, name: str, number: signal.Signals) -> None:
        os.killpg(self._running[name].pid, number)

    def kill(self, name: str) -> None:
        self.signal(name, signal.SIGKILL)
        self._running.pop(name).wait()

    def scrape(self) -> dict[Key, float]:
        """What each process says that answers within ten seconds, as Prometheus waits."""

        def ask(port: int) -> dict[Key, float]:
            try:
                return scraped(self._client.get(f"http://127.0.0.1:{port}/metrics").text, str(port))
            except httpx.HTTPError:
                return {}

        with ThreadPoolExecutor(len(self._ports)) as pool:
            return {key: value for found in pool.map(ask, self._ports) for key, value in found.items()}

    def said(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-1500:]}" for path in sorted(self._folder.glob("*.log")))

    def close(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._client.close()

    def _until(self, seen: Callable[[set[str]], bool], what: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        limit, pause = time.monotonic() + 900, threading.Event()
        while not seen(alerts := self._history.scrape(time.monotonic() * SPEED, self.scrape())):
            assert time.monotonic() < limit, f"{what}; firing: {sorted(alerts)}\n{self.said()}"
            meanwhile()
            pause.wait(0.4)

    def until_firing(self, *alerts: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._until(lambda firing: firing.issuperset(alerts), f"{', '.join(alerts)} should fire", meanwhile)

    def until_well(self) -> None:
        self._until(lambda firing: not firing, "all is well and no alert should fire")


@pytest.fixture(scope="module")
def own() -> Iterator[OwnEngines]:
    with OwnEngines("kafka", "postgres", "elastic", "redis") as made:
        yield made


@pytest.fixture(scope="module")
def processes(own: OwnEngines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    made = Processes(own, tmp_path_factory.mktemp("processes"))
    try:
        made.until_well()
        yield made
    finally:
        made.close()


@pytest.fixture
def exchange(own: OwnEngines, processes: Processes) -> Iterator[Exchange]:
    """What may be said to these processes."""
    part = open_shared(own.url("postgres"), bytes.fromhex(KEY), migrating=False)
    try:
        yield part.exchange
    finally:
        part.close()


def end_posting(exchange: Exchange) -> str:
    """The end of a posting that nobody knows."""
    return exchange.append([Said(PostingEnded(posting_id="p-never", revision=1, cause="expired"))], source="test")[0]


def count_employers(exchange: Exchange, number: int) -> str:
    """So many messages that matching alone has to pass, as cheap as there are; answers the last one's id."""
    counts = [Said(EmployerCounted(employer_id="e-never", revision=1, absorbed=0, poverty=0)) for _ in range(number)]
    return exchange.append(counts, source="test")[-1]


@pytest.mark.parametrize(
    ("engine", "alerts"),
    [
        ("redis", ["GongqiaoCacheDown"]),
        ("elastic", ["GongqiaoIndexDown"]),
        ("kafka", ["GongqiaoRelayDown", "GongqiaoSubjectDown"]),
        ("postgres", ["GongqiaoStateDown", "GongqiaoSubjectDown"]),
    ],
)
def test_an_engine_that_is_killed(own: OwnEngines, processes: Processes, engine: str, alerts: list[str]) -> None:
    own.kill(engine)
    try:
        processes.until_firing(*alerts)
    finally:
        own.start(engine)
    processes.until_well()


def test_without_the_singles_nobody_publishes_and_the_clock_stands(processes: Processes) -> None:
    processes.kill("singles")
    processes.until_firing("GongqiaoNobodyPublishes", "GongqiaoClockStopped")
    processes.start("singles")
    processes.until_well()


def test_without_an_edge_nobody_answers(processes: Processes) -> None:
    processes.kill("edge")
    processes.until_firing("GongqiaoGone")
    processes.start("edge")
    processes.until_well()


def test_the_messages_of_a_subject_without_a_worker_stand_and_get_more(processes: Processes, exchange: Exchange) -> None:
    processes.kill("matching")
    count_employers(exchange, 5000)
    processes.until_firing("GongqiaoLagStands", "GongqiaoLagGrows", meanwhile=lambda: count_employers(exchange, 100))
    processes.start("matching")
    processes.until_well()


def test_an_edge_that_cannot_read_what_matching_did_is_behind(own: OwnEngines, processes: Processes, exchange: Exchange) -> None:
    """It is halted until matching has done a lot, and then somebody keeps a table locked."""
    processes.signal("edge", signal.SIGSTOP)
    try:
        assert exchange.wait_handled(end_posting(exchange), "matching", 600)
        assert exchange.wait_handled(count_employers(exchange, 10_100), "matching", 600)
        with psycopg.connect(own.url("postgres")) as forgotten:
            forgotten.execute("LOCK TABLE matching_postings")
            processes.signal("edge", signal.SIGCONT)
            processes.until_firing("GongqiaoMarketBehind")
    finally:
        processes.signal("edge", signal.SIGCONT)
    processes.until_well()


def test_a_key_that_waits_until_its_turn(own: OwnEngines, processes: Processes) -> None:
    """No handler of today asks to be called again later: the wait is written as the worker writes it, and ended by the worker itself."""
    with psycopg.connect(own.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO parked (subject, seq, key, attempts, due_at, reason) "
            "SELECT 'delivery', seq, key, 1, %s, 'made up' FROM log WHERE type = 'clock.tick' ORDER BY seq LIMIT 1",
            [LAST],
        )
        processes.until_firing("GongqiaoParked")
        connection.execute("UPDATE parked SET due_at = %s", [FIRST])
        processes.until_well()
        assert connection.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)


def test_a_webhook_whose_target_fails_for_two_days(own: OwnEngines, processes: Processes, exchange: Exchange) -> None:
    def make(connection: object) -> str:
        account = create_account(connection, login="partner", password="long-enough", role="partner", now=exchange.now())
        return book.make(connection, exchange.vault, account, target.url(), after=exchange.log.end(connection), now=exchange.now())[0]

    with Receiver(status=500).open() as target, psycopg.connect(own.url("postgres"), autocommit=True) as connection:
        webhook_id = exchange.write(make)
        end_posting(exchange)
        target.came.get(timeout=300)
        # The days pass: of nine attempts eight are over, and the last one is due.
        last = "UPDATE webhook_deliveries SET attempts = %s, next_at = %s WHERE state = 'due'"
        processes.until_firing("GongqiaoWebhookDead", meanwhile=lambda: connection.execute(last, [len(book.BACKOFF_S), FIRST]))
        target.status = 204
        (delivery_id,) = connection.execute("SELECT delivery_id FROM webhook_deliveries WHERE state = 'dead'").fetchone()
        assert exchange.write(lambda inside: book.send_again(inside, webhook_id, delivery_id))
        processes.until_well()
        # The second attempt was the last one of the two days, the third is the one asked for.
        assert {target.came.get(timeout=300).headers["idempotency-key"] for _ in range(2)} == {delivery_id}


def test_a_dead_letter(own: OwnEngines, processes: Processes) -> None:
    with psycopg.connect(own.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO dead_letters (subject, message_id, seq, type, handler, reason, at, state) "
            "VALUES ('intake', 'm-1', 1, 'posting.received', 'intake', 'made up', '2026-11-21T08:00:00+00:00', 'open')"
        )
        try:
            processes.until_firing("GongqiaoDeadLetters")
        finally:
            connection.execute("DELETE FROM dead_letters")
    processes.until_well()
