"""One posting against N people: the matcher's columns beside Elasticsearch with people as documents, on the same data in the same run.

    gongqiao cluster up
    python -m tests.benchmarks.bench_match_elastic [--people 200000] [--postings 100] [--url elastic://…]

Elasticsearch is asked in two forms, both for the best 100:

- careful: as a careful user writes it: what blocks as filters (consent, form, level, pay, region, group, certificate, day), the occupation
  or a word of the title required, function_score with decays by distance and pay, weights for skills, county and city;
- everyone: the same score with nothing required and nothing filtered, so that everybody is scored, as the columns do.

One shard, one segment. The matcher applies all its blockers and its exact score to everybody. Prints one JSON object on its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson

from infra.benchmarks.match import AS_OF, bench_people, bench_postings, quantiles
from matcher import education, pay
from matcher.blockers import BATCH_RULES
from matcher.columns_people import PeopleColumns
from matcher.occupations import codes_for_title
from matcher.shapes import Person, Posting
from matcher.text import tokens, without_protected
from search.documents import covering
from search.elastic_server import server_of
from tests.search.elastic import place

TOP = 100
_WORDS = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
_VALUES = {"type": "keyword", "doc_values": False}
FIELDS: dict[str, Any] = {
    "id": {"type": "keyword"},
    "wish": _WORDS,
    "past": _WORDS,
    **{name: _VALUES for name in ("codes", "skills", "certificates", "regions", "home", "forms", "categories")},
    "consent": {"type": "boolean"},
    "level": {"type": "short"},
    "pay_min": {"type": "double"},
    "available_from": {"type": "date"},
    "location": {"type": "geo_point"},
}


def _grams(titles: Iterable[str | None]) -> str:
    return " ".join(token for title in titles if title for token in tokens(without_protected(title)))


def _groups(codes: Iterable[str]) -> list[str]:
    """Each code and the groups it belongs to: 6-18-02-04, 6-18-02, 6-18."""
    return sorted({"-".join(code.split("-")[:length]) for code in codes for length in (2, 3, 4)})


def document(person: Person) -> dict[str, Any]:
    """A person as a search engine would hold one; what is not stated is left out."""
    desired = person.desired
    past = [each for each in person.experience or () if each.title or each.occupation_code]
    codes = [*(desired.occupation_codes or ()), *(each.occupation_code for each in past if each.occupation_code)]
    if not desired.occupation_codes:
        codes += [found[0] for title in desired.titles or () for found in codes_for_title(title, 1)]
    made: dict[str, Any] = {
        "id": person.person_id,
        "wish": _grams(desired.titles or ()),
        "past": _grams(each.title for each in past),
        "codes": _groups(codes),
        "skills": person.skills,
        "certificates": person.certificates,
        "regions": desired.regions,
        "home": covering(person.region) if person.region else None,
        "forms": desired.employment_forms,
        "categories": sorted(person.all_categories),
        "consent": person.consent.recommend if person.consent else None,
        "level": education.rank(person.education.level),
        "pay_min": desired.pay_min,
        "available_from": desired.available_from.isoformat() if desired.available_from else None,
        "location": [person.location.lon, person.location.lat] if person.location else None,
    }
    return {name: value for name, value in made.items() if value not in (None, "", (), [])}


def _or_silent(field: str, query: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": [query, {"bool": {"must_not": {"exists": {"field": field}}}}]}}


def filters(posting: Posting) -> list[dict[str, Any]]:
    """What blocks, as far as it can be said without a script."""
    found: list[dict[str, Any]] = [{"bool": {"must_not": {"term": {"consent": False}}}}]
    if posting.form:
        found.append(_or_silent("forms", {"term": {"forms": posting.form}}))
    level = education.rank(posting.education_min)
    if level is not None:
        found.append({"bool": {"must_not": {"range": {"level": {"lt": level}}}}})
    top = (pay.monthly(posting.pay) or (None, None))[1]
    if top is not None:
        found.append({"bool": {"must_not": {"range": {"pay_min": {"gt": top}}}}})
    if posting.region:
        found.append(_or_silent("regions", {"terms": {"regions": list(covering(posting.region))}}))
    if posting.open_to:
        found.append({"terms": {"categories": list(posting.open_to)}})
    found += [_or_silent("certificates", {"term": {"certificates": each}}) for each in posting.certificates or ()]
    if posting.work.starts_at is not None:
        found.append({"bool": {"must_not": {"range": {"available_from": {"gt": posting.work.starts_at.date().isoformat()}}}}})
    return found


def query(posting: Posting, *, careful: bool) -> dict[str, Any]:
    """The search for one posting's people, in one of the two forms."""
    words = dict.fromkeys(tokens(without_protected(posting.title)))
    code = posting.occupation_code or next((found[0] for found in codes_for_title(posting.title, 1)), None)
    alike: list[dict[str, Any]] = [
        {"term": {field: {"value": word, "boost": boost}}}
        for field, boost in (("wish", 1.0), ("past", 0.8))
        for word in words
        if not careful or len(word) > 1
    ]
    groups = _groups([code]) if code else []
    alike += [{"constant_score": {"filter": {"term": {"codes": group}}, "boost": 3.0 * group.count("-")}} for group in groups]
    functions: list[dict[str, Any]] = [
        {"filter": {"term": {"skills": each}}, "weight": 15 / len(posting.skills or ())} for each in posting.skills or ()
    ]
    if posting.location:
        near = {"origin": [posting.location.lon, posting.location.lat], "scale": "20km", "offset": "5km"}
        functions.append({"filter": {"exists": {"field": "location"}}, "gauss": {"location": near}, "weight": 12})
    if posting.region:
        for depth, region in enumerate(covering(posting.region)):
            functions.append({"filter": {"term": {"home": region}}, "weight": (5, 3, 2)[min(depth, 2)]})
    low = (pay.monthly(posting.pay) or (None, None))[0]
    if low is not None:
        functions.append(
            {"filter": {"exists": {"field": "pay_min"}}, "linear": {"pay_min": {"origin": 0, "offset": low, "scale": 1000}}, "weight": 8}
        )
    required = {"must": [{"bool": {"should": alike}}], "filter": filters(posting)}
    optional = {"must": [{"match_all": {}}], "should": alike}
    return {
        "function_score": {
            "query": {"bool": required if careful else optional},
            "functions": functions or [{"weight": 0}],
            "score_mode": "sum",
            "boost_mode": "sum",
        }
    }


