"""Learns matcher/tables/meaning.npz: for every frequent token one vector as part of a title and one as part of a description.

    python -m infra.make_tables_meaning ../shared                     the table that ships
    python -m infra.make_tables_meaning ../shared held_out.npz        without the testing fifth, for ``evaluate --meaning``

Learned so that a title lies near the description of its own posting or occupation and far from others (softmax over a batch, both
ways), and
near other names of the same work (spoken names, work types, sibling functions). Title words are taken out of the description in some
batches,
so that words other than the title's own learn what they stand for. Starts from a singular value decomposition of the descriptions. A
seed makes
it repeatable on one machine; about two minutes on one core.
Only tokens that ten or more texts contain are kept, as vectors of bytes: no sentence can be read back.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from infra.evaluation_sets import function_groups, is_testing, occupation_texts, postings, without_words_of, work_types
from matcher.occupations import occupations, spoken_families
from matcher.text import tokens, without_protected
from matcher.titles import essence

OUTPUT = Path(__file__).resolve().parent.parent / "matcher" / "tables" / "meaning.npz"
DIMENSIONS, LEAST_TEXTS, EPOCHS, BATCH, RATE, SHARPNESS = 96, 10, 6, 512, 0.02, 10.0
TEXT_DROPOUT, TITLE_DROPOUT, WITHOUT_TITLE_WORDS = 0.3, 0.1, 0.3

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """Sparse rows: tokens and weights of each text."""

    starts: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    values: Floats


@numba.njit(cache=True)
def _times(starts: Any, columns: Any, values: Any, picked: Any, dense: Any) -> Any:  # pragma: no cover - compiled
    out = np.zeros((picked.size, dense.shape[1]), np.float32)
    for row in range(picked.size):
        for entry in range(starts[picked[row]], starts[picked[row] + 1]):
            if values[entry] != 0:
                out[row] += values[entry] * dense[columns[entry]]
    return out


@numba.njit(cache=True)
def _times_back(starts: Any, columns: Any, values: Any, picked: Any, dense: Any, count: int) -> Any:  # pragma: no cover - compiled
    out = np.zeros((count, dense.shape[1]), np.float32)
    for row in range(picked.size):
        for entry in range(starts[picked[row]], starts[picked[row] + 1]):
            if values[entry] != 0:
                out[columns[entry]] += values[entry] * dense[row]
    return out


def rows_of(texts: list[str], numbers: dict[str, int], rarity: Floats) -> Rows:
    starts, columns, values = [0], list[int](), list[float]()
    for text in texts:
        counts = Counter(token for token in tokens(text) if token in numbers)
        columns.extend(numbers[token] for token in counts)
        values.extend((1 + np.log(count)) * rarity[numbers[token]] for token, count in counts.items())
        starts.append(len(columns))
    return Rows(np.array(starts), np.array(columns, np.int64), np.array(values, np.float32))


def thinned(rows: Rows, share: float, random: np.random.Generator) -> Rows:
    return Rows(rows.starts, rows.columns, rows.values * (random.random(rows.values.size, dtype=np.float32) > share))


def unit(dense: Floats) -> tuple[Floats, Floats]:
    length = np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-6).astype(np.float32)
    return dense / length, length


class Side:
    """The vectors of one side (titles or descriptions) with their sums of squared gradients (Adagrad, one a token)."""

    def __init__(self, start: Floats) -> None:
        self.vectors = start.copy()
        self.squares = np.full((len(start), 1), 1e-4, np.float32)

    def step(self, rows: Rows, picked: npt.NDArray[np.int64], upstream: Floats) -> None:
        gradient = _times_back(rows.starts, rows.columns, rows.values, picked, upstream, len(self.vectors))
        self.squares += (gradient * gradient).mean(axis=1, keepdims=True)
        self.vectors -= RATE * gradient / np.sqrt(self.squares)


def learn(left: Side, right: Side, a: Rows, a_picked: Any, b: Rows, b_picked: Any, same: Any) -> float:
    """One batch: row i of ``a`` belongs to row i of ``b``; pairs marked ``same`` are neither right nor wrong. The loss of the batch."""
    ours, our_length = unit(_times(a.starts, a.columns, a.values, a_picked, left.vectors))
    theirs, their_length = unit(_times(b.starts, b.columns, b.values, b_picked, right.vectors))
    scores = SHARPNESS * ours @ theirs.T
    scores[same] = -1e4
    across = np.exp(scores - scores.max(axis=1, keepdims=True))
    across /= across.sum(axis=1, keepdims=True)
    down = np.exp(scores - scores.max(axis=0, keepdims=True))
    down /= down.sum(axis=0, keepdims=True)
    slope = (across + down) / 2
    diagonal = np.arange(len(slope))
    slope[diagonal, diagonal] -= 1
    slope[same] = 0
    slope *= SHARPNESS
    d_ours, d_theirs = slope @ theirs, slope.T @ ours
    d_ours = ((d_ours - ours * (d_ours * ours).sum(axis=1, keepdims=True)) / our_length).astype(np.float32)
    d_theirs = ((d_theirs - theirs * (d_theirs * theirs).sum(axis=1, keepdims=True)) / their_length).astype(np.float32)
    left.step(a, a_picked, d_ours)
    right.step(b, b_picked, d_theirs)
    return float(-np.log(np.diag(across) + 1e-9).mean())


def material(shared: Path, everything: bool) -> tuple[list[str], list[str], list[str], list[list[str]]]:
    """Titles, their texts, the same texts without the title's words, and groups of titles that mean like work."""

    def usable(key: str) -> bool:
        return everything or not is_testing(key)

    titles: list[str] = []
    texts: list[str] = []
    seen: set[tuple[str, str]] = set()
    for posting in postings(shared):
        key = (essence(posting.title), posting.description[:40])
        if len(posting.description) >= 15 and key not in seen and usable(posting.title):
            seen.add(key)
            titles.append(key[0])
            texts.append(without_protected(posting.description[:1000]))
    described = occupation_texts(shared)
    groups: list[list[str]] = [[family.lstrip("="), *filter(usable, names)] for family, names in spoken_families().items()]
    types: dict[str, list[str]] = {}
    for work_type, code in work_types(shared):
        if usable(work_type):
            types.setdefault(code, []).append(work_type)
    for code, found in occupations().items():
        for name in (found.name, *types.get(code, ()), *filter(usable, found.spoken)):
            if code in described:
                titles.append(name)
                texts.append(described[code])
        if code in types:
            groups.append([found.name, *types[code]])
    for parent, leaves in function_groups(shared):
        members = [leaf for leaf in leaves if usable(leaf)]
        if len(members) > 1:
            groups.append([parent, *members])
    bare = [without_words_of(title, text) for title, text in zip(titles, texts, strict=True)]
    return titles, texts, bare, groups


