"""Dated figures that the policies refer to and do not state: minimum wages, the local 低保 standard, the surveyed unemployment target; and
how many internship posts a place is to recruit in a year, where the five documents give no number.

One CSV file a figure, all but the surveys of pay with the columns ``code,from,to,value,source,source_date``. They ship with their header
only: a figure from memory would be worse than none. Whoever operates the exchange enters what was published and gives the folder as a
setting; where no row is in force, whoever needs the figure says so.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property
from importlib import resources

from matcher import pay_surveys
from matcher.places import covers, level_of, regions

NATION = "100000"
COLUMNS = ("code", "from", "to", "value", "source", "source_date")
_NEAREST = {"county": 0, "city": 1, "province": 2}


@dataclass(frozen=True)
class Table:
    """A figure's name for readers, its unit, the greatest value that can be meant, whether one value holds for the whole country, whether a
    condition or an amount reads it."""

    title: str
    unit: str
    most: Decimal
    national: bool = False
    read_by_policies: bool = True


TABLES: dict[str, Table] = {
    "minimum_wage_month": Table("月最低工资标准", "元", Decimal(100_000)),
    "minimum_wage_hour": Table("小时最低工资标准", "元", Decimal(1_000)),
    "local_dibao_standard": Table("最低生活保障标准", "元", Decimal(100_000)),
    "surveyed_unemployment_target": Table("全国城镇调查失业率控制目标", "%", Decimal(100), national=True),
    # Beside a number of posts on a page of staff's; no benefit depends on it.
    "internship_post_target": Table("就业见习岗位年度募集目标", "个", Decimal(1_000_000), read_by_policies=False),
}


@dataclass(frozen=True)
class Dated:
    """A value in force in ``code`` from ``from_`` to ``to`` (both included; None: until something else is said), and who published it."""

    code: str
    from_: date
    to: date | None
    value: Decimal
    source: str
    source_date: date
    line: int = 0

    def holds_for(self, code: str, day: date) -> bool:
        here = self.code == NATION or (code != NATION and covers(self.code, code))
        return here and self.from_ <= day and (self.to is None or day <= self.to)


class FiguresError(ValueError):
    """A table that cannot be used; ``faults`` are lines "file, line n, column: what is wrong"."""

    def __init__(self, faults: list[str]):
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True, eq=False)
class Figures:
    """The tables by name, and what pay surveys say (``matcher.pay_surveys``), which no policy reads."""

    tables: Mapping[str, tuple[Dated, ...]]
    surveys: tuple[pay_surveys.SurveyedPay, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is a figure that a condition or an amount could read; asked for every amount of every pair."""
        return self._any

    @cached_property
    def _any(self) -> bool:
        return any(rows for _, rows in self._read_by_policies)

    @property
    def _read_by_policies(self) -> list[tuple[str, tuple[Dated, ...]]]:
        return [(name, rows) for name, rows in sorted(self.tables.items()) if TABLES[name].read_by_policies]

    def in_force(self, name: str, code: str, day: date) -> Dated | None:
        """The row of the place itself, else of its city, else of its province; None where nobody has entered one."""
        rows = [row for row in self.tables.get(name, ()) if row.holds_for(code, day)]
        return min(rows, key=lambda row: 3 if row.code == NATION else _NEAREST[level_of(row.code)], default=None)

    def of_year(self, name: str, code: str, year: int) -> Dated | None:
        """The row of this very place that holds on the year's last day: the province's target is not that of each of its counties."""
        last = date(year, 12, 31)
        return next((row for row in self.tables.get(name, ()) if row.code == code and row.holds_for(code, last)), None)

    @cached_property
    def digest(self) -> str:
        """Changes with any value that policies read; empty without one."""
        lines = [f"{name}|{row}" for name, rows in self._read_by_policies for row in rows]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8] if lines else ""


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if len(text) != 10:
        raise ValueError(text)
    return day


