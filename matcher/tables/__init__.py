"""The tables that ship with the matcher: compact CSV files read once, when first asked for."""

from __future__ import annotations

import csv
import io
from importlib import resources


def rows(name: str) -> list[dict[str, str]]:
    """The rows of ``matcher/tables/NAME.csv`` as dicts of text; callers keep what they make of it (functools.cache)."""
    text = resources.files("matcher.tables").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))
