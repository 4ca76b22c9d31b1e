"""What graduates of a major are asked for in: occupations by the name of a major, learned offline.

``tables/majors.tsv`` (made by infra/make_tables_majors.py) holds names and numbers. A major goes through likeness as the
title ``title_of_major`` makes of it, 「会计学专业」, so that both forms of the matcher and ``rank`` read it alike, and no job is mistaken
for one.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources

from matcher.occupations import concepts, concepts_of_title
from matcher.text import normalise

ENDING = "专业"
#: The most occupations a wish may mean: a major's; a title means three at most.
MOST_CONCEPTS_A_WISH = 6
_TITLE_CONCEPTS = 3
# A name that only contains a known major (会计电算化方向) is that much less sure, in thousandths.
_CONTAINED = 800
_BRACKETS = re.compile(r"[(\[【〔][^)\]】〕]*[)\]】〕]")
_ENDINGS = re.compile(r"(?:专业|方向|类)+$")
# 会计学 and 会计 are one; 药学 and 药, 汉语言文学 and 汉语言文 are not.
_SCIENCE = re.compile(r"(?<=..)(?<![医化数力农法文哲林药科史])学$")


@lru_cache(maxsize=20_000)
def stem(name: str) -> str:
    """A major's name without brackets and endings: 会计学 and 会计类专业 are 会计, 法学 and 临床医学 stay."""
    bare = _ENDINGS.sub("", _BRACKETS.sub("", normalise(name)).replace(" ", ""))
    return _SCIENCE.sub("", bare)


def title_of_major(major: str) -> str:
    """The title as which a person's major is compared."""
    return major if major.endswith(ENDING) else major + ENDING


def major_in(title: str) -> str | None:
    """The major a title names (「会计学专业」), or None where it is a job."""
    bare = title.strip()
    return bare[: -len(ENDING)].strip() or None if bare.endswith(ENDING) else None


def job_words(title: str) -> str:
    """The title without the word 专业 that only says it is a major's."""
    return major_in(title) or title


_instead: str | None = None


def use_table(content: str | None) -> None:
    """For evaluation only: read this instead of the shipped table; None goes back to it."""
    global _instead
    _instead = content
    _table.cache_clear()
    _meant.cache_clear()


@cache
def _table() -> dict[str, tuple[tuple[int, int], ...]]:
    content = resources.files("matcher.tables").joinpath("majors.tsv").read_text(encoding="utf-8") if _instead is None else _instead
    numbers = {name: number for number, name in enumerate(concepts())}
    out: dict[str, tuple[tuple[int, int], ...]] = {}
    for line in content.splitlines():
        if line and not line.startswith("#"):
            name, pairs = line.split("\t")
            out[name] = tuple((numbers[code], int(sure)) for code, sure in (pair.split(" ") for pair in pairs.split("|")))
    return out


@lru_cache(maxsize=20_000)
def _meant(major: str) -> tuple[tuple[int, int], ...]:
    table, name = _table(), stem(major)
    found = table.get(name)
    if found is not None:
        return found
    pieces = {name[start:end] for start in range(len(name)) for end in range(start + 2, len(name) + 1)}
    known = [piece for piece in pieces if piece in table and 2 * len(piece) >= len(name)]
    if not known:
        return ()
    # The longest; of two as long the one that ends later, which in Chinese is what the thing is.
    best = max(known, key=lambda piece: (len(piece), name.rfind(piece)))
    return tuple((number, sure * _CONTAINED // 1000) for number, sure in table[best])


def concepts_of_major(major: str) -> tuple[tuple[int, int], ...]:
    """(number of the concept, confidence in thousandths) of what its graduates are asked for in, surest first; empty where unknown."""
    return _meant(major)


def concepts_of_wish(title: str) -> tuple[tuple[int, int], ...]:
    """What a wish means: ``concepts_of_title`` of a job, of a major its occupations beside what its name alone would mean."""
    major = major_in(title)
    if major is None:
        return concepts_of_title(title, _TITLE_CONCEPTS)
    found: dict[int, int] = {}
    for number, sure in (*concepts_of_title(major, _TITLE_CONCEPTS), *concepts_of_major(major)):
        found[number] = max(sure, found.get(number, 0))
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_CONCEPTS_A_WISH])
