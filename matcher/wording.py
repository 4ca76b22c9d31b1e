"""Words and numbers as they stand in sentences for people: plain Chinese, no trailing zeros."""

from __future__ import annotations

from collections.abc import Iterable

FORMS = {"full_time": "全职", "part_time": "兼职", "temporary": "临时工", "seasonal": "季节性用工", "internship": "实习见习", "gig": "零工"}


def number(value: float, digits: int = 2) -> str:
    """5000 -> 「5000」, 4350.5 -> 「4350.5」, 2.333 -> 「2.33」."""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def chinese_list(names: Iterable[str]) -> str:
    """甲、乙、丙 — each once."""
    return "、".join(dict.fromkeys(names))
