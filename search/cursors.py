"""Cursors: where a walk through results stands, in one opaque text that needs no memory on our side.

Date, pay and distance order by keys that belong to the posting alone, so the last key is all a cursor holds. Relevance depends on the
whole index, which changes while people read; there the cursor holds what was already shown of the re-ranked head (40 bits a posting,
1,000 at most), so that nothing is shown twice and nothing unchanged is missed. Two postings share 40 bits once in 10^12 pairs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from search.documents import tie_of
from search.errors import QueryError
from search.query import Query

# head: in the re-ranked best; key: by date or pay; near: by distance; far: by date, among those without location
Phase = Literal["head", "key", "near", "far"]
_PARTS = {"head": 0, "key": 1, "near": 2, "far": 1}
_SHOWN_BYTES = 5
_HEADER = 4 + 8 + 2


@dataclass(frozen=True)
class Position:
    """The last thing shown: phase, its key (whole numbers, the first compared first), its id, and the marks of what was shown of the
    head."""

    phase: Phase
    key: tuple[int, ...] = ()
    posting_id: str = ""
    shown: frozenset[int] = frozenset()


def mark_of(posting_id: str) -> int:
    """40 bits of the posting's tie."""
    return tie_of(posting_id) & ((1 << 8 * _SHOWN_BYTES) - 1)


def encode(query: Query, position: Position) -> str:
    """The cursor for the page after this position."""
    head = json.dumps([position.phase, list(position.key), position.posting_id], ensure_ascii=False, separators=(",", ":")).encode()
    marks = b"".join(mark.to_bytes(_SHOWN_BYTES, "big") for mark in sorted(position.shown))
    body = _digest(query.identity) + len(head).to_bytes(2, "big") + head + marks
    return base64.urlsafe_b64encode(_check(body) + body).rstrip(b"=").decode()


def decode(query: Query) -> Position | None:
    """Where this query's cursor stands; None without one. QueryError for a cursor that is not ours or belongs to another search."""
    if query.cursor is None:
        return None
    try:
        raw = base64.b64decode(query.cursor.encode("ascii") + b"=" * (-len(query.cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise _foreign() from None
    body = raw[4:]
    if len(raw) < _HEADER or raw[:4] != _check(body):
        raise _foreign()
    if body[:8] != _digest(query.identity):
        raise QueryError("cursor", "this cursor belongs to another search", ["the same text, filters and sort as the page before"])
    end = 10 + int.from_bytes(body[8:10], "big")
    try:
        phase, key, posting_id = json.loads(body[10:end])
    except ValueError:
        raise _foreign() from None
    marks = body[end:]
    if phase not in _PARTS or len(key) != _PARTS[phase] or len(marks) % _SHOWN_BYTES:
        raise _foreign()
    shown = frozenset(int.from_bytes(marks[at : at + _SHOWN_BYTES], "big") for at in range(0, len(marks), _SHOWN_BYTES))
    return Position(phase, tuple(key), posting_id, shown)


def _digest(identity: str) -> bytes:
    return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _check(body: bytes) -> bytes:
    # Not a secret: it tells a cursor of this form from any other text, no more. A cursor grants nothing that its query does not.
    return hashlib.blake2b(body, digest_size=4, person=b"gongqiao cursor1").digest()


def _foreign() -> QueryError:
    return QueryError("cursor", "not a cursor of this exchange", ["the cursor of the page before, unchanged"])
