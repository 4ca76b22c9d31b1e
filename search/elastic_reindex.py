"""A new index beside the live one in Elasticsearch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search.elastic_index import ElasticIndex
from search.elastic_names import Names
from search.elastic_server import server_of


class ElasticReplacement:
    """``search.reindex.Replacement`` under a prefix. While it is filled the live one goes on being written: what it gets after the offset
    of the new one, the new one gets when its follower begins there."""

    def __init__(self, url: str, options: Mapping[str, Any] | None = None):
        server = server_of(url, options)
        self._client = server.client()
        self._names = Names(server, self._client)
        self._name = self._names.create()
        self.index = ElasticIndex(url, options=options, name=self._name)

    def count_old(self) -> int | None:
        live = self._names.live()
        if live is None:
            return None
        with self._names.server.faults():
            return int(self._client.count(index=live.name, query={"term": {"live": True}})["count"])

    def put_in_place(self) -> None:
        self._names.put_in_place(self._name)
        self._client.close()

    def discard(self) -> None:
        self._names.remove(self._name)
        self._client.close()


def look(url: str, options: Mapping[str, Any] | None = None) -> tuple[bool, tuple[str, ...], dict[str, str]]:
    """(stale, drift, refused) of the live index, as in ``search.reindex.Condition``; one that is not there yet is all right."""
    server = server_of(url, options)
    client = server.client()
    try:
        names = Names(server, client)
        live = names.live()
    finally:
        client.close()
    if live is None:
        return False, (), {}
    if not names.of_this_mapping(live.name):
        return True, (), {}
    index = ElasticIndex(url, options=options, name=live.name)
    try:
        return False, tuple(index.drift()), index.refused()
    finally:
        index.close()


def stale(url: str, options: Mapping[str, Any] | None = None) -> bool:
    """Whether the live index was filled with another mapping; one that is not there yet was not."""
    return look(url, options)[0]
