"""The readers a mapping may name: each turns cells of a row into the value of one contract field, and says what it was not sure of.

A reader gets the row and its own settings from the mapping file. It answers with the value (None: not said) and questions in plain
Chinese; it never raises for what stands in a cell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, get_args

from matcher import credit_code, education, employer_names
from matcher.experience_reading import read_experience
from matcher.forms import form_of, read_headcount, type_of
from matcher.pay import PayReading, pay_of_columns, read_pay
from matcher.place_reading import read_place
from matcher.shapes import PayUnit
from streams.intake import calendars

Row = Mapping[str, Any]
_NOT_SAID = frozenset({"", "-", "--", "/", "无", "未知", "不详", "null", "none", "nan", "n/a", "暂无", "空"})


@dataclass
class Read:
    """A field's value (None: not said) and what to ask the sender."""

    value: Any = None
    questions: list[str] = field(default_factory=list)


def cell(row: Row, column: str) -> str | None:
    """The cell's text, tidy (no control characters, no lone surrogates); None where it says nothing."""
    value = row.get(column)
    if value is None or isinstance(value, dict | list):
        return None
    text = "".join(
        letter for letter in str(value) if letter in "\n\t" or (unicodedata.category(letter) not in ("Cc", "Cs") and letter != "\ufeff")
    )
    text = text.strip()
    return None if text.lower() in _NOT_SAID else text


def columns(settings: Mapping[str, Any], key: str = "from") -> list[str]:
    """The column names under a key, which may be one name or a list."""
    value = settings.get(key)
    return [] if value is None else [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _first(row: Row, settings: Mapping[str, Any]) -> str | None:
    return next((text for column in columns(settings) if (text := cell(row, column)) is not None), None)


def number_of(text: str | None) -> float | None:
    """A number as written in a column: thousands separators, full-width digits and a unit of yuan are let through."""
    if text is None:
        return None
    plain = re.sub(r"[,，\s￥¥元]", "", unicodedata.normalize("NFKC", text))
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _text(row: Row, settings: Mapping[str, Any]) -> Read:
    join = settings.get("join")
    if join is None:
        return Read(_first(row, settings))
    parts = [text for column in columns(settings) if (text := cell(row, column)) is not None]
    return Read(str(join).join(parts) or None)


def _list(row: Row, settings: Mapping[str, Any]) -> Read:
    separators = re.escape(str(settings.get("separators", ",，、;；|\n")))
    items: list[str] = []
    for column in columns(settings):
        value = row.get(column)
        parts = value if isinstance(value, list) else re.split(f"[{separators}]", cell(row, column) or "")
        items += [str(part).strip() for part in parts if str(part).strip()]
    return Read(list(dict.fromkeys(items)) or None)


_NO_SKILL = re.compile(
    r"五险|公积金|奖金|带薪|年假|经验$|能力$|体检|保险|食宿|包吃|包住|包三餐|双休|补贴|补助|优先|福利|班车|不接受|接受|专业培训|相关专业"
)


def _skills(row: Row, settings: Mapping[str, Any]) -> Read:
    """A column of tags: those that are education, experience or welfare are no skills."""
    found = _list(row, settings).value or []
    kept = [
        item
        for item in found
        if not (education.code_of(item) is not None and len(item) <= 8)
        and read_experience(item).at_least is None
        and not _NO_SKILL.search(item)
        and len(item) <= 40
    ]
    return Read(kept or None)


def _number(row: Row, settings: Mapping[str, Any]) -> Read:
    text = _first(row, settings)
    value = number_of(text)
    if text is not None and value is None:
        return Read(None, [f"“{text[:20]}”不是数字"])
    return Read(value)


def _headcount(row: Row, settings: Mapping[str, Any]) -> Read:
    text = _first(row, settings)
    return Read(read_headcount(text))


_DATE = re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})")
_TIME = re.compile(r"[T\s](\d{1,2}):(\d{2})(?::(\d{2}))?")


def _day(text: str | None) -> date | None:
    plain = unicodedata.normalize("NFKC", text or "").strip()
    try:
        match = _DATE.match(plain)
        if match:
            return date(int(match["y"]), int(match["m"]), int(match["d"]))
        if re.fullmatch(r"(19|20)\d{6}", plain):
            return date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))
        if re.fullmatch(r"[2-6]\d{4}", plain):  # the day's number in a workbook, 1900 system
            return date(1899, 12, 30) + timedelta(days=int(plain))
    except ValueError:
        return None
    return calendars.counted(plain)


