"""What the batch commands promise about the lines they are given (contract.md, "How the batch commands read these")."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.batch_run import DAY, PERSON, POSTING, Done, changed, match, put, ran

SECRETS = {"name": "甲乙丙", "id_number": "140106199604120029", "phone": "13900001234"}


def postings_rejected(folder: Path, *rows: Any) -> Done:
    done = match(folder, [*rows, POSTING], [PERSON])
    assert done.code == 0, done.stderr
    assert [line["posting_id"] for line in done.lines] == ["p-1"], "a bad line never stops a batch"
    return done


@pytest.mark.parametrize("field", ["posting_id", "source", "title"])
@pytest.mark.parametrize("how", ["absent", "null", "empty"])
def test_a_posting_needs_id_source_and_title(tmp_path: Path, field: str, how: str) -> None:
    row: dict[str, Any] = changed(POSTING, posting_id="p-2")
    row[field] = {"null": None, "empty": ""}.get(how)
    if how == "absent":
        del row[field]
    done = postings_rejected(tmp_path, row)
    assert [(line["line"], line["field"]) for line in done.rejected] == [(1, field)]


@pytest.mark.parametrize("field", ["person_id", "kind"])
def test_a_person_needs_id_and_kind(tmp_path: Path, field: str) -> None:
    row = {name: value for name, value in changed(PERSON, person_id="u-2").items() if name != field}
    done = match(tmp_path, [POSTING], [row, PERSON])
    assert [(Path(line["file"]).name, line["line"], line["field"]) for line in done.rejected] == [("people.jsonl", 1, field)]
    assert len(done.lines) == 1


def test_an_employer_needs_an_id(tmp_path: Path) -> None:
    done = match(tmp_path, [POSTING], [PERSON], employers=[{"name": "某厂"}, {"employer_id": "e-1"}])
    assert [(Path(line["file"]).name, line["line"], line["field"]) for line in done.rejected] == [("employers.jsonl", 1, "employer_id")]


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("source", ["enterprise", "gig_market", "labour_brand"]),
        ("type", ["regular", "gig", "internship", "public_welfare_post", "public_service_post", "work_relief_project",
                  "government_investment_project", "grassroots_management_project", "resettlement_service_post", "university_flow_post"]),
        ("employment_form", ["full_time", "part_time", "temporary", "seasonal", "internship", "gig"]),
        ("pay__unit", ["month", "year", "week", "day", "hour", "piece"]),
        ("status", ["open", "closed", "held"]),
    ],
)  # fmt: skip
def test_listed_values_of_a_posting_are_closed_and_the_reason_lists_them(tmp_path: Path, field: str, known: list[str]) -> None:
    rows = [changed(POSTING, posting_id=f"p-{value}", **{field: value}) for value in known]
    foreign = changed(POSTING, posting_id="p-x", **{field: "foreign"})
    done = match(tmp_path, [foreign, *rows], [PERSON])
    assert [(line["line"], line["field"]) for line in done.rejected] == [(1, field.replace("__", "."))]
    assert all(value in done.rejected[0]["reason"] for value in known)


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("kind", ["registered_unemployed", "graduate", "jobseeker"]),
        ("intention", ["employment", "flexible", "startup", "unclear"]),
    ],
)
def test_listed_values_of_a_person_are_closed(tmp_path: Path, field: str, known: list[str]) -> None:
    rows = [changed(PERSON, person_id=f"u-{value}", **{field: value}) for value in known]
    done = match(tmp_path, [POSTING], [changed(PERSON, person_id="u-x", **{field: "foreign"}), *rows])
    assert [(line["line"], line["field"]) for line in done.rejected] == [(1, field)]
    assert {line["person_id"] for line in done.lines} == {row["person_id"] for row in rows}


def test_a_foreign_employment_form_among_the_wished_ones_is_rejected(tmp_path: Path) -> None:
    done = match(tmp_path, [POSTING], [changed(PERSON, desired__employment_forms=["full_time", "remote"])])
    assert len(done.rejected) == 1
    assert done.rejected[0]["field"].startswith("desired.employment_forms")


def test_unknown_fields_and_facts_are_accepted_and_change_nothing(tmp_path: Path) -> None:
    plain = match(tmp_path, [POSTING], [PERSON])
    more = match(
        tmp_path,
        [changed(POSTING, colour="red", facts={"posting.unheard_of": 1}, pay={"currency": "CNY"})],
        [changed(PERSON, shoe_size=41, facts={"person.unheard_of": [1, {"a": None}]}, desired={"mood": "good"})],
    )
    assert more.raw == plain.raw
    assert not more.rejected


def test_null_missing_and_empty_objects_are_the_same_silence(tmp_path: Path) -> None:
    silent = match(tmp_path, [POSTING], [PERSON]).raw
    nulls = changed(POSTING, pay=None, work=None, employer=None, skills=None, location=None, published_at=None, facts=None, contact=None)
    person = changed(PERSON, desired=None, education=None, experience=None, location=None, consent=None, private=None, categories=None)
    assert match(tmp_path, [nulls], [person]).raw == silent
    inside = changed(POSTING, pay={"min": None, "unit": None}, work={"starts_at": None}, location={"lat": None, "lon": None})
    assert (
        match(tmp_path, [inside], [changed(PERSON, desired={"titles": None, "regions": None}, consent={"recommend": None})]).raw == silent
    )


def test_the_last_line_of_an_id_counts_and_each_earlier_one_is_reported(tmp_path: Path) -> None:
    rows = [changed(POSTING, title=title) for title in ("会计", "护士", "焊工")]
    people = [changed(PERSON, desired__titles=["会计"]), changed(PERSON, desired__titles=["焊工"])]
    done = match(tmp_path, rows, people)
    assert done.code == 0
    assert len(done.lines) == 1
    assert "期望“焊工”，岗位“焊工”" in done.lines[0]["criteria"][0]["text"]
    told = [(Path(line["file"]).name, line["line"], line["field"]) for line in done.rejected if "superseded" in line["reason"]]
    assert told == [("postings.jsonl", 1, "posting_id"), ("postings.jsonl", 2, "posting_id"), ("people.jsonl", 1, "person_id")]
    assert "2 superseded" in done.stderr


def test_a_later_line_that_cannot_be_read_supersedes_nothing(tmp_path: Path) -> None:
    done = match(tmp_path, [POSTING, changed(POSTING, source="radio")], [PERSON])
    assert len(done.lines) == 1
    assert [line["line"] for line in done.rejected] == [2]


def test_rejected_lines_are_one_per_line_with_four_fields_and_never_echo_private(tmp_path: Path) -> None:
    bad: list[Any] = [
        changed(PERSON, kind="nobody", intention="none", private=SECRETS),
        changed(PERSON, private={**SECRETS, "phone": 13900001234}),
        changed(PERSON, private=list(SECRETS.values())),
        json.dumps(changed(PERSON, private=SECRETS), ensure_ascii=False)[:-1],
        json.dumps(changed(PERSON, private=SECRETS), ensure_ascii=False) + "甲乙丙",
    ]
    done = match(tmp_path, [POSTING], [*bad, changed(PERSON, private=SECRETS)])
    assert [line["line"] for line in done.rejected] == [1, 2, 3, 4, 5]
    assert all(set(line) == {"file", "line", "field", "reason"} for line in done.rejected)
    everything = json.dumps(done.rejected, ensure_ascii=False) + done.stdout + done.stderr + done.raw.decode()
    assert not [secret for secret in SECRETS.values() if secret in everything]
    assert len(done.lines) == 1


def test_a_contact_never_comes_out_of_a_batch(tmp_path: Path) -> None:
    done = match(tmp_path, [changed(POSTING, contact={"person": "王某某", "phone": "03511234567"})], [PERSON], "--hints")
    assert "王某某" not in done.raw.decode()
    assert "03511234567" not in done.raw.decode()


def test_an_old_rejected_file_is_replaced_or_removed(tmp_path: Path) -> None:
    old = put(tmp_path / "out.jsonl.rejected.jsonl", ["old"])
    assert [line["line"] for line in match(tmp_path, ["{", POSTING], [PERSON]).rejected] == [1]
    match(tmp_path, [POSTING], [PERSON])
    assert not old.exists()


@pytest.mark.parametrize(
    "line", ["焊工", "{", "[]", "null", "1", '"p"', '{"posting_id": NaN}', "{}{}", "[" * 5000, '{"posting_id": "\\ud800"}']
)
def test_what_is_no_object_is_rejected(tmp_path: Path, line: str) -> None:
    assert [entry["line"] for entry in postings_rejected(tmp_path, line).rejected] == [1]


@pytest.mark.parametrize(
    "facts",
    [
        {"headcount": 10**30}, {"headcount": 1.5}, {"headcount": "five"}, {"filled": -1}, {"pay": {"min": -5}}, {"pay": {"max": 1e300}},
        {"experience_years_min": -1}, {"location": {"lat": 95, "lon": 0}}, {"location": {"lat": 37.0}}, {"region": "太原"},
        {"region": "14010"}, {"published_at": "yesterday"}, {"published_at": 1790000000}, {"published_at": "9999-12-31T23:59:00-10:00"},
        {"published_at": "0001-01-01T00:00:00+14:00"}, {"apply_by": "2026-02-30"}, {"apply_by": 20261231}, {"skills": "焊接"},
        {"skills": [1]}, {"facts": []}, {"employer": "某厂"}, {"title": ["焊工"]},
    ],
)  # fmt: skip
def test_impossible_values_are_rejected_with_their_field(tmp_path: Path, facts: dict[str, Any]) -> None:
    done = postings_rejected(tmp_path, changed(POSTING, posting_id="p-0", **facts))
    assert [line["line"] for line in done.rejected] == [1]
    assert done.rejected[0]["field"].startswith(next(iter(facts)))


@pytest.mark.parametrize("written", ["2026-11-20", "20261120", "2026-11-20T21:00", "2026-11-20 21:00:00", "2026-11-20T13:00:00Z"])
def test_times_are_iso_8601_and_without_a_zone_shanghais(tmp_path: Path, written: str) -> None:
    row = changed(POSTING, published_at=written)
    assert match(tmp_path, [row], [PERSON]).lines
    assert not match(tmp_path, [row], [PERSON], as_of="2026-11-19").lines


def test_byte_order_mark_crlf_blank_lines_and_no_last_newline_are_no_errors(tmp_path: Path) -> None:
    plain = match(tmp_path, [POSTING], [PERSON]).raw
    one = json.dumps(POSTING, ensure_ascii=False).encode()
    done = match(tmp_path, b"\xef\xbb\xbf\r\n\r\n  \t" + one + b"  \r\n\r\n", b"\xef\xbb\xbf" + json.dumps(PERSON).encode())
    assert done.raw == plain
    assert not done.rejected


def test_another_encoding_is_rejected_line_by_line(tmp_path: Path) -> None:
    gbk = json.dumps(changed(POSTING, posting_id="p-g"), ensure_ascii=False).encode("gbk")
    done = match(tmp_path, gbk + b"\n" + json.dumps(POSTING).encode() + b"\n", [PERSON])
    assert [line["line"] for line in done.rejected] == [1]
    assert len(done.lines) == 1


@pytest.mark.parametrize(("postings", "people"), [([], [PERSON]), ([POSTING], []), ([], []), ([""], ["", ""]), (["{"], ["{"])])
def test_empty_files_give_an_empty_answer(tmp_path: Path, postings: list[Any], people: list[Any]) -> None:
    done = match(tmp_path, postings, people)
    assert done.code == 0
    assert done.raw == b""
    assert (tmp_path / "out.jsonl").exists()


def test_texts_of_every_script_pass_through(tmp_path: Path) -> None:
    row = changed(
        POSTING, posting_id="岗-１🙂", title="ＣＡＤ　制图员🙂\u200b", description="\u0000\u202e" + "工" * 20_000, skills=["Ｃ＋＋", "🙂"]
    )
    done = match(tmp_path, [row], [changed(PERSON, person_id="人 '\"\\", desired__titles=["cad制图员"], skills=["c++"])])
    assert [(line["posting_id"], line["person_id"]) for line in done.lines] == [("岗-１🙂", "人 '\"\\")]
    assert done.lines[0]["criteria"][0]["points"] > 35
    assert done.lines[0]["criteria"][1]["points"] >= 7.5


def test_ten_thousand_bad_lines_are_ten_thousand_reports(tmp_path: Path) -> None:
    done = match(tmp_path, b"{}\n" * 10_000 + json.dumps(POSTING).encode(), [PERSON])
    assert [line["line"] for line in done.rejected] == list(range(1, 10_001))
    assert len(done.lines) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["match"],
        ["match", "--as-of", "someday"],
        ["match", "--as-of", "2026-02-30"],
        ["match", "--as-of", "9999-12-31"],
        ["match", "--as-of", DAY, "--top", "0"],
        ["match", "--as-of", DAY, "--top", "1001"],
        ["match", "--as-of", DAY, "--by", "employer"],
        ["match", "--as-of", DAY, "--colour"],
        ["no-such-command"],
    ],
)
def test_usage_errors_are_two_and_write_nothing(tmp_path: Path, arguments: list[str]) -> None:
    files = ["--postings", put(tmp_path / "p.jsonl", [POSTING]), "--people", put(tmp_path / "u.jsonl", [PERSON])]
    output = tmp_path / "out.jsonl"
    done = ran([*arguments, *(files if len(arguments) > 1 else []), *(["--output", output] if len(arguments) > 1 else [])], output)
    assert done.code == 2
    assert done.stderr
    assert not output.exists()


@pytest.mark.parametrize("missing", ["--postings", "--people", "--employers"])
def test_a_file_that_is_not_there_is_a_usage_error_that_names_it(tmp_path: Path, missing: str) -> None:
    files = {
        "--postings": put(tmp_path / "p.jsonl", [POSTING]),
        "--people": put(tmp_path / "u.jsonl", [PERSON]),
        missing: tmp_path / "gone.jsonl",
    }
    done = ran(["match", *[part for pair in files.items() for part in pair], "--as-of", DAY, "--output", tmp_path / "o"])
    assert done.code == 2
    assert "gone.jsonl" in done.stderr
    assert missing in done.stderr


def test_an_output_that_would_overwrite_an_input_or_has_no_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    postings, people = put(tmp_path / "p.jsonl", [POSTING]), put(tmp_path / "u.jsonl", [PERSON])
    facts = put(tmp_path / "f.jsonl", [{"id": 1, "date": DAY, "facts": {}}])
    for output in (postings, tmp_path / "no" / "out.jsonl"):
        assert ran(["match", "--postings", postings, "--people", people, "--as-of", DAY, "--output", output]).code == 2
    for output in (facts, tmp_path / "no" / "out.jsonl"):
        assert ran(["hints", "--facts", facts, "--output", output]).code == 2
    assert json.loads(postings.read_text()) == POSTING


def test_explain_of_an_id_that_is_not_there_says_so(tmp_path: Path) -> None:
    files = ["--postings", put(tmp_path / "p.jsonl", [POSTING, "{"]), "--people", put(tmp_path / "u.jsonl", [PERSON])]
    done = ran(["explain", *files, "--as-of", DAY, "--person", "u-1", "--posting", "p-9"])
    assert done.code == 1
    assert "p-9" in done.stderr
    assert "p.jsonl: line 2" in done.stderr


def test_explain_counts_the_lines_that_do_not_count(tmp_path: Path) -> None:
    files = ["--postings", put(tmp_path / "p.jsonl", ["{", POSTING]), "--people", put(tmp_path / "u.jsonl", [PERSON, PERSON])]
    done = ran(["explain", *files, "--as-of", DAY, "--person", "u-1", "--posting", "p-1"])
    assert done.code == 0
    assert "postings: 1 read, 1 rejected" in done.stderr
    assert "1 superseded" in done.stderr
