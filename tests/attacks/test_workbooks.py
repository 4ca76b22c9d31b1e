"""Workbooks made to harm: small packed and huge in memory, keeping a reader busy, naming files outside, asking for those of others."""

from __future__ import annotations

import random
import tracemalloc
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from streams.intake import workbooks
from streams.intake.files import BadLine, FileError, read_rows

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # openpyxl says so where a workbook is odd
SHEET = "xl/worksheets/sheet1.xml"
HEAD = '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
HEADING = '<row r="1"><c r="A1" t="inlineStr"><is><t>岗位</t></is></c><c r="B1" t="inlineStr"><is><t>人数</t></is></c></row>'
TAIL = "</sheetData></worksheet>"
MEGABYTE = 1 << 20
MEMORY = 64 * MEGABYTE


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, bytes]:
    """The parts of a workbook that is all right."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["岗位", "人数"])
    sheet.append(["焊工", 3])
    path = tmp_path / "fine.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as packed:
        return {item.filename: packed.read(item) for item in packed.infolist()}


def packed(folder: Path, parts: dict[str, bytes], *, ballast: int = 0) -> Path:
    """A workbook of these parts; ``ballast`` bytes that do not pack keep its ratio within what is usual."""
    path = folder / "attack.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
        if ballast:
            made.writestr("xl/media/image1.png", random.Random(1).randbytes(ballast))
    return path


def outcome(path: Path) -> tuple[list[dict[str, object]], list[BadLine], str]:
    """The rows, the lines set aside, and why the file was refused ("": it was not)."""
    bad: list[BadLine] = []
    rows: list[dict[str, object]] = []
    try:
        rows.extend(row for _, row in read_rows(path, on_bad=bad.append))
    except FileError as error:
        return rows, bad, str(error)
    return rows, bad, ""


def test_the_workbook_that_is_all_right_is_read(tmp_path: Path, parts: dict[str, bytes]) -> None:
    assert outcome(packed(tmp_path, parts, ballast=1000)) == ([{"岗位": "焊工", "人数": "3"}], [], "")


def test_parts_that_share_their_packed_bytes_count_each(tmp_path: Path) -> None:
    """A bomb without nesting: hundreds of entries that all point at the same packed megabytes."""
    path = tmp_path / "shared.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/worksheets/a.xml", random.Random(2).randbytes(1000) * 200)
        first = made.infolist()[0]
        for number in range(400):
            again = zipfile.ZipInfo(f"xl/worksheets/{number}.xml")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type", "flag_bits"):
                setattr(again, name, getattr(first, name))
            made.filelist.append(again)
            made.NameToInfo[again.filename] = again
    assert "unpacks to" in outcome(path)[2]


def test_a_part_that_lies_about_its_size_yields_no_more_than_it_said(tmp_path: Path, parts: dict[str, bytes]) -> None:
    path = packed(tmp_path, {**parts, SHEET: (HEAD + HEADING + "<row/>" * (4 * MEGABYTE) + TAIL).encode()})
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02")
    while raw[at + 46 : at + 46 + len(SHEET)] != SHEET.encode():
        at = raw.index(b"PK\x01\x02", at + 4)
    raw[at + 24 : at + 28] = (2000).to_bytes(4, "little")  # the size that the directory claims
    path.write_bytes(raw)
    tracemalloc.start()
    try:
        rows, _, _ = outcome(path)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert rows == []


@pytest.mark.parametrize(
    "name", ["xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels", "docProps/core.xml"]
)
def test_a_mountain_of_styles_or_names_is_refused_before_it_is_parsed(tmp_path: Path, parts: dict[str, bytes], name: str) -> None:
    path = packed(tmp_path, {**parts, name: parts[name] + b"<!--" + b"<xf/>" * MEGABYTE + b"-->"})
    assert "styles or names" in outcome(path)[2]


@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("<!-- <row r='3'/> -->", ""), ("<![CDATA[<row r='3'/>]]>", "")],
    ids=["plain", "behind a comment", "behind text that looks like a row"],
)
def test_a_row_without_end_does_not_come_into_memory(tmp_path: Path, parts: dict[str, bytes], before: str, after: str) -> None:
    row = '<row r="2">' + ("<c/>" * 10_000 + before) * 200 + after + "</row>"
    path = packed(tmp_path, {**parts, SHEET: (HEAD + HEADING + row + TAIL).encode()}, ballast=MEGABYTE)
    tracemalloc.start()
    try:
        assert "a row of more than" in outcome(path)[2]
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def test_a_row_without_end_hides_in_no_other_encoding(tmp_path: Path, parts: dict[str, bytes]) -> None:
    row = HEADING + '<row r="2">' + "<c/>" * 1_500_000 + "</row>"
    sheet = (HEAD.replace("UTF-8", "UTF-16") + row + TAIL).encode("utf-16")
    assert "a row of more than" in outcome(packed(tmp_path, {**parts, SHEET: sheet}, ballast=MEGABYTE))[2]


@pytest.mark.parametrize("number", ["1048577", "999999999999", "1e15"])
def test_a_row_far_below_does_not_cost_a_turn_for_each_row_left_out(
    tmp_path: Path, parts: dict[str, bytes], number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MOST_ROWS", 5000)
    sheet = HEAD + HEADING + f'<row r="{number}"><c t="inlineStr"><is><t>焊工</t></is></c></row>' + TAIL
    rows, bad, _ = outcome(packed(tmp_path, {**parts, SHEET: sheet.encode()}))
    assert rows == []
    assert "5000 rows" in bad[0].reason


@pytest.mark.parametrize(
    "piece",
    ["<c ", '<c r="A1" ', '<c r="A2"><f>', "<mergeCell ", '<mergeCell ref="A1:', '<c r="A2"><f/>' + " " * 400],
    ids=["cells", "named cells", "formulas", "merges", "named merges", "blanks"],
)
def test_what_is_looked_for_in_a_sheet_is_found_or_given_up_soon(tmp_path: Path, parts: dict[str, bytes], piece: str) -> None:
    # Three megabytes of the beginning of what is looked for: a pattern that starts again at each would not come to an end.
    sheet = HEAD + HEADING + piece * (3 * MEGABYTE // len(piece)) + TAIL
    _, bad, refused = outcome(packed(tmp_path, {**parts, SHEET: sheet.encode()}, ballast=MEGABYTE))
    assert bad or refused


def test_a_blank_of_megabytes_in_a_cell_is_given_up_soon(tmp_path: Path, parts: dict[str, bytes]) -> None:
    sheet = HEAD + HEADING + '<row r="2"><c r="A2"><f/>' + " " * (3 * MEGABYTE) + "</c></row>" + TAIL
    assert outcome(packed(tmp_path, {**parts, SHEET: sheet.encode()}, ballast=MEGABYTE))[2] == ""


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "docProps/core.xml"])
@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "file://{secret}"> %p;]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
    ],
)
def test_nothing_of_another_file_is_read(tmp_path: Path, parts: dict[str, bytes], part: str, declared: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET-OF-THE-HOST")
    text = parts[part].decode()
    start = text.index("?>") + 2 if text.startswith("<?xml") else 0
    text = text[:start] + declared.format(secret=secret) + text[start:].replace("岗位", "&e;").replace("openpyxl", "&e;")
    rows, bad, refused = outcome(packed(tmp_path, {**parts, part: text.encode()}))
    assert "SECRET" not in f"{rows}{bad}{refused}"


def test_entities_that_multiply_do_not_in_any_part(tmp_path: Path, parts: dict[str, bytes]) -> None:
    names = "abcdefghij"
    nested = "".join(f'<!ENTITY {name} "{("&" + before + ";") * 10}">' for before, name in pairwise(names))
    declared = f'<!DOCTYPE l [<!ENTITY a "{"x" * 100}">{nested}]>'
    for part in ("xl/styles.xml", "xl/workbook.xml", "docProps/core.xml", SHEET):
        text = parts[part].decode()
        start = text.index("?>") + 2 if text.startswith("<?xml") else 0
        end = text.rindex("</")
        bomb = text[:start] + declared + text[start:end] + "&j;" + text[end:]
        tracemalloc.start()
        try:
            outcome(packed(tmp_path, {**parts, part: bomb.encode()}))
            assert tracemalloc.get_traced_memory()[1] < MEMORY, part
        finally:
            tracemalloc.stop()


def test_names_that_lead_outside_lead_nowhere(tmp_path: Path, parts: dict[str, bytes]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    outside = {"../escaped.xml": b"x", "/tmp/escaped-gongqiao.xml": b"x", "..\\escaped.xml": b"x", "xl/../../escaped.xml": b"x"}
    assert outcome(packed(folder, {**parts, **outside}))[0] == [{"岗位": "焊工", "人数": "3"}]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["fine.xlsx", "attack.xlsx"]
    assert not Path("/tmp/escaped-gongqiao.xml").exists()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused_and_says_so(tmp_path: Path, parts: dict[str, bytes], data: st.DataObject) -> None:
    raw = bytearray(packed(tmp_path, parts).read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=8)):
        raw[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(raw[: data.draw(st.integers(1, len(raw)))] if data.draw(st.booleans()) else raw)
    outcome(path)  # whatever it is, nothing but FileError


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    part=st.sampled_from([SHEET, "xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"]),
    cut=st.integers(0, 3000),
    put=st.sampled_from(
        ["", "<", "&", "</row>", '<c r="ZZZZ1"/>', '<row r="-1"/>', '<row r="x"/>', '<c t="s"><v>99</v></c>', '<c s="-5"/>', "\x00"]
    ),
)
def test_a_workbook_with_broken_markup_is_read_or_refused_and_says_so(
    tmp_path: Path, parts: dict[str, bytes], part: str, cut: int, put: str
) -> None:
    content = parts[part]
    at = cut % len(content)
    outcome(packed(tmp_path, {**parts, part: content[:at] + put.encode() + content[at:]}))
