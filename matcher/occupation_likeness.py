"""How well an occupation fits a person: the best of what the person wishes for, has done and has learnt.

Wished titles and wished occupations count whole, past jobs four fifths of their likeness, the major three fifths. The likeness itself is
``matcher.likeness``, in whole thousandths. Nothing stated at all gives None, which is not the same as nothing alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from matcher.likeness import likeness
from matcher.majors import concepts_of_major, title_of_major
from matcher.occupations import codes_for_title, concepts, kinship_thousandths, occupation
from matcher.shapes import Person, Posting
from matcher.skills import shown
from matcher.text import without_protected

#: Share of the likeness, in tenths, by the kind of evidence.
WEIGHT = {"wish": 10, "job": 8, "major": 6}
# A fifth is what two unlike jobs of one 中类 have in common (护理员, 跆拳道教练): nobody would call that alike.
_DEGREES = ((900, "名称一致"), (650, "很相近"), (450, "比较相近"), (280, "有些相近"), (100, "关系不大"), (0, "不相近"))


@dataclass(frozen=True)
class Evidence:
    """Something a person stated that an occupation can be compared with: a title or, where ``is_code``, an occupation code."""

    kind: str
    value: str
    is_code: bool = False


@dataclass(frozen=True)
class Found:
    thousandths: int
    text: str


def evidence_of(person: Person) -> Iterator[Evidence]:
    """What the person states, in order; titles that hold nothing but protected words say nothing."""
    for title in person.desired.titles or ():
        if without_protected(title):
            yield Evidence("wish", title)
    for code in person.desired.occupation_codes or ():
        if occupation(code) is not None:
            yield Evidence("wish", code, is_code=True)
    for entry in person.experience or ():
        if entry.title is not None and without_protected(entry.title):
            yield Evidence("job", entry.title)
        if entry.occupation_code is not None and occupation(entry.occupation_code) is not None:
            yield Evidence("job", entry.occupation_code, is_code=True)
    if person.education.major is not None and without_protected(person.education.major):
        yield Evidence("major", person.education.major)


def title_of(evidence: Evidence) -> str:
    """What is compared as a title: the title itself, the occupation's name, the major as one."""
    if evidence.kind == "major":
        return title_of_major(evidence.value)
    if not evidence.is_code:
        return evidence.value
    found = occupation(evidence.value)
    return evidence.value if found is None else found.name


def code_thousandths(posting_code: str | None, wished_code: str) -> int:
    """Kinship of two occupation codes in thousandths; 0 where the posting has none."""
    return 0 if posting_code is None else kinship_thousandths(posting_code, wished_code)


#: Likeness of one posting to a title, in thousandths.
Reader = Callable[[str], int]


def reader_of(posting: Posting) -> Reader:
    """The likeness of this posting to a title, worked out when asked; the columnar form has one that looks it up."""
    return cache(lambda title: likeness(posting.title, posting.description, posting.occupation_code, title))


def evidence_thousandths(posting: Posting, evidence: Evidence, reader: Reader) -> int:
    """Likeness of the posting to one piece of evidence, before its weight."""
    value = reader(title_of(evidence))
    if evidence.is_code:
        value = max(value, code_thousandths(posting.occupation_code, evidence.value))
    return value


def likeness_to_person(posting: Posting, person: Person, reader: Reader) -> Found | None:
    """The best evidence, its weighted likeness and a sentence; None where the person states nothing to compare."""
    best: tuple[int, Evidence, int] | None = None
    for evidence in evidence_of(person):
        plain = evidence_thousandths(posting, evidence, reader)
        weighted = plain * WEIGHT[evidence.kind] // 10
        if best is None or weighted > best[0]:
            best = (weighted, evidence, plain)
    if best is None:
        return None
    weighted, evidence, plain = best
    return Found(weighted, _sentence(posting, evidence, plain))


def _sentence(posting: Posting, evidence: Evidence, plain: int) -> str:
    said = {"wish": "期望", "job": "做过", "major": "所学专业"}[evidence.kind]
    shared = _asked_in(posting, evidence) if evidence.kind == "major" else _shared_occupation(posting, evidence)
    degree = next(word for least, word in _DEGREES if plain >= least)
    if shared is not None and plain >= 350:
        degree = shared
    elif degree == "名称一致" and without_protected(posting.title) != without_protected(title_of(evidence)):
        degree = "很相近"
    named = evidence.value if evidence.kind == "major" else title_of(evidence)
    return f"{said}“{shown(named)}”，岗位“{shown(posting.title) or '未写明工种'}”，{degree}"


def _shared_occupation(posting: Posting, evidence: Evidence) -> str | None:
    offered = posting.occupation_code or _best_code(posting.title)
    own = evidence.value if evidence.is_code else _best_code(evidence.value)
    found = occupation(offered) if offered is not None and offered == own else None
    return None if found is None else f"同属{found.name}（{offered}）"


def _asked_in(posting: Posting, evidence: Evidence) -> str | None:
    """That the posting's occupation is one in which graduates of the major are asked for."""
    offered = posting.occupation_code or _best_code(posting.title)
    found = occupation(offered)
    if found is None or found.code not in {concepts()[number] for number, _ in concepts_of_major(evidence.value)}:
        return _shared_occupation(posting, evidence)
    return f"{found.name}（{offered}）常招这个专业的毕业生"


def _best_code(title: str) -> str | None:
    found = codes_for_title(title, top=1)
    return found[0][0] if found else None
