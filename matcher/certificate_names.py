"""Whether two names mean the same certificate: spelling, brackets and the ending may differ, level and class may not."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz

from matcher.text import normalise

_ENDING = re.compile(r"(?:职业|从业|执业|专业|技术|技能)?(?:资格|等级|水平|上岗|操作|作业|合格|许可)?(?:证书|证|执照|照)$")
_LEADING = re.compile(r"^(?:持有?|需有?|须有?|有|具有|具备|取得)")
_APART = re.compile(r"[\s·・,，、()（）\[\]【】《》“”\"'\-—_/]+")
# What makes two alike names two certificates: numbers, letters, levels, voltages.
_CLASS = re.compile(r"[a-z0-9]+|[一二三四五六七八九十]级|[初中高]级|[初高]中|小学|幼儿园|[低高]压|[甲乙丙]等?")
_SPELLING = 85


@lru_cache(maxsize=65536)
def canonical(name: str) -> str:
    """The name without brackets, spaces and its ending: 「焊工操作证」 and 「焊工证」 are both 「焊工」."""
    plain = _LEADING.sub("", _APART.sub("", normalise(name)))
    return _ENDING.sub("", plain) or plain


@lru_cache(maxsize=65536)
def _classes(plain: str) -> tuple[str, ...]:
    return tuple(sorted(_CLASS.findall(plain)))


@lru_cache(maxsize=262144)
def same(one: str, other: str) -> bool:
    """Whether both names mean the same certificate. Symmetric."""
    a, b = canonical(one), canonical(other)
    if a == b:
        return True
    if _classes(a) != _classes(b) or min(len(a), len(b)) < 4:
        return False
    return fuzz.ratio(a, b) >= _SPELLING
