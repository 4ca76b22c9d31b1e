"""An employer's openings: sent, held, changed, taken back; people without personal data, invited and hired."""

from __future__ import annotations

import re

import pytest

from matcher.figures import read_tables, use
from matcher.match_order import match_id
from matcher.pay_surveys import COLUMNS
from streams.hiring import queries as hiring
from streams.intake import queries as intake
from tests.pages.reading import posting_id_of, sent_posting


def state_of(site, posting_id):
    with site.services.exchange.reading() as connection:
        return intake.posting(connection, posting_id)


def step_of(site, person_id, posting_id):
    with site.services.exchange.reading() as connection:
        return hiring.step_of(connection, person_id, posting_id)


def test_a_sound_opening_is_published_at_once(site, employer, opening):
    answer = employer.send("/employer/new", opening(title="激光切割操作工", address="太原市小店区龙城大街10号"))
    text = employer.get(answer.headers["location"]).text
    assert "已公开：岗位已经发给合适的求职者" in text
    found = state_of(site, posting_id_of(answer))
    assert found["state"] == "published"
    assert found["posting"]["employer"]["name"] == "太原砚川机械制造有限公司"
    assert found["posting"]["pay"] == {"min": 6000, "max": 8000, "unit": "month"}
    assert "contact" not in found["posting"]


def test_a_discriminating_opening_is_held_with_the_words_and_what_to_change(site, employer, opening):
    answer = employer.send("/employer/new", opening(title="装配工", description="限女性，长白班。", address="太原市小店区龙城大街11号"))
    text = employer.get(answer.headers["location"]).text
    assert "暂缓公开" in text
    assert "限制性别" in text
    assert "<mark>限女性" in text
    assert "删去对性别的限制或优先" in text
    posting = posting_id_of(answer)
    assert site.browser().get(f"/postings/{posting}").status_code == 404
    assert "去修改" in employer.get("/employer").text
    again = employer.send(
        f"/employer/postings/{posting}/edit", opening(title="装配工", description="长白班。", address="太原市小店区龙城大街11号")
    )
    assert posting_id_of(again) == posting
    assert state_of(site, posting)["state"] == "published"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "", "请填写岗位名称"),
        ("title", "长" * 101, "最多100个字"),
        ("headcount", "", "请填写要招几个人"),
        ("headcount", "2.5", "请填写整数"),
        ("headcount", "0", "请填写1到10,000之间的数字"),
        ("region", "", "请选择工作地区"),
        ("region", "123456", "请从列表中选择"),
        ("pay.min", "面议", "请填写数字"),
        ("pay.max", "100", "工资上限不能低于下限"),
        ("pay.unit", "", "请选择工资是按月、按天还是按小时"),
        ("education_min", "99", "请从列表中选择"),
        ("apply_by", "月底", "请填写日期"),
        ("work.starts_at", "早上", "请填写日期和时间"),
        ("contact.phone", "12", "请填写11位手机号"),
    ],
)
def test_a_wrong_field_is_said_beside_it_and_the_rest_is_kept(employer, opening, field, value, said):
    answer = employer.send("/employer/new", opening(**{field: value}))
    assert answer.status_code == 422
    assert re.search(rf'id="{re.escape(field)}-wrong">{said}', answer.text)
    assert f'href="#{field}"' in answer.text
    assert "小件点焊满焊" in answer.text


def test_a_form_without_the_token_sends_nothing(site, employer, opening):
    before = len(employer.get("/employer").text)
    for token in ("", "wrong"):
        assert employer.send("/employer/new", opening(title="不该出现的岗位"), csrf=token).status_code == 403
    assert len(employer.get("/employer").text) == before


def test_the_same_form_sent_twice_is_one_opening(site, employer, opening):
    values = opening(title="喷砂工", address="太原市小店区龙城大街12号") | {"once": "form-1"}
    first = employer.send("/employer/new", values)
    second = employer.send("/employer/new", values)
    assert posting_id_of(first) == posting_id_of(second)
    changed = employer.send("/employer/new", values | {"title": "抛丸工"})
    assert changed.status_code == 200
    assert "这张表已经发送过一次" in changed.text


