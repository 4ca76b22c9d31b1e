"""XLSX workbooks: checked before they are opened, read row by row; merged cells say the same in every row they span.

What a workbook computes is read as the value it last stored. A row with a formula that stores none (written by a program that computes
nothing) is set aside, for what it leaves out would be taken for not said.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string
from openpyxl.utils.exceptions import InvalidFileException

from streams.intake.headings import MOST_COLUMNS, BadLine, FileError, Heading, Progress

MOST_UNPACKED_BYTES = 1 << 30
#: Everything but the sheets comes into memory whole: shared texts, and much dearer what is made into objects (styles, names, relations).
MOST_PART_BYTES = 100 << 20
MOST_OBJECTS_BYTES = 4 << 20
_OBJECTS = re.compile(r"(?:xl/(?:styles|workbook|theme)|docProps/|\[Content_Types\]|.*\.rels$)", re.IGNORECASE)
#: A sheet is read row by row, so a row is what comes into memory whole.
MOST_ROW_BYTES = 4 << 20
_ROW = re.compile(rb"<(?:\w{1,30}:)?row\b")
_ENCODED = re.compile(rb"<\?xml\b[^>]{0,200}\bencoding\s{0,9}=\s{0,9}[\"']([^\"'>]{1,40})")
MOST_PACKING = 300  # unpacked to packed; ordinary workbooks stay under 50
MOST_MERGED = 200_000
MOST_ROWS = 1 << 20  # of all sheets together, as many as one sheet may have; a number beyond it costs a turn for each row left out
_ERRORS = ("#REF", "#N/A", "#VALUE", "#DIV/0", "#NAME", "#NULL", "#NUM")
_PIECE = 1 << 20
#: What unpacking and parsing raise for bytes that are no workbook; encrypted and oddly packed ones are NotImplementedError, RuntimeError.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
# What may repeat is bounded and may not hold another tag: a sheet of nothing but "<c " would keep a looser pattern busy for days.
_IN_TAG = rb"[^<>]{0,300}"
_MERGED = re.compile(rb"<mergeCell\b" + _IN_TAG + rb'\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_NOT_COMPUTED = re.compile(
    rb"<c\b" + _IN_TAG + rb'\br="[A-Z]{1,3}(\d{1,7})"' + _IN_TAG + rb">\s{0,99}<f\b" + _IN_TAG + rb"(?:/>|>[^<]{0,8192}</f>)\s{0,99}"
    rb"(?:<v>\s{0,99}</v>|<v\s{0,99}/>)?\s{0,99}</c>"
)


def cell_text(value: Any) -> str:
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
    return "" if text.startswith("#") and text.rstrip("!?").upper() in _ERRORS else text


@dataclass
class _Scanned:
    """What only the sheet's own XML says: cells that span rows, and rows with formulas that store no value."""

    down: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # column from 0 -> (first row, last row), ascending
    not_computed: set[int] = field(default_factory=set)

    def span_of(self, column: int, row: int) -> tuple[int, int] | None:
        spans = self.down.get(column)
        if not spans:
            return None
        at = bisect_right(spans, (row, 1 << 30)) - 1
        return spans[at] if at >= 0 and spans[at][0] <= row <= spans[at][1] else None


def _scan(source: IO[bytes]) -> _Scanned:
    """One pass over a sheet, in pieces; what a piece cuts in two is seen with the next."""
    found = _Scanned()
    kept, merged = b"", 0
    while piece := source.read(_PIECE):
        text = kept + piece
        last = 0
        for match in _NOT_COMPUTED.finditer(text):
            found.not_computed.add(int(match[1]))
            last = match.end()
        for match in _MERGED.finditer(text):
            first_column, first_row, last_column, last_row = match.groups()
            last = max(last, match.end())
            if first_row != last_row and first_column == last_column and merged < MOST_MERGED:
                merged += 1
                found.down.setdefault(column_index_from_string(first_column.decode()) - 1, []).append((int(first_row), int(last_row)))
        kept = text[max(last, len(text) - 16384) :]  # a whole cell with the longest formula there is
    for spans in found.down.values():
        spans.sort()
    return found


def _bound_rows(source: IO[bytes], path: Path) -> None:
    """Raises ``FileError`` for a sheet with a row without end."""
    kept, since_row, plain = b"", 0, True
    while piece := source.read(_PIECE):
        text = kept + piece
        plain = plain and _is_plain(text, beginning=not kept)
        rows = [match.start() for match in _ROW.finditer(text)] if plain else []
        since_row = len(text) - rows[-1] if rows else since_row + len(piece)
        if since_row > MOST_ROW_BYTES or any(after - before > MOST_ROW_BYTES for before, after in pairwise(rows)):
            raise FileError(path, f"a row of more than {MOST_ROW_BYTES >> 20} MB", "save it as CSV")
        kept = text[-64:]  # a tag that a piece cuts in two


