"""A proposed mapping is one that can be used: headings as people write them, and columns whose values alone say what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from infra.commands.mapping import command
from streams.intake.mapping import load_mapping, parse_mapping
from streams.intake.suggestion import likeness, suggest

ROW = {
    "序号": "1",
    "用人单位（全称）": "太原某某机械制造有限公司",
    "*招聘岗位": "焊工",
    "需求人数(人)": "3",
    "学历": "中专",
    "月薪（元）": "5000-7000",
    "工作地点": "太原市小店区",
    "岗位职责": "焊接钢结构件",
    "福利": "包住",
    "联系人": "王女士",
    "联系电话": "13800138000",
}


def rows(changes: dict[str, str] | None = None, number: int = 5) -> list[dict[str, str]]:
    return [{**ROW, **(changes or {}), "序号": str(n)} for n in range(number)]


def fields(sample: list[dict[str, str]], **how: Any) -> dict[str, Any]:
    return suggest(list(sample[0]), sample, **how).fields


def test_headings_as_employers_write_them_become_fields() -> None:
    found = fields(rows())
    assert found["title"] == "*招聘岗位"
    assert found["employer.name"] == "用人单位（全称）"
    assert found["headcount"] == {"read": "headcount", "from": "需求人数(人)"}
    assert found["pay"] == {"read": "pay", "from": "月薪（元）", "unit": "month"}
    assert found["description"] == {"from": ["岗位职责", "福利"], "join": "\n"}
    assert (found["contact.person"], found["contact.phone"]) == ("联系人", "联系电话")


@pytest.mark.parametrize("heading", ["描述", "岗位描述", "职位详情", "详细描述"])
def test_a_description_goes_by_several_headings(heading: str) -> None:
    sample = [{"岗位名称": "焊工", "单位名称": "样例公司", heading: "按图纸焊接钢架，包住。"}]
    assert fields(sample)["description"] == heading


def test_what_is_proposed_can_be_used_and_says_how_many_rows_it_takes() -> None:
    made = suggest(list(ROW), [*rows(), {**ROW, "*招聘岗位": ""}])
    applied = parse_mapping(made.text).apply(ROW)
    assert applied.value["title"] == "焊工"
    assert applied.value["region"] == "140105"
    assert {"min": 5000, "max": 7000, "unit": "month"}.items() <= applied.value["pay"].items()
    assert (made.rows, made.taken) == (6, 5)
    assert list(made.faults) == ["title: required"]


def test_two_columns_of_numbers_are_a_range_by_the_unit_of_their_heading() -> None:
    sample = [{"岗位": "普工", "日薪最低": "150", "日薪最高": "200"} for _ in range(4)]
    assert fields(sample)["pay"] == {"read": "pay_range", "min": "日薪最低", "max": "日薪最高", "unit": "day"}


def test_a_column_is_known_by_its_values_where_its_heading_says_nothing() -> None:
    found = fields(rows({"栏目甲": "91140100MA0GQ00019", "栏目乙": "13900139000", "联系电话": ""}))
    assert found["employer.uscc"] == {"read": "uscc", "from": "栏目甲"}
    assert found["contact.phone"] in ("联系电话", "栏目乙")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (["岗位名称", "单位名称", "月薪"], "postings"),
        (["姓名", "身份证号", "求职意向"], "people"),
        (["单位名称", "统一社会信用代码", "参保人数"], "employers"),
    ],
)
def test_the_kind_follows_from_the_headings(header: list[str], kind: str) -> None:
    assert suggest(header, []).kind == kind


@pytest.mark.parametrize("name", ["people_generic", "employers_generic"])
def test_people_and_employers_get_the_fields_of_the_shipped_mapping(name: str) -> None:
    shipped = load_mapping(name)
    header = [next(iter(names)) if isinstance(names := settings.get("from", settings.get("title")), list) else names
              for settings in shipped.fields.values()]  # fmt: skip
    made = suggest(list(dict.fromkeys(header)), [], kind=shipped.kind)
    assert set(made.fields) >= set(shipped.fields) - {"experience", "categories"}
    assert parse_mapping(made.text).kind == shipped.kind


def test_spelling_counts_for_less_than_the_word() -> None:
    assert likeness("岗位名称", ["岗位名称"]) == 1.0
    assert likeness("招聘岗位名称", ["岗位名称"]) < 1.0
    assert likeness("颜色", ["岗位名称", "岗位"]) == 0.0


@settings(max_examples=60)
@example(["岗位", "\x1b", "甲\n乙\u2028丙"], "")
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8, unique=True), st.text(max_size=20))
def test_any_headings_give_a_mapping_that_is_understood_or_none(header: list[str], value: str) -> None:
    made = suggest(header, [dict.fromkeys(header, value)] * 3)
    if made.fields:
        parse_mapping(made.text)


def test_the_command_reads_a_workbook_and_writes_the_file_once(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["用工需求表"])
    sheet.append(list(ROW))
    for row in rows():
        sheet.append(list(row.values()))
    book.save(tmp_path / "jobs.xlsx")
    arguments = ["suggest", str(tmp_path / "jobs.xlsx"), "--output", str(tmp_path / "m.yaml")]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    assert load_mapping(tmp_path / "m.yaml").apply(ROW).value["title"] == "焊工"
    assert "5 of the first 5 rows" in result.stderr
    assert "王女士" not in result.output
    assert CliRunner().invoke(command, arguments).exit_code == 2


def test_a_file_without_known_headings_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    result = CliRunner().invoke(command, ["suggest", str(tmp_path / "x.csv")])
    assert result.exit_code == 1
    assert "no heading was recognised" in result.stderr
