"""Two postings called one opening are one (98 of 100), on labelled pairs of the real files; what is missed is counted, not demanded."""

from __future__ import annotations

from matcher.near_duplicates import blocks, may_be_same, same_opening, signature, tail
from tests.quality.real_rows import labels, posting

PRECISION, RECALL = 0.98, 0.85


def compared() -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The labelled pairs that were rightly called the same, wrongly called so, and missed (also by blocking)."""
    right: list[tuple[str, ...]] = []
    wrong: list[tuple[str, ...]] = []
    missed: list[tuple[str, ...]] = []
    for label in labels("pair_labels.csv"):
        a, b = posting(label["file"], int(label["row"])), posting(label["other_file"], int(label["other_row"]))
        met = set(blocks(a)) & set(blocks(b)) and may_be_same(tail(signature(a)), tail(signature(b)))
        called = bool(met) and same_opening(a, b).same
        place = tuple(label.values())[:4]
        if label["same"] == "yes":
            (right if called else missed).append(place)
        elif called:
            wrong.append(place)
    return right, wrong, missed


def test_what_is_called_one_opening_is_one() -> None:
    right, wrong, missed = compared()
    assert len(right) >= 100
    assert len(right) >= PRECISION * (len(right) + len(wrong)), wrong
    assert len(right) >= RECALL * (len(right) + len(missed)), missed
