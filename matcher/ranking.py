"""Which documents say the same work as a query: text relevance alone, from the given texts and the shipped tables.

Three parts, each 0 to about 1, joined by ``joined_parts`` (docs/relevance.md: what each is worth, how the weights were chosen):

- ``covered``: BM25 over characters, pairs and words, as a share of what the query could get at most; a title counts more than a text;
- ``meaning``: cosine of the learned meanings (matcher/meaning.py), so that other words for the same work are found;
- ``kinship``: nearness in the occupation classification of what both titles mean (matcher/occupations.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from matcher.likeness import nearness
from matcher.majors import concepts_of_wish, job_words
from matcher.meaning import LENGTH, meaning_of_text, meaning_of_title
from matcher.occupations import concepts_of_title
from matcher.text import tokens, without_protected
from matcher.titles import essence
from matcher.weights import text_weight

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

SATURATION, LENGTH_SHARE, TITLE_COUNTS = 1.2, 0.75, 2
# What a title's noise (places, 双休) counts: it tells two documents apart only when nothing else does.
NOISE_COUNTS = 0.7
# Rarity in the given documents is trusted as if the shipped corpus were this many documents more.
SHIPPED_DOCUMENTS = 100
MEANING_WORTH, KINSHIP_WORTH = 0.6, 0.6
_BLOCK = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A query or a document: ``title`` and ``text``, one of which may be empty; ``id`` goes out as it came in."""

    id: str | int
    title: str = ""
    text: str = ""


def joined_parts(covered: Floats, meaning: Floats, kinship: Floats) -> Floats:
    """The score of the three parts. Powers keep weak evidence weak: a stray shared character, a vaguely like meaning, a doubtful
    occupation."""
    return np.maximum(covered, 0) ** np.float32(1.1) + MEANING_WORTH * np.maximum(meaning, 0) ** 3 + KINSHIP_WORTH * kinship**3


@numba.njit(cache=True)
def _covered(
    wanted: Ints, weights: Floats, starts: npt.NDArray[np.int64], documents: Ints, saturated: Floats, out: Floats
) -> None:  # pragma: no cover - compiled
    for place in range(wanted.size):
        token = wanted[place]
        for entry in range(starts[token], starts[token + 1]):
            out[documents[entry]] += weights[place] * saturated[entry]


class _Read:
    """An entry's tokens and meanings, with protected words and a title's noise dropped."""

    def __init__(self, entry: Entry, is_query: bool = False) -> None:
        named = job_words(entry.title) if is_query else entry.title
        self.essence = essence(named) if named.strip() else ""
        title = Counter(tokens(self.essence))
        text = Counter(tokens(without_protected(entry.text))) if entry.text.strip() else Counter[str]()
        self.counts = {token: float(TITLE_COUNTS * count) for token, count in title.items()}
        for token, count in text.items():
            self.counts[token] = self.counts.get(token, 0.0) + count
        for token in tokens(without_protected(named)):
            self.counts.setdefault(token, NOISE_COUNTS)
        self.length = sum(title.values()) + sum(text.values())
        self.of_title = meaning_of_title(title)
        self.of_text = meaning_of_text(text)
        self.meant = () if not self.essence else concepts_of_wish(entry.title) if is_query else concepts_of_title(entry.title)


