"""Education levels: GB/T 4658 codes, what people call them, and how they compare.

Levels are compared by the table's ``rank`` column and never by the number: 47 技工学校 and 61 普通高中 both rank 3, so each meets the
other (contract.md). 90 其他 has no rank: as a requirement it says "no requirement", as a person's level it is unknown.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from matcher import tables

NO_REQUIREMENT = "90"

# What people say, in the words of job advertisements, by the first digits of the code; the longest prefix wins.
_SPOKEN = {
    "10": "研究生", "11": "博士", "12": "博士", "13": "博士", "14": "硕士", "15": "硕士", "16": "硕士",
    "2": "本科", "28": "大学普通班", "3": "大专",
    "40": "中专/技校", "41": "中专", "42": "中专", "43": "中专", "44": "职高", "45": "职高", "46": "职高",
    "47": "技校", "48": "技校", "49": "技校",
    "6": "高中", "7": "初中", "8": "小学", "90": "不限",
}  # fmt: skip

_NONE_ASKED = re.compile(r"不限|无要求|没有要求|不要求|无学历|不做要求|不作要求|不设限|无限制|不限制|均可|^无$|^其他$|^其它$")
# 「大专优先」 wishes, it does not require: such a part says nothing about the level that is needed.
_WISH = re.compile(r"[^,，;；。、/（）()]*优先")

# Order matters: the first form found is the form meant where a text holds one only; several forms are weighed by rank below.
_FORMS: tuple[tuple[str, str], ...] = (
    ("博士", "11"),
    ("硕士", "14"),
    ("研究生", "14"),
    ("MBA|EMBA", "14"),
    ("大学普通班", "28"),
    ("大学专科|高职高专|高等职业|高职|大专|专科", "31"),
    ("大学本科|统招本科|全日制本科|本科|学士|大学(?!生|专)", "21"),
    ("中等专科|中等专业|中等职业|中专|中职|中技", "41"),
    ("职业高中|职业中学|职高", "44"),
    ("技工学校|技师学院|高级技校|技工|技校", "47"),
    ("普通高中|普通高级中学|高级中学|高中", "61"),
    ("初级中学|初中", "71"),
    ("小学", "81"),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), code) for pattern, code in _FORMS)


@cache
def _table() -> dict[str, tuple[str, int | None]]:
    return {row["code"]: (row["name"], int(row["rank"]) if row["rank"] else None) for row in tables.rows("education")}


@lru_cache(maxsize=1 << 10)
def rank(code: str | None) -> int | None:
    """The level as a number to compare, 1 小学 to 7 博士; None for 90, an unknown code and no code at all."""
    return _table().get(code, ("", None))[1] if code else None


@lru_cache(maxsize=1 << 10)
def name_of(code: str | None) -> str:
    """What people call this level (大专, 本科, 技校, 高中 …); 「不限」 for 90 and 「未说明」 for an unknown code."""
    if not code or code not in _table():
        return "未说明"
    return next(_SPOKEN[code[:length]] for length in (2, 1) if code[:length] in _SPOKEN)


def is_code(code: str | None) -> bool:
    """Whether this is a code of the shipped GB/T 4658 table."""
    return code in _table()


def meets(required: str | None, given: str | None) -> bool | None:
    """Whether a person of level ``given`` meets ``required``; None where either side is not stated. 90 asks for nothing."""
    if required == NO_REQUIREMENT:
        return True
    needed, own = rank(required), rank(given)
    if needed is None or own is None:
        return None
    return own >= needed


@lru_cache(maxsize=1 << 12)
def code_of(text: str | None) -> str | None:
    """The code of a level as people write it; the lowest of several (「中专/技校」 is the first of two equals), 90 for 「不限」.

    「初中及以下」 is an upper bound, which no posting means as one: it asks for nothing more than its level, so the code is that level.
    None where no level is named. A two-digit code of the table comes back as it is.
    """
    if text is None:
        return None
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if not plain:
        return None
    if plain in _table():
        return plain
    found: list[tuple[int, int, str]] = []
    rest = _WISH.sub("", plain)
    for pattern, code in _COMPILED:
        for match in list(pattern.finditer(rest)):
            found.append((rank(code) or 0, match.start(), code))
        rest = pattern.sub(lambda match: "·" * len(match.group()), rest)
    if _NONE_ASKED.search(plain) and not re.search(r"以上|起", plain):
        return NO_REQUIREMENT
    if found:
        return min(found)[2]
    return None
