"""Candidates, recommendations, explanations, the inbox with its answers, steps, shortages and gaps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import EMPLOYER, PERSON, POSTING, Market, furnish

CRITERIA = {"occupation", "skills", "education", "experience", "place", "pay", "hours", "freshness"}


def walk(market: Market, who: str, path: str, limit: int) -> list[dict[str, Any]]:
    """Every item, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = market.get(who, f"{path}?limit={limit}{cursor}").json()
        found += page["items"]
        if page["cursor"] is None:
            return found
        assert len(page["items"]) == limit
        cursor = f"&cursor={page['cursor']}"


@pytest.fixture
def crowd(market: Market) -> Market:
    """Seven people for one posting, four postings for one person."""
    market.post("administrator", "/employers?wait=1", {**EMPLOYER, "key": {"class": "白名单", "level": "county"}})
    for number in range(7):
        person = {**PERSON, "person_id": f"u-{number}", "private": None, "categories": ["registered_unemployed"] if number % 2 else []}
        person["kind"] = "registered_unemployed" if number % 2 else "jobseeker"
        person["experience"] = [{"title": "焊工", "years": number}]
        person["consent"] = {"recommend": number != 0, "share_with_employers": number % 3 == 0}
        market.post("administrator", "/people?wait=1", person)
    market.posting_id = market.publish({"experience_years_min": 0, "headcount": 9})
    for number, title in enumerate(("电焊工", "铆焊工", "数控车工")):
        market.publish(
            {
                "source_id": f"HR-{number + 2}",
                "title": title,
                "occupation_code": None,
                "headcount": 2,
                "description": f"做{title}，长白班。",
            }
        )
    return market


def test_candidates_come_by_band_priority_score_then_id_page_by_page(crowd: Market) -> None:
    path = f"/postings/{crowd.posting_id}/candidates"
    whole = walk(crowd, "employer", path, 100)
    order = [(-item["band"], -item["priority"], -item["score"], item["person_id"]) for item in whole]
    assert order == sorted(order)
    assert [item["rank"] for item in whole] == list(range(1, 7))
    assert "u-0" not in {item["person_id"] for item in whole}  # without consent nobody is recommended
    assert [item["person_id"] for item in walk(crowd, "employer", path, 2)] == [item["person_id"] for item in whole]
    assert {item["priority"] for item in whole} == {0, 4}


def test_of_who_did_not_agree_an_employer_sees_numbers_only(crowd: Market) -> None:
    items = crowd.get("employer", f"/postings/{crowd.posting_id}/candidates").json()["items"]
    for item in items:
        agreed = int(item["person_id"].removeprefix("u-")) % 3 == 0
        assert ("profile" in item) == agreed
        assert all(("text" in criterion) == agreed for criterion in item["criteria"])
        if not agreed:
            assert (item["hints"], item["at_stake"], item["priority_reasons"], item["not_stated"]) == ([], [], [], [])
        assert sum(criterion["points"] for criterion in item["criteria"]) == pytest.approx(item["score"], abs=0.05)
    assert "焊接技术应用" not in str([item for item in items if "profile" not in item])


def test_recommendations_come_by_score_then_id(crowd: Market) -> None:
    whole = (
        walk(crowd, "jobseeker", "/people/u-7/recommendations", 100)
        if False
        else walk(crowd, "administrator", "/people/u-3/recommendations", 100)
    )
    order = [(-item["score"], item["posting_id"]) for item in whole]
    assert len(order) == 4
    assert order == sorted(order)
    assert [i["posting_id"] for i in walk(crowd, "administrator", "/people/u-3/recommendations", 1)] == [i["posting_id"] for i in whole]
    first = whole[0]
    assert {criterion["criterion"] for criterion in first["criteria"]} == CRITERIA
    assert all(criterion["text"] for criterion in first["criteria"])
    assert {hint["status"] for item in whole for hint in item["hints"]} <= {"ELIGIBLE", "NEEDS_CHECK"}
    assert first["posting"]["title"]
    assert "contact" not in first["posting"]


