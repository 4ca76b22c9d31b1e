"""Reads the files that sources send: CSV (UTF-8 with and without BOM, UTF-16, GB18030; comma, tab, semicolon), XLSX and JSONL.

``read_rows`` streams: memory is bounded by one row (one field at most 1 MB), except for the shared texts of an XLSX file, whose unpacked
size is limited before it is opened. A bad line never stops the file: it goes to ``on_bad`` and reading goes on.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

MOST_COLUMNS = 1_000
MOST_FIELD_CHARACTERS = 1 << 20
MOST_LINE_BYTES = 8 << 20
MOST_UNPACKED_BYTES = 1 << 30
MOST_PACKING = 300  # unpacked to packed; ordinary workbooks stay under 50
TABLES = (".csv", ".tsv", ".txt")
LINES = (".jsonl", ".ndjson")
WORKBOOKS = (".xlsx",)

Progress = Callable[[int, int], None]  # (done, of) in bytes, or in rows for a workbook


class FileError(ValueError):
    """A file that cannot be read at all: which, why, and what to do."""

    def __init__(self, path: Path, reason: str, advice: str):
        self.path, self.reason, self.advice = path, reason, advice
        super().__init__(f"{path}: {reason}; {advice}")


@dataclass(frozen=True)
class BadLine:
    """One line (or row) that could not be read; ``line`` counts from 1 and includes the header."""

    line: int
    reason: str


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
        rows = _workbook(path, on_bad, progress)
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


def _names(path: Path, cells: list[str]) -> list[str]:
    """Column names: tidy, never empty, a repeated one numbered."""
    if len(cells) > MOST_COLUMNS:
        raise FileError(path, f"{len(cells)} columns, at most {MOST_COLUMNS} are read", "check the separator and remove unused columns")
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = " ".join(cell.replace("\ufeff", "").split()) or f"column_{place}"
        count = sum(1 for known in names if known == name or known.startswith(f"{name}#"))
        names.append(name if count == 0 else f"{name}#{count + 1}")
    return names


def _as_row(names: list[str], cells: list[str]) -> dict[str, Any] | str:
    """The row by column name, or what is wrong with it."""
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        return f"{len(cells)} fields, the header has {len(names)}: a separator or quotation mark too many"
    row = {name: text for name, cell in zip(names, cells, strict=False) if (text := cell.strip())}
    if any("\ud800" <= letter <= "\udfff" for text in row.values() for letter in text):
        return "broken characters (lone surrogates)"
    return row


def _table(path: Path, on_bad: Callable[[BadLine], None], progress: Progress) -> Iterator[tuple[int, dict[str, Any]]]:
    encoding = encoding_of(path)
    size = path.stat().st_size
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as file:
        # A workbook's "sep=;" line tells the separator and is no header.
        first = file.readline(MOST_FIELD_CHARACTERS)
        told = first[4:5] if first[:4].lower() == "sep=" else ""
        header = file.readline(MOST_FIELD_CHARACTERS) if told else first
        delimiter = told or _delimiter(header)
        file.seek(0)
        csv.field_size_limit(MOST_FIELD_CHARACTERS)
        reader = csv.reader(file, delimiter=delimiter)
        names: list[str] = []
        while True:
            start = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                on_bad(BadLine(start, f"not readable as CSV ({error}): an opening quotation mark without a closing one?"))
                continue
            if not any(cell.strip() for cell in cells) or (told and start == 1):
                continue
            if not names:
                names = _names(path, cells)
                continue
            row = _as_row(names, cells)
            if isinstance(row, str):
                on_bad(BadLine(start, row))
            else:
                yield start, row
            progress(min(raw.tell(), size), size)
        if not names:
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
                value = orjson.loads(text)
            except orjson.JSONDecodeError:
                on_bad(BadLine(number, "not a JSON value: one whole object a line is expected"))
                continue
            if not isinstance(value, dict):
                on_bad(BadLine(number, "a JSON object is expected"))
                continue
            yield number, value
            progress(done, size)


def _cell_text(value: Any) -> str:
    """A cell as text: whole numbers without .0, days without midnight, errors (#REF!) as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    text = str(value)
    return (
        "" if text.startswith("#") and text.rstrip("!?").upper() in ("#REF", "#N/A", "#VALUE", "#DIV/0", "#NAME", "#NULL", "#NUM") else text
    )


def _check_packing(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(item.file_size for item in packed.infolist())
    except zipfile.BadZipFile:
        raise FileError(path, "not an XLSX workbook", "open it and save it as .xlsx (old .xls files too)") from None
    if unpacked > MOST_UNPACKED_BYTES or unpacked > MOST_PACKING * max(path.stat().st_size, 1 << 16):
        raise FileError(path, f"unpacks to {unpacked >> 20} MB", "save it as CSV, or in several files")


def _workbook(path: Path, on_bad: Callable[[BadLine], None], progress: Progress) -> Iterator[tuple[int, dict[str, Any]]]:
    _check_packing(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile, SyntaxError) as error:
        raise FileError(path, f"not a readable workbook ({type(error).__name__})", "open it and save it again as .xlsx") from None
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise FileError(path, "no sheet in the workbook", "put the table on the first sheet")
        total = sheet.max_row or 0
        sheet.reset_dimensions()  # what the file claims of its size is often wrong
        names: list[str] = []
        for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), start=1):
            cells = [_cell_text(value).strip() for value in values]
            while cells and not cells[-1]:
                cells.pop()
            filled = sum(1 for cell in cells if cell)
            if filled == 0:
                continue
            if not names:
                # A title merged across the top fills one cell; the header is the first row with at least two.
                if filled >= 2 or number > 10:
                    names = _names(path, cells)
                continue
            row = _as_row(names, cells)
            if isinstance(row, str):
                on_bad(BadLine(number, row))
            elif cells[0] not in ("合计", "总计", "小计"):
                yield number, row
            progress(number, max(total, number))
        if not names:
            raise FileError(path, "no header row", "the first row with several cells names the columns")
    finally:
        book.close()