class Ranker:
    """Documents laid out once; ``rank`` answers for queries. Memory: 8 bytes a distinct token of a document, 800 bytes a document."""

    def __init__(self, documents: Sequence[Entry]) -> None:
        self._ids = [document.id for document in documents]
        self._vocabulary: dict[str, int] = {}
        count = len(documents)
        entries: list[npt.NDArray[np.int32]] = []
        tallies: list[npt.NDArray[np.float32]] = []
        lengths = np.zeros(count, np.float32)
        self._concepts = np.full((count, 3), -1, np.int32)
        self._sureness = np.zeros((count, 3), np.float32)
        first = _Read(Entry("", "x"))
        self._titles = np.zeros((count, first.of_title.size), np.float32)
        self._texts = np.zeros((count, first.of_text.size), np.float32)
        for row, document in enumerate(documents):
            read = _Read(document)
            entries.append(np.array([self._vocabulary.setdefault(token, len(self._vocabulary)) for token in read.counts], np.int32))
            tallies.append(np.array(list(read.counts.values()), np.float32))
            lengths[row] = read.length
            # Where a document has both, each meaning is worth half.
            both = 0.5 if read.of_title.any() and read.of_text.any() else 1.0
            self._titles[row] = read.of_title * (both / LENGTH)
            self._texts[row] = read.of_text * (both / LENGTH)
            for place, (number, sure) in enumerate(read.meant):
                self._concepts[row, place], self._sureness[row, place] = number, sure / 1000
        sizes = np.array([entry.size for entry in entries], np.int64)
        tokens_of = np.concatenate(entries) if entries else np.zeros(0, np.int32)
        rows = np.repeat(np.arange(count, dtype=np.int32), sizes)
        tally = np.concatenate(tallies) if tallies else np.zeros(0, np.float32)
        usual = max(float(lengths.mean()), 1.0) if count else 1.0
        saturated = tally / (tally + SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths[rows] / usual))
        order = np.argsort(tokens_of, kind="stable")
        self._documents, self._saturated = rows[order], saturated[order].astype(np.float32)
        frequency = np.bincount(tokens_of, minlength=len(self._vocabulary)).astype(np.float64)
        self._starts = np.concatenate([[0], np.cumsum(frequency)]).astype(np.int64)
        self._rarity = {token: self._rare(token, frequency[number], count) for token, number in self._vocabulary.items()}
        self._count = count

    @staticmethod
    def _rare(token: str, frequency: float, count: int) -> float:
        here = float(np.log(1 + (count - frequency + 0.5) / (frequency + 0.5)))
        shipped = text_weight(token) / 10
        return (here * count + shipped * SHIPPED_DOCUMENTS) / (count + SHIPPED_DOCUMENTS)

    def parts(self, queries: Sequence[Entry]) -> tuple[Floats, Floats, Floats]:
        """(covered, meaning, kinship) of every query with every document, shape (queries, documents) each."""
        shape = (len(queries), self._count)
        covered, kinship = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        of_titles = np.zeros((len(queries), self._titles.shape[1]), np.float32)
        of_texts = np.zeros_like(of_titles)
        for row, query in enumerate(queries):
            read = _Read(query, is_query=True)
            weights = {
                t: min(n, 1 + np.log(max(n, 1))) * (self._rarity.get(t) or self._rare(t, 0, self._count)) for t, n in read.counts.items()
            }
            known = [token for token in weights if token in self._vocabulary]
            whole = sum(weights.values())
            if known:
                _covered(
                    np.array([self._vocabulary[token] for token in known], np.int32),
                    np.array([weights[token] / whole for token in known], np.float32),
                    self._starts, self._documents, self._saturated, covered[row],
                )  # fmt: skip
            both = 0.5 if read.of_title.any() and read.of_text.any() else 1.0
            of_titles[row], of_texts[row] = read.of_title * (both / LENGTH), read.of_text * (both / LENGTH)
            if read.meant:
                near = np.append(nearness(read.meant), 0).astype(np.float32) / 1000
                kinship[row] = (near[self._concepts] * self._sureness).max(axis=1)
        query_meaning = of_titles + of_texts
        return covered, query_meaning @ (self._titles + self._texts).T, kinship

    def scores(self, queries: Sequence[Entry]) -> Floats:
        """The score of every query with every document, shape (queries, documents), rounded to six digits."""
        return np.round(joined_parts(*self.parts(queries)), 6)

    def rank(self, queries: Sequence[Entry], top: int) -> Iterator[tuple[str | int, list[tuple[str | int, float]]]]:
        """For each query its id and the best ``top`` documents as (id, score), best first; equal scores in the documents' order."""
        keep = min(top, self._count)
        for start in range(0, len(queries), _BLOCK):
            block = queries[start : start + _BLOCK]
            scores = self.scores(block)
            for row, query in enumerate(block):
                if keep == 0:
                    yield query.id, []
                    continue
                # Everything not under the keep-th best score, so that ties are cut in the documents' order.
                least = np.partition(scores[row], self._count - keep)[self._count - keep]
                candidates = np.flatnonzero(scores[row] >= least)
                best = candidates[np.argsort(-scores[row][candidates], kind="stable")][:keep]
                yield query.id, [(self._ids[document], round(float(scores[row, document]), 6)) for document in best]
