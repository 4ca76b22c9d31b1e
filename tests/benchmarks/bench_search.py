"""First search with facets, and suggestions, over made-up postings: the embedded index beside SQLite FTS5, same data, same run.

    python -m tests.benchmarks.bench_search [--documents 100000] [--queries 200] [--seed 1]

Both get the tokens of matcher.text; both answer with the 20 best, the total and the counts by city, form and source. FTS5 ranks by bm25
alone (our relevance re-ranks 1,000) and counts its facets with GROUP BY. Prints one JSON object on its last line.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from api.search.suggesting import titles
from matcher import pinyin, places
from matcher.occupations import occupations
from matcher.shapes import read_posting
from matcher.text import normalise, tokens
from search.documents import IndexDocument, document_of, is_pair
from search.index import open_index, tantivy_url
from search.query import Query, read_query
from search.relevance import Described, by_likeness

PREFIXES = ("", "", "高级", "初级", "资深", "实习", "储备", "急聘", "熟练", "夜班")
DUTIES = (
    "负责车间日常生产", "按图纸加工零件", "接待来访客户", "整理货架与库存", "检修设备线路", "配合项目经理完成施工",
    "协助主管编制报表", "负责门店收银", "按排班巡查园区", "完成领导交办的其他工作", "五险一金", "包吃住",
    "月休四天", "双休", "有工作经验者优先", "提供岗前培训", "节日福利", "可预支工资",
)  # fmt: skip
FIRMS = ("晨光", "华远", "晋龙", "恒通", "瑞丰", "三合", "新源", "同创", "汾河", "太行", "云冈", "平阳")
TRADES = ("机械", "物业", "商贸", "餐饮", "科技", "建筑", "物流", "教育", "医药", "能源")


def made_up(count: int, seed: int) -> Iterator[IndexDocument]:
    """Documents with titles from the occupation classification; places, pay and dates drawn."""
    draw = random.Random(seed)
    known = sorted(occupations().values(), key=lambda each: each.code)
    counties = places.counties_of("140000")
    for number in range(count):
        work = draw.choice(known)
        county = draw.choice(counties)
        lat, lon = places.seat_of(county) or (37.87, 112.55)
        low = draw.randrange(2500, 12_000, 100)
        yield document_of(
            read_posting(
                {
                    "posting_id": f"p-{number}",
                    "source": draw.choice(("enterprise", "gig_market", "labour_brand")),
                    "title": draw.choice(PREFIXES) + work.name,
                    "description": "，".join(draw.sample(DUTIES, 8)),
                    "employer": {"name": f"{draw.choice(FIRMS)}{draw.choice(TRADES)}有限公司"},
                    "occupation_code": work.code,
                    "employment_form": draw.choice(("full_time", "full_time", "full_time", "part_time", "gig", "temporary")),
                    "region": county,
                    "location": {"lat": lat + draw.gauss(0, 0.05), "lon": lon + draw.gauss(0, 0.05)},
                    "pay": {"min": low, "max": low + draw.randrange(500, 4000, 100), "unit": "month"},
                    "education_min": draw.choice(("90", "71", "61", "31", "21")),
                    "published_at": f"2026-{draw.randrange(1, 12):02}-{draw.randrange(1, 29):02}T{draw.randrange(24):02}:00:00+08:00",
                }
            ),
            1,
        )


def asked(count: int, seed: int) -> list[dict[str, Any]]:
    """Searches as people type them: a title or a piece of one, a third with a region, a fifth with pay."""
    draw = random.Random(seed + 1)
    names = sorted(each.name for each in occupations().values())
    cities = [code for code, region in places.regions().items() if code.startswith("14") and region.level == "city"]
    found = []
    for _ in range(count):
        name = draw.choice(names)
        one: dict[str, Any] = {"q": draw.choice((name, name[-2:], name[-3:], draw.choice(("双休", "包吃住", "物业", "晨光机械"))))}
        if draw.random() < 0.34:
            one["region"] = draw.choice(cities)
        if draw.random() < 0.2:
            one["pay_min"] = draw.choice((4000, 6000, 8000))
        found.append(one)
    return found


class Fts5:
    """The alternative: one FTS5 table of tokens, one table of facts, joined."""

    def __init__(self, path: Path):
        self.connection = sqlite3.connect(path)
        self.connection.executescript(
            "PRAGMA journal_mode=WAL;"
            "CREATE VIRTUAL TABLE words USING fts5(grams, content='', tokenize=\"unicode61 tokenchars '+#.'\");"
            "CREATE TABLE facts(n INTEGER PRIMARY KEY, id, title, region, city, form, source, pay_top, date_key);"
        )

    def build(self, documents: list[IndexDocument]) -> None:
        for number, document in enumerate(documents):
            self.connection.execute(
                "INSERT INTO words(rowid, grams) VALUES (?, ?)", (number, " ".join(t for f in document.fields for t in f))
            )
            self.connection.execute(
                "INSERT INTO facts VALUES (?,?,?,?,?,?,?,?,?)",
                (number, document.posting_id, document.title, document.region, document.city, document.form, document.source,
                 document.pay_top, document.date_key),
            )  # fmt: skip
        self.connection.commit()

    def search(self, query: Query) -> tuple[list[str], int, dict[str, dict[str, int]]]:
        needles = [needle for node in query.tree().nodes for needle in getattr(node, "needles", ())]
        match = " ".join('"' + needle + '"' for needle in needles)
        where = "words MATCH ?"
        values: list[Any] = [match]
        if query.regions:
            where += " AND city = ?"
            values.append(query.regions[0])
        if query.pay_min is not None:
            where += " AND pay_top >= ?"
            values.append(query.pay_min)
        source = f"FROM words JOIN facts ON facts.n = words.rowid WHERE {where}"
        hits = self.connection.execute(f"SELECT id, title {source} ORDER BY bm25(words) LIMIT 20", values).fetchall()
        facets = {
            name: dict(self.connection.execute(f"SELECT {name}, count(*) {source} GROUP BY 1 ORDER BY 2 DESC", values).fetchall())
            for name in ("city", "form", "source")
        }
        return [hit[0] for hit in hits], sum(facets["source"].values()), facets


def typed(count: int, seed: int) -> list[str]:
    """What somebody has typed so far of a trade's name: its first one to four characters, its letters, its initials, a character wrong."""
    draw = random.Random(seed)
    names = sorted(each.name for each in occupations().values())
    found = []
    for number in range(count):
        name = draw.choice(names)
        ways = [name[: draw.randint(1, 4)]] * 3
        ways.append(sorted(pinyin.spelt(name[:3]) | {name})[0][: draw.randint(2, 8)])
        ways.append(sorted(pinyin.initials(name) | {name})[0][: draw.randint(2, 4)])
        ways.append(name[:1] + draw.choice("汗功电员") + name[2:4])
        found.append(ways[number % len(ways)])
    return found


