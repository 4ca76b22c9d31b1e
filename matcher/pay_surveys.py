"""Pay surveys (企业薪酬调查, 003 八(一)1): what a trade is paid in a place, as whoever made the survey published it.

One CSV file, ``pay_survey.csv`` in the folder of dated figures, shipped with its header only. What is advertised is another source
(``streams.intake.pay_reference``); the two are never mixed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from matcher.occupations import occupations
from matcher.places import regions

NAME = "pay_survey"
COLUMNS = (
    "occupation_code", "region", "from", "to", "lower", "median", "upper", "people", "employers", "source", "source_date",
)  # fmt: skip
#: A cell of fewer people or employers is read and never shown.
LEAST_PEOPLE = 10
LEAST_EMPLOYERS = 5
MOST_YUAN = 1_000_000
_AMOUNTS = ("lower", "median", "upper")
_COUNTS = ("people", "employers")
_DAYS = ("from", "to", "source_date")


@dataclass(frozen=True)
class SurveyedPay:
    """Monthly yuan: lower quartile, median and upper quartile of what ``people`` people of ``employers`` employers were paid, valid from
    ``from_`` to ``to`` (both included; None: until another is said). ``occupation``: a code of the 2022 classification or of a group."""

    occupation: str
    region: str
    from_: date
    to: date | None
    lower: int
    median: int
    upper: int
    people: int
    employers: int
    source: str
    source_date: date

    @property
    def shown(self) -> bool:
        """Whether the cell is large enough to be shown to anybody."""
        return self.people >= LEAST_PEOPLE and self.employers >= LEAST_EMPLOYERS

    def holds_on(self, day: date) -> bool:
        return self.from_ <= day and (self.to is None or day <= self.to)


def in_force(rows: tuple[SurveyedPay, ...], occupation: str, region: str, day: date) -> SurveyedPay | None:
    """The newest survey of this very cell that holds on the day and is large enough; None where there is none."""
    found = [row for row in rows if (row.occupation, row.region) == (occupation, region) and row.shown and row.holds_on(day)]
    return max(found, key=lambda row: (row.from_, row.source_date), default=None)


def read_surveys(text: str, file: str) -> tuple[tuple[SurveyedPay, ...], list[str]]:
    """The rows of the file's text, and its faults as lines "file, line n, column: what is wrong"."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = [column.strip() for column in next(reader, [])]
    if sorted(header) != sorted(COLUMNS):
        return (), [f"{file}, line 1: the columns {','.join(COLUMNS)} expected"]
    faults: list[str] = []
    rows: list[SurveyedPay] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        at = f"{file}, line {reader.line_num}"
        if len(cells) != len(header):
            faults.append(f"{at}: {len(header)} columns expected, {len(cells)} found")
            continue
        row = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
        wrong = list(_faults(row))
        faults += [f"{at}, {fault}" for fault in wrong]
        if not wrong:
            rows.append(_made(row))
    return tuple(rows), faults


def _faults(row: dict[str, str]) -> Iterator[str]:
    code = row["occupation_code"]
    if not _is_occupation(code):
        yield f"occupation_code: {code!r} is no occupation, 小类 or 中类 of the 2022 classification, such as 6-18-02-04, 6-18-02 or 6-18"
    if row["region"] not in regions():
        yield f"region: {row['region']!r} is no province, city or county of the table of regions"
    wrong = [column for column in _DAYS if not (column == "to" and not row[column]) and _day(row[column]) is None]
    yield from (f"{column}: a date such as 2026-01-01 expected" for column in wrong)
    if not wrong and row["to"] and row["to"] < row["from"]:
        yield "to: before from"
    for column, least, most in [(name, 1, MOST_YUAN) for name in _AMOUNTS] + [(name, 1, 1_000_000_000) for name in _COUNTS]:
        number = _whole(row[column])
        if number is None or not least <= number <= most:
            yield f"{column}: a whole number from {least} to {most} expected{' (yuan a month)' if column in _AMOUNTS else ''}"
    amounts = [number for column in _AMOUNTS if (number := _whole(row[column])) is not None]
    if len(amounts) == len(_AMOUNTS) and amounts != sorted(amounts):
        yield "median: lower, median and upper expected in rising order"
    if not row["source"]:
        yield "source: who made the survey expected; a figure without its source is not used"


def _is_occupation(code: str) -> bool:
    """An occupation, or the beginning of one that is a 小类 or 中类."""
    return code in occupations() or (code.count("-") in (1, 2) and any(known.startswith(f"{code}-") for known in occupations()))


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _made(row: dict[str, str]) -> SurveyedPay:
    return SurveyedPay(
        occupation=row["occupation_code"],
        region=row["region"],
        from_=date.fromisoformat(row["from"]),
        to=_day(row["to"]),
        source=row["source"],
        source_date=date.fromisoformat(row["source_date"]),
        **{name: int(row[name]) for name in (*_AMOUNTS, *_COUNTS)},
    )
