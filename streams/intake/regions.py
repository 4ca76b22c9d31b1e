"""What is a region's business, asked of the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_

from matcher.places import level_of


def lies_in(column: ColumnElement[Any], region: str) -> ColumnElement[bool]:
    """Whether the place in this column lies in a region: a province by two digits, a city by four; without a place it is the province's
    business."""
    level = level_of(region)
    if level == "province":
        return or_(column.like(f"{region[:2]}%"), column.is_(None))
    return column.like(f"{region[:4]}%") if level == "city" else column == region
