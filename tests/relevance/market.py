"""The graded market of GUIDE.md: sixty people, every posting graded for each, and what two systems put first.

python -m tests.relevance.market        nDCG@10 of both, and the people whom the matcher serves worst
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import click
import numpy as np

from infra.evaluation_baselines import Grams, bm25
from matcher.blockers import BATCH_RULES
from matcher.columns_postings import PostingColumns
from matcher.shapes import Person, Posting, read_person, read_posting

AS_OF = date(2026, 11, 20)
FOLDER = Path(__file__).parent
CUT = 10


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _listed(cell: str) -> list[str] | None:
    return cell.split("、") if cell else None


def _person(row: Mapping[str, str]) -> Person:
    jobs = [job.rsplit(" ", 1) for job in row["jobs"].split("、") if job]
    return read_person({
        "person_id": row["id"],
        "kind": "graduate" if row["id"].startswith("g") else "registered_unemployed",
        "region": row["region"],
        "desired": {
            "titles": _listed(row["wishes"]),
            "regions": _listed(row["regions"]),
            "pay_min": float(row["pay_min"]) if row["pay_min"] else None,
        },
        "education": {"level": row["education"], "major": row["major"] or None},
        "experience": [{"title": title, "years": float(years)} for title, years in jobs] or None,
        "skills": _listed(row["skills"]),
        "certificates": _listed(row["certificates"]),
    })  # fmt: skip


def _posting(number: int, row: Mapping[str, str]) -> Posting:
    pay: dict[str, Any] = {"unit": row["pay_unit"] or None}
    if row["pay_min"]:
        pay |= {"min": float(row["pay_min"]), "max": float(row["pay_max"])}
    return read_posting({
        "posting_id": row["id"],
        "source": "enterprise",
        "title": row["title"],
        "description": row["description"] or None,
        "region": row["region"],
        "pay": pay if any(pay.values()) else {},
        "education_min": row["education"] or None,
        "experience_years_min": float(row["experience"]) if row["experience"] else None,
        "certificates": _listed(row["certificate"]),
        # Days are dealt out by number, so that freshness has a say and none of its own.
        "published_at": f"{AS_OF - timedelta(days=number * 7 % 40)}T09:00:00+08:00",
    })  # fmt: skip


@dataclass(frozen=True)
class Market:
    people: list[Person]
    postings: list[Posting]
    grades: dict[str, dict[str, int]]
    columns: PostingColumns
    grams: Grams

    def recommended(self, person: Person) -> list[str]:
        """Every posting that the matcher recommends, best first."""
        return [pair.posting_id for pair in self.columns.match(person, AS_OF, len(self.postings), rules=BATCH_RULES)]

    def searched(self, person: Person) -> dict[str, float]:
        """What BM25 gives each posting that the matcher's rules leave, for all that the person says of work."""
        said = [*(person.desired.titles or ()), *(job.title or "" for job in person.experience or ()), person.education.major or ""]
        scores = bm25(self.grams, (" ".join([*said, *(person.skills or ())]), ""))
        open_to_them = set(self.recommended(person))
        found = zip(self.postings, scores, strict=True)
        return {posting.posting_id: float(score) for posting, score in found if posting.posting_id in open_to_them}

    def grade(self, person: Person, posting_id: str) -> int:
        return self.grades[person.person_id].get(posting_id, 0)


@cache
def market() -> Market:
    postings = [_posting(number, row) for number, row in enumerate(_rows("postings"))]
    people = [_person(row) for row in _rows("people")]
    grades: dict[str, dict[str, int]] = {person.person_id: {} for person in people}
    for row in _rows("grades"):
        grades[row["person"]][row["posting"]] = int(row["grade"])
    grams = Grams([(posting.title, posting.description or "") for posting in postings])
    return Market(people, postings, grades, PostingColumns(postings), grams)


def ndcg(scores: Mapping[str, float], grades: Mapping[str, int]) -> float:
    """nDCG at 10; equal scores share the gain of their places. The best possible list is that of all grades of the person."""
    discounts = 1 / np.log2(np.arange(2, CUT + 2))
    order = sorted(scores, key=lambda name: -scores[name])
    gained, place = 0.0, 0
    while place < min(CUT, len(order)):
        tied = [name for name in order[place:] if scores[name] == scores[order[place]]]
        gained += discounts[place : place + len(tied)].sum() * float(np.mean([2 ** grades.get(name, 0) - 1 for name in tied]))
        place += len(tied)
    best = np.array(sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:CUT])
    return gained / float((best * discounts[: best.size]).sum())


def gains() -> tuple[dict[str, float], dict[str, float]]:
    """nDCG@10 by person of the matcher and of BM25."""
    given, matcher, words = market(), {}, {}
    for person in given.people:
        grades = given.grades[person.person_id]
        order = given.recommended(person)
        matcher[person.person_id] = ndcg({name: -float(place) for place, name in enumerate(order)}, grades)
        words[person.person_id] = ndcg(given.searched(person), grades)
    return matcher, words


def main() -> None:
    given = market()
    matcher, words = gains()
    titles = {posting.posting_id: posting.title for posting in given.postings}
    for person in sorted(given.people, key=lambda person: matcher[person.person_id]):
        name = person.person_id
        said = "、".join(
            [*(person.desired.titles or ()), *(job.title or "" for job in person.experience or ()), person.education.major or ""]
        )
        first = "  ".join(f"{titles[found]}:{given.grade(person, found)}" for found in given.recommended(person)[:CUT])
        click.echo(f"{name} {matcher[name]:.3f} {words[name]:.3f} {said.strip('、')} | {first}")
    for kind in ("u", "g", ""):
        means = [float(np.mean([gain for name, gain in found.items() if name.startswith(kind)])) for found in (matcher, words)]
        click.echo(f"{ {'u': 'registered unemployed', 'g': 'graduates', '': 'all'}[kind] }: matcher {means[0]:.3f}, bm25 {means[1]:.3f}")


if __name__ == "__main__":
    main()
