"""The words of many postings read at once: what ``likeness`` reads of each, to the same numbers in a tenth of the time.

Titles are read once each. Descriptions are nearly all different: they are cut into tokens by compiled code, a block of them in one piece,
and every distinct token of the block becomes a text once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher import likeness as readings
from matcher.compiled import compiled
from matcher.meaning import dimensions, meaning_of_title, meanings_of_texts
from matcher.text import LATIN, without_protected_once
from matcher.weights import title_squares

Array = npt.NDArray[Any]
#: A posting means this many occupations at most: its stated code, and what its title means.
MOST_CONCEPTS = 4


class Holders(NamedTuple):
    """Which postings hold a token: those in ``places`` from ``bounds[i]`` up to ``bounds[i + 1]``, ascending, counted from the block's
    first."""

    tokens: Sequence[str]
    bounds: Array
    places: Array


class Block(NamedTuple):
    """The words of postings, one after another."""

    own: Array  # weight of the title
    meant: Array  # numbers of concepts, -1 behind the last
    sure: Array
    vectors: Array
    by_title: Holders
    by_text: Holders


def padded(meant: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """(concepts, confidences) of ``posting_concepts``, ``MOST_CONCEPTS`` of each."""
    if len(meant) > MOST_CONCEPTS:
        raise ValueError(f"a posting means at most {MOST_CONCEPTS} occupations, not {len(meant)}")
    spare = MOST_CONCEPTS - len(meant)
    return [concept for concept, _ in meant] + [-1] * spare, [confidence for _, confidence in meant] + [0] * spare


class WordsReader:
    """Reads block after block; what titles say is kept from one to the next."""

    def __init__(self) -> None:
        self._tokens: dict[str, int] = {}
        self._titles: dict[str, int] = {}
        self._title_tokens: list[list[int]] = []
        self._owns: list[int] = []
        self._vectors: list[Array] = []
        self._meant: dict[tuple[str, str | None], tuple[list[int], list[int]]] = {}

    def _title(self, title: str) -> int:
        number = self._titles.get(title)
        if number is None:
            number = self._titles[title] = len(self._owns)
            found = readings._title_tokens(title)
            self._title_tokens.append([self._tokens.setdefault(token, len(self._tokens)) for token in found])
            self._owns.append(sum(map(title_squares().__getitem__, found)))
            self._vectors.append(meaning_of_title(dict.fromkeys(found, 1)))
        return number

    def _concepts(self, title: str, code: str | None) -> tuple[list[int], list[int]]:
        found = self._meant.get((title, code))
        if found is None:
            found = self._meant[title, code] = padded(readings.posting_concepts(title, code))
        return found

    def read(self, words: Sequence[tuple[str, str | None, str | None]]) -> Block:
        """The words of postings, given as (title, description, code)."""
        titles = [self._title(title) for title, _, _ in words]
        meant = [self._concepts(title, code) for title, _, code in words]
        starts = np.zeros(len(titles) + 1, np.int64)
        np.cumsum([len(self._title_tokens[number]) for number in titles], out=starts[1:])
        numbers = np.array([token for number in titles for token in self._title_tokens[number]], np.int32)
        names = list(self._tokens)
        by_title = Holders(names, *_grouped(starts, numbers, np.ones(len(names), np.bool_)))
        of_title = np.array([self._vectors[number] for number in titles], np.int32).reshape(len(titles), dimensions())

        tokens, starts, numbers, counts = cut([without_protected_once(text) if text else "" for _, text, _ in words])
        of_text = meanings_of_texts(tokens, starts, numbers, counts)
        # The mean of both, and one alone where the other says nothing (``likeness._meaning_of_posting``).
        both = of_title + of_text
        spoken = of_title.any(axis=1) & of_text.any(axis=1)
        both[spoken] //= 2
        return Block(
            np.array([self._owns[number] for number in titles], np.int64),
            np.array([concepts for concepts, _ in meant], np.int32).reshape(-1, MOST_CONCEPTS),
            np.array([confidences for _, confidences in meant], np.int32).reshape(-1, MOST_CONCEPTS),
            both,
            by_title,
            Holders(tokens, *_grouped(starts, numbers, np.fromiter((len(token) > 1 for token in tokens), np.bool_, len(tokens)))),
        )


def cut(texts: Sequence[str]) -> tuple[list[str], Array, Array, Array]:
    """Normalised texts as (distinct tokens, starts, numbers, counts): text ``i`` holds the tokens of the numbers from ``starts[i]`` up to
    ``starts[i + 1]``, each as often as ``counts`` says. The tokens are those of ``text.tokens``."""
    whole = "\n".join(texts)  # a blank of a normalised text is a space, so no token runs over
    latin: dict[str, int] = {}
    words = np.array([latin.setdefault(word, len(latin)) for word in LATIN.findall(whole)], np.int64)
    codes = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
    ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64) - 1
    keys, starts, numbers, counts, met = _cut(codes, ends, words)
    if met != words.size:
        raise AssertionError(f"{words.size} Latin words, {met} of them met")
    said = list(latin)
    return [_token(key, said) for key in keys.tolist()], starts, numbers, counts


def _token(key: int, latin: list[str]) -> str:
    if key < 0:
        return latin[-1 - key]
    return chr(key) if key < 1 << 21 else chr(key >> 21) + chr(key & 0x1FFFFF)


@compiled
def _grouped(starts: Array, numbers: Array, wanted: Array) -> tuple[Array, Array]:  # pragma: no cover - compiled
    bounds = np.zeros(wanted.size + 1, np.int64)
    for number in numbers:
        if wanted[number]:
            bounds[number + 1] += 1
    for number in range(wanted.size):
        bounds[number + 1] += bounds[number]
    places, free = np.empty(bounds[-1], np.int32), bounds[:-1].copy()
    for text in range(starts.size - 1):
        for place in range(starts[text], starts[text + 1]):
            number = numbers[place]
            if wanted[number]:
                places[free[number]] = text
                free[number] += 1
    return bounds, places


@compiled
def _chinese(code: int) -> bool:  # pragma: no cover - compiled
    return 0x4E00 <= code <= 0x9FFF or code == 0x3007 or 0x3400 <= code <= 0x4DBF or 0x20000 <= code <= 0x3FFFF


@compiled
def _latin(code: int) -> bool:  # pragma: no cover - compiled
    return 97 <= code <= 122 or 48 <= code <= 57


@compiled
def _slot(slots: Array, keys: Array, key: Any) -> Any:  # pragma: no cover - compiled
    """Where the key's number stands, or the free place for it."""
    spread = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    slot = np.int64((spread >> np.uint64(32)) & np.uint64(slots.size - 1))
    while slots[slot] >= 0 and keys[slots[slot]] != key:
        slot = (slot + 1) & (slots.size - 1)
    return slot


