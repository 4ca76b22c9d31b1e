"""Problems as exceptions: one class a meaning, each with what happened, which field, what is allowed and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True)
class FieldProblem:
    """One field or parameter that does not fit, and the values that would (where they can be listed)."""

    field: str
    message: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        listed = f" (allowed: {', '.join(self.allowed)})" if self.allowed else ""
        return f"{self.field}: {self.message}{listed}"


@dataclass(eq=False)
class ProblemError(Exception):
    """An answer that is not what was asked for. ``detail`` says what happened and what to do; ``errors`` names fields; ``body`` is the
    whole problem, with members of its own kind (``limit``, ``ended``, ``actions``)."""

    status: int
    title: str = ""
    detail: str = ""
    type: str = "about:blank"
    errors: tuple[FieldProblem, ...] = ()
    retry_after: float | None = None
    body: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = f"{self.status} {self.title}: {self.detail}".rstrip(": ")
        return "; ".join([said, *(str(one) for one in self.errors)])

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what did not fit."""
        return tuple(one.field for one in self.errors)


class Invalid(ProblemError):
    """400, 422: a parameter or fields that do not fit."""


class NotSignedIn(ProblemError):
    """401: no credentials, or wrong ones."""


class Forbidden(ProblemError):
    """403: this account or key may not; of a key ``body["actions"]`` says what it may."""


class NotFound(ProblemError):
    """404: nobody knows it, or it is not for this caller."""


class Conflict(ProblemError):
    """409: an Idempotency-Key used with other content, or a step that cannot follow."""


class Gone(ProblemError):
    """410: a posting that was public and has ended: ``body["ended"]`` has ``reason`` and ``at``."""


class TooLarge(ProblemError):
    """413: send it in several pieces."""


class TooOften(ProblemError):
    """429, still after the retries: ``retry_after`` seconds, and ``body["limit"]`` which limit."""


class Unavailable(ProblemError):
    """503, still after the retries: an engine is at fault or loading."""


_BY_STATUS: dict[int, type[ProblemError]] = {
    400: Invalid, 401: NotSignedIn, 403: Forbidden, 404: NotFound, 409: Conflict, 410: Gone, 413: TooLarge, 422: Invalid,
    429: TooOften, 503: Unavailable,
}  # fmt: skip


def problem_of(answer: httpx.Response) -> ProblemError:
    """What an answer that is no success says; its body has been read."""
    try:
        body = answer.json()
    except ValueError:  # something in between that speaks no JSON
        body = {}
    if not isinstance(body, dict):
        body = {}
    errors = tuple(
        FieldProblem(str(one.get("field", "")), str(one.get("message", "")), tuple(str(value) for value in one.get("allowed") or ()))
        for one in body.get("errors") or ()
        if isinstance(one, dict)
    )
    return _BY_STATUS.get(answer.status_code, ProblemError)(
        status=answer.status_code,
        title=str(body.get("title") or answer.reason_phrase),
        detail=str(body.get("detail") or ""),
        type=str(body.get("type") or "about:blank"),
        errors=errors,
        retry_after=retry_after(answer),
        body=body,
    )


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds after which to come back, where the answer says so in seconds."""
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else None
