"""What relevance is measured against: BM25 and TF-IDF over character 1- and 2-grams and words, title and text in one field, nothing
learned."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from matcher.text import tokens

Scores = npt.NDArray[np.float32]


class Grams:
    """Documents as token counts, laid out by token."""

    def __init__(self, documents: list[tuple[str, str]]) -> None:
        counted = [Counter(tokens(f"{title} {text}")) for title, text in documents]
        self.count = len(documents)
        self.lengths = np.array([sum(counts.values()) for counts in counted], np.float32)
        found: dict[str, tuple[list[int], list[int]]] = {}
        for row, counts in enumerate(counted):
            for token, count in counts.items():
                rows, times = found.setdefault(token, ([], []))
                rows.append(row)
                times.append(count)
        self.found = {token: (np.array(rows), np.array(times, np.float32)) for token, (rows, times) in found.items()}
        squares = np.zeros(self.count, np.float32)
        for documents_of, counts_of in self.found.values():
            squares[documents_of] += (counts_of * self.smooth(len(documents_of))) ** 2
        self.norms = np.sqrt(np.maximum(squares, 1e-12))

    def smooth(self, frequency: int) -> float:
        return float(np.log((1 + self.count) / (1 + frequency)) + 1)


def bm25(grams: Grams, query: tuple[str, str], k1: float = 1.2, b: float = 0.75) -> Scores:
    """Okapi BM25 of one query with every document."""
    out = np.zeros(grams.count, np.float32)
    norm = k1 * (1 - b + b * grams.lengths / max(float(grams.lengths.mean()), 1e-9))
    for token, asked in Counter(tokens(f"{query[0]} {query[1]}")).items():
        if token in grams.found:
            rows, times = grams.found[token]
            rarity = np.log(1 + (grams.count - len(rows) + 0.5) / (len(rows) + 0.5))
            out[rows] += asked * rarity * times * (k1 + 1) / (times + norm[rows])
    return out


def tf_idf(grams: Grams, query: tuple[str, str]) -> Scores:
    """Cosine of TF-IDF vectors of one query with every document (up to the query's own length, which orders nothing)."""
    out = np.zeros(grams.count, np.float32)
    for token, asked in Counter(tokens(f"{query[0]} {query[1]}")).items():
        if token in grams.found:
            rows, times = grams.found[token]
            out[rows] += asked * times * grams.smooth(len(rows)) ** 2
    return (out / grams.norms).astype(np.float32)
