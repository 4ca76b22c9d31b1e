"""The names of trades, to be found by what somebody has typed of them: characters, pinyin or initials; also where it is misspelt.

The names are the classification's and the spoken ones (``matcher.occupations``); nothing here looks at postings.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache, lru_cache
from itertools import takewhile

from matcher import pinyin
from matcher.occupations import occupations, spoken_families
from matcher.text import normalise

_LONGEST = 12


@cache
def names() -> dict[str, int]:
    """Every name, normalised, with its place: a low number is more usual. Spoken names first, then the classification's."""
    ranked: list[tuple[int, str]] = []
    for family, spoken in spoken_families().items():
        ranked += [(0, family.removeprefix("="))] + [(place, name) for place, name in enumerate(spoken)]
    for each in occupations().values():
        ranked += [(20, each.name), *((40, work_type) for work_type in each.work_types)]
    ordered = sorted(((place, len(name), normalise(name)) for place, name in ranked), key=lambda item: item[:2])
    unique = dict.fromkeys(name for _, _, name in ordered if 1 < len(name) <= _LONGEST)
    return {name: place for place, name in enumerate(unique)}


@cache
def _by_letters() -> list[tuple[str, str]]:
    """(letters, name) in the order of letters, for whole spellings and for initials alike."""
    found = set()
    for name in names():
        found |= {(letters, name) for letters in pinyin.spelt(name) | pinyin.initials(name)}
    return sorted(found)


@cache
def _by_sound() -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for name in names():
        for sound in pinyin.sounds(name):
            found.setdefault(sound, name)
    return found


def is_name(word: str) -> bool:
    """Whether a trade goes by this name, word for word."""
    return normalise(word) in names()


def completions(typed: str, most: int = 8) -> list[str]:
    """Names that begin like what was typed, in characters or in letters (hang, hg); then names that hold it; the most usual first.

    >>> completions("hg")[0]
    '焊工'
    """
    wanted = normalise(typed).replace(" ", "")
    if not wanted:
        return []
    known = names()
    if wanted.isascii():
        letters = _by_letters()
        start = bisect_left(letters, (wanted, ""))
        begin = takewhile(lambda item: item[0].startswith(wanted), letters[start:])
        # What is complete with these letters comes before what goes on.
        found = {name: (len(letters_) > len(wanted), known[name]) for letters_, name in begin}
        latin = {name: (name != wanted, place) for name, place in known.items() if name.startswith(wanted)}
        return sorted(found | latin, key=lambda name: (found | latin)[name])[:most]
    begins = [name for name in known if name.startswith(wanted)]
    holds = [name for name in known if wanted in name and not name.startswith(wanted)]
    return [*begins, *holds][:most]


@lru_cache(maxsize=10_000)
def corrected(word: str) -> str | None:
    """The name that was meant by a word that is none: it sounds alike (电汗工), is typed in letters (hangong), or two characters have
    changed places (工焊). None where the word is a name, or nothing is near enough."""
    wanted = normalise(word)
    if wanted in names() or not 2 <= len(wanted) <= 40:
        return None
    if wanted.isascii():
        if not wanted.isalpha():
            return None
        letters = _by_letters()
        start = bisect_left(letters, (wanted, ""))
        whole = [name for letters_, name in letters[start : start + 50] if letters_ == wanted]
        return min(whole, key=names().__getitem__, default=None)
    alike = [name for sound in sorted(pinyin.sounds(wanted)) if (name := _by_sound().get(sound)) is not None]
    if alike:
        return min(alike, key=names().__getitem__)
    swapped = [wanted[:at] + wanted[at + 1] + wanted[at] + wanted[at + 2 :] for at in range(len(wanted) - 1)]
    return min((name for name in swapped if name in names()), key=names().__getitem__, default=None)