def test_editing_keeps_what_the_form_does_not_ask(site, employer, opening):
    before = state_of(site, "p-demo-2")["posting"]
    page = employer.get("/employer/postings/p-demo-2/edit").text
    assert 'value="数控车床操作工"' in page
    assert "15400000088" not in page
    values = {
        "title": "数控车床操作工", "headcount": "3", "employment_form": "full_time", "type": "regular", "region": "140105",
        "address": "太原市小店区兴工路88号", "pay.min": "6000", "pay.max": "7800", "pay.unit": "month", "pay.months": "12",
        "education_min": "47", "experience_years_min": "2", "skills": "对刀、量具使用", "contract_months": "24",
        "description": before["description"], "apply_by": before["apply_by"],
    }  # fmt: skip
    assert posting_id_of(employer.send("/employer/postings/p-demo-2/edit", values)) == "p-demo-2"
    after = state_of(site, "p-demo-2")["posting"]
    assert after["pay"]["min"] == 6000
    for name in ("location", "occupation_code", "source_id", "employer", "facts", "published_at", "education_min"):
        assert after[name] == before[name], name


def test_a_withdrawn_opening_is_over_and_can_be_sent_again(site, employer, opening):
    values = opening(title="叉车司机", skills="叉车", address="太原市小店区龙城大街13号")
    posting = sent_posting(site, employer, values)
    assert employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "暂时不招了"}).status_code == 303
    assert state_of(site, posting)["state"] == "withdrawn"
    assert employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "再来一次"}).status_code == 409
    assert posting_id_of(employer.send(f"/employer/postings/{posting}/edit", values)) == posting
    assert state_of(site, posting)["state"] == "published"


def test_an_opening_that_still_stands_is_confirmed(site, employer, opening):
    posting = sent_posting(site, employer, opening(title="行车工", skills="起重", address="太原市小店区龙城大街14号"))
    assert employer.send(f"/employer/postings/{posting}/confirm", {}).status_code == 303
    assert state_of(site, posting)["posting"]["confirmed_at"]


def test_candidates_who_did_not_agree_are_numbers_only(site, employer):
    text = employer.get("/employer/postings/p-demo-3").text
    cards = text.split('<article class="card">')[2:]
    assert cards
    hidden = [card for card in cards if "没有同意向单位展示资料" in card]
    assert hidden, "the sample has people who did not agree"
    for card in hidden:
        assert "求职者期望" not in card
        assert "以审核为准" not in card
        assert "政策提示" not in card
        assert "重点企业优先" not in card
        assert "对方没有同意展示资料，只显示得分" in card


def test_candidates_who_agreed_come_with_the_sum_at_stake(site, employer):
    text = employer.get("/employer/postings/p-demo-3").text
    shown = [card for card in text.split('<article class="card">')[1:] if "录用这一位，给单位的补贴最多" in card]
    assert shown
    assert all("估算，以审核为准。" in card and "没有同意" not in card for card in shown)


