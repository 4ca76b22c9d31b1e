"""The matcher's arrays in a process where the subject ``matching`` does not run: a copy of its tables that follows what it handles."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select

from matcher.shapes import Person, Posting, read_shape
from streams.matching import tables
from streams.matching.memory import ON, Market
from streams.runtime.database import is_engine_fault, plain_reason
from streams.runtime.exchange import Exchange
from streams.runtime.messages import from_json
from streams.runtime.tables import handled, log

_logger = logging.getLogger("gongqiao.market")
LOOK_S = 1.0  # at most so long behind what is committed, when nobody rings
PAGE = 500
STALE_S = 3600.0  # rows of ``handled`` are kept for a day; who has not looked for an hour begins anew
MAX_BACKOFF_S = 30.0

_LAST = select(func.coalesce(func.max(handled.c.n), 0)).where(handled.c.subject == "matching")
# ``n`` is given under the subject's lock: it grows in the order of the commits, and nothing turns up late below it.
_CHANGES = (
    select(handled.c.n, log.c.type, log.c.key)
    .join(log, log.c.seq == handled.c.seq)
    .where(handled.c.subject == "matching", handled.c.n > bindparam("since"))
    .order_by(handled.c.n)
    .limit(PAGE)
)


class MarketCopy:
    """``market`` is None until it is loaded; then it is what the tables say, at most ``LOOK_S`` late while the state answers."""

    def __init__(self, exchange: Exchange, settings: Mapping[str, Any], *, every: float = LOOK_S):
        self._exchange = exchange
        self._settings = settings
        self._every = every
        self._since = 0
        self._at = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="market-copy", daemon=True)
        self.market: Market | None = None
        self.fault: str | None = None
        self.loading_s: float | None = None  # how long the last load took

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._exchange.bell.ring()
        if self._thread.is_alive():
            self._thread.join(30)

    def not_ready(self) -> str | None:
        """Why it cannot be asked, in plain words; None when it can."""
        return self.fault if self.market is not None or self.fault else "loading"

    def behind(self, connection: Connection) -> int:
        """How many changes of matching are committed and not yet seen here."""
        return max(0, int(connection.execute(_LAST).scalar_one()) - self._since)

    def look(self) -> bool:
        """Load, or take over one page of what changed; answers whether there may be more."""
        with self._exchange.reading() as connection:
            if self.market is None or time.monotonic() - self._at > STALE_S:
                self._load(connection)
                return True
            rows = connection.execute(_CHANGES, {"since": self._since}).all()
            if not rows and int(connection.execute(_LAST).scalar_one()) < self._since:
                self._load(connection)  # a backup was restored: its counting is another one
                return True
            postings = {row.key for row in rows if row.type.startswith("posting.")}
            people = {row.key for row in rows if row.type.startswith("person.")}
            new_postings = _on_market(connection, tables.postings, Posting, postings)
            new_people = _on_market(connection, tables.people, Person, people)
        market = self.market
        with market.lock:
            _put(market.postings, postings, new_postings)
            _put(market.people, people, new_people)
        if rows:
            self._since = int(rows[-1].n)
        self._at = time.monotonic()
        return len(rows) == PAGE

    def _load(self, connection: Connection) -> None:
        began = time.monotonic()
        # Of the same snapshot as the rows: what is committed meanwhile comes with the first look.
        since = int(connection.execute(_LAST).scalar_one())
        made = Market(self._settings)
        made.load(connection)
        self.market, self._since, self._at = made, since, time.monotonic()
        self.loading_s = self._at - began
        _logger.info(
            "market loaded", extra={"people": len(made.people), "postings": len(made.postings), "seconds": round(self.loading_s, 1)}
        )

    def _run(self) -> None:
        backoff = 0.1
        while not self._stopping.is_set():
            seen = self._exchange.bell.count
            try:
                more = self.look()
                self.fault, backoff = None, 0.1
            except Exception as error:
                self.fault = plain_reason(error) if is_engine_fault(error) else f"{type(error).__name__} while following the market"
                if not is_engine_fault(error):
                    self.market = None  # what made it fail may be in it: loaded anew
                _logger.error("market copy waits", extra={"reason": self.fault}, exc_info=not is_engine_fault(error))
                self._stopping.wait(backoff)
                backoff = min(backoff * 2, MAX_BACKOFF_S)
                continue
            if not more:
                self._exchange.bell.wait(seen, self._every)


def _on_market(connection: Connection, table: Table, shape: Any, ids: set[str]) -> dict[str, Any]:
    """Those of these ids that are on the market now, as shapes."""
    key = next(iter(table.primary_key.columns))
    if not ids:
        return {}
    query = select(key, table.c.document).where(key.in_(sorted(ids)), table.c.state == ON)
    return {id_: read_shape(shape, from_json(document)) for id_, document in connection.execute(query)}


def _put(columns: Any, ids: Iterable[str], there: Mapping[str, Any]) -> None:
    for id_ in sorted(ids):
        if id_ in there:
            columns.upsert(there[id_])
        else:
            columns.remove(id_)
