"""No sentence of a real posting is in the sample: no run of twelve Chinese characters occurs in the real files."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.sample import generate
from infra.sample.tables import names, phrases, trades

RUN = 12
FILES = (
    "postings_public_service.csv", "postings_shanxi.csv", "postings_commercial_sample.csv", "postings_taiyuan_zhilian_2019.csv",
    "postings_51job_by_major.csv",
)  # fmt: skip


def real_files() -> list[Path]:
    folder = Path(os.environ.get("GONGQIAO_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "dev"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the real postings are not at {folder}; set GONGQIAO_SHARED")
        pytest.skip(f"no real postings at {folder}")
    return [folder / name for name in FILES]


def bare(text: str) -> str:
    """Chinese characters alone: punctuation, digits and line breaks inside a copied sentence do not hide it."""
    return re.sub(r"[^一-鿿]", "", text)


def runs(text: str) -> Iterator[str]:
    return (text[start : start + RUN] for start in range(len(text) - RUN + 1))


@pytest.fixture(scope="module")
def real_runs() -> set[str]:
    found: set[str] = set()
    csv.field_size_limit(10_000_000)
    for path in real_files():
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                for name in ("title", "description"):
                    found.update(runs(bare(row.get(name) or "")))
    return found


def test_the_check_would_notice_a_copied_sentence(real_runs):
    with real_files()[0].open(encoding="utf-8-sig", newline="") as file:
        text = next(bare(row["description"]) for row in csv.DictReader(file) if len(bare(row["description"])) > 60)
    assert any(run in real_runs for run in runs("岗位" + text[10:40]))


def test_no_run_of_a_generated_posting_occurs_in_a_real_one(real_runs):
    copied = {}
    for seed in (2026, 7):
        for row in generate(seed=seed, people=1).postings:
            for text in (row["title"], row["description"]):
                for run in runs(bare(text)):
                    if run in real_runs:
                        copied[run] = row["posting_id"]
    assert not copied


def test_no_sentence_part_occurs_in_a_real_posting(real_runs):
    def leaves(value):
        if isinstance(value, str):
            yield value
        else:
            for item in value.values() if isinstance(value, dict) else value:
                yield from leaves(item)

    parts = [*leaves(dict(phrases())), *leaves(dict(names()))]
    parts += [part for trade in trades() for part in (*trade.duties, *trade.titles, *trade.spoken)]
    assert not [part for part in parts if any(run in real_runs for run in runs(bare(part)))]