def test_invited_and_hired_with_the_hints_for_this_hire(site, employer, jobseeker, opening):
    posting = sent_posting(
        site, employer, opening(title="焊工（组对）", headcount="1", contract_months="24", address="太原市小店区龙城大街15号")
    )
    jobseeker.send(f"/postings/{posting}/answer", {"answer": "interested"})
    site.settle()
    page = employer.get(f"/employer/postings/{posting}").text
    assert '<span class="tag good">感兴趣</span>' in page
    steps = f"/employer/postings/{posting}/steps"
    assert employer.send(steps, {"person_id": "u-demo", "step": "invited"}).status_code == 303
    assert step_of(site, "u-demo", posting) == "invited"
    assert "邀请您面谈" in jobseeker.get("/inbox").text
    hire = {"person_id": "u-demo", "step": "hired", "months": "24", "signed": "1", "on": "", "insured_on": "2026-12-01"}
    assert employer.send(steps, hire).status_code == 303
    site.settle()
    page = employer.get(f"/employer/postings/{posting}").text
    assert "这个岗位已经招满了" in page
    assert "录用这一位，可以办的补贴" in page
    assert "合同：已签订，24个月，2026年12月1日起参保" in page
    assert "给用人单位" in page
    assert "最多10,800元" in page
    assert "文件没有写明截止日期" in page
    assert site.browser().get(f"/postings/{posting}").status_code == 410
    assert employer.send(steps, {"person_id": "u-demo", "step": "invited"}).status_code == 409
    left = employer.send(steps, {"person_id": "u-demo", "step": "left", "on": ""})
    assert left.status_code == 303
    assert step_of(site, "u-demo", posting) == "left"


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"person_id": "u-demo", "step": "promoted"}, 400, "请选择要办理的步骤"),
        ({"person_id": "u-demo", "step": "hired", "months": "很久"}, 400, "合同月数：请填写数字"),
        ({"person_id": "u-demo", "step": "hired", "on": "昨天"}, 400, "日期：请填写日期"),
        ({"person_id": "u-demo", "step": "left"}, 409, "不能改为“已离职”"),
        ({"person_id": "u-nobody", "step": "invited"}, 404, "没有这位求职者"),
    ],
)
def test_a_step_that_cannot_be_is_said(employer, values, status, said):
    answer = employer.send("/employer/postings/p-demo-3/steps", values)
    assert answer.status_code == status
    assert said in answer.text


def test_a_step_without_the_token_or_at_anothers_posting_is_refused(site, employer, jobseeker):
    values = {"person_id": "u-demo", "step": "invited"}
    assert employer.send("/employer/postings/p-demo-3/steps", values, csrf="").status_code == 403
    assert jobseeker.send("/employer/postings/p-demo-3/steps", values).status_code == 403
    other = next(row["employer_id"] for row in site.sample.employers if row["employer_id"] != "e-demo")
    browser = site.browser(site.account("e-another", role="employer", employer_id=other))
    assert browser.send("/employer/postings/p-demo-3/steps", values).status_code == 403
    assert step_of(site, "u-demo", "p-demo-3") is None


def test_no_form_of_another_kind_is_read(employer):
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        answer = employer.client.post("/employer/new", content=b"title=x", headers={"content-type": kind})
        assert answer.status_code == 400
    too_large = employer.client.post(
        "/employer/new", content=b"title=" + b"x" * 300_000, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert too_large.status_code == 413


def test_the_label_of_a_candidate_tells_nothing_and_differs_by_posting():
    from api.hiring.candidates import label

    assert label("u-demo", "p-1") != label("u-demo", "p-2")
    assert match_id("u-demo", "p-1")[:4].upper() in label("u-demo", "p-1")


SURVEY = ",".join(COLUMNS) + "\n6-18-02-04,140100,2020-01-01,,5000,5600,6900,120,18,样例薪酬调查,2020-01-01\n"


def test_what_a_survey_says_of_the_trade_is_shown_with_its_source_and_low_pay_gets_a_note(site, employer, jobseeker, opening):
    given = opening(title="电焊工", description="焊接钢架。", address="太原市小店区龙城大街61号") | {"pay.min": "3000", "pay.max": "3200"}
    use(read_tables({"pay_survey.csv": SURVEY}))
    try:
        posting = sent_posting(site, employer, given)
        managed = employer.get(f"/employer/postings/{posting}").text
        seen = jobseeker.get(f"/postings/{posting}").text
        anybody = site.browser().get(f"/postings/{posting}").text
    finally:
        use(None)
    said = "同类工作的工资（太原市，薪酬调查，120人）：多数在5000—6900元/月，中位数5600元。来源：样例薪酬调查，2020年1月1日。"
    assert said in managed
    assert "明显低于薪酬调查中的同类岗位（多数在5000—6900元/月之间）" in managed
    assert said in seen
    assert "薪酬调查" not in anybody
    assert "薪酬调查" not in employer.get(f"/employer/postings/{posting}").text
