"""What lies in a region, asked of the database. Codes nest by their digits: 140000 the province, 140100 the city, 140105 the county."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_

from matcher.places import level_of


def within(column: ColumnElement[Any], region: str) -> ColumnElement[bool]:
    """Whether the place in this column lies in a region: a province by two digits, a city by four."""
    level = level_of(region)
    if level == "county":
        return column == region
    return column.like(f"{region[:2] if level == 'province' else region[:4]}%")


def lies_in(column: ColumnElement[Any], region: str) -> ColumnElement[bool]:
    """Whose business it is: what lies within the region; what has no place is the province's."""
    return or_(within(column, region), column.is_(None)) if level_of(region) == "province" else within(column, region)