def main(arguments: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--postings", type=int, default=100)
    parser.add_argument("--url")
    given = parser.parse_args(arguments)
    postings = bench_postings(given.postings)
    server = server_of(place(given.url))
    client = server.client().options(request_timeout=300)
    index = f"{server.prefix}-people"
    client.indices.create(
        index=index,
        mappings={"dynamic": "strict", "_source": {"enabled": False}, "properties": FIELDS},
        settings={"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
    )
    try:
        columns = PeopleColumns()
        columns.reserve(given.people)
        lines: list[Any] = []
        column_s = elastic_s = 0.0
        for number, person in enumerate(bench_people(given.people), 1):
            begun = time.perf_counter()
            columns.upsert(person)
            made = time.perf_counter()
            lines += (b'{"index":{}}', orjson.dumps(document(person)))
            if number % 2000 == 0 or number == given.people:
                client.bulk(index=index, operations=lines, filter_path=["errors"])
                lines.clear()
            column_s, elastic_s = column_s + made - begun, elastic_s + time.perf_counter() - made
        begun = time.perf_counter()
        client.indices.refresh(index=index)
        client.indices.forcemerge(index=index, max_num_segments=1)
        elastic_s += time.perf_counter() - begun
        assert client.count(index=index)["count"] == given.people
        out: dict[str, Any] = {"people": given.people, "postings": given.postings, "top": TOP}
        out["load_s"] = {"columns": round(column_s, 1), "elasticsearch": round(elastic_s, 1)}
        out |= measure(postings, columns, client, index)
    finally:
        client.indices.delete(index=index)
        client.close()
    return out


def measure(postings: list[Posting], columns: PeopleColumns, client: Any, index: str) -> dict[str, Any]:
    """Each posting by all three in turn, so that a busy moment is everybody's; the first five warm up and do not count."""

    def ours(posting: Posting) -> list[str]:
        return [pair.person_id for pair in columns.match(posting, AS_OF, TOP, rules=BATCH_RULES)]

    def theirs(posting: Posting, careful: bool) -> list[str]:
        answer = client.search(
            index=index, query=query(posting, careful=careful), size=TOP, source=False, docvalue_fields=[{"field": "id"}],
            track_total_hits=False, filter_path=["hits.hits.fields"],
        )  # fmt: skip
        return [hit["fields"]["id"][0] for hit in answer.get("hits", {}).get("hits", ())]

    forms = {"matcher": ours, "careful": lambda posting: theirs(posting, True), "everyone": lambda posting: theirs(posting, False)}
    taken: dict[str, list[float]] = {name: [] for name in forms}
    shared: dict[str, list[float]] = {"careful": [], "everyone": []}
    for number, posting in enumerate([*postings[:5], *postings]):
        found = {}
        for name, form in forms.items():
            begun = time.perf_counter()
            found[name] = form(posting)
            if number >= 5:
                taken[name].append(time.perf_counter() - begun)
        if number >= 5 and found["matcher"]:
            best = set(found["matcher"])
            for name in shared:
                shared[name].append(len(best & set(found[name])) / len(best))
    out: dict[str, Any] = {name: quantiles(seconds) for name, seconds in taken.items()}
    for name in shared:
        out[f"ratio_{name}"] = {cut: round(out[name][cut] / out["matcher"][cut], 1) for cut in ("p10_ms", "p50_ms", "p99_ms")}
        out[f"overlap_{name}"] = round(float(np.mean(shared[name])), 2)
    out["load_average"] = round(os.getloadavg()[0], 1)
    return out


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
