"""How Chinese words are typed in Latin letters: whole (hangong), by initials (hg), or a part of either.

The readings are a shipped table (``tables/pinyin.tsv``, from pypinyin, MIT). A character has up to two; a word is read in every way they
allow, at most ``MOST_READINGS``.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from itertools import islice, product

MOST_READINGS = 8
# What accents and hurried fingers do not tell apart.
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"))


@cache
def _table() -> dict[str, tuple[str, ...]]:
    text = resources.files("matcher.tables").joinpath("pinyin.tsv").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            syllable, characters = line.split("\t")
            for character in characters:
                found.setdefault(character, []).append(syllable)
    return {character: tuple(syllables) for character, syllables in found.items()}


def readings(word: str) -> list[tuple[str, ...]]:
    """Every way to read a word, a syllable a character; letters and digits stand for themselves. Empty where a character is not known.

    >>> readings("焊工")
    [('han', 'gong')]
    """
    ways: list[tuple[str, ...]] = []
    for character in word:
        known = _table().get(character) or ((character,) if character.isascii() and character.isalnum() else ())
        if not known:
            return []
        ways.append(known)
    return list(islice(product(*ways), MOST_READINGS))


def spelt(word: str) -> set[str]:
    """The word in letters: hangong."""
    return {"".join(reading) for reading in readings(word)}


def initials(word: str) -> set[str]:
    """The first letters of its characters: hg."""
    return {"".join(syllable[0] for syllable in reading) for reading in readings(word)}


def sounds(word: str) -> set[tuple[str, ...]]:
    """How a word sounds to a careless ear: zh as z, ch as c, sh as s, ing as in, eng as en, ang as an."""
    return {tuple(map(_careless, reading)) for reading in readings(word)}


def _careless(syllable: str) -> str:
    for two, one in _ALIKE:
        if syllable.startswith(two):
            syllable = one + syllable[2:]
    return syllable[:-1] if syllable.endswith("ng") and syllable[-3:-2] in "iea" else syllable
