"""Which majors the reference postings ask for, and the evaluation set that is made of them."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

from infra.evaluation_sets import FILES, EvaluationSet, is_testing
from matcher.majors import ENDING, stem
from matcher.text import normalise
from matcher.titles import essence

NAMES = Path(__file__).with_name("major_names.tsv")
# What the searches of postings_51job_by_major.csv looked for; that for 管理 found whatever is called a manager.
SEARCHED = {"金融": "金融", "营销": "市场营销", "经济": "经济", "会计": "会计", "供应链": "供应链管理"}
# A posting that asks for the category or for a like major counts this much of one that asks for the major; less where the category is
# called like one of its majors (工商管理, to which 会计学 belongs as well).
OF_CATEGORY, OF_NAMESAKE, OF_LIKE = 0.7, 0.2, 0.9
_ASKED = re.compile(r"([^。；;!！?？\n:：]{2,60})专业")
_PARTS = re.compile(r"[、，,/或和及与\s()（）.．·|]+|以及|等|相关|专业|优先|毕业|本科|大专|以上|学历|\d+")


def _read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def kin_of_names(shared: Path) -> dict[str, tuple[tuple[str, ...], float]]:
    """Every name of a major without its ending -> the names to look at beside it, and what a posting that asks for one of them is worth:
    an undergraduate major's category, a vocational major's like ones."""
    folder = shared / "data" / "reference"
    categories = {row["major_category_code"]: stem(row["major_category_name"]) for row in _read(folder / "major_categories_2025.csv")}
    majors = {stem(row["major_name"]): categories[row["major_category_code"]] for row in _read(folder / "majors_undergraduate_2025.csv")}
    out: dict[str, tuple[tuple[str, ...], float]] = {name: ((), 0.0) for name in categories.values()}
    for own, of in majors.items():
        out[own] = ((of,), OF_NAMESAKE if of in majors else OF_CATEGORY) if own != of else ((), 0.0)
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, like = line.split("\t")
            kin = tuple(stem(one) for one in like.split("|") if stem(one) != stem(name))
            unknown = [one for one in kin if one not in majors and one not in categories.values()]
            if unknown:
                raise ValueError(f"{NAMES.name}: {name} is like {'、'.join(unknown)}, which is no undergraduate major or category")
            out.setdefault(stem(name), (kin, OF_LIKE))
    return out


@cache
def _joined(names: frozenset[str]) -> tuple[str, ...]:
    """Names that a list's own joints would cut: 电气工程及其自动化."""
    return tuple(name for name in names if len(name) > 3 and re.search("[及与和或]", name))


def asked_for(text: str, names: frozenset[str]) -> set[str]:
    """The majors a description asks for: parts of what stands before 「专业」 that are names of majors."""
    found: set[str] = set()
    joined = _joined(names)
    for said in _ASKED.findall(normalise(text)):
        found.update(name for part in _PARTS.split(said) if (name := stem(part)) in names)
        found.update(name for name in joined if name in said)
    return found


def rows_of(shared: Path) -> list[tuple[str, frozenset[str]]]:
    """(title, majors it is for) of every posting, each title of an employer once. A short name asks for what it is short for as well."""
    kin = kin_of_names(shared)
    names = frozenset(kin)
    short = {name: like for name, (like, worth) in kin.items() if worth == OF_LIKE}
    out: dict[tuple[str, str], set[str]] = defaultdict(set)
    for file in FILES:
        for row in _read(shared / "data" / "dev" / f"{file}.csv"):
            majors = out[row["title"].strip(), row["company"]]
            majors.update(asked_for(row["description"] or "", names))
            if row.get("search_major") in SEARCHED:
                majors.add(SEARCHED[row["search_major"]])
    for majors in out.values():
        majors.update(*(short[name] for name in majors & short.keys()))
    return [(title, frozenset(majors)) for (title, _), majors in out.items() if essence(title)]


def major_set(shared: Path) -> EvaluationSet:
    """Majors against the titles of the testing fifth whose posting asks for a major at all (of the others nobody knows): right are those
    that ask for this one. At least five are, or it is no query."""
    titles: dict[str, int] = {}
    asked: dict[str, set[int]] = defaultdict(set)
    for title, majors in rows_of(shared):
        if majors and is_testing(title):
            number = titles.setdefault(essence(title), len(titles))
            for major in majors:
                asked[major].add(number)
    tested = sorted(major for major, found in asked.items() if len(found) >= 5)
    return EvaluationSet(
        "major > titles asked for", [(major + ENDING, "") for major in tested], [(title, "") for title in titles],
        [frozenset(asked[major]) for major in tested], ["" for _ in tested],
    )  # fmt: skip
