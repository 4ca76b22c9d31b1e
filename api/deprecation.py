"""Routes of the interface that will go: said with every answer, in the description, and in docs/api.md, half a year before at least."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime

from fastapi import Request

from matcher.days import midnight

NOTICE_DAYS = 180


@dataclass(frozen=True)
class Deprecated:
    """Since when programs should leave it, from which day on it answers 410, and the path that takes its place."""

    since: date
    gone: date
    successor: str


#: ``GET /api/v1/…`` as in the table of roles. None so far.
DEPRECATED: Mapping[str, Deprecated] = {}


def note(request: Request) -> None:
    """Remember what has to be said of this route; a dependency of every route of the interface."""
    path = str(getattr(request.scope.get("route"), "path", ""))
    prefix = "" if path.startswith("/api/v1") else "/api/v1"
    request.state.deprecated = DEPRECATED.get(f"{request.method} {prefix}{path}")


def headers_of(found: Deprecated | None) -> dict[str, str]:
    """``Deprecation`` (RFC 9745), ``Sunset`` (RFC 8594), and where to go."""
    if found is None:
        return {}
    return {
        "Deprecation": f"@{int(midnight(found.since).timestamp())}",
        "Sunset": format_datetime(datetime.fromtimestamp(midnight(found.gone).timestamp(), UTC), usegmt=True),
        "Link": f'<{found.successor}>; rel="successor-version"',
    }
