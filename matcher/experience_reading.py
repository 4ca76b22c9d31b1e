"""Years of experience as people write them: 「1-3年」, 「经验不限」, 「3年以上」, 「应届」, 「半年以上」."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_DIGITS = {numeral: float(value) for value, numeral in enumerate("零一二三四五六七八九十")} | {"两": 2.0, "半": 0.5}
_NUMBER = r"(\d+(?:\.\d+)?|[一二两三四五六七八九十半]{1,2})"
_RANGE = re.compile(rf"{_NUMBER}\s*(?:年|个月)?\s*[-~～—–至到]+\s*{_NUMBER}\s*(个月|年)")
_SINGLE = re.compile(rf"{_NUMBER}\s*(个月|年)(半)?(?:及|或|\(含\))?\s*(以上|以下|以内|内|\+|起)?")
_NONE_ASKED = re.compile(r"不限|无需|不需|无要求|没有要求|不要求|无经验|零经验|0经验|无限制|不限制|可培养|^无$")
_FRESH = re.compile(r"应届|在校|毕业生|在读")
MOST_YEARS = 50
_MOST_CHARACTERS = 200  # a field or a phrase: what is longer is no answer, and the patterns take a cube of its length


@dataclass(frozen=True)
class ExperienceReading:
    """Years asked for: ``at_least`` (0: stated that none is needed), ``at_most`` where an upper end was written; both None: not said."""

    at_least: float | None = None
    at_most: float | None = None
    fresh_graduates: bool = False


def _years(number: str, unit: str) -> float | None:
    if re.fullmatch(r"\d+(\.\d+)?", number):
        value = float(number)
    elif len(number) == 1:
        value = _DIGITS[number]
    elif number[0] == "十":
        value = 10 + _DIGITS.get(number[1], 0.0)
    elif number[1] == "十":
        value = 10 * _DIGITS[number[0]]
    else:
        return None
    years = value / 12 if unit == "个月" else value
    return years if years <= MOST_YEARS else None


def read_experience(text: str | None) -> ExperienceReading:
    """What a field or a short phrase asks of experience.

    A bare number is years; 「1年以下」 asks for nothing; years past 50 are not read, nor anything past 200 characters.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", (text or "")[:_MOST_CHARACTERS]))[:_MOST_CHARACTERS]
    if not plain:
        return ExperienceReading()
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return ExperienceReading(_years(plain, "年"))
    fresh = bool(_FRESH.search(plain))
    span = _RANGE.search(plain)
    if span:
        low, high = _years(span[1], span[3]), _years(span[2], span[3])
        if low is not None and high is not None and low <= high:
            return ExperienceReading(0.0 if fresh else low, high, fresh)
    single = _SINGLE.search(plain)
    if single and not re.search(r"(19|20)\d\d年", plain):
        years = _years(single[1], single[2])
        if years is not None:
            years += 0.5 if single[3] else 0.0
            if single[4] in ("以下", "以内", "内"):
                return ExperienceReading(0.0, years, fresh)
            return ExperienceReading(0.0 if fresh else years, None, fresh)
    if _NONE_ASKED.search(plain) or fresh:
        return ExperienceReading(0.0, None, fresh)
    return ExperienceReading()
