"""``gongqiao rank``: text relevance alone (contract.md, Commands)."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.batch_run import Done, put, ran

DOCUMENTS = [
    {"id": "weld", "title": "焊工", "text": "负责钢结构焊接"},
    {"id": "book", "title": "会计", "text": "做账报税"},
    {"id": "cook", "title": "厨师"},
    {"id": "clean", "text": "打扫办公楼，擦玻璃"},
    {"id": "java", "title": "Java开发工程师", "text": "Spring Boot 后端"},
    {"id": "js", "title": "JavaScript 前端"},
]


def rank(folder: Path, queries: Any, documents: Any = None, top: int | None = 10) -> Done:
    output = folder / "out.jsonl"
    files = [
        "--queries",
        put(folder / "q.jsonl", queries),
        "--documents",
        put(folder / "d.jsonl", DOCUMENTS if documents is None else documents),
    ]
    return ran(["rank", *files, *([] if top is None else ["--top", top]), "--output", output], output)


def best(done: Done) -> list[Any]:
    return [line["ranked"][0][0] for line in done.lines]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ({"title": "电焊工"}, "weld"), ({"text": "想找一份做账的工作"}, "book"), ({"title": "炒菜师傅"}, "cook"),
        ({"title": "保洁员"}, "clean"),
        ({"title": "java后端"}, "java"), ({"title": "javascript"}, "js"), ({"title": "ＪＡＶＡ　工程師"}, "java"),
        ({"title": "急聘！焊工（包吃住）"}, "weld"),
    ],
)  # fmt: skip
def test_the_same_work_comes_first(tmp_path: Path, query: dict[str, str], first: str) -> None:
    assert best(rank(tmp_path, [{"id": "q", **query}])) == [first]


def test_scores_are_finite_and_never_rise_and_no_document_stands_twice(tmp_path: Path) -> None:
    draw = random.Random(1)
    letters = "焊工会计厨师保洁司机销售护士Java电商仓库管理员的、 🙂\n"
    documents = [{"id": f"d{number}", "title": "".join(draw.choices(letters, k=draw.randint(1, 8))) + "工",
                  "text": "".join(draw.choices(letters, k=draw.randint(0, 60)))} for number in range(200)]  # fmt: skip
    queries = [{"id": f"q{number}", "title": documents[number]["title"]} for number in range(20)]
    done = rank(tmp_path, queries, documents, top=500)
    assert [line["id"] for line in done.lines] == [query["id"] for query in queries]
    for line in done.lines:
        scores = [score for _, score in line["ranked"]]
        assert all(math.isfinite(score) for score in scores)
        assert scores == sorted(scores, reverse=True)
        names = [name for name, _ in line["ranked"]]
        assert len(set(names)) == len(names) <= 200
    few = rank(tmp_path, queries, documents, top=5)
    assert [line["ranked"] for line in few.lines] == [line["ranked"][:5] for line in done.lines]


def test_the_same_again_is_the_same_bytes_and_the_order_of_lines_moves_no_score(tmp_path: Path) -> None:
    queries = [{"id": "a", "title": "焊工"}, {"id": "b", "text": "做账"}]
    first = rank(tmp_path, queries)
    assert rank(tmp_path, queries).raw == first.raw
    turned = rank(tmp_path, queries[::-1], DOCUMENTS[::-1])
    assert {line["id"]: dict(map(tuple, line["ranked"])) for line in turned.lines} == {
        line["id"]: dict(map(tuple, line["ranked"])) for line in first.lines
    }


def test_a_query_is_answered_the_same_in_any_company(tmp_path: Path) -> None:
    alone = rank(tmp_path, [{"id": "a", "title": "焊工"}]).lines[0]
    among = rank(tmp_path, [{"id": str(number), "title": "会计"} for number in range(70)] + [{"id": "a", "title": "焊工"}]).lines[-1]
    assert among == alone


def test_ids_may_be_numbers_and_come_back_as_they_were(tmp_path: Path) -> None:
    done = rank(
        tmp_path, [{"id": 7, "title": "焊工"}], [{"id": 1, "title": "会计"}, {"id": 2, "title": "焊工"}, {"id": "2", "title": "护士"}]
    )
    assert done.lines[0]["id"] == 7
    assert done.lines[0]["ranked"][0][0] == 2
    assert {name for name, _ in done.lines[0]["ranked"]} == {1, 2, "2"}
    assert not done.rejected


def test_a_side_may_lack_title_or_text_but_not_both(tmp_path: Path) -> None:
    documents = [
        {"id": "t", "title": "焊工"}, {"id": "x", "text": "焊工"}, {"id": "n", "title": None, "text": "焊接"}, {"id": "no"},
        {"id": "blank", "title": " ", "text": ""}, {"title": "焊工"}, {"id": "num", "title": 5}, "焊工",
    ]  # fmt: skip
    done = rank(tmp_path, [{"id": "q", "text": "焊工"}, {"id": "none"}], documents)
    assert done.code == 0
    assert [line["id"] for line in done.lines] == ["q"]
    assert {name for name, _ in done.lines[0]["ranked"]} == {"t", "x", "n"}
    assert [(Path(line["file"]).name, line["line"]) for line in done.rejected] == [
        ("q.jsonl", 2), *[("d.jsonl", number) for number in (4, 5, 6, 7, 8)]
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["的", "🙂", "!!!", "女", "35岁以下", "\u200b。", "a" * 50_000, "工" * 50_000])
def test_odd_texts_are_answered_all_the_same(tmp_path: Path, text: str) -> None:
    done = rank(tmp_path, [{"id": "q", "title": text}, {"id": "r", "text": text}], [*DOCUMENTS, {"id": "odd", "title": text, "text": text}])
    assert len(done.lines) == 2
    for line in done.lines:
        assert all(math.isfinite(score) for _, score in line["ranked"])


def test_a_line_nested_too_deep_is_rejected_like_any_other(tmp_path: Path) -> None:
    done = rank(
        tmp_path, [{"id": "q", "title": "焊工"}], ['{"id": "deep", "title": "焊工", "x": ' + "[" * 1010 + "]" * 1010 + "}", *DOCUMENTS]
    )
    assert [line["line"] for line in done.rejected] == [1]
    assert best(done) == ["weld"]


def test_unknown_fields_are_ignored_and_known_words_need_no_company(tmp_path: Path) -> None:
    plain = rank(tmp_path, [{"id": "q", "title": "焊工"}])
    more = rank(tmp_path, [{"id": "q", "title": "焊工", "occupation_code": "2-06-03-00", "label": 1}])
    assert more.raw == plain.raw


def test_empty_files_and_top_unsaid(tmp_path: Path) -> None:
    assert rank(tmp_path, []).raw == b""
    assert json.loads(rank(tmp_path, [{"id": "q", "title": "焊工"}], []).raw)["ranked"] == []
    many = [{"id": f"d{number}", "title": f"焊工{number}"} for number in range(30)]
    assert len(rank(tmp_path, [{"id": "q", "title": "焊工"}], many, top=None).lines[0]["ranked"]) == 20
    assert rank(tmp_path, [{"id": "q", "title": "焊工"}], top=0).code == 2
