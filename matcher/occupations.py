"""The occupation classification of 2022 (职业分类大典): what a code is called, how near two occupations are, which ones a spoken
title means.

Tables: ``tables/occupations.tsv`` (codes, names, work types, definitions; made by infra/make_tables_occupations.py) and
``tables/spoken_titles.tsv`` (how postings and people say it). Read once, when first asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from matcher.title_names import NameIndex
from matcher.titles import essence

# Codes under which older data still lists an occupation -> the official one.
_MOVED = {"4-10-08-01": "4-02-07-10"}
# Kinship by the deepest group two occupations share, thousandths: 小类 (first 7 characters), 中类 (4), 大类 (1).
SAME, SAME_MINOR, SAME_MID, SAME_MAJOR = 1000, 600, 250, 50
# A title means an occupation only from this confidence on; below it, the name shares a few characters by chance.
LEAST_CONFIDENCE = 0.35
_LEAST = round(LEAST_CONFIDENCE * 1000)
# From this confidence in thousandths on a title is an occupation's name; what it only resembles then keeps this share of its confidence.
_NAMED, _BESIDE_NAMED = 900, 500


@dataclass(frozen=True, slots=True)
class Occupation:
    """One 细类 with its groups. ``work_types`` are the 工种 listed under it, ``spoken`` the names used in postings."""

    code: str
    name: str
    minor: str
    minor_name: str
    mid: str
    mid_name: str
    major: str
    major_name: str
    work_types: tuple[str, ...]
    spoken: tuple[str, ...]
    definition: str


def _lines(name: str) -> list[list[str]]:
    text = resources.files("matcher.tables").joinpath(name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@cache
def spoken_families() -> dict[str, tuple[str, ...]]:
    """Official name, or ``=NAME`` for a family without a class of its own -> its spoken names, most usual first."""
    return {name: tuple(spoken.split("|")) for name, spoken in _lines("spoken_titles.tsv")}


@cache
def occupations() -> dict[str, Occupation]:
    """Every occupation by code, in the order of the classification."""
    rows = _lines("occupations.tsv")[1:]
    groups = {code: name for code, name, *_ in rows if len(code) < 10}
    spoken = spoken_families()
    return {
        code: Occupation(
            code, name, code[:7], groups.get(code[:7], name), code[:4], groups.get(code[:4], ""), code[0], groups.get(code[0], ""),
            tuple(work_types.split("|")) if work_types else (), spoken.get(name, ()), definition,
        )
        for code, name, work_types, definition in rows
        if len(code) == 10
    }  # fmt: skip


def occupation(code: str | None) -> Occupation | None:
    """The occupation of a code (older codes are led to the official one), or None for an unknown code."""
    if code is None:
        return None
    return occupations().get(_MOVED.get(code, code))


def kinship_thousandths(code_a: str, code_b: str) -> int:
    """How near two occupations are, 0 to 1000, by the deepest group both belong to. Symmetric; unknown codes work by their digits."""
    a, b = _MOVED.get(code_a, code_a), _MOVED.get(code_b, code_b)
    if a == b:
        return SAME
    if a[:1] == "=" or b[:1] == "=":
        return 0
    if a[:7] == b[:7]:
        return SAME_MINOR
    if a[:4] == b[:4]:
        return SAME_MID
    return SAME_MAJOR if a[:1] == b[:1] else 0


def kinship(code_a: str, code_b: str) -> float:
    """``kinship_thousandths`` as a share, 0.0 to 1.0."""
    return kinship_thousandths(code_a, code_b) / 1000


def _is_known(name: str) -> bool:
    return name not in _left_out


@cache
def concepts() -> tuple[str, ...]:
    """Everything a title can mean: all occupation codes, then the families without a class (``=普工``). The index is the concept's
    number."""
    return (*occupations(), *(name for name in spoken_families() if name.startswith("=")))


_left_out: frozenset[str] = frozenset()


@contextmanager
def leaving_out(names: frozenset[str]) -> Iterator[None]:
    """For evaluation only: within the block the given names are not known to the tables, so that a test query is not simply looked up."""
    global _left_out
    _left_out = names
    _names.cache_clear()
    _concepts_meant.cache_clear()
    try:
        yield
    finally:
        _left_out = frozenset()
        _names.cache_clear()
        _concepts_meant.cache_clear()


@cache
def _minors() -> npt.NDArray[np.int64]:
    """Per concept the number of its 小类; a family without a class stands for itself."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(name if name[0] == "=" else name[:7], len(seen)) for name in concepts()], np.int64)


@cache
def _names() -> NameIndex:
    index = NameIndex()
    numbers = {code: number for number, code in enumerate(concepts())}
    for code, found in occupations().items():
        index.add(found.name, numbers[code], 1000)
        for work_type in filter(_is_known, found.work_types):
            index.add(work_type, numbers[code], 1000)
        for place, name in enumerate(found.spoken):
            if _is_known(name):
                index.add(name, numbers[code], 950 if place < 12 else 900)
    for family, names in spoken_families().items():
        if family.startswith("="):
            for name in filter(_is_known, (family[1:], *names)):
                index.add(name, numbers[family], 950)
    index.close()
    return index


def concepts_of_title(title: str, top: int = 3) -> tuple[tuple[int, int], ...]:
    """(number of the concept, confidence in thousandths) of what a title means, surest first; empty when nothing is near.

    Reads the title without protected words, noise (急聘, 包吃住, brackets, places) and seniority.
    """
    wanted = essence(title)
    return _concepts_meant(wanted, top) if wanted else ()


@lru_cache(maxsize=200_000)
def _concepts_meant(wanted: str, top: int) -> tuple[tuple[int, int], ...]:
    best = _names().best(wanted, len(concepts()), _LEAST)
    near = np.flatnonzero(best >= _LEAST)
    sure = best[near]
    named = sure >= _NAMED
    if named.any():
        # 「平车工」 is a sewer by name: that it ends like 「车工」 does not make it a lathe operator as well.
        minors = _minors()[near]
        of_it = named.copy()
        for minor in set(minors[named].tolist()):
            of_it |= minors == minor
        sure = np.where(of_it, sure, sure * _BESIDE_NAMED // 1000)
        near, sure = near[sure >= _LEAST], sure[sure >= _LEAST]
    order = np.argsort(-sure, kind="stable")[:top]
    return tuple(zip(near[order].tolist(), sure[order].tolist(), strict=True))


def codes_for_title(title: str, top: int = 3) -> list[tuple[str, float]]:
    """The occupations a title most likely means: ``(code, confidence 0..1)``, surest first, at most ``top``; empty when none is near.

    >>> codes_for_title("急聘月嫂（包吃住）")[0][0]
    '4-10-01-06'
    """
    names = concepts()
    return [(names[number], confidence / 1000) for number, confidence in concepts_of_title(title, top + 2) if names[number][0] != "="][:top]


def trade_of(text: str) -> str | None:
    """The 小类 (such as ``6-18-02``) a title or the description of a job most likely belongs to, or None when nothing is near enough."""
    found = codes_for_title(text, 1)
    return found[0][0][:7] if found and found[0][1] >= 0.5 else None
