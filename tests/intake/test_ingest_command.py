"""``gongqiao ingest``: files of three kinds, rejected lines, the same file again, beside a running exchange, and the real files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook
from sqlalchemy import select

from infra.commands.ingest import _receive, command
from infra.composition import exchange
from infra.data_dir import only_one
from infra.settings import Settings
from streams.intake import queries
from streams.intake.tables import postings
from streams.runtime.messages import from_json
from tests.intake.conftest import PERSON, POSTING
from tests.reference_data import reference_data

ROOT = Path(__file__).parents[2]
CSV = """id,title,company,region,education,salary_min,salary_max,published,description
A-1,焊工,太原某某机械制造有限公司,太原,大专,5000,7000,2025-02-19,负责结构件焊接
A-2,会计,太原某某机械制造有限公司,太原,不限制,0,0,2025-02-19,做账报税，限女性
A-3,,太原某某机械制造有限公司,太原,不限制,4000,5000,2025-02-19,没有名称
"""
MAPPING = """
kind: postings
constants: {source: enterprise}
fields:
  source_id: id
  title: title
  description: description
  employer.name: company
  employer.employer_id: {read: name_id, from: company}
  region: {read: place, from: [region]}
  education_min: {read: education, from: education}
  pay: {read: pay_range, min: salary_min, max: salary_max, unit: month}
  published_at: {read: instant, from: published}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def ingest(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--data-dir", str(folder / "data")])


@contextmanager
def states(folder: Path) -> Iterator[dict[str, int]]:
    with exchange(Settings(data_dir=folder / "data"), run=False) as opened, opened.reading() as connection:
        yield queries.counts(connection)


def test_a_table_goes_in_with_its_mapping_and_is_summed_up(folder: Path) -> None:
    result = ingest(folder, "--mapping", str(folder / "m.yaml"), str(folder / "list.csv"))
    assert result.exit_code == 0, result.output
    assert "3 lines, 2 received, 0 unchanged, 1 rejected" in result.stdout
    assert "1 published, 1 held" in result.stdout
    assert "held by rule: sex 1" in result.stdout
    rejected = [json.loads(line) for line in (folder / "list.csv.rejected.jsonl").read_text().splitlines()]
    assert rejected == [{"file": str(folder / "list.csv"), "line": 4, "field": "title", "reason": "title: required"}]


ODD = {
    "O-1": {"title": "焊工", "pay": {"min": 5000, "max": 7000, "unit": "month"}},
    "O-2": {"title": "钳工", "pay": {"min": 10**12, "max": 10**12, "unit": "month"}},
    "O-3": {"title": "电工", "pay": {"min": -1, "unit": "month"}},
    "O-4": {"title": "车工\x00", "description": "开车床\x1b，两班倒"},
    "O-5": {"title": "木工", "apply_by": "民国115年12月20日"},
    "O-6": {"title": "瓦工", "apply_by": "佛历2569年12月20日"},
    "O-7": {"title": "油工", "apply_by": "令和8年12月20日"},
    "O-8": {"title": "铆工", "apply_by": "2026年12月20日"},
    "O-9": {"title": "漆工", "apply_by": "农历十一月十二"},
    "O-10": {"title": "=1+1", "description": '=HYPERLINK("x")'},
    "O-11": {f"field_{number}": number for number in range(10_000)} | {"title": "磨工"},
    "O-12": {"title": "铣工\ud800"},
}


def test_of_an_odd_file_the_good_part_goes_through_and_the_rest_says_why(folder: Path) -> None:
    employer = {"name": "太原某某机械制造有限公司", "employer_id": "e-odd"}
    rows = [{"source": "enterprise", "source_id": id_, "employer": employer, "region": "140105", **odd} for id_, odd in ODD.items()]
    lines = [json.dumps(row) for row in rows] + ["{", "[1]", "null", '"' + "x" * 70_000 + '"', '{"title": "焊工", "title": "车工"}']
    (folder / "odd.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = ingest(folder, str(folder / "odd.jsonl"))
    assert result.exit_code == 0, result.output
    assert "17 lines, 9 received, 0 unchanged, 8 rejected" in result.stdout
    rejected = [json.loads(line) for line in (folder / "odd.jsonl.rejected.jsonl").read_text().splitlines()]
    assert [(one["line"], one["field"]) for one in rejected[:2]] == [(3, "pay.min"), (9, "apply_by")]
    assert [one["line"] for one in rejected[2:]] == [12, 13, 14, 15, 16, 17]
    assert "title: given twice" in rejected[-1]["reason"]
    assert all(one["reason"] for one in rejected)
    with exchange(Settings(data_dir=folder / "data"), run=False) as opened, opened.reading() as connection:
        found = {row.source_id: from_json(row.doc) for row in connection.execute(select(postings.c.source_id, postings.c.doc))}
    assert {found[id_]["apply_by"] for id_ in ("O-5", "O-6", "O-7", "O-8")} == {"2026-12-20"}
    assert found["O-1"]["pay"] == {"min": 5000, "max": 7000, "unit": "month"}
    assert "min" not in (found["O-2"].get("pay") or {})
    assert (found["O-4"]["title"], found["O-4"]["description"]) == ("车工", "开车床，两班倒")


def test_the_same_file_again_changes_nothing(folder: Path) -> None:
    ingest(folder, "--mapping", str(folder / "m.yaml"), str(folder / "list.csv"))
    with exchange(Settings(data_dir=folder / "data"), run=False) as opened, opened.reading() as connection:
        before = opened.log.end(connection)
    result = ingest(folder, "--mapping", str(folder / "m.yaml"), str(folder / "list.csv"))
    assert "0 received, 2 unchanged, 1 rejected" in result.stdout
    with exchange(Settings(data_dir=folder / "data"), run=False) as opened, opened.reading() as connection:
        assert opened.log.end(connection) == before


def test_a_run_that_was_broken_off_goes_on_where_it_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header, *lines = CSV.splitlines()
    many = [line.replace(line[:3], f"B-{n}", 1) for n, line in enumerate(lines[:1] * 3 + lines[2:] + lines[:1] * 3)]
    (folder / "list.csv").write_text("\n".join([header, *many]) + "\n", encoding="utf-8")
    monkeypatch.setattr("infra.commands.ingest.BATCH", 2)
    arguments = ("--mapping", str(folder / "m.yaml"), str(folder / "list.csv"))
    batches = []

    def power_fails(*given: Any) -> list[Any]:
        batches.append(given)
        if len(batches) == 3:
            raise KeyboardInterrupt
        return _receive(*given)

    with monkeypatch.context() as broken:
        broken.setattr("infra.commands.ingest._receive", power_fails)
        assert ingest(folder, *arguments).exit_code != 0
    result = ingest(folder, *arguments)
    assert "going on after line 5" in result.stderr
    assert "7 lines, 6 received, 0 unchanged, 1 rejected" in result.stdout
    assert [json.loads(line)["line"] for line in (folder / "list.csv.rejected.jsonl").read_text().splitlines()] == [5]
    assert list((folder / "data" / "ingest").iterdir()) == []
    assert "going on" not in ingest(folder, *arguments).stderr


def test_an_old_file_of_rejected_lines_is_removed_when_nothing_is_rejected_any_more(folder: Path) -> None:
    ingest(folder, "--mapping", str(folder / "m.yaml"), str(folder / "list.csv"))
    (folder / "list.csv").write_text(CSV.replace("A-3,,", "A-3,电工,"), encoding="utf-8")
    ingest(folder, "--mapping", str(folder / "m.yaml"), str(folder / "list.csv"))
    assert not (folder / "list.csv.rejected.jsonl").exists()


def test_a_list_confirms_what_it_holds_and_an_object_says_itself_when_it_was_published(folder: Path) -> None:
    (folder / "old.jsonl").write_text(json.dumps({**POSTING, "published_at": "2025-02-19"}), encoding="utf-8")
    ingest(folder, "--mapping", str(folder / "m.yaml"), "--as-of", "2026-11-02", str(folder / "list.csv"))
    ingest(folder, "--as-of", "2026-11-02", str(folder / "old.jsonl"))
    with states(folder) as counts:
        assert counts == {"published": 1, "held": 1, "expired": 1}


def test_the_same_list_weeks_later_confirms_what_it_holds(folder: Path) -> None:
    outcomes = [
        ingest(folder, "--mapping", str(folder / "m.yaml"), "--as-of", day, str(folder / "list.csv")).stdout
        for day in ("2026-11-02", "2026-11-08", "2026-11-10", "2026-11-11")
    ]
    assert ["unchanged" in outcome and "confirmed" in outcome for outcome in outcomes] == [False, False, True, False]
    with exchange(Settings(data_dir=folder / "data"), run=False) as opened, opened.reading() as connection:
        assert queries.published(connection)[0]["last_open_day"] == "2027-01-09"


def test_as_of_is_the_day_on_which_the_files_are_taken_in(folder: Path) -> None:
    (folder / "p.jsonl").write_text(json.dumps({**POSTING, "published_at": None}), encoding="utf-8")
    ingest(folder, "--as-of", "2026-11-02", str(folder / "p.jsonl"))
    with exchange(Settings(data_dir=folder / "data"), run=False) as opened, opened.reading() as connection:
        assert queries.published(connection)[0]["last_open_day"] == "2027-01-01"


def test_people_and_employers_go_in_too(folder: Path) -> None:
    (folder / "people.jsonl").write_text(json.dumps(PERSON) + "\n{broken\n", encoding="utf-8")
    (folder / "employers.jsonl").write_text(json.dumps({"employer_id": "e-1", "name": "太原某某机械制造有限公司"}), encoding="utf-8")
    assert "1 received, 0 unchanged, 1 rejected" in ingest(folder, "--kind", "people", str(folder / "people.jsonl")).stdout
    assert "1 received" in ingest(folder, "--kind", "employers", str(folder / "employers.jsonl")).stdout
    assert PERSON["private"]["name"] not in (folder / "people.jsonl.rejected.jsonl").read_text()
    with exchange(Settings(data_dir=folder / "data"), run=False) as opened, opened.reading() as connection:
        assert queries.person(connection, "u-7") is not None
        assert queries.employer(connection, "e-1") is not None


def test_a_workbook_with_chinese_headings_goes_in_without_a_mapping(folder: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["编号", "单位名称", "岗位名称", "工作地点", "薪资待遇", "招聘人数", "学历要求", "联系电话"])
    sheet.append(["1", "太原某某酒店有限公司", "客房服务员", "太原市迎泽区", "3500-4500元/月", "招3人", "不限", "13800138000"])
    book.save(folder / "list.xlsx")
    assert "1 received" in ingest(folder, str(folder / "list.xlsx")).stdout
    with exchange(Settings(data_dir=folder / "data"), run=False) as opened, opened.reading() as connection:
        posting = queries.published(connection)[0]["posting"]
    assert (posting["region"], posting["headcount"], posting["education_min"]) == ("140106", 3, "90")
    assert posting["pay"] == {"min": 3500.0, "max": 4500.0, "unit": "month"}
    assert "13800138000" not in str(posting)


def test_source_says_where_all_lines_come_from(folder: Path) -> None:
    line = {name: value for name, value in POSTING.items() if name != "source"} | {"market_id": "m-1"}
    (folder / "p.jsonl").write_text(json.dumps(line), encoding="utf-8")
    assert "1 received" in ingest(folder, "--source", "gig_market", str(folder / "p.jsonl")).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Missing argument"),
        (["--kind", "cats", "list.csv"], 2, "'cats' is not one of"),
        (["--mapping", "nowhere.yaml", "list.csv"], 2, "nowhere.yaml"),
        (["--kind", "people", "--mapping", "m.yaml", "list.csv"], 2, "it is for postings"),
        (["nowhere.csv"], 1, "no such file"),
        (["--kind", "people", "--source", "enterprise", "list.csv"], 2, "--source"),
    ],
)
def test_usage_errors_say_what_was_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str
) -> None:
    monkeypatch.chdir(folder)
    result = ingest(folder, *arguments)
    assert (result.exit_code, words in result.stderr) == (code, True), result.stderr


