"""Likeness from the person's side: one wished title against every posting at once, with the numbers of ``matcher.likeness``.

Tokens of titles and descriptions are looked up the other way round, from token to postings; what a posting's title means and the vector of
its meaning are kept by posting. A property test holds ``scores`` to ``likeness``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher import likeness as readings
from matcher.columns_storage import Grown
from matcher.compiled import compiled
from matcher.majors import concepts_of_wish
from matcher.occupations import concepts
from matcher.posting_words import MOST_CONCEPTS, Block
from matcher.weights import text_weight, title_squares

Array = npt.NDArray[Any]
product = readings._product


@compiled
def _joined(
    shared: Array, said: Array, own: Array, wished: int, whole: int, meant: Array, sure: Array, near: Array, wish_sure: Array,
    vectors: Array, vector: Array, kinship_worth: int, described_worth: int, meaning_worth: int,
) -> Array:  # fmt: skip  # pragma: no cover - compiled
    million = 1_000_000
    out = np.empty(shared.size, np.int16)
    for row in range(shared.size):
        left = 1000 * million
        if shared[row] > 0:
            agreed = 0.6 * (shared[row] / np.sqrt(float(own[row] * wished))) + 0.4 * (shared[row] / wished)
            left = (1000 - int(agreed * 1000 + 1e-9)) * million
        kin: Any = 0
        for place in range(meant.shape[1]):
            concept = meant[row, place]
            if concept >= 0:
                for wish in range(wish_sure.size):
                    kin = max(kin, near[wish, concept] * sure[row, place] // 1000 * wish_sure[wish] // 1000)
        if kin > 0:
            left = left * (million - kinship_worth * kin) // million
        if said[row] > 0:
            left = left * (million - described_worth * (1000 * said[row] // whole)) // million
        cosine = int(product(vectors[row], vector))
        if cosine > 0:
            square = cosine * cosine // million
            meaning = min(1000, square * square // million // 1000)
            left = left * (million - meaning_worth * meaning) // million
        out[row] = 1000 - left // million
    return out


class PostingTitles:
    """Titles, descriptions and codes of postings by slot. A posting that changes takes a new slot; ``compacted`` drops the old ones."""

    def __init__(self) -> None:
        self.size = 0
        self._by_title: dict[str, Grown] = {}
        self._by_text: dict[str, Grown] = {}
        self._own = Grown(np.int64)
        self._meant: Array = np.full((16, MOST_CONCEPTS), -1, np.int32)
        self._sure: Array = np.zeros((16, MOST_CONCEPTS), np.int32)
        self._vectors: Array | None = None

    def _room(self, width: int, more: int) -> None:
        if self._vectors is None:  # the table of meanings is read with the first posting, not before
            self._vectors = np.zeros((16, width), np.int16)
        if self.size + more > self._meant.shape[0]:
            rows = max(self.size + more, self._meant.shape[0] * 3 // 2)
            spare = rows - self._meant.shape[0]
            self._meant = np.concatenate([self._meant, np.full((spare, MOST_CONCEPTS), -1, np.int32)])
            self._sure = np.concatenate([self._sure, np.zeros((spare, MOST_CONCEPTS), np.int32)])
            self._vectors = np.concatenate([self._vectors, np.zeros((spare, width), np.int16)])

    def extend(self, words: Block) -> None:
        """New slots for postings' words (``posting_words``), in their order."""
        first, count = self.size, words.own.size
        self._room(words.vectors.shape[1], count)
        assert self._vectors is not None
        self._own.extend(words.own)
        self._meant[first : first + count], self._sure[first : first + count] = words.meant, words.sure
        self._vectors[first : first + count] = words.vectors
        for held, found in ((self._by_title, words.by_title), (self._by_text, words.by_text)):
            bounds, slots = found.bounds.tolist(), found.places + np.int32(first)
            for token, start, end in zip(found.tokens, bounds, bounds[1:], strict=False):
                if start == end:
                    continue
                known = held.get(token)
                if known is None:
                    held[token] = Grown.of(slots[start:end])
                else:
                    known.extend(slots[start:end])
        self.size += count

    def scores(self, wish_title: str) -> npt.NDArray[np.int16]:
        """Likeness of every slot to one wished title: int16 thousandths, shape (slots,)."""
        if self._vectors is None:
            return np.zeros(0, np.int16)
        shared, said = np.zeros(self.size, np.int64), np.zeros(self.size, np.int64)
        wished = whole = 0
        for token in readings._wish_tokens(wish_title):
            weight = title_squares()[token]
            wished += weight
            slots = self._by_title.get(token)
            if slots is not None:
                shared[slots.array[: slots.size]] += weight
            if len(token) > 1:
                whole += text_weight(token)
                slots = self._by_text.get(token)
                if slots is not None:
                    said[slots.array[: slots.size]] += text_weight(token)
        meant = concepts_of_wish(wish_title)
        near = np.zeros((max(1, len(meant)), len(concepts())), np.int32)
        for row, (number, _) in enumerate(meant):
            near[row] = readings._near(number)
        found: npt.NDArray[np.int16] = _joined(
            shared, said, self._own.array, wished, whole, self._meant[: self.size], self._sure, near,
            np.array([confidence for _, confidence in meant], np.int64), self._vectors,
            readings._meaning_of_wish(wish_title).astype(np.int16),
            readings.KINSHIP_WORTH, readings.DESCRIBED_WORTH, readings.MEANING_WORTH,
        )  # fmt: skip
        return found

    def compacted(self, kept: Array) -> PostingTitles:
        """The same with only the slots of ``kept`` (ascending), numbered anew from 0."""
        fresh = PostingTitles()
        number = np.full(self.size, -1, np.int32)
        number[kept] = np.arange(kept.size, dtype=np.int32)
        for mine, theirs in ((self._by_title, fresh._by_title), (self._by_text, fresh._by_text)):
            for token, slots in mine.items():
                found = number[slots.array[: slots.size]]
                found = found[found >= 0]
                if found.size:
                    theirs[token] = Grown.of(found)
        fresh.size = int(kept.size)
        fresh._own.reserve(kept.size)
        fresh._own.array[: kept.size] = self._own.array[kept]
        fresh._own.size = kept.size
        spare = max(0, 16 - kept.size)
        fresh._meant = np.concatenate([self._meant[kept], np.full((spare, MOST_CONCEPTS), -1, np.int32)])
        fresh._sure = np.concatenate([self._sure[kept], np.zeros((spare, MOST_CONCEPTS), np.int32)])
        if self._vectors is not None:
            fresh._vectors = np.concatenate([self._vectors[kept], np.zeros((spare, self._vectors.shape[1]), np.int16)])
        return fresh
