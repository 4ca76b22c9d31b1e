"""Whether a feed keeps what a mirror relies on: nothing skipped, nothing repeated, and what it adds up to is what is there."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from infra.feed_reading import Entry, Feed, FeedFault, FeedPage, Snapshot
from infra.findings import Finding

NEWS_TRIES = 5  # a feed that is alive may have news between two questions
SHOWN = 3


def _nothing(count: int) -> None:
    pass


@dataclass
class Trail:
    """Where a walk along the feed came by: sixteen bytes a change, however long the feed is."""

    cursors: array[int] = field(default_factory=lambda: array("q"))
    marks: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, entry: Entry) -> None:
        self.cursors.append(entry.cursor)
        self.marks.append(_mark(entry))


@dataclass
class Mirror:
    """What a follower has: posting id -> digest; ``touched``: every id that a change named."""

    digests: dict[str, bytes] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def apply(self, entry: Entry) -> None:
        self.touched.add(entry.posting_id)
        if entry.digest is None:
            self.digests.pop(entry.posting_id, None)
        else:
            self.digests[entry.posting_id] = entry.digest

    def copy(self) -> Mirror:
        return Mirror(dict(self.digests), set(self.touched))


def check(feed: Feed, start: int, limit: int, watch: Callable[[int], object] = _nothing) -> Iterator[Finding]:
    """Every check, one finding after another; raises ``FeedFault`` where the feed does not answer. ``watch`` counts changes read."""
    first = feed.page(start, limit)
    assert first is not None
    yield Finding(True, f"reached: {feed.address}")
    yield from _cursors_refused(feed)
    snapshot = feed.snapshot()
    walk = _Walk(start, None if snapshot is None else snapshot.cursor)
    for page in _follow(feed, start, limit):
        walk.take(page)
        watch(len(page.entries))
    yield from walk.findings()
    yield from _broken_off(feed, start, limit, walk.trail, watch)
    yield from _resumed(feed, walk.trail)
    yield from _conditional(feed, start, walk.end, limit, bool(walk.trail.cursors))
    if snapshot is None:
        yield Finding(True, "snapshot: none here (404), so the mirror is compared with nothing")
    else:
        yield from _snapshot_served(feed, snapshot)
        yield from _compared(walk, snapshot)


def _mark(entry: Entry) -> int:
    text = f"{entry.cursor} {entry.posting_id} ".encode() + (entry.digest or b"removed")
    return int.from_bytes(hashlib.sha256(text).digest()[:8])


def _follow(feed: Feed, cursor: int, limit: int) -> Iterator[FeedPage]:
    """Page after page until nothing more is there."""
    while True:
        page = feed.page(cursor, limit)
        assert page is not None
        if page.more and page.cursor <= cursor:
            raise FeedFault(f"{feed.address}?cursor={cursor}: says that there is more, but its cursor stays: a follower would never end")
        yield page
        if not page.more:
            return
        cursor = page.cursor


class _Walk:
    """The first walk, in large pages: builds the mirror, and keeps it as it is where the snapshot was taken."""

    def __init__(self, start: int, snapshot_at: int | None):
        self.trail, self.mirror = Trail(), Mirror()
        self.start = self.end = start
        self._snapshot_at = snapshot_at
        self.at_snapshot: Mirror | None = None
        self._wrong: list[str] = []
        self._disordered: list[str] = []
        self._last = start

    def take(self, page: FeedPage) -> None:
        for entry in page.entries:
            if self.at_snapshot is None and self._snapshot_at is not None and entry.cursor > self._snapshot_at >= self.start:
                self.at_snapshot = self.mirror.copy()
            if entry.cursor <= self._last:
                self._disordered.append(f"{entry.cursor} after {self._last}")
            if entry.wrong is not None:
                self._wrong.append(f"cursor {entry.cursor}, posting {entry.posting_id}: {entry.wrong}")
            self._last = entry.cursor
            self.trail.add(entry)
            self.mirror.apply(entry)
        if page.cursor < self._last:
            self._disordered.append(f"a page ends at {self._last} and goes on from {page.cursor}")
        self.end = page.cursor

    def mirror_at_snapshot(self) -> Mirror | None:
        """The mirror as at the snapshot's cursor; None where the walk did not come by there."""
        if self.at_snapshot is not None:
            return self.at_snapshot
        return self.mirror if self._snapshot_at is not None and self.start <= self._snapshot_at <= self.end else None

    def findings(self) -> Iterator[Finding]:
        count = len(self.trail.cursors)
        if self._disordered:
            yield Finding(False, f"order: cursors do not grow: {_few(self._disordered)}", "a change comes once, behind those before it")
        else:
            yield Finding(True, f"followed: {count} changes from cursor {self.start} to {self.end}, {len(self.mirror.digests)} postings")
        if self._wrong:
            mend = "an upsert brings its posting without its contact, a removal its reason"
            yield Finding(False, f"changes: {len(self._wrong)} are not whole: {_few(self._wrong)}", mend)
        else:
            yield Finding(True, "changes: every upsert brings its posting, every removal its reason")


