"""Names of trades one character away from what was typed: another in its place (保沽员), one too few (收员), one too many (快递快员).

``vocabulary.corrected`` takes what sounds alike for what was meant. This is a guess, so it is offered, and only where the search as typed
finds nothing: no search that finds something is changed by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

from matcher.text import normalise
from search.query import LONGEST_TEXT, LONGEST_TRADE
from search.understanding import understand
from search.vocabulary import is_name, names

MOST_NEAR = 6
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


@cache
def _alike() -> dict[str, frozenset[str]]:
    """Characters -> those they are mistaken for by their shape."""
    text = resources.files("matcher.tables").joinpath("alike_characters.txt").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            for character in line:
                found.setdefault(character, set()).update(line)
    return {character: frozenset(others) for character, others in found.items()}


@cache
def _shortened() -> dict[tuple[int, str], list[str]]:
    """(place, name without the character there) -> names: two words that differ in one character share an entry."""
    found: dict[tuple[int, str], list[str]] = {}
    for name in names():
        if _CHINESE.fullmatch(name):
            for at in range(len(name)):
                found.setdefault((at, name[:at] + name[at + 1 :]), []).append(name)
    return found


@lru_cache(maxsize=10_000)
def near_names(word: str) -> tuple[str, ...]:
    """Names of trades that differ from the word by one character, those it looks like first, then the most usual; at most ``MOST_NEAR``.
    None for a word that is a name, and of two characters only what looks alike, for nearly every such word is near to some name.

    >>> near_names("保沽员")[0]
    '保洁员'
    """
    wanted = normalise(word)
    if is_name(wanted) or not 2 <= len(wanted) <= LONGEST_TRADE or not _CHINESE.fullmatch(wanted):
        return ()
    found: dict[str, bool] = {}
    for name, looks_alike in _candidates(wanted):
        found[name] = found.get(name, False) or looks_alike
    return tuple(sorted(found, key=lambda name: (not found[name], names()[name]))[:MOST_NEAR])


def _candidates(wanted: str) -> Iterator[tuple[str, bool]]:
    """Names near the word, and whether they look like it."""
    for at, character in enumerate(wanted):
        rest = wanted[:at] + wanted[at + 1 :]
        for name in _shortened().get((at, rest), ()):
            looks_alike = name[at] in _alike().get(character, ())
            if looks_alike or len(wanted) > 2:
                yield name, looks_alike
        if len(rest) > 1 and is_name(rest):  # one too many; typed twice is the likeliest
            yield rest, at > 0 and wanted[at - 1] == character
    if len(wanted) > 1:
        for at in range(len(wanted) + 1):
            for name in _shortened().get((at, wanted), ()):
                yield name, False


def other_texts(text: str) -> list[tuple[str, str]]:
    """What somebody may have meant whose search finds nothing: (name, the text with the name in place of the word typed), best first."""
    understood = understand(text)
    typed = [part.words for part in understood.parts if part.kind == "trade" and not part.corrected]
    typed += [word for word in understood.words.split() if not word.startswith(("-", '"', "“", "「"))]
    shown = normalise(text)
    found = [(name, shown.replace(word, name, 1)) for word in dict.fromkeys(typed) if word in shown for name in near_names(word)]
    return [(name, other) for name, other in found if len(other) <= LONGEST_TEXT]