def _date(row: Row, settings: Mapping[str, Any]) -> Read:
    text = _first(row, settings)
    day = _day(text)
    if text is not None and (day is None or not calendars.FIRST_YEAR <= day.year <= calendars.LAST_YEAR):
        return Read(None, [calendars.question(text)])
    return Read(None if day is None else day.isoformat())


def _instant(row: Row, settings: Mapping[str, Any]) -> Read:
    found = _date(row, settings)
    if found.value is None:
        return found
    clock = _TIME.search(unicodedata.normalize("NFKC", _first(row, settings) or ""))
    hour, minute, second = (int(clock[1]), int(clock[2]), int(clock[3] or 0)) if clock else (0, 0, 0)
    if hour > 23 or minute > 59 or second > 59:
        return Read(None, [f"看不懂时间“{clock[0].strip()}”" if clock else ""])
    return Read(f"{found.value}T{hour:02}:{minute:02}:{second:02}+08:00")


def _year_month(row: Row, settings: Mapping[str, Any]) -> Read:
    text = unicodedata.normalize("NFKC", _first(row, settings) or "")
    match = re.match(r"((?:19|20)\d{2})\s*[-/.年]?\s*(\d{1,2})(?!\d)|((?:19|20)\d{2})(0[1-9]|1[0-2])", text)
    if match is None:
        return Read(None, [f"看不懂年月“{text[:20]}”，请写成1996-04"] if text else [])
    year, month = match[1] or match[3], int(match[2] or match[4])
    return Read(f"{year}-{month:02}") if 1 <= month <= 12 else Read(None, [f"看不懂年月“{text[:20]}”，请写成1996-04"])


def _education(row: Row, settings: Mapping[str, Any]) -> Read:
    for column in columns(settings):
        text = cell(row, column) if row.get(column) != "无" else "无"
        code = education.code_of(text)
        if code is not None:
            return Read(code)
    text = _first(row, settings)
    return Read(None, [f"看不懂学历“{text[:20]}”"] if text else [])


def _experience(row: Row, settings: Mapping[str, Any]) -> Read:
    text = _first(row, settings)
    if text is None:
        return Read()
    found = read_experience(text)
    return Read(found.at_least, [] if found.at_least is not None else [f"看不懂经验要求“{text[:20]}”"])


def _pay_read(found: PayReading) -> Read:
    value = None if found.pay is None else {name: item for name, item in found.pay.model_dump().items() if item is not None}
    if value:
        # How it was read goes along (``reading.py`` keeps it among the terms); contract.md lets an object hold further fields.
        value |= {name: item for name, item in (("tax", found.tax), ("base_plus", found.base_plus or None)) if item}
        value |= {"confidence": found.confidence} if found.confidence < 1 else {}
    return Read(value or None, [found.question] if found.question else [])


def _unit(settings: Mapping[str, Any]) -> PayUnit | None:
    unit = settings.get("unit")
    return unit if unit in get_args(PayUnit) else None


def _pay(row: Row, settings: Mapping[str, Any]) -> Read:
    return _pay_read(read_pay(_first(row, settings), _unit(settings)))


def _pay_range(row: Row, settings: Mapping[str, Any]) -> Read:
    low, high, months = (number_of(cell(row, str(settings[key]))) if key in settings else None for key in ("min", "max", "months"))
    unit = cell(row, str(settings["unit_from"])) if "unit_from" in settings else None
    named: dict[str, PayUnit] = {
        "月": "month",
        "年": "year",
        "周": "week",
        "日": "day",
        "天": "day",
        "时": "hour",
        "小时": "hour",
        "件": "piece",
    }
    stated = named.get((unit or "").removeprefix("元").strip("/每")) or _unit(settings) or "month"
    read = _pay_read(pay_of_columns(low, high, stated, months))
    for key, value in (("min", low), ("max", high)):
        text = cell(row, str(settings[key])) if key in settings else None
        if text is not None and value is None:
            read.questions.append(f"工资“{text[:20]}”不是数字")
    return read


def _place(row: Row, settings: Mapping[str, Any]) -> Read:
    names = columns(settings)
    region = cell(row, names[0]) if names else None
    rest = " ".join(text for column in names[1:] if (text := cell(row, column)) is not None)
    found = read_place(rest, region, within=settings.get("within"))
    return Read(found.code, [found.question] if found.question else [])


