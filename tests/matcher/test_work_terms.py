"""What a text says of the work and asks for: a negation is part of what is said, a wish asks for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pay import read_pay
from matcher.skill_words import skills_in
from matcher.work_terms import probation_months, read_terms, read_text


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("包吃住", "lodging", True),
        ("包吃住", "board", True),
        ("包住不包吃", "lodging", True),
        ("包住不包吃", "board", False),
        ("不包吃住", "lodging", False),
        ("食宿自理", "board", False),
        ("包三餐，住宿自理", "board", True),
        ("包三餐，住宿自理", "lodging", False),
        ("提供员工宿舍，四人间", "lodging", True),
        ("负责宿舍楼卫生", "lodging", None),
        ("住宿免费", "lodging", True),
        ("上白班", "shifts", "day"),
        ("夜班安保", "shifts", "night"),
        ("每月4天带薪休息", "rest_days", 4),
        ("产品运营-双休-五险一金", "insurance", ("housing_fund", "social")),
        ("能吃苦耐劳", "board", None),
        ("有餐补", "board", None),
        ("缴纳住房公积金", "lodging", None),
        ("适应两班倒", "shifts", "two_shift"),
        ("四班三运转", "shifts", "three_shift"),
        ("能接受倒班", "shifts", "rotating"),
        ("不倒班", "shifts", "day"),
        ("长白班，无夜班", "shifts", "day"),
        ("无需上夜班", "shifts", "day"),
        ("长夜班", "shifts", "night"),
        ("长白班、两班倒均有", "shifts", None),
        ("不用加班", "overtime", False),
        ("不加班", "overtime", False),
        ("能接受加班", "overtime", True),
        ("自愿加班", "overtime", None),
        ("有加班费", "overtime", None),
        ("加班工资按时发放", "overtime", None),
        ("周末双休", "rest_days", 8),
        ("做六休一", "rest_days", 4),
        ("大小周", "rest_days", 6),
        ("月休四天", "rest_days", 4),
        ("每月休2天", "rest_days", 2),
        ("单休或双休", "rest_days", None),
        ("每天工作8小时", "hours_per_day", 8),
        ("12小时制", "hours_per_day", 12),
        ("八小时工作制", "hours_per_day", 8),
        ("每天8小时，旺季每天10小时", "hours_per_day", None),
        ("五险一金", "insurance", ("housing_fund", "social")),
        ("缴纳社保", "insurance", ("social",)),
        ("买意外险", "insurance", ("commercial",)),
        ("不交社保", "insurance", ()),
        ("负责员工五险一金的办理", "insurance", None),
        ("销售保险产品", "insurance", None),
        ("试用期3个月", "probation_months", 3),
        ("试用期1-3个月", "probation_months", 3),
        ("无试用期", "probation_months", 0),
        ("工资税前8000元", "pay_tax", "before"),
        ("到手工资5000元", "pay_tax", "after"),
        ("负责税前扣除的核算", "pay_tax", None),
    ],
)
def test_a_term_is_read_with_its_negation(text: str, field: str, value: object) -> None:
    assert getattr(read_terms(f"岗位说明：{text}。"), field) == value


def test_what_was_read_is_named() -> None:
    assert read_terms("包住，双休").read == ("lodging", "rest_days")
    assert read_terms("负责车间卫生").read is None


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("大专及以上学历", "education_min", "31"),
        ("学历不限", "education_min", "90"),
        ("初中以上文化程度", "education_min", "71"),
        ("本科以上学历优先", "education_min", None),
        ("辅导初中学生", "education_min", None),
        ("中专以上学历；研发岗要求本科以上学历", "education_min", None),
        ("无需经验", "experience_years_min", 0),
        ("有无经验均可", "experience_years_min", 0),
        ("接受无经验", "experience_years_min", 0),
        ("经验不限", "experience_years_min", 0),
        ("三年以上工作经验", "experience_years_min", 3),
        ("1-3年焊接经验", "experience_years_min", 1),
        ("有3年以上工作经验者优先", "experience_years_min", None),
        ("公司有20年行业经验", "experience_years_min", None),
        ("没有经验勿扰", "experience_years_min", None),
        ("签订劳动合同2年", "contract_months", 24),
        ("签三年期劳动合同", "contract_months", 36),
        ("合同一年一签", "contract_months", 12),
        ("负责合同管理", "contract_months", None),
        ("招聘人数：12人", "headcount", 12),
        ("急招5名", "headcount", 5),
        ("招3名焊工，招2名钳工", "headcount", None),
        ("管理20人团队", "headcount", None),
        ("须持有焊工证", "certificates", ("焊工证",)),
        ("持C1驾驶证", "certificates", ("C1驾照",)),
        ("有健康证", "certificates", ("健康证",)),
        ("持有电工证者优先", "certificates", None),
        ("健康证可入职后办理", "certificates", None),
        ("会氩弧焊，看懂图纸", "skills", ("氩弧焊", "机械制图")),
        ("熟练使用Excel和CAD", "skills", ("Excel", "CAD")),
        ("熟悉JavaScript", "skills", ("JavaScript",)),
        ("无需会CAD", "skills", None),
        ("会CAD者优先", "skills", None),
        ("公司提供电焊培训", "skills", None),
    ],
)
def test_a_demand_is_read_only_where_it_is_plain(text: str, field: str, value: object) -> None:
    assert getattr(read_text(f"岗位说明：{text}。"), field) == value


def test_what_a_field_states_is_not_looked_for() -> None:
    text = "大专及以上学历，三年以上工作经验"
    assert read_text(text, fields=frozenset({"education_min"})).education_min is None
    assert read_text(text, fields=frozenset({"education_min"})).experience_years_min == 3


def test_the_title_counts_too() -> None:
    assert read_text("", title="普工（包住）").terms.lodging is True


@pytest.mark.parametrize(("text", "tax"), [("税后6000-8000元", "after"), ("6-8k税前", "before"), ("6-8k", None), ("税前8k税后6k", None)])
def test_pay_says_whether_it_is_before_or_after_tax(text: str, tax: str | None) -> None:
    reading = read_pay(text)
    assert reading.pay is not None
    assert reading.tax == tax


def test_probation_is_the_longest_one_stated() -> None:
    assert probation_months("试用期一个月，管理岗试用期6个月") == 6


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    found = read_text(text)
    assert found.terms.hours_per_day is None or 4 <= found.terms.hours_per_day <= 14
    skills_in(text)
