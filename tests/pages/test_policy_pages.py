"""政策: found, limited, said truly for today, readable without scripts; and the table of clauses."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest

from api.policies.listing import Asked, by_payee, found, lines
from matcher.policy import load_catalogue
from matcher.policy.coverage import coverage, totals
from matcher.policy.wording import APPLICATIONS

CATALOGUE = load_catalogue()
ALL = "/policies?state=all"


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_everybody_reads_both_pages_and_finds_them_in_the_menu(nobody, jobseeker, employer, commissioner):
    for browser in (nobody, jobseeker, employer, commissioner):
        for path in ("/policies", "/policies/coverage"):
            answer = browser.get(path)
            assert answer.status_code == 200
            assert '<a href="/policies" aria-current="page">政策</a>' in answer.text


def test_every_benefit_and_every_quotation_is_there(nobody):
    page = unescape(nobody.get(ALL).text)
    for entry in CATALOGUE.entries:
        assert entry.quote in page, entry.id
        assert entry.clause in page
        assert all(words in page for words in entry.not_modelled), entry.id
    assert all(name in page for name in CATALOGUE.benefit_names.values())
    assert page.count('class="policy-line"') == len(CATALOGUE.entries)


def test_without_a_choice_only_what_is_open_today_is_listed(nobody):
    page = nobody.get("/policies").text
    assert "已经结束" not in re.sub(r"<select.*?</select>", "", page, flags=re.S)
    assert "今天在期限内" in page
    assert 'id="job_expansion_subsidy-employer"' not in page


def test_a_search_needs_every_word(nobody):
    page = text_of(nobody.get("/policies?q=岗位补贴 就业困难人员"))
    assert "300元/月 × 最长36个月" in page
    assert "（晋政办发" not in text_of(nobody.get("/policies?q=民营小微企业新招用就业困难人员"))
    assert "没有找到" in text_of(nobody.get("/policies?q=岗位补贴 没有这样的词"))


def test_what_is_over_is_said_and_found_one_step_further(nobody):
    page = text_of(nobody.get("/policies?q=扩岗补助"))
    assert re.search(r"不在所选期限内的还有\d+条", page)
    assert "不在所选期限内的还有" not in text_of(nobody.get(f"{ALL}&q=扩岗补助"))
    ended = text_of(nobody.get(f"{ALL}&q=一次性扩岗补助 毕业年度"))
    assert "到2022年12月31日为止" in ended
    assert "已经结束" in ended


def test_limits_by_payee_and_group_hold(nobody):
    asked = Asked(payee="jobseeker", group="college_graduate", state="all")
    chosen = found(CATALOGUE, date(2026, 11, 20), asked)
    assert chosen
    assert all(line.entry.payee == "jobseeker" and "college_graduate" in line.groups for line in chosen)
    page = nobody.get(f"{ALL}&payee=jobseeker&group=college_graduate").text
    assert page.count('class="policy-line"') == len(chosen)
    assert '<h2 id="s1">发给求职者和劳动者</h2>' in page
    assert "发给用人单位</h2>" not in page


@pytest.mark.parametrize(
    ("group", "entry_id", "listed"),
    [
        ("college_graduate", "jobseeking_startup_subsidy__000", True),
        ("secondary_vocational_graduate", "jobseeking_startup_subsidy__000", True),
        ("registered_unemployed", "startup_free_space__002", True),
        ("returned_migrant_worker", "returnee_project_priority__000", True),
        ("flexible_worker", "flexible_insurance_hukou_free__001", True),
        ("graduate_in_difficulty", "jobseeking_startup_subsidy__000", True),
        ("urban_registered_unemployed", "hiring_one_off__000_registered_unemployed", True),
        ("veteran", "jobseeking_startup_subsidy__000", False),
        ("registered_unemployed", "hiring_one_off__004_private_small_micro_ladder", False),
    ],
)
def test_a_list_of_a_group_has_what_names_it_by_another_fact_and_what_a_wider_group_gets(group, entry_id, listed):
    chosen = found(CATALOGUE, date(2023, 9, 1), Asked(group=group, state="all"))
    assert (entry_id in {line.entry.id for line in chosen}) == listed


@pytest.mark.parametrize(("query", "wrong"), [("payee=x", "payee"), ("group=x", "group"), ("state=x", "state"), (f"q={'补' * 101}", "q")])
def test_a_wrong_limit_is_said_beside_its_field(nobody, query, wrong):
    answer = nobody.get(f"/policies?{query}")
    assert answer.status_code == 400
    assert f'id="{wrong}-wrong"' in answer.text


def test_nothing_a_reader_writes_becomes_markup(nobody):
    page = nobody.get("/policies?q=<script>alert(1)</script>").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("path", ["/policies?full=1", "/policies/coverage"])
def test_the_pages_have_no_inline_script_or_style(nobody, path):
    page = nobody.get(path).text
    assert "style=" not in page
    assert "<style" not in page
    assert not re.search(r"<script(?! src=\"/static/)", page)


def test_unfolded_for_printing(nobody):
    assert "<details open>" not in nobody.get("/policies").text
    page = nobody.get("/policies?full=1").text
    assert page.count("<details open>") == page.count('class="policy-line"')


def test_the_last_day_is_open_and_the_next_is_over():
    entry = next(entry for entry in CATALOGUE.entries if entry.window.to is not None)
    last = entry.window.to
    state = {
        day: next(line for line in lines(CATALOGUE, day) if line.entry.id == entry.id)
        for day in (last, date.fromordinal(last.toordinal() + 1))
    }
    assert [(line.state, line.days_left) for line in state.values()] == [("open", 0), ("over", None)]
    before = next(line for line in lines(CATALOGUE, date(2021, 1, 1)) if line.entry.id == entry.id)
    assert before.state == "coming"


def test_open_lines_come_first_and_no_line_is_lost():
    chosen = found(CATALOGUE, date(2026, 11, 20), Asked(state="all"))
    sections = by_payee(CATALOGUE, chosen)
    listed = [line for _, benefits in sections for benefit in benefits for line in benefit.lines]
    assert sorted(line.entry.id for line in listed) == sorted(entry.id for entry in CATALOGUE.entries)
    for _, benefits in sections:
        for benefit in benefits:
            states = [line.state != "open" for line in benefit.lines]
            assert states == sorted(states)


def test_the_table_of_clauses_counts_and_links(nobody):
    answer = nobody.get("/policies/coverage")
    page = text_of(answer)
    counted = totals(coverage(CATALOGUE))
    assert f"{sum(counted.values())} 条款" in page
    assert f"{counted['implemented']} 已实现" in page
    assert "第(九)条 机关事业单位招录规模和时间" in page
    assert "招聘不少于2.9万人、8月底前完成：工作目标或计划指标" in page
    targets = set(re.findall(r'href="/policies\?state=all#([^"]+)"', answer.text))
    anchors = set(re.findall(r'<section class="card policy" id="([^"]+)"', nobody.get(ALL).text))
    assert targets
    assert targets <= anchors


def test_the_table_by_status(nobody):
    page = nobody.get("/policies/coverage?status=shown_only").text
    assert page.count('<th scope="row">') == totals(coverage(CATALOGUE))["shown_only"]
    assert nobody.get("/policies/coverage?status=x").status_code == 400


def test_the_table_is_searched_by_words_beside_the_status(nobody):
    def clauses(query: str) -> list[str]:
        return re.findall(r'<th scope="row">([^<]+)<', unescape(nobody.get(f"/policies/coverage?{query}").text))

    every = clauses("")
    found = clauses("q=见习补贴")
    assert found
    assert len(found) < len(every)
    assert "第(十二)条" in found
    assert set(clauses("q=见习补贴 毕业年度 剩余期限")) <= set(found) < set(clauses("q=见习"))
    shown_only = clauses("q=见习补贴&status=shown_only")
    assert set(shown_only) <= set(found)
    assert len(shown_only) + len(clauses("q=见习补贴&status=implemented")) + len(clauses("q=见习补贴&status=out_of_scope")) == len(found)
    assert clauses("q=没有这样的词") == []
    assert "找到0条" in text_of(nobody.get("/policies/coverage?q=没有这样的词"))
    assert 'value="&lt;b&gt;"' in nobody.get("/policies/coverage?q=<b>").text


def test_how_one_applies_stands_with_every_entry(nobody):
    page = text_of(nobody.get(ALL))
    for code, words in APPLICATIONS.items():
        assert page.count(words) == sum(entry.application == code for entry in CATALOGUE.entries), code


def test_a_policy_without_its_rule_is_not_offered_as_open_alone(nobody):
    page = text_of(nobody.get("/policies?q=新业态从业人员职业伤害保障"))
    assert "今天在期限内 具体办法没有出台" in page


def test_a_list_for_a_kind_of_employer_says_the_papers_too(nobody):
    page = nobody.get("/policies?kind=poverty_workshop&state=all").text
    assert "帮扶车间吸纳脱贫劳动力" in page
    assert "就业帮扶基地阶梯性奖励" not in page
    assert "就业证明，有一种就可以：劳动合同、工资发放明细单、银行工资流水清单、社保缴费证明" in page
    assert "文件没有列出，以经办机构的办事指南为准" in page
    assert nobody.get("/policies?kind=castle").status_code == 400
