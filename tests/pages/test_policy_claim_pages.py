"""补贴: what a hire opens on the employer's page, the claim with its stages, the staff's list, the person's package."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from api.problems import Invalid
from infra.sample import demo
from matcher.days import day_of, in_shanghai
from matcher.match_order import match_id
from streams.intake import gateway
from streams.policy import queries as policy
from tests.pages.reading import sent_posting

PERSON = "u-claimed"


@pytest.fixture(scope="module")
def claim_path(site):
    """A hire by the demonstration's employer and its claim of the post subsidy; the claim's address."""
    employer = site.browser("e-demo")
    values = {
        "title": "铆焊工（支座）", "headcount": "1", "employment_form": "full_time", "type": "regular", 
        "description": "支座组对焊接，长白班，管午饭。",
        "pay.min": "6000", "pay.max": "8000", "pay.unit": "month", "region": "140105", "address": "太原市小店区龙城大街77号",
        "education_min": "90", "experience_years_min": "0", "contract_months": "12", 
        "contact.person": "温经理", "contact.phone": "15400000088",
    }  # fmt: skip
    posting = sent_posting(site, employer, values)
    # Somebody of one's own: other files have the demonstration's person hired and gone again at this employer.
    someone = demo.person(day_of(site.services.exchange.now()))
    del someone["private"]
    gateway.receive_people(site.services.exchange, [{**someone, "person_id": PERSON}], sender="test")
    site.settle()
    hire = {"person_id": PERSON, "step": "hired", "months": "12", "signed": "1", "on": "", "insured_on": ""}
    assert employer.send(f"/employer/postings/{posting}/steps", hire).status_code == 303
    site.settle()
    page = employer.get("/employer/policies").text
    assert "铆焊工（支座）" in page
    about = match_id(PERSON, posting)
    assert f'name="benefit" value="job_post_subsidy"><input type="hidden" name="about" value="{about}"' in page
    form = {
        "benefit": "job_post_subsidy",
        "about": about,
        "evidence": "labour_contract",
        "account": "6222000011112222333",
        "note": "附<b>合同</b>",
    }
    answer = employer.send("/employer/policies/claims", form)
    assert answer.status_code == 303, answer.text
    site.settle()
    return answer.headers["location"]


def test_the_employer_sees_sums_last_days_numbers_and_why_not_the_rest(employer, claim_path):
    page = employer.get("/employer/policies").text
    assert "可以申请的补贴" in page
    assert "1.08万元" in page or "10800元" in page or "已受理，等待审核" in page
    assert re.search(r"另外\d+项单位政策，每一项的原因", page)
    assert "不符合" in page
    assert "申请不看户籍" in page


def test_the_claim_says_its_stages_and_keeps_the_account_to_itself(employer, claim_path):
    page = employer.get(claim_path).text
    assert "已受理，等待审核" in page
    assert "收到申请" in page
    assert "劳动合同" in page
    assert "6222000011112222333" not in page
    assert "附&lt;b&gt;合同&lt;/b&gt;" in page


def test_the_stages_carry_their_times_as_clocks_show_them_here(site, employer, claim_path):
    with site.services.exchange.reading() as connection:
        steps = policy.claim(connection, claim_path.rpartition("/")[2])["steps"]
    times = [in_shanghai(datetime.fromisoformat(step["at"])) for step in steps]
    shown = re.findall(r'<li>[^<]+<span class="soft">([^<]+)</span>', employer.get(claim_path).text)
    assert shown == [f"{at.year}年{at.month}月{at.day}日{at:%H:%M}" for at in times]
    assert shown


def test_where_an_employer_is_told_outside_is_sealed_masked_and_can_be_taken_back(site, employer, claim_path):
    def kept() -> dict[str, str]:
        with site.services.exchange.reading() as connection:
            return site.services.exchange.vault.reveal(connection, "employer", "e-demo")

    assert "邮箱：没有登记；手机：没有登记" in employer.get("/employer/policies").text
    wrong = employer.send("/employer/policies/address", {"mail": "hr＠example", "phone": "123"})
    assert wrong.status_code == Invalid.status
    assert "请填写邮箱，例如hr@example.com；请填写11位手机号" in wrong.text
    assert kept() == {}
    assert employer.send("/employer/policies/address", {"mail": "hr@example.com", "phone": "13900000003"}).status_code == 303
    assert kept() == {"mail": "hr@example.com", "phone": "13900000003"}
    page = employer.get("/employer/policies").text
    assert "139****03" in page
    assert "hr@example.com" not in page
    assert "13900000003" not in page
    assert employer.send("/employer/policies/address", {"mail": "", "phone": "13900000003"}).status_code == 303
    assert kept() == {"phone": "13900000003"}
    assert employer.send("/employer/policies/address", {}).status_code == 303
    assert kept() == {}


def test_the_same_claim_again_is_refused_with_the_reason_and_can_be_objected_to(site, employer, claim_path):
    with site.services.exchange.reading() as connection:
        about = policy.claim(connection, claim_path.rpartition("/")[2])["about"]
    again = employer.send("/employer/policies/claims", {"benefit": "job_post_subsidy", "about": about})
    page = employer.get(again.headers["location"]).text
    assert "这件事已经申请过" in page
    assert "提出异议" in page
    assert employer.send(again.headers["location"] + "/objection", {"reason": ""}).status_code == 400
    assert employer.send(again.headers["location"] + "/objection", {"reason": "上一件填错了"}).status_code == 303
    assert "已经提出异议" in employer.get(again.headers["location"]).text


def test_staff_see_objections_first_and_decide(site, commissioner, employer, claim_path):
    page = commissioner.get("/commissioner/claims").text
    assert "补贴申请" in page
    assert claim_path in page
    assert "数据比对" in page
    assert commissioner.send(claim_path + "/decision", {"decision": "pay"}).status_code == 409
    assert commissioner.send(claim_path + "/decision", {"decision": "dance"}).status_code == 400
    assert commissioner.send(claim_path + "/decision", {"decision": "reject"}).status_code == 409
    approved = commissioner.send(claim_path + "/decision", {"decision": "approve", "yuan": "10800"})
    assert approved.status_code == 303, approved.text
    site.settle()
    assert "审核通过，等待发放" in employer.get(claim_path).text
    assert "待发放" in commissioner.get("/commissioner/claims?show=approved").text


def test_a_person_gets_one_package_and_claims_several_at_once(site, jobseeker):
    page = jobseeker.get("/me/policies").text
    assert "可以一起办的" in page
    chosen = list(dict.fromkeys(re.findall(r'type="checkbox" name="benefit" value="([a-z0-9_]+)"', page)))[:2]
    assert chosen
    answer = jobseeker.send("/me/policies/claims", {"benefit": chosen, "evidence": ["labour_contract"]})
    assert answer.status_code in (303, 409), answer.text
    assert jobseeker.send("/me/policies/claims", {}).status_code == 422


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("jobseeker", "/employer/policies", 403), ("employer", "/me/policies", 403), ("employer", "/commissioner/claims", 403),
        ("jobseeker", "/commissioner/claims", 403), ("commissioner", "/employer/policies", 403), ("nobody", "/me/policies", 303),
        ("nobody", "/employer/policies", 303), ("nobody", "/commissioner/claims", 303), ("administrator", "/commissioner/claims", 200),
        ("employer", "/claims/nobodys", 404), ("nobody", "/claims/nobodys", 303),
    ],
)  # fmt: skip
def test_each_page_is_for_its_role(request, who, path, status):
    assert request.getfixturevalue(who).get(path).status_code == status


def test_a_claim_is_its_claimants(site, jobseeker, commissioner, claim_path):
    assert jobseeker.get(claim_path).status_code == 404
    assert commissioner.get(claim_path).status_code == 200


def test_a_form_without_the_token_claims_nothing(employer):
    assert employer.send("/employer/policies/claims", {"benefit": "job_post_subsidy"}, csrf="wrong").status_code == 403


@pytest.mark.parametrize(
    ("who", "path"), [("employer", "/employer/policies"), ("jobseeker", "/me/policies"), ("commissioner", "/commissioner/claims")]
)
def test_the_pages_have_no_inline_script_or_style_and_are_in_the_menu(request, who, path):
    page = request.getfixturevalue(who).get(path).text
    assert f'href="{path}" aria-current="page"' in page
    assert "style=" not in page
    assert "onclick" not in page
