"""创业一件事 through the interface and on the page: filled in with data, one application, the merged ones closed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from matcher.days import SHANGHAI
from tests.api.conftest import PERSON, Market

DATA = {
    "registered_with_market_regulator": True, "registered_on": "2023-08-01", "has_tax_activity": True,
    "has_social_insurance_payment": True, "jobs_created": 1,
}  # fmt: skip
GRADUATE: dict[str, Any] = {
    **PERSON, "kind": "graduate", "categories": ["college_graduate"], "registered_unemployed_on": None, "registered_at": None,
    "education": {"level": "21", "graduated_on": "2023-07-01"}, "private": None, "intention": "startup",
}  # fmt: skip


@pytest.fixture
def in_2023(market: Market) -> Market:
    market.clock.at = datetime(2023, 9, 1, 10, 0, tzinfo=SHANGHAI)
    assert market.post("administrator", "/people?wait=1", GRADUATE).status_code == 200
    market.settle()
    return market


def form_of(market: Market, who: str = "jobseeker") -> dict[str, Any]:
    answer = market.get(who, "/people/u-7/startup")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def page(market: Market, who: str, path: str) -> str:
    answer = market.client.get(path, headers={"Authorization": f"Bearer {market.keys[who]}", "Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def send(market: Market, who: str, path: str, values: dict[str, str]) -> Any:
    return market.client.post(path, headers={"Authorization": f"Bearer {market.keys[who]}", "Accept": "text/html"}, data=values)


def test_a_graduate_has_one_form_and_answers_only_what_data_do_not_say(in_2023: Market) -> None:
    before = form_of(in_2023)
    assert (before["merged"], [one["benefit"] for one in before["benefits"]]) == (True, ["graduate_startup_bundle"])
    assert {one["verdict"] for one in before["checks"]} == {"unknown"}
    assert in_2023.post("commissioner", "/people/u-7/founder", DATA).status_code == 202
    after = form_of(in_2023)
    assert [(one["verdict"], one["from"]) for one in after["checks"]] == [("met", "data")] * 4
    assert [one["field"] for one in after["questions"]] == ["graduate.fresh"]
    assert {one["field"] for one in before["questions"]} > {"graduate.fresh"}


def test_one_application_closes_the_merged_subsidies(in_2023: Market) -> None:
    assert in_2023.post("commissioner", "/people/u-7/founder", DATA).status_code == 202
    text = page(in_2023, "jobseeker", "/me/startup")
    assert "您只申请一次" in text
    assert "是应届毕业生吗？" in text
    assert "办理市场主体登记了吗？" not in text
    made = send(in_2023, "jobseeker", "/me/startup", {"graduate.fresh": "yes", "account": "6222 0000 1111"})
    assert made.status_code == 303, made.text
    claim = in_2023.get("jobseeker", f"/claims/{made.headers['location'].rsplit('/', 1)[1]}").json()
    assert (claim["benefit"], claim["stage"], claim["status"], claim["yuan"]) == (
        "graduate_startup_bundle",
        "accepted",
        "ELIGIBLE",
        "15000",
    )
    found = form_of(in_2023)
    assert found["benefits"] == []
    assert len(found["closed"]) == 4
    (refused,) = in_2023.post("jobseeker", "/claims", {"benefits": ["startup_rent_subsidy"], "person_id": "u-7"}).json()["claims"]
    assert refused["stage"] == "refused"


def test_staff_record_the_data_at_the_claim_and_it_is_checked(in_2023: Market) -> None:
    made = send(in_2023, "jobseeker", "/me/startup", {"graduate.fresh": "yes"})
    assert made.status_code == 303, made.text
    path = made.headers["location"]
    assert "登记比对结果" in page(in_2023, "commissioner", path)
    assert "登记比对结果" not in page(in_2023, "jobseeker", path)
    wrong = send(in_2023, "commissioner", f"{path}/founder", {"registered_on": "2023-08-01"})
    assert wrong.status_code == 422, wrong.text
    data = {name: "yes" if value is True else str(value) for name, value in DATA.items()}
    assert send(in_2023, "commissioner", f"{path}/founder", data).status_code == 303
    assert in_2023.get("jobseeker", f"/claims{path.removeprefix('/claims')}").json()["status"] == "ELIGIBLE"
    text = page(in_2023, "commissioner", path)
    assert "部门数据" in text
    assert "数据核对" in text
    assert send(in_2023, "jobseeker", f"{path}/founder", data).status_code == 403


def test_everyone_else_and_everyone_after_the_last_day_keeps_the_separate_forms(market: Market) -> None:
    for who in (GRADUATE, {**PERSON, "private": None, "intention": "startup"}):
        assert market.post("administrator", "/people?wait=1", who).status_code == 200
        market.settle()
        found = form_of(market)
        assert (found["merged"], {one["benefit"] for one in found["benefits"]}) == (
            False, {"startup_one_off_subsidy", "startup_rent_subsidy"},
        )  # fmt: skip
    assert "现在不能申请" in page(market, "jobseeker", "/me/startup")
    made = send(market, "jobseeker", "/me/startup", {"benefit": "startup_rent_subsidy", "founder.rents_premises": "yes"})
    assert made.status_code == 303, made.text
    assert [one["benefit"] for one in form_of(market)["benefits"]] == ["startup_one_off_subsidy"]
    assert send(market, "jobseeker", "/me/startup", {"account": "62220000"}).status_code == 422


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"registered_on": "2026-11-21"}, "registered_on"),
        ({"registered_on": "1989-12-31"}, "registered_on"),
        ({"registered_with_market_regulator": False}, "registered_with_market_regulator"),
        ({"registered_with_market_regulator": None}, "registered_with_market_regulator"),
        ({"jobs_created": -1}, "jobs_created"),
        ({"jobs_created": 100_001}, "jobs_created"),
        ({"jobs_created": "one"}, "jobs_created"),
        ({"hukou": "140105"}, "hukou"),
    ],
)
def test_data_that_cannot_be_so_are_refused_with_the_field(market: Market, changes: dict[str, Any], field: str) -> None:
    assert market.post("administrator", "/people?wait=1", PERSON).status_code == 200
    market.settle()
    answer = market.post("commissioner", "/people/u-7/founder", {**DATA, **changes})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
