"""A feed asked over HTTP as a partner's mirror asks it: pages, connections broken off, a snapshot fetched in two parts.

Whatever keeps a question from being answered is a ``FeedFault`` in plain words: what was asked, what came, what to do.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx
import orjson

FEED = "/api/v1/feed"
TIMEOUT_S = 30.0
TRIES = 5  # while the exchange says "later" (429, 503)
MOST_WAIT_S = 60
CHUNK = 65_536


class FeedFault(RuntimeError):
    """The feed did not answer, or not with what a feed answers."""


@dataclass(frozen=True)
class Entry:
    """One change, without what the posting says: of that only what tells it from others."""

    cursor: int
    posting_id: str
    digest: bytes | None  # None: removed
    wrong: str | None = None  # what is wrong with it by itself


@dataclass(frozen=True)
class FeedPage:
    entries: tuple[Entry, ...]
    cursor: int
    more: bool
    etag: str | None


@dataclass(frozen=True)
class Snapshot:
    """``digests``: posting id -> digest; ``cursor``: the change up to which it goes; ``resumed``: its second half was fetched as such."""

    digests: dict[str, bytes]
    cursor: int
    etag: str
    resumed: bool


def feed_address(url: str) -> str:
    """The feed's address: as it is where it ends in ``/feed``, else that of the exchange at ``url``. Raises ``ValueError``."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if parts.scheme not in ("http", "https") or not parts.host:
        raise ValueError(f"{url}: no address of the web; give the exchange's, such as https://exchange.example, or its feed's")
    bare = url.partition("?")[0].partition("#")[0].rstrip("/")
    return bare if bare.endswith("/feed") else bare + FEED


def digest_of(posting: Any) -> bytes:
    """SHA-256 of a posting's JSON with its names in order."""
    return hashlib.sha256(orjson.dumps(posting, option=orjson.OPT_SORT_KEYS)).digest()