@pytest.mark.parametrize("cursor", ["x", "!!", "YXQ6LTE", "YXQ6MTAwMDAwMDAwMDAwMDAwMDAwMDAwMA", "0", "é", "a" * 200, "%00"])
def test_a_cursor_of_somebody_else_is_refused(furnished: Market, cursor: str) -> None:
    for path in ("/people/u-7/recommendations", "/people/u-7/inbox", "/postings", "/feed"):
        if path == "/feed" and cursor == "0":
            continue  # the beginning
        answer = furnished.get("jobseeker", f"{path}?cursor={cursor}")
        assert answer.status_code in (400, 422), f"{path}: {answer.text}"
        assert answer.json()["errors"][0]["field"] == "cursor"


def test_an_explanation_has_all_four_statuses_and_says_why_not(furnished: Market) -> None:
    found = furnished.get("jobseeker", f"/matches/u-7/{furnished.posting_id}").json()
    assert {criterion["criterion"] for criterion in found["criteria"]} == CRITERIA
    assert found["blockers"] == []
    statuses = {hint["status"] for hint in found["hints"]}
    assert (
        statuses == {"ELIGIBLE", "NEEDS_CHECK", "NOT_ELIGIBLE", "OUT_OF_WINDOW"}
        or {"NEEDS_CHECK", "NOT_ELIGIBLE", "OUT_OF_WINDOW"} <= statuses
    )
    told = {hint["entry_id"]: hint for hint in found["hints"] if hint["told"]}
    assert found["at_stake"]
    for stake in found["at_stake"]:
        assert stake["yuan"] == sum(told[entry_id]["amount"]["yuan"] for entry_id in stake["entries"])
    for hint in found["hints"]:
        verdicts = {one["verdict"] for one in hint["conditions"]}
        assert verdicts <= {"met", "not_met", "unknown"}
        assert ("not_met" in verdicts) == (hint["status"] == "NOT_ELIGIBLE")


