"""The words in which a topology is written: topics, subjects and their handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sqlalchemy import Connection

from streams.runtime.messages import Envelope, Message
from streams.runtime.outcomes import Outcomes

TopicKind = Literal["fact", "derived", "latest"]


@dataclass(frozen=True)
class Topic:
    """``fact``: what sources, people and staff said, and ticks, kept for ever; ``derived``: 14 days; ``latest``: compacted, one type."""

    name: str
    kind: TopicKind
    key: str  # what the key is, in words
    types: tuple[type[Message], ...]


class Memory(Protocol):
    """What a subject keeps in memory beside its tables, for speed alone: it must be what ``load`` makes of the tables."""

    def load(self, connection: Connection) -> None:
        """Make it anew from the subject's tables."""

    def refresh(self, connection: Connection, envelope: Envelope) -> None:
        """Put back what the tables say of what this message touched; called after its transaction was rolled back."""


class Work:
    """The unit of work of one message: its transaction, and nothing that outlives it.

    ``connection``: SQL inside this message's savepoint; the subject's own tables only. ``cursor``: where a message handled in pages
    goes on (``Continue``). ``prepared``: what the handler's ``prepare`` step answered. ``memory``: the subject's memory.
    """

    __slots__ = ("connection", "cursor", "envelope", "memory", "prepared", "settings")

    def __init__(
        self,
        envelope: Envelope,
        connection: Connection,
        *,
        cursor: str | None = None,
        prepared: Any = None,
        memory: Any = None,
        settings: Mapping[str, Any] | None = None,
    ):
        self.envelope = envelope
        self.connection = connection
        self.cursor = cursor
        self.prepared = prepared
        self.memory = memory
        self.settings: Mapping[str, Any] = settings or {}

    @property
    def as_of(self) -> Any:
        return self.envelope.as_of


class Preparation:
    """What a ``prepare`` step sees, outside every write transaction: the message, the subject's memory, and a read-only connection.

    ``reading`` shows committed rows only, so what earlier messages of the same batch change is visible in the memory alone:
    a step that reads rows keeps what it changes in its memory and looks there first. No clock.
    """

    __slots__ = ("envelope", "memory", "reading", "settings")

    def __init__(self, envelope: Envelope, memory: Any, settings: Mapping[str, Any], reading: Connection):
        self.envelope = envelope
        self.memory = memory
        self.settings = settings
        self.reading = reading

    @property
    def as_of(self) -> Any:
        return self.envelope.as_of


@dataclass(frozen=True)
class Handler:
    """``handle(message, work) -> outcomes`` for one type, and what it may emit.

    ``prepare(message, preparation)`` runs before the write transaction opens: scoring, parsing and comparing belong there.
    It updates the memory in the order of the messages, so that the next message in the same batch already sees it.
    """

    on: type[Message]
    handle: Callable[[Any, Work], Outcomes]
    emits: tuple[type[Message], ...] = ()
    prepare: Callable[[Any, Preparation], Any] | None = None

    @property
    def name(self) -> str:
        module = self.handle.__module__.removeprefix("streams.").removesuffix(".handlers")
        return f"{module}.{self.handle.__name__}"


@dataclass(frozen=True)
class Subject:
    """One subject: its handlers, the prefix of its tables, and how its memory is made.

    ``rest``: seconds from one look for news to the next, where nobody waits for its answer the same second: under load it then handles
    many messages at once instead of waking for each.
    """

    name: str
    handlers: tuple[Handler, ...]
    memory: Callable[[Mapping[str, Any]], Memory] | None = None
    batch: int = 64
    rest: float = 0.0

    def handler_of(self, type_: str) -> Handler | None:
        return next((handler for handler in self.handlers if handler.on.type == type_), None)

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(handler.on.type for handler in self.handlers)

    @property
    def prepares(self) -> bool:
        return any(handler.prepare is not None for handler in self.handlers)


@dataclass(frozen=True)
class Topology:
    """The one table of what flows where. From it come routing, agents, topics, the diagram and the test that nothing loops."""

    topics: tuple[Topic, ...]
    subjects: tuple[Subject, ...]
    _topic_of: dict[str, Topic] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for topic in self.topics:
            if topic.kind == "latest" and len(topic.types) != 1:
                raise ValueError(f"topic {topic.name} is compacted and so must hold exactly one type")
            for cls in topic.types:
                if cls.type in self._topic_of:
                    raise ValueError(f"{cls.type} is on two topics: {self._topic_of[cls.type].name} and {topic.name}")
                self._topic_of[cls.type] = topic
        for subject in self.subjects:
            seen: set[str] = set()
            for handler in subject.handlers:
                for cls in (handler.on, *handler.emits):
                    if cls.type not in self._topic_of:
                        raise ValueError(f"{handler.name}: {cls.type} is on no topic")
                if handler.on.type in seen:
                    raise ValueError(f"subject {subject.name} handles {handler.on.type} twice")
                seen.add(handler.on.type)
                if any(self._topic_of[cls.type].kind == "fact" for cls in handler.emits):
                    raise ValueError(f"{handler.name} emits a fact; facts come from outside only")

    def topic_of(self, type_: str) -> Topic:
        return self._topic_of[type_]

    def subject(self, name: str) -> Subject:
        for subject in self.subjects:
            if subject.name == name:
                return subject
        raise LookupError(f"no subject {name!r}; there are: {', '.join(s.name for s in self.subjects)}")

    def loops(self) -> list[tuple[str, ...]]:
        """Chains of types that come back to themselves; there must be none."""
        follows: dict[str, set[str]] = {}
        for subject in self.subjects:
            for handler in subject.handlers:
                follows.setdefault(handler.on.type, set()).update(cls.type for cls in handler.emits)
        found: list[tuple[str, ...]] = []

        def walk(path: tuple[str, ...]) -> None:
            for after in sorted(follows.get(path[-1], ())):
                if after in path:
                    found.append((*path[path.index(after) :], after))
                else:
                    walk((*path, after))

        for start in sorted(follows):
            walk((start,))
        return found
