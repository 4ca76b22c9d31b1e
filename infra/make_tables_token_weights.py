"""Makes matcher/tables/token_weights.tsv (token -> weight in titles, weight in descriptions) from reference postings and the
classification.

    python -m infra.make_tables_token_weights ../shared

Weights are tenths of ln(N / df). Only tokens that at least three different titles or six descriptions contain are written: no sentence, no
employer's name. Postings of the testing half of the evaluation (infra/evaluation_sets.py) are left out.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from pathlib import Path

from infra.evaluation_sets import is_testing, postings
from matcher.occupations import occupations
from matcher.text import tokens
from matcher.titles import essence

OUTPUT = Path(__file__).resolve().parent.parent / "matcher" / "tables" / "token_weights.tsv"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    titles: set[str] = set()
    texts: list[str] = []
    for posting in postings(Path(arguments[0])):
        if not is_testing(posting.title):
            titles.add(essence(posting.title))
            texts.append(posting.description)
    for found in occupations().values():
        titles.update((found.name, *found.work_types))
        texts.append(found.definition)
    in_titles = Counter(token for title in titles for token in set(tokens(title)))
    in_texts = Counter(token for text in texts for token in set(tokens(text)))
    kept = sorted(token for token in in_titles.keys() | in_texts.keys() if in_titles[token] >= 3 or in_texts[token] >= 6)
    with OUTPUT.open("w", encoding="utf-8") as file:
        file.write("# token, weight in titles, weight in descriptions: tenths of ln(N/df). Made by infra/make_tables_token_weights.py.\n")
        for token in kept:
            if len(token) > 12:
                continue
            a = round(10 * math.log((len(titles) + 1) / (in_titles[token] + 0.5)))
            b = round(10 * math.log((len(texts) + 1) / (in_texts[token] + 0.5)))
            cap = 60 if len(token) == 1 else 85
            file.write(f"{token}\t{max(1, min(a, cap))}\t{max(1, min(b, cap))}\n")
    print(f"{len(titles)} titles, {len(texts)} texts, {len(kept)} tokens")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
