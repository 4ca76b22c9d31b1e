"""Evaluation sets from the given reference data, split by a hash of the query so that what tunes and what tests never meet.

Nothing here ships with the product's tables; a missing reference folder is a FileNotFoundError naming it.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from matcher.titles import essence

FILES = ("postings_public_service", "postings_shanxi", "postings_commercial_sample", "postings_51job_by_major")


@dataclass(frozen=True, slots=True)
class ReferencePosting:
    platform: str
    title: str
    employer: str
    description: str


@cache
def postings(shared: Path) -> tuple[ReferencePosting, ...]:
    """All reference postings with a title, in file order; the description may be empty."""
    out: list[ReferencePosting] = []
    for name in FILES:
        with (shared / "data" / "dev" / f"{name}.csv").open(encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                if row["title"].strip():
                    out.append(
                        ReferencePosting(row.get("platform") or name, row["title"].strip(), row["company"], row["description"] or "")
                    )
    return tuple(out)


def is_testing(key: str) -> bool:
    """Whether a query belongs to the testing half: by the first byte of its SHA-256, so that no order or seed matters."""
    return hashlib.sha256(essence(key).encode()).digest()[0] % 2 == 1
