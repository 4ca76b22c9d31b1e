"""How Elasticsearch is reached: address, client, and its faults as ours. Making a client connects to nothing.

Its library is imported inside functions: what it stands on opens a socket when it is imported, to see whether there is IPv6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from search.errors import IndexFault

if TYPE_CHECKING:
    from elasticsearch import ApiError, Elasticsearch

DEFAULT_PREFIX = "gongqiao"
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")
_PORT = 9200
# Enough for every thread of the web server; a search that waits longer than this for an answer is answered "try again later".
_CONNECTIONS = 40
_PATIENCE_S = 10.0
# Making and changing an index waits for the whole cluster, and nobody is looking at a page meanwhile.
LONG_PATIENCE_S = 60.0
_OURS = ("prefix", "shards", "replicas")


class IndexGone(IndexFault):
    """The index asked for is not there (any more): another took its place, or somebody removed it."""


class IndexStarting(IndexFault):
    """The index is there and does not answer yet: just made, or its server is."""


@dataclass(frozen=True)
class Server:
    """One Elasticsearch and our place in it. ``where`` is its address without user and password, for messages."""

    arguments: Mapping[str, Any] = field(repr=False)
    where: str
    prefix: str
    shards: int = 1
    replicas: int = 0

    def client(self) -> Elasticsearch:
        from elasticsearch import Elasticsearch

        return Elasticsearch(**self.arguments)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """What goes wrong inside becomes an IndexFault that says what to do; IndexGone where the index is missing."""
        from elastic_transport import ConnectionTimeout, TransportError
        from elasticsearch import ApiError

        try:
            yield
        except ApiError as error:
            raise self._refused(error) from error
        except ConnectionTimeout as error:
            raise IndexFault(f"Elasticsearch at {self.where} takes too long to answer") from error
        except TransportError as error:
            raise IndexFault(f"Elasticsearch at {self.where} does not answer ({type(error).__name__})") from error

    def _refused(self, error: ApiError) -> IndexFault:
        status, kind = error.status_code, str(error.error)
        if status == 404 and kind in ("index_not_found_exception", "alias_missing_exception"):
            return IndexGone(f"Elasticsearch at {self.where}: the index is not there ({kind})")
        if status == 503 and kind in ("no_shard_available_action_exception", "search_phase_execution_exception"):
            return IndexStarting(f"Elasticsearch at {self.where}: the index is not ready yet ({kind})")
        if status in (401, 403):
            return IndexFault(
                f"Elasticsearch at {self.where} refuses our user ({status}): check name, password or key, and that its role has all "
                f"rights on {self.prefix}-postings*"
            )
        if status == 429:
            return IndexFault(f"Elasticsearch at {self.where} has too much to do (429, {kind})")
        return IndexFault(f"Elasticsearch at {self.where} answers {status} ({kind})")


def server_of(url: str, options: Mapping[str, Any] | None = None) -> Server:
    """The server of ``elastic://user:password@host:port,host:port/prefix`` (``elastics://``: TLS).

    ``options``: ``prefix``, ``shards``, ``replicas``, and whatever else the client takes (``ca_certs``, ``api_key``, ``hosts`` …), which
    goes before what the address says. Raises IndexFault where the address cannot be read.
    """
    from elasticsearch import OrjsonSerializer

    given = dict(options or {})
    parts = urlsplit(url)
    users, _, hosts = parts.netloc.rpartition("@")
    names = [name for name in hosts.split(",") if name]
    scheme = {"elastic": "http", "elastics": "https"}.get(parts.scheme)
    if scheme is None or not names:
        raise _unreadable("an address is elastic://user:password@host:port, elastics:// for TLS")
    prefix = str(parts.path.strip("/") or given.get("prefix") or DEFAULT_PREFIX)
    if not _PREFIX.fullmatch(prefix):
        raise _unreadable("before the names of indices: at most 61 small letters, digits, and . _ - not at the start")
    nodes = [name if re.search(r":\d+$", name) else f"{name}:{_PORT}" for name in names]
    arguments: dict[str, Any] = {
        "hosts": [f"{scheme}://{node}" for node in nodes],
        "serializer": OrjsonSerializer(),
        "connections_per_node": _CONNECTIONS,
        "request_timeout": _PATIENCE_S,
        "max_retries": 2,
    }
    if users:
        name, _, password = users.partition(":")
        arguments["basic_auth"] = (unquote(name), unquote(password))
    client = {name: value for name, value in given.items() if name not in _OURS}
    if "api_key" in client or "basic_auth" in client:
        arguments.pop("basic_auth", None)
    return Server(arguments | client, ",".join(nodes), prefix, int(given.get("shards") or 1), int(given.get("replicas") or 0))


def _unreadable(what: str) -> IndexFault:
    return IndexFault(f"search=elastic://…: {what}")
