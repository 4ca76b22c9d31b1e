"""What a query accepts, and how it refuses the rest: the field, what is wrong, what is allowed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import places
from matcher.likeness import likeness
from matcher.shapes import read_posting
from search.circles import box, inside, metres, metres_to
from search.documents import FACETS, ZONES, canonical_region, covering, document_of
from search.errors import QueryError
from search.query import PARAMETERS, SORTS, Query, read_query
from search.relevance import Described, by_likeness
from search.tree import All, Not, Phrase, Term

untimed = settings(deadline=None)  # the first call loads the tables


@pytest.mark.parametrize(
    ("field", "parameters"),
    [
        ("sort", {"sort": "newest"}),
        ("sort", {"sort": "distance"}),
        ("radius_km", {"radius_km": 5}),
        ("radius_km", {"radius_km": 0, "near": "37,112"}),
        ("radius_km", {"radius_km": "far", "near": "37,112"}),
        ("radius_km", {"radius_km": "inf", "near": "37,112"}),
        ("near", {"near": "37"}),
        ("near", {"near": "91,112"}),
        ("near", {"near": "nan,112"}),
        ("near", {"near": "太原"}),
        ("q", {"q": "焊" * 10_000}),
        ("q", {"q": "焊 " * 21}),
        ("q", {"q": 5}),
        ("region", {"region": "太原"}),
        ("region", {"region": "14010"}),
        ("region", {"region": ["140105"] * 1 + [str(100_000 + n) for n in range(300)]}),
        ("form", {"form": "全职"}),
        ("form", {"form": 5}),
        ("source", {"source": "scraper"}),
        ("type", {"type": "regular,nothing"}),
        ("zone", {"zone": "night"}),
        ("facets", {"facets": "age"}),
        ("pay_min", {"pay_min": "much"}),
        ("pay_min", {"pay_min": -1}),
        ("pay_min", {"pay_min": True}),
        ("education", {"education": "不限"}),
        ("education", {"education": "聪明"}),
        ("occupation", {"occupation": "6-18-2"}),
        ("employer_id", {"employer_id": "e" * 201}),
        ("employer_id", {"employer_id": "e\ud800"}),
        ("published_since", {"published_since": "yesterday"}),
        ("limit", {"limit": 0}),
        ("limit", {"limit": "101"}),
        ("limit", {"limit": "2.5"}),
        ("cursor", {"cursor": "a" * 20_000}),
        ("sex", {"sex": "f"}),
    ],
)
def test_a_refusal_names_the_field_and_what_is_allowed(field, parameters):
    with pytest.raises(QueryError) as refused:
        read_query(parameters)
    error = refused.value
    assert isinstance(error, ValueError)
    assert error.field == field
    assert error.message
    assert error.allowed or field == "q"
    assert len(str(error)) < 1000, "the faulty value is not repeated"


def test_half_a_character_in_a_text_is_ignored_like_punctuation():
    assert Query(text="焊工 \ud800").tree() == Query(text="焊工").tree()


def test_the_page_on_search_names_every_parameter_sort_and_facet():
    page = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
    for name in (*PARAMETERS, *SORTS, *FACETS, *ZONES):
        assert f"`{name}`" in page, name


def test_blank_and_missing_parameters_are_not_given():
    assert read_query({name: None for name in PARAMETERS}) == read_query({"q": " ", "region": "", "cursor": ""}) == Query()


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("焊工", [Term(("焊工",))]),
        ("焊", [Term(("焊",))]),
        ("电焊工", [Term(("电焊", "焊工"))]),
        ("c语言", [Term(("c", "语言"))]),
        ("a焊b", [Term(("a", "焊", "b"))]),
        ("焊工 电工", [Term(("焊工",)), Term(("电工",))]),
        ("焊工　电工", [Term(("焊工",)), Term(("电工",))]),
        ("-焊工", [Not(Term(("焊工",)))]),
        ("－焊工", [Not(Term(("焊工",)))]),
        ('"电焊工"', [Phrase(("电", "焊", "工"))]),
        ('"焊"', [Term(("焊",))]),
        ('-"java 开发"', [Not(Phrase(("java", "开", "发")))]),
        ('"焊工', [Term(("焊工",))]),
        ("- -- \"\" -\"\" ，", []),
        ("焊工-电工", [Term(("焊工", "电工"))]),
    ],
)  # fmt: skip
def test_a_text_is_cut_into_terms(text, nodes):
    assert Query(text=text).tree() == All(tuple(nodes))


@untimed
@given(st.text(max_size=200))
def test_any_text_makes_a_tree_or_a_clear_refusal(text):
    try:
        query = Query(text=text)
    except QueryError as error:
        assert error.field == "q"  # noqa: PT017
    else:
        assert query.tree() == Query(text=text).tree()
        assert query.order in ("relevance", "date")


REGIONS = st.sampled_from(sorted(places.regions()))


@untimed
@given(REGIONS, REGIONS)
def test_the_codes_that_a_document_carries_are_those_that_cover_it(outer, inner):
    assert (canonical_region(outer) in covering(inner)) == places.covers(outer, inner)


@untimed
@given(REGIONS)
def test_a_place_is_covered_by_itself_its_city_and_its_province(code):
    assert {canonical_region(outer) for outer in (code, places.city_of(code), places.province_of(code))} >= set(covering(code))
    assert canonical_region(places.province_of(code)) in covering(code)


LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)


@untimed
@given(LATITUDES, LONGITUDES, st.floats(0.001, 20_100), LATITUDES, LONGITUDES)
def test_a_box_holds_every_point_of_its_circle(latitude, longitude, radius, other_latitude, other_longitude):
    south, north, spans = box(latitude, longitude, radius)
    if places.kilometres(latitude, longitude, other_latitude, other_longitude) <= radius:
        assert south <= other_latitude <= north
        assert any(west <= other_longitude <= east for west, east in spans)


@untimed
@given(LATITUDES, LONGITUDES, st.lists(st.tuples(LATITUDES, LONGITUDES), min_size=1, max_size=20), st.data())
def test_array_and_scalar_distances_agree_to_the_metre_and_at_the_edge(latitude, longitude, others, data):
    lats, lons = [each[0] for each in others], [each[1] for each in others]
    assert metres_to(latitude, longitude, lats, lons).tolist() == [metres(latitude, longitude, *each) for each in others]
    radius = places.kilometres(latitude, longitude, *data.draw(st.sampled_from(others)))
    assert inside(latitude, longitude, radius, lats, lons).tolist() == [
        places.kilometres(latitude, longitude, *each) <= radius for each in others
    ]


TITLES = st.sampled_from(
    ("焊工", "电焊工", "高级焊工（氩弧焊）", "厨师", "Java开发工程师", "保洁", "急聘 双休", "a", "太原 普工 包吃住", "会计")
)


@untimed
@given(TITLES, st.one_of(TITLES, st.text(max_size=20)), st.sampled_from((None, "6-18-02-04", "4-03-02-01", "9-99-99-99")))
def test_relevance_is_the_matchers_likeness(title, wish, code):
    assert by_likeness(wish, [Described(title, code)]) == [likeness(title, None, code, wish)]


def test_keys_put_the_newest_and_the_best_paid_first_whatever_the_id():
    def key(field, posting_id, **fields):
        made = document_of(read_posting({"posting_id": posting_id, "source": "enterprise", "title": "焊工", **fields}), 1)
        return getattr(made, field)

    for one, two in (("a", "b"), ("b", "a")):
        assert key("date_key", one, published_at="2026-11-01T00:00:01+08:00") > key("date_key", two, published_at="2026-11-01")
        assert key("pay_key", one, pay={"min": 5001, "unit": "month"}) > key(
            "pay_key", two, pay={"min": 5000, "max": 9999, "unit": "month"}
        )
        assert key("pay_key", one, pay={"min": 1, "unit": "month"}) > key("pay_key", two)
    assert key("pay_key", "a", pay={"min": 1e9, "unit": "hour"}, published_at="2199-01-01") < 1 << 63
    assert key("date_key", "a", published_at="2999-01-01") < 1 << 63
