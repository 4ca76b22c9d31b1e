"""What people write in fields: nothing in many words, lists in one cell, dates in many forms. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from matcher.masking import MARK, Found, mask
from matcher.shapes import FieldError, ShapeError
from streams.intake import calendars

# Said where nothing is meant; 「不限」 in a list means "none asked", elsewhere it means "not stated".
_NOTHING = frozenset(
    {"", "-", "--", "/", "\\", "无", "暂无", "空", "null", "none", "nan", "n/a", "na", "未填", "未填写", "未知", "不详", "其他", "其它"}
)
_NONE_ASKED = frozenset({"不限", "不限制", "无要求", "不要求", "无限制", "均可", "所有人", "不限人群"})
_SEPARATORS = re.compile(r"[,，、;；|\n\t]+|\s*/\s*|\s{2,}")
_DATE = re.compile(r"^((?:19|20)\d{2})\s*[./年\-]\s*(\d{1,2})\s*[./月\-]\s*(\d{1,2})\s*日?(?:[\sT]+(\d{1,2}:\d{2}(?::\d{2})?.*))?$")
_COMPACT_DATE = re.compile(r"^((?:19|20)\d{2})(\d{2})(\d{2})$")


def plain(value: Any) -> str:
    """The words of a field in one width, without blanks around."""
    return unicodedata.normalize("NFKC", str(value)).strip()


def is_nothing(value: Any) -> bool:
    """Whether a field holds nothing, in whatever word: empty, 「无」, 「-」, 「暂无」."""
    return value is None or (isinstance(value, str) and plain(value).lower() in _NOTHING)


def is_unstated(value: Any) -> bool:
    """The same, or 「不限」: contract.md wants an unknown value left out, never 「不限」."""
    return is_nothing(value) or (isinstance(value, str) and plain(value) in _NONE_ASKED)


def texts(value: Any) -> Any:
    """A list of words from a list or from one cell (「焊工证、电工证」). None: not stated; an empty list: stated that none is asked."""
    if value is None:
        return None
    if isinstance(value, str):
        if plain(value) in _NONE_ASKED:
            return []
        if is_nothing(value):
            return None
        value = _SEPARATORS.split(value)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        kept = [item.strip() for item in value]
        return list(dict.fromkeys(item for item in kept if item and not is_unstated(item)))
    return value  # not a list of words: the shape says so


def with_defaults(raw: Mapping[str, Any], defaults: Mapping[str, Any] | None) -> dict[str, Any]:
    """The object's fields that say something, over what its sender says of all; inner objects (the employer) field by field. Raises
    ``ShapeError`` for a field that is nested too deep for those who keep and read it."""
    found: dict[str, Any] = dict(defaults or {})
    for name, given in raw.items():
        try:
            value = without_control(given)
        except _TooDeepError:
            message = f"nested more than {_DEEPEST} deep; nothing of the contract is"
            raise ShapeError([FieldError(field=str(name)[:60], message=message)]) from None
        if is_nothing(value):
            continue
        own = found.get(name)
        found[name] = with_defaults(value, own) if isinstance(value, Mapping) and isinstance(own, Mapping) else value
    return found


def date_text(value: Any) -> Any:
    """A date or time as ISO 8601 where a person wrote 2026/12/31, 2026.12.31, 2026年12月31日 or 20261231; else as it is."""
    if not isinstance(value, str):
        return value.isoformat() if hasattr(value, "isoformat") else value
    text = plain(value)
    if is_unstated(text) or text in ("长期", "长期有效", "至今", "招满为止"):
        return None
    found = _COMPACT_DATE.match(text)
    if found:
        return "-".join(found.groups())
    found = _DATE.match(text)
    if not found:
        other = calendars.counted(text)
        return text if other is None else other.isoformat()
    year, month, day, time = found.groups()
    date = f"{year}-{int(month):02d}-{int(day):02d}"
    return f"{date}T{time.strip().zfill(5) if len(time.strip()) < 5 else time.strip()}" if time else date


_DEEPEST = 32
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ud800-\udfff]")


class _TooDeepError(ValueError):
    pass


def without_control(value: Any, left: int = _DEEPEST) -> Any:
    """A JSON value whose texts hold nothing but text: no control characters, no lone surrogates (a database refuses some of them, a page
    shows others as it likes)."""
    if left < 0:
        raise _TooDeepError
    if isinstance(value, str):
        return _NO_TEXT.sub("", value) if _NO_TEXT.search(value) else value
    if isinstance(value, Mapping):
        return {name: without_control(item, left - 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_control(item, left - 1) for item in value]
    return value


def day_text(value: Any) -> Any:
    """``date_text`` without the time of day."""
    found = date_text(value)
    return found[:10] if isinstance(found, str) and re.match(r"^\d{4}-\d{2}-\d{2}[T ]", found) else found


def number(value: Any) -> Any:
    """A number from a cell that holds one (「5,000」, 「5000元」); else as it is, so that the shape names the field."""
    if not isinstance(value, str):
        return value
    if is_unstated(value):
        return None
    text = re.sub(r"(?<=\d),(?=\d{3})|\s|元$", "", plain(value))
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else value


class Masker:
    """Masks texts and keeps what it found, so that a posting's telephone in its text can become its private contact."""

    def __init__(self) -> None:
        self.found: list[Found] = []

    def text(self, value: Any) -> Any:
        if not isinstance(value, str) or not value:
            return value
        masked = mask(value)
        self.found.extend(masked.found)
        return masked.text

    def deep(self, value: Any) -> Any:
        """Every text in a JSON value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {str(name): self.deep(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.deep(item) for item in value]
        return value

    def first(self, kind: str) -> str | None:
        return next((found.value for found in self.found if found.kind == kind), None)


__all__ = [
    "MARK",
    "Masker",
    "date_text",
    "day_text",
    "is_nothing",
    "is_unstated",
    "number",
    "plain",
    "texts",
    "with_defaults",
    "without_control",
]
