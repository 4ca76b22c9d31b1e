"""Skills: which of a posting's skills a person has, by words and not by spelling alone.

Two skills are alike when one's tokens hold all of the other's (叉车 and 叉车驾驶, Excel and 熟练使用Excel) or when they share most of them.
Tokens are whole words for Latin letters, so that java is not javascript. Words about sex, age and the like are dropped first.
"""

from __future__ import annotations

from functools import lru_cache

from matcher.shapes import Person, Posting
from matcher.text import tokens, without_protected

#: More skills than this are not read, on either form of the matcher; a posting with more states a wish list.
MOST_SKILLS = 63
_SHARED_PERCENT = 70


@lru_cache(maxsize=65536)
def skill_tokens(skill: str) -> frozenset[str]:
    """The tokens a skill is compared by; empty where nothing but protected words was said."""
    return frozenset(tokens(without_protected(skill)))


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two skills, as tokens, are the same skill for matching."""
    if not one or not other:
        return False
    if one == other:
        return True
    shared = one & other
    if all(len(token) < 2 for token in shared):
        return False  # single characters inside longer words say nothing
    common = len(shared)
    return common == min(len(one), len(other)) or 200 * common >= _SHARED_PERCENT * (len(one) + len(other))


def posting_skills(posting: Posting) -> tuple[str, ...]:
    """The posting's skills that say something, each once, at most ``MOST_SKILLS``."""
    kept: dict[frozenset[str], str] = {}
    for skill in posting.skills or ():
        if skill_tokens(skill):
            kept.setdefault(skill_tokens(skill), shown(skill))
    return tuple(kept.values())[:MOST_SKILLS]


def person_skills(person: Person) -> tuple[str, ...] | None:
    """The person's skills that say something; None where nothing was stated, () where "none" was."""
    if person.skills is None:
        return None
    kept = tuple(dict.fromkeys(skill for skill in person.skills if skill_tokens(skill)))
    return kept if kept or not person.skills else None


def shown(text: str) -> str:
    """A title or skill as it may be quoted to others: as written, or without the words about sex, age and the like that it holds."""
    cleaned = without_protected(text)
    return text if len(cleaned.replace(" ", "")) == len(text.replace(" ", "")) else cleaned


def met_skills(needed: tuple[str, ...], person: Person) -> tuple[str, ...] | None:
    """Those of ``needed`` that the person has; None where the person's skills are not stated."""
    own = person_skills(person)
    if own is None:
        return None
    have = [skill_tokens(skill) for skill in own]
    return tuple(skill for skill in needed if any(alike(skill_tokens(skill), mine) for mine in have))
