"""The indices of one prefix: which one is live, how a new one is made and takes the old one's place.

    PREFIX-postings                        alias: the live index
    PREFIX-postings-<mapping hash>-<n>     an index, and in it the document "#follower" with its offset
    PREFIX-postings-<mapping hash>-<n>-w   alias: under this name alone it is written

A write asks for an alias (``require_alias``): Elasticsearch would make a missing index anew, with a mapping it guesses, and a writer whose
index was taken away would go on writing beside the exchange.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search.elastic_mapping import FOLLOWER, drift, mapping_hash, mappings, settings
from search.elastic_server import LONG_PATIENCE_S, IndexStarting, Server
from search.errors import IndexFault, MappingChanged

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


_TRIES, _PAUSE_S = 20, 0.25


@dataclass(frozen=True)
class Live:
    """The live index's name and the offset in it; None where nothing was ever committed."""

    name: str
    offset: int | None


class Names:
    """What is asked and changed above the documents of one index."""

    def __init__(self, server: Server, client: Elasticsearch):
        self.server = server
        self.client = client
        self._patient = client.options(request_timeout=LONG_PATIENCE_S)
        self.alias = f"{server.prefix}-postings"
        self._ours = re.compile(rf"{re.escape(self.alias)}-[0-9a-f]{{8}}-(\d+)")

    def live(self) -> Live | None:
        """The live index; None where there is none yet. One question, so name and offset belong together."""
        with self.server.faults():
            answer = self.client.options(ignore_status=404).get(index=self.alias, id=FOLLOWER, source=True).body
        if "error" in answer:
            return None
        name = str(answer["_index"])
        if not self._ours.fullmatch(name):
            raise IndexFault(f"{self.alias}: an index or alias that is not ours ({name}); choose another prefix, or move it out of the way")
        return Live(name, answer["_source"]["offset"] if answer["found"] else None)

    def open_live(self) -> Live:
        """The live index, made empty where there is none. Raises MappingChanged, IndexFault."""
        for attempt in range(_TRIES):
            try:
                found = self.live()
            except IndexStarting:
                # Another process has made it this moment.
                if attempt == _TRIES - 1:
                    raise
                time.sleep(_PAUSE_S)
                continue
            if found is not None:
                self.expect_this_mapping(found.name)
                return found
            # Whoever is quicker makes it; the slower one finds it.
            self._create(1, {self.alias: {}})
        raise IndexFault(f"{self.alias}: made and gone again; does somebody remove it?")

    def expect_this_mapping(self, name: str) -> None:
        if not self.of_this_mapping(name):
            raise MappingChanged(f"{name}: filled with another mapping (now {mapping_hash()}). Run: gongqiao reindex")

    def of_this_mapping(self, name: str) -> bool:
        return name.startswith(f"{self.alias}-{mapping_hash()}-")

    def create(self) -> str:
        """A new empty index under a name that none has."""
        number = max((int(each.rsplit("-", 1)[1]) for each in self.all()), default=0)
        while True:
            number += 1
            name = self._create(number, {})
            if name is not None:
                return name

    def _create(self, number: int, aliases: dict[str, Any]) -> str | None:
        """None where another process was quicker."""
        from elasticsearch import BadRequestError

        name = f"{self.alias}-{mapping_hash()}-{number}"
        with self.server.faults():
            try:
                self._patient.indices.create(
                    index=name,
                    mappings=mappings(),
                    settings=settings(self.server.shards, self.server.replicas),
                    aliases={**aliases, writing(name): {}},
                )
            except BadRequestError as error:
                if error.error == "resource_already_exists_exception":
                    return None
                raise
        return name

    def all(self) -> list[str]:
        """Every index of this prefix, live or not, any mapping."""
        with self.server.faults():
            found = self._patient.indices.get_settings(index=f"{self.alias}-*", name="index.creation_date", allow_no_indices=True).body
        return sorted((name for name in found if self._ours.fullmatch(name)), key=lambda name: int(name.rsplit("-", 1)[1]))

    def put_in_place(self, name: str) -> None:
        """This index becomes the live one; the live one and all earlier ones go, in one step: a reader sees the old one or the new.

        A later one that is not live is somebody's reindex under way, and left alone.
        """
        live = self.live()
        going = {each for each in self.all() if _number(each) < _number(name)} | ({live.name} if live else set())
        actions: list[dict[str, Any]] = [{"remove_index": {"index": each}} for each in sorted(going - {name})]
        with self.server.faults():
            self._patient.indices.update_aliases(actions=[*actions, {"add": {"index": name, "alias": self.alias}}])

    def remove(self, name: str) -> None:
        with self.server.faults():
            self._patient.options(ignore_status=404).indices.delete(index=name)

    def drift(self, name: str) -> list[str]:
        """How the mapping of this index differs from ours (``elastic_mapping.drift``)."""
        with self.server.faults():
            found = self.client.indices.get_mapping(index=name).body
        return drift(found[name]["mappings"])


def writing(name: str) -> str:
    """The alias under which an index is written."""
    return f"{name}-w"


def _number(name: str) -> int:
    return int(name.rsplit("-", 1)[1])
