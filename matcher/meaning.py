"""What a title or a description is about, as 96 small integers: so that 带孩子的阿姨 finds 育婴员 though they share no character.

A bag of tokens: each token has one vector for titles and one for descriptions, learned together so that a title lies near the
descriptions of
its own work and near other names of it (infra/make_tables_meaning.py; tables/meaning.npz holds tokens and vectors, no sentence). A
title's or
text's vector is the sum over its tokens, scaled to length; everything after the table is integers, so that sums do not depend on
their order.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compiled import compiled

# A meaning has this Euclidean length at most: its dot product with another, divided by LENGTH squared, is the cosine.
LENGTH = 1000
_STEPS = np.array([round(8 * (1 + math.log(count))) for count in range(1, 65)], np.int64)

Vector = npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Table:
    numbers: dict[str, int]
    titles: npt.NDArray[np.int8]
    texts: npt.NDArray[np.int8]
    title_scales: npt.NDArray[np.int32]
    text_scales: npt.NDArray[np.int32]


_instead: bytes | None = None


def use_table(content: bytes | None) -> None:
    """For evaluation only: read vectors from these bytes of an .npz instead of the shipped table; None goes back to it."""
    global _instead
    _instead = content
    _table.cache_clear()
    meaning_of_words.cache_clear()


@cache
def _table() -> _Table:
    content = _instead or resources.files("matcher.tables").joinpath("meaning.npz").read_bytes()
    stored = np.load(io.BytesIO(content), allow_pickle=False)
    words = bytes(stored["tokens"]).decode("utf-8").split("\n")
    return _Table(
        {word: number for number, word in enumerate(words)},
        stored["titles"],
        stored["texts"],
        stored["title_scales"],
        stored["text_scales"],
    )


def dimensions() -> int:
    """How many numbers a meaning has."""
    return int(_table().titles.shape[1])


@compiled
def _scaled_sum(rows: Any, counts: Any, steps: Any, vectors: Any, scales: Any, longest: int) -> Any:  # pragma: no cover - compiled
    """The sum of these rows of ``vectors``, each times its scale and the step of its count, scaled to ``longest``; whole numbers."""
    total = np.zeros(vectors.shape[1], np.int64)
    for place in range(rows.size):
        row = rows[place]
        weight = steps[min(counts[place], steps.size) - 1] * scales[row]
        for at in range(total.size):
            total[at] += weight * vectors[row, at]
    square = (total * total).sum()
    length = np.int64(np.sqrt(float(square)))
    while length * length > square:  # the root of a float can be one off; this is the whole root
        length -= 1
    while (length + 1) * (length + 1) <= square:
        length += 1
    # Towards zero, so that no vector is longer than ``longest``.
    return (np.sign(total) * (np.abs(total) * longest // (length + 1))).astype(np.int32)


def _summed(counts: Mapping[str, int], vectors: npt.NDArray[np.int8], scales: npt.NDArray[np.int32]) -> Vector:
    numbers = _table().numbers
    known = [(numbers[token], count) for token, count in counts.items() if token in numbers]
    if not known:
        return np.zeros(vectors.shape[1], np.int32)
    found = np.array(known, np.int64)
    scaled: Vector = _scaled_sum(found[:, 0].copy(), found[:, 1].copy(), _STEPS, vectors, scales, LENGTH)
    return scaled


def meaning_of_title(counts: Mapping[str, int]) -> Vector:
    """The meaning of a cleaned title's tokens (token -> count): int32, shape (dimensions,), length at most LENGTH; zeros when none is
    known."""
    table = _table()
    return _summed(counts, table.titles, table.title_scales)


@lru_cache(maxsize=20_000)  # half a kB each; a search reads a thousand titles, most of them met before
def meaning_of_words(tokens: tuple[str, ...]) -> Vector:
    """``meaning_of_title`` of tokens that occur once each; not to be written to."""
    found = meaning_of_title(dict.fromkeys(tokens, 1))
    found.flags.writeable = False
    return found


def meaning_of_text(counts: Mapping[str, int]) -> Vector:
    """The meaning of a description's tokens (token -> count): int32, shape (dimensions,), length at most LENGTH; zeros when none is
    known."""
    table = _table()
    return _summed(counts, table.texts, table.text_scales)


@compiled
def _scaled_sums(
    starts: Any, numbers: Any, counts: Any, rows_of: Any, steps: Any, vectors: Any, scales: Any, longest: int
) -> Any:  # pragma: no cover - compiled
    out = np.zeros((starts.size - 1, vectors.shape[1]), np.int32)
    for text in range(starts.size - 1):
        rows, said = np.empty(starts[text + 1] - starts[text], np.int64), np.empty(starts[text + 1] - starts[text], np.int64)
        known = 0
        for place in range(starts[text], starts[text + 1]):
            row = rows_of[numbers[place]]
            if row >= 0:
                rows[known], said[known] = row, counts[place]
                known += 1
        if known > 0:
            out[text] = _scaled_sum(rows[:known], said[:known], steps, vectors, scales, longest)
    return out


def meanings_of_texts(tokens: Sequence[str], starts: npt.NDArray[Any], numbers: npt.NDArray[Any], counts: npt.NDArray[Any]) -> Vector:
    """``meaning_of_text`` of many descriptions, int32 of shape (texts, dimensions). Text ``i`` holds the tokens of the numbers from
    ``starts[i]`` up to ``starts[i + 1]``, each as often as ``counts`` says."""
    table = _table()
    rows = np.fromiter((table.numbers.get(token, -1) for token in tokens), np.int64, len(tokens))
    found: Vector = _scaled_sums(starts, numbers, counts, rows, _STEPS, table.texts, table.text_scales, LENGTH)
    return found
