"""Several edges of one exchange over PostgreSQL, each with its own connections, bell and cache, and workers that handle from the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from api.app import create_app
from api.cache.ringing import Ringing
from api.cache.shapes import Cache
from api.market_copy import MarketCopy
from api.services import Options, Services
from infra.composition import Shared, open_shared
from infra.serve import listen
from search.index import open_index
from streams.runtime.group import GroupMember
from streams.runtime.outbox import move_outbox
from tests.api.conftest import SETTINGS, Clock, make_accounts

KEY = b"k" * 32
Caches = Callable[[], Cache]


@dataclass
class Edge:
    """One process of the edge behind a socket of its own."""

    services: Services
    address: str
    app: Any
    keys: dict[str, str] = field(default_factory=dict)

    def request(self, who: str | None, method: str, path: str, **given: Any) -> httpx.Response:
        headers = dict(given.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        return httpx.request(method, f"{self.address}{path}", headers=headers, timeout=240, **given)

    def get(self, who: str | None, path: str, **given: Any) -> httpx.Response:
        return self.request(who, "GET", f"/api/v1{path}", **given)

    def post(self, who: str | None, path: str, body: Any, **given: Any) -> httpx.Response:
        return self.request(who, "POST", f"/api/v1{path}", json=body, **given)


class Workers:
    """All subjects in one thread, straight from the log: what brokers and groups add is tried elsewhere."""

    def __init__(self, url: str, cache: Cache, clock: Clock, subjects: dict[str, Any]):
        self._part: Shared = open_shared(url, KEY, now=clock)
        self.exchange = self._part.exchange
        self._ringing = Ringing(self.exchange.bell, cache)
        log = self.exchange.log
        self._members = [
            GroupMember(subject, log, self._part.engine, self._part.readers, subjects, now=clock) for subject in log.topology.subjects
        ]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="workers", daemon=True)
        self.failed: BaseException | None = None

    def start(self) -> None:
        self._ringing.start()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(60)
        self._ringing.stop()
        self._part.close()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if self._round():
                    self.exchange.bell.ring()
                else:
                    self._stopping.wait(0.02)
        except BaseException as error:
            self.failed = error
            raise

    def _round(self) -> bool:
        with self._part.engine.begin() as connection:
            moved = move_outbox(connection)
        busy = moved > 0
        for member in self._members:
            found = member.overlooked(self._end())
            if found:
                member.handle(found)
                busy = True
            member.advance_floor()
        return busy

    def _end(self) -> int:
        with self._part.readers.connect() as connection:
            return self.exchange.log.end(connection)


@contextmanager
def edges(
    url: str, caches: Caches, *, poll: float = 2.0, subjects: dict[str, Any] = SETTINGS, **options: Any
) -> Iterator[tuple[list[Edge], Workers]]:
    """Two edges and one process of workers; ``caches`` makes each one's view of the cache."""
    with ExitStack() as stack:
        clock = Clock()
        workers = Workers(url, stack.enter_context(_closing(caches())), clock, subjects)
        workers.start()
        stack.callback(workers.stop)
        index = open_index("memory://")
        made: list[Edge] = []
        for _ in range(2):
            part = open_shared(url, KEY, now=clock)
            stack.callback(part.close)
            cache = stack.enter_context(_closing(caches()))
            ringing = Ringing(part.exchange.bell, cache)
            ringing.start()
            stack.callback(ringing.stop)
            copy = MarketCopy(part.exchange, SETTINGS, every=0.2)
            copy.start()
            stack.callback(copy.stop)
            services = Services(part.exchange, index, Options(subject_settings=SETTINGS, **options), cache=cache, market=copy)
            made.append(stack.enter_context(_served(services, poll)))
        keys = make_accounts(made[0].services)
        for edge in made:
            edge.keys = keys
            until(lambda edge=edge: edge.services.market.market is not None)
        yield made, workers
        assert workers.failed is None


@contextmanager
def _closing(cache: Cache) -> Iterator[Cache]:
    try:
        yield cache
    finally:
        cache.close()


@contextmanager
def _served(services: Services, poll: float) -> Iterator[Edge]:
    app = create_app(services)
    app.state.wakeups._every = poll
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: server.started)
        yield Edge(services, f"http://127.0.0.1:{listener.getsockname()[1]}", app)
    finally:
        app.state.wakeups.stop_soon()
        server.should_exit = True
        thread.join(30)
        listener.close()


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited for {seconds} s in vain"
        time.sleep(0.01)
