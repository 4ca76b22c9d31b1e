"""One wished title against all postings gives the likeness of each pair."""

from __future__ import annotations

import random

import numpy as np

from matcher.likeness import likeness
from matcher.posting_likeness import PostingTitles
from matcher.posting_words import WordsReader
from tests.matcher.made_up_pairs import CODES, DESCRIPTIONS, TITLES, one_of


def test_scores_of_all_postings_are_the_likeness_of_each() -> None:
    draw = random.Random(3)
    postings = [(draw.choice(TITLES), draw.choice(DESCRIPTIONS), one_of(draw, CODES, 0.5)) for _ in range(120)]
    index = PostingTitles()
    for start in range(0, len(postings), 7):
        index.extend(WordsReader().read(postings[start : start + 7]))
    for wish in TITLES:
        assert index.scores(wish).tolist() == [likeness(*posting, wish) for posting in postings], wish


def test_dropped_slots_leave_the_scores_of_the_others() -> None:
    draw = random.Random(4)
    postings = [(draw.choice(TITLES), draw.choice(DESCRIPTIONS), one_of(draw, CODES, 0.5)) for _ in range(60)]
    index = PostingTitles()
    for start in range(0, len(postings), 7):
        index.extend(WordsReader().read(postings[start : start + 7]))
    kept = np.arange(0, 60, 7)
    smaller = index.compacted(kept)
    assert smaller.scores("电焊工").tolist() == index.scores("电焊工")[kept].tolist()
    smaller.extend(WordsReader().read([("电焊工", None, None)]))
    assert smaller.scores("电焊工")[-1] == likeness("电焊工", None, None, "电焊工")
