"""Terms of the work on an employer's form: stated, shown, kept, and what is wrong said at its field."""

from __future__ import annotations

import re

import pytest

from api.intake.posting_form import values_of
from streams.intake import queries as intake
from tests.pages.reading import posting_id_of, sent_posting

TERMS = {
    "terms.shifts": "two_shift",
    "terms.overtime": "no",
    "terms.rest_days": "8",
    "terms.board": "yes",
    "terms.lodging": "yes",
    "terms.insurance": "social",
    "terms.probation_months": "1",
    "terms.pay_tax": "before",
    "terms.pay_base_plus": "no",
}
STATED = {
    "shifts": "two_shift",
    "overtime": False,
    "rest_days": 8,
    "board": True,
    "lodging": True,
    "insurance": ["social"],
    "probation_months": 1,
    "pay_tax": "before",
    "pay_base_plus": False,
}


def posting_of(site, posting_id):
    with site.services.exchange.reading() as connection:
        return intake.posting(connection, posting_id)["posting"]


def terms_of(site, posting_id):
    terms = posting_of(site, posting_id).get("terms") or {}
    return {name: value for name, value in terms.items() if name != "pay_confidence"}


def test_terms_are_stated_shown_and_kept(site, employer, opening):
    given = opening(title="冲压工", description="开冲床。", address="太原市小店区龙城大街91号", **TERMS)
    posting = sent_posting(site, employer, given)
    assert terms_of(site, posting) == STATED
    page = site.browser().get(f"/postings/{posting}").text
    for words in ("两班倒", "不加班", "包吃", "包住", "每月休息8天", "社会保险", "试用期1个月", "工资为税前"):
        assert words in page
    form = employer.get(f"/employer/postings/{posting}/edit").text
    assert re.search(r'value="two_shift" selected', form)
    assert re.search(r'name="terms.insurance" value="social" checked', form)
    again = employer.send(f"/employer/postings/{posting}/edit", {**given, "headcount": "3"})
    assert posting_id_of(again) == posting
    site.settle()
    assert terms_of(site, posting) == STATED


def test_what_is_left_blank_is_not_said_and_none_at_all_is(site, employer, opening):
    silent = sent_posting(site, employer, opening(title="折弯工", description="开折弯机。", address="太原市小店区龙城大街92号"))
    assert terms_of(site, silent) == {}
    given = opening(title="剪板工", description="开剪板机。", address="太原市小店区龙城大街93号")
    denied = sent_posting(site, employer, {**given, "terms.insurance": "none", "terms.probation_months": "0"})
    assert terms_of(site, denied) == {"insurance": [], "probation_months": 0}


def test_what_was_read_from_the_text_is_not_taken_for_stated(site, employer, opening):
    posting = sent_posting(site, employer, opening(title="打磨工", description="打磨铸件，包住。", address="太原市小店区龙城大街94号"))
    assert terms_of(site, posting)["lodging"] is True
    assert "terms.lodging" not in values_of(posting_of(site, posting))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"terms.rest_days": "20"}, "请填写0到15之间的数字"),
        ({"terms.shifts": "sometimes"}, "请从列表中选择"),
        ({"terms.board": "maybe"}, "请从列表中选择"),
        ({"terms.probation_months": "12"}, "试用期要比劳动合同短"),
        ({"terms.insurance": ["none", "social"]}, "就不要再勾选别的"),
        ({"terms.insurance": "all"}, "请从列表中选择"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(employer, opening, changes, said):
    answer = employer.send("/employer/new", {**opening(), **changes})
    assert answer.status_code == 422
    (field,) = changes
    wrong = re.search(rf'id="{re.escape(field)}-wrong">([^<]*)<', answer.text)
    assert wrong is not None
    assert said in wrong[1]


def test_an_unlawful_probation_is_held_with_its_reason(site, employer, opening):
    given = opening(title="喷涂工", description="喷涂。", address="太原市小店区龙城大街95号")
    posting = sent_posting(site, employer, {**given, "terms.probation_months": "6"})
    with site.services.exchange.reading() as connection:
        assert [reason["rule"] for reason in intake.posting(connection, posting)["reasons"]] == ["probation_too_long"]


@pytest.mark.parametrize(
    ("title", "written", "kept", "shown"),
    [
        ("搬运工", "当天结清", "daily", "当天结清"),
        ("刮腻子", "每月15号", "15", "每月15日"),
        ("分拣员", "每周五下班前", "每周五下班前", "每周五下班前"),
    ],
)
def test_how_many_days_and_when_pay_comes_are_stated_shown_and_kept(site, employer, opening, title, written, kept, shown):
    given = opening(title=title, description=f"招{title}。", address=f"太原市小店区龙城大街{96 + len(kept)}号")
    given |= {"work.days": "3", "work.pay_on": written}
    posting = sent_posting(site, employer, given)
    work = posting_of(site, posting)["work"]
    assert (work["days"], work["pay_on"]) == (3, kept)
    page = site.browser().get(f"/postings/{posting}").text
    assert "<dt>一共做</dt><dd>3天</dd>" in page
    assert f"<dt>发工资</dt><dd>{shown}</dd>" in page
    form = employer.get(f"/employer/postings/{posting}/edit").text
    assert re.search(rf'name="work.pay_on"[^>]*value="{shown}"', form)
    site.settle()
    # The form sent as it is shown changes nothing; emptied, the fields are not said any more.
    assert posting_id_of(employer.send(f"/employer/postings/{posting}/edit", {**given, "work.pay_on": shown})) == posting
    site.settle()
    assert posting_of(site, posting)["work"] == work
    employer.send(f"/employer/postings/{posting}/edit", {**given, "work.days": "", "work.pay_on": ""})
    site.settle()
    assert not {"days", "pay_on"} & set(posting_of(site, posting).get("work") or {})


def test_days_that_cannot_be_are_said_at_their_field(employer, opening):
    answer = employer.send("/employer/new", {**opening(), "work.days": "0"})
    assert answer.status_code == 422
    assert re.search(r'id="work.days-wrong">[^<]*请填写0.5到3,660之间的数字', answer.text)
