"""A mapping file turns a source's columns into the contract's fields, and is refused where it says something that is not understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.shapes import read_employer, read_person, read_posting
from streams.intake.mapping import MappingError, allowed_fields, load_mapping, parse_mapping, shipped_mappings

ROW = {
    "id": "a-1",
    "title": "焊工",
    "company": "太原红叶机械制造有限公司",
    "region": "太原·小店区",
    "address": "太原小店区某路",
    "lon": "112.56",
    "lat": "37.73",
    "education": "中专/中技",
    "edu_code": "",
    "exp_years": "1",
    "salary_min": "5000",
    "salary_max": "7000",
    "salary_months": "13",
    "skills": "氩弧焊,五险一金,中专,3年及以上",
    "published": "2026-11-01",
    "description": "焊接钢结构件",
}


def test_a_row_becomes_a_posting_of_the_contract() -> None:
    applied = load_mapping("postings_shanxi").apply(ROW)
    value = applied.value
    assert applied.questions == ()
    assert value["employer"]["employer_id"].startswith("n-")
    posting = read_posting(value | {"posting_id": "p-1"})
    assert (posting.source, posting.source_id, posting.title, posting.region) == ("enterprise", "a-1", "焊工", "140105")
    assert posting.pay.model_dump() == {"min": 5000, "max": 7000, "unit": "month", "months": 13}
    assert (posting.education_min, posting.experience_years_min, posting.skills) == ("41", 1, ("氩弧焊",))
    assert posting.published_at is not None
    assert posting.published_at.isoformat() == "2026-11-01T00:00:00+08:00"
    assert posting.location is not None
    assert posting.location.lat == 37.73


def test_unknown_values_are_left_out_and_odd_ones_asked_about() -> None:
    applied = load_mapping("postings_shanxi").apply(
        ROW | {"salary_min": "6", "salary_max": "8", "lat": "", "education": "未知", "published": "明天"}
    )
    assert not {"pay", "location", "education_min", "published_at"} & set(applied.value)
    assert {question.field for question in applied.questions} == {"pay", "published_at"}


def test_swapped_coordinates_are_put_right_and_foreign_ones_left_out() -> None:
    mapping = load_mapping("postings_shanxi")
    assert mapping.apply(ROW | {"lat": "112.56", "lon": "37.73"}).value["location"] == {"lat": 37.73, "lon": 112.56}
    assert "location" not in mapping.apply(ROW | {"lat": "60", "lon": "10"}).value


def test_control_characters_never_come_through() -> None:
    assert load_mapping("postings_shanxi").apply(ROW | {"title": "焊\x00工\ud800"}).value["title"] == "焊工"


@pytest.mark.parametrize("name", shipped_mappings())
def test_every_shipped_mapping_is_sound(name: str) -> None:
    mapping = load_mapping(name)
    assert mapping.columns()


def test_a_list_of_people_becomes_persons_with_their_private_values_apart() -> None:
    row = {
        "编号": "u-1",
        "人员类别": "登记失业人员",
        "居住地": "太原市迎泽区",
        "出生年月": "1996年4月",
        "失业登记日期": "2026/3/2",
        "求职意向": "焊工、钳工",
        "期望薪资": "4,500",
        "学历": "技校",
        "曾从事职业": "焊工",
        "工作年限": "4年",
        "证书": "焊工证",
        "同意推荐": "是",
        "姓名": "某某",
        "手机": "13800138000",
    }
    person = read_person(load_mapping("people_generic").apply(row).value)
    assert (person.kind, person.region, person.birth_year_month) == ("registered_unemployed", "140106", "1996-04")
    assert (person.desired.titles, person.desired.pay_min, person.education.level) == (("焊工", "钳工"), 4500, "47")
    assert person.experience is not None
    assert person.experience[0].years == 4
    assert person.private is not None
    assert person.consent is not None
    assert person.consent.recommend is True


def test_a_list_of_employers_becomes_employers() -> None:
    row = {"单位名称": "太原红叶机械制造有限公司", "地址": "太原市小店区", "企业规模": "小型", "企业性质": "民营", "参保人数": "28"}
    employer = read_employer(load_mapping("employers_generic").apply(row).value)
    assert (employer.region, employer.size, employer.ownership, employer.insured_employees) == ("140105", "small", "private", 28)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("kind: postings\nfields: {tittle: a}", "fields.tittle"),
        ("kind: postings\nfields: {title: {read: txt, from: a}}", "fields.title.read"),
        ("kind: postings\nfields: {title: {from: a, join: ' ', unit: month}}", "fields.title.unit"),
        ("kind: postings\nfields: {title: {read: text}}", "fields.title"),
        ("kind: postings\nfields: {title: [a]}", "fields.title"),
        ("kind: postings\nconstants: {sauce: enterprise}\nfields: {title: a}", "constants.sauce"),
        ("kind: jobs\nfields: {title: a}", "kind"),
        ("kind: postings\nfields: {}", "fields"),
        ("kind: postings\nextra: 1\nfields: {title: a}", "extra"),
        ("kind: postings\nfields:\n  title: a\n  title: b", "(file)"),
        ("[1, 2]", "(file)"),
        ("kind: !!python/object/apply:os.getcwd []", "(file)"),
    ],
)
def test_what_is_not_understood_is_refused_naming_file_and_key(text: str, key: str) -> None:
    with pytest.raises(MappingError) as error:
        parse_mapping(text, "jobs.yaml")
    assert (error.value.file, error.value.key) == ("jobs.yaml", key)
    assert "jobs.yaml" in str(error.value)


def test_missing_columns_are_named() -> None:
    assert parse_mapping("kind: postings\nfields: {title: 岗位, source_id: 编号}").missing_columns(["岗位"]) == ["编号"]


def test_a_missing_mapping_file_says_which_ones_ship(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="postings_shanxi"):
        load_mapping(tmp_path / "none.yaml")


def test_the_fields_are_those_of_the_contract() -> None:
    assert {"title", "employer.uscc", "pay", "work.starts_at", "contact.phone"} <= set(allowed_fields("postings"))
    assert {"private.phone", "education.level", "consent.recommend"} <= set(allowed_fields("people"))


@given(
    st.dictionaries(st.sampled_from(sorted(ROW)), st.one_of(st.text(max_size=20), st.integers(), st.none(), st.lists(st.text(max_size=3))))
)
def test_no_row_whatever_stands_in_it_breaks_a_mapping(row: dict[str, object]) -> None:
    applied = load_mapping("postings_shanxi").apply(row)
    assert applied.value["source"] == "enterprise"
    assert all(value not in ("", None) for value in applied.value.values())
