"""Education levels compare by rank and are read as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import education, tables

# Checked by hand against GB/T 4658-2006: 普通高中 and 中等职业教育 are one level, vocational or not.
RANKS = {"11": 7, "14": 6, "21": 5, "31": 4, "41": 3, "44": 3, "47": 3, "60": 3, "61": 3, "71": 2, "81": 1}


@pytest.mark.parametrize(("code", "rank"), RANKS.items())
def test_each_level_has_its_rank(code: str, rank: int) -> None:
    assert education.rank(code) == rank


def test_a_technical_school_meets_senior_high_and_the_other_way_round() -> None:
    assert education.meets("60", "47") is True
    assert education.meets("47", "61") is True


def test_junior_high_does_not_meet_senior_high() -> None:
    assert education.meets("60", "71") is False


def test_no_requirement_is_met_by_everyone_even_by_an_unknown_level() -> None:
    assert education.meets("90", "81") is True
    assert education.meets("90", None) is True


@pytest.mark.parametrize("unknown", [None, "", "90", "99", "本科"])
def test_an_unknown_level_is_neither_enough_nor_too_little(unknown: str | None) -> None:
    assert education.rank(unknown) is None
    assert education.meets("31", unknown) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("大专", "31"),
        ("大学专科", "31"),
        ("大专或以上", "31"),
        ("高职高专", "31"),
        ("本科及以上", "21"),
        ("大学本科", "21"),
        ("统招本科", "21"),
        ("中专/技校", "41"),
        ("中专/中技", "41"),
        ("中技/中专", "41"),
        ("技工学校", "47"),
        ("职业高中", "44"),
        ("高中", "61"),
        ("普通高中", "61"),
        ("高中/中专及以上", "61"),
        ("初中及以下", "71"),
        ("小学", "81"),
        ("硕士研究生", "14"),
        ("研究生", "14"),
        ("博士", "11"),
        ("不限", "90"),
        ("学历不限", "90"),
        ("不限制", "90"),
        ("无学历要求", "90"),
        ("其他", "90"),
        ("31", "31"),
        (" 大 专 ", "31"),
        ("ＭＢＡ", "14"),
    ],
)
def test_levels_are_read_as_people_write_them(text: str, code: str) -> None:
    assert education.code_of(text) == code


def test_of_several_levels_the_lowest_is_what_is_asked() -> None:
    assert education.code_of("本科（大专有经验亦可）") == "31"


def test_a_preferred_level_is_not_a_required_one() -> None:
    assert education.code_of("高中以上，大专优先") == "61"
    assert education.code_of("本科优先") is None


@pytest.mark.parametrize("text", [None, "", "  ", "吃苦耐劳", "C1驾照"])
def test_a_text_without_a_level_has_no_code(text: str | None) -> None:
    assert education.code_of(text) is None


def test_every_code_of_the_table_has_a_spoken_name() -> None:
    for row in tables.rows("education"):
        assert education.name_of(row["code"]) != "未说明"
    assert education.name_of("47") == "技校"
    assert education.name_of("31") == "大专"
    assert education.name_of("77") == "未说明"


@given(st.text(max_size=30))
def test_any_text_gives_a_code_of_the_table_or_none(text: str) -> None:
    code = education.code_of(text)
    assert code is None or education.is_code(code)