def suggestions(folder: str, count: int, seed: int) -> dict[str, dict[str, float]]:
    """Suggestions while typing, in a process that has read no posting's title yet; FTS5 counts equal titles among the newest thousand."""
    index = open_index(tantivy_url(Path(folder) / "index"))
    fts5 = sqlite3.connect(Path(folder) / "fts5.sqlite")
    words = typed(count, seed)
    for warming in ("医", "yi", "电汗工"):
        titles(index, warming)
    plain = (
        "SELECT title, count(*) FROM (SELECT title FROM words JOIN facts ON facts.n = words.rowid WHERE words MATCH ? "
        "ORDER BY date_key DESC LIMIT 1000) GROUP BY 1 ORDER BY 2 DESC LIMIT 8"
    )
    return {
        "suggestions": milliseconds([lambda each=each: titles(index, normalise(each)) for each in words]),
        "fts5_suggestions": milliseconds(
            [
                lambda each=each: fts5.execute(plain, [" ".join(f'"{token}"' for token in tokens(each)) or '"x"']).fetchall()
                for each in words
            ]
        ),
    }


def milliseconds(runs: list[Callable[[], Any]]) -> dict[str, float]:
    """p50 and p95 of single calls, and of the thread's processor time: on a machine that does other things the fair figure."""
    taken, worked = [], []
    for run in runs:
        begun, thread = time.perf_counter(), time.thread_time()
        run()
        taken.append((time.perf_counter() - begun) * 1000)
        worked.append((time.thread_time() - thread) * 1000)
    cuts, processor = statistics.quantiles(taken, n=20), statistics.quantiles(worked, n=20)
    return {
        "p50_ms": round(statistics.median(taken), 2),
        "p95_ms": round(cuts[18], 2),
        "worst_ms": round(max(taken), 2),
        "p50_processor_ms": round(processor[9], 2),
        "p95_processor_ms": round(processor[18], 2),
    }


def main(arguments: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    begun = time.perf_counter()
    documents = list(made_up(given.documents, given.seed))
    out: dict[str, Any] = {"documents": given.documents, "queries": given.queries, "make_s": round(time.perf_counter() - begun, 1)}
    assert any(is_pair(token) for token in documents[0].title_tokens)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        index = open_index(tantivy_url(Path(folder) / "index"))
        index.upsert(documents)
        index.commit(1)
        out["build_s"] = round(time.perf_counter() - begun, 1)
        begun = time.perf_counter()
        index.close()
        out["merge_s"] = round(time.perf_counter() - begun, 1)
        out["index_mb"] = round(sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6)
        index = open_index(tantivy_url(Path(folder) / "index"))
        begun = time.perf_counter()
        fts5 = Fts5(Path(folder) / "fts5.sqlite")
        fts5.build(documents)
        out["fts5_build_s"] = round(time.perf_counter() - begun, 1)

        queries = [read_query({**each, "facets": "city,form,source"}) for each in asked(given.queries, given.seed)]
        by_date = [read_query({**each, "facets": "city,form,source", "sort": "date"}) for each in asked(given.queries, given.seed)]
        around = [
            read_query({"q": each["q"], "near": "37.87,112.55", "radius_km": 50, "sort": "distance", "facets": "city,form,source"})
            for each in asked(given.queries, given.seed)
        ]
        everything = [read_query({"facets": "city,form,source", "sort": sort}) for sort in ("date", "pay")] * 20
        by_likeness("医", [Described("外科医师", None)])  # loads the matcher's tables; titles and words are met for the first time below
        out["first_search"] = milliseconds([lambda query=query: index.search(query) for query in queries])
        out["same_search_again"] = milliseconds([lambda query=query: index.search(query) for query in queries])
        index.refresh()  # as a commit does: the ranked heads are forgotten
        out["again_after_a_commit"] = milliseconds([lambda query=query: index.search(query) for query in queries])
        out["by_date"] = milliseconds([lambda query=query: index.search(query) for query in by_date])
        out["within_50_km"] = milliseconds([lambda query=query: index.search(query) for query in around])
        out["everything"] = milliseconds([lambda query=query: index.search(query) for query in everything])
        out["fts5_first_search"] = milliseconds([lambda query=query: fts5.search(query) for query in queries])
        for query in queries:
            ours, theirs = index.search(query), fts5.search(query)
            assert (ours.total, ours.facets["form"]) == (theirs[1], theirs[2]["form"]), query.text
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
            out |= fresh.submit(suggestions, folder, given.queries, given.seed).result()
        out["matches_median"] = int(statistics.median(index.search(query).total for query in queries))
    return out


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
