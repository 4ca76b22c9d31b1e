"""What people put into fields by mistake or on purpose: it is read, asked about or refused in words, and the good part goes through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pay import pay_of_columns, read_pay
from matcher.shapes import ShapeError
from streams.intake.mapping import parse_mapping
from streams.intake.reading import read_received
from streams.intake.written import date_text, without_control

POSTING = {"source": "enterprise", "source_id": "HR-1", "title": "焊工", "employer": {"employer_id": "e-1"}, "published_at": "2026-11-02"}
MAPPING = parse_mapping(
    """
kind: postings
constants: {source: enterprise}
fields:
  title: 岗位
  apply_by: {read: date, from: 截止}
  pay: {read: pay_range, min: 低, max: 高, unit: month}
"""
)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026年11月20日", "2026-11-20"),
        ("20261120", "2026-11-20"),
        ("46346", "2026-11-20"),
        ("民国115年11月20日", "2026-11-20"),
        ("中华民国115/11/20", "2026-11-20"),
        ("令和8年11月20日", "2026-11-20"),
        ("佛历2569年11月20日", "2026-11-20"),
    ],
)
def test_a_day_of_another_count_of_years_is_turned(written: str, day: str) -> None:
    assert MAPPING.apply({"岗位": "焊工", "截止": written}).value["apply_by"] == day
    if written != "46346":
        assert date_text(written) == day


@pytest.mark.parametrize(
    "written", ["农历十月十二", "丙午年冬月初一", "腊月廿三", "2569-11-20", "115-11-20", "1448/5/10", "明天", "31/31/2026"]
)
def test_a_day_that_cannot_be_turned_is_asked_about_and_the_rest_goes_through(written: str) -> None:
    applied = MAPPING.apply({"岗位": "焊工", "截止": written})
    assert "apply_by" not in applied.value
    assert applied.value["title"] == "焊工"
    assert len(applied.questions) == 1
    assert ("农历" in applied.questions[0].text) == any(word in written for word in ("农历", "丙午", "腊月"))


def test_an_object_with_a_day_of_another_calendar_is_taken_without_it() -> None:
    read = read_received({**POSTING, "apply_by": "2569-11-20"})
    assert read.posting.apply_by is None
    assert any("2569" in note for note in read.notes)
    with pytest.raises(ShapeError, match="apply_by"):
        read_received({**POSTING, "apply_by": "农历十月十二"})


@pytest.mark.parametrize(
    ("low", "high"), [("-1", "-1"), ("-1", "5000"), ("1000000000000", "1000000000000"), ("1e300", ""), ("五千", ""), ("inf", "")]
)
def test_pay_that_cannot_be_meant_is_asked_about_and_not_used(low: str, high: str) -> None:
    applied = MAPPING.apply({"岗位": "焊工", "低": low, "高": high})
    assert "pay" not in applied.value
    assert applied.questions


def test_pay_below_zero_or_beyond_all_wages_is_none() -> None:
    assert pay_of_columns(-1, -1).question is not None
    assert pay_of_columns(1e12, 1e12).pay is None
    assert read_pay("1000000000000元/月").question is not None
    read = read_received({**POSTING, "pay": {"min": 1e12, "max": 1e12, "unit": "month"}})
    assert read.posting.pay.min is None
    assert read.notes
    with pytest.raises(ShapeError, match=r"pay\.min"):
        read_received({**POSTING, "pay": {"min": -1}})


def test_control_characters_and_lone_surrogates_are_no_text() -> None:
    posting = read_received({**POSTING, "title": "焊\x00工\x1b\ud800", "skills": ["氩\u200b弧焊"], "description": "一\n二\t三"}).posting
    assert (posting.title, posting.skills, posting.description) == ("焊工", ("氩弧焊",), "一\n二\t三")


@given(
    st.recursive(
        st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8
    )
)
def test_whatever_is_left_can_be_written_down(value: Any) -> None:
    import orjson

    orjson.dumps(without_control({"a": value})["a"] if not isinstance(value, dict) else list(without_control(value).values()))


@pytest.mark.parametrize("odd", [[], "x", 7, {"title": {"a": 1}}, {**POSTING, "title": "焊" * 501}, {**POSTING, "headcount": 10**9}])
def test_what_is_no_posting_is_refused_by_field(odd: Any) -> None:
    with pytest.raises(ShapeError) as error:
        read_received(odd)
    assert all(item.field and item.message for item in error.value.errors)
