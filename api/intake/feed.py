"""The feed of public postings: changes with tombstones by cursor, and a whole snapshot."""

from __future__ import annotations

import gzip
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from sqlalchemy import Connection, func, select

from api.access.identify import Here
from api.matching.routes import public_posting
from api.problems import BadRequest
from api.services import Services
from matcher.shapes import FieldError, read_posting
from streams.intake.messages import PostingChanged, PostingEnded, PostingHeld, PostingPublished
from streams.intake.queries import published
from streams.runtime.log import Log
from streams.runtime.messages import Envelope
from streams.runtime.tables import log

router = APIRouter(tags=["feed"])
TYPES = tuple(cls.type for cls in (PostingPublished, PostingChanged, PostingEnded, PostingHeld))
_building = threading.Lock()


def place_of(value: str | None) -> int:
    """The place in the log that a cursor names, the start where none is given; raises ``BadRequest``."""
    if value is None:
        return 0
    if not value.isdecimal() or len(value) > 18:
        raise BadRequest(
            "cursor 不是由本接口给出的", errors=[FieldError(field="cursor", message="one given by an earlier answer expected")]
        )
    return int(value)


def _entry(envelope: Envelope) -> dict[str, Any]:
    message = envelope.message
    if isinstance(message, PostingPublished):
        body: dict[str, Any] = {"change": "upsert", "posting": public_posting(message.posting)}
    elif isinstance(message, PostingEnded):
        body = {"change": "removed", "reason": message.cause}
        if message.merged_into is not None:
            body["merged_into"] = message.merged_into
    else:
        body = {"change": "removed", "reason": "held"}
    return {"cursor": str(envelope.seq), "posting_id": envelope.key, "at": envelope.recorded_at.isoformat(), **body}


@dataclass(frozen=True)
class Changes:
    """A stretch of the feed: its entries, the place in the log where it ends, and whether there may be more behind it."""

    items: list[dict[str, Any]]
    until: int
    more: bool


def changes(connection: Connection, messages: Log, after: int, limit: int, *, until: int | None = None) -> Changes:
    """The next changes behind a place, at most ``limit`` and none behind ``until``; the same two places always say the same."""
    read = messages.read(connection, TYPES, after, limit, until=until)
    items = [_entry(one) for one in read if isinstance(one, Envelope)]
    # Also past what cannot be read: a follower must not stay before it for ever.
    return Changes(items, read[-1].seq if read else after, len(read) == limit)


@router.get("/feed")
def feed(
    request: Request,
    here: Here,
    cursor: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """Changes after ``cursor``, oldest first, removals as tombstones with their reason. 304 when nothing is new (``If-None-Match``)."""
    after = place_of(cursor)
    with here.exchange.reading() as connection:
        found = changes(connection, here.exchange.log, after, limit)
    following = found.until
    etag = f'"{after}-{following}"'
    if _unchanged(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    body = {"items": found.items, "cursor": str(following), "more": found.more}
    return JSONResponse(body, headers={"ETag": etag, "Cache-Control": "no-cache"})


def _unchanged(request: Request, etag: str) -> bool:
    given = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return etag in given or "*" in given


@router.get(
    "/feed/snapshot",
    response_class=FileResponse,
    responses={
        200: {"description": "gzip NDJSON", "content": {"application/gzip": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "the bytes asked for with Range"},
        304: {"description": "the same as the ETag given"},
        416: {"description": "no such bytes"},
    },
)
def snapshot(request: Request, here: Here) -> Response:
    """Every public posting as gzip NDJSON; the last line is ``{"cursor": …}``, from which the feed goes on. Byte ranges are served."""
    path, cursor = _snapshot_file(here)
    # Of its content: another process with the same postings gives the same bytes, and whoever was in the middle of one goes on there.
    headers = {
        "X-Feed-Cursor": str(cursor),
        "ETag": f'"{path.name.split(".")[0].removeprefix(f"snapshot-{here.started}-")}"',
        "Cache-Control": "no-cache",
    }
    if _unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type="application/gzip", headers=headers, filename=f"postings-{cursor}.ndjson.gz")


def _snapshot_file(here: Services) -> tuple[Path, int]:
    folder = here.scratch_folder() / "feed"
    folder.mkdir(parents=True, exist_ok=True)
    with here.exchange.reading() as connection, _building:
        # One transaction: the rows and the cursor are of the same moment.
        cursor = last_change(connection)
        name = f"snapshot-{here.started}-{cursor}"
        path = next(folder.glob(f"{name}-*.ndjson.gz"), None)
        if path is None:
            part = folder / f"{name}.part"
            with part.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
                after = ""
                while page := published(connection, after=after):
                    for found in page:
                        packed.write(orjson.dumps(public_posting(read_posting(found["posting"]))) + b"\n")
                    after = page[-1]["posting_id"]
                packed.write(orjson.dumps({"cursor": str(cursor)}) + b"\n")
            with part.open("rb") as made:
                path = folder / f"{name}-{hashlib.file_digest(made, 'sha256').hexdigest()[:16]}.ndjson.gz"
            part.replace(path)
            # The two before stay for whoever is in the middle of one.
            for old in sorted(folder.glob("snapshot-*.ndjson.gz"), key=lambda file: file.stat().st_mtime)[:-3]:
                old.unlink(missing_ok=True)
    return path, cursor


def last_change(connection: Connection) -> int:
    """The place of the feed's last change; 0 where there is none."""
    return max(int(connection.execute(select(func.max(log.c.seq)).where(log.c.type == type_)).scalar() or 0) for type_ in TYPES)
