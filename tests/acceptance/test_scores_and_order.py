"""Scores that a reader can add up, and the orders that follow from them; the expected points are worked out from docs/matching.md."""

from __future__ import annotations

import json
import math
import random
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.batch_run import PERSON, POSTING, changed, explain, match, points

OF = {"occupation": 40, "skills": 15, "education": 8, "experience": 10, "place": 12, "pay": 8, "hours": 4, "freshness": 3}
SILENT = {"occupation": 10, "skills": 7.5, "education": 4, "experience": 5, "place": 6, "pay": 4, "hours": 2, "freshness": 1.5}
FIELDS = {
    "match_id", "person_id", "posting_id", "as_of", "score", "band", "rank", "priority", "priority_reasons", "criteria", "not_stated",
    "hints", "model_version", "catalogue_version",
}  # fmt: skip
KEY = {"employer_id": "e-1", "uscc": "91140100MA0TEST01X", "key": {"class": "白名单", "level": "county", "from": "2026-01-01"}}
TITLES = ["焊工", "电焊工", "会计", "保洁员", "厨师", "骑手", "普工", "护士", "数控车工", "Java开发"]


def market(size: int = 40) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    draw = random.Random(3)
    postings = [
        changed(
            POSTING, posting_id=f"p-{number:02}", title=draw.choice(TITLES),
            pay={"min": 3000, "max": draw.choice([4000, 9000]), "unit": "month"},
            region=draw.choice(["140105", "140106", "140213"]), skills=draw.sample(["氩弧焊", "Excel", "做饭", "Java"], 2),
            published_at=f"2026-11-{draw.randint(1, 20):02}", employer={"employer_id": draw.choice(["e-1", "e-2"])},
        )
        for number in range(size)
    ]  # fmt: skip
    people = [
        changed(
            PERSON, person_id=f"u-{number:02}", kind=draw.choice(["registered_unemployed", "jobseeker", "graduate"]),
            categories=draw.choice([[], ["employment_difficulty"], ["disabled"]]), registered_at=draw.choice(["140105", "140213"]),
            region="140105", desired={"titles": [draw.choice(TITLES)], "pay_min": draw.choice([3500, 5000])}, skills=["Excel"],
        )
        for number in range(size)
    ]  # fmt: skip
    return postings, people


def test_every_recommendation_has_its_fields_and_adds_up(tmp_path: Path) -> None:
    done = match(tmp_path, *market(), "--hints", "--top", "4", employers=[KEY])
    assert done.lines
    for line in done.lines:
        assert set(line) >= FIELDS
        assert [item["criterion"] for item in line["criteria"]] == list(OF)
        for item in line["criteria"]:
            assert set(item) >= {"criterion", "points", "of", "text"}
            assert item["of"] == OF[item["criterion"]]
            assert 0 <= item["points"] <= item["of"]
            assert item["text"]
        assert math.isclose(line["score"], sum(item["points"] for item in line["criteria"]), abs_tol=1e-9)
        assert 0 <= line["score"] <= 100
        assert line["band"] == math.floor(line["score"] / 5)
        assert line["as_of"] == "2026-11-20"
        assert set(line["not_stated"]) <= set(OF)
        for item in line["criteria"]:
            if item["criterion"] in line["not_stated"]:
                assert item["points"] == SILENT[item["criterion"]]
        uuid.UUID(line["match_id"])


def test_who_says_nothing_gets_what_silence_is_worth(tmp_path: Path) -> None:
    line = match(tmp_path, [POSTING], [PERSON]).lines[0]
    assert line["not_stated"] == list(OF)
    assert points(line) == SILENT
    assert line["score"] == sum(SILENT.values())


def test_a_pair_that_agrees_on_everything_has_a_hundred(tmp_path: Path) -> None:
    posting = changed(
        POSTING, region="140105", location={"lat": 37.8, "lon": 112.5}, skills=["二保焊"], education_min="60", experience_years_min=2,
        pay={"min": 5000, "max": 6000, "unit": "month"}, employment_form="full_time", published_at="2026-11-20T08:00",
    )  # fmt: skip
    person = changed(
        PERSON, region="140105", location={"lat": 37.8, "lon": 112.5}, skills=["二保焊"], education={"level": "47"},
        experience=[{"title": "焊工", "years": 4}], desired={"titles": ["焊工"], "pay_min": 5000, "employment_forms": ["full_time"]},
    )  # fmt: skip
    told = explain(tmp_path, posting, person)
    assert points(told) == {name: float(of) for name, of in OF.items()}
    assert told["score"] == 100
    assert told["band"] == 20


