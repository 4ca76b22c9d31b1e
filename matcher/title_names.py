"""An index of names that answers, for a title, how well each concept's best name fits: token overlap weighted by rarity, on integers."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from matcher.text import tokens
from matcher.weights import title_squares

Ints = npt.NDArray[np.int64]


@numba.njit(cache=True)
def _best(
    wanted: Ints, squares: Ints, own_norm: int, starts: Ints, entries: Ints, norms: Ints, concept: Ints, trust: Ints,
    concepts: int, least: int,
) -> Ints:  # fmt: skip  # pragma: no cover - compiled
    shared = np.zeros(norms.size, np.int64)
    for place in range(wanted.size):
        token = wanted[place]
        for entry in range(starts[token], starts[token + 1]):
            shared[entries[entry]] += squares[place]
    best = np.zeros(concepts, np.int64)
    little = least - 1  # one less, so that no rounding leaves out what just reaches it
    for token in wanted:
        for entry in range(starts[token], starts[token + 1]):
            name = entries[entry]
            if shared[name] > 0 and (
                # Neither share alone is so large: then their mean is not either, and most names need no root.
                shared[name] * 1000 >= little * norms[name]
                or shared[name] * shared[name] * 1_000_000.0 >= float(little * little) * own_norm * norms[name]
            ):
                # Cosine, helped by containment: 「石油焦煅烧车间电焊工」 contains 电焊工 whole.
                cosine = shared[name] / np.sqrt(float(own_norm * norms[name]))
                contained = shared[name] / norms[name]
                fit = int((0.75 * cosine + 0.25 * contained) * trust[name] + 1e-9)
                if fit > best[concept[name]]:
                    best[concept[name]] = fit
            shared[name] = 0  # looked at once, though it holds several of the tokens
    return best


class NameIndex:
    """Names of concepts. ``add`` them all, ``close`` once, then ask ``best``."""

    def __init__(self) -> None:
        self._vocabulary: dict[str, int] = {}
        self._names: list[tuple[list[int], int, int, int]] = []

    def add(self, name: str, concept: int, trust: int) -> None:
        """One name of a concept; ``trust`` in thousandths scales how sure a full agreement makes."""
        unique = dict.fromkeys(tokens(name))
        numbers = [self._vocabulary.setdefault(token, len(self._vocabulary)) for token in unique]
        self._names.append((numbers, sum(map(title_squares().__getitem__, unique)), concept, trust))

    def close(self) -> None:
        """Lays the index out as arrays."""
        lists: list[list[int]] = [[] for _ in self._vocabulary]
        for name, (numbers, _, _, _) in enumerate(self._names):
            for number in numbers:
                lists[number].append(name)
        self._starts = np.zeros(len(lists) + 1, np.int64)
        np.cumsum([len(entry) for entry in lists], out=self._starts[1:])
        self._entries = np.array([name for entry in lists for name in entry], np.int64)
        self._norms = np.array([norm for _, norm, _, _ in self._names], np.int64)
        self._concept = np.array([concept for _, _, concept, _ in self._names], np.int64)
        self._trust = np.array([trust for _, _, _, trust in self._names], np.int64)

    def best(self, title: str, concepts: int, least: int) -> Ints:
        """Per concept the fit of its best name with the title, 0 to 1000; one that does not reach ``least`` may be 0."""
        unique = list(dict.fromkeys(tokens(title)))
        squares = list(map(title_squares().__getitem__, unique))
        numbers = [self._vocabulary.get(token) for token in unique]
        known = [(number, square) for number, square in zip(numbers, squares, strict=True) if number is not None]
        return _best(
            np.array([number for number, _ in known], np.int64),
            np.array([square for _, square in known], np.int64),
            sum(squares), self._starts, self._entries, self._norms, self._concept, self._trust, concepts, least,
        )  # fmt: skip
