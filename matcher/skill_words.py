"""Skills that a text names, by the shipped dictionary (``tables/skill_words.txt``); a wish (优先) or a denial names none."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

#: More than this in one text is a training course or a list of everything a firm does, not what one post asks.
MOST_IN_A_TEXT = 12
_LATIN = re.compile(r"[a-z0-9]")
#: A skill is what is asked or done; what stands so is offered, denied or somebody else's.
_NOT_MEANT = re.compile(r"无需|不需|不用|不要求|无要求|不会|培训|免费学|补贴|优先|更佳|最好|公司主营|专业从事|福利|加分")
_MARKS = "，,。；;\n!！"
# A dictionary word that says a trade or a benefit as often as a skill counts only where the text asks for it.
_ASKED = re.compile(r"会|懂|熟|精通|掌握|能|具备|操作|使用|经验|了解|擅长|运用|负责|技能|证")


@cache
def _words() -> dict[str, tuple[tuple[str, str], ...]]:
    """First two letters -> (word, name), longest word first."""
    found: dict[str, list[tuple[str, str]]] = {}
    text = resources.files("matcher.tables").joinpath("skill_words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, *others = line.split("|")
        for word in (name, *others):
            folded = word.lower().replace(" ", "")
            found.setdefault(folded[:2], []).append((folded, name))
    return {start: tuple(sorted(words, key=lambda item: (-len(item[0]), item[0]))) for start, words in found.items()}


def _stands_alone(text: str, at: int, end: int, word: str) -> bool:
    """A Latin word is whole: java is not javascript."""
    if not _LATIN.match(word[0]):
        return True
    before, after = text[at - 1 : at], text[end : end + 1]
    return not (_LATIN.match(before) or (_LATIN.match(word[-1]) and _LATIN.match(after)) or (word[-1] == "c" and after in ("+", "#")))


def skills_in(text: str) -> tuple[str, ...] | None:
    """Names of the skills a text asks for, in the order in which they occur; None where it names none, or more than can be meant.

    ``text`` in one width and without blanks, as ``work_terms`` prepares it.
    """
    lower = text.lower()
    index = _words()
    places: dict[str, int] = {}
    for start in {lower[at : at + 2] for at in range(len(lower) - 1)} & index.keys():
        for word, name in index[start]:
            at = lower.find(word)
            if at < 0 or (name in places and places[name] <= at):
                continue
            end = at + len(word)
            if not _stands_alone(lower, at, end, word):
                continue
            left = max(lower.rfind(mark, 0, at) for mark in _MARKS) + 1
            rights = [stop for mark in _MARKS if (stop := lower.find(mark, end)) >= 0]
            clause = lower[left : min(rights, default=len(lower))]
            if _NOT_MEANT.search(clause) or not _ASKED.search(clause):
                continue
            places[name] = at
    if not places or len(places) > MOST_IN_A_TEXT:
        return None
    return tuple(sorted(places, key=lambda name: places[name]))
