"""Reads the files that sources send: CSV (UTF-8 with and without BOM, UTF-16, GB18030; comma, tab, semicolon), XLSX and JSONL.

``read_rows`` streams: memory is bounded by one row (one field at most 64 K characters, one line 8 MB), except for the shared texts of an
XLSX file, whose unpacked size is limited before it is opened. A bad line never stops the file: it goes to ``on_bad`` and reading goes on.
Workbooks are read in ``workbooks.py``, headings in ``headings.py``.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import orjson

from matcher.given_once import decode_once
from matcher.shapes import ShapeError
from streams.intake.headings import MOST_COLUMNS, BadLine, FileError, Heading, Progress
from streams.intake.workbooks import workbook_rows

__all__ = ["MOST_COLUMNS", "BadLine", "FileError", "encoding_of", "header_of", "read_rows"]

MOST_HEADER_CHARACTERS = 1 << 20
MOST_FIELD_CHARACTERS = 1 << 16  # no description is longer; a forgotten quotation mark swallows no more than this
MOST_LINE_BYTES = 8 << 20
TABLES = (".csv", ".tsv", ".txt")
LINES = (".jsonl", ".ndjson")
WORKBOOKS = (".xlsx",)


def _nothing(*_: Any) -> None:
    return None


def read_rows(
    path: Path,
    *,
    on_bad: Callable[[BadLine], None] = _nothing,
    progress: Progress = _nothing,
    after_line: int = 0,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, row) for every row after ``after_line`` (for going on where a run stopped).

    Rows of tables and workbooks are texts by column name, without the empty ones; rows of JSONL are objects as they stand. Raises
    ``FileError`` before the first row where the file as a whole cannot be read.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        raise FileError(path, "no such file", "check the name")
    if path.stat().st_size == 0 and suffix not in LINES:  # no lines are no objects, but a table has at least its heading
        raise FileError(path, "the file is empty", "export it again")
    if suffix in TABLES:
        rows = _table(path, on_bad, progress)
    elif suffix in LINES:
        rows = _lines(path, on_bad, progress)
    elif suffix in WORKBOOKS:
        rows = workbook_rows(path, on_bad, progress)
    else:
        raise FileError(
            path, f"unknown kind of file {suffix or '(no ending)'}", "CSV, TSV, XLSX and JSONL are read: save it as one of these"
        )
    return (item for item in rows if item[0] > after_line)


def encoding_of(path: Path) -> str:
    """The encoding of the whole file, read once in pieces: by its mark, else UTF-8 where all of it is, else GB18030, else ``FileError``."""
    with path.open("rb") as file:
        head = file.read(4)
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            file.seek(0)
            if _decodes(file, "utf-16"):
                return "utf-16"
            raise FileError(path, "marked as UTF-16 but broken", "save it as UTF-8")
        if head.startswith(b"PK\x03\x04"):
            raise FileError(path, "this is a packed file, not a table", "give XLSX files the ending .xlsx")
        for encoding in ("utf-8", "gb18030"):
            file.seek(0)
            if _decodes(file, encoding):
                return encoding
    raise FileError(path, "neither UTF-8 nor GB18030", "save it as UTF-8")


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(1 << 20):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(header: str) -> str:
    outside = "".join(header.split('"')[::2])
    counts = {mark: outside.count(mark) for mark in (",", "\t", ";", "|")}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def header_of(path: Path) -> list[str]:
    """The column names as ``read_rows`` gives them; empty for JSONL. Raises ``FileError``."""
    names: list[str] = []
    suffix = path.suffix.lower()
    if suffix in LINES:
        return names
    rows = _table if suffix in TABLES else workbook_rows
    for _ in rows(path, _nothing, _nothing, names.extend):
        break
    return names


def _lines_of(file: TextIO, on_long: Callable[[], None]) -> Iterator[str]:
    """The lines of a file, none longer than can be meant: a file without line breaks must not come into memory whole."""
    while line := file.readline(MOST_LINE_BYTES):
        if len(line) >= MOST_LINE_BYTES and not line.endswith(("\n", "\r")):
            while (more := file.readline(MOST_LINE_BYTES)) and not more.endswith(("\n", "\r")):
                pass
            on_long()
            line = "\n"
        yield line


def _table(
    path: Path, on_bad: Callable[[BadLine], None], progress: Progress, on_header: Callable[[list[str]], None] = _nothing
) -> Iterator[tuple[int, dict[str, Any]]]:
    encoding = encoding_of(path)
    size = path.stat().st_size
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as file:
        # A workbook's "sep=;" line tells the separator and is no header.
        first = file.readline(MOST_HEADER_CHARACTERS)
        told = first[4:5] if first[:4].lower() == "sep=" else ""
        header = file.readline(MOST_HEADER_CHARACTERS) if told else first
        delimiter = told or _delimiter(header)
        file.seek(0)
        csv.field_size_limit(MOST_FIELD_CHARACTERS)
        long = f"longer than {MOST_LINE_BYTES >> 20} MB"
        reader = csv.reader(_lines_of(file, lambda: on_bad(BadLine(reader.line_num + 1, long))), delimiter=delimiter)
        heading = Heading(path, on_bad, on_header)
        while True:
            start = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                lines = f"lines {start} to {reader.line_num} were read as one field"
                on_bad(BadLine(start, f"not readable as CSV ({error}; {lines}): an opening quotation mark without a closing one?"))
                continue
            if not any(cell.strip() for cell in cells) or (told and start == 1):
                continue
            yield from heading.take(start, cells)
            progress(min(raw.tell(), size), size)
        yield from heading.rest()
        if not heading.names:
            raise FileError(path, "no header line", "the first line names the columns")


def _lines(path: Path, on_bad: Callable[[BadLine], None], progress: Progress) -> Iterator[tuple[int, dict[str, Any]]]:
    encoding = encoding_of(path)
    if encoding == "utf-16":
        raise FileError(path, "JSONL in UTF-16", "save it as UTF-8")
    size, done, number = path.stat().st_size, 0, 0
    with path.open("rb") as file:
        while line := file.readline(MOST_LINE_BYTES):
            number, done = number + 1, done + len(line)
            if len(line) >= MOST_LINE_BYTES and not line.endswith(b"\n"):
                while (more := file.readline(MOST_LINE_BYTES)) and not more.endswith(b"\n"):
                    done += len(more)
                on_bad(BadLine(number, f"longer than {MOST_LINE_BYTES >> 20} MB"))
                continue
            text = line.decode(encoding).removeprefix("\ufeff").strip() if encoding != "utf-8" else line.strip()
            if not text:
                continue
            try:
                value = decode_once(text)
            except ShapeError as error:
                on_bad(BadLine(number, str(error)))
                continue
            except orjson.JSONDecodeError:
                on_bad(BadLine(number, "not a JSON value: one whole object a line is expected"))
                continue
            if not isinstance(value, dict):
                on_bad(BadLine(number, "a JSON object is expected"))
                continue
            yield number, value
            progress(done, size)
