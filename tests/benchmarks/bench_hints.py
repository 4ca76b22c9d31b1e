"""Hints in bulk beside the plain loop over the same pairs, on one core, in processor time. Prints JSON.

    python tests/benchmarks/bench_hints.py [--people 5000] [--postings 60] [--each 100]

Each posting is answered for ``each`` people drawn for it, as a ``matched`` message carries them.
``cold``: an evaluator that has met nothing yet. ``amounts``: each told entry with its status and sum, otherwise the status alone.
``traced``: one pair against every per-match entry of the catalogue, with the verdict of each condition, on the day on which most are open.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from datetime import date, timedelta
from decimal import Decimal

from matcher.policy import evaluate, hints_for_pair, load_catalogue, pair_facts, statuses_for_pair
from matcher.policy.bulk import PER_MATCH, PairHints, PairStatuses
from matcher.policy.conditions import Prepared, prepare
from matcher.policy.emission import emit
from matcher.policy.evaluate import evaluate_entry, live_results
from matcher.policy.format import Entry
from matcher.policy.verdicts import trace
from matcher.shapes import Employer, Person, Posting, read_employer, read_person, read_posting

DAY = date(2026, 11, 20)
BUSY_DAY = date(2023, 9, 1)  # most of the per-match entries are open
TAGS = [
    "employment_difficulty",
    "disabled",
    "older_unemployed",
    "poverty_alleviated_labour",
    "migrant_worker",
    "youth",
    "long_term_unemployed",
]


Sums = list[tuple[str, str, Decimal | None]]


class PairSums(PairHints[Sums]):
    """Told entries with status and sum."""

    def answer(self, prepared: Prepared, entries: tuple[Entry, ...]) -> Sums:
        told = emit(self.catalogue, live_results(self.catalogue, entries, prepared), prepared, self.channel).told
        return [(result.entry_id, result.status, result.yuan) for result in told]


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
    started = time.process_time()
    catalogue = load_catalogue()
    load_ms = (time.process_time() - started) * 1000
    people = [_person(draw, number) for number in range(given.people)]
    offers = [_posting(draw, number) for number in range(given.postings)]
    drawn = [draw.sample(people, given.each) for _ in offers]
    pairs = given.postings * given.each

    bulk = PairStatuses(catalogue, DAY)
    started = time.process_time()
    found = [bulk.for_posting(posting, employer, some) for (posting, employer), some in zip(offers, drawn, strict=True)]
    cold = pairs / (time.process_time() - started)
    started = time.process_time()
    again = [bulk.for_posting(posting, employer, some) for (posting, employer), some in zip(offers, drawn, strict=True)]
    warm = pairs / (time.process_time() - started)
    views = [[bulk.view(person) for person in some] for some in drawn]
    started = time.process_time()
    viewed = [bulk.for_posting(posting, employer, some) for (posting, employer), some in zip(offers, views, strict=True)]
    with_views = pairs / (time.process_time() - started)

    sums = PairSums(catalogue, DAY)
    started = time.process_time()
    summed = [sums.for_posting(posting, employer, some) for (posting, employer), some in zip(offers, drawn, strict=True)]
    sums_cold = pairs / (time.process_time() - started)
    started = time.process_time()
    for (posting, employer), some in zip(offers, drawn, strict=True):
        sums.for_posting(posting, employer, some)
    sums_warm = pairs / (time.process_time() - started)
    assert [[[(id_, status) for id_, status, _ in one] for one in some] for some in summed] == found

    few = max(1, min(given.postings, 2000 // given.each))
    started = time.process_time()
    plain = [
        [statuses_for_pair(catalogue, posting, person, employer, DAY) for person in some]
        for (posting, employer), some in zip(offers[:few], drawn[:few], strict=True)
    ]
    plain_rate = few * given.each / (time.process_time() - started)
    assert plain == found[:few]
    assert found == again == viewed

    posting, employer = offers[0]
    facts = [pair_facts(posting, person, employer, BUSY_DAY) for person in people[:300]]
    entries = [entry for entry in catalogue.entries if PER_MATCH in entry.usable_as]
    started = time.process_time()
    for one in facts:
        prepared = prepare(catalogue, one, BUSY_DAY)
        for entry in entries:
            evaluate_entry(catalogue, entry, prepared)
            trace(catalogue, entry, prepared)
    traced = (time.process_time() - started) / len(facts) * 1000
    started = time.process_time()
    for one in facts:
        evaluate(catalogue, one, BUSY_DAY)
    whole = (time.process_time() - started) / len(facts) * 1000
    started = time.process_time()
    for person in people[:300]:
        hints_for_pair(catalogue, posting, person, employer, DAY, all_statuses=True)
    explained = (time.process_time() - started) / 300 * 1000

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
                "bulk_amounts_cold_pairs_per_s": round(sums_cold),
                "bulk_amounts_warm_pairs_per_s": round(sums_warm),
                "plain_pairs_per_s": round(plain_rate),
                "per_match_entries": len(entries),
                "per_match_entries_open": sum(entry.window.holds(BUSY_DAY) for entry in entries),
                "pair_per_match_traced_ms": round(traced, 3),
                "pair_whole_catalogue_traced_ms": round(whole, 3),
                "pair_all_statuses_with_texts_ms": round(explained, 2),
                "threads": 1,
            }
        )
    )


if __name__ == "__main__":
    main()
