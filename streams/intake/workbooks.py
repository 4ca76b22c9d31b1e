"""XLSX workbooks: checked before they are opened, read row by row; merged cells say the same in every row they span.

What a workbook computes is read as the value it last stored. A row with a formula that stores none (written by a program that computes
nothing) is set aside, for what it leaves out would be taken for not said.
"""

from __future__ import annotations

import math
import re
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string
from openpyxl.utils.exceptions import InvalidFileException

from streams.intake.headings import MOST_COLUMNS, BadLine, FileError, Heading, Progress

MOST_UNPACKED_BYTES = 1 << 30
#: Everything but the sheets comes into memory whole (shared texts, styles).
MOST_PART_BYTES = 100 << 20
MOST_PACKING = 300  # unpacked to packed; ordinary workbooks stay under 50
MOST_MERGED = 200_000
_ERRORS = ("#REF", "#N/A", "#VALUE", "#DIV/0", "#NAME", "#NULL", "#NUM")
_PIECE = 1 << 20
_MERGED = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_NOT_COMPUTED = re.compile(rb'<c\b[^>]*\br="[A-Z]+(\d+)"[^>]*>\s*<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v>\s*</v>|<v\s*/>)?\s*</c>')


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
        kept = text[max(last, len(text) - 4096) :]
    for spans in found.down.values():
        spans.sort()
    return found


def _check(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise FileError(path, "not an XLSX workbook", "open it and save it as .xlsx (old .xls files too)") from None
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED_BYTES or unpacked > MOST_PACKING * max(path.stat().st_size, 1 << 16):
        raise FileError(path, f"unpacks to {unpacked >> 20} MB", "save it as CSV, or in several files")
    whole = max((part.file_size for part in parts if not part.filename.startswith(("xl/worksheets/", "xl/media/"))), default=0)
    if whole > MOST_PART_BYTES:
        raise FileError(path, f"{whole >> 20} MB of shared texts", "save it as CSV, or in several files")


def workbook_rows(
    path: Path, on_bad: Callable[[BadLine], None], progress: Progress, on_header: Callable[[list[str]], None] = lambda names: None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number, row) of the first sheet that has a table; raises ``FileError`` where the workbook cannot be read at all."""
    _check(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile, SyntaxError, TypeError, IndexError, AttributeError) as error:
        raise FileError(path, f"not a readable workbook ({type(error).__name__})", "open it and save it again as .xlsx") from None
    try:
        if not book.worksheets:
            raise FileError(path, "no sheet in the workbook", "put the table on the first sheet")
        for sheet in book.worksheets:
            heading = Heading(path, on_bad, on_header, titled=True)
            try:
                yield from _sheet_rows(sheet, heading, on_bad, progress)
                yield from heading.rest()
            except (KeyError, ValueError, zipfile.BadZipFile, SyntaxError, TypeError, EOFError, OSError) as error:
                if not heading.names:
                    raise FileError(path, f"not a readable sheet ({type(error).__name__})", "open it and save it again as .xlsx") from None
                on_bad(BadLine(0, f"the sheet breaks off ({type(error).__name__}); the rows before were read"))
            if heading.names:
                return
        raise FileError(path, "no header row", "the first row with several cells names the columns")
    finally:
        book.close()


def _sheet_rows(
    sheet: Any, heading: Heading, on_bad: Callable[[BadLine], None], progress: Progress
) -> Iterator[tuple[int, dict[str, Any]]]:
    total = sheet.max_row or 0
    sheet.reset_dimensions()  # what the file claims of its size is often wrong
    with sheet._get_source() as source:
        scanned = _scan(source)
    carried: dict[int, tuple[tuple[int, int], str]] = {}  # column -> (span, its text)
    for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), start=1):
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
