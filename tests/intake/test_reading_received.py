"""What sources write, read as postings, people and employers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.masking import mask
from matcher.shapes import ShapeError
from streams.intake.profiles import read_received_employer, read_received_person
from streams.intake.reading import read_received
from tests.intake.conftest import PERSON, POSTING


def read(**changes: Any) -> dict[str, Any]:
    return read_received({**POSTING, **changes}).posting.model_dump(exclude_none=True)


@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("education_min", "大专", "31"),
        ("education_min", "中专/技校", "41"),
        ("education_min", "本科及以上", "21"),
        ("education_min", "不限", "90"),
        ("education_min", 31, "31"),
        ("experience_years_min", "1-3年", 1.0),
        ("experience_years_min", "经验不限", 0.0),
        ("experience_years_min", 2, 2.0),
        ("headcount", "5-8人", 5),
        ("headcount", 3.0, 3),
        ("region", "太原市小店区", "140105"),
        ("region", 140105, "140105"),
        ("employment_form", "兼职", "part_time"),
        ("type", "就业见习", "internship"),
        ("skills", "氩弧焊、二保焊；识图", ("氩弧焊", "二保焊", "识图")),
        ("certificates", ["焊工证", "", "无"], ("焊工证",)),
        ("open_to", "不限", ()),
        ("pay", "6-8k", {"min": 6000.0, "max": 8000.0, "unit": "month"}),
        ("pay", "180元/天", {"min": 180.0, "max": 180.0, "unit": "day"}),
        ("pay", {"min": "5,000", "max": "7000元", "unit": "元/月"}, {"min": 5000.0, "max": 7000.0, "unit": "month"}),
        ("pay", {"min": 0, "max": 6000, "unit": "month"}, {"max": 6000.0, "unit": "month"}),
        ("pay", {"min": 4000, "max": 5000, "unit": "month", "months": 13}, {"min": 4000.0, "max": 5000.0, "unit": "month", "months": 13.0}),
    ],
)
def test_it_is_read_as_it_is_meant(field: str, written: Any, meant: Any) -> None:
    assert read(**{field: written})[field] == meant


@pytest.mark.parametrize("field", ["education_min", "experience_years_min", "headcount", "region", "skills", "employment_form", "apply_by"])
@pytest.mark.parametrize("nothing", [None, "", "无", "-", "暂无", "   "])
def test_nothing_in_whatever_word_is_left_out(field: str, nothing: str | None) -> None:
    assert field not in read(**{field: nothing, "address": None})


@pytest.mark.parametrize("written", ["2026/12/31", "2026.12.31", "2026年12月31日", "20261231", "2026-12-31 00:00:00", "２０２６-12-31"])
def test_dates_are_read_in_the_forms_people_write(written: str) -> None:
    assert read(apply_by=written)["apply_by"].isoformat() == "2026-12-31"


@pytest.mark.parametrize(
    ("pay", "words"), [({"min": 6, "max": 8, "unit": "month"}, "元/月"), ({"min": 200, "unit": "month"}, "元/月"), ("150元/月", "元/月")]
)
def test_pay_that_cannot_be_meant_is_left_out_and_asked_about(pay: Any, words: str) -> None:
    found = read_received({**POSTING, "pay": pay})
    assert (found.posting.pay.min, found.posting.pay.max) == (None, None)
    assert any(words in note for note in found.notes)


def test_a_location_of_zeros_is_none() -> None:
    assert "location" not in read(location={"lat": 0.0, "lon": "0.0"})
    assert read(location={"lat": "37.73", "lon": 112.56})["location"] == {"lat": 37.73, "lon": 112.56}


def test_a_gig_market_that_pays_by_the_day_offers_gigs_and_one_that_says_regular_does_not() -> None:
    market = {"source": "gig_market", "market_id": "m-1", "pay": {"min": 180, "unit": "day"}}
    assert (read(**market)["type"], read(**market)["employment_form"]) == ("gig", "gig")
    assert "employment_form" not in read(**{**market, "pay": {"min": 5000, "unit": "month"}})
    assert read(**market, type="regular")["type"] == "regular"


@pytest.mark.parametrize("field", ["title", "description", "address"])
def test_a_telephone_in_any_text_is_masked_and_becomes_the_contact(field: str) -> None:
    found = read_received({**POSTING, field: f"{POSTING[field]} 电话１３８ ００１３ ８０００"})
    assert "〔已隐去〕" in getattr(found.posting, field)
    assert found.contact["phone"]
    assert mask(found.posting.model_dump_json()).found == ()


def test_a_given_contact_is_kept_and_one_in_the_text_does_not_replace_it() -> None:
    found = read_received({**POSTING, "contact": {"person": "王女士", "phone": "0351-1234567"}, "description": "请致电13800138000" * 3})
    assert found.contact == {"person": "王女士", "phone": "0351-1234567"}
    assert found.posting.contact is None
    assert "王女士" not in repr(found)


def test_a_contact_in_one_cell_is_taken_apart() -> None:
    assert read_received({**POSTING, "contact": "王女士 13800138000"}).contact == {"person": "王女士", "phone": "13800138000"}


def test_an_identity_number_in_the_place_of_a_credit_code_is_not_published() -> None:
    found = read_received({**POSTING, "employer": {"employer_id": "e-1", "uscc": "11010519491231002X"}})
    assert found.posting.employer.uscc is None
    assert found.notes


def test_facts_are_masked_deeply() -> None:
    found = read_received({**POSTING, "facts": {"note": ["请致电13800138000"], "posting.in_province": True}})
    assert found.posting.facts == {"note": ["请致电〔已隐去〕"], "posting.in_province": True}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": "newspaper"}, "source"),
        ({"type": "slavery"}, "type"),
        ({"pay": {"min": 1, "unit": "moon"}}, "pay.unit"),
        ({"title": None}, "title"),
    ],
)
def test_closed_lists_stay_closed_and_the_error_says_what_is_allowed(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ShapeError) as error:
        read_received({**POSTING, **changes})
    assert field in [item.field for item in error.value.errors]


WORDS = ["不限", "面议", "6-8k", "太原", "大专", "无"]
NAMES = ["min", "max", "unit", "lat", "lon", "name", "level", "titles", "years"]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)


def refusal_of(reader: Any, raw: Any) -> ShapeError | None:
    try:
        reader(raw)
    except ShapeError as error:
        return error
    return None


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(st.sampled_from([*POSTING, "location", "work", "skills", "contact", "type", "facts"]), values, max_size=6))
def test_whatever_comes_is_read_or_refused_with_its_fields(changes: dict[str, Any]) -> None:
    refusal = refusal_of(read_received, {**POSTING, **changes})
    if refusal is not None:
        assert refusal.errors
    else:
        found = read_received({**POSTING, **changes})
        again = read_received(found.posting.model_dump(mode="json", exclude_none=True))
        assert again.posting == found.posting


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*PERSON, "skills", "categories", "location", "facts"]), values, max_size=5))
def test_whatever_comes_as_a_person_is_read_or_refused_without_echoing_what_is_private(changes: dict[str, Any]) -> None:
    refusal = refusal_of(read_received_person, {**PERSON, **changes})
    if refusal is not None:
        assert refusal.errors
        assert "样例甲" not in str(refusal)
    else:
        assert read_received_person({**PERSON, **changes}).person.private is None


def test_a_person_is_split_from_what_is_private() -> None:
    found = read_received_person(PERSON)
    assert found.private == {"name": "样例甲", "id_number": "11010519491231002X", "phone": "13800138000"}
    assert "样例甲" not in found.person.model_dump_json() + repr(found)


@pytest.mark.parametrize(
    ("changes", "where", "meant"),
    [
        ({"kind": "登记失业人员"}, "kind", "registered_unemployed"),
        ({"education": {"level": "技校"}}, "education.level", "47"),
        ({"education": "大专"}, "education.level", "31"),
        ({"region": "太原市迎泽区"}, "region", "140106"),
        ({"desired": {"regions": ["太原", "140200"], "titles": "焊工、钳工"}}, "desired.regions", ("140100", "140200")),
        ({"desired": {"pay_min": "4.5k"}}, "desired.pay_min", 4500.0),
        ({"desired": {"employment_forms": "全职、零工"}}, "desired.employment_forms", ("full_time", "gig")),
        ({"education": {"graduated_on": "2014年7月"}}, "education.graduated_on", "2014-07-01"),
        ({"experience": [{"title": "焊工", "years": "3年"}]}, "experience", ({"title": "焊工", "years": 3.0},)),
        ({"birth_year_month": None}, "birth_year_month", "1949-12"),
        ({"birth_year_month": "1996年4月"}, "birth_year_month", "1996-04"),
    ],
)
def test_a_person_is_read_as_it_is_meant(changes: dict[str, Any], where: str, meant: Any) -> None:
    value: Any = read_received_person({**PERSON, **changes}).person.model_dump(exclude_none=True)
    for part in where.split("."):
        value = value[part]
    assert (str(value) if where.endswith("_on") else value) == meant


def test_a_telephone_in_a_persons_words_is_masked() -> None:
    found = read_received_person({**PERSON, "skills": ["二保焊 13800138000"], "experience": [{"title": "焊工（微信wx_sample88）"}]})
    assert mask(found.person.model_dump_json()).found == ()
    assert "13800138000" not in found.person.model_dump_json()


def test_an_identity_number_is_no_person_id_and_is_not_repeated() -> None:
    with pytest.raises(ShapeError) as error:
        read_received_person({**PERSON, "person_id": "11010519491231002X"})
    assert "11010519491231002X" not in str(error.value)


def test_an_employer_is_read_with_its_words() -> None:
    name = {"employer_id": 9, "name": "某某饭店 13800138000", "uscc": "91140100ma0gq0001j"}
    found = read_received_employer({**name, "size": "小型", "ownership": "民营", "region": "大同市平城区"}).employer
    assert (found.employer_id, found.size, found.ownership, found.region) == ("9", "small", "private", "140213")
    assert "13800138000" not in str(found.name)
    assert found.uscc == "91140100MA0GQ0001J"
