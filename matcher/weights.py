"""How much a token says about the work: inverse document frequencies learned offline from real postings and the classification.

``tables/token_weights.tsv`` (made by infra/make_tables_token_weights.py): token, weight in titles, weight in descriptions, both in
tenths of
a natural-log idf, as integers, so that every sum of them is exact. Tokens only, no sentence of a posting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources


@cache
def _table() -> dict[str, tuple[int, int]]:
    text = resources.files("matcher.tables").joinpath("token_weights.tsv").read_text(encoding="utf-8")
    out: dict[str, tuple[int, int]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            token, in_titles, in_texts = line.split("\t")
            out[token] = (int(in_titles), int(in_texts))
    return out


# A token the corpus never saw says as much as a rare one; a single Chinese character less than a pair.
UNSEEN_PAIR, UNSEEN_CHARACTER = 85, 60


class _Weights(dict[str, int]):
    """Weight by token; one that is not in the table is told, not kept."""

    def __init__(self, known: Iterable[tuple[str, int]], character: int, pair: int) -> None:
        super().__init__(known)
        self._character, self._pair = character, pair

    def __missing__(self, token: str) -> int:
        return self._character if len(token) == 1 else self._pair


@cache
def title_squares() -> Mapping[str, int]:
    """Squared weights of tokens in a job title; a weight is in tenths of ln(N/df): 「工」 about 20, 「叉车」 about 65."""
    return _Weights(((token, found[0] ** 2) for token, found in _table().items()), UNSEEN_CHARACTER**2, UNSEEN_PAIR**2)


@cache
def text_weights() -> Mapping[str, int]:
    """Weights of tokens in a description, tenths of ln(N/df)."""
    return _Weights(((token, found[1]) for token, found in _table().items()), UNSEEN_CHARACTER, UNSEEN_PAIR)


def text_weight(token: str) -> int:
    """``text_weights`` of one token."""
    return text_weights()[token]
