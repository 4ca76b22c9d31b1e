"""One message through one handler: its savepoint, its outcomes. The same for every runner."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from streams.runtime.database import is_engine_fault, savepoint
from streams.runtime.log import Log
from streams.runtime.messages import Envelope, derived
from streams.runtime.outcomes import Continue, DeadLetter, Drop, Emit, Outcomes, Retry
from streams.runtime.subjects import Subject, Work

_logger = logging.getLogger("gongqiao.handler")


@dataclass(frozen=True)
class Failed:
    """A ``prepare`` step that raised; becomes the message's dead letter."""

    reason: str

    @staticmethod
    def of(error: Exception) -> Failed:
        return Failed(reason_of(error))


@dataclass(frozen=True)
class Processed:
    """What came of a message. ``failed``: its savepoint was rolled back."""

    handler: str = ""
    dead: tuple[str, str | None] | None = None
    retry: Retry | None = None
    cursor: str | None = None
    failed: bool = False
    emitted: int = 0


class _Undo(Exception):
    def __init__(self, result: Processed):
        self.result = result


def reason_of(error: BaseException) -> str:
    """Where and what went wrong, without any value of the message: a value could be somebody's name."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f" at {frame.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{frame.tb_lineno}" if frame is not None else ""
    return f"{type(error).__name__}{where}"


def process(
    subject: Subject,
    log: Log,
    connection: Connection,
    envelope: Envelope,
    prepared: Any,
    memory: Any,
    settings: Mapping[str, Any],
    cursor: str | None,
    *,
    all_pages: bool = False,
    together: list[Envelope] | None = None,
) -> Processed:
    """Handle one message in a savepoint of the caller's transaction and append what it emits.

    A bug in a handler is the message's dead letter; a fault of the engine goes up to the runner. ``DeadLetter`` and ``Retry`` undo
    whatever the handler wrote. ``all_pages`` runs every page at once (for parked messages, which have no page of their own). With
    ``together`` there is no savepoint and nothing is appended: what the message emits is put there, and the caller appends it at the end of
    its batch, or undoes its whole transaction where the message failed.
    """
    handler = subject.handler_of(envelope.type)
    if handler is None:
        return Processed(handler=subject.name)
    if isinstance(prepared, Failed):
        return Processed(handler=handler.name, dead=(prepared.reason, None), failed=True)
    emitted = 0
    try:
        while True:
            with savepoint(connection) if together is None else nullcontext():
                work = Work(envelope, connection, cursor=cursor, prepared=prepared, memory=memory, settings=settings)
                result, out = _apply(handler.name, envelope, handler.handle(envelope.message, work), handler.emits)
                if result.failed:
                    raise _Undo(result)
                if together is None:
                    log.append(connection, out)
                else:
                    together += out
            emitted += result.emitted
            if result.cursor is None or not all_pages:
                return Processed(handler=handler.name, cursor=result.cursor, emitted=emitted)
            cursor = result.cursor
    except _Undo as undo:
        return undo.result
    except Exception as error:
        if is_engine_fault(error):
            raise
        reason = reason_of(error)
        _logger.error("handler failed", extra={"handler": handler.name, "message_id": envelope.id, "reason": reason})
        return Processed(handler=handler.name, dead=(reason, None), failed=True)


def _apply(name: str, envelope: Envelope, outcomes: Outcomes, may_emit: tuple[type, ...]) -> tuple[Processed, list[Envelope]]:
    out: list[Envelope] = []
    cursor: str | None = None
    for outcome in outcomes or ():
        match outcome:
            case Emit(message, discriminator):
                if type(message) not in may_emit:
                    raise TypeError(f"{name} may not emit {message.type}: add it to the topology")
                out.append(derived(envelope, name, message, discriminator))
            case Drop():
                pass
            case DeadLetter(reason, field):
                return Processed(handler=name, dead=(reason, field), failed=True), []
            case Retry():
                return Processed(handler=name, retry=outcome, failed=True), []
            case Continue(at):
                cursor = at
    return Processed(handler=name, cursor=cursor, emitted=len(out)), out