@compiled
def _cut(codes: Array, ends: Array, words: Array) -> tuple[Array, Array, Array, Array, int]:  # pragma: no cover - compiled
    """``cut`` on code points; tokens as keys: a character, two of them, or -1 less the number of a Latin word."""
    nothing = np.int64(-1) << 62
    most = 2 * codes.size  # at most two tokens a character
    slots = np.full(1 << 14, -1, np.int32)
    keys, last = np.empty(most, np.int64), np.empty(most, np.int64)
    numbers, counts = np.empty(most, np.int32), np.empty(most, np.int32)
    starts = np.zeros(ends.size + 1, np.int64)
    distinct = size = met = 0
    at = 0
    for text in range(ends.size):
        first, end = size, ends[text]
        while at < end:
            key, more = nothing, nothing
            if _chinese(codes[at]):
                key = codes[at]
                if at + 1 < end and _chinese(codes[at + 1]):
                    more = codes[at] << 21 | codes[at + 1]
                at += 1
            elif _latin(codes[at]):
                while at < end and (_latin(codes[at]) or (codes[at] == 46 and at + 1 < end and _latin(codes[at + 1]))):
                    at += 1
                while at < end and (codes[at] == 43 or codes[at] == 35):
                    at += 1
                if met < words.size:
                    key = -1 - words[met]
                met += 1
            else:
                at += 1
            while key != nothing:
                slot = _slot(slots, keys, key)
                if slots[slot] < 0:
                    slots[slot], keys[distinct], last[distinct] = distinct, key, -1
                    distinct += 1
                number = slots[slot]
                if 2 * distinct > slots.size:
                    slots = np.full(2 * slots.size, -1, np.int32)
                    for known in range(distinct):
                        slots[_slot(slots, keys, keys[known])] = known
                if last[number] < first:  # the text's first of this token
                    last[number], numbers[size], counts[size] = size, number, 0
                    size += 1
                counts[last[number]] += 1
                key, more = more, nothing
        at = end + 1
        starts[text + 1] = size
    return keys[:distinct].copy(), starts, numbers[:size].copy(), counts[:size].copy(), met
