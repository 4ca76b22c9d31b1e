"""Evaluation sets from the given reference data, split by a hash of the query so that what tunes and what tests never meet.

A fifth of the titles, work types, spoken names and functions is for testing: the scripts that learn tables leave them out. Nothing
here ships
with the product's tables; a missing reference folder is a FileNotFoundError naming it.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from matcher.text import normalise, tokens
from matcher.titles import essence

FILES = ("postings_public_service", "postings_shanxi", "postings_commercial_sample", "postings_51job_by_major")


@dataclass(frozen=True, slots=True)
class ReferencePosting:
    platform: str
    title: str
    employer: str
    description: str


@dataclass(frozen=True)
class EvaluationSet:
    """Queries and documents as (title, text); per query the numbers of the right documents and the slice it belongs to."""

    name: str
    queries: list[tuple[str, str]]
    documents: list[tuple[str, str]]
    right: list[frozenset[int]]
    slices: list[str]


def _read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@cache
def postings(shared: Path) -> tuple[ReferencePosting, ...]:
    """All reference postings with a title, in file order; the description may be empty."""
    return tuple(
        ReferencePosting(row.get("platform") or name, row["title"].strip(), row["company"], row["description"] or "")
        for name in FILES
        for row in _read(shared / "data" / "dev" / f"{name}.csv")
        if row["title"].strip()
    )


def occupation_texts(shared: Path) -> dict[str, str]:
    """Definition and tasks of each occupation, by code; of a code that stands twice the first row."""
    out: dict[str, str] = {}
    for row in _read(shared / "data" / "dev" / "occupations_2022.csv"):
        out.setdefault(row["code"], row["definition"] + row["tasks"])
    return out


def work_types(shared: Path) -> list[tuple[str, str]]:
    """(work type, occupation code) pairs of the classification."""
    return [(row["worktype"], row["occupation_code"]) for row in _read(shared / "data" / "dev" / "occupation_worktypes.tsv", "\t")]


def function_groups(shared: Path) -> list[tuple[str, list[str]]]:
    """(parent, its leaves without 其他…) of the job functions."""
    rows = _read(shared / "data" / "reference" / "job_functions_935.csv")
    parents = {row["code"][:4]: row["name"] for row in rows if row["code"].endswith("00")}
    out: dict[str, list[str]] = {}
    for row in rows:
        if not row["code"].endswith("00") and not row["name"].startswith("其他"):
            out.setdefault(row["code"][:4], []).append(row["name"])
    return [(parents.get(code, leaves[0]), leaves) for code, leaves in out.items()]


def is_testing(key: str) -> bool:
    """Whether a query belongs to the testing fifth: by the first byte of its SHA-256, so that no order or seed matters."""
    return hashlib.sha256(essence(key).encode()).digest()[0] % 5 == 0


def without_words_of(title: str, text: str) -> str:
    """The text without any word or pair of characters of the title: what is left must be understood, not matched."""
    out = normalise(text)
    pieces = {part for part in re.findall(r"[一-鿿]+|[a-z0-9+#.]+", normalise(title)) if len(part) > 1}
    pieces.update(token for token in tokens(title) if len(token) > 1)
    for piece in sorted(pieces, key=len, reverse=True):
        out = out.replace(piece, " ")
    return out


def without_title(title: str, text: str) -> str:
    """The text without the title itself and its parts as a whole; shorter shared words stay."""
    out = normalise(text)
    for piece in sorted({normalise(title), essence(title), *essence(title).split(" ")}, key=len, reverse=True):
        if len(piece) > 1:
            out = out.replace(piece, " ")
    return out


def testing_sets(shared: Path) -> list[EvaluationSet]:
    """The sets of the testing fifth: work type to occupation (three forms), title to own description (two forms), sibling functions."""
    out: list[EvaluationSet] = []
    names: dict[str, str] = {}
    for row in _read(shared / "data" / "dev" / "occupations_2022.csv"):
        names.setdefault(row["code"], row["name"])
    texts, codes = occupation_texts(shared), list(names)
    place = {code: number for number, code in enumerate(codes)}
    pairs = [(work_type, code) for work_type, code in work_types(shared) if is_testing(work_type) and code in place]
    for name, documents in (
        ("work type > occupation name", [(names[code], "") for code in codes]),
        ("work type > name and tasks", [(names[code], texts[code]) for code in codes]),
        ("work type > tasks only", [("", texts[code]) for code in codes]),
    ):
        right = [frozenset({place[code]}) for _, code in pairs]
        out.append(
            EvaluationSet(name, [(work_type, "") for work_type, _ in pairs], documents, right, [f"大类 {code[0]}" for _, code in pairs])
        )
    for name, strip in (
        ("title > description without the title", without_title),
        ("title > description without its words", without_words_of),
    ):
        queries, documents, right, slices, seen = [], [], [], [], set()
        for number, posting in enumerate(postings(shared)):
            key, tests = essence(posting.title), is_testing(posting.title)
            text = strip(posting.title, posting.description) if len(posting.description) >= 20 else ""
            if key in seen or len(text) < 15 or not (tests or number % 2):
                continue
            seen.add(key)
            if tests:
                queries.append((posting.title, ""))
                right.append(frozenset({len(documents)}))
                slices.append("short text" if len(text) < 100 else "long text")
            documents.append(("", text))
        out.append(EvaluationSet(name, queries, documents, right, slices))
    leaves = [(number, leaf) for number, (_, members) in enumerate(function_groups(shared)) for leaf in members]
    tested = [(index, group, leaf) for index, (group, leaf) in enumerate(leaves) if is_testing(leaf)]
    related = [
        frozenset(other for other, (second, _) in enumerate(leaves) if second == group and other != index) for index, group, _ in tested
    ]
    kept = [number for number, members in enumerate(related) if members]
    out.append(
        EvaluationSet(
            "function > sibling functions", [(tested[number][2], "") for number in kept], [(leaf, "") for _, leaf in leaves],
            [related[number] for number in kept], ["" for _ in kept],
        )
    )  # fmt: skip
    return out
