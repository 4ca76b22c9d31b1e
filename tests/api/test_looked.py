"""Who looked at my data: told to the person in words, to auditors as the log itself."""

from __future__ import annotations

from typing import Any

import pytest

from api.access.accounts import create_account, create_key
from tests.api.conftest import PASSWORD, PERSON, Market, furnish


@pytest.fixture
def looked(market: Market) -> Market:
    """u-7, whom a commissioner and an administrator and (numbers only) an employer looked at, in this order."""
    furnish(market)
    market.get("commissioner", "/people/u-7")
    market.get("administrator", "/people/u-7/policies")
    market.get("employer", f"/postings/{market.posting_id}/candidates")
    return market


def test_the_person_is_told_who_when_what_and_which_kinds(looked: Market) -> None:
    answer = looked.get("jobseeker", "/people/u-7/looks").json()
    told = [(one["who"], one["what"], one["shown"], one.get("title")) for one in answer["items"]]
    assert told == [
        ("太原样例机械有限公司（用人单位）", "在岗位的人选中看到您", ["得分"], "焊工"),
        ("系统管理员", "查看您可以享受的政策", ["政策提示", "补贴申请"], None),
        ("山西省太原市小店区人社服务专员", "查看您的登记资料", ["登记资料"], None),
    ]
    assert [one["n"] for one in answer["items"]] == sorted((one["n"] for one in answer["items"]), reverse=True)
    assert answer["cursor"] is None
    assert all(value not in str(answer) for value in PERSON["private"].values())


def test_the_page_says_the_same_in_plain_words(looked: Market) -> None:
    page = looked.client.get("/me/looks", headers={"Authorization": f"Bearer {looked.keys['jobseeker']}"})
    assert page.status_code == 200
    for words in (
        "谁看过我的资料",
        "太原样例机械有限公司（用人单位）",
        "山西省太原市小店区人社服务专员",
        "看到的内容：登记资料",
        "2026年11月20日10:00",
    ):
        assert words in page.text
    nobody = looked.client.get("/me/looks", headers={"Authorization": f"Bearer {looked.keys['other-jobseeker']}"})
    assert "山西省太原市小店区人社服务专员" not in nobody.text


def test_pages_of_the_list_miss_nothing_and_say_nothing_twice(looked: Market) -> None:
    for _ in range(5):
        looked.get("commissioner", "/people/u-7")
    found: list[int] = []
    cursor: str | None = None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        answer = looked.get("jobseeker", f"/people/u-7/looks?limit=3{more}").json()
        found += [one["n"] for one in answer["items"]]
        cursor = answer["cursor"]
        if cursor is None:
            break
    assert len(found) == 8
    assert found == sorted(set(found), reverse=True)


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "９", "9" * 19])
def test_a_cursor_of_nobodys_is_refused_with_the_reason(looked: Market, cursor: str) -> None:
    for who, path in (("jobseeker", "/people/u-7/looks"), ("auditor", "/audit")):
        answer = looked.get(who, f"{path}?cursor={cursor}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "cursor"


def test_an_auditor_reads_the_log_and_leaves_an_entry_that_the_person_sees(looked: Market) -> None:
    whole = looked.get("auditor", "/audit").json()
    of_one = looked.get("auditor", "/audit?person_id=u-7&account_id=a-commissioner").json()
    assert [one["action"] for one in of_one["items"]] == ["profile"]
    assert of_one["items"][0]["office"] == "140105"
    assert whole["head"] == {"n": whole["items"][0]["n"], "hash": whole["items"][0]["hash"]}
    told = looked.get("jobseeker", "/people/u-7/looks").json()["items"]
    assert (told[0]["who"], told[0]["what"]) == ("审计人员", "查看谁看过您的资料")
    of_nobody = looked.get("auditor", "/audit?account_id=a-auditor").json()["items"]
    assert [one["person_id"] for one in of_nobody] == ["u-7", ""]


def test_an_auditor_with_a_region_reads_what_its_offices_read(looked: Market) -> None:
    looked.get("province", "/people/u-7")

    def read(region: str) -> list[str]:
        def job(connection: Any) -> str:
            now = looked.services.exchange.now()
            account_id = create_account(connection, login=f"auditor-{region}", password=PASSWORD, role="auditor", region=region, now=now)
            return create_key(connection, account_id, now=now)

        looked.keys[region] = looked.services.exchange.write(job)
        return [one["account_id"] for one in looked.get(region, "/audit").json()["items"]]

    assert read("140105") == ["a-commissioner"]
    assert read("140100") == ["a-commissioner"]
    assert read("140200") == []
    assert {"a-province", "a-employer", "a-administrator", "a-commissioner"} <= set(read("140000"))


def test_the_auditors_page_shows_the_log_and_the_head_to_be_noted(looked: Market) -> None:
    page = looked.client.get("/audit?person_id=u-7", headers={"Authorization": f"Bearer {looked.keys['auditor']}"})
    assert page.status_code == 200
    for words in ("a-commissioner", "140105", "查看您的登记资料", "gongqiao audit verify --head"):
        assert words in page.text
