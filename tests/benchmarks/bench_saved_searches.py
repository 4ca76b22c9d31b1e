"""What one more posting costs where many people have saved searches.

    python -m tests.benchmarks.bench_saved_searches [--searches 20000] [--postings 500]

Searches are made up as people save them: a trade by its name, mostly with a county, pay or terms. Beside it stands the plain way, on a few
of the postings: every search is asked. Both must find the same. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from infra.migrate import migrate
from infra.sample import generate
from matcher.places import counties_of
from matcher.shapes import read_posting
from search.documents import IndexDocument, document_of
from search.query import read_query
from search.reference import matches
from search.tree import All
from search.vocabulary import names
from streams.delivery.finding import asked
from streams.delivery.messages import SearchSaved
from tests.delivery.made_up_messages import DeliveryExchange

TRADES = 400  # the most usual names
PLAIN = 20  # postings that are asked for the plain way too


def _parameters(rng: Random, trades: list[str], counties: list[str]) -> dict[str, str]:
    kind = rng.random()
    trade, county = rng.choice(trades), rng.choice(counties)
    pay = {"pay_min": str(rng.randrange(3000, 9000, 500))}
    if kind < 0.2:
        return {"q": trade}
    if kind < 0.6:
        return {"trade": trade, "region": county}
    if kind < 0.8:
        return {"trade": trade, "region": county[:4] + "00", **pay}
    if kind < 0.9:
        return {"q": trade, "offers": rng.choice(("lodging", "weekends", "insured")), **pay}
    return {"region": county, **pay}


def _milliseconds(seconds: list[float]) -> dict[str, float]:
    return {f"p{share}": round(float(np.percentile(seconds, share)) * 1000, 2) for share in (50, 95, 99)}


def _counts(numbers: list[int]) -> dict[str, int]:
    return {f"p{share}": int(np.percentile(numbers, share)) for share in (50, 95)}


def _asked(exchange: DeliveryExchange, documents: list[IndexDocument], trees: dict[str, All]) -> dict[str, Any]:
    took, looked_at, found, plain = [], [], [], []
    with exchange.open.reading() as connection:
        asked(connection, documents[0], "")
        for place, document in enumerate(documents):
            begin = time.perf_counter()
            met, seen, after = [], 0, ""
            while True:
                page, size, go_on = asked(connection, document, after)
                met += [search_id for search_id, _ in page]
                seen += size
                if go_on is None:
                    break
                after = go_on
            took.append(time.perf_counter() - begin)
            looked_at.append(seen)
            found.append(len(met))
            if place < PLAIN:
                begin = time.perf_counter()
                every = [search_id for search_id, tree in trees.items() if matches(document, tree)]
                plain.append(time.perf_counter() - begin)
                assert sorted(every) == sorted(met), document.posting_id
    return {"ms": _milliseconds(took), "asked": _counts(looked_at), "found": _counts(found), "every search asked, ms": _milliseconds(plain)}


def measure(searches: int, postings: int) -> dict[str, Any]:
    rng = Random(5)
    trades, counties = list(names())[:TRADES], list(counties_of("140000"))
    sample = generate(seed=5, postings=postings, employers=max(postings // 5, 1), people=1)
    documents = [document_of(read_posting(raw), 1) for raw in sample.postings]
    with tempfile.TemporaryDirectory() as folder:
        migrate(Path(folder) / "g.sqlite")
        exchange = DeliveryExchange(Path(folder) / "g.sqlite", {})
        try:
            said = [
                SearchSaved(person_id=f"u-{n // 3}", search_id=f"{rng.getrandbits(64):016x}", name="找活", parameters=given)
                for n in range(searches)
                for given in (_parameters(rng, trades, counties),)
            ]
            begin = time.perf_counter()
            for start in range(0, searches, 500):
                exchange.say(*said[start : start + 500])
            saving = time.perf_counter() - begin
            trees = {one.search_id: read_query(one.parameters).tree() for one in said}
            return {
                "searches": searches,
                "postings": len(documents),
                "saving one, ms": round(saving / searches * 1000, 2),
                "searches read for the first time": _asked(exchange, documents, trees),
                "again": _asked(exchange, documents, trees),
            }
        finally:
            exchange.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--searches", type=int, default=20_000)
    options.add_argument("--postings", type=int, default=500)
    given = options.parse_args()
    print(json.dumps(measure(given.searches, given.postings), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
