"""Files as sources send them: encodings, separators, workbooks, lines; what is bad is set aside, what cannot be read says why."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from streams.intake.files import MOST_COLUMNS, MOST_LINE_BYTES, BadLine, FileError, header_of, read_rows

ROWS = [(2, {"岗位": "焊工", "单位": "太原,某", "工资": "5千"}), (3, {"岗位": "钳工", "工资": "6千"})]


def bad_and_rows(path: Path) -> tuple[list[BadLine], list[tuple[int, dict[str, object]]]]:
    bad: list[BadLine] = []
    return bad, list(read_rows(path, on_bad=bad.append))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_table_is_read_in_any_encoding_and_with_any_separator(tmp_path: Path, encoding: str, mark: str) -> None:
    path = tmp_path / "jobs.csv"
    text = "\r\n".join(mark.join(cells) for cells in (["岗位", "单位", "工资"], ["焊工", '"太原,某"', "5千"], ["钳工", "", "6千"]))
    path.write_bytes(text.encode(encoding))
    assert bad_and_rows(path) == ([], ROWS)


def test_a_field_may_hold_line_breaks_and_lines_are_counted_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text('岗位,描述\n焊工,"一\n二"\n\n钳工,三\n', encoding="utf-8")
    assert list(read_rows(path)) == [(2, {"岗位": "焊工", "描述": "一\n二"}), (5, {"岗位": "钳工", "描述": "三"})]


def test_a_row_with_a_field_too_many_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text("a,b\n1,2,3\n4,5\n", encoding="utf-8")
    bad, rows = bad_and_rows(path)
    assert [item.line for item in bad] == [2]
    assert rows == [(3, {"a": "4", "b": "5"})]


def test_reading_goes_on_after_a_line_already_done(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text("a\n1\n2\n3\n", encoding="utf-8")
    assert [line for line, _ in read_rows(path, after_line=3)] == [4]


def test_a_repeated_or_empty_column_name_is_numbered(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text("a,a,\n1,2,3\n", encoding="utf-8")
    assert list(read_rows(path)) == [(2, {"a": "1", "a#2": "2", "column_3": "3"})]


def test_lines_of_json_are_objects_and_broken_ones_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    path.write_text('\ufeff{"a": 1}\n[1]\n{"a":\n\n{"b": "\\ud800"}\n{"c": 2}', encoding="utf-8")
    bad, rows = bad_and_rows(path)
    assert rows == [(1, {"a": 1}), (6, {"c": 2})]
    assert [item.line for item in bad] == [2, 3, 5]


def test_a_workbook_is_read_with_its_title_row_total_row_numbers_and_days(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["岗位需求表"])
    sheet.merge_cells("A1:C1")
    sheet.append(["岗位", "人数", "日期"])
    sheet.append(["焊工", 3.0, date(2026, 1, 2)])
    sheet.append(["钳工", "2", None])
    sheet.append(["合计", 5, None])
    path = tmp_path / "jobs.xlsx"
    book.save(path)
    assert list(read_rows(path)) == [(3, {"岗位": "焊工", "人数": "3", "日期": "2026-01-02"}), (4, {"岗位": "钳工", "人数": "2"})]


def test_a_packed_file_that_unpacks_to_a_mountain_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (40 << 20))
    with pytest.raises(FileError, match="unpacks to"):
        list(read_rows(path))


def test_of_ten_thousand_columns_the_first_thousand_are_read_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("a," + ",".join(f"c{n}" for n in range(10_000)) + "\n" + ",".join("1" * 10_001) + "\n", encoding="utf-8")
    bad, rows = bad_and_rows(path)
    assert [item.line for item in bad] == [1]
    assert "10001 columns" in bad[0].reason
    assert len(rows[0][1]) == MOST_COLUMNS
    assert rows[0][1]["a"] == "1"


def test_columns_without_a_name_to_the_right_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "phantom.csv"
    path.write_text("a" + "," * 16_000 + "\n1" + "," * 16_000 + "\n", encoding="utf-8")
    assert bad_and_rows(path) == ([], [(2, {"a": "1"})])


def test_a_line_without_an_end_is_set_aside_and_the_next_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n1,2\n" + b"x" * (MOST_LINE_BYTES * 2 + 5) + b"\n3,4\n")
    bad, rows = bad_and_rows(path)
    assert [row for _, row in rows] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert "longer than" in bad[0].reason


def test_a_forgotten_quotation_mark_costs_what_it_swallows_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "quote.csv"
    path.write_text('a,b\n1,"2\n' + "3,4\n" * 40_000, encoding="utf-8")
    bad, rows = bad_and_rows(path)
    assert len(bad) == 1
    assert "quotation mark" in bad[0].reason
    assert len(rows) > 20_000


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_file_is_never_held_whole(tmp_path: Path, kind: str) -> None:
    path, text = tmp_path / f"large.{kind}", "按图纸焊接钢架" * 100
    line = f"焊工,{text}\n" if kind == "csv" else f'{{"岗位": "焊工", "描述": "{text}"}}\n'
    with path.open("w", encoding="utf-8") as out:
        out.write("岗位,描述\n" if kind == "csv" else "")
        out.writelines(line for _ in range(6_000))
    assert path.stat().st_size > 12 << 20
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_rows(path)) == 6_000
        assert tracemalloc.get_traced_memory()[1] < 6 << 20  # pieces of a megabyte, decoded
    finally:
        tracemalloc.stop()


def saved(tmp_path: Path, rows: list[list[object]], merged: tuple[str, ...] = ()) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    path = tmp_path / "jobs.xlsx"
    book.save(path)
    return path


def test_a_heading_of_two_rows_names_each_column_once(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["2026年用工需求表"],
        ["单位", "岗位信息", None, "薪资待遇", None],
        [None, "岗位名称", "人数", "最低", "最高"],
        ["某厂", "焊工", 3, 5000, 7000],
    ]
    path = saved(tmp_path, rows, ("A1:E1", "A2:A3", "B2:C2", "D2:E2"))
    expected = {"单位": "某厂", "岗位名称": "焊工", "人数": "3", "薪资待遇-最低": "5000", "薪资待遇-最高": "7000"}
    assert bad_and_rows(path) == ([], [(4, expected)])
    assert header_of(path) == list(expected)


def test_a_heading_of_two_rows_in_a_table_of_text_too(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text("单位,薪资待遇,\n,最低,最高\n某厂,5000,7000\n", encoding="utf-8")
    assert bad_and_rows(path) == ([], [(3, {"单位": "某厂", "薪资待遇-最低": "5000", "薪资待遇-最高": "7000"})])


def test_a_cell_merged_downwards_counts_for_every_row_it_spans(tmp_path: Path) -> None:
    rows: list[list[object]] = [["单位", "岗位"], ["某厂", "焊工"], [None, "钳工"], ["某店", "店员"], [None, "收银员"]]
    path = saved(tmp_path, rows, ("A2:A3",))
    assert [row for _, row in bad_and_rows(path)[1]] == [
        {"单位": "某厂", "岗位": "焊工"},
        {"单位": "某厂", "岗位": "钳工"},
        {"单位": "某店", "岗位": "店员"},
        {"岗位": "收银员"},
    ]


@pytest.mark.parametrize("total", ["合计", "总 计", "小计：", "本页合计", "共计12人"])
def test_rows_that_add_up_and_repeated_headings_are_no_data(tmp_path: Path, total: str) -> None:
    path = saved(
        tmp_path, [["单位", "岗位", "人数"], ["某厂", "焊工", 5], ["单位", "岗位", "人数"], ["某店", "店员", 7], [total, None, 12]]
    )
    assert [row["岗位"] for _, row in bad_and_rows(path)[1]] == ["焊工", "店员"]


def test_the_table_may_stand_on_a_later_sheet(tmp_path: Path) -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first.append(["填表说明"])
    book.create_sheet("岗位").append(["岗位", "人数"])
    book["岗位"].append(["焊工", 3])
    path = tmp_path / "jobs.xlsx"
    book.save(path)
    assert [row for _, row in bad_and_rows(path)[1]] == [{"岗位": "焊工", "人数": "3"}]


def test_a_formula_without_a_stored_value_sets_its_row_aside(tmp_path: Path) -> None:
    path = saved(tmp_path, [["岗位", "工资"], ["焊工", "=5000+1"], ["钳工", 6000]])
    bad, rows = bad_and_rows(path)
    assert [(item.line, "formulas" in item.reason) for item in bad] == [(2, True)]
    assert [row for _, row in rows] == [{"岗位": "钳工", "工资": "6000"}]


def test_a_formula_in_a_table_of_text_is_text(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text('编号,岗位\n"=""00123""","=HYPERLINK(1)"\n', encoding="utf-8")
    assert bad_and_rows(path)[1] == [(2, {"编号": "00123", "岗位": "=HYPERLINK(1)"})]