def _row_faults(name: str, row: dict[str, str]) -> Iterator[str]:
    table = TABLES[name]
    code = row["code"]
    if table.national and code != NATION:
        yield f"code: {NATION} expected, one figure holds for the whole country"
    elif not table.national and code not in regions():
        yield f"code: {code!r} is no province, city or county of the table of regions"
    for column in ("from", "to", "source_date"):
        if column == "to" and not row[column]:
            continue
        try:
            _day(row[column])
        except ValueError:
            yield f"{column}: a date such as 2026-01-01 expected{' (or nothing: no end is known)' if column == 'to' else ''}"
    try:
        value = Decimal(row["value"])
        if not (value.is_finite() and 0 < value <= table.most):
            raise InvalidOperation
    except InvalidOperation:
        yield f"value: a number above 0 and at most {table.most} ({table.unit}) expected"
    if not row["source"]:
        yield "source: the document that states the figure expected; a figure without its source is not used"


def read_table(name: str, text: str, file: str | None = None) -> tuple[Dated, ...]:
    """The rows of one figure's CSV text. Raises ``FiguresError`` with file, line and column of every fault."""
    file = file or f"{name}.csv"
    if name not in TABLES:
        raise FiguresError([f"{file}: no such figure; there are {', '.join(f'{known}.csv' for known in (*TABLES, pay_surveys.NAME))}"])
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = [column.strip() for column in next(reader, [])]
    if sorted(header) != sorted(COLUMNS):
        raise FiguresError([f"{file}, line 1: the columns {','.join(COLUMNS)} expected"])
    faults: list[str] = []
    rows: list[Dated] = []
    for cells in reader:
        line = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            faults.append(f"{file}, line {line}: {len(header)} columns expected, {len(cells)} found")
            continue
        row = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
        wrong = list(_row_faults(name, row))
        faults += [f"{file}, line {line}, {fault}" for fault in wrong]
        if wrong:
            continue
        to = _day(row["to"]) if row["to"] else None
        made = Dated(row["code"], _day(row["from"]), to, Decimal(row["value"]), row["source"], _day(row["source_date"]), line)
        if to is not None and to < made.from_:
            faults.append(f"{file}, line {line}, to: before from")
            continue
        rows.append(made)
    faults += [f"{file}, line {fault}" for fault in _overlaps(rows)]
    if faults:
        raise FiguresError(faults)
    return tuple(rows)


def _overlaps(rows: list[Dated]) -> Iterator[str]:
    by_code: defaultdict[str, list[Dated]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.from_):
        before = by_code[row.code][-1] if by_code[row.code] else None
        if before is not None and (before.to is None or before.to >= row.from_):
            yield f"{row.line}, from: line {before.line} is still in force in {row.code} on {row.from_}; give that line its last day"
        by_code[row.code].append(row)


def read_tables(files: Mapping[str, str]) -> Figures:
    """Figures from the texts of CSV files, by file name or path; a figure without a file has no rows.

    Raises ``FiguresError`` with every fault of every file.
    """
    tables: dict[str, tuple[Dated, ...]] = {}
    surveys: tuple[pay_surveys.SurveyedPay, ...] = ()
    faults: list[str] = []
    for file, text in sorted(files.items()):
        name = file.rpartition("/")[2].removesuffix(".csv")
        if name == pay_surveys.NAME:
            surveys, wrong = pay_surveys.read_surveys(text, file)
            faults += wrong
            continue
        try:
            tables[name] = read_table(name, text, file)
        except FiguresError as error:
            faults += error.faults
    if faults:
        raise FiguresError(faults)
    return Figures(tables, surveys)


@cache
def shipped() -> Figures:
    """The shipped tables: their headers only."""
    folder = resources.files("matcher.tables") / "figures"
    names = (*TABLES, pay_surveys.NAME)
    return read_tables({f"{name}.csv": (folder / f"{name}.csv").read_text(encoding="utf-8") for name in names})


_given: list[Figures] = []


def current() -> Figures:
    """The tables this process works with: those that ``use`` was given, else the shipped ones."""
    return _given[0] if _given else shipped()


def use(figures: Figures | None) -> None:
    """Set the process's tables, once, before the first question; None: the shipped ones. Called where settings are read."""
    _given[:] = [] if figures is None else [figures]
