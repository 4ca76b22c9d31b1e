"""Employment forms, posting types and headcounts as people write them: 兼职, 临时工, 暑假工, 就业见习, 零工; 「招22人」, 「若干」."""

from __future__ import annotations

import re
import unicodedata
from typing import get_args

from matcher.shapes import EmploymentForm, PostingType

# The first form whose words occur wins: 「暑假工（日结）」 is seasonal, 「兼职日结」 part time.
_FORMS: tuple[tuple[EmploymentForm, str], ...] = (
    ("internship", r"实习生|实习岗|见习|^实习$|[（(·/ ]实习[）)]?$|实习$"),
    ("seasonal", r"季节|寒假工|暑假工|暑期工|寒暑假|假期工|农忙|采摘期"),
    ("part_time", r"兼职|非全日制|半天班|周末班"),
    ("gig", r"零工|日结|小时工|钟点工|短工|散工|按单|众包|^灵活用工$"),
    ("temporary", r"临时工|临时岗|临时用工|^临时$|短期工|短期用工|^短期$|顶岗"),
    ("full_time", r"全职|全日制|长期工|正式工|^正式$|^长期$"),
)
_COMPILED = tuple((form, re.compile(pattern)) for form, pattern in _FORMS)
# 「兼职勿扰」 and 「非兼职」 say the opposite of the word they contain; 「统招全日制本科」 is about schooling.
_NEGATED = re.compile(
    r"(不招|非(?!全日)|不是|谢绝|拒绝|不接受|不收)(短期工|临时工|兼职|实习生?|暑假工|寒假工|日结|学生)|(兼职|短期工|临时工|暑假工|寒假工|实习生?)(勿扰|免|请绕行)"
    r"|全日制(统招|普通)?(大专|专科|本科|硕士|研究生|博士|高等|院校|中专|大学|及|学历|毕业)|(统招|普通)全日制"
)
_TYPES: tuple[tuple[PostingType, str], ...] = (
    ("internship", r"就业见习|见习岗"),
    ("public_welfare_post", r"公益性?岗位?"),
    ("gig", r"零工|日结|钟点工|散工"),
)


def _plain(text: str | None) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text or ""))


def form_of(text: str | None) -> EmploymentForm | None:
    """The employment form that a field or a title names; None where it names none. A value of the closed list is taken as it is."""
    plain = _plain(text)
    for form in get_args(EmploymentForm):
        if plain.lower() == form:
            return form  # type: ignore[no-any-return]
    plain = _NEGATED.sub("", plain)
    for form, pattern in _COMPILED:
        if pattern.search(plain):
            return form
    return None


def type_of(text: str | None) -> PostingType | None:
    """The posting's type that a field or a title names (就业见习, 公益性岗位, 零工); None where it names none."""
    plain = _plain(text)
    for kind in get_args(PostingType):
        if plain.lower() == kind:
            return kind  # type: ignore[no-any-return]
    plain = _NEGATED.sub("", plain)
    return next((kind for kind, pattern in _TYPES if re.search(pattern, plain)), None)


_NUMERALS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"两": 2}
_HEADCOUNT = re.compile(
    r"(\d{1,6}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])(?:[-~～—–至到]+\d{1,6})?(?:人|名|位|个)?"
)


def read_headcount(text: str | None) -> int | None:
    """How many people are looked for: 「招22人」 22, 「3-5名」 3 (what is sure), 「十二人」 12.

    None for 「若干」, 0 and what is no count.
    """
    plain = _plain(text)
    if not plain:
        return None
    # Numbers written beside something else (18-45岁, 8小时) are no headcount.
    bare = re.sub(r"^(计划|拟|需|现)?(招聘|招募|招收|招|聘)?(人数)?[::]?", "", plain)
    match = re.match(r"^(约|大约)?", bare)
    bare = bare[match.end() :] if match else bare
    found = _HEADCOUNT.match(bare)
    if found is None or re.match(r"^(岁|年|天|小时|元|k|K|千|万|\.|\d)", bare[found.end() :]):
        return None
    number = found[1]
    if number.isdigit():
        value = int(number)
    elif "十" in number:
        tens, _, ones = number.partition("十")
        value = 10 * _NUMERALS.get(tens, 1) + _NUMERALS.get(ones, 0)
    else:
        value = _NUMERALS[number]
    return value if 1 <= value <= 1_000_000 else None