class Feed:
    """Questions to one feed."""

    def __init__(self, address: str, client: httpx.Client):
        self.address = address
        self._client = client

    # -- pages ---------------------------------------------------------------------------------------------------------

    def ask(self, path: str = "", *, params: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        """One answer, read whole, whatever its status; asked again later where the exchange says so."""
        for left in reversed(range(TRIES)):
            try:
                answer = self._client.get(self.address + path, params=params, headers=headers)
            except httpx.HTTPError as error:
                self._unreachable(error)
            if not left or not _waited(answer):
                return answer
        raise AssertionError("the last try answers")

    def page(self, cursor: int, limit: int, etag: str | None = None) -> FeedPage | None:
        """The page behind ``cursor``; None where the feed answers that it is the one with this ``etag`` (304)."""
        headers = {"If-None-Match": etag} if etag else None
        answer = self.ask(params={"cursor": str(cursor), "limit": str(limit)}, headers=headers)
        if answer.status_code == 304 and etag:
            if answer.content:
                raise FeedFault(f"{answer.url}: answers 304 with a body; 304 has none")
            return None
        return self._read(answer)

    def break_off(self, cursor: int, limit: int) -> None:
        """Ask for a page and hang up after its first bytes, as a lost connection does."""
        params = {"cursor": str(cursor), "limit": str(limit)}
        try:
            with self._client.stream("GET", self.address, params=params) as answer:
                next(answer.iter_raw(64), b"")
        except httpx.HTTPError as error:
            self._unreachable(error)

    def _read(self, answer: httpx.Response) -> FeedPage:
        self._refused(answer)
        try:
            body = orjson.loads(answer.content)
            entries = tuple(_entry(item) for item in body["items"])
            return FeedPage(entries, _cursor(body["cursor"]), bool(body["more"]), answer.headers.get("etag"))
        except (orjson.JSONDecodeError, LookupError, TypeError, ValueError):
            raise FeedFault(
                f"{answer.url}: answers, but not with a page of a feed ({{items, cursor, more}}); is this the exchange's address?"
            ) from None

    # -- the snapshot --------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot | None:
        """The snapshot, broken off half-way and gone on with; None where there is none."""
        address = f"{self.address}/snapshot"
        for _ in range(TRIES):
            reader = _SnapshotReader(address)
            etag = self._part(reader, half=True)
            if etag is None:
                return None
            if reader.complete:
                return reader.done(etag, resumed=False)
            again = self._part(reader, headers={"Range": f"bytes={reader.taken}-", "If-Range": etag})
            if reader.complete:
                return reader.done(etag, resumed=True)
            if again == etag:  # the same from its start: it serves no ranges
                whole = _SnapshotReader(address)
                self._part(whole)
                return whole.done(etag, resumed=False)
        raise FeedFault(f"{address}: became another one {TRIES} times while it was fetched")

    def _part(self, reader: _SnapshotReader, *, headers: dict[str, str] | None = None, half: bool = False, left: int = TRIES) -> str | None:
        """Read into ``reader`` what belongs to it, ``half``: and hang up in the middle; answers the ETag, None where there is nothing."""
        try:
            with self._client.stream("GET", reader.address, headers=headers) as answer:
                if answer.status_code == 404:
                    return None
                if left and _waited(answer):
                    return self._part(reader, headers=headers, half=half, left=left - 1)
                if answer.status_code not in (200, 206):
                    answer.read()
                    self._refused(answer)
                etag = str(answer.headers.get("etag", ""))
                if headers and (answer.status_code != 206 or etag != headers["If-Range"]):
                    return etag
                length = answer.headers.get("content-length", "")
                # Without an ETag nobody could go on with it.
                stop = int(length) // 2 if half and etag and length.isdecimal() else 0
                for chunk in answer.iter_raw(min(stop or CHUNK, CHUNK)):
                    reader.feed(chunk)
                    if stop and reader.taken >= stop:
                        return etag
                reader.end()
                return etag
        except httpx.HTTPError as error:
            self._unreachable(error)

    # -- what went wrong -----------------------------------------------------------------------------------------------

    def _unreachable(self, error: httpx.HTTPError) -> NoReturn:
        if isinstance(error, httpx.TimeoutException):
            raise FeedFault(f"{self.address}: no answer within {TIMEOUT_S:.0f} s") from None
        if isinstance(error, httpx.ConnectError):
            raise FeedFault(f"{self.address}: nobody answers there ({error}); is the address right, and does the exchange run?") from None
        raise FeedFault(f"{self.address}: the connection broke ({error or type(error).__name__})") from None

    @staticmethod
    def _refused(answer: httpx.Response) -> None:
        """Raise unless it is an answer with content."""
        if answer.status_code in (200, 206):
            return
        if answer.is_redirect:
            raise FeedFault(f"{answer.url}: leads to {answer.headers.get('location')}; give that address")
        try:
            said = f": {orjson.loads(answer.content)['detail']}"
        except (orjson.JSONDecodeError, LookupError, TypeError):
            said = ""
        mend = "; is this the exchange's address?" if answer.status_code == 404 else ""
        raise FeedFault(f"{answer.url}: answers {answer.status_code}{said}{mend}")


def _waited(answer: httpx.Response) -> bool:
    """Whether the exchange says "later"; if so, once it is later."""
    if answer.status_code not in (429, 503):
        return False
    given = answer.headers.get("retry-after", "")
    time.sleep(min(int(given), MOST_WAIT_S) if given.isdecimal() else 1)
    return True


class _SnapshotReader:
    """Unpacks a snapshot as it comes and keeps a digest of each line: memory for the ids, not for the postings."""

    def __init__(self, address: str):
        self.address = address
        self.taken = 0
        self.complete = False
        self._unpack = zlib.decompressobj(wbits=31)
        self._rest = b""
        self._digests: dict[str, bytes] = {}
        self._cursor: int | None = None

    def feed(self, chunk: bytes) -> None:
        self.taken += len(chunk)
        try:
            *lines, self._rest = (self._rest + self._unpack.decompress(chunk)).split(b"\n")
        except zlib.error:
            raise FeedFault(f"{self.address}: is not gzip, or goes on with other bytes after {self.taken} of them") from None
        for line in lines:
            self._line(line)

    def _line(self, line: bytes) -> None:
        if self._cursor is not None:
            raise FeedFault(f"{self.address}: has lines behind the one with its cursor")
        try:
            read = orjson.loads(line)
            if "posting_id" in read:
                self._digests[str(read["posting_id"])] = digest_of(read)
            else:
                self._cursor = _cursor(read["cursor"])
        except (orjson.JSONDecodeError, LookupError, TypeError, ValueError):
            raise FeedFault(f'{self.address}: line {len(self._digests) + 1} is neither a posting nor {{"cursor"}}') from None

    def end(self) -> None:
        if not self._unpack.eof:
            raise FeedFault(f"{self.address}: ends after {self.taken} bytes, before its gzip does")
        self.complete = True

    def done(self, etag: str, *, resumed: bool) -> Snapshot:
        if self._rest or self._cursor is None:
            raise FeedFault(f'{self.address}: its last line is not {{"cursor"}}')
        return Snapshot(self._digests, self._cursor, etag, resumed)


def _cursor(value: Any) -> int:
    if not isinstance(value, str) or not value.isdecimal() or len(value) > 18:
        raise ValueError("a whole number as text expected")
    return int(value)


def _entry(item: Any) -> Entry:
    """What a change says; raises where it has no cursor or names no posting."""
    cursor, posting_id = _cursor(item["cursor"]), str(item["posting_id"])
    if item.get("change") == "removed":
        said = isinstance(item.get("reason"), str) and item["reason"].strip()
        return Entry(cursor, posting_id, None, None if said else "removed without a reason")
    posting = item.get("posting")
    if item.get("change") != "upsert" or not isinstance(posting, dict):
        return Entry(cursor, posting_id, None, "neither an upsert with its posting nor removed")
    wrong = "its posting has another id" if posting.get("posting_id") != posting_id else None
    return Entry(cursor, posting_id, digest_of(posting), wrong or ("shows a contact" if "contact" in posting else None))
