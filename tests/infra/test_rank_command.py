from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from infra.commands.rank import command


def lines(path, *objects):
    path.write_text("".join(f"{given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)}\n" for given in objects))
    return path


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def files(tmp_path):
    queries = lines(tmp_path / "q.jsonl", {"id": "q1", "title": "电焊工"}, {"id": "q2", "text": "打扫卫生"})
    documents = lines(
        tmp_path / "d.jsonl", {"id": "d1", "title": "焊工"}, {"id": "d2", "text": "清洁办公楼"}, {"id": "d3", "title": "会计"}
    )
    return queries, documents, tmp_path / "out.jsonl"


def run(queries, documents, output, *more):
    return CliRunner().invoke(
        command, ["--queries", str(queries), "--documents", str(documents), "--top", "2", "--output", str(output), *more]
    )


def test_each_query_gets_its_best_documents(files):
    result = run(*files)
    assert result.exit_code == 0, result.output
    first, second = read(files[2])
    assert first["id"] == "q1"
    assert first["ranked"][0][0] == "d1"
    assert second["ranked"][0][0] == "d2"
    assert all(len(answer["ranked"]) == 2 for answer in (first, second))
    assert not files[2].with_name("out.jsonl.rejected.jsonl").exists()


def test_bad_lines_go_beside_the_output_and_the_last_of_an_id_counts(files):
    _, documents, output = files
    lines(
        documents,
        {"id": "d1", "title": "会计"},
        "not json",
        {"id": "d2"},
        {"title": "焊工"},
        {"id": "d1", "title": "焊工"},
        {"id": "d4", "title": 4},
    )
    result = run(*files)
    assert result.exit_code == 0, result.output
    assert read(output)[0]["ranked"][0][0] == "d1"
    rejected = read(output.with_name("out.jsonl.rejected.jsonl"))
    assert sorted(line["line"] for line in rejected) == [1, 2, 3, 4, 6]
    assert all(line["file"] == str(documents) and line["reason"] for line in rejected)
    assert next(line for line in rejected if line["line"] == 1)["reason"].startswith("superseded")


def test_an_old_rejected_file_is_removed_when_nothing_is_rejected(files):
    old = lines(files[2].with_name("out.jsonl.rejected.jsonl"), {"line": 1})
    assert run(*files).exit_code == 0
    assert not old.exists()


def test_an_output_that_is_an_input_is_a_usage_error(files):
    before = files[0].read_text()
    assert run(files[0], files[1], files[0]).exit_code == 2
    assert files[0].read_text() == before


def test_no_documents_give_empty_rankings(files):
    lines(files[1])
    assert run(*files).exit_code == 0
    assert [answer["ranked"] for answer in read(files[2])] == [[], []]
