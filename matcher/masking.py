"""Masks what identifies or reaches a person in free text: telephones, identity numbers, mail addresses, WeChat and QQ numbers.

Done before a text is appended anywhere (DESIGN.md, personal data). Pay, years, dates, codes of regions and occupations and the unified
social credit code (统一社会信用代码) stay as they are. Masking twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from matcher import credit_code

MARK = "〔已隐去〕"


@dataclass(frozen=True)
class Found:
    """One masked piece: ``kind`` phone, id_number, mail, chat or bank_card; the value itself is never shown by ``repr``."""

    kind: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Masked:
    """The text without what identifies, and what was taken out (kept privately, for a posting's contact)."""

    text: str
    found: tuple[Found, ...] = ()


# One character for one character, so that places in the plain form are places in the text.
_PLAIN = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " "}
_PLAIN |= {0x2460 + number: str(number + 1) for number in range(9)} | {0x24EA: "0"}
_PLAIN |= {ord(dash): "-" for dash in "‐‑‒–—―−"}
_PLAIN |= {ord(zero): " " for zero in "\u200b\u200c\u200d\ufeff\ufe0f\u20e3\u2060"}
_NUMERALS = {
    ord(numeral): digit for numeral, digit in zip("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789", strict=True)
}

_GAP = r"[ \-.·_]{0,2}"
_PHONE_WORD = r"(?:电话|手机|致电|座机|热线|传真|联系方式|联系号码|号码|tel|phone|mobile|cell|☎|📞|📱)"
_MOBILE = re.compile(
    r"(?<![\d])(?:(?:\+|00)?86[ \-]?|0)?(?:"
    r"1[3-9]\d{9}"
    r"|1[3-9]\d(?P<s1>[ \-.·_]{1,2})\d{4}(?P=s1)\d{4}"
    r"|1[3-9]\d(?P<s2>[ \-.·_]{1,2})\d{3}(?P=s2)\d{5}"
    r"|1[3-9]\d{2}(?P<s3>[ \-.·_]{1,2})\d{3}(?P=s3)\d{4}"
    r"|1[3-9]\d[ ]\d{8}|1[3-9]\d{5}[ ]\d{4}|1[3-9]\d{2}[ ]\d{7}|1[3-9]\d-\d{8}|1[3-9]\d{5}-\d{4}"
    r"|1(?P<s4>[ \-.·_]{1,3})[3-9](?:(?P=s4)\d){9}"
    r")(?!\d)"
)
_LANDLINE = re.compile(
    r"(?<![\dA-Za-z.\-])(?:\(?(?:010|02[0-57-9]|0[3-9]\d{2})\)?[ \-]{0,2}[2-8]\d{2,3}[ \-]?\d{4}"
    r"|[48]00[ \-]?\d{3}[ \-]?\d{4}|[48]00[ \-]\d{4}[ \-]\d{3})"
    r"(?:(?:转|[ \-](?=\d{1,4}(?!\d)))[ ]?\d{1,6})?(?!\d)"
)
_AFTER_WORD = re.compile(
    rf"{_PHONE_WORD}[号码是为: \-()#]{{0,6}}(?P<number>\(?\d(?:[ \-.·_()]{{0,2}}\d){{6,12}})(?![\d]|\s*(?:元|k|千|万|人|名|岁))",
    re.IGNORECASE,
)
_ID = re.compile(rf"(?<!\d)[1-8]\d(?:{_GAP}\d){{15}}{_GAP}[\dXx](?!\d)")
_OLD_ID = re.compile(r"(?<![\dA-Za-z])[1-8]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?![\dA-Za-z])")
_CARD = re.compile(r"(?<![\dA-Za-z])62\d{2}(?:[ \-]?\d{4}){3}(?:[ \-]?\d{1,3})?(?![\dA-Za-z])")
_MAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}\s?(?:@|\(at\)|\[at\]|艾特)\s?[A-Za-z0-9\-]{1,63}(?:\s?\.\s?[A-Za-z]{2,10}){1,3}(?![A-Za-z])"
    r"|[A-Za-z0-9._%+\-]{2,64}#(?:qq|163|126|sina|gmail|foxmail|outlook|hotmail)\.(?:com|cn)",
    re.IGNORECASE,
)
_CHAT_WORD = r"(?:微信|威信|薇信|徽信|v信|weixin|wechat|(?<![a-z0-9])(?:vx|wx)|扣扣|企鹅|(?<![a-z0-9])qq|加v|(?<![a-z0-9])v(?=[ ]?:))"
_CHAT = re.compile(
    rf"{_CHAT_WORD}(?:[ ]?(?:同号|群号|号码|号|群|id))?(?P<joined>[ ]*(?:[:]|为|是)?[ ]*)"
    r"(?P<number>[A-Za-z](?=[A-Za-z0-9_\-]*[\d_])[A-Za-z0-9_\-]{5,19}|\d{5,12}(?![\d.]|\s*(?:元|k|千|万|人|名|岁|年|月|粉)))",
    re.IGNORECASE,
)
_CHAT_LETTERS = re.compile(rf"{_CHAT_WORD}(?:[ ]?(?:号码|号|id))?[ ]*:[ ]*(?P<number>[A-Za-z][A-Za-z0-9_\-]{{5,19}})", re.IGNORECASE)

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number_valid(number: str) -> bool:
    """Whether the check digit of an 18-digit identity number (GB 11643) is right and its birthday exists."""
    if not re.fullmatch(r"\d{17}[\dXx]", number) or not _born(number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def _born(number: str) -> bool:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return 1900 <= born.year <= 2099


def _is_identity(piece: str) -> bool:
    number = re.sub(r"[ \-.·_]", "", piece).upper()
    if not _born(number):
        return False
    if id_number_valid(number):
        return True
    # Spaced digits that only look like a date could be a row of figures; a credit code of digits only is not a person.
    return number == piece.upper() and not credit_code.is_valid(number)


def _always(piece: str) -> bool:
    return True


_Rule = tuple[str, re.Pattern[str], Callable[[str], bool]]
_RULES: tuple[_Rule, ...] = (
    ("mail", _MAIL, _always),
    ("id_number", _ID, _is_identity),
    ("id_number", _OLD_ID, _always),
    ("bank_card", _CARD, _always),
    ("phone", _MOBILE, _always),
    ("phone", _LANDLINE, _always),
    ("phone", _AFTER_WORD, _always),
    ("chat", _CHAT, _always),
    ("chat", _CHAT_LETTERS, _always),
)
_SPOKEN_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def _spans(text: str) -> list[tuple[int, int, str]]:
    plain = text.translate(_PLAIN)
    spans: list[tuple[int, int, str]] = []
    for kind, pattern, holds in _RULES:
        for match in pattern.finditer(plain):
            group = "number" if "number" in pattern.groupindex else 0
            if holds(match.group(group)):
                spans.append((*match.span(group), kind))
    for match in _SPOKEN_MOBILE.finditer(plain.translate(_NUMERALS)):
        spans.append((*match.span(), "phone"))
    return spans


def _merged(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    merged: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            first = merged[-1]
            merged[-1] = (first[0], max(first[1], end), first[2])
        else:
            merged.append((start, end, kind))
    return merged


def mask(text: str) -> Masked:
    """The text with every telephone, identity, card, mail, WeChat and QQ number replaced by ``〔已隐去〕``, and what was found."""
    found: list[Found] = []
    while True:
        # What stands beside a masked piece may only now be seen whole, so until nothing is found.
        spans = _merged(_spans(text))
        if not spans:
            return Masked(text, tuple(found))
        pieces: list[str] = []
        at = 0
        for start, end, kind in spans:
            pieces += [text[at:start], MARK]
            found.append(Found(kind, text[start:end]))
            at = end
        text = "".join(pieces) + text[at:]
