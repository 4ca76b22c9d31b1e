"""Tables of dated figures: what is in force where and when, and what is refused. All figures here are made up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from matcher.figures import TABLES, FiguresError, current, read_table, read_tables, shipped, use

HEADER = "code,from,to,value,source,source_date\n"
CITY = "140100,2026-01-01,2026-12-31,2100,made up,2025-12-01\n"
COUNTY = "140105,2026-06-01,,2200.5,made up,2026-05-01\n"


def test_the_shipped_tables_have_their_header_and_no_figure() -> None:
    assert set(shipped().tables) == set(TABLES)
    assert not shipped()
    assert shipped().digest == ""
    assert current() is shipped()


def test_the_county_goes_before_the_city_and_the_last_day_counts() -> None:
    found = read_tables({"minimum_wage_month.csv": HEADER + CITY + COUNTY})
    at = [found.in_force("minimum_wage_month", "140105", day) for day in (date(2026, 5, 31), date(2026, 6, 1), date(2027, 1, 1))]
    assert [None if row is None else row.value for row in at] == [2100, Decimal("2200.5"), Decimal("2200.5")]
    assert found.in_force("minimum_wage_month", "140106", date(2026, 12, 31)) is not None
    assert found.in_force("minimum_wage_month", "140106", date(2027, 1, 1)) is None
    assert found.in_force("minimum_wage_month", "140200", date(2026, 6, 1)) is None
    assert found.in_force("minimum_wage_hour", "140105", date(2026, 6, 1)) is None


def test_a_target_of_posts_is_of_a_year_and_of_one_place_and_no_policy_reads_it() -> None:
    row = "140000,2025-01-01,2025-12-31,20000,made up,2025-03-05\n"
    found = read_tables({"internship_post_target.csv": HEADER + row})
    asked = [found.of_year("internship_post_target", "140000", year) for year in (2024, 2025, 2026)]
    assert [None if row is None else row.value for row in asked] == [None, 20000, None]
    assert found.of_year("internship_post_target", "140105", 2025) is None
    assert not found
    assert found.digest == ""


def test_a_national_figure_is_one_figure() -> None:
    row = "100000,2025-01-01,2025-12-31,5.4,made up,2025-03-05\n"
    found = read_tables({"surveyed_unemployment_target.csv": HEADER + row})
    assert found.in_force("surveyed_unemployment_target", "100000", date(2025, 12, 31)) is not None
    with pytest.raises(FiguresError, match="line 2, code: 100000 expected"):
        read_tables({"surveyed_unemployment_target.csv": HEADER + row.replace("100000", "140000")})
    with pytest.raises(FiguresError, match="line 2, code: '100000' is no province"):
        read_tables({"local_dibao_standard.csv": HEADER + row})


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("140199,2026-01-01,,2100,x,2025-12-01", "line 2, code: '140199' is no"),
        ("140100,soon,,2100,x,2025-12-01", "line 2, from: a date such as 2026-01-01"),
        ("140100,20260101,,2100,x,2025-12-01", "line 2, from: a date such as 2026-01-01"),
        ("140100,2026-01-01,never,2100,x,2025-12-01", "line 2, to: a date such as 2026-01-01 expected .or nothing"),
        ("140100,2026-01-01,2025-12-31,2100,x,2025-12-01", "line 2, to: before from"),
        ("140100,2026-01-01,,,x,2025-12-01", "line 2, value: a number above 0"),
        ("140100,2026-01-01,,0,x,2025-12-01", "line 2, value: a number above 0"),
        ("140100,2026-01-01,,NaN,x,2025-12-01", "line 2, value: a number above 0"),
        ("140100,2026-01-01,,210000,x,2025-12-01", "line 2, value: a number above 0 and at most 100000"),
        ("140100,2026-01-01,,2100, ,2025-12-01", "line 2, source: the document"),
        ("140100,2026-01-01,,2100,x,", "line 2, source_date: a date"),
        ("140100,2026-01-01,,2100,x", "line 2: 6 columns expected, 5 found"),
        (CITY + "140100,2026-12-31,,2150,x,2025-12-01", "line 3, from: line 2 is still in force in 140100 on 2026-12-31"),
    ],
)
def test_a_faulty_row_is_refused_with_file_line_and_column(row: str, fault: str) -> None:
    with pytest.raises(FiguresError, match=f"^/some/minimum_wage_month.csv, {fault}"):
        read_tables({"/some/minimum_wage_month.csv": f"{HEADER}{row}\n"})


def test_the_day_after_the_last_day_may_begin_the_next_row() -> None:
    assert len(read_table("minimum_wage_month", HEADER + CITY + "140100,2027-01-01,,2150,x,2026-12-01\n\n")) == 2


def test_every_fault_of_every_file_is_named_at_once() -> None:
    with pytest.raises(FiguresError) as raised:
        read_tables({"minimum_wage_hour.csv": "code,value\n", "wages.csv": HEADER, "local_dibao_standard.csv": HEADER + "1,2,3,4,5,6\n"})
    assert len(raised.value.faults) == 6
    assert "minimum_wage_hour.csv, line 1: the columns code,from,to,value,source,source_date expected" in raised.value.faults
    assert any(fault.startswith("wages.csv: no such figure; there are minimum_wage_month.csv") for fault in raised.value.faults)


def test_a_process_works_with_what_it_was_given_until_it_gives_it_back() -> None:
    figures = read_tables({"minimum_wage_month.csv": HEADER + CITY})
    use(figures)
    try:
        assert current() is figures
        assert figures.digest
    finally:
        use(None)
    assert current() is shipped()
