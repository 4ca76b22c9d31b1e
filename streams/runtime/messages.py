"""Messages: frozen typed values with ``type`` and ``version``, their registry, their JSON and their one-step upcasts.

A class is declared once::

    class PostingPublished(Message):
        type = "posting.published"
        version = 2
        upcasts = {1: _v1_to_v2}      # takes the JSON object of version 1, gives that of version 2
        posting_id: str

``key`` names the field that orders messages; ``sealed_for`` names the field that holds the person whom the message is about:
everything but that field is then encrypted with that person's own key before it is appended (see ``sealing``). ``free_text`` names
fields in which people write what they like (``reason``, or ``lines.title`` of a list): masked when appended from outside. ``as_made``
promises that what is read back equals what was appended, so that readers in the same process may be given the very object: for large
messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from matcher.days import day_of
from matcher.masking import mask
from matcher.match_order import name_id

NAMESPACE = UUID("6f1d3a52-2f0e-5b0c-9a51-0a6e3a1c7d11")  # ours alone; never changes, or every derived id would

Upcast = Callable[[dict[str, Any]], dict[str, Any]]


class Message(BaseModel):
    """Base of all messages. Unknown fields are ignored when reading, so that an older reader survives a newer writer."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    version: ClassVar[int] = 1
    key: ClassVar[str]
    sealed_for: ClassVar[str | None] = None
    free_text: ClassVar[tuple[str, ...]] = ()
    upcasts: ClassVar[Mapping[int, Upcast]] = {}
    as_made: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "type" in cls.__dict__:
            other = REGISTRY.get(cls.type)
            if other is not None and other.__qualname__ != cls.__qualname__:
                raise TypeError(f"message type {cls.type} is declared twice: {other.__qualname__} and {cls.__qualname__}")
            REGISTRY[cls.type] = cls

    @property
    def key_value(self) -> str:
        return str(getattr(self, self.key))

    def body(self) -> dict[str, Any]:
        """JSON object; what is unknown is left out."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)

    def body_json(self) -> bytes:
        """The same as JSON text, without the object in between."""
        return bytes(self.__pydantic_serializer__.to_json(self, exclude_none=True, by_alias=True))


def masked(message: Message) -> Message:
    """The message with telephones, identity numbers and mail addresses taken out of its free text; itself where there are none."""
    changes = {name: value for name, value in (_masked_field(message, path) for path in message.free_text) if value is not None}
    return message.model_copy(update=changes) if changes else message


def _masked_field(message: BaseModel, path: str) -> tuple[str, Any]:
    name, _, inner = path.partition(".")
    value = getattr(message, name)
    if inner:
        return name, tuple(one.model_copy(update=dict([_masked_field(one, inner)])) for one in value)
    return name, mask(value).text if value is not None else None


REGISTRY: dict[str, type[Message]] = {}


class MessageError(ValueError):
    """A message that cannot be read: unknown type, newer version, or fields that do not fit. Names no values."""


def read_message(type_: str, version: int, body: dict[str, Any]) -> Message:
    """A message from its JSON object of any version so far; older ones are lifted one step at a time."""
    cls = REGISTRY.get(type_)
    if cls is None:
        raise MessageError(f"unknown message type {type_!r}; known: {', '.join(sorted(REGISTRY))}")
    if version > cls.version:
        raise MessageError(f"{type_} version {version} is newer than {cls.version}, the newest this program reads: upgrade it first")
    while version < cls.version:
        upcast = cls.upcasts.get(version)
        if upcast is None:
            raise MessageError(f"{type_} has no upcast from version {version}")
        try:
            body = upcast(body)
        except Exception as error:
            raise MessageError(f"{type_}: version {version} cannot be lifted ({type(error).__name__})") from None
        version += 1
    try:
        return cls.model_validate(body)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) or "(object)" for item in error.errors(include_input=False, include_url=False))
        raise MessageError(f"{type_}: fields that do not fit: {fields}") from None


@dataclass(frozen=True)
class Envelope:
    """A message on its way. ``seq`` is its place in this log (embedded: the one sequence), 0 before it is appended."""

    id: str
    type: str
    version: int
    key: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    causation_id: str | None
    trace_id: str
    message: Message
    seq: int = 0

    @property
    def as_of(self) -> date:
        """The day in Shanghai of ``recorded_at``, inherited by everything that follows from the outermost message."""
        return day_of(self.recorded_at)


@dataclass(frozen=True)
class Unreadable:
    """A message that says nothing any more. Without ``broken`` it is a tombstone: sealed, the person's key is gone, every handler skips
    it. With ``broken`` its row cannot be read (newer version, fields that do not fit, damage) and that is why: a dead letter."""

    id: str
    type: str
    key: str
    seq: int
    recorded_at: datetime
    broken: str | None = None


def outermost(message: Message, *, recorded_at: datetime, source: str, occurred_at: datetime | None = None, id: str) -> Envelope:
    """Envelope of a message that comes from outside: what a source, a person, the staff or the clock said."""
    return Envelope(
        id=id,
        type=message.type,
        version=message.version,
        key=message.key_value,
        occurred_at=occurred_at or recorded_at,
        recorded_at=recorded_at,
        source=source,
        causation_id=None,
        trace_id=id,
        message=message,
    )


def derived_id(input_id: str, handler: str, type_: str, business_key: str) -> str:
    """``uuid5(input id, handler, type, business key)``: a redelivery writes the same message again, not a second one."""
    return name_id(NAMESPACE, "\x1f".join((input_id, handler, type_, business_key)))


def derived(cause: Envelope, handler: str, message: Message, discriminator: str = "") -> Envelope:
    """Envelope of a message that follows from ``cause``; it inherits the day."""
    business_key = f"{message.key_value}\x1f{discriminator}" if discriminator else message.key_value
    return Envelope(
        id=derived_id(cause.id, handler, message.type, business_key),
        type=message.type,
        version=message.version,
        key=message.key_value,
        occurred_at=cause.occurred_at,
        recorded_at=cause.recorded_at,
        source=handler,
        causation_id=cause.id,
        trace_id=cause.trace_id,
        message=message,
    )


def to_json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def from_json(data: bytes | str) -> Any:
    return orjson.loads(data)