def test_a_workbook_whose_texts_unpack_to_a_mountain_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "texts.xlsx"
    noise = bytes(n * 7 % 251 for n in range(1 << 20))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("xl/sharedStrings.xml", noise * 101)
    with pytest.raises(FileError, match="shared texts"):
        list(read_rows(path))


def test_entities_that_multiply_do_not(tmp_path: Path) -> None:
    path = saved(tmp_path, [["岗位", "人数"], ["焊工", 3]])
    bomb = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {name} "{("&" + before + ";") * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with zipfile.ZipFile(path) as packed:
        parts = {item.filename: packed.read(item) for item in packed.infolist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode().replace("焊工", "&i;")
    parts["xl/worksheets/sheet1.xml"] = f"{bomb}]>{sheet}".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    try:
        bad, rows = bad_and_rows(path)
    except FileError:
        return
    assert rows == []
    assert "breaks off" in bad[0].reason


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("jobs.xls", b"x", "unknown kind"),
        ("jobs.csv", b"", "empty"),
        ("jobs.csv", b"\xff\xfe\xfd\x81\xff\xff\xff" * 3, "UTF"),
        ("jobs.csv", b"PK\x03\x04zip", "packed"),
        ("jobs.xlsx", b"hello", "not an XLSX"),
    ],
)
def test_a_file_that_cannot_be_read_says_which_why_and_what_to_do(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises((FileError, UnicodeError)) as error:
        list(read_rows(path))
    assert isinstance(error.value, FileError)
    assert says in str(error.value)
    assert name in str(error.value)
    assert error.value.advice


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        read_rows(tmp_path / "nothing.csv")


def test_progress_ends_at_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text("a\n" + "1\n" * 50, encoding="utf-8")
    seen: list[tuple[int, int]] = []
    list(read_rows(path, progress=lambda done, of: seen.append((done, of))))
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


CELL = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cn", "Co")), min_size=1, max_size=12)


@settings(max_examples=60)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
def test_what_was_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], encoding: str) -> None:
    import csv

    path = tmp_path_factory.mktemp("tables") / "t.csv"
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["甲", "乙", "丙"], *table])
    path.write_bytes(buffer.getvalue().encode(encoding))
    assert [row for _, row in read_rows(path)] == [dict(zip(["甲", "乙", "丙"], cells, strict=True)) for cells in table]
