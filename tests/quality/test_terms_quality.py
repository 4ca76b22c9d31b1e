"""What title and description say of the work is read as a person reads it, on 135 labelled (row, field) of the real files."""

from __future__ import annotations

from typing import Any

from matcher import education
from matcher.work_terms import read_text
from tests.quality.real_rows import draw_terms, labels, rows

AT_LEAST = 0.95
_OF_POSTING = ("experience_years_min", "education_min")


def _said(field: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if field == "education_min":
        return str(education.rank(value)) if education.rank(value) else str(value)
    return " ".join(value) if isinstance(value, tuple) else str(value) if isinstance(value, str) else f"{value:g}"


def wrong() -> list[tuple[str, str, str, str, str]]:
    found = []
    for label in labels("term_labels.csv"):
        row, field = rows(label["file"])[int(label["row"])], label["field"]
        reading = read_text(row["description"], title=row["title"])
        said = _said(field, getattr(reading if field in _OF_POSTING else reading.terms, field))
        expected = _said(field, label["value"]) if field == "education_min" and label["value"] else label["value"]
        if said != expected:
            found.append((label["file"], label["row"], field, expected, said))
    return found


def test_the_labelled_rows_are_the_drawn_ones() -> None:
    assert [(label["file"], int(label["row"]), label["field"]) for label in labels("term_labels.csv")] == draw_terms()


def test_terms_are_read_as_a_person_reads_them() -> None:
    bad = wrong()
    assert len(bad) <= (1 - AT_LEAST) * 135, bad


def test_what_is_read_is_right_more_often_than_it_is_missed() -> None:
    """A term that is said falsely misleads; one that is missed only says less."""
    false = [item for item in wrong() if item[4]]
    assert len(false) <= 3, false
