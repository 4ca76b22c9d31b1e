"""Sex, age, marriage, household registration, ethnicity, disability and health change no score and no order (contract.md, DESIGN.md)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.batch_run import PERSON, POSTING, changed, explain, match, put, ran

TITLES = ["焊工", "收银员", "会计", "月嫂", "保洁员", "保安", "客服", "普工"]
DEMANDS = [
    "女", "宝妈", "35岁以下", "未婚", "限女性", "男性优先", "汉族", "本地户口优先", "18-40周岁", "已婚已育优先", "仅限女员工", "全职妈妈",
    "35以下", "小于35岁", "不限男女", "美女", "身体健康", "大龄可", "３５歲以下",
]  # fmt: skip


def offers() -> list[dict[str, Any]]:
    draw = random.Random(2)
    return [
        changed(POSTING, posting_id=f"p-{number}", title=draw.choice(TITLES), skills=draw.sample(["收银", "Excel", "做饭"], 2),
                description=draw.choice(["负责日常收银与结账", "打扫卫生", ""]), region=draw.choice(["140105", "140106"]))
        for number in range(16)
    ]  # fmt: skip


def seekers() -> list[dict[str, Any]]:
    draw = random.Random(4)
    return [
        changed(PERSON, person_id=f"u-{number}", kind="registered_unemployed", birth_year_month="1990-05", region="140105", categories=[],
                desired={"titles": [draw.choice(TITLES)]}, skills=draw.sample(["收银", "Excel", "做饭"], 1),
                experience=[{"title": draw.choice(TITLES), "years": draw.randint(1, 9)}])
        for number in range(16)
    ]  # fmt: skip


def order(folder: Path, postings: Any, people: Any, by: str = "person") -> list[tuple[Any, ...]]:
    lines = match(folder, postings, people, "--by", by, "--top", "1000").lines
    assert lines
    return [
        (line["person_id"], line["posting_id"], line["rank"], line["score"], tuple(item["points"] for item in line["criteria"]))
        for line in lines
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"birth_year_month": "1961-01"},
        {"birth_year_month": "2008-01"},
        {"birth_year_month": None},
        {"private": {"name": "女某某", "id_number": "140106196101120029", "phone": "13900000000"}},
        {"sex": "female", "hukou": "rural", "ethnicity": "回", "married": True, "height_cm": 150, "health": "poor"},
        {"facts": {"person.sex": "female", "person.age": 61, "person.hukou": "rural"}},
        {"categories": ["disabled"]},
        {"categories": ["older_unemployed", "youth", "veteran"]},
    ],
)
@pytest.mark.parametrize("by", ["person", "posting"])
def test_who_someone_is_changes_no_score_and_no_order(tmp_path: Path, other: dict[str, Any], by: str) -> None:
    people = seekers()
    plain = order(tmp_path, offers(), people, by)
    # half of the people differ, so that any effect would show in the order
    swapped = [{**person, **other} if number % 2 else person for number, person in enumerate(people)]
    assert order(tmp_path, offers(), swapped, by) == plain


@pytest.mark.parametrize("word", DEMANDS)
def test_such_words_in_titles_skills_and_texts_change_nothing(tmp_path: Path, word: str) -> None:
    people = seekers()
    plain = order(tmp_path, offers(), people)
    loud = [
        changed(row, title=f"{row['title']}（{word}）", description=f"{row['description']}，{word}", skills=[*row["skills"], word])
        for row in offers()
    ]
    assert order(tmp_path, loud, people) == plain
    wishing = [
        changed(person, skills=[*person["skills"], word], desired={"titles": [f"{word} {person['desired']['titles'][0]}"]})
        for person in people
    ]
    assert order(tmp_path, offers(), wishing) == plain
    assert order(tmp_path, loud, wishing) == plain


@pytest.mark.parametrize("title", ["装配工", "装修工", "收银员", "工装设计师"])
@pytest.mark.parametrize("form", ["{word}{title}", "{title}{word}", "{title}（{word}）", "【{word}】{title}", "{title}/{word}"])
def test_such_words_change_nothing_wherever_they_stand(tmp_path: Path, title: str, form: str) -> None:
    person = changed(PERSON, desired__titles=[title])
    plain = match(tmp_path, [changed(POSTING, title=title)], [person]).lines[0]["score"]
    for word in ("女", "男", "宝妈", "35岁以下", "未婚", "未婚女", "女员工"):
        said = form.format(word=word, title=title)
        assert match(tmp_path, [changed(POSTING, title=said)], [person]).lines[0]["score"] == plain, said


def test_sex_that_names_goods_or_a_field_of_medicine_stays(tmp_path: Path) -> None:
    person = changed(PERSON, desired__titles=["女装设计师"])
    lines = match(tmp_path, [changed(POSTING, posting_id=title, title=title) for title in ("男装设计师", "女装设计师")], [person]).lines
    assert [line["posting_id"] for line in lines] == ["女装设计师", "男装设计师"]
    assert lines[0]["score"] > lines[1]["score"]


def test_a_demand_is_not_quoted_to_anybody(tmp_path: Path) -> None:
    told = explain(
        tmp_path,
        changed(POSTING, title="女收银员（35岁以下未婚）", skills=["收银", "女"]),
        changed(PERSON, desired__titles=["宝妈 收银员"]),
    )
    texts = json.dumps([item["text"] for item in told["criteria"]], ensure_ascii=False)
    assert not [word for word in ("女", "35岁", "未婚", "宝妈") if word in texts]


def test_recognised_difficulty_is_priority_and_never_points(tmp_path: Path) -> None:
    plain = match(tmp_path, offers(), seekers(), "--by", "posting", "--top", "1000").lines
    people = [changed(person, categories=["employment_difficulty"]) for person in seekers()]
    helped = match(tmp_path, offers(), people, "--by", "posting", "--top", "1000").lines
    assert {line["match_id"]: line["criteria"] for line in helped} == {line["match_id"]: line["criteria"] for line in plain}
    assert {line["priority"] for line in helped} == {1}


@pytest.mark.parametrize("word", DEMANDS)
def test_rank_reads_past_them_as_well(tmp_path: Path, word: str) -> None:
    def ranked(documents: list[dict[str, Any]], title: str) -> Any:
        output = tmp_path / "out.jsonl"
        files = ["--queries", put(tmp_path / "q.jsonl", [{"id": "q", "title": title}]), "--documents", put(tmp_path / "d.jsonl", documents)]
        return ran(["rank", *files, "--top", "50", "--output", output], output).lines[0]["ranked"]

    plain = [{"id": str(number), "title": title, "text": f"招{title}，负责日常工作"} for number, title in enumerate(TITLES)]
    loud = [{**row, "title": f"{row['title']}（{word}）", "text": f"{row['text']}，{word}"} if int(row["id"]) % 2 else row for row in plain]
    assert ranked(loud, "收银员") == ranked(plain, "收银员")
    assert ranked(plain, f"{word} 收银员") == ranked(plain, "收银员")
