"""Staff look again at agencies whose licence rests on a promise, on a page."""

from __future__ import annotations

from streams.intake.gateway import receive_employers

AGENCY = {
    "employer_id": "e-promise",
    "name": "太原诺言样例人力资源有限公司",
    "region": "140105",
    "licence": {"kind": "commitment", "number": "样例诺字第9号", "from": "2026-01-05"},
}
PATH = "/commissioner/commitments/e-promise"


def test_a_promise_is_listed_checked_and_found_broken_and_kept(site, administrator):
    receive_employers(site.services.exchange, [AGENCY], sender="test", verified=True)
    site.settle()
    page = administrator.get("/commissioner/commitments").text
    assert "太原诺言样例人力资源有限公司" in page
    assert "2026年3月6日前核查" in page
    assert administrator.send(PATH, {"decision": "perhaps", "reason": "看了"}).status_code == 422
    assert "请写明核查情况" in administrator.send(PATH, {"decision": "broken"}).text
    assert administrator.send(PATH, {"decision": "broken", "reason": "没有固定场所"}).headers["location"].endswith("?done=broken")
    page = administrator.get("/commissioner/commitments?done=broken").text
    assert "已记录：未履行承诺" in page
    assert 'id="broken-e-promise"' in page
    assert "没有固定场所" in page
    assert administrator.send(PATH, {"decision": "broken", "reason": "还是没有"}).status_code == 422
    assert administrator.send(PATH, {"decision": "kept", "reason": "已补齐"}).status_code == 303
    assert "e-promise" not in administrator.get("/commissioner/commitments").text


def test_only_staff_of_the_place_decide(site, jobseeker, employer):
    receive_employers(site.services.exchange, [{**AGENCY, "employer_id": "e-promise-2", "region": "140105"}], sender="test", verified=True)
    site.settle()
    elsewhere = site.browser(site.account("c-far", role="commissioner", region="140500"))
    assert "e-promise-2" not in elsewhere.get("/commissioner/commitments").text
    assert elsewhere.send("/commissioner/commitments/e-promise-2", {"decision": "kept", "reason": "看了"}).status_code == 403
    assert jobseeker.get("/commissioner/commitments").status_code == 403
    assert employer.get("/commissioner/commitments").status_code == 403
