"""Hints in bulk beside the plain loop over the same pairs, on one core. Prints JSON.

    python tests/benchmarks/bench_hints.py [--people 5000] [--postings 60] [--each 100]

Each posting is answered for ``each`` people drawn for it, as a ``matched`` message carries them.
``cold``: an evaluator that has met nothing yet.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from datetime import date, timedelta

from matcher.policy import evaluate, hints_for_pair, load_catalogue, pair_facts, statuses_for_pair
from matcher.policy.bulk import PairStatuses, told_entries
from matcher.policy.conditions import prepare
from matcher.policy.evaluate import evaluate_entry
from matcher.shapes import Employer, Person, Posting, read_employer, read_person, read_posting

DAY = date(2026, 11, 20)
TAGS = [
    "employment_difficulty",
    "disabled",
    "older_unemployed",
    "poverty_alleviated_labour",
    "migrant_worker",
    "youth",
    "long_term_unemployed",
]


def _person(draw: random.Random, number: int) -> Person:
    kind = draw.choices(["registered_unemployed", "graduate", "jobseeker"], [6, 3, 1])[0]
    data: dict[str, object] = {
        "person_id": f"u-{number}",
        "kind": kind,
        "birth_year_month": f"{draw.randint(1964, 2006)}-{draw.randint(1, 12):02d}",
        "education": {"level": draw.choice(["21", "31", "41", "47", "60", "70"])},
    }
    if kind == "registered_unemployed":
        data["registered_unemployed_on"] = (DAY - timedelta(days=draw.randint(1, 900))).isoformat()
    if kind == "graduate":
        graduated = DAY - timedelta(days=draw.randint(1, 1500))
        data["education"] = {"level": "21", "graduated_on": graduated.isoformat()}
        data["facts"] = {"graduate.in_graduation_year": graduated.year == DAY.year}
    if draw.random() < 0.8:
        data["categories"] = draw.sample(TAGS, draw.choice([0, 0, 1, 1, 2]))
    return read_person(data)


def _posting(draw: random.Random, number: int) -> tuple[Posting, Employer]:
    kind = draw.choices(["regular", "gig", "internship"], [7, 2, 1])[0]
    posting = {"posting_id": f"p-{number}", "source": "enterprise", "title": "普工", "type": kind, "region": "140105"}
    if draw.random() < 0.7:
        posting["contract_months"] = draw.choice([6, 12, 24, 36])
    employer = {
        "employer_id": f"e-{number}",
        "size": draw.choice(["micro", "small", "medium", "large"]),
        "ownership": draw.choice(["private", "private", "state"]),
        "kind": draw.choice(["enterprise", "enterprise", "enterprise", "individual_business"]),
        "insured_employees": draw.randint(1, 2000),
        "recognition": draw.choice([[], [], ["poverty_workshop"], ["internship_unit"]]),
    }
    return read_posting(posting), read_employer(employer)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--postings", type=int, default=60)
    parser.add_argument("--each", type=int, default=100)
    given = parser.parse_args()
    draw = random.Random(20261120)
    started = time.perf_counter()
    catalogue = load_catalogue()
    load_ms = (time.perf_counter() - started) * 1000
    people = [_person(draw, number) for number in range(given.people)]
    offers = [_posting(draw, number) for number in range(given.postings)]
    drawn = [draw.sample(people, given.each) for _ in offers]
    pairs = given.postings * given.each

    bulk = PairStatuses(catalogue, DAY)
    started = time.perf_counter()
    found = [bulk.for_posting(posting, employer, some) for (posting, employer), some in zip(offers, drawn, strict=True)]
    cold = pairs / (time.perf_counter() - started)
    started = time.perf_counter()
    again = [bulk.for_posting(posting, employer, some) for (posting, employer), some in zip(offers, drawn, strict=True)]
    warm = pairs / (time.perf_counter() - started)
    views = [[bulk.view(person) for person in some] for some in drawn]
    started = time.perf_counter()
    viewed = [bulk.for_posting(posting, employer, some) for (posting, employer), some in zip(offers, views, strict=True)]
    with_views = pairs / (time.perf_counter() - started)

    few = max(1, min(given.postings, 2000 // given.each))
    started = time.perf_counter()
    plain = [
        [statuses_for_pair(catalogue, posting, person, employer, DAY) for person in some]
        for (posting, employer), some in zip(offers[:few], drawn[:few], strict=True)
    ]
    plain_rate = few * given.each / (time.perf_counter() - started)
    assert plain == found[:few]
    assert found == again == viewed

    posting, employer = offers[0]
    facts = [pair_facts(posting, person, employer, DAY) for person in people[:300]]
    entries = told_entries(catalogue, DAY)
    started = time.perf_counter()
    for one in facts:
        prepared = prepare(catalogue, one, DAY)
        for entry in entries:
            evaluate_entry(catalogue, entry, prepared)
    traced = (time.perf_counter() - started) / len(facts) * 1000
    started = time.perf_counter()
    for one in facts:
        evaluate(catalogue, one, DAY)
    whole = (time.perf_counter() - started) / len(facts) * 1000
    started = time.perf_counter()
    for person in people[:300]:
        hints_for_pair(catalogue, posting, person, employer, DAY, all_statuses=True)
    explained = (time.perf_counter() - started) / 300 * 1000

    print(
        json.dumps(
            {
                "pairs": pairs,
                "people": given.people,
                "postings": given.postings,
                "load_ms": round(load_ms, 1),
                "bulk_cold_pairs_per_s": round(cold),
                "bulk_warm_pairs_per_s": round(warm),
                "bulk_with_views_pairs_per_s": round(with_views),
                "plain_pairs_per_s": round(plain_rate),
                "pair_per_match_traced_ms": round(traced, 3),
                "pair_whole_catalogue_traced_ms": round(whole, 3),
                "pair_all_statuses_with_texts_ms": round(explained, 2),
                "threads": 1,
            }
        )
    )


if __name__ == "__main__":
    main()