def _broken_off(feed: Feed, start: int, limit: int, trail: Trail, watch: Callable[[int], object]) -> Iterator[Finding]:
    """The same walk in smaller pages, every third of them lost on the way and asked for again: it has to come by the same changes."""
    count = len(trail.cursors)
    small = max(1, min(limit * 2 // 3, count // 7))
    place = broken = asked = 0
    cursor = start
    while place < count:
        if asked % 3 == 1:
            feed.break_off(cursor, small)
            broken += 1
        asked += 1
        page = feed.page(cursor, small)
        assert page is not None
        for entry in page.entries[: count - place]:
            if _mark(entry) != trail.marks[place]:
                yield Finding(False, f"resuming: {_difference(entry, trail, place)}", "each page has to begin right behind its cursor")
                return
            place += 1
        watch(len(page.entries))
        if page.cursor <= cursor or not (page.more or place >= count):
            what = f"resuming: ends at cursor {page.cursor} with {count - place} changes left"
            yield Finding(False, what, "more is true while there are any")
            return
        cursor = page.cursor
    how = f"{count} changes again in pages of {small}, the connection broken off {broken} times"
    yield Finding(True, f"resumed: {how}: none skipped, none repeated")


def _difference(entry: Entry, trail: Trail, place: int) -> str:
    expected = trail.cursors[place]
    if entry.cursor > expected:
        return f"the change at cursor {expected} is skipped: {entry.cursor} comes in its place"
    if entry.cursor < expected:
        return f"the change at cursor {entry.cursor} is repeated where {expected} should come"
    return f"the change at cursor {expected} says something else than before"


def _resumed(feed: Feed, trail: Trail) -> Iterator[Finding]:
    """A mirror may have stored a part of a page: every change's own cursor goes on right behind it."""
    last = len(trail.cursors) - 2
    for place in sorted({0, last // 3, last * 2 // 3, last}) if last >= 0 else ():
        page = feed.page(trail.cursors[place], 1)
        assert page is not None
        if not page.entries or _mark(page.entries[0]) != trail.marks[place + 1]:
            what = f"cursors: {trail.cursors[place]} is not followed by {trail.cursors[place + 1]}"
            yield Finding(False, what, "a change's own cursor is one to go on from")
            return
    yield Finding(True, "cursors: every change's own cursor is one to go on from")


def _conditional(feed: Feed, start: int, end: int, limit: int, any_changes: bool) -> Iterator[Finding]:
    """At the end: nothing new is 304 with the ETag given, and news are not hidden by it."""
    for _ in range(NEWS_TRIES):
        page = feed.page(end, limit)
        assert page is not None
        if page.entries:
            end = page.cursor
            continue
        if page.etag is None:
            yield Finding(False, "conditional: the end of the feed has no ETag", "send ETag; If-None-Match is answered with 304 then")
            return
        again = feed.page(end, limit, page.etag)
        if again is not None and again.entries:
            continue
        if again is not None:
            yield Finding(False, "conditional: If-None-Match is answered in full though nothing is new", "answer 304 without a body")
        elif any_changes and feed.page(start, limit, page.etag) is None:
            what = f"conditional: the end's ETag hides the changes behind cursor {start}"
            yield Finding(False, what, "an ETag is of one cursor's answer")
        else:
            yield Finding(True, "conditional: 304 when nothing is new, 200 when something is")
        return
    yield Finding(True, f"conditional: not tried, {NEWS_TRIES} times news came in between")


def _cursors_refused(feed: Feed) -> Iterator[Finding]:
    answer = feed.ask(params={"cursor": "not-a-cursor"})
    if answer.status_code in (400, 422):
        yield Finding(True, f"wrong cursor: refused with {answer.status_code}")
    else:
        mend = "refuse what is no cursor with 400: a mirror that mangled its own would silently start anew"
        yield Finding(False, f"wrong cursor: answered with {answer.status_code}", mend)


def _snapshot_served(feed: Feed, snapshot: Snapshot) -> Iterator[Finding]:
    if not snapshot.resumed:
        mend = "serve ETag and byte ranges, so that a large one need not be fetched anew"
        yield Finding(False, "snapshot: cannot be gone on with after the connection broke", mend)
    else:
        yield Finding(True, "snapshot: broken off half-way and gone on with by byte range")
    again = feed.ask("/snapshot", headers={"If-None-Match": snapshot.etag or '"none"'})
    if again.status_code == 304 or again.headers.get("etag") != snapshot.etag:
        return
    yield Finding(False, "snapshot: sent again though its ETag was given", "answer 304")


def _compared(walk: _Walk, snapshot: Snapshot) -> Iterator[Finding]:
    """The mirror as it was at the snapshot's cursor against the snapshot: from the start everything, else what changes named."""
    mirror = walk.mirror_at_snapshot()
    if mirror is None and walk.start > snapshot.cursor:
        yield Finding(True, f"mirror: not compared, --cursor {walk.start} lies behind the snapshot's {snapshot.cursor}")
        return
    if mirror is None:
        mend = "a snapshot's cursor is that of the last change in it"
        yield Finding(False, f"mirror: the snapshot goes up to cursor {snapshot.cursor}, the feed ends at {walk.end}", mend)
        return
    theirs = snapshot.digests
    if walk.start:
        theirs = {posting_id: digest for posting_id, digest in theirs.items() if posting_id in mirror.touched}
    ours, both = mirror.digests, mirror.digests.keys() & theirs.keys()
    problems = [
        *(f"{posting_id} is in the snapshot only" for posting_id in sorted(theirs.keys() - both)),
        *(f"{posting_id} is in the mirror only" for posting_id in sorted(ours.keys() - both)),
        *(f"{posting_id} differs" for posting_id in sorted(both) if ours[posting_id] != theirs[posting_id]),
    ]
    counted = f"at cursor {snapshot.cursor}: mirror {len(ours)} postings, sha256 {_sum(ours)}"
    if problems:
        what = f"mirror: {counted}; snapshot {len(theirs)}, sha256 {_sum(theirs)}: {_few(problems)}"
        yield Finding(False, what, "what the changes add up to has to be what is there")
    else:
        yield Finding(True, f"mirror: {counted}: the same as the snapshot")


def _sum(digests: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for posting_id in sorted(digests):
        whole.update(posting_id.encode() + b" " + digests[posting_id].hex().encode() + b"\n")
    return whole.hexdigest()[:16]


def _few(problems: list[str]) -> str:
    more = len(problems) - SHOWN
    return "; ".join(problems[:SHOWN]) + (f"; and {more} more" if more > 0 else "")