def decomposed(rows: Rows, count: int, random: np.random.Generator) -> Floats:
    """Leading right singular vectors of the row-normalised texts, by randomised subspace iteration."""
    squares = np.add.reduceat(np.append(rows.values**2, 0), rows.starts[:-1])
    lengths = np.sqrt(np.maximum(np.where(np.diff(rows.starts) > 0, squares, 1), 1e-9))
    scaled = Rows(rows.starts, rows.columns, (rows.values / np.repeat(lengths, np.diff(rows.starts))).astype(np.float32))
    everyone = np.arange(len(lengths))
    basis = random.standard_normal((count, DIMENSIONS + 16)).astype(np.float32)
    for _ in range(5):
        left, _ = np.linalg.qr(_times(scaled.starts, scaled.columns, scaled.values, everyone, basis))
        basis, _ = np.linalg.qr(_times_back(scaled.starts, scaled.columns, scaled.values, everyone, left.astype(np.float32), count))
        basis = basis.astype(np.float32)
    projected = _times(scaled.starts, scaled.columns, scaled.values, everyone, basis)
    _, _, turned = np.linalg.svd(projected, full_matrices=False)
    return (basis @ turned.T)[:, :DIMENSIONS].astype(np.float32)


def as_bytes(vectors: Floats, rarity: Floats) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """Each vector times its rarity as bytes and one whole-number scale: value = byte x scale."""
    weighted = vectors * rarity[:, None]
    peak = np.maximum(np.abs(weighted).max(axis=1), 1e-9)
    scales = np.maximum(1, np.round(peak / 127 * 100_000)).astype(np.int32)
    return np.clip(np.round(weighted * 100_000 / scales[:, None]), -127, 127).astype(np.int8), scales


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    titles, texts, bare, groups = material(Path(arguments[0]), everything=len(arguments) == 1)
    output = Path(arguments[1]) if len(arguments) == 2 else OUTPUT
    flat = [name for group in groups for name in group]
    offsets = np.cumsum([0, *(len(group) for group in groups)])
    contained = Counter(token for title, text in zip(titles, texts, strict=True) for token in {*tokens(title), *tokens(text)})
    contained.update(token for name in flat for token in set(tokens(name)))
    words = sorted(token for token, count in contained.items() if LEAST_TEXTS <= count < 0.3 * len(titles))
    numbers = {token: number for number, token in enumerate(words)}
    rarity = np.array([np.log(len(titles) / contained[token]) for token in words], np.float32)
    random = np.random.default_rng(0)
    start = decomposed(rows_of([f"{a} {b}" for a, b in zip(titles, texts, strict=True)], numbers, rarity), len(words), random)
    title_side, text_side = Side(start), Side(start)
    title_rows, text_rows, bare_rows, group_rows = (rows_of(part, numbers, rarity) for part in (titles, texts, bare, flat))
    ids: dict[str, int] = {}
    kind = np.array([ids.setdefault(title, len(ids)) for title in titles])
    for epoch in range(EPOCHS):
        order, losses = random.permutation(len(titles)), []
        thin_titles, thin_groups = thinned(title_rows, TITLE_DROPOUT, random), thinned(group_rows, TITLE_DROPOUT, random)
        thin_texts, thin_bare = thinned(text_rows, TEXT_DROPOUT, random), thinned(bare_rows, TEXT_DROPOUT, random)
        for first in range(0, len(order) - BATCH // 2, BATCH):
            picked = order[first : first + BATCH]
            same = kind[picked][:, None] == kind[picked][None, :]
            np.fill_diagonal(same, False)
            chosen = thin_bare if random.random() < WITHOUT_TITLE_WORDS else thin_texts
            losses.append(learn(title_side, text_side, thin_titles, picked, chosen, picked, same))
            some = random.permutation(len(groups))[:256]
            one = offsets[some] + (random.random(len(some)) * (offsets[some + 1] - offsets[some])).astype(np.int64)
            other = offsets[some] + (random.random(len(some)) * (offsets[some + 1] - offsets[some])).astype(np.int64)
            learn(title_side, title_side, thin_groups, one, thin_groups, other, np.zeros((len(some), len(some)), np.bool_))
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.3f}", flush=True)
    title_bytes, title_scales = as_bytes(title_side.vectors, rarity)
    text_bytes, text_scales = as_bytes(text_side.vectors, rarity)
    np.savez_compressed(
        output, tokens=np.frombuffer("\n".join(words).encode(), np.uint8),
        titles=title_bytes, texts=text_bytes, title_scales=title_scales, text_scales=text_scales,
    )  # fmt: skip
    print(f"{len(titles)} pairs, {len(groups)} groups, {len(words)} tokens, {output.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