def _location(row: Row, settings: Mapping[str, Any]) -> Read:
    lat, lon = number_of(cell(row, str(settings.get("lat")))), number_of(cell(row, str(settings.get("lon"))))
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return Read()
    # China lies within 3..54 N, 73..136 E; the other way round is a swapped pair.
    if 3 <= lat <= 54 and 73 <= lon <= 136:
        return Read({"lat": lat, "lon": lon})
    if 3 <= lon <= 54 and 73 <= lat <= 136:
        return Read({"lat": lon, "lon": lat})
    return Read(None, ["经纬度不在国内，没有采用"])


def _form(row: Row, settings: Mapping[str, Any]) -> Read:
    return Read(next((form for column in columns(settings) if (form := form_of(cell(row, column))) is not None), None))


def _type(row: Row, settings: Mapping[str, Any]) -> Read:
    return Read(next((kind for column in columns(settings) if (kind := type_of(cell(row, column))) is not None), None))


def _choice(row: Row, settings: Mapping[str, Any]) -> Read:
    text = _first(row, settings)
    choices = {str(key): value for key, value in (settings.get("choices") or {}).items()}
    if text is None:
        return Read()
    if text in choices:
        return Read(choices[text])
    return Read(settings.get("otherwise"), [] if "otherwise" in settings else [f"“{text[:20]}”不在对照表中（{'、'.join(choices)}）"])


def _choices(row: Row, settings: Mapping[str, Any]) -> Read:
    """A set: each word through the table; an unknown word is asked about and leaves the set unknown, as a given set is complete."""
    words = _list(row, settings).value
    choices = {str(key): value for key, value in (settings.get("choices") or {}).items()}
    if words is None:
        return Read()
    unknown = [word for word in words if word not in choices]
    if unknown:
        return Read(None, [f"“{word[:20]}”不在对照表中（{'、'.join(choices)}）" for word in unknown])
    return Read([choices[word] for word in words if choices[word] is not None])


def _yes_no(row: Row, settings: Mapping[str, Any]) -> Read:
    text = (_first(row, settings) or "").lower()
    return Read(
        True
        if text in ("是", "有", "同意", "y", "yes", "true", "1")
        else False
        if text in ("否", "不同意", "n", "no", "false", "0")
        else None
    )


def _name_id(row: Row, settings: Mapping[str, Any]) -> Read:
    name = _first(row, settings)
    return Read(None if name is None else employer_names.id_of_name(name))


def _uscc(row: Row, settings: Mapping[str, Any]) -> Read:
    text = _first(row, settings)
    if text is None:
        return Read()
    wrong = credit_code.problem(text)
    return Read(credit_code.tidy(text)) if wrong is None else Read(None, [wrong])


def _work_history(row: Row, settings: Mapping[str, Any]) -> Read:
    """One past job from a column for what and one for how long."""
    title = next((text for column in columns(settings, "title") if (text := cell(row, column)) is not None), None)
    length = next((text for column in columns(settings, "years") if (text := cell(row, column)) is not None), None)
    if title is None:
        return Read()
    return Read([{"title": title, "years": read_experience(length).at_least} if length else {"title": title}])


READERS: dict[str, Callable[[Row, Mapping[str, Any]], Read]] = {
    "text": _text,
    "list": _list,
    "skills": _skills,
    "number": _number,
    "headcount": _headcount,
    "date": _date,
    "instant": _instant,
    "year_month": _year_month,
    "education": _education,
    "experience": _experience,
    "pay": _pay,
    "pay_range": _pay_range,
    "place": _place,
    "location": _location,
    "form": _form,
    "type": _type,
    "choice": _choice,
    "choices": _choices,
    "yes_no": _yes_no,
    "name_id": _name_id,
    "uscc": _uscc,
    "work_history": _work_history,
}
# Settings a reader understands besides ``read`` and ``from``; another key in a mapping file is a slip and refused.
SETTINGS: dict[str, frozenset[str]] = {
    "text": frozenset({"join"}),
    "list": frozenset({"separators"}),
    "skills": frozenset({"separators"}),
    "pay": frozenset({"unit"}),
    "pay_range": frozenset({"min", "max", "months", "unit", "unit_from"}),
    "place": frozenset({"within"}),
    "location": frozenset({"lat", "lon"}),
    "choice": frozenset({"choices", "otherwise"}),
    "choices": frozenset({"choices", "separators"}),
    "work_history": frozenset({"title", "years"}),
}
# Settings that name columns, so that a mapping can be checked against a file's header.
COLUMN_SETTINGS = ("from", "min", "max", "months", "unit_from", "lat", "lon", "title", "years")