@pytest.mark.parametrize(
    ("criterion", "posting", "person", "expected"),
    [
        ("education", {"education_min": "90"}, {}, 8),
        ("education", {"education_min": "60"}, {"education": {"level": "90"}}, 4),
        ("education", {"education_min": "60"}, {"education": {"level": "47"}}, 8),
        ("education", {"education_min": "31"}, {"education": {"level": "47"}}, 0),
        ("experience", {"experience_years_min": 0}, {}, 10),
        ("experience", {"experience_years_min": 4}, {"experience": [{"title": "焊工", "years": 1}, {"title": "电焊工", "years": 2}]}, 7.5),
        ("experience", {"experience_years_min": 4}, {"experience": []}, 0),
        ("skills", {"skills": ["二保焊", "看图纸"]}, {"skills": ["二保焊"]}, 7.5),
        ("skills", {"skills": ["二保焊"]}, {"skills": []}, 0),
        ("skills", {"skills": []}, {"skills": ["二保焊"]}, 7.5),
        ("place", {"region": "140105"}, {"region": "140105"}, 11),
        ("place", {"region": "140105"}, {"region": "140106"}, 8),
        ("place", {"region": "140105"}, {"region": "140213"}, 4),
        ("place", {"region": "140105"}, {"region": "410102"}, 0),
        ("place", {"region": "140105"}, {"desired": {"regions": ["140105"]}}, 12),
        ("place", {"region": "140105"}, {"desired": {"regions": ["140000", "140100"]}}, 10),
        ("place", {"region": "140105"}, {"desired": {"regions": ["140000"]}}, 8),
        ("place", {"region": "140100"}, {"desired": {"regions": ["140105"]}}, 7),
        ("place", {"location": {"lat": 37.8, "lon": 112.5}}, {"location": {"lat": 37.9, "lon": 112.5}}, 9.5),  # 11 km
        ("place", {"location": {"lat": 37.8, "lon": 112.5}}, {"location": {"lat": 39.8, "lon": 112.5}}, 0),
        ("pay", {"pay": {"min": 4000, "max": 6000, "unit": "month"}}, {"desired": {"pay_min": 4000}}, 8),
        ("pay", {"pay": {"min": 4000, "max": 6000, "unit": "month"}}, {"desired": {"pay_min": 5000}}, 6),
        ("pay", {"pay": {"min": 4000, "max": 6000, "unit": "month"}}, {"desired": {"pay_min": 6000}}, 4),
        ("pay", {"pay": {"max": 6000, "unit": "month"}}, {"desired": {"pay_min": 6000}}, 6),
        ("pay", {"pay": {"max": 6000, "unit": "month"}}, {"desired": {"pay_min": 6001}}, 0),
        ("pay", {"pay": {"min": 4, "max": 6, "unit": "piece"}}, {"desired": {"pay_min": 6000}}, 4),
        ("hours", {"employment_form": "gig"}, {"desired": {"employment_forms": ["gig"]}}, 4),
        ("hours", {"type": "gig"}, {"desired": {"employment_forms": ["full_time"]}}, 0),
        ("freshness", {"published_at": "2026-11-17"}, {}, 3),
        ("freshness", {"published_at": "2026-11-16"}, {}, 2.6),
        ("freshness", {"published_at": "2026-09-21"}, {}, 0.8),
        ("freshness", {"published_at": "2026-01-01", "apply_by": "2026-12-31"}, {}, 0.4),
        ("freshness", {"published_at": "2026-01-01", "confirmed_at": "2026-11-19"}, {}, 3),
    ],
)  # fmt: skip
def test_points_are_those_of_the_documented_rule(
    tmp_path: Path, criterion: str, posting: dict[str, Any], person: dict[str, Any], expected: float
) -> None:
    told = explain(tmp_path, {**POSTING, **posting}, {**PERSON, **person})
    assert points(told)[criterion] == expected
    # nothing else moved but what the same fact stands for
    same = {name: value for name, value in points(told).items() if name in told["not_stated"]}
    assert same == {name: SILENT[name] for name in told["not_stated"]}


def test_one_persons_list_goes_by_score_then_posting_and_ranks_count_up(tmp_path: Path) -> None:
    postings, people = market()
    done = match(tmp_path, postings, people, "--top", "1000", employers=[KEY])
    groups: dict[str, list[Any]] = {}
    for line in done.lines:
        groups.setdefault(line["person_id"], []).append(line)
    assert [line["person_id"] for line in done.lines] == [name for name, own in groups.items() for _ in own], "one group a person"
    for own in groups.values():
        assert [line["rank"] for line in own] == list(range(1, len(own) + 1))
        keys = [(-line["score"], line["posting_id"]) for line in own]
        assert keys == sorted(keys)
    assert any(line["priority"] for line in done.lines)


