"""Surveys of pay: what is in force for a cell, what is too small to be shown, and what is refused. All figures here are made up."""

from __future__ import annotations

from datetime import date

import pytest

from matcher.figures import FiguresError, read_tables, shipped
from matcher.pay_surveys import COLUMNS, in_force

HEADER = ",".join(COLUMNS) + "\n"
ROW = "6-18-02-04,140105,2026-01-01,2026-12-31,4800,5600,6900,120,18,made up,2025-12-20"
DAY = date(2026, 11, 20)


def test_the_shipped_survey_has_its_header_and_no_row() -> None:
    assert shipped().surveys == ()


def test_the_newest_that_holds_on_the_day_counts() -> None:
    newer = ROW.replace("2026-01-01", "2026-07-01").replace("5600", "5700")
    later = ROW.replace("2026-01-01,2026-12-31", "2027-01-01,").replace("5600", "5900")
    rows = read_tables({"pay_survey.csv": HEADER + "\n".join((ROW, newer, later))}).surveys
    found = [in_force(rows, "6-18-02-04", "140105", day) for day in (date(2025, 12, 31), date(2026, 6, 30), DAY, date(2028, 1, 1))]
    assert [None if row is None else row.median for row in found] == [None, 5600, 5700, 5900]
    assert in_force(rows, "6-18-02-04", "140106", DAY) is None


@pytest.mark.parametrize(("people", "employers"), [(9, 18), (120, 4)])
def test_a_small_cell_is_read_and_never_shown(people: int, employers: int) -> None:
    rows = read_tables({"pay_survey.csv": HEADER + ROW.replace("120,18", f"{people},{employers}")}).surveys
    assert len(rows) == 1
    assert in_force(rows, "6-18-02-04", "140105", DAY) is None


def test_surveys_change_no_answer_of_a_policy() -> None:
    found = read_tables({"pay_survey.csv": HEADER + ROW})
    assert not found
    assert found.digest == ""


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (ROW.replace("6-18-02-04", "6-99"), "line 2, occupation_code: '6-99' is no occupation"),
        (ROW.replace("6-18-02-04", "6"), "line 2, occupation_code: '6' is no occupation"),
        (ROW.replace("140105", "140199"), "line 2, region: '140199' is no province"),
        (ROW.replace("2026-01-01", "20260101"), "line 2, from: a date such as 2026-01-01"),
        (ROW.replace("2026-12-31", "2025-12-31"), "line 2, to: before from"),
        (ROW.replace("4800", "-1"), "line 2, lower: a whole number from 1 to 1000000 expected .yuan a month"),
        (ROW.replace("6900", "1000000000000"), "line 2, upper: a whole number from 1 to 1000000"),
        (ROW.replace("4800", "5700"), "line 2, median: lower, median and upper expected in rising order"),
        (ROW.replace("120,18", ",18"), "line 2, people: a whole number"),
        (ROW.replace("made up", ""), "line 2, source: who made the survey expected"),
        (ROW + ",x", "line 2: 11 columns expected, 12 found"),
    ],
)
def test_a_fault_is_said_with_its_line_and_column(row: str, fault: str) -> None:
    with pytest.raises(FiguresError, match=fault):
        read_tables({"pay_survey.csv": HEADER + row})


def test_a_group_of_the_classification_may_be_surveyed() -> None:
    for code in ("6-18-02", "6-18"):
        assert read_tables({"pay_survey.csv": HEADER + ROW.replace("6-18-02-04", code)}).surveys[0].occupation == code


def test_other_columns_are_refused() -> None:
    with pytest.raises(FiguresError, match="line 1: the columns occupation_code,region"):
        read_tables({"pay_survey.csv": "code,value\n"})
