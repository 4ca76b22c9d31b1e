"""The score: a sum a reader can add up, and nothing protected in it."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from matcher.blockers import BATCH_RULES, BLOCKER_CODES
from matcher.columns_people import PeopleColumns
from matcher.criteria import CRITERIA, DISTANCE_STEPS, NEUTRAL, OF
from matcher.explain import Explanation, explain
from matcher.match_order import match_id
from matcher.shapes import read_employer, read_person, read_posting
from tests.matcher.made_up_pairs import made_up_person, made_up_posting
from tests.matcher.test_blockers import AS_OF, PERSON, POSTING, pair

KEY = read_employer({"employer_id": "e-1", "key": {"class": "白名单", "level": "county", "from": "2026-01-01"}})


def made_up_pair(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    draw = random.Random(seed)
    return made_up_posting(draw), made_up_person(draw)


def told(posting: dict[str, Any], person: dict[str, Any]) -> Explanation:
    return explain(read_posting(posting), read_person(person), AS_OF, rules=BATCH_RULES)


@pytest.mark.parametrize("seed", range(40))
def test_the_score_is_the_sum_of_the_points_and_points_stay_within_what_they_are_of(seed: int) -> None:
    found = told(*made_up_pair(seed)).as_json()
    assert [item["criterion"] for item in found["criteria"]] == list(CRITERIA)
    assert sum(round(item["points"] * 10) for item in found["criteria"]) == round(found["score"] * 10)
    assert all(0 <= item["points"] <= item["of"] for item in found["criteria"])
    assert found["band"] == int(found["score"] // 5)
    for item in found["criteria"]:
        if item["criterion"] in found["not_stated"]:
            assert item["points"] == NEUTRAL[item["criterion"]] / 10


def test_the_points_add_up_to_a_hundred() -> None:
    assert sum(OF.values()) == 1000


@pytest.mark.parametrize("seed", range(60))
def test_every_number_in_a_text_is_true_and_no_text_is_left_unfinished(seed: int) -> None:
    posting, person = made_up_pair(seed)
    shapes = read_posting(posting), read_person(person)
    for item in told(posting, person).criteria:
        assert item.text, item
        assert "None" not in item.text
        assert not re.search(r"[，、]$|，，|、、|“”|\s{2}", item.text), item.text
        if not item.stated:
            assert item.text.endswith(f"按{NEUTRAL[item.name] / 10:g}分计")
        if item.name == "pay" and item.stated:
            assert f"{shapes[1].desired.pay_min:g}元" in item.text or f"{shapes[1].desired.pay_min:.2f}".rstrip("0") in item.text
        if item.name == "experience" and "年以上" in item.text:
            assert f"{shapes[0].experience_years_min:g}年以上" in item.text


def test_the_texts_of_the_happy_pair_read_as_sentences() -> None:
    assert {item.name: item.text for item in pair().criteria} == {
        "occupation": "期望“电焊工”，岗位“焊工”，同属焊工（6-18-02-04）",
        "skills": "岗位需要氩弧焊，求职者都具备",
        "education": "岗位要求高中及以上学历，求职者学历是技校，符合",
        "experience": "岗位要求1年以上同类工作经验，求职者有4年，符合",
        "place": "岗位与住处相距约2.9公里",
        "pay": "岗位折合月薪5000至7000元，求职者期望不低于4500元，符合",
        "hours": "岗位是全职，求职者期望全职，符合",
        "freshness": "岗位19天前发布",
    }


def test_the_documented_rule_is_the_one_that_is_computed() -> None:
    page = (Path(__file__).parents[2] / "docs" / "matching.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \|", page, re.MULTILINE)
    assert {name: (float(of) * 10, float(silent) * 10) for name, of, silent in rows} == {
        name: (OF[name], NEUTRAL[name]) for name in CRITERIA
    }
    place = "、".join(f"{kilometres} km {tenths / 10:g}" for kilometres, tenths in DISTANCE_STEPS)
    assert "、".join(re.findall(r"\d+ km [\d.]+", page.split("**Place.**")[1].split("farther")[0].replace("\n", " "))) == place
    assert all(f"`{code}`" in page for code in BLOCKER_CODES)


def test_the_right_trade_scores_above_another_one() -> None:
    other = {**PERSON, "desired": {**PERSON["desired"], "titles": ["会计"]}, "experience": [{"title": "会计", "years": 3}]}
    assert told(POSTING, PERSON).score > told(POSTING, other).score + 25


# ---- fairness by swapping ---------------------------------------------------------------------------------------------------------------


def sides(posting: dict[str, Any], person: dict[str, Any]) -> list[Any]:
    """Everything of a pair that a protected fact must not change, by both forms of the matcher."""
    found = told(posting, person)
    columns = PeopleColumns([read_person(person)])
    by_columns = columns.pair(read_posting(posting), person["person_id"], AS_OF, rules=BATCH_RULES)
    assert by_columns is not None
    return [found.score_tenths, [item.tenths for item in found.criteria], [item["code"] for item in found.blockers], by_columns[0].tenths]


SWAPS: dict[str, dict[str, Any]] = {
    "identity number of a woman": {"private": {"name": "李某", "id_number": "140106199604120029", "phone": "13000000000"}},
    "identity number of a man": {"private": {"name": "李某", "id_number": "140106196604120013", "phone": "13000000000"}},
    "name": {"private": {"name": "阿依古丽"}},
    "older": {"birth_year_month": "1964-02"},
    "younger": {"birth_year_month": "2008-02"},
    "no birth month": {"birth_year_month": None},
    "disabled": {"categories": ["registered_unemployed", "disabled"]},
    "older unemployed": {"categories": ["registered_unemployed", "older_unemployed"]},
    "in difficulty": {"categories": ["registered_unemployed", "employment_difficulty"]},
    "sex": {"sex": "female", "gender": "女"},
    "married": {"married": True, "marital_status": "已婚", "children": 2},
    "hukou": {"hukou": "农业", "household_registration": "外省"},
    "ethnicity": {"ethnicity": "回族", "nationality": "回"},
    "health": {"health": "糖尿病", "disability": "肢体三级"},
    "facts": {"facts": {"person.hukou": "rural", "person.sex": "female"}},
    "own words about it": {"desired": {**PERSON["desired"], "titles": ["电焊工（女，35岁以下，未婚）"]}},
    "a word of its own": {"desired": {**PERSON["desired"], "titles": ["电焊工", "宝妈"]}},
    "in past jobs": {"experience": [{"title": "女焊工 已婚", "years": 4}]},
    "among skills": {"skills": ["氩弧焊", "女", "宝妈", "35岁以下"]},
}


@pytest.mark.parametrize("swap", SWAPS.values(), ids=list(SWAPS))
def test_a_protected_fact_of_a_person_changes_no_score(swap: dict[str, Any]) -> None:
    assert sides(POSTING, {**PERSON, **swap}) == sides(POSTING, PERSON)


@pytest.mark.parametrize(
    "swap",
    [
        {"title": "女焊工"},
        {"title": "焊工（35岁以下）"},
        {"title": "焊工 未婚优先"},
        {"title": "焊工（宝妈优先）"},
        {"description": "车间焊接，限男性，18-35岁，汉族，本地户籍"},
        {"skills": ["氩弧焊", "女", "35岁以下"]},
        {"sex": "female", "age_max": 35},
    ],
)
def test_protected_words_in_a_posting_change_no_score(swap: dict[str, Any]) -> None:
    assert sides({**POSTING, **swap}, PERSON) == sides(POSTING, PERSON)


def test_no_text_quotes_protected_words() -> None:
    posting = {**POSTING, "title": "女焊工（35岁以下）", "skills": ["氩弧焊", "未婚"]}
    person = {**PERSON, "desired": {**PERSON["desired"], "titles": ["宝妈电焊工"]}}
    texts = "".join(item.text for item in told(posting, person).criteria)
    assert not re.search("女|35岁|未婚|宝妈", texts), texts


# ---- order, priority, identity -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "points", "reasons"),
    [
        ({"registered_at": "140105"}, 4, ("registered_unemployed_local",)),
        ({"registered_at": "140106"}, 2, ("registered_unemployed",)),
        ({"registered_at": "140105", "categories": ["employment_difficulty"]}, 5, ("registered_unemployed_local", "employment_difficulty")),
        ({"kind": "jobseeker", "registered_at": "140105", "categories": ["registered_unemployed"]}, 0, ()),
        ({"kind": "graduate", "registered_at": "140105", "categories": ["registered_unemployed"]}, 4, ("registered_unemployed_local",)),
        ({"kind": "graduate", "categories": []}, 0, ()),
        ({"categories": ["disabled"], "kind": "graduate"}, 0, ()),  # recognised difficulty only
    ],
)
def test_priority_at_a_key_employer(person: dict[str, Any], points: int, reasons: tuple[str, ...]) -> None:
    found = explain(read_posting(POSTING), read_person({**PERSON, **person}), AS_OF, KEY, BATCH_RULES)
    assert (found.priority, found.priority_reasons) == (points, reasons)
    assert found.score_tenths == explain(read_posting(POSTING), read_person({**PERSON, **person}), AS_OF, None, BATCH_RULES).score_tenths


def test_at_another_posting_only_recognised_difficulty_counts() -> None:
    found = pair(None, {"registered_at": "140105", "categories": ["registered_unemployed", "employment_difficulty"]})
    assert (found.priority, found.priority_reasons) == (1, ("employment_difficulty",))


def test_priority_orders_inside_a_band_and_never_across() -> None:
    posting = read_posting(POSTING)
    better = {**PERSON, "person_id": "better", "categories": []}
    near = {**PERSON, "person_id": "near", "registered_at": "140105", "location": {"lat": 37.85, "lon": 112.53}}
    far = {**PERSON, "person_id": "far", "registered_at": "140105", "skills": []}
    columns = PeopleColumns([read_person(row) for row in (far, near, better)])
    found = columns.match(posting, AS_OF, 10, KEY, BATCH_RULES)
    assert [item.person_id for item in found] == ["near", "better", "far"]
    assert found[0].score < found[1].score
    assert found[0].band == found[1].band > found[2].band


def test_a_public_welfare_post_is_explained_but_never_recommended_on_the_market() -> None:
    posting = read_posting({**POSTING, "type": "public_welfare_post"})
    assert PeopleColumns([read_person(PERSON)]).match(posting, AS_OF, 10, rules=BATCH_RULES) == []
    found = explain(posting, read_person(PERSON), AS_OF, rules=BATCH_RULES)
    assert found.blockers == ()
    assert not found.recommended


def test_a_pair_has_one_id_and_two_pairs_have_two() -> None:
    assert match_id("u-1", "p-1") == match_id("u-1", "p-1")
    assert match_id("u-1", "1/p") != match_id("u-1/1", "p")
