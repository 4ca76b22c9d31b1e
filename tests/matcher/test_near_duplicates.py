"""The same opening from several sources is told with evidence; anything that contradicts it keeps two openings apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sample import generate
from matcher import credit_code
from matcher.near_duplicates import COMPARED, blocks, compare, same_opening, signature
from matcher.shapes import Posting, read_posting

TEXT = "负责车间钢结构件的氩弧焊接，按图纸加工，自检互检，填写工序记录；两班倒，提供工作餐和劳保用品，每月10日发工资。"
LONG = TEXT + "我们在小店区有自己的厂房，设备齐全，老师傅一带一，学会独立操作后按工时计奖。每周休息一天，加班按规定付给加班工资，" * 2


def posting(**changes: Any) -> Posting:
    data = {
        "posting_id": "p-1",
        "source": "enterprise",
        "title": "氩弧焊工",
        "description": TEXT,
        "employer": {"name": "太原红叶机械制造有限公司"},
        "region": "140105",
        "address": "小店区某路12号红叶机械",
        "pay": {"min": 5000, "max": 7000, "unit": "month"},
        "education_min": "71",
    }
    return read_posting(data | changes)


def test_the_same_posting_again_is_the_same_opening_with_evidence() -> None:
    found = same_opening(posting(), posting(posting_id="p-2", source="gig_market"))
    assert found.same
    assert {item.field: item.score for item in found.evidence} == {"title": 100, "employer": 100, "text": 100}
    assert found.score == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "【急招】氩弧焊工（包吃住）5-7k"},
        {"title": "氩弧 焊工."},
        {"employer": {"name": "红叶机械制造有限责任公司"}},
        {"employer": {"name": "太原红叶机械制造 有限公司"}},
        {"description": "岗位职责：" + TEXT.replace("两班倒", "两班倒，长期")},
        {"region": "140100"},
        {"pay": {"min": 5000, "max": 7200, "unit": "month"}},
        {"pay": {}},
    ],
)
def test_small_differences_of_writing_stay_the_same_opening(changes: dict[str, Any]) -> None:
    assert same_opening(posting(), posting(**changes)).same


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": "氩弧焊工学徒"}, "名称"),
        ({"title": "电焊工程师"}, "名称"),
        ({"title": "高级氩弧焊工"}, "名称"),
        ({"region": "140106"}, "地点"),
        ({"region": "440100"}, "地点"),
        ({"address": "晋源区他处工业园三号院"}, "地点"),
        ({"pay": {"min": 8000, "max": 9000, "unit": "month"}}, "工资"),
        ({"employer": {"name": "太原白杨机械制造有限公司"}}, "单位"),
        ({"employer": {"name": "大同红叶机械制造有限公司"}}, "单位"),
        ({"description": "在医院门诊大厅引导患者就诊，协助使用自助机，维护秩序，解答咨询，完成交办的其他工作，做六休一。"}, "描述"),
    ],
)
def test_one_contradiction_keeps_two_openings_apart(changes: dict[str, Any], reason: str) -> None:
    found = same_opening(posting(), posting(**changes))
    assert not found.same
    assert reason in found.reason


def test_openings_for_two_technologies_or_forms_are_two() -> None:
    assert not same_opening(posting(title="Java开发工程师"), posting(title="C++开发工程师")).same
    assert not same_opening(posting(employment_form="full_time"), posting(employment_form="part_time")).same


def test_credit_codes_decide_about_the_employer() -> None:
    codes = [first + credit_code.check_character(first) for first in ("91140100MA0GXNJ13", "91140100MA0HXNJ13")]
    first, second = (posting(employer={"name": "红叶机械", "uscc": code}) for code in codes)
    assert not same_opening(first, second).same
    assert same_opening(first, posting(employer={"name": "另一个写法", "uscc": codes[0]})).same


def test_an_agencys_copy_is_the_same_only_word_for_word_at_the_same_place_and_pay() -> None:
    original = posting(description=LONG)
    agency = {"name": "太原迎新人力资源有限公司"}
    assert same_opening(original, posting(description=LONG, employer=agency)).same
    assert not same_opening(original, posting(description=LONG[: len(LONG) // 2], employer=agency)).same
    assert not same_opening(original, posting(description=LONG, employer=agency, region="140100")).same
    assert not same_opening(original, posting(description=LONG, employer={"name": "太原白杨机械制造有限公司"})).same


def test_with_little_text_everything_else_must_be_stated_and_agree() -> None:
    assert same_opening(posting(description="焊工"), posting(description="焊工")).same
    assert not same_opening(posting(description="焊工", pay={}), posting(description="焊工", pay={})).same
    assert not same_opening(posting(description="焊工两名"), posting(description="有经验")).same


def test_a_word_in_brackets_on_one_side_only_needs_a_text_that_agrees() -> None:
    assert same_opening(posting(), posting(title="氩弧焊工（签合同）")).same
    assert not same_opening(posting(title="氩弧焊工（夜班）"), posting(title="氩弧焊工（白班）")).same
    other = "做氩弧焊接，按图加工，自检互检，两班倒，提供工作餐，月底发工资，有老师傅带，长期干的优先，地铁口步行五分钟。"
    assert not same_opening(posting(), posting(title="氩弧焊工（签合同）", description=other)).same


def test_a_gig_without_an_employers_name_needs_place_pay_text_and_start_to_agree() -> None:
    gig = {"employer": {}, "source": "gig_market", "pay": {"min": 300, "unit": "day"}, "work": {"starts_at": "2026-12-01T08:00"}}
    assert same_opening(posting(**gig), posting(**gig)).same
    assert set(blocks(posting(**gig))) & set(blocks(posting(**gig)))
    for change in (
        {"work": {"starts_at": "2026-12-02T08:00"}},
        {"pay": {"min": 310, "unit": "day"}},
        {"region": "140106"},
        {"description": TEXT[::-1]},
    ):
        assert not same_opening(posting(**gig), posting(**gig | change)).same


def test_what_is_the_same_shares_a_block() -> None:
    original = posting(description=LONG)
    for changes in ({"employer": {"name": "红叶机械制造有限责任公司"}}, {"employer": {"name": "太原迎新人力资源有限公司"}}):
        other = posting(description=LONG, **changes)
        assert same_opening(original, other).same
        assert set(blocks(original)) & set(blocks(other))


def test_what_is_compared_needs_no_other_field_of_a_stored_posting() -> None:
    for raw in generate(seed=4, postings=200, employers=40, people=1).postings:
        whole = read_posting(raw)
        assert signature(read_posting({name: raw[name] for name in COMPARED if name in raw})) == signature(whole)


def test_blocks_are_few_and_the_same_every_time() -> None:
    assert blocks(posting(description=LONG)) == blocks(posting(description=LONG))
    assert 1 <= len(blocks(posting(description=LONG))) <= 8
    assert blocks(read_posting({"posting_id": "p", "source": "enterprise", "title": "焊工"})) == []


TITLES = st.sampled_from(["氩弧焊工", "氩弧焊工（急招）", "高级氩弧焊工", "电焊工", "保洁员"])
FIRMS = st.sampled_from(["太原红叶机械制造有限公司", "红叶机械制造厂", "太原迎新人力资源有限公司", ""])
REGIONS = st.sampled_from([None, "140100", "140105", "140106", "440100"])
PAYS = st.sampled_from([{}, {"min": 5000, "max": 7000, "unit": "month"}, {"min": 230, "unit": "day"}])


@given(TITLES, FIRMS, REGIONS, PAYS, TITLES, FIRMS, REGIONS, PAYS, st.sampled_from(["", TEXT, LONG]))
def test_the_answer_does_not_depend_on_who_is_first(
    title: str,
    firm: str,
    region: str | None,
    pay: dict[str, Any],
    title2: str,
    firm2: str,
    region2: str | None,
    pay2: dict[str, Any],
    text: str,
) -> None:
    a = signature(posting(title=title, employer={"name": firm}, region=region, pay=pay, description=text))
    b = signature(posting(title=title2, employer={"name": firm2}, region=region2, pay=pay2, description=text))
    assert compare(a, b).same == compare(b, a).same
