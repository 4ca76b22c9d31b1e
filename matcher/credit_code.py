"""The unified social credit code (统一社会信用代码) of organisations, GB 32100-2015: 18 characters, the last one checks the rest."""

from __future__ import annotations

import re
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z, which are taken for digits
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def tidy(code: str) -> str:
    """Full-width letters, spaces, dashes and small letters put right; nothing else is corrected."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", code)).upper()


def check_character(first_17: str) -> str:
    """The 18th character for the first 17; raises ``KeyError`` for a character outside the alphabet."""
    total = sum(_VALUES[letter] * weight for letter, weight in zip(first_17, _WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def problem(code: str | None) -> str | None:
    """What is wrong with the code, in plain Chinese; None for a code whose form and check character are right."""
    if code is None or not code.strip():
        return "没有填写统一社会信用代码"
    plain = tidy(code)
    if len(plain) != 18:
        return f"统一社会信用代码应为18位，现为{len(plain)}位"
    foreign = sorted({letter for letter in plain if letter not in _VALUES})
    if foreign:
        return f"统一社会信用代码中不会出现{'、'.join(foreign)}"
    if not plain[2:8].isdigit():
        return "统一社会信用代码第3至8位应为登记机关的行政区划码（数字）"
    if check_character(plain[:17]) != plain[17]:
        return "统一社会信用代码校验位不对，请核对有无抄错"
    return None


def is_valid(code: str | None) -> bool:
    """Whether form and check character are right. That such an organisation exists is not said."""
    return problem(code) is None


def region_of(code: str) -> str:
    """The six-digit region of the registering authority (positions 3 to 8)."""
    return tidy(code)[2:8]