def _is_plain(text: bytes, *, beginning: bool) -> bool:
    """Whether a tag in the text is a tag to whoever parses it: no comment, entity or other encoding makes it something else."""
    encoded = _ENCODED.match(text.removeprefix(b"\xef\xbb\xbf")) if beginning else None
    return b"<!" not in text and b"\x00" not in text and (encoded is None or encoded[1].lower() in (b"utf-8", b"us-ascii"))


def _check(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
            _check_sizes(path, parts)
            for part in parts:
                # Before it is opened: its size is looked up there by parsing all of it.
                if part.filename.startswith("xl/worksheets/") and part.file_size > MOST_ROW_BYTES:
                    with packed.open(part) as source:
                        _bound_rows(source, path)
    except FileError:
        raise
    except _DAMAGED:
        raise FileError(path, "not an XLSX workbook", "open it and save it as .xlsx (old .xls files too)") from None


def _check_sizes(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED_BYTES or unpacked > MOST_PACKING * max(path.stat().st_size, 1 << 16):
        raise FileError(path, f"unpacks to {unpacked >> 20} MB", "save it as CSV, or in several files")
    whole = max((part.file_size for part in parts if not part.filename.startswith(("xl/worksheets/", "xl/media/"))), default=0)
    if whole > MOST_PART_BYTES:
        raise FileError(path, f"{whole >> 20} MB of shared texts", "save it as CSV, or in several files")
    objects = max((part.file_size for part in parts if _OBJECTS.match(part.filename)), default=0)
    if objects > MOST_OBJECTS_BYTES:
        raise FileError(path, f"{objects >> 20} MB of styles or names", "save it as CSV")


def workbook_rows(
    path: Path, on_bad: Callable[[BadLine], None], progress: Progress, on_header: Callable[[list[str]], None] = lambda names: None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number, row) of the first sheet that has a table; raises ``FileError`` where the workbook cannot be read at all."""
    _check(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (*_DAMAGED, InvalidFileException, AttributeError) as error:
        raise FileError(path, f"not a readable workbook ({type(error).__name__})", "open it and save it again as .xlsx") from None
    left = _Left(MOST_ROWS)
    try:
        if not book.worksheets:
            raise FileError(path, "no sheet in the workbook", "put the table on the first sheet")
        for sheet in book.worksheets:
            heading = Heading(path, on_bad, on_header, titled=True)
            try:
                yield from _sheet_rows(sheet, heading, on_bad, progress, left)
                yield from heading.rest()
            except _DAMAGED as error:
                if not heading.names:
                    raise FileError(path, f"not a readable sheet ({type(error).__name__})", "open it and save it again as .xlsx") from None
                on_bad(BadLine(0, f"the sheet breaks off ({type(error).__name__}); the rows before were read"))
            if heading.names:
                return
        raise FileError(path, "no header row", "the first row with several cells names the columns")
    finally:
        book.close()


@dataclass
class _Left:
    """How many rows may still be read of a workbook."""

    rows: int


def _sheet_rows(
    sheet: Any, heading: Heading, on_bad: Callable[[BadLine], None], progress: Progress, left: _Left
) -> Iterator[tuple[int, dict[str, Any]]]:
    total = sheet.max_row or 0
    sheet.reset_dimensions()  # what the file claims of its size is often wrong
    with sheet._get_source() as source:
        scanned = _scan(source)
    carried: dict[int, tuple[tuple[int, int], str]] = {}  # column -> (span, its text)
    for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), start=1):
        if left.rows == 0:
            on_bad(BadLine(number, f"a workbook is read up to {MOST_ROWS} rows, empty ones included; send the rest in another file"))
            return
        left.rows -= 1
        if values.count(None) == len(values) and not scanned.down and number not in scanned.not_computed:
            progress(number, max(total, number))
            continue
        cells = [cell_text(value).strip() for value in values]
        for column in scanned.down:
            span = scanned.span_of(column, number)
            if span is None or column > MOST_COLUMNS:
                continue
            if number == span[0]:
                carried[column] = (span, cells[column] if column < len(cells) else "")
            elif column in carried and carried[column][0] == span and heading.begun:
                cells.extend([""] * (column + 1 - len(cells)))
                cells[column] = cells[column] or carried[column][1]
        if number in scanned.not_computed and heading.begun:
            on_bad(BadLine(number, "formulas without a stored value: open the file in a spreadsheet program and save it, or paste values"))
            continue
        yield from heading.take(number, cells)
        progress(number, max(total, number))
