"""The two real files go through: at most 5 % rejected, at most 15 % held, Guangdong stays in Guangdong. Skipped where they are absent."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from matcher.masking import mask
from matcher.shapes import Posting, ShapeError, read_posting
from streams.intake.files import read_rows
from streams.intake.mapping import load_mapping
from streams.intake.rules import holds
from tests.reference_data import reference_data


def postings(name: str) -> tuple[list[Posting], Counter[str]]:
    mapping, read, rejected = load_mapping(name), [], Counter[str]()
    for line, row in read_rows(reference_data("data", "dev", f"{name}.csv")):
        try:
            read.append(read_posting(mapping.apply(row).value | {"posting_id": f"{name}-{line}"}))
        except ShapeError as error:
            rejected[str(error)] += 1
    return read, rejected


@pytest.mark.parametrize("name", ["postings_shanxi", "postings_public_service"])
def test_at_most_one_row_in_twenty_is_rejected_and_most_are_published(name: str) -> None:
    read, rejected = postings(name)
    assert rejected.total() <= 0.05 * (len(read) + rejected.total()), rejected
    held = sum(bool(holds(posting, as_of=date(2026, 11, 20), verified_sender=True)) for posting in read)
    assert held <= 0.15 * len(read)
    # Something is held: the words of the rules do occur.
    assert held > 0.01 * len(read)


def test_every_posting_of_the_shanxi_file_has_its_place_in_shanxi() -> None:
    read, _ = postings("postings_shanxi")
    assert all(posting.region is not None and posting.region.startswith("14") for posting in read)
    assert sum(posting.region is not None and not posting.region.endswith("00") for posting in read) > 0.85 * len(read)


def test_a_guangdong_region_never_becomes_shanxi() -> None:
    mapping = load_mapping("postings_public_service")
    for line, row in read_rows(reference_data("data", "dev", "postings_public_service.csv")):
        if str(row.get("region", "")).startswith("广东"):
            assert str(mapping.apply(row).value.get("region")).startswith("44"), line


def test_masked_descriptions_lose_nothing_more() -> None:
    """Telephones are masked in the file already, so what masking still takes would be something else (pay, a code)."""
    read, _ = postings("postings_shanxi")
    taken = [posting.posting_id for posting in read if mask(posting.description or "").found]
    assert len(taken) <= 2