def test_an_employer_reads_the_verdicts_but_not_what_conditions_read_of_the_person(furnished: Market) -> None:
    def hints_as(role: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = furnished.get(role, f"/matches/u-8/{furnished.posting_id}").json()["hints"]
        return found

    def given(role: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        hints = hints_as(role)
        left = [one for hint in hints for one in hint["conditions"]]
        while left:
            one = left.pop()
            left += [*one.get("any_of", []), *one.get("all_of", [])]
            if one["given"] is not None:
                found.setdefault(one["field"].split(".")[0], set()).add(one["given"])
        return found

    assert "person" in given("commissioner")
    assert given("employer").keys() <= {"employer", "posting", "contract"}
    of_the_person, of_the_post = "人员类别为高校毕业生（现为登记失业人员）", "岗位类型为见习岗位（现为一般岗位）"
    for words, readers in ((of_the_person, {"commissioner"}), (of_the_post, {"commissioner", "employer"})):
        assert {role for role in ("commissioner", "employer") if any(words in hint["text"] for hint in hints_as(role))} == readers


def test_an_employer_reads_nothing_of_what_is_paid_to_the_person(furnished: Market) -> None:
    match, candidates = f"/matches/u-8/{furnished.posting_id}", f"/postings/{furnished.posting_id}/candidates"
    own = {"jobseeker", "enterprise_founder"}
    for role, reads_it in (("commissioner", True), ("employer", False)):
        hints = furnished.get(role, match).json()["hints"]
        hints += [hint for item in furnished.get(role, candidates).json()["items"] for hint in item["hints"]]
        assert {hint["payee"] for hint in hints} - own, "what is paid to others is for both"
        assert bool({hint["payee"] for hint in hints} & own) == reads_it
        assert {stake["side"] for stake in furnished.get(role, match).json()["at_stake"]} <= (
            {"jobseeker", "employer"} if reads_it else {"employer"}
        )


def test_a_blocker_says_what_would_change_it(market: Market) -> None:
    furnish(market)
    dear = {**PERSON, "desired": {**PERSON["desired"], "pay_min": 7600}}
    market.post("administrator", "/people?wait=1", dear)
    market.settle()
    found = market.get("jobseeker", f"/matches/u-7/{market.posting_id}").json()
    assert [blocker["code"] for blocker in found["blockers"]] == ["pay"]
    assert {"code", "text", "needed", "given", "would_change"} <= found["blockers"][0].keys()
    assert [miss["code"] for miss in found["near_miss"]] == ["pay"]
    assert market.get("jobseeker", "/people/u-7/recommendations").json()["total"] == 0


def test_what_nobody_knows_is_404(furnished: Market) -> None:
    for path in (
        "/postings/none",
        "/postings/none/candidates",
        "/people/none",
        "/people/none/inbox",
        "/matches/u-7/none",
        "/employers/none/gap",
    ):
        assert furnished.get("administrator", path).status_code == 404, path
    assert furnished.get("administrator", "/nowhere").status_code == 404
    assert furnished.call("administrator", "PATCH", "/postings").status_code == 405


def test_a_pushed_vacancy_is_answered_and_then_shows_its_contact(market: Market) -> None:
    furnish(market)
    inbox = market.get("jobseeker", "/people/u-7/inbox").json()
    assert inbox["unread"] == 1
    item = inbox["items"][0]
    assert (item["state"], item["posting"]["title"]) == ("issued", "焊工")
    assert item["criteria"][0]["text"]
    sums = {hint["entry_id"]: hint["amount"].get("yuan") for hint in item["hints"]}
    assert [stake["side"] for stake in item["at_stake"]] == ["employer"]
    for stake in item["at_stake"]:
        assert stake["yuan"] == stake["certain_yuan"] + stake["to_check_yuan"] == sum(sums[entry_id] for entry_id in stake["entries"])
    answered = f"/people/u-7/inbox/{item['match_id']}/answer"
    assert "contact" not in market.post("jobseeker", answered, {"answer": "seen"}).json()
    assert market.get("jobseeker", "/people/u-7/inbox").json()["unread"] == 0
    interested = market.post("jobseeker", answered, {"answer": "interested"})
    assert (interested.status_code, interested.json()["contact"]["phone"]) == (202, "13900000001")
    assert market.get("jobseeker", "/people/u-7/inbox").json()["items"][0]["answer"] == "interested"


def test_a_refusal_says_why(market: Market) -> None:
    furnish(market)
    match_id = market.get("jobseeker", "/people/u-7/inbox").json()["items"][0]["match_id"]
    answered = f"/people/u-7/inbox/{match_id}/answer"
    missing = market.post("jobseeker", answered, {"answer": "refused"})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (400, "reason")
    wrong = market.post("jobseeker", answered, {"answer": "perhaps"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["allowed"] == ["interested", "refused", "seen"]
    assert market.post("jobseeker", answered, {"answer": "refused", "reason": "distance"}).status_code == 202
    assert market.get("jobseeker", "/people/u-7/inbox").json()["items"] == []
    assert market.post("jobseeker", "/people/u-7/inbox/none/answer", {"answer": "seen"}).status_code == 404
    assert market.post("other-jobseeker", f"/people/u-8/inbox/{match_id}/answer", {"answer": "seen"}).status_code == 404


def test_the_last_opening_closes_the_posting_for_everybody_else(market: Market) -> None:
    posting_id = furnish(market)
    steps = f"/matches/u-7/{posting_id}/steps"
    assert market.get("employer", "/employers/e-9/gap").json()["gap"] == 1
    for step in ("invited", "talking"):
        assert market.post("employer", steps, {"step": step}).status_code == 202
    assert market.get("employer", "/employers/e-9/gap").json()["in_talks"] == 1
    hired = {"step": "hired", "on": "2026-11-20", "contract": {"signed": True, "months": 24, "insured_on": "2026-11-20"}}
    assert market.post("employer", steps, hired).status_code == 202
    assert market.get("employer", f"/postings/{posting_id}").json()["state"] == "filled"
    gone = market.get("other-jobseeker", f"/postings/{posting_id}")
    assert (gone.status_code, gone.json()["state"]) == (410, "filled")
    gap = market.get("commissioner", "/employers/e-9/gap").json()
    assert (gap["reported"], gap["filled"], gap["gap"]) == (1, 1, 0) or gap["gap"] == 0
    market.settle()
    assert market.get(None, "/postings?q=焊工").json()["total"] == 0
    assert market.get("other-jobseeker", "/people/u-8/inbox").json()["items"] == []
    assert market.get("other-jobseeker", "/people/u-8/recommendations").json()["total"] == 0
    told = market.get("employer", steps).json()
    assert [entry["step"] for entry in told["steps"]] == ["invited", "talking", "hired"]
    assert told["standing"]["contract"]["months"] == 24


def test_who_leaves_opens_the_posting_again(market: Market) -> None:
    posting_id = furnish(market)
    steps = f"/matches/u-7/{posting_id}/steps"
    market.post("employer", steps, {"step": "hired"})
    assert market.post("jobseeker", steps, {"step": "hired"}).status_code == 403
    assert market.post("jobseeker", steps, {"step": "left", "reason": "家里有事"}).status_code == 202
    assert market.get(None, f"/postings/{posting_id}").json()["state"] == "published"


@pytest.mark.parametrize(
    ("before", "step"), [([], "left"), (["hired"], "invited"), (["offered"], "talking"), (["hired", "left"], "not_hired")]
)
def test_a_step_that_cannot_follow_is_a_conflict_that_says_what_can(market: Market, before: list[str], step: str) -> None:
    posting_id = furnish(market)
    steps = f"/matches/u-7/{posting_id}/steps"
    for one in before:
        assert market.post("employer", steps, {"step": one}).status_code == 202
    answer = market.post("employer", steps, {"step": step})
    assert answer.status_code == 409
    assert "可以改为" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [{"step": "eaten"}, {}, {"step": "hired", "on": "soon"}, {"step": "hired", "salary": 1}, {"step": "hired", "contract": {"months": -1}}],
)
def test_a_step_that_is_none_is_refused_by_field(furnished: Market, body: dict[str, Any]) -> None:
    answer = furnished.post("employer", f"/matches/u-7/{furnished.posting_id}/steps", body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_nobody_new_is_invited_to_what_has_ended(market: Market) -> None:
    posting_id = furnish(market)
    market.call("employer", "DELETE", f"/postings/{posting_id}?reason=停招&wait=1")
    market.settle()
    assert market.post("employer", f"/matches/u-7/{posting_id}/steps", {"step": "invited"}).status_code == 409


def test_a_reported_shortage_is_a_gap_with_its_age(market: Market) -> None:
    furnish(market)
    lines = [{"title": "焊工", "occupation_code": "6-18-02-04", "number": 5}, {"title": "数控车工", "number": 2}]
    assert market.post("employer", "/employers/e-9/shortages", {"lines": lines, "from": "2026-11-10"}).status_code == 202
    gap = market.get("employer", "/employers/e-9/gap").json()
    assert (gap["reported"], gap["filled"], gap["gap"], gap["age_days"]) == (7, 0, 7, 10)
    assert [(line["title"], line["gap"]) for line in gap["lines"]] == [("焊工", 5), ("数控车工", 2)]
    market.post("employer", f"/matches/u-7/{market.posting_id}/steps", {"step": "hired"})
    assert market.get("employer", "/employers/e-9/gap").json()["gap"] == 6
    gaps = market.get("commissioner", "/commissioners/a-commissioner/gaps").json()
    assert (gaps["gap"], gaps["age_days"], [line["employer_id"] for line in gaps["lines"]]) == (6, 10, ["e-9"])
    assert market.get("province", "/commissioners/a-province/gaps").json()["gap"] == 6
    assert market.get("other-commissioner", "/commissioners/a-other-commissioner/gaps").json()["lines"] == []
    assert market.get("administrator", "/commissioners/none/gaps").status_code == 404


@pytest.mark.parametrize(
    "line", [{"title": "焊工", "number": 0}, {"number": 1}, {"title": "焊工", "number": 1, "occupation_code": "welder"}]
)
def test_a_shortage_that_is_none_is_refused_by_field(furnished: Market, line: dict[str, Any]) -> None:
    answer = furnished.post("employer", "/employers/e-9/shortages", {"lines": [line]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("lines.0.")


def test_while_the_matcher_loads_it_says_so(furnished: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = furnished.services.exchange.runner.loops["matching"]
    monkeypatch.setattr(loop, "memory", None)
    loop.ready.clear()
    try:
        assert furnished.get("jobseeker", "/people/u-7/recommendations").status_code == 503
        ready = furnished.client.get("/health/ready")
        assert (ready.status_code, ready.json()["engines"]["subject:matching"]["status"]) == (503, "loading")
        assert furnished.client.get("/health/live").status_code == 200
        assert furnished.get(None, "/postings").status_code == 200
    finally:
        loop.ready.set()


def test_hints_answer_every_entry(furnished: Market) -> None:
    answer = furnished.post(None, "/hints", {"id": "x", "date": "2026-11-20", "facts": {"person.category": ["employment_difficulty"]}})
    assert answer.status_code == 200
    from matcher.policy import load_catalogue

    assert len(answer.json()["results"]) == len(load_catalogue().entries)
    assert answer.json()["id"] == "x"
    assert not any("conditions" in one for one in answer.json()["results"])


def test_hints_say_each_condition_with_its_verdict_where_asked(furnished: Market) -> None:
    asked = {"date": "2023-09-01", "facts": {"contract.min_months": 6, "employer.kind": "enterprise"}, "conditions": True}
    found = {one["entry_id"]: one for one in furnished.post(None, "/hints", asked).json()["results"]}
    one = next(one for one in found["hiring_one_off__000_registered_unemployed"]["conditions"] if one["field"] == "contract.min_months")
    assert one == {
        "field": "contract.min_months", "words": "劳动合同期限不少于12个月",
        "wanted": "不少于12个月", "given": "6个月", "verdict": "not_met",
    }  # fmt: skip
    answer = furnished.post(None, "/hints", {**asked, "conditions": "yes"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "conditions")


@pytest.mark.parametrize(
    "body", [{}, {"date": "2026-11-20"}, {"date": "x", "facts": {}}, {"date": "2026-11-20", "facts": []}, {"date": 3, "facts": {}}]
)
def test_hints_of_nonsense_are_refused_by_field(furnished: Market, body: dict[str, Any]) -> None:
    answer = furnished.post(None, "/hints", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in ("date", "facts")


def test_a_fact_given_twice_is_refused_and_named(furnished: Market) -> None:
    body = b'{"date": "2026-11-20", "facts": {"person.age": 20, "person.age": 30}}'
    answer = furnished.call(None, "POST", "/hints", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "person.age"


def test_search_has_facets_distance_and_pages(crowd: Market) -> None:
    found = crowd.get(None, "/postings?q=焊工").json()
    assert found["total"] == 3
    assert found["facets"]["form"] == {"full_time": 3}
    ids = [item["posting_id"] for item in walk_search(crowd, "q=焊工&limit=1")]
    assert sorted(ids) == sorted(item["posting_id"] for item in found["items"])
    assert len(set(ids)) == 3
    near = crowd.get(None, "/postings?lat=37.73&lon=112.56&radius_km=5&sort=distance").json()
    assert near["items"][0]["distance_km"] == 0
    assert crowd.get(None, "/postings?near=37.0,111.0&radius_km=5").json()["total"] == 0
    assert crowd.get(None, "/postings?region=140100").json()["total"] == 4
    assert crowd.get(None, "/postings?region=140200").json()["total"] == 0
    assert crowd.get(None, "/postings?pay_min=6500").json()["total"] == 4
    assert crowd.get(None, "/postings?pay_min=7001").json()["total"] == 0
    assert crowd.get(None, "/postings?form=part_time&form=full_time").json()["total"] == 4


def test_a_radius_without_a_point_is_drawn_around_the_region_named(crowd: Market) -> None:
    # 140106 is the neighbouring district: not in it, and yet a few kilometres from it.
    assert crowd.get(None, "/postings?region=140106").json()["total"] == 0
    assert crowd.get(None, "/postings?region=140106&radius_km=40").json()["total"] == 4
    assert crowd.get(None, "/postings?region=140213&radius_km=40").json()["total"] == 0
    refused = crowd.get(None, "/postings?radius_km=40")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "radius_km")


def walk_search(market: Market, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = market.get(None, f"/postings?{query}{cursor}").json()
        found += page["items"]
        if page["cursor"] is None:
            return found
        cursor = f"&cursor={page['cursor']}"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("form=slave", "form"),
        ("pay_min=much", "pay_min"),
        ("region=taiyuan", "region"),
        ("limit=0", "limit"),
        ("lat=37", "near"),
        ("sort=x", "sort"),
        ("salary=1", "salary"),
    ],
)
def test_a_search_that_is_none_names_its_parameter(furnished: Market, query: str, field: str) -> None:
    answer = furnished.get(None, f"/postings?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert answer.json()["errors"][0]["allowed"]


def test_the_same_posting_from_two_sources_is_one_opening(market: Market) -> None:
    posting_id = furnish(market)
    other = {name: value for name, value in POSTING.items() if name != "source_id"} | {
        "source": "labour_brand",
        "brand_id": "b-1",
        "source_id": "B-1",
    }
    answer = market.post("administrator", "/postings?wait=1", other).json()
    assert (answer["state"], answer["merged_into"]) == ("merged", posting_id)
    assert market.get(None, f"/postings/{posting_id}").json()["sources"] == 2


@pytest.mark.parametrize(
    ("step", "on", "allowed"),
    [
        ("hired", "2026-11-21", "2021-01-01 to 2026-11-20"),
        ("hired", "2020-12-31", "2021-01-01 to 2026-11-20"),
        ("left", "2026-11-21", "2026-11-18 to 2026-11-20"),
        ("left", "2026-11-17", "2026-11-18 to 2026-11-20"),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_what_is_allowed_and_changes_nothing(market: Market, step: str, on: str, allowed: str) -> None:
    posting_id = furnish(market)
    path = f"/matches/u-7/{posting_id}/steps"
    if step == "left":
        assert market.post("employer", path, {"step": "hired", "on": "2026-11-18"}).status_code == 202
        market.settle()
    before = market.get("employer", path).json()
    answer = market.post("employer", path, {"step": step, "on": on})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert (error["field"], error["allowed"]) == ("on", [allowed])
    market.settle()
    assert market.get("employer", path).json() == before


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/employers/e-9/insured", {"person_id": "u-7", "insured_on": "2026-11-21"}, "insured_on"),
        (
            "/employers/e-9/internships",
            {"person_id": "u-7", "started_on": "2026-09-01", "ended_on": "2026-11-21", "outcome": "completed"},
            "ended_on",
        ),
        ("/people/u-7/incomes", {"month": "2026-12", "income_per_head_yuan": 900, "standard_yuan": 700}, "month"),
    ],
)
def test_data_of_a_day_that_has_not_come_are_refused_with_the_field(market: Market, path: str, body: dict[str, Any], field: str) -> None:
    furnish(market)
    answer = market.post("commissioner", path, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
