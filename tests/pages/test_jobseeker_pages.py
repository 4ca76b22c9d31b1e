"""Inbox, search, one posting, profile."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from api.access.tables import audit
from matcher.match_order import match_id
from streams.delivery import queries as delivery
from streams.intake import queries as intake
from tests.pages.reading import answered, sent_posting

FORM = {
    "titles": "电焊工、焊工",
    "intention": "employment",
    "regions.0": "140100",
    "pay_min": "4500",
    "max_distance_km": "30",
    "employment_forms": ["full_time", "gig"],
    "skills": "二保焊、氩弧焊、看图",
    "certificates": "焊工证",
    "job.0.title": "焊工",
    "job.0.years": "6",
    "education.level": "47",
    "region": "140105",
    "recommend": "1",
    "share_with_employers": "1",
}


def test_the_inbox_says_why_and_what_for(jobseeker):
    text = jobseeker.get("/inbox").text
    assert "焊工（液压支架）" in text
    assert "太原砚川机械制造有限公司" in text
    assert "6000–8200元/月" in text
    assert "同属焊工（6-18-02-04）" in text
    assert "政策提示" in text
    assert "最多10,800元" in text
    assert "按现有信息符合" in text
    assert "第21项" in text
    assert "签订劳动合同后申请" in text


def test_the_inbox_says_what_sum_is_at_stake_and_that_it_is_an_estimate(jobseeker):
    text = jobseeker.get("/inbox").text
    assert "用人单位录用您能得的补贴最多1" in text
    assert "估算，以审核为准。" in text


def test_interested_opens_the_contact_and_the_look_is_logged(site, jobseeker, employer, opening):
    posting = sent_posting(site, employer, opening(title="焊工（管架预制）", address="太原市小店区龙城大街1号"))
    assert "15400000088" not in jobseeker.get(f"/postings/{posting}").text
    done = jobseeker.send(f"/inbox/{match_id('u-demo', posting)}/answer", {"answer": "interested", "back": "/inbox"})
    assert done.status_code == 303
    assert "15400000088" in jobseeker.get(f"/postings/{posting}").text
    with site.services.exchange.reading() as connection:
        looks = connection.execute(select(audit.c.action, audit.c.about).where(audit.c.account_id == "u-demo")).all()
    assert ("contact", posting) in [tuple(look) for look in looks]


def test_refused_leaves_the_inbox_with_its_reason(site, jobseeker, employer, opening):
    posting = sent_posting(site, employer, opening(title="焊工（煤机维修）", address="太原市小店区龙城大街2号"))
    assert posting in jobseeker.get("/inbox").text
    pair = match_id("u-demo", posting)
    assert jobseeker.send(f"/inbox/{pair}/answer", {"answer": "refused", "reason": "distance"}).status_code == 303
    assert posting not in jobseeker.get("/inbox").text
    assert answered(site, "u-demo", posting) == ("refused", "distance")
    jobseeker.send(f"/inbox/{pair}/rule", {"used": "no"})  # the other tests' postings are of the same county


def test_an_answer_from_the_postings_own_page_counts_as_well(site, jobseeker, employer, opening):
    posting = sent_posting(site, employer, opening(title="焊工（罐体）", address="太原市小店区龙城大街3号"))
    done = jobseeker.send(f"/postings/{posting}/answer", {"answer": "interested"})
    assert done.headers["location"] == f"/postings/{posting}#answer"
    assert answered(site, "u-demo", posting) == ("interested", None)


@pytest.mark.parametrize("values", [{"answer": "perhaps"}, {"answer": "refused"}, {"answer": "refused", "reason": "weather"}, {}])
def test_an_answer_that_is_none_is_refused(site, jobseeker, values):
    with site.services.exchange.reading() as connection:
        item = delivery.inbox(connection, "u-demo")["items"][0]
    assert jobseeker.send(f"/inbox/{item['match_id']}/answer", values).status_code == 400


def test_an_answer_without_the_sessions_token_changes_nothing(site, jobseeker, employer, opening):
    posting = sent_posting(site, employer, opening(title="焊工（钢构）", address="太原市小店区龙城大街4号"))
    pair = match_id("u-demo", posting)
    for token in ("", "wrong", "错"):
        assert jobseeker.send(f"/inbox/{pair}/answer", {"answer": "interested"}, csrf=token).status_code == 403
    assert answered(site, "u-demo", posting) == (None, None)


def test_another_persons_recommendation_cannot_be_answered(site, jobseeker):
    with site.services.exchange.reading() as connection:
        others = (row["person_id"] for row in site.sample.people if row["person_id"] != "u-demo")
        items = (item for person_id in others for item in delivery.inbox(connection, person_id)["items"])
        item = next(items)
    assert jobseeker.send(f"/inbox/{item['match_id']}/answer", {"answer": "interested"}).status_code == 404


def test_search_finds_filters_and_goes_on(nobody):
    text = nobody.get("/search?q=焊工&region=140105").text
    assert "焊工（液压支架）" in text
    assert "数控车床操作工" not in text
    first = nobody.get("/search").text
    following = re.search(r'href="(/search\?[^"]*cursor=[^"]+)">下一页', first)
    assert following is not None
    shown = set(re.findall(r'href="/postings/([^"]+)"', first))
    further = set(re.findall(r'href="/postings/([^"]+)"', nobody.get(following[1].replace("&amp;", "&")).text))
    assert further
    assert not shown & further


def test_what_the_typed_words_were_taken_for_is_said_and_can_be_taken_back(nobody):
    text = nobody.get("/search?q=小店区 电汗工 1000").text
    assert "理解为：地点 小店区，工种 电焊工（按“电汗工”更正），月薪 1000 元起。" in text
    literal = re.search(r'href="(/search[?][^"]*as=typed)">按原来的字搜索', text)
    assert literal
    plain = nobody.get(literal[1].replace("&amp;", "&")).text
    assert "理解为" not in plain
    assert "没有找到岗位" in plain
    assert "理解为" not in nobody.get("/search?q=晨光").text


def test_a_search_is_narrowed_by_terms_age_and_the_surroundings_of_a_place(nobody):
    def followed(text: str, title: str) -> str:
        link = re.search(rf'<a class="tag" href="([^"]*)">{title}</a>', text)
        assert link, title
        return nobody.get(link[1].replace("&amp;", "&")).text

    def number(text: str) -> int:
        return int(re.search(r"找到(\d+)个岗位", text)[1])

    text = nobody.get("/search?region=140105").text
    around = followed(text, "小店区周边20公里")
    assert number(around) > number(text) > 0
    assert "周边20公里 ✕" in around
    left = re.search(r'href="([^"]*)">[^<]*小店区 ✕', around)
    assert left
    assert "radius_km" not in left[1]
    assert number(followed(text, "7天内")) <= number(text)
    assert "以后发布 ✕" in followed(text, "7天内")
    lodging = followed(text, "包住")
    assert number(followed(lodging, "每天不超过8小时")) <= number(lodging) <= number(text)
    assert nobody.get("/search?radius_km=20").status_code == 400


def test_where_nothing_is_found_the_name_one_character_away_is_offered(nobody):
    text = nobody.get("/search?q=小店区 焊很工").text
    assert "没有找到岗位" in text
    offered = re.search(r'您是不是要找：<a class="tag" href="(/search[?][^"]*)">焊工（(\d+)个岗位）', text)
    assert offered
    assert f"找到{offered[2]}个岗位" in nobody.get(offered[1].replace("&amp;", "&")).text
    for found in ("/search?q=焊工", "/search?q=晨光一二三"):  # what finds something, and what is near to nothing
        assert "您是不是要找" not in nobody.get(found).text


@pytest.mark.parametrize("query", ["pay_min=abc", "region=1401", "form=whatever", "cursor=%00x", "q=" + "长" * 300])
def test_a_wrong_filter_is_said_and_breaks_nothing(nobody, query):
    answer = nobody.get(f"/search?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_a_posting_that_does_not_suit_says_what_would_change_it(jobseeker):
    text = jobseeker.get("/postings/p-demo-4").text
    assert "岗位要求大专及以上学历，您的学历是技校" in text
    assert "取得大专学历" in text
    assert "不符合的，为什么" in text
    assert "不在期限内的" in text


def test_an_ended_posting_is_gone_with_the_reason(site, employer, nobody, opening):
    posting = sent_posting(site, employer, opening(title="夜班仓管员", address="太原市小店区龙城大街5号"))
    assert nobody.get(f"/postings/{posting}").status_code == 200
    assert employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "暂时不招了"}).status_code == 303
    answer = nobody.get(f"/postings/{posting}")
    assert answer.status_code == 410
    assert "已经撤回" in answer.text
    assert "小件点焊满焊" not in answer.text


def test_what_never_was_public_is_not_found_when_it_is_taken_back(site, employer, nobody, opening):
    posting = sent_posting(site, employer, opening(title="门岗", description="限男性。", address="太原市小店区龙城大街7号"))
    assert nobody.get(f"/postings/{posting}").status_code == 404
    employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "填写有误"})
    assert nobody.get(f"/postings/{posting}").status_code == 404
    assert employer.get(f"/postings/{posting}").status_code == 200


def test_whoever_was_interested_is_told_that_it_ended(site, jobseeker, employer, opening):
    posting = sent_posting(site, employer, opening(title="焊工（短期检修）", address="太原市小店区龙城大街6号"))
    jobseeker.send(f"/postings/{posting}/answer", {"answer": "interested"})
    employer.send(f"/employer/postings/{posting}/withdraw", {"reason": "暂时不招了"})
    site.settle()
    text = jobseeker.get("/inbox").text
    assert "用人单位已撤回岗位。" in text
    assert "您曾表示感兴趣" in text


def test_the_profile_shows_private_values_masked_only(site, jobseeker):
    text = jobseeker.get("/me").text
    private = site.sample.people[0]["private"]
    assert private["id_number"] not in text
    assert private["phone"] not in text
    assert "梁＊＊" in text
    assert "154****01" in text


def test_saving_the_profile_changes_what_was_filled_in_and_keeps_the_rest(site, jobseeker):
    assert jobseeker.send("/me", FORM | {"pay_min": "4600", "skills": "二保焊、氩弧焊、看图、气割"}).headers["location"] == "/me?saved=1"
    with site.services.exchange.reading() as connection:
        person = intake.person(connection, "u-demo")["person"]
    assert person["desired"]["pay_min"] == 4600
    assert person["desired"]["regions"] == ["140100"]
    assert person["skills"][-1] == "气割"
    assert person["kind"] == "registered_unemployed"
    assert "employment_difficulty" in person["categories"]
    assert person["education"]["school"] == "岚岭技工学校"
    assert person["location"]
    assert "154****01" in jobseeker.get("/me").text
    assert jobseeker.send("/me", FORM).status_code == 303


def test_a_person_cannot_give_themselves_a_category(site, jobseeker):
    jobseeker.send("/me", FORM | {"categories": "veteran", "kind": "graduate", "person_id": "u-000002"})
    with site.services.exchange.reading() as connection:
        person = intake.person(connection, "u-demo")["person"]
    assert person["kind"] == "registered_unemployed"
    assert "veteran" not in person["categories"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("pay_min", "很多", "请填写数字"),
        ("max_distance_km", "-3", "请填写数字"),
        ("regions.0", "999999", "请从列表中选择"),
        ("education.level", "99", "请从列表中选择"),
        ("available_from", "明天", "请填写日期"),
        ("phone", "12345", "请填写11位手机号"),
        ("job.0.years", "abc", "请填写数字"),
    ],
)
def test_a_wrong_field_of_the_profile_is_said_beside_it(jobseeker, field, value, said):
    answer = jobseeker.send("/me", FORM | {field: value})
    assert answer.status_code == 422
    assert re.search(rf'id="{re.escape(field)}-wrong">{said}', answer.text)
    assert 'aria-invalid="true"' in answer.text


def test_without_consent_nothing_new_is_pushed_and_the_inbox_says_so(site, jobseeker):
    without = {name: value for name, value in FORM.items() if name != "recommend"}
    try:
        assert jobseeker.send("/me", without).status_code == 303
        site.settle()
        text = jobseeker.get("/inbox").text
        assert "您还没有同意接收岗位推荐" in text
        assert "p-demo-1" not in text
    finally:
        jobseeker.send("/me", FORM)
        site.settle()
    assert "p-demo-1" in jobseeker.get("/inbox").text


def test_what_an_answer_moves_is_shown_and_can_be_taken_back(site, jobseeker, employer, opening):
    posting = sent_posting(site, employer, opening(title="焊工（龙门架）", address="太原市小店区龙城大街9号"))
    pair = match_id("u-demo", posting)
    jobseeker.send(f"/inbox/{pair}/answer", {"answer": "refused", "reason": "pay"})
    text = jobseeker.get("/inbox").text
    assert "您说“焊工（龙门架）”工资不合适：折合月工资不高于8000元的岗位，排在其他推荐之后。" in text
    assert jobseeker.send(f"/inbox/{pair}/rule", {"used": "no"}).status_code == 303
    rules = jobseeker.get("/api/v1/people/u-demo/answer-rules").json()["items"]
    assert [one["used"] for one in rules if one["match_id"] == pair] == [False]
    assert f'id="rule-{pair}">恢复</button>' in jobseeker.get("/inbox").text
    assert jobseeker.send(f"/inbox/{pair}/rule", {"used": "yes"}).status_code == 303
    answer = jobseeker.client.put(
        f"/api/v1/people/u-demo/answer-rules/{pair}", json={"used": False}, headers={"x-csrf-token": jobseeker.token()}
    )
    assert (answer.status_code, answer.json()["used"]) == (202, False)
    assert jobseeker.send(f"/inbox/{pair}/rule", {"used": "perhaps"}).status_code == 400
