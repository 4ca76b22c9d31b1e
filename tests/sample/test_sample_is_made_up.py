"""No sentence of a real posting is in the sample: no run of twelve Chinese characters occurs in the real files."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.sample import generate
from infra.sample.tables import names, phrases, trades
from tests.reference_data import reference_data

RUN = 12
FILES = (
    "postings_public_service.csv", "postings_shanxi.csv", "postings_commercial_sample.csv", "postings_taiyuan_zhilian_2019.csv",
    "postings_51job_by_major.csv",
)  # fmt: skip


def real_files() -> list[Path]:
    return [reference_data("data", "dev", name) for name in FILES]


def bare(text: str) -> str:
    """Chinese characters alone: punctuation, digits and line breaks inside a copied sentence do not hide it."""
    return re.sub(r"[^一-鿿]", "", text)


def runs(text: str) -> Iterator[str]:
    return (text[start : start + RUN] for start in range(len(text) - RUN + 1))


def real_texts() -> Iterator[str]:
    csv.field_size_limit(10_000_000)
    for path in real_files():
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                for name in ("title", "description"):
                    yield bare(row.get(name) or "")


def sample_texts() -> Iterator[str]:
    for seed in (2026, 7):
        for row in generate(seed=seed, people=1).postings:
            yield bare(row["title"])
            yield bare(row["description"])


def part_texts() -> Iterator[str]:
    def leaves(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        else:
            for item in value.values() if isinstance(value, dict) else value:
                yield from leaves(item)

    for part in (*leaves(phrases()), *leaves(names())):
        yield bare(part)
    for trade in trades():
        for part in (*trade.duties, *trade.titles, *trade.spoken):
            yield bare(part)


def copied(ours: Iterable[str]) -> set[str]:
    """Runs of our texts that occur in a real posting. Only ours are kept in memory: the real files have ten million."""
    own = {run for text in ours for run in runs(text)}
    return {run for text in real_texts() for run in runs(text) if run in own}


def test_the_check_would_notice_a_copied_sentence():
    text = next(text for text in real_texts() if len(text) > 60)
    assert copied(["岗位" + text[10:40]])


def test_no_run_of_the_sample_or_its_parts_occurs_in_a_real_posting():
    assert not copied([*sample_texts(), *part_texts()])
