"""What is held, what is only advised, and what looks like it and is neither."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import credit_code
from matcher.figures import read_tables, shipped
from matcher.shapes import Posting, read_posting
from streams.intake.rules import advice, holds, minimum_wage, probation_months

AS_OF = date(2026, 11, 20)
CODE = "91140100MA0GXNJ13" + credit_code.check_character("91140100MA0GXNJ13")


def posting(**changes: Any) -> Posting:
    data = {
        "posting_id": "p-1",
        "source": "enterprise",
        "title": "焊工",
        "description": "焊接钢结构件，男女不限，五险一金。",
        "employer": {"name": "太原红叶机械制造有限公司", "uscc": CODE},
        "region": "140105",
        "pay": {"min": 5000, "max": 7000, "unit": "month"},
    }
    return read_posting(data | changes)


def rules(description: str, **more: Any) -> set[str]:
    return {hold.rule for hold in holds(posting(description=description, **more), as_of=AS_OF, verified_sender=True)}


def test_a_plain_posting_is_not_held() -> None:
    assert holds(posting(), as_of=AS_OF, verified_sender=True) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("sex", "仅限女性"),
        ("sex", "1、女，形象好"),
        ("sex", "要求：女性，25人"),
        ("sex", "女士优先"),
        ("sex", "性别：男"),
        ("sex", "限男生，能吃苦"),
        ("sex", "女工要求会电脑"),
        ("sex", "不招男的"),
        ("age", "35岁以下"),
        ("age", "年龄18-45周岁"),
        ("age", "年龄：28-45之间"),
        ("age", "不超过40周岁"),
        ("age", "35岁左右"),
        ("age", "年龄35以下"),
        ("age", "20岁﹣50岁之间"),
        ("marriage", "单身优先"),
        ("health", "身体健康，无疾，能吃苦"),
        ("fees", "需交介绍费200元"),
        ("age", "20周岁(含)至35周岁(含)"),
        ("marriage", "已婚已育"),
        ("marriage", "未婚优先"),
        ("marriage", "两年内无生育计划"),
        ("marriage", "孕妇勿扰"),
        ("household", "限本地户口"),
        ("household", "本市户籍优先"),
        ("household", "须具有太原市户籍"),
        ("origin", "限本地人"),
        ("origin", "不要外地人"),
        ("origin", "新疆人勿扰"),
        ("origin", "本地人或周边地区优先录取"),
        ("ethnicity", "仅限汉族"),
        ("ethnicity", "少数民族勿扰"),
        ("health", "无乙肝"),
        ("health", "乙肝两对半阴性"),
        ("health", "无新冠病史"),
        ("health", "无传染病史"),
        ("health", "无精神病史"),
        ("health", "新冠阳性康复者勿扰"),
        ("health", "疫情严重地区人员不招"),
        ("health", "无疾病，无纹身"),
        ("health", "残疾人勿扰"),
        ("fees", "入职须交押金500元"),
        ("fees", "服装费：300元"),
        ("fees", "收取培训费"),
        ("documents", "入职扣押身份证"),
        ("documents", "毕业证原件由公司保管"),
        ("probation_unpaid", "试用期无工资"),
        ("probation_unpaid", "试岗三天不发工资"),
        ("probation_too_long", "试用期12个月"),
        ("fees", "住宿不收钱，入职交押金300元"),
        ("fees", "报名费50元概不退还"),
        ("probation_unpaid", "前七天试工不算钱"),
        ("health", "入职查乙肝两对半"),
        ("health", "有过抑郁症病史的不录"),
        ("marriage", "单身女性不考虑"),
        ("marriage", "两年内不打算要孩子的才签"),
        ("age", "超过45岁的不要"),
        ("age", "年满50周岁不录用"),
        ("probation_too_long", "试用期为一年"),
    ],
)
def test_demands_that_shut_people_out_are_held_with_their_words(rule: str, text: str) -> None:
    found = holds(posting(description=f"负责焊接。{text}。双休"), as_of=AS_OF, verified_sender=True)
    assert [hold.rule for hold in found] == [rule]
    assert found[0].evidence.strip("，") in text or text in found[0].evidence or rule == "probation_too_long"
    assert found[0].change
    assert found[0].law


@pytest.mark.parametrize(
    "text",
    [
        "男女不限",
        "性别不限",
        "男女均可，年龄不限",
        "女装设计",
        "熟悉女性用户",
        "专业做男裤",
        "女员工享有产假",
        "三八妇女节福利",
        "为员工子女提供教育",
        "婚假、产假、年休假",
        "结婚礼金",
        "婚否不限",
        "户籍不限",
        "可解决太原户口",
        "毕业2年内高校毕业生、16至24岁本市户籍登记失业青年",
        "年满18周岁",
        "18岁以上",
        "18-60周岁",
        "60周岁以下",
        "照顾3-12岁儿童",
        "辅导10到15岁学生",
        "身体健康",
        "持健康证",
        "收集患者病史",
        "负责新冠核酸采样",
        "对残疾人开放",
        "无押金",
        "不收取任何押金、培训费",
        "退还租户押金",
        "介绍朋友来，给介绍费300元一人",
        "办理投标保证金",
        "面试带身份证原件",
        "身份证复印件",
        "非中介，不收费",
        "试用期3个月",
        "试用期无责底薪4000",
        "试用期工资不打折",
        "试用期2500工资转正3000",
        "熟悉本地人文地理",
        "精通汉族舞蹈之外的民族舞",
        "平均年龄28岁的团队",
        "女装导购",
        "男女宾客正常接待",
    ],
)
def test_what_only_looks_like_it_is_published(text: str) -> None:
    assert rules(f"负责焊接。{text}。双休") - {"ethnicity"} == set()


def test_three_different_things_get_three_different_answers() -> None:
    assert rules("男女不限") == set()
    assert rules("女装") == set()
    assert rules("35岁以下优先") == set()
    assert [hint.rule for hint in advice(posting(description="35岁以下优先"))] == ["age_preference"]
    assert rules("35岁以下") == {"age"}
    assert advice(posting(description="35岁以下")) == []


@pytest.mark.parametrize("title", ["女销售", "男普工", "服务员（女）", "实验室 男辅助测试员", "前台（限女）"])
def test_a_title_that_names_a_sex_is_held(title: str) -> None:
    assert rules("工作轻松", title=title) == {"sex"}


@pytest.mark.parametrize("title", ["女装导购", "男装店长", "女频编辑", "女裤厂长", "妇科护士", "女鞋设计师", "男女普工"])
def test_a_title_that_names_a_trade_is_not(title: str) -> None:
    assert rules("工作轻松", title=title) == set()


def test_the_law_exempts_work_forbidden_to_women_and_food_work() -> None:
    assert rules("限男性", title="井下采掘工") == set()
    assert rules("无传染病", title="厨师") == set()
    assert rules("无传染病", title="保安") == {"health"}
    assert rules("无乙肝", title="厨师") == {"health"}


def test_probation_is_measured_against_the_contract() -> None:
    assert rules("试用期3个月", contract_months=12) == {"probation_too_long"}
    assert rules("试用期2个月", contract_months=12) == set()
    assert rules("试用期1个月", contract_months=2) == {"probation_too_long"}
    assert rules("试用期6个月", contract_months=36) == set()
    assert rules("试用期1个月", employment_form="part_time") == {"probation_too_long"}


def test_the_longest_probation_stated_counts() -> None:
    assert probation_months("试用期3-6个月") == 6
    assert probation_months("试用期：三个月") == 3
    assert probation_months("试用期半年") is None or probation_months("试用期半年") == 6
    assert probation_months("试用期4000元") is None


def test_an_employer_that_nobody_vouches_for_is_held() -> None:
    unknown = posting(employer={"name": "太原红叶机械制造有限公司"})
    assert [hold.rule for hold in holds(unknown, as_of=AS_OF)] == ["employer_unverified"]
    assert holds(unknown, as_of=AS_OF, known_employer=True) == []
    assert holds(unknown, as_of=AS_OF, verified_sender=True) == []
    wrong = posting(employer={"name": "某", "uscc": CODE[:-1] + ("0" if CODE[-1] != "0" else "1")})
    assert "校验位" in holds(wrong, as_of=AS_OF)[0].change


def test_a_sound_credit_code_alone_confirms_nobody() -> None:
    (hold,) = holds(posting(employer={"name": "太原红叶机械制造有限公司", "uscc": CODE}), as_of=AS_OF)
    assert (hold.rule, hold.evidence, "核实单位" in hold.change) == ("employer_unverified", CODE, True)
    (hold,) = holds(posting(employer={"employer_id": "e-1"}), as_of=AS_OF, registered_code=CODE)
    assert (hold.evidence, "核实单位" in hold.change) == (CODE, True)
    assert holds(posting(employer={"uscc": CODE}), as_of=AS_OF, known_employer=True) == []


def test_an_agency_needs_its_licence() -> None:
    agency = posting(employer={"name": "太原迎新人力资源有限公司", "uscc": CODE})
    assert [hold.rule for hold in holds(agency, as_of=AS_OF, known_employer=True)] == ["agency_licence"]
    assert holds(agency, as_of=AS_OF, known_employer=True, licensed_agency=True) == []
    assert [hold.rule for hold in holds(agency, as_of=AS_OF, licensed_agency=False, verified_sender=True)] == ["agency_licence"]
    assert holds(posting(employer={"name": "太原市人力资源服务中心", "uscc": CODE}), as_of=AS_OF, known_employer=True) == []


HEADER = "code,from,to,value,source,source_date\n"
WAGES = read_tables(
    {
        "minimum_wage_month.csv": HEADER
        + "140100,2026-01-01,2026-12-31,2100,made up for this test,2025-12-01\n140105,2026-06-01,,2200,made up for this test,2026-05-01\n",
        "minimum_wage_hour.csv": HEADER + "140100,2026-01-01,,22,made up for this test,2025-12-01\n",
    }
)


def test_without_a_sourced_figure_the_minimum_wage_is_not_checked() -> None:
    assert not shipped()
    assert minimum_wage(posting(pay={"min": 100, "max": 900, "unit": "month"}), AS_OF).answer == "not_checked"


def test_with_a_figure_pay_under_it_is_held() -> None:
    low = posting(pay={"min": 1800, "max": 2150, "unit": "month"})
    assert minimum_wage(low, AS_OF, WAGES).answer == "under"
    assert [hold.rule for hold in holds(low, as_of=AS_OF, figures=WAGES, verified_sender=True)] == ["minimum_wage"]
    assert minimum_wage(posting(pay={"min": 1800, "max": 2200, "unit": "month"}), AS_OF, WAGES).answer == "met"
    assert minimum_wage(posting(pay={"max": 21, "unit": "hour"}, region="140106"), AS_OF, WAGES).answer == "under"
    assert minimum_wage(posting(pay={"min": 5, "unit": "piece"}), AS_OF, WAGES).answer == "not_checked"


@given(st.text(alphabet="男女性限不招优先岁以下-0123456789年龄户籍本地人无病史押金试用期个月，。、（） ", max_size=50))
def test_any_text_is_judged_and_the_evidence_comes_from_it(text: str) -> None:
    for hold in holds(posting(description=text), as_of=AS_OF, verified_sender=True):
        assert hold.change
        assert len(hold.evidence) <= 40


@given(
    st.sampled_from(["仅限女性", "35岁以下", "限本地户口", "无乙肝"]),
    st.sampled_from(["", "1、", "要求：", "任职要求：1."]),
    st.sampled_from(["。", "，能吃苦", "；"]),
)
def test_a_demand_is_found_wherever_it_stands(demand: str, before: str, after: str) -> None:
    assert rules(f"{before}{demand}{after}")


@pytest.mark.parametrize("words", ["户籍", "男", "女，", "18岁", "无", "不限男女", "押金", "本地人", "（"])
def test_twenty_thousand_repeated_characters_are_judged_without_hanging(words: str) -> None:
    # The suite's time limit stops a pattern that looks back over the whole text from every place.
    assert isinstance(rules(words * (20_000 // len(words))), set)
