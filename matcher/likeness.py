"""How alike the work of a posting and the work a person wishes for are: 0 to 1000, the same from the readable form and from the index.

Four readings of the pair, each in thousandths:

- ``title``: tokens both titles share, weighted by rarity squared; cosine, and how much of the wish the posting's title contains;
- ``kinship``: what occupations both titles (or the posting's code) mean, and how near these are in the classification of 2022;
- ``described``: how much of the wish, by pairs and words, the posting's description contains;
- ``meaning``: how alike the learned meanings are (matcher/meaning.py), for other words for the same work.

Joined so that any strong reading suffices and none takes away (a "noisy or"): see ``joined``. Protected words (女, 宝妈, 35岁以下, 未婚,
户籍) and noise (急聘, 双休, places) are dropped before anything is compared. Weights ship with the product, so the result never depends on
other postings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from matcher.majors import MOST_CONCEPTS_A_WISH, concepts_of_wish, job_words
from matcher.meaning import Vector, meaning_of_text, meaning_of_words
from matcher.occupations import SAME, SAME_MAJOR, SAME_MID, SAME_MINOR, concepts, concepts_of_title, kinship_thousandths, occupation
from matcher.text import tokens, tokens_of_normalised, without_protected
from matcher.titles import essence
from matcher.weights import text_weight, title_squares

# What a full reading alone is worth, thousandths: the same occupation under another name nearly as much as the same title, a mention less.
KINSHIP_WORTH = 880
DESCRIBED_WORTH = 300
MEANING_WORTH = 700
# A posting's own title still speaks beside its stated code, which employers choose carelessly.
TITLE_BESIDE_CODE = 800
_MILLION = 1_000_000

Ints = npt.NDArray[np.int64]


@lru_cache(maxsize=200_000)
def _title_tokens(title: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tokens(essence(title))))


def _wish_tokens(title: str) -> tuple[str, ...]:
    return _title_tokens(job_words(title))


@lru_cache(maxsize=4096)
def _text_tokens(text: str) -> Counter[str]:
    return Counter(tokens_of_normalised(without_protected(text)))


@lru_cache(maxsize=20_000)
def _weighed(title: str) -> tuple[dict[str, int], int]:
    """The squared weight of each of a title's tokens, and their sum."""
    weights = title_squares()
    squares = {token: weights[token] for token in _title_tokens(title)}
    return squares, sum(squares.values())


def _meaning_of_wish(title: str) -> Vector:
    return meaning_of_words(_wish_tokens(title))


@lru_cache(maxsize=64)  # asked for twice when a posting comes: people are looked for, and it takes its place among the postings
def _meaning_of_posting(title: str, text: str | None) -> Vector:
    """The mean of the title's and the description's meaning; of one alone where the other says nothing."""
    of_title = meaning_of_words(_title_tokens(title))
    if not text:
        return of_title
    of_text = meaning_of_text(_text_tokens(text))
    if of_title.any() and of_text.any():
        return (of_title + of_text) // 2
    return of_title + of_text


