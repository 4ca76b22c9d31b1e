"""What ``gongqiao ingest`` knows of a file while it takes it in: how far it is, which ids it brought, what was rejected.

On disk, so that memory stays bounded however large the file is, and so that a run that was broken off goes on where it stopped: the book
of a file that was not finished is found again by the file's path, size, time and the way it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = "ingest"
COUNTS = ("lines", "received", "unchanged", "confirmed", "superseded", "rejected")
_PAGE = 500


class Book:
    """One file's book. ``line``: the last line that is safely in the exchange. Everything else is counts, ids and rejected lines."""

    def __init__(self, folder: Path, file: Path, plan: Sequence[Any]):
        self.file = file
        folder = folder / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        stat = file.stat()
        known = "\x1f".join(map(str, (file.resolve(), stat.st_size, stat.st_mtime_ns, *plan)))
        self._path = folder / f"{hashlib.sha256(known.encode()).hexdigest()[:24]}.sqlite"
        try:
            self._open()
        except sqlite3.DatabaseError:  # broken off while the machine went down: the book is lost, the exchange is not
            self._remove()
            self._open()
        values = dict(self._db.execute("SELECT name, value FROM state"))
        self.line: int = values.get("line", 0)
        self.counts: dict[str, int] = {name: values.get(name, 0) for name in COUNTS}
        row = self._db.execute("SELECT id FROM last").fetchone()
        self.last_message: str | None = row[0] if row else None

    def _open(self) -> None:
        self._db = sqlite3.connect(self._path)
        self._db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
            "CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS last (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT);"
            "CREATE TABLE IF NOT EXISTS ids (id TEXT PRIMARY KEY) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS rejected (line INTEGER, field TEXT, reason TEXT);"
        )

    def _remove(self) -> None:
        for tail in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._path}{tail}").unlink()

    def reject(self, line: int, field: str, reason: str) -> None:
        """One rejected line; written down with the next ``reached``."""
        self.counts["rejected"] += 1
        self._db.execute("INSERT INTO rejected VALUES (?, ?, ?)", (line, field, reason))

    def brought(self, ids: Iterable[str]) -> int:
        """Remembers the ids; answers how many of them an earlier line had brought already."""
        known = 0
        for id_ in ids:
            known += 1 - self._db.execute("INSERT OR IGNORE INTO ids VALUES (?)", (id_,)).rowcount
        return known

    def reached(self, line: int) -> None:
        """Everything up to this line is durable in the exchange; said after it is."""
        self.line = line
        rows = [("line", line), *self.counts.items()]
        self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", rows)
        if self.last_message is not None:
            self._db.execute("INSERT OR REPLACE INTO last VALUES (1, ?)", (self.last_message,))
        self._db.commit()

    def ids(self) -> Iterator[list[str]]:
        """All ids, in pages."""
        after = ""
        while page := [id_ for (id_,) in self._db.execute("SELECT id FROM ids WHERE id > ? ORDER BY id LIMIT ?", (after, _PAGE))]:
            yield page
            after = page[-1]

    def rejected(self) -> Iterator[dict[str, Any]]:
        """The rejected lines in the order of the file, as they are written beside it."""
        for line, field, reason in self._db.execute("SELECT line, field, reason FROM rejected ORDER BY line, rowid"):
            yield {"file": str(self.file), "line": line, "field": field, "reason": reason}

    def close(self, *, done: bool) -> None:
        """``done``: the file is in, and its book goes."""
        self._db.close()
        if done:
            self._remove()
