"""Places as people write them: province and city first, counties only inside a known Shanxi city, ambiguity as an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.place_reading import read_place
from matcher.places import regions
from matcher.tables import rows


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("太原", "140100"),
        ("太原市", "140100"),
        ("太原··", "140100"),
        ("太原·小店区", "140105"),
        ("太原小店", "140105"),
        ("晋城城区", "140502"),
        ("山西省太原市小店区坞城街道12号", "140105"),
        ("太原市坞城街道", "140105"),
        ("阳泉·郊区", "140311"),
        ("晋中太谷县", "140703"),
        ("运城·新绛县·新绛县中心城区", "140825"),
        ("山西平遥县", "140728"),
        ("太原市万伯林区", "140109"),
        ("山西", "140000"),
        ("广东省广州市荔湾区", "440100"),
        ("广州", "440100"),
        ("北京·朝阳区", "110000"),
        ("重庆市万州区", "500000"),
        ("内蒙古呼和浩特", "150100"),
        ("吉林", "220000"),
        ("吉林市", "220200"),
        ("海南", "460000"),
        ("海南藏族自治州", "632500"),
        ("延边", "222400"),
        ("朝阳", "211300"),
        ("公司位于山西省太原市迎泽大街", "140100"),
        ("140105", "140105"),
    ],
)
def test_a_place_is_read_as_far_as_it_is_certain(text: str, code: str) -> None:
    assert read_place(text).code == code


@pytest.mark.parametrize("address", ["平遥县路3号", "临县工业园", "广州市番禺区祁县大厦", "中阳大道"])
def test_a_guangdong_posting_stays_in_guangdong_whatever_its_street_is_called(address: str) -> None:
    assert read_place(address, "广东省广州市").code == "440100"


def test_the_address_refines_the_region_column() -> None:
    assert read_place("迎泽区某路1号", "太原").code == "140106"
    assert read_place("山西忻州忻府区公园东街", "忻州市").code == "140902"


def test_an_address_elsewhere_is_asked_about_and_the_region_column_stands() -> None:
    found = read_place("惠州市惠城区某公司", "广东省广州市")
    assert found.code == "440100"
    assert found.question
    assert found.confidence < 1


@pytest.mark.parametrize("address", ["太原路12号", "大同区", "朝阳门北大街9号"])
def test_a_street_or_district_named_like_a_city_is_not_the_city(address: str) -> None:
    assert read_place(address).code is None


def test_the_same_street_name_is_no_contradiction() -> None:
    assert read_place("朝阳门北大街9号", "北京").question is None


def test_a_district_that_two_cities_have_gives_candidates_and_no_guess() -> None:
    found = read_place("城区")
    assert found.code is None
    assert set(found.candidates) == {"140302", "140502"}
    assert found.question


def test_a_bare_county_is_read_only_where_the_sender_is_known_to_be() -> None:
    assert read_place("平遥县").code is None
    assert read_place("平遥县").candidates == ("140728",)
    assert read_place("平遥县", within="140700").code == "140728"
    assert read_place("小店区", within="140105").code == "140105"


def test_several_cities_are_asked_about() -> None:
    found = read_place("太原/大同")
    assert found.code == "140000"
    assert found.candidates == ("140100", "140200")


@pytest.mark.parametrize(
    ("text", "code"),
    [("昆山", "320500"), ("义乌市稠城街道", "330700"), ("浙江义乌", "330700"), ("江苏省昆山市花桥镇上海街", "320500"), ("仙桃", "420000")],
)
def test_a_city_within_a_city_is_its_prefecture(text: str, code: str) -> None:
    assert read_place(text).code == code


@pytest.mark.parametrize("text", ["昆山路5号", "丰城大厦", "东兴街道"])
def test_a_street_named_after_such_a_city_says_nothing(text: str) -> None:
    assert read_place(text).code is None
    assert read_place(text).question is not None


def test_no_such_city_shares_a_name_with_a_city_of_the_table_or_a_county_of_shanxi() -> None:
    names = [name for row in rows("county_cities") for name in row["cities"].split()]
    assert len(names) == len(set(names)) > 350
    known = {region.name for region in regions().values()}
    assert not {f"{name}{end}" for name in names for end in ("市", "县", "区")} & known


def test_a_place_outside_the_table_is_unknown() -> None:
    assert read_place("在家办公").code is None
    assert read_place("").code is None


@given(
    st.text(alphabet="山西太原大同运城广东州深圳小店区迎泽县市省路街道·12号平遥祁临", max_size=16),
    st.sampled_from([None, "广东省广州市", "太原", ""]),
)
def test_any_writing_gives_a_region_of_the_table_or_none(text: str, region: str | None) -> None:
    found = read_place(text, region)
    assert found.code is None or found.code in regions()
    assert all(candidate in regions() for candidate in found.candidates)
    if region == "广东省广州市":
        assert found.code is not None
        assert found.code.startswith("44")
