"""Comparable monthly pay by the contract's rule, and pay as people write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pay import monthly, pay_of_columns, read_pay
from matcher.shapes import Pay

# Numbers beside a word for pay that say something else.
_NO_PAY = (
    "每月10号发放薪资",
    "外宿补贴400元/月",
    "加班按18元/时",
    "业绩超过600万以上待遇从优",
    "月薪10万不是梦",
    "身高168以上",
    "0元入职",
)


def test_pay_by_the_month_counts_the_months_paid_a_year() -> None:
    assert monthly(Pay(min=5000, max=7000, unit="month")) == (5000, 7000)
    assert monthly(Pay(min=6000, max=6000, unit="month", months=13)) == (6500, 6500)


def test_other_units_are_turned_into_months_by_the_rule() -> None:
    assert monthly(Pay(min=120_000, unit="year")) == (10_000, None)
    assert monthly(Pay(max=1200, unit="week")) == (None, 1200 * 52 / 12)
    assert monthly(Pay(min=200, max=240, unit="day")) == (200 * 21.75, 240 * 21.75)
    assert monthly(Pay(min=20, max=25, unit="hour")) == (20 * 8 * 21.75, 25 * 8 * 21.75)


@pytest.mark.parametrize(
    "pay", [Pay(), Pay(unit="month"), Pay(min=3000, max=5000), Pay(min=5, unit="piece"), Pay(min=0, max=0, unit="month")]
)
def test_piece_pay_a_missing_unit_and_nothing_stated_are_not_comparable(pay: Pay) -> None:
    assert monthly(pay) is None


def test_a_swapped_pair_is_read_in_order() -> None:
    assert monthly(Pay(min=8000, max=6000, unit="month")) == (6000, 8000)


@given(st.sampled_from(["month", "year", "week", "day", "hour"]), st.floats(1, 1e6), st.floats(1, 1e6))
def test_comparable_pay_is_ordered(unit: str, low: float, high: float) -> None:
    answer = monthly(Pay(min=low, max=high, unit=unit))  # type: ignore[arg-type]
    assert answer is not None
    assert answer[0] is not None
    assert answer[1] is not None
    assert answer[0] <= answer[1]


@pytest.mark.parametrize(
    ("text", "low", "high", "unit", "months"),
    [
        ("6-8k", 6000, 8000, "month", None),
        ("4千-6千", 4000, 6000, "month", None),
        ("6千-1.2万", 6000, 12_000, "month", None),
        ("1.5-3万", 15_000, 30_000, "month", None),
        ("0.8-1万", 8000, 10_000, "month", None),
        ("8-1.2万", 8000, 12_000, "month", None),
        ("6-8千·13薪", 6000, 8000, "month", 13),
        ("1.2-2.4万·15薪", 12_000, 24_000, "month", 15),
        ("1-1.5万*14", 10_000, 15_000, "month", 14),
        ("180元/天", 180, 180, "day", None),
        ("20元/小时", 20, 20, "hour", None),
        ("15-20元一小时", 15, 20, "hour", None),
        ("150日结", 150, 150, "day", None),
        ("每天180", 180, 180, "day", None),
        ("10-15万/年", 100_000, 150_000, "year", None),
        ("年包100~300万", 1_000_000, 3_000_000, "year", None),
        ("急招普工月入8000（包住）", 8000, 8000, "month", None),
        ("直招5500包吃住", 5500, 5500, "month", None),
        ("月薪2万+年终奖", 20_000, None, "month", None),
        ("8000到12000月上不封顶", 8000, 12_000, "month", None),
        ("0元入职！日薪350", 350, 350, "day", None),
        ("工价21块钱一个小时", 21, 21, "hour", None),
        ("试用期到手4000-5000元，转正6000-7000元", 6000, 7000, "month", None),
        ("底薪加全勤奖100，综合5000-6000元", 5000, 6000, "month", None),
        ("计件工资，综合8000-9000元", 8000, 9000, "month", None),
        ("年薪12万", 120_000, 120_000, "year", None),
        ("1500/周", 1500, 1500, "week", None),
        ("0.5元/件", 0.5, 0.5, "piece", None),
        ("5000元以上", 5000, None, "month", None),
        ("4k+", 4000, None, "month", None),
        ("3000以下", None, 3000, "month", None),
        ("底薪3000+提成", 3000, None, "month", None),
        ("急招普工6-8k包吃住双休", 6000, 8000, "month", None),
        ("五六千", 5000, 6000, "month", None),
        ("一万二", 12_000, 12_000, "month", None),
        ("三千五到五千", 3500, 5000, "month", None),
        ("6,000—8,000元/月", 6000, 8000, "month", None),
        ("６０００～８０００元", 6000, 8000, "month", None),
        ("计件，月收入6000-9000", 6000, 9000, "month", None),
        ("18-45岁，月薪4000，8小时", 4000, 4000, "month", None),
        ("综合工资5000-8000元/月，底薪3000+提成", 5000, 8000, "month", None),
        ("220-260元/天，日结", 220, 260, "day", None),
    ],
)
def test_pay_is_read_as_people_write_it(text: str, low: float | None, high: float | None, unit: str, months: float | None) -> None:
    found = read_pay(text)
    assert found.pay is not None
    assert (found.pay.min, found.pay.max, found.pay.unit, found.pay.months) == (low, high, unit, months)
    assert found.confidence > 0.4


def test_a_base_wage_with_commission_is_a_lower_bound() -> None:
    assert read_pay("底薪3000+提成").base_plus is True


@pytest.mark.parametrize("text", ["面议", "薪资面谈", "工资待遇面议"])
def test_negotiable_pay_is_no_amount(text: str) -> None:
    found = read_pay(text)
    assert (found.pay, found.stated) == (None, "negotiable")


def test_piece_pay_without_an_amount_keeps_its_unit() -> None:
    found = read_pay("计件")
    assert (found.unit, found.stated) == ("piece", "piece")
    assert found.pay is not None
    assert monthly(found.pay) is None


@pytest.mark.parametrize("text", ["", None, "13薪", "8小时/天 双休", "招22人", "0-0", "18-45岁", "五险一金", *_NO_PAY])
def test_what_is_no_pay_is_not_taken_for_pay(text: str | None) -> None:
    assert read_pay(text).pay is None


@pytest.mark.parametrize("text", ["200", "30万", "10-15万"])
def test_an_amount_whose_unit_cannot_be_told_is_kept_without_one_and_asked_about(text: str) -> None:
    found = read_pay(text)
    assert found.question is not None
    assert found.pay is not None
    assert monthly(found.pay) is None


def test_an_amount_beyond_all_wages_is_asked_about_and_not_used() -> None:
    found = read_pay("1000001K")
    assert found.pay is None
    assert found.question


def test_the_columns_heading_gives_the_unit() -> None:
    assert read_pay("200", "day").unit == "day"


def test_columns_of_numbers_are_pay_by_the_month() -> None:
    assert pay_of_columns(3000, 5000, months=13).pay == Pay(min=3000, max=5000, unit="month", months=13)
    assert pay_of_columns(0, 5000).pay == Pay(max=5000, unit="month")
    assert pay_of_columns(5000, 3000).pay == Pay(min=3000, max=5000, unit="month")


def test_zero_is_not_stated_and_raises_no_question() -> None:
    found = pay_of_columns(0, 0)
    assert (found.pay, found.question) == (None, None)


@pytest.mark.parametrize(("low", "high"), [(6, 8), (200, 300), (3_000_000, 5_000_000), (0.5, 0.5)])
def test_what_cannot_be_meant_is_asked_about_and_not_used(low: float, high: float) -> None:
    found = pay_of_columns(low, high)
    assert found.pay is None
    assert found.question


def test_a_range_too_wide_is_used_and_asked_about() -> None:
    found = pay_of_columns(3000, 30_001)
    assert found.pay is not None
    assert found.question
    assert found.confidence < 1


@given(st.text(alphabet="0123456789.-~kK千万元/月天小时年薪底提成+ 一二三面议计件以上", max_size=20))
def test_any_writing_gives_a_sound_reading(text: str) -> None:
    found = read_pay(text)
    assert 0 <= found.confidence <= 1
    if found.pay is not None and found.pay.min is not None and found.pay.max is not None and found.pay.unit is not None:
        assert 0 <= found.pay.min <= found.pay.max


@given(st.integers(10, 300), st.integers(0, 200))
def test_thousands_written_in_any_way_are_the_same_pay(low: int, more: int) -> None:
    a, b = low * 100, (low + more) * 100
    expected = (a, b)
    for text in (f"{a}-{b}元/月", f"{a / 1000:g}-{b / 1000:g}k/月", f"{a / 1000:g}千-{b / 1000:g}千/月", f"月薪{a}至{b}元"):
        pay = read_pay(text).pay
        assert pay is not None, text
        assert (round(pay.min or 0), round(pay.max or 0)) == expected, text