def test_one_file_that_cannot_be_read_does_not_stop_the_others(folder: Path) -> None:
    result = ingest(folder, "--mapping", str(folder / "m.yaml"), str(folder / "nowhere.csv"), str(folder / "list.csv"))
    assert result.exit_code == 1
    assert "2 received" in result.stdout


def test_a_second_process_brings_a_file_to_a_running_exchange(folder: Path) -> None:
    """The exchange that runs holds the directory; the other process appends to the same file and waits for it."""
    settings = Settings(data_dir=folder / "data")
    with only_one(settings.data_dir), exchange(settings) as running:
        arguments = ["ingest", "--mapping", str(folder / "m.yaml"), "--data-dir", str(settings.data_dir), "list.csv"]
        done = subprocess.run(
            [sys.executable, "-c", "from infra.cli import main; main()", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "1 published, 1 held" in done.stdout
        with running.reading() as connection:
            assert queries.counts(connection) == {"published": 1, "held": 1}


@pytest.mark.parametrize(("file", "least_published"), [("postings_shanxi", 0.85), ("postings_public_service", 0.85)])
def test_the_real_files_go_through(tmp_path: Path, file: str, least_published: float) -> None:
    """Of each file at most 5 % is rejected and at least 85 % published."""
    shared = reference_data("data", "dev", f"{file}.csv")
    (tmp_path / shared.name).symlink_to(shared)
    result = ingest(tmp_path, "--mapping", file, str(tmp_path / shared.name))
    assert result.exit_code == 0, result.output
    lines, rejected = (int(number) for number in re.findall(r"(\d+) lines,.* (\d+) rejected", result.stdout)[0])
    published = int(re.findall(r"(\d+) published", result.stdout)[0])
    assert rejected <= 0.05 * lines
    assert published >= least_published * lines
