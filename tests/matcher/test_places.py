"""Codes of regions: what covers what, names, coordinates, distances."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import places, tables

CODES = sorted(places.regions())


def test_the_table_holds_all_shanxi_and_every_city_of_the_country() -> None:
    assert len(places.counties_of("140000")) == len({row["county"] for row in tables.rows("townships")} | set(places.counties_of("140000")))
    assert len(places.counties_of("140100")) == 11
    assert sum(region.level == "province" for region in places.regions().values()) == 34
    assert len(CODES) == len(set(CODES))


def test_a_province_covers_its_cities_and_a_city_its_counties() -> None:
    assert places.covers("140000", "140100")
    assert places.covers("140000", "140105")
    assert places.covers("140100", "140105")
    assert places.covers("140105", "140105")


@pytest.mark.parametrize(
    ("outer", "inner"), [("140105", "140100"), ("140100", "140000"), ("140100", "140200"), ("140105", "140106"), ("140000", "440100")]
)
def test_the_smaller_or_the_other_region_does_not_cover(outer: str, inner: str) -> None:
    assert not places.covers(outer, inner)


def test_a_municipality_and_its_bracket_of_districts_are_one_place() -> None:
    assert places.covers("110100", "110000")
    assert places.covers("110100", "110105")


def test_a_county_outside_the_table_is_placed_by_its_digits() -> None:
    assert places.covers("440100", "440103")
    assert places.name_of("440103") == "广州市"
    assert places.full_name("440103") == "广东省广州市"


def test_names_and_levels() -> None:
    assert places.full_name("140105") == "山西省太原市小店区"
    assert places.full_name("110100") == "北京市"
    assert [places.level_of(code) for code in ("140000", "140100", "140105")] == ["province", "city", "county"]
    assert places.city_of("140105") == "140100"
    assert places.province_of("140105") == "140000"


def test_seats_lie_in_shanxi_and_neighbours_know_each_other() -> None:
    for code in places.counties_of("140000"):
        seat = places.seat_of(code)
        if seat is not None:
            assert 34.5 < seat[0] < 40.8
            assert 110.1 < seat[1] < 114.7
        for other in places.adjacent(code):
            assert code in places.adjacent(other), (code, other)


def test_distance_is_great_circle() -> None:
    taiyuan, datong = places.seat_of("140105"), places.seat_of("140213")
    assert taiyuan is not None
    assert datong is not None
    assert 230 < places.kilometres(*taiyuan, *datong) < 270
    assert places.kilometres(0, 0, 0, 180) == pytest.approx(20_015.1, abs=0.5)


@given(st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(CODES))
def test_covering_is_transitive(a: str, b: str, c: str) -> None:
    if places.covers(a, b) and places.covers(b, c):
        assert places.covers(a, c)


LAT, LON = st.floats(-90, 90), st.floats(-180, 180)


@given(LAT, LON, LAT, LON)
def test_distance_is_symmetrical_and_bounded(lat1: float, lon1: float, lat2: float, lon2: float) -> None:
    there, back = places.kilometres(lat1, lon1, lat2, lon2), places.kilometres(lat2, lon2, lat1, lon1)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= 20_016
