"""The whole sample in one call, and as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson

from infra.sample import demo
from infra.sample.employers import make_firms, street_offices
from infra.sample.oddities import hold_some, send_twice, write_contacts_into
from infra.sample.population import SAMPLE_DAY
from infra.sample.population import people as people_rows
from infra.sample.postings import PostingMaker
from infra.sample.tables import brands, market_counties

Row = dict[str, Any]
NEAR_DUPLICATES = 0.03
HELD = 0.015
CONTACT_IN_TEXT = 0.05


@dataclass(frozen=True)
class Sample:
    """Rows as their sources send them, and what the sample knows about them that no source says.

    ``near_duplicates`` are pairs of posting ids for one opening; ``to_be_held`` says per posting id what is wrong with it (see
    ``oddities.HOLD_WORDS``, or ``pay``); ``to_be_masked`` what stands in a description and must not get through.
    """

    today: date
    employers: list[Row]
    postings: list[Row]
    people: list[Row]
    accounts: list[Row]
    markets: list[Row]
    brands: list[Row]
    near_duplicates: list[tuple[str, str]] = field(default_factory=list)
    to_be_held: dict[str, str] = field(default_factory=dict)
    to_be_masked: dict[str, str] = field(default_factory=dict)


def generate(seed: int = 2026, postings: int = 3000, employers: int = 400, people: int = 5000, today: date = SAMPLE_DAY) -> Sample:
    """A labour market of these sizes, the same for the same arguments; days are counted from ``today``, no clock is read.

    Raises ``ValueError`` when a size is too small to hold the demo accounts' subjects (30 postings, 10 employers, 1 person).
    """
    if postings < 30 or employers < 10 or people < 1:
        raise ValueError("at least 30 postings, 10 employers and 1 person are needed to hold the demo accounts' subjects")
    street_count = max(1, employers // 100)
    demo_firm = demo.employer(today)
    firms = make_firms(seed, employers - street_count - 1, today)
    streets = street_offices(seed, street_count)
    rows, pairs, held, masked = _postings(seed, postings, PostingMaker(seed, firms, streets, today), today)
    return Sample(
        today=today,
        employers=[demo_firm.row, *(firm.row for firm in firms), *(street.row for street in streets)],
        postings=rows,
        people=[demo.person(today), *people_rows(people - 1, seed, today)],
        accounts=demo.accounts(),
        markets=[{"market_id": f"m-{item.code}", "name": f"{item.name}零工驿站", "region": item.code} for item in market_counties()],
        brands=[{"brand_id": item.brand_id, "name": item.name, "region": item.county} for item in brands()],
        near_duplicates=pairs,
        to_be_held=held,
        to_be_masked=masked,
    )


def _postings(
    seed: int, count: int, maker: PostingMaker, today: date
) -> tuple[list[Row], list[tuple[str, str]], dict[str, str], dict[str, str]]:
    shown = demo.postings(today)
    for row in shown:
        maker.titles.count(row["title"])
    copies_wanted = round(count * NEAR_DUPLICATES)
    made = [maker.make(number) for number in range(count - len(shown) - copies_wanted)]
    rng = Random(f"{seed}/oddities")
    published_until = f"{(today - timedelta(days=1)).isoformat()}T21:00:00+08:00"
    copies, pairs = send_twice(rng, made, copies_wanted, maker.titles, published_until)
    held = hold_some(rng, made, HELD, maker.titles)
    masked = write_contacts_into(rng, made, CONTACT_IN_TEXT)
    rows = [*shown, *made, *copies]
    rows.sort(key=lambda row: (row["published_at"], row["posting_id"]))
    return rows, pairs, held, masked


def _write_lines(path: Path, rows: Iterable[Row]) -> None:
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def write(sample: Sample, folder: Path) -> None:
    """``postings.jsonl``, ``employers.jsonl``, ``people.jsonl`` and, in ``about.json``, accounts, markets, brands and what to expect."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_lines(folder / "postings.jsonl", sample.postings)
    _write_lines(folder / "employers.jsonl", sample.employers)
    _write_lines(folder / "people.jsonl", sample.people)
    about = {
        "today": sample.today,
        "accounts": sample.accounts,
        "markets": sample.markets,
        "brands": sample.brands,
        "near_duplicates": sample.near_duplicates,
        "to_be_held": sample.to_be_held,
        "to_be_masked": sample.to_be_masked,
    }
    (folder / "about.json").write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
