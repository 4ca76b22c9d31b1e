"""The writing side of one index in Elasticsearch: what waits, what was sent, and to which index it belongs.

Writes and offset go to the index that said where to follow from, and to no other: a reindex may put another in its place at any moment,
with an offset of its own. The writer then finds its index gone, and begins again where the new one stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from search.documents import IndexDocument
from search.elastic_bulk import Bulk, Outcome, Write
from search.elastic_mapping import FOLLOWER, key_of, to_elastic, tombstone
from search.elastic_names import Live, Names, writing
from search.elastic_server import LONG_PATIENCE_S, IndexGone, Server

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_LOOKED_UP_TOGETHER = 1000
# More is sent before its commit, but only into an index without an offset, which counts as empty.
_MOST_IN_MEMORY = 2000


class ElasticWriter:
    """Used by one thread. ``fixed``: the name of an index that is being filled, live or not; None: the live one."""

    def __init__(self, server: Server, client: Elasticsearch, names: Names, fixed: str | None):
        self._server = server
        self._client = client.options(request_timeout=LONG_PATIENCE_S)
        self._names = names
        self._fixed = fixed
        self._bulk = Bulk(server, client)
        self._target: Live | None = None
        self._pending: dict[str, Write] = {}
        self._spilled = False
        self.last = Outcome()

    def begin(self) -> int | None:
        """The offset to follow from. What is written until ``commit`` belongs to the index that has it."""
        self._forget()
        return self._bound().offset

    def _forget(self) -> None:
        self._pending.clear()
        self._spilled = False
        self._target = None

    def _bound(self) -> Live:
        if self._target is None:
            if self._fixed is not None:
                self._target = Live(self._fixed, self.offset_in(self._fixed))
            else:
                self._target = self._names.open_live()
                if self._target.offset is None and self._holds_documents(self._target.name):
                    # Of a filling that did not get to its end. Postings in it may have ended since: begin with nothing.
                    self._target = Live(self._replaced(), None)
        return self._target

    def offset_in(self, name: str) -> int | None:
        """The offset in an index, as last written. Raises IndexGone."""
        with self._server.faults():
            answer = self._client.options(ignore_status=404).get(index=name, id=FOLLOWER, source=True).body
        if "error" in answer:
            raise self._gone(name)
        return int(answer["_source"]["offset"]) if answer["found"] else None

    def _gone(self, name: str) -> IndexGone:
        return IndexGone(f"Elasticsearch at {self._server.where}: {name} was taken away")

    def _holds_documents(self, name: str) -> bool:
        with self._server.faults():
            self._client.indices.refresh(index=name)
            return bool(self._client.count(index=name)["count"])

    def _replaced(self) -> str:
        """An empty index in the place of the live one."""
        fresh = self._names.create()
        self._names.put_in_place(fresh)
        return fresh

    def upsert(self, documents: Iterable[IndexDocument]) -> int:
        taken = 0
        rest = iter(documents)
        while chunk := list(islice(rest, _LOOKED_UP_TOGETHER)):
            known = self._versions([document.posting_id for document in chunk])
            for document in chunk:
                if known.get(document.posting_id, -1) < document.version:
                    known[document.posting_id] = document.version
                    self._pending[document.posting_id] = Write(document.posting_id, document.version, to_elastic(document))
                    taken += 1
            if len(self._pending) >= _MOST_IN_MEMORY and self._bound().offset is None:
                self._send()
                self._spilled = True
        return taken

    def delete(self, posting_id: str, version: int) -> bool:
        if self._versions([posting_id]).get(posting_id, -1) >= version:
            return False
        self._pending[posting_id] = Write(posting_id, version, tombstone(posting_id))
        return True

    def _versions(self, posting_ids: list[str]) -> dict[str, int]:
        """Versions held, committed or not, deleted ones too."""
        target = self._bound()
        known = {posting_id: self._pending[posting_id].version for posting_id in posting_ids if posting_id in self._pending}
        keys = {key_of(posting_id): posting_id for posting_id in posting_ids if posting_id not in known}
        if keys and (target.offset is not None or self._spilled):
            with self._server.faults():
                answer = self._client.mget(
                    index=target.name, ids=list(keys), source=False, filter_path=["docs._id", "docs._version", "docs.found", "docs.error"]
                )
            for found in answer["docs"]:
                if found.get("found"):
                    known[keys[found["_id"]]] = int(found["_version"])
                elif "error" in found:
                    raise self._gone(target.name)
        return known

    def _send(self) -> None:
        if self._pending:
            self.last = self._bulk.send(self._bound().name, self._pending.values())
            self._pending.clear()

    def commit(self, offset: int) -> None:
        target = self._bound()
        if self._pending or self._spilled:
            self._send()
            with self._server.faults():
                self._client.indices.refresh(index=target.name)
        with self._server.faults():
            self._client.index(index=writing(target.name), id=FOLLOWER, document={"live": False, "offset": offset}, require_alias=True)
        self._spilled = False
        self._target = Live(target.name, offset)

    def rollback(self) -> None:
        spilled, target = self._spilled, self._target
        self._forget()
        if spilled and target is not None and self._fixed is None:
            live = self._names.live()
            if live is not None and live.name == target.name:
                self._replaced()