def posting_concepts(title: str, code: str | None) -> tuple[tuple[int, int], ...]:
    """(number of the concept, confidence in thousandths) of a posting: its stated code in full, what its title means beside it."""
    meant = concepts_of_title(title)
    stated = occupation(code)
    if stated is None:
        return meant
    return ((_concept_numbers()[stated.code], 1000), *((number, sure * TITLE_BESIDE_CODE // 1000) for number, sure in meant))


@cache
def _groups() -> tuple[Ints, ...]:
    """Per concept a number for its 大类, 中类, 小类 and itself; families without a class have numbers of their own."""
    names = concepts()
    levels = []
    for length in (1, 4, 7, 10):
        keys = [name if name[0] == "=" else name[:length] for name in names]
        seen: dict[str, int] = {}
        levels.append(np.array([seen.setdefault(key, len(seen)) for key in keys], np.int64))
    return tuple(levels)


@cache
def _concept_numbers() -> dict[str, int]:
    return {name: number for number, name in enumerate(concepts())}


def nearness(meant: Sequence[tuple[int, int]]) -> Ints:
    """Per concept how near the nearest of the meant ones (number, confidence in thousandths) is, times its confidence: 0 to 1000."""
    out = np.zeros(len(concepts()), np.int64)
    for number, confidence in meant:
        np.maximum(out, _near(number) * confidence // 1000, out=out)
    return out


@lru_cache(maxsize=512)  # 13 kB each
def _near(number: int) -> Ints:
    near = np.zeros(len(concepts()), np.int64)
    for worth, level in zip((SAME_MAJOR, SAME_MID, SAME_MINOR, SAME), _groups(), strict=True):
        near[level == level[number]] = worth
    return near


def joined(title: int, kin: int, described: int, meaning: int) -> int:
    """The four readings as one, thousandths: 1000 less what each leaves open of what the others left.

    >>> joined(1000, 0, 0, 0), joined(0, 1000, 0, 0), joined(0, 0, 0, 0), joined(500, 500, 0, 0)
    (1000, 880, 0, 720)
    """
    left = (1000 - title) * _MILLION
    for worth, reading in ((KINSHIP_WORTH, kin), (DESCRIBED_WORTH, described), (MEANING_WORTH, meaning)):
        left = left * (_MILLION - worth * reading) // _MILLION
    return 1000 - left // _MILLION


def title_reading(posting_title: str, wish_title: str) -> int:
    """How much the two titles' tokens agree, 0 to 1000."""
    (ours, own), (theirs, wished) = _weighed(posting_title), _weighed(job_words(wish_title))
    shared = sum(square for token, square in theirs.items() if token in ours)
    if shared == 0:
        return 0
    return int((0.6 * (shared / np.sqrt(float(own * wished))) + 0.4 * (shared / wished)) * 1000 + 1e-9)


def kinship_reading(posting_title: str, posting_code: str | None, wish_title: str) -> int:
    """How near the occupations both mean are, 0 to 1000, confidence included."""
    wished = concepts_of_wish(wish_title)
    meant = posting_concepts(posting_title, posting_code) if wished else ()
    best = 0
    for other, wish in wished:
        near = _near_to(other)
        for one, sure in meant:
            best = max(best, near[one] * sure // 1000 * wish // 1000)
    return best


@lru_cache(maxsize=512)
def _near_to(number: int) -> tuple[int, ...]:
    """``nearness`` of this concept alone, as whole numbers of Python: one is read in a tenth of the time of an array's."""
    return tuple(_near(number).tolist())


def described_reading(posting_text: str | None, wish_title: str) -> int:
    """How much of the wish's pairs and words the posting's description contains, 0 to 1000, by weight."""
    if not posting_text:
        return 0
    said = _text_tokens(posting_text)
    wished = [token for token in _wish_tokens(wish_title) if len(token) > 1]
    whole = sum(text_weight(token) for token in wished)
    return 1000 * sum(text_weight(token) for token in wished if token in said) // whole if whole else 0


def meaning_reading(posting_title: str, posting_text: str | None, wish_title: str) -> int:
    """How alike the meanings are, 0 to 1000: the fourth power of their cosine, so that the vaguely alike count for little."""
    ours, theirs = _meaning_of_posting(posting_title, posting_text), _meaning_of_wish(wish_title)
    cosine = max(0, int(np.dot(ours, theirs)))  # millionths; whole numbers far from what 32 bits hold (LENGTH squared)
    square = cosine * cosine // _MILLION
    return min(1000, square * square // _MILLION // 1000)


def likeness(posting_title: str, posting_text: str | None, posting_code: str | None, wish_title: str) -> int:
    """How alike the posting's work and the wished-for work are: whole thousandths, 0 to 1000. Text and code may be None; deterministic."""
    return joined(
        title_reading(posting_title, wish_title),
        kinship_reading(posting_title, posting_code, wish_title),
        described_reading(posting_text, wish_title),
        meaning_reading(posting_title, posting_text, wish_title),
    )


def same_trade(title_a: str, title_b: str) -> bool | None:
    """Whether two titles are of the same or a near trade (same 小类, or nearly the same words); None when either cannot be placed at all.

    Contract: years of experience in the same or a near trade add up, entries without comparable trade are unknown.
    """
    if title_reading(title_a, title_b) >= 600 or title_reading(title_b, title_a) >= 600:
        return True
    a, b = concepts_of_title(title_a), concepts_of_title(title_b)
    if not a or not b:
        return None
    names = concepts()
    return any(kinship_thousandths(names[x], names[y]) >= 600 for x, sure_x in a for y, sure_y in b if sure_x >= 500 and sure_y >= 500)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _product(left: Any, right: Any) -> Any:  # pragma: no cover - compiled
    """Exact whatever the order of summing, which lets it be vectorised: whole numbers whose sums stay under 2 to the 24th (LENGTH
    squared)."""
    total = np.float32(0)
    for place in range(left.size):
        total += np.float32(left[place]) * np.float32(right[place])
    return total


@numba.njit(cache=True, nogil=True)
def _scores(
    starts: Any, entries: Any, norms: Any, wholes: Any, meanings: Any, sureness: Any, vectors: Any,
    gains: Any, own: int, near: Any, vector: Any, kinship_worth: int, described_worth: int, meaning_worth: int,
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    million = 1_000_000
    count = norms.size
    out = np.empty(count, np.int16)
    for row in range(count):
        both = 0
        for entry in range(starts[row], starts[row + 1]):
            both += gains[entries[entry]]
        # Two sums in one: reading the table once a token halves the time.
        shared = both >> 32
        said = both & 0xFFFFFFFF
        left = 1000 * million
        if shared > 0:
            agreed = 0.6 * (shared / np.sqrt(float(own * norms[row]))) + 0.4 * (shared / norms[row])
            left = (1000 - int(agreed * 1000 + 1e-9)) * million
        kin = 0
        for place in range(meanings.shape[1]):
            if meanings[row, place] >= 0:
                kin = max(kin, near[meanings[row, place]] * sureness[row, place] // 1000)
        if kin > 0:
            left = left * (million - kinship_worth * kin) // million
        if said > 0:
            left = left * (million - described_worth * (1000 * said // wholes[row])) // million
        cosine = int(_product(vectors[row], vector))
        if cosine > 0:
            square = cosine * cosine // million
            meaning = min(1000, square * square // million // 1000)
            left = left * (million - meaning_worth * meaning) // million
        out[row] = 1000 - left // million
    return out


class _Grown:
    """An integer array that grows at its end without being copied each time."""

    def __init__(self, dtype: npt.DTypeLike, width: int = 0) -> None:
        self._width = width
        self._array = np.zeros((1024, width) if width else 1024, dtype)
        self.size = 0

    def extend(self, values: npt.ArrayLike, count: int) -> None:
        while self.size + count > self._array.shape[0]:
            self._array = np.concatenate([self._array, np.zeros_like(self._array)])
        self._array[self.size : self.size + count] = values
        self.size += count

    @property
    def view(self) -> npt.NDArray[Any]:
        return self._array[: self.size]


class TitleIndex:
    """Distinct wished-for titles, scored all at once: ``scores`` gives for every title what ``likeness`` gives for it alone."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._vocabulary: dict[str, int] = {}
        self._starts = _Grown(np.int32)
        self._starts.extend(0, 1)
        self._entries = _Grown(np.int32)
        self._norms = _Grown(np.int64)
        self._wholes = _Grown(np.int64)
        self._meanings = _Grown(np.int32, MOST_CONCEPTS_A_WISH)
        self._sureness = _Grown(np.int32, MOST_CONCEPTS_A_WISH)
        self._vectors: _Grown | None = None

    def __len__(self) -> int:
        return self._norms.size

    def add(self, title: str) -> int:
        """The title's number in ``scores``; the same title again gives the same number."""
        known = self._numbers.get(title)
        if known is not None:
            return known
        unique = _wish_tokens(title)
        self._entries.extend([self._vocabulary.setdefault(token, len(self._vocabulary)) for token in unique], len(unique))
        self._starts.extend(self._entries.size, 1)
        self._norms.extend(sum(map(title_squares().__getitem__, unique)), 1)
        self._wholes.extend(sum(text_weight(token) for token in unique if len(token) > 1), 1)
        meant = list(concepts_of_wish(title))
        padded = meant + [(-1, 0)] * (MOST_CONCEPTS_A_WISH - len(meant))
        self._meanings.extend([number for number, _ in padded], 1)
        self._sureness.extend([confidence for _, confidence in padded], 1)
        vector = _meaning_of_wish(title)
        if self._vectors is None:  # the table is read with the first title, not when the index is made
            self._vectors = _Grown(np.int16, vector.size)
        self._vectors.extend(vector, 1)
        number = len(self._numbers)
        self._numbers[title] = number
        return number

    def scores(self, posting_title: str, posting_text: str | None, posting_code: str | None) -> npt.NDArray[np.int16]:
        """Likeness of every title added so far to one posting: int16 thousandths, shape (number of titles,), in order of adding."""
        if self._vectors is None:
            return np.zeros(0, np.int16)
        gains = np.zeros(max(1, len(self._vocabulary)), np.int64)
        own = 0
        for token in _title_tokens(posting_title):
            square = title_squares()[token]
            own += square
            number = self._vocabulary.get(token)
            if number is not None:
                gains[number] = square << 32
        for token in _text_tokens(posting_text) if posting_text else ():
            number = self._vocabulary.get(token)
            if number is not None and len(token) > 1:
                gains[number] += text_weight(token)
        found: npt.NDArray[np.int16] = _scores(
            self._starts.view, self._entries.view, self._norms.view, self._wholes.view, self._meanings.view, self._sureness.view,
            self._vectors.view, gains, own, nearness(posting_concepts(posting_title, posting_code)),
            _meaning_of_posting(posting_title, posting_text).astype(np.int16), KINSHIP_WORTH, DESCRIBED_WORTH, MEANING_WORTH,
        )  # fmt: skip
        return found
