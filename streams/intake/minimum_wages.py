"""Minimum wages by region and date: a table that ships with its format and without a figure (E-18: the seeds hold none).

Whoever operates the exchange fills in ``region,from,to,month,hour,source`` from the published notice; a row without a source is refused.
Where no row is in force for the county or its city, the answer is "not checked".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from matcher.places import covers, level_of

_ORDER = {"county": 0, "city": 1, "province": 2}


@dataclass(frozen=True)
class MinimumWage:
    """Yuan a month (full time) and an hour (part time) in force from ``from_`` to ``to`` (both included; None: open)."""

    region: str
    from_: date
    to: date | None
    month: float | None
    hour: float | None
    source: str

    def holds_for(self, region: str, day: date) -> bool:
        return covers(self.region, region) and self.from_ <= day and (self.to is None or day <= self.to)


class MinimumWageError(ValueError):
    """A row of the table that cannot be used: line and reason."""


def read_minimum_wages(text: str) -> tuple[MinimumWage, ...]:
    """The table from its CSV text; raises ``MinimumWageError`` naming the line."""
    wages = []
    for line, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            wage = MinimumWage(
                row["region"],
                date.fromisoformat(row["from"]),
                date.fromisoformat(row["to"]) if row["to"] else None,
                float(row["month"]) if row["month"] else None,
                float(row["hour"]) if row["hour"] else None,
                row["source"].strip(),
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise MinimumWageError(f"line {line}: region,from,to,month,hour,source expected ({error})") from None
        if not wage.source:
            raise MinimumWageError(f"line {line}: a figure without its source (document and article) is not used")
        wages.append(wage)
    return tuple(wages)


@cache
def shipped() -> tuple[MinimumWage, ...]:
    """The shipped table: its header only."""
    return read_minimum_wages(resources.files("streams.intake").joinpath("minimum_wages.csv").read_text(encoding="utf-8"))


def in_force(wages: Iterable[MinimumWage], region: str, day: date) -> MinimumWage | None:
    """The row for the region itself, else its city's, else its province's; None where nobody has entered one."""
    rows = [wage for wage in wages if wage.holds_for(region, day)]
    return min(rows, key=lambda wage: (_ORDER[level_of(wage.region)], -wage.from_.toordinal()), default=None)
