"""Compiled scans over every person: the best rows for a posting, and a posting offered to every person's own list."""

from __future__ import annotations

from typing import Any

import numpy as np

from matcher.columns_kernel import Array, fetch, judge, sieve
from matcher.compiled import compiled

#: The largest number of a posting in a packed key.
LAST = 0xFFFFFFFF
#: Rows judged before their keys are looked at; their keys stay in the nearest cache.
BLOCK = 4096


@compiled
def _worse(names: Array, starts: Array, lengths: Array, key: int, row: int, other_key: int, other: int) -> bool:  # pragma: no cover
    """Whether (key, row) comes after the other: a lower key, or the same key and a later id."""
    if key != other_key:
        return key < other_key
    start, begin = starts[row], starts[other]
    length, size = lengths[row], lengths[other]
    for place in range(min(length, size)):
        a, b = names[start + place], names[begin + place]
        if a != b:
            return a > b  # type: ignore[no-any-return]
    return length > size  # type: ignore[no-any-return]


@compiled
def _push(names: Array, starts: Array, lengths: Array, keys: Array, rows: Array, held: int, key: int, row: int) -> None:  # pragma: no cover
    """Adds (key, row) to a heap of ``held`` entries, the worst on top."""
    child = held
    while child > 0:
        parent = (child - 1) // 2
        if not _worse(names, starts, lengths, key, row, keys[parent], rows[parent]):
            break
        keys[child], rows[child] = keys[parent], rows[parent]
        child = parent
    keys[child], rows[child] = key, row


@compiled
def _sift(names: Array, starts: Array, lengths: Array, keys: Array, rows: Array, held: int, key: int, row: int) -> None:  # pragma: no cover
    """Puts (key, row) in the place of the top of the heap."""
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= held:
            break
        if child + 1 < held and _worse(names, starts, lengths, keys[child + 1], rows[child + 1], keys[child], rows[child]):
            child += 1
        if not _worse(names, starts, lengths, keys[child], rows[child], key, row):
            break
        keys[hole], rows[hole] = keys[child], rows[child]
        hole = child
    keys[hole], rows[hole] = key, row


@compiled
def best_rows(
    wished: Array, floors: Array, traits: Array, people: Array, pool: Array, limits: Array, posting: Array, scores: Array,
    standings: Array, skill_masks: Array, certificate_masks: Array, regions: Array, groups: Array, steps: Array,
    evidence_each: Any, regions_each: Any, by_posting: bool, names: Array, starts: Array, lengths: Array, top: int,
) -> tuple[Array, Array, int]:  # fmt: skip  # pragma: no cover - compiled
    """(keys, rows, how many rows are not blocked): the best ``top`` rows, ties by id.

    People for one posting go by band, priority and score; with ``by_posting``, postings for one person by score.
    """
    keys = np.empty(top, np.int32)
    rows = np.empty(top, np.int32)
    held = 0
    unblocked = 0
    total = posting.size if by_posting else people.size
    block = np.empty(BLOCK, np.int32)
    marks, passed, everybody = np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.int64), np.empty(0, np.int64)
    details = np.empty((0, 11), np.int32)
    for first in range(0, total, BLOCK):
        size = min(BLOCK, total - first)
        picked = everybody
        if not by_posting:
            size = sieve(wished, floors, traits, posting, first, size, marks, passed)
            if size == 0:
                continue
            picked = passed[:size]
            block[0] = fetch(people, pool, picked) & 1
        unblocked += judge(
            people, pool, limits, posting, scores, standings, skill_masks, certificate_masks, regions, groups, steps,
            evidence_each, regions_each, by_posting, first, picked, block[:size], details,
        )  # fmt: skip
        for index in range(size):
            key = block[index]
            if key < 0:
                continue
            if by_posting:
                key &= 1023
            row = first + index if by_posting else picked[index]
            if held < top:
                _push(names, starts, lengths, keys, rows, held, key, row)
                held += 1
            elif top > 0 and key >= keys[0] and _worse(names, starts, lengths, keys[0], rows[0], key, row):
                _sift(names, starts, lengths, keys, rows, held, key, row)
    for last in range(held - 1, 0, -1):
        key, row = keys[last], rows[last]
        keys[last], rows[last] = keys[0], rows[0]
        _sift(names, starts, lengths, keys, rows, last, key, row)
    return keys[:held], rows[:held], unblocked


@compiled
def offer(
    wished: Array, floors: Array, traits: Array, people: Array, pool: Array, limits: Array, posting: Array, scores: Array,
    standings: Array, skill_masks: Array, certificate_masks: Array, regions: Array, groups: Array, steps: Array,
    evidence_each: Any, regions_each: Any, number: int, heaps: Array, held: Array,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Offers posting ``number`` to everybody it is open to; each row of ``heaps`` keeps its best, the worst of them first."""
    top = heaps.shape[1]
    offered = 0
    block = np.empty(BLOCK, np.int32)
    marks, passed = np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.int64)
    details = np.empty((0, 11), np.int32)
    for first in range(0, people.size, BLOCK):
        size = sieve(wished, floors, traits, posting, first, min(BLOCK, people.size - first), marks, passed)
        if size == 0:
            continue
        block[0] = fetch(people, pool, passed[:size]) & 1
        offered += judge(
            people, pool, limits, posting, scores, standings, skill_masks, certificate_masks, regions, groups, steps,
            evidence_each, regions_each, False, first, passed[:size], block[:size], details,
        )  # fmt: skip
        for index in range(size):
            if block[index] < 0:
                continue
            row = passed[index]
            # The better the larger: score, then the posting that comes first.
            key = (np.int64(block[index] & 1023) << 32) | (LAST - number)
            if held[row] < top:
                child = held[row]
                held[row] += 1
                while child > 0 and key < heaps[row, (child - 1) // 2]:
                    heaps[row, child] = heaps[row, (child - 1) // 2]
                    child = (child - 1) // 2
                heaps[row, child] = key
            elif key > heaps[row, 0]:
                hole = 0
                while True:
                    child = 2 * hole + 1
                    if child >= top:
                        break
                    if child + 1 < top and heaps[row, child + 1] < heaps[row, child]:
                        child += 1
                    if heaps[row, child] >= key:
                        break
                    heaps[row, hole] = heaps[row, child]
                    hole = child
                heaps[row, hole] = key
    return offered
