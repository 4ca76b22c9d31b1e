"""A mapping proposed for the real files finds their columns and takes in their rows."""

from __future__ import annotations

from itertools import islice

import pytest

from streams.intake.files import header_of, read_rows
from streams.intake.suggestion import SAMPLE, suggest
from tests.quality.real_rows import BY_MAJOR, COMMERCIAL, PUBLIC, SHANXI, TAIYUAN, folder

_ALL = {"title", "employer.name", "region", "pay", "description"}
FOUND = {
    PUBLIC: {*_ALL, "source_id", "address", "location", "education_min", "experience_years_min", "skills", "published_at"},
    SHANXI: {*_ALL, "source_id", "address", "location", "education_min", "experience_years_min", "skills", "published_at"},
    COMMERCIAL: {*_ALL, "source_id", "address", "location", "education_min", "experience_years_min", "skills", "published_at"},
    TAIYUAN: {*_ALL, "education_min", "experience_years_min", "headcount"},
    BY_MAJOR: _ALL,
}


@pytest.mark.parametrize("file", FOUND)
def test_what_is_proposed_for_a_real_file_can_be_used(file: str) -> None:
    path = folder() / f"{file}.csv"
    made = suggest(header_of(path), [row for _, row in islice(read_rows(path), SAMPLE)])
    assert made.kind == "postings"
    assert set(made.fields) >= FOUND[file]
    assert made.taken >= 0.98 * made.rows, made.faults
    assert sum(made.questions.values()) <= 0.1 * made.rows, made.questions