def test_people_for_one_posting_go_by_band_priority_score_then_id(tmp_path: Path) -> None:
    done = match(tmp_path, *market(), "--by", "posting", "--top", "1000", employers=[KEY])
    groups: dict[str, list[Any]] = {}
    for line in done.lines:
        groups.setdefault(line["posting_id"], []).append(line)
    assert [line["posting_id"] for line in done.lines] == [name for name, own in groups.items() for _ in own]
    for own in groups.values():
        assert [line["rank"] for line in own] == list(range(1, len(own) + 1))
        keys = [(-line["band"], -line["priority"], -line["score"], line["person_id"]) for line in own]
        assert keys == sorted(keys)
    passed = [own for own in groups.values() if [line["score"] for line in own] != sorted((line["score"] for line in own), reverse=True)]
    assert passed, "priority reorders within a band"


def test_top_is_twenty_unless_said_and_cuts_the_same_list(tmp_path: Path) -> None:
    postings, people = market()
    whole = match(tmp_path, postings, people[:3], "--top", "1000").lines
    assert max(line["rank"] for line in whole) > 20
    for top in (None, 1, 7):
        options = [] if top is None else ["--top", str(top)]
        assert match(tmp_path, postings, people[:3], *options).lines == [line for line in whole if line["rank"] <= (top or 20)]


def test_there_is_no_least_score(tmp_path: Path) -> None:
    posting = changed(POSTING, skills=["氩弧焊"], region="410102", published_at="2026-01-01", apply_by="2026-12-31")
    person = changed(PERSON, desired={"titles": ["幼儿教师"]}, skills=[], region="140105")
    assert match(tmp_path, [posting], [person]).lines[0]["score"] < 30


@pytest.mark.parametrize(
    ("person", "posting", "key", "priority", "reasons"),
    [
        ({"kind": "registered_unemployed", "registered_at": "140105"}, {}, {}, 4, ["registered_unemployed_local"]),
        ({"kind": "registered_unemployed", "registered_at": "140106"}, {}, {}, 2, ["registered_unemployed"]),
        ({"kind": "registered_unemployed"}, {}, {}, 2, ["registered_unemployed"]),
        ({"kind": "registered_unemployed", "registered_at": "140105", "categories": ["employment_difficulty"]}, {}, {}, 5,
         ["registered_unemployed_local", "employment_difficulty"]),
        ({"kind": "jobseeker", "registered_at": "140105", "categories": ["registered_unemployed"]}, {}, {}, 0, []),
        ({"kind": "graduate", "registered_at": "140105", "categories": ["registered_unemployed"]}, {}, {}, 4,
         ["registered_unemployed_local"]),
        ({"categories": ["employment_difficulty"]}, {}, {}, 1, ["employment_difficulty"]),
        ({"kind": "registered_unemployed", "registered_at": "140105"}, {}, {"key": None}, 0, []),
        ({"kind": "registered_unemployed", "registered_at": "140105"}, {}, {"key": {"from": "2026-11-21"}}, 0, []),
        ({"kind": "registered_unemployed", "registered_at": "140105"}, {}, {"key": {"from": "2026-11-20"}}, 4,
         ["registered_unemployed_local"]),
        ({"kind": "registered_unemployed", "registered_at": "140105"}, {"employer": {"uscc": "91140100MA0TEST01X"}}, {}, 4,
         ["registered_unemployed_local"]),
        ({"kind": "registered_unemployed", "registered_at": "140105"}, {"employer": {"employer_id": "e-9"}}, {}, 0, []),
        ({"kind": "registered_unemployed", "registered_at": "140105"}, {"employer": {}}, {}, 0, []),
    ],
)  # fmt: skip
def test_priority_at_key_employers(
    tmp_path: Path, person: dict[str, Any], posting: dict[str, Any], key: dict[str, Any], priority: int, reasons: list[str]
) -> None:
    offer = {**POSTING, "region": "140105", "employer": {"employer_id": "e-1"}, **posting}
    done = match(tmp_path, [offer], [{**PERSON, **person}], employers=[{**KEY, **key}])
    assert (done.lines[0]["priority"], done.lines[0]["priority_reasons"]) == (priority, reasons)
    told = explain(tmp_path, offer, {**PERSON, **person}, employers=[{**KEY, **key}])
    assert (told["priority"], told["priority_reasons"]) == (priority, reasons)


