"""What is held for its words is rightly held (95 of 100), and little that should be is missed (90 of 100), on labelled real rows."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from streams.intake.rules import holds
from tests.quality.real_rows import Drawn, draw_holds, draw_rare_holds, labels, posting

PRECISION, RECALL = 0.95, 0.9
#: Rules about the employer's papers, which no text can tell.
PAPERS = {"employer_unverified", "agency_licence", "minimum_wage"}
FILES = {"hold_labels.csv": draw_holds, "hold_labels_rare.csv": draw_rare_holds}


def found(file: str, row: int) -> set[str]:
    return {hold.rule for hold in holds(posting(file, row), as_of=date(2026, 11, 20), verified_sender=True)} - PAPERS


def compared(name: str) -> tuple[Counter[str], list[tuple[str, int, str, str]]]:
    """(right, missed and wrong counted, each difference as file, row, what, rule) over the rules of every labelled row."""
    counts, differences = Counter[str](), []
    for label in labels(name):
        file, row, expected = label["file"], int(label["row"]), set(label["rules"].split())
        held = found(file, row)
        counts["right"] += len(held & expected)
        for what, names in (("missed", expected - held), ("wrong", held - expected)):
            counts[what] += len(names)
            differences += [(file, row, what, rule) for rule in sorted(names)]
    return counts, differences


@pytest.mark.parametrize("name", FILES)
def test_the_labelled_rows_are_the_drawn_ones(name: str) -> None:
    drawn = FILES[name]()
    assert [(label["file"], int(label["row"])) for label in labels(name)] == [(item.file, item.row) for item in drawn]
    assert len({Drawn(item.file, item.row, "") for item in drawn}) == len(drawn)


@pytest.mark.parametrize("name", FILES)
def test_holds_are_right_and_complete(name: str) -> None:
    counts, differences = compared(name)
    assert counts["right"] >= PRECISION * (counts["right"] + counts["wrong"]), differences
    assert counts["right"] >= RECALL * (counts["right"] + counts["missed"]), differences
