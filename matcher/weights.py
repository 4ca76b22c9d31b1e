"""How much a token says about the work: inverse document frequencies learned offline from real postings and the classification.

``tables/token_weights.tsv`` (made by infra/make_tables_token_weights.py): token, weight in titles, weight in descriptions, both in
tenths of
a natural-log idf, as integers, so that every sum of them is exact. Tokens only, no sentence of a posting.
"""

from __future__ import annotations

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


def _unseen(token: str) -> int:
    return UNSEEN_CHARACTER if len(token) == 1 else UNSEEN_PAIR


def title_weight(token: str) -> int:
    """Weight of a token in a job title, tenths of ln(N/df): 「工」 about 20, 「叉车」 about 65."""
    found = _table().get(token)
    return found[0] if found else _unseen(token)


def text_weight(token: str) -> int:
    """Weight of a token in a description, tenths of ln(N/df)."""
    found = _table().get(token)
    return found[1] if found else _unseen(token)
