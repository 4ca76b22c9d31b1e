"""From rows of cells to rows by column name: where a table begins, one heading row or two, which rows are no data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_COLUMNS = 1_000
#: Rows before the heading (a title, who filled it in, the date) are looked through so far.
MOST_TITLE_ROWS = 10

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


_TOTAL = re.compile(r"(?:本页|本表|全部|以上)?(?:合计|总计|小计|共计|累计|总数)[:：]?(?:\d[\d.,]*(?:人|个|元|名)?)?")
# Under a heading that spans several columns these say nothing without it: 薪资待遇 over 最低 and 最高.
_DEPENDENT = re.compile(r"最低|最高|下限|上限|起|止|从|至|到|男|女|开始|结束|起始|截止|名称|数量|金额|单位|姓名|电话|备注|其他")
_FORMULA = re.compile(r'^="(.*)"$', re.DOTALL)  # ="00123": how a workbook keeps a number as text in CSV


def _plain(cell: str) -> str:
    return re.sub(r"\s+", "", cell)


def is_total(cells: Sequence[str]) -> bool:
    """Whether a row adds up what stands above it: its first filled cell says 合计, 小计, 总计 …"""
    first = next((cell for cell in cells if cell), "")
    return _TOTAL.fullmatch(_plain(first)) is not None


def spans(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the second row goes on with the heading: under headings that span several columns it names each of them, and under the
    others it names none (or the same again)."""
    width = max(len(first), len(second))
    over = [*first, *[""] * (width - len(first))]
    under = [*second, *[""] * (width - len(second))]
    if any(re.fullmatch(r"[\d.,\-/%:]+", cell) for cell in under if cell):
        return False
    spanned: set[int] = set()
    at = 0
    while at < width:
        end = at + 1
        while end < width and over[at] and not over[end] and under[end]:
            end += 1
        if end - at > 1:
            if not under[at]:
                return False
            spanned.update(range(at, end))
        at = end
    return bool(spanned) and all(not under[at] or under[at] == over[at] for at in range(width) if at not in spanned)


def joined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """One name for each column of a heading of two rows: the lower one where it speaks for itself, else both (薪资待遇-最低)."""
    width = max(len(first), len(second))
    over = [*first, *[""] * (width - len(first))]
    under = [*second, *[""] * (width - len(second))]
    names: list[str] = []
    above = ""
    for one, two in zip(over, under, strict=True):
        above = one or (above if two else "")
        alone = two and two not in over and under.count(two) == 1 and not _DEPENDENT.fullmatch(two)
        names.append(one if not two or two == one else two if alone else f"{above}-{two}" if above else two)
    return names


def numbered(cells: Sequence[str]) -> list[str]:
    """Column names: tidy, never empty, a repeated one numbered."""
    names: list[str] = []
    count: dict[str, int] = {}
    for place, cell in enumerate(cells, start=1):
        name = " ".join(cell.replace("\ufeff", "").split())[:200] or f"column_{place}"
        count[name] = count.get(name, 0) + 1
        names.append(name if count[name] == 1 else f"{name}#{count[name]}")
    return names


class Heading:
    """Takes a table's rows one by one; answers those that are data, by column name."""

    def __init__(self, path: Path, on_bad: Callable[[BadLine], None], on_names: Callable[[list[str]], None], *, titled: bool = False):
        """``on_names``: told the column names once they are known. ``titled``: rows with one filled cell may stand above the heading, as in
        workbooks."""
        self.path, self.on_bad, self.on_names, self.titled = path, on_bad, on_names, titled
        self.names: list[str] = []
        self._first: tuple[int, list[str]] | None = None
        self._heading: list[tuple[str, ...]] = []

    @property
    def begun(self) -> bool:
        """Whether the heading's first row was seen."""
        return self._first is not None

    def take(self, number: int, cells: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        tidy = [cell.strip() for cell in cells]
        while tidy and not tidy[-1]:
            tidy.pop()
        if not tidy:
            return
        if self.names:
            yield from self._data(number, tidy)
        elif self._first is None:
            if not self.titled:
                tidy = [*tidy, *[""] * (min(len(cells), MOST_COLUMNS) - len(tidy))]  # a column may have no name and still hold something
            # A title merged across the top fills one cell; the heading is the first row with at least two.
            if not self.titled or sum(1 for cell in tidy if cell) >= 2 or number > MOST_TITLE_ROWS:
                self._first = (number, tidy)
        else:
            line, first = self._first
            two = spans(first, tidy)
            self._named(line, joined(first, tidy) if two else first, [first, tidy] if two else [first])
            if not two:
                yield from self._data(number, tidy)

    def rest(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """After the last row: a table may have nothing but its heading."""
        if not self.names and self._first is not None:
            self._named(*self._first, [self._first[1]])
        yield from ()

    def _named(self, line: int, cells: list[str], rows: list[list[str]]) -> None:
        if len(cells) > MOST_COLUMNS:
            self.on_bad(
                BadLine(line, f"{len(cells)} columns: the first {MOST_COLUMNS} are read; check the separator, remove unused columns")
            )
        self.names = numbered(cells[:MOST_COLUMNS])
        self._heading = [tuple(row) for row in rows]
        self._wide = len(cells) > MOST_COLUMNS
        self.on_names(self.names)

    def _data(self, number: int, cells: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        if is_total(cells) or tuple(cells) in self._heading:
            return  # what adds up, and the heading repeated on every printed page
        if len(cells) > len(self.names) and not self._wide and any(cells[len(self.names) :]):
            self.on_bad(BadLine(number, f"{len(cells)} fields, the header has {len(self.names)}: a separator or quotation mark too many"))
            return
        row = {name: found[1] if (found := _FORMULA.match(text)) else text for name, text in zip(self.names, cells, strict=False) if text}
        if any("\ud800" <= letter <= "\udfff" for text in row.values() for letter in text):
            self.on_bad(BadLine(number, "broken characters (lone surrogates)"))
            return
        yield number, row
