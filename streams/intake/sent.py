"""One batch that somebody sent: its items, the answer to each, and how it is written in transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select

from matcher.shapes import FieldError, ShapeError
from streams.intake.tables import received
from streams.runtime.exchange import Exchange
from streams.runtime.tables import Look

BATCH = 500  # items a transaction: a lost one costs little to send again, and the writer is never held for long


@dataclass(frozen=True)
class Answer:
    """What became of one item. ``line`` counts from 1. ``outcome``: ``accepted`` (appended); ``unchanged`` (the same as the last version;
    nothing was appended, ``message_id`` is that of the last version); ``confirmed`` (the same, said again long enough after for its days to
    start anew); ``rejected`` (``errors`` says why)."""

    line: int
    outcome: Literal["accepted", "unchanged", "confirmed", "rejected"]
    id: str | None = None
    message_id: str | None = None
    errors: tuple[FieldError, ...] = ()
    notes: tuple[str, ...] = ()

    def accepted(self) -> dict[str, Any]:
        """As the contract's ``accepted`` entry."""
        entry: dict[str, Any] = {"line": self.line, "id": self.id, "message_id": self.message_id}
        if self.outcome in ("unchanged", "confirmed"):
            entry["unchanged"] = True
        if self.notes:
            entry["notes"] = list(self.notes)
        return entry

    def rejected(self) -> dict[str, Any]:
        """As the contract's ``rejected`` entry."""
        return {"line": self.line, "errors": [error.model_dump(exclude_none=True) for error in self.errors]}


@dataclass(frozen=True)
class Idempotency:
    """The caller's key, the scope it holds in (the credential), and what was sent."""

    scope: str
    key: str
    content: bytes


@dataclass(frozen=True)
class Item:
    """One object of a batch with its line; ``given_id`` fixes the id (PUT), ``notes`` is what a reader before us was not sure of."""

    line: int
    raw: Any
    given_id: str | None = None
    notes: tuple[str, ...] = ()


def items(raws: Iterable[Any]) -> list[Item]:
    """Objects as items with their lines from 1."""
    return [raw if isinstance(raw, Item) else Item(line, raw) for line, raw in enumerate(raws, start=1)]


def in_batches(
    exchange: Exchange,
    read: list[tuple[Item, Any]],
    job: Callable[[Connection, Sequence[tuple[Item, Any]]], list[Answer]],
    idempotency: Idempotency | None,
) -> list[Answer]:
    """Without an idempotency key in transactions of ``BATCH``; with one all in one, for the answer is remembered with it."""
    if idempotency is None:
        answers: list[Answer] = []
        for start in range(0, len(read), BATCH):
            part = read[start : start + BATCH]
            answers.extend(exchange.write(lambda connection, part=part: job(connection, part)))  # type: ignore[misc]
        return answers

    def once(connection: Connection) -> dict[str, Any]:
        return {"answers": [_to_row(answer) for answer in job(connection, read)]}

    found = exchange.once(idempotency.scope, idempotency.key, idempotency.content, once)
    return [_from_row(row) for row in found["answers"]]


def _to_row(answer: Answer) -> dict[str, Any]:
    return {
        "line": answer.line,
        "outcome": answer.outcome,
        "id": answer.id,
        "message_id": answer.message_id,
        "errors": [error.model_dump() for error in answer.errors],
        "notes": list(answer.notes),
    }


def _from_row(row: Mapping[str, Any]) -> Answer:
    errors = tuple(FieldError.model_validate(error) for error in row["errors"])
    return Answer(row["line"], row["outcome"], row["id"], row["message_id"], errors, tuple(row["notes"]))


_KNOWN = Look(
    select(received).where(received.c.kind == bindparam("kind"), received.c.id.in_(bindparam("ids", expanding=True))), among="ids"
)


def known_rows(connection: Connection, kind: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), BATCH):
        found.update({row["id"]: row for row in _KNOWN.mappings(connection, kind=kind, ids=ids[start : start + BATCH])})
    return found


@dataclass(frozen=True)
class Rights:
    """What a sender may write beside what its ``owner_allowed`` says; the default is everything.

    ``in_charge``: which regions (None: no region stated) a member of staff is responsible for; what is sent and what is kept must both
    lie there. ``own_words``: the sender speaks of itself, so what only staff may say stays as it is (``own_words.py``).
    ``only_senders``: only what nobody else has sent before; and what a person did not agree to stays so (``consents.kept_refusals``).
    """

    in_charge: Callable[[str | None], bool] | None = None
    own_words: bool = False
    only_senders: bool = False

    def refusal(self, item: Item, regions: Sequence[str | None], kept: Sequence[str | None] | None) -> Answer | None:
        """An answer where neither region of what is sent, or of what is kept, is in the sender's charge."""
        if self.in_charge is None:
            return None
        for places in (regions, kept):
            if places is not None and not any(self.in_charge(place) for place in places):
                return refused(item, "region", "this credential may write what lies in its own region only")
        return None


def rejected(item: Item, error: ShapeError) -> Answer:
    return Answer(item.line, "rejected", errors=tuple(error.errors))


def refused(item: Item, field: str, message: str) -> Answer:
    return Answer(item.line, "rejected", errors=(FieldError(field=field, message=message),))