def test_priority_never_lets_anyone_pass_a_better_band(tmp_path: Path) -> None:
    offer = changed(POSTING, region="140105", employer={"employer_id": "e-1"}, skills=["二保焊"])
    good = changed(PERSON, person_id="u-good", skills=["二保焊"], desired={"titles": ["焊工"]})
    poor = changed(
        PERSON, person_id="u-poor", kind="registered_unemployed", registered_at="140105", categories=["employment_difficulty"],
        desired={"titles": ["会计"]},
    )  # fmt: skip
    lines = match(tmp_path, [offer], [poor, good], "--by", "posting", employers=[KEY]).lines
    assert [line["person_id"] for line in lines] == ["u-good", "u-poor"]
    assert lines[1]["priority"] == 5


@pytest.mark.parametrize("by", ["person", "posting"])
def test_the_same_input_in_any_order_gives_the_same_bytes(tmp_path: Path, by: str) -> None:
    postings, people = market()
    options = ("--by", by, "--hints", "--top", "3")
    first = match(tmp_path, postings, people, *options, employers=[KEY])
    assert match(tmp_path, postings, people, *options, employers=[KEY]).raw == first.raw
    draw = random.Random(5)
    assert (
        match(tmp_path, draw.sample(postings, len(postings)), draw.sample(people, len(people)), *options, employers=[KEY]).raw == first.raw
    )


def test_a_pair_is_the_same_from_both_sides_and_in_explain_and_in_any_company(tmp_path: Path) -> None:
    postings, people = market(8)
    both = {}
    for by in ("person", "posting"):
        lines = match(tmp_path, postings, people, "--by", by, "--top", "1000", "--hints", employers=[KEY]).lines
        both[by] = {line["match_id"]: {name: value for name, value in line.items() if name != "rank"} for line in lines}
    assert both["person"] == both["posting"]
    assert len({(line["person_id"], line["posting_id"]) for line in both["person"].values()}) == len(both["person"])
    for line in list(both["person"].values())[:10]:
        posting = next(item for item in postings if item["posting_id"] == line["posting_id"])
        person = next(item for item in people if item["person_id"] == line["person_id"])
        told = explain(tmp_path, posting, person, employers=[KEY])
        assert {name: told[name] for name in FIELDS - {"hints", "rank"}} == {name: line[name] for name in FIELDS - {"hints", "rank"}}
        alone = match(tmp_path, [posting], [person], "--hints", employers=[KEY]).lines[0]
        assert {**alone, "rank": None} == {**line, "rank": None}


def test_match_ids_do_not_collide_where_ids_run_together(tmp_path: Path) -> None:
    postings = [changed(POSTING, posting_id=name) for name in ("1", "11", "1/1", "/1")]
    people = [changed(PERSON, person_id=name) for name in ("1", "11", "1/1", "1/")]
    lines = match(tmp_path, postings, people).lines
    assert len({line["match_id"] for line in lines}) == 16


def test_texts_are_whole_sentences_of_what_was_said(tmp_path: Path) -> None:
    posting = changed(POSTING, title="焊工", occupation_code="6-18-02-04")
    text = explain(tmp_path, posting, changed(PERSON, desired__titles=["电焊工"]))["criteria"][0]["text"]
    assert text == "期望“电焊工”，岗位“焊工”，同属焊工（6-18-02-04）"
    told = json.dumps(match(tmp_path, *market()).lines, ensure_ascii=False)
    assert not [word for word in ("None", "null ", "nan", "{", "undefined") if word in told.replace('{"', "").replace("null,", "")]


def test_who_wants_one_trade_is_not_told_that_another_with_a_like_name_is_nearly_it(tmp_path: Path) -> None:
    def worth(offered: str, wished: str) -> float:
        return points(explain(tmp_path, changed(POSTING, title=offered), changed(PERSON, desired__titles=[wished])))["occupation"]

    assert worth("车工", "数控车工") > worth("平车工", "数控车工") + 8
    assert worth("电焊工", "焊工") > worth("电工", "焊工") + 20
    assert worth("网约配送员", "骑手") > worth("骑行教练", "骑手")
    assert worth("保洁员", "保洁") > worth("保安", "保洁") + 20
    assert worth("跆拳道教练", "护理员") < 12


@pytest.mark.parametrize(
    ("offered", "wished", "words"),
    [("焊工", "焊工", "同属焊工"), ("跆拳道教练", "护理员", "关系不大"), ("育儿嫂", "备煤的", "不相近"), ("外卖骑手", "送外卖", "同属")],
)
def test_what_is_said_of_two_jobs_is_what_a_reader_would_say(tmp_path: Path, offered: str, wished: str, words: str) -> None:
    told = explain(tmp_path, changed(POSTING, title=offered), changed(PERSON, desired__titles=[wished]))
    assert words in told["criteria"][0]["text"]
