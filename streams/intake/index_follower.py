"""The index of postings follows the log: what intake says of postings becomes documents, with the index's own offset.

An index is a follower of tables and never the truth: it may be behind, it may be thrown away. Its offset is written after its commit, so a
crash between the two means that the same messages come again, and documents are versioned, so coming again changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import func, select

from matcher.shapes import read_posting
from search.documents import IndexDocument, document_of
from search.errors import IndexFault
from search.index import PostingIndex
from search.reindex import Compared, Reindexing
from streams.intake.messages import PostingChanged, PostingEnded, PostingHeld, PostingPublished
from streams.intake.queries import published
from streams.runtime.database import plain_reason
from streams.runtime.exchange import Exchange
from streams.runtime.log import Log
from streams.runtime.messages import Unreadable
from streams.runtime.own_thread import OwnThread
from streams.runtime.tables import log

TYPES = (PostingPublished.type, PostingChanged.type, PostingHeld.type, PostingEnded.type)
BATCH = 500
PAUSE_S = 0.2  # between commits of the index: one takes 10 ms of work however little is in it
MAX_BACKOFF_S = 30.0
_logger = logging.getLogger("gongqiao.index")


class IndexFollower(OwnThread):
    """Brings an index up to the log, in a thread of its own. One per index; it holds the index's only writer."""

    def __init__(self, exchange: Exchange, index: PostingIndex, *, batch: int = BATCH):
        super().__init__("index-follower")
        self._exchange = exchange
        self._index = index
        self._batch = batch
        self._ear = exchange.bell.listen(TYPES)
        self.fault: str | None = None
        self.followed = 0

    def stop(self) -> None:
        """Stop after the batch in hand."""
        self._stopping.set()
        self._ear.wake()
        super().stop()

    def fault_reason(self) -> str | None:
        """Why the index is not following, in plain words; None when all is well."""
        return self.fault

    def lag(self) -> int:
        """How many messages about postings the index has not seen."""
        with self._exchange.reading() as connection:
            query = select(func.count()).select_from(log).where(log.c.type.in_(TYPES), log.c.seq > (self._index.offset() or 0))
            return int(connection.execute(query).scalar_one())

    def step(self) -> bool:
        """Follow one batch; answers whether there was anything. Durable in the index when it answers."""
        after = self._index.begin()
        if after is None:
            self._fill()
            return True
        with self._exchange.reading() as connection:
            messages = self._exchange.log.read(connection, TYPES, after, self._batch)
        if not messages:
            return False
        said = [one.message for one in messages if not isinstance(one, Unreadable)]
        for published_ones, several in groupby(said, lambda message: isinstance(message, PostingPublished)):
            if published_ones:
                self._index.upsert([document_of(one.posting, one.revision) for one in several if isinstance(one, PostingPublished)])
            else:
                for message in several:
                    if isinstance(message, PostingHeld | PostingEnded):
                        self._index.delete(message.posting_id, message.revision)
        self._index.commit(messages[-1].seq)
        self.followed += len(messages)
        return True

    def _fill(self) -> None:
        """Everything public. The place in the log first and the tables then, page by page: what a page knows beyond that place comes
        again from the log, with the same revision, and no read transaction stays open for as long as the filling takes."""
        with self._exchange.reading() as connection:
            offset = Log.end(connection)
        self._index.upsert(self._documents())
        self._index.commit(offset)

    def _documents(self) -> Iterator[IndexDocument]:
        after = ""
        while True:
            with self._exchange.reading() as connection:
                page = published(connection, after=after)
            if not page:
                return
            for found in page:
                yield document_of(read_posting(found["posting"]), found["revision"])
            after = page[-1]["posting_id"]

    def catch_up(self) -> None:
        """Follow until there is nothing left (tests and commands)."""
        while self.step():
            pass

    def _run(self) -> None:
        backoff = 0.1
        while not self._stopping.is_set():
            self._ear.forget()
            try:
                before = self.followed
                busy = self.step()
                self.fault = None
                backoff = 0.1
            except Exception as error:
                # Whatever it was, the messages are still there: undo what is not committed and try again.
                self.fault = _in_words(error)
                _logger.error("index waits", extra={"reason": self.fault}, exc_info=not isinstance(error, IndexFault))
                self._undo()
                self._stopping.wait(backoff)
                backoff = min(backoff * 2, MAX_BACKOFF_S)
                continue
            if not busy and not self._stopping.is_set():
                self._ear.wait(0.5)
            elif self.followed - before < self._batch:
                self._stopping.wait(PAUSE_S)

    def _undo(self) -> None:
        try:
            self._index.rollback()
        except Exception:
            _logger.error("index cannot roll back", exc_info=True)


def _in_words(error: Exception) -> str:
    """Why the index does not follow: its own fault says so itself."""
    if isinstance(error, IndexFault):
        return str(error)
    return plain_reason(error) if isinstance(error, OSError) else f"the index does not take documents ({type(error).__name__})"


def fill_anew(exchange: Exchange, url: str, *, force: bool = False, options: Mapping[str, Any] | None = None) -> Compared:
    """A new index from the tables, caught up with the log and put in the old one's place (``search.reindex``). What is said meanwhile is
    followed from the new one's own offset: the old one may be written until it goes."""
    with Reindexing(url, options=options) as running:
        IndexFollower(exchange, running.index).catch_up()
        return running.swap(force=force)
