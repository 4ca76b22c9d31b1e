"""The feed, its snapshot and the event stream, read as they come and gone on with where they break off."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from typing import IO

import httpx

from api.client.asking import Asker
from api.client.shapes import Change, Event, Posting

_TRIES = 5  # connections that may break in one snapshot without a byte more


class Snapshot:
    """Every public posting of one moment, in a temporary file: iterate over it, then follow the feed from ``cursor``."""

    def __init__(self, file: IO[bytes], cursor: str):
        self._file = file
        self.cursor = cursor

    def __iter__(self) -> Iterator[Posting]:
        self._file.seek(0)
        with gzip.GzipFile(fileobj=self._file, mode="rb") as lines:
            for line in lines:
                found = json.loads(line)
                if "posting_id" in found:  # the last line is the cursor
                    yield found

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def snapshot(asker: Asker) -> Snapshot:
    """Fetch it; where the connection breaks go on with the bytes that are missing, and from the start where it has become another one."""
    file = tempfile.SpooledTemporaryFile(max_size=16 << 20)  # noqa: SIM115  (the answer's reader closes it)
    etag, tried = "", 0
    while True:
        have = file.tell()
        headers = {"Range": f"bytes={have}-", "If-Range": etag} if have and etag else {}
        try:
            # As it is stored: what it unpacks to is the reader's business.
            with asker.streaming("/feed/snapshot", headers=headers) as answer:
                if answer.status_code == 200 and have:
                    file.seek(0)
                    file.truncate()
                etag, cursor = answer.headers.get("etag", ""), answer.headers["x-feed-cursor"]
                for piece in answer.iter_raw():
                    file.write(piece)
            return Snapshot(file, cursor)
        except httpx.TransportError:
            tried = 0 if file.tell() > have else tried + 1
            if tried >= _TRIES:
                file.close()
                raise


def changes(asker: Asker, cursor: str | None, limit: int) -> Iterator[Change]:
    """Every change after ``cursor`` until nothing is new; each has the ``cursor`` to go on from."""
    after = cursor
    while True:
        parameters = {"limit": str(limit)} | ({"cursor": after} if after is not None else {})
        page = asker.json("GET", "/feed", params=parameters)
        yield from page["items"]
        after = page["cursor"]
        if not page["more"]:
            return


def events(asker: Asker, last_event_id: str | None) -> Iterator[Event]:
    """Events as they come, until the connection ends; the next one goes on with the last one's ``id``."""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id is not None else {})
    # Between two events there may be long silence; a comment comes now and then.
    with asker.streaming("/events", headers=headers, timeout=httpx.Timeout(30.0, read=120.0)) as answer:
        name, id_ = "message", ""
        data: list[str] = []
        for line in answer.iter_lines():
            if not line:
                if data:
                    yield {"event": name, "id": id_, "data": _value("\n".join(data))}
                name, data = "message", []
                continue
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "id":
                id_ = value
            elif field == "data":
                data.append(value)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
