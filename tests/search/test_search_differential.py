"""Generated documents and queries thrown at every index: the same postings in every sort, and in the same order where order is defined."""

import math
import random
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.places import kilometres
from matcher.shapes import read_posting
from search.documents import FACETS, FORMS, OFFERS, SOURCES, TYPES, ZONES, document_of
from search.elastic_index import ElasticIndex
from search.query import SORTS, Query
from search.reference import ReferenceIndex
from search.tantivy_index import TantivyIndex
from tests.search.elastic import elastic_place

# Few characters and few values, so that generated queries meet generated postings.
WORDS = ("焊工", "电焊", "焊", "工", "电工", "Java", "c++", "小店区", "工 电", "焊，工", "Node.js", "12", "銲工")
REGIONS = ("140000", "140100", "140105", "140106", "140200", "110105", "110000", "110100", "500100", "500242", "429004")
texts = st.lists(st.sampled_from(WORDS), max_size=4).map("".join)
spaced = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
latitudes = st.sampled_from((37.73, 37.731, 37.65, 37.8, 37.81, 37.9, 0.0, 90.0, -90.0)) | st.floats(37.6, 37.9) | st.floats(-90, 90)
longitudes = (
    st.sampled_from((112.56, 112.561, 112.5, 112.6, 112.65, 180.0, -180.0, 179.99, 0.0)) | st.floats(112.4, 112.7) | st.floats(-180, 180)
)
money = st.one_of(st.sampled_from((0, 3000, 5000, 5000.5)), st.floats(0, 20_000), st.just(1e9))


def optional(**fields):
    return st.fixed_dictionaries({}, optional=fields)


postings = optional(
    description=spaced,
    employer=optional(name=texts, employer_id=st.sampled_from(("e-1", "e-2 b"))),
    occupation_code=st.sampled_from(("6-18-02-04", "6-18-02-05", "4-01-01-01")),
    type=st.sampled_from(TYPES),
    employment_form=st.sampled_from(FORMS),
    region=st.sampled_from(REGIONS),
    location=st.fixed_dictionaries({"lat": latitudes, "lon": longitudes}),
    pay=optional(min=money, max=money, unit=st.sampled_from(("month", "day", "piece", "year"))),
    education_min=st.sampled_from(("90", "60", "61", "47", "31", "11", "99")),
    open_to=st.lists(st.sampled_from(("graduate", "veteran", "college_graduate")), max_size=2),
    published_at=st.sampled_from(("2026-11-01", "2026-11-01T00:00:01+08:00", "2026-10-31", "1969-01-01", "2200-01-01")),
    terms=optional(
        lodging=st.booleans(),
        board=st.booleans(),
        overtime=st.booleans(),
        rest_days=st.sampled_from((4, 8)),
        shifts=st.sampled_from(("day", "night")),
        insurance=st.lists(st.sampled_from(("social", "housing_fund")), max_size=2),
    ),
    brand_id=st.sampled_from(("b-1",)),
    market_id=st.sampled_from(("m-1",)),
).flatmap(
    lambda fields: st.tuples(st.sampled_from(SOURCES), texts).map(lambda more: {**fields, "source": more[0], "title": more[1] or "工"})
)


@st.composite
def terms(draw):
    quoted = draw(st.booleans())
    words = draw(spaced if quoted else texts)
    return draw(st.sampled_from(("", "", "-"))) + (
        f'"{words}"' if quoted else words + draw(st.sampled_from(("", "", "*", "ja*", "c+*", "1*")))
    )


def rarely(values):
    """Mostly None: with every filter drawn at once hardly anything is found."""
    return st.sampled_from((None, None, None, None, "drawn")).flatmap(lambda drawn: values if drawn else st.none())


def several(values):
    return rarely(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)).map(lambda drawn: drawn or ())


@st.composite
def queries(draw):
    point = draw(st.one_of(st.none(), st.tuples(latitudes, longitudes)))
    radius = draw(st.sampled_from((None, None, 0.1, 5.0, 9.0, 12.0, 300.0, 20_100.0)) | st.floats(1, 30)) if point else None
    return Query(
        text=" ".join(draw(st.lists(terms(), max_size=2))),
        regions=draw(several(REGIONS)),
        point=point,
        radius_km=radius,
        forms=draw(several(FORMS)),
        pay_min=draw(rarely(money)),
        sources=draw(several(SOURCES)),
        types=draw(several(TYPES)),
        education=draw(rarely(st.sampled_from(("81", "61", "31", "71", "11")))),
        open_to=draw(several(("graduate", "veteran"))),
        zones=draw(several(ZONES)),
        offers=draw(several(OFFERS)),
        trades=draw(several(("电焊工", "焊工", "工", "java", "，", "骑手"))),
        occupations=draw(several(("6-18-02-04", "6-18", "4"))),
        employer_ids=draw(several(("e-1", "e-2 b"))),
        sort=draw(st.sampled_from(SORTS if point else SORTS[:3])),
        facets=FACETS,
        limit=draw(st.integers(1, 9)),
    )


changes = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.one_of(st.none(), postings)), min_size=1, max_size=40)


def walk(index, query):
    pages = []
    while True:
        pages.append(index.search(query))
        if pages[-1].cursor is None:
            return pages
        query = query.after(pages[-1].cursor)


def apply(index, batch, offset):
    for number, version, fields in batch:
        posting_id = f"p-{number}"
        if fields is None:
            index.delete(posting_id, version)
        else:
            index.upsert([document_of(read_posting({**fields, "posting_id": posting_id}), version)])
    index.commit(offset)


@contextmanager
def embedded(head):
    with tempfile.TemporaryDirectory() as folder:
        index = TantivyIndex(Path(folder), head=head)
        yield index
        index.close()


@contextmanager
def elastic(head):
    with elastic_place() as url:
        index = ElasticIndex(url, head=head)
        yield index
        index.close()


def same(first, second, asked, head, *engines):
    """All indexes, fed alike, answer alike."""
    with ExitStack() as stack:
        reference = ReferenceIndex(head=head)
        opened = [stack.enter_context(engine(head)) for engine in engines]
        for offset, batch in enumerate((first, second)):
            for index in (reference, *opened):
                apply(index, batch, offset)
        for index in opened:
            assert index.count() == reference.count()
        for query in asked:
            expected = walk(reference, query)
            for index in opened:
                alike(query, expected, walk(index, query), head)


def alike(query, expected, given_, head):
    assert (given_[0].total, given_[0].facets) == (expected[0].total, expected[0].facets)
    assert [list(facet) for facet in given_[0].facets.values()] == [list(facet) for facet in expected[0].facets.values()]
    ours = [hit for page in given_ for hit in page.hits]
    theirs = [hit for page in expected for hit in page.hits]
    assert sorted(hit.posting_id for hit in ours) == sorted(hit.posting_id for hit in theirs)
    assert len({hit.posting_id for hit in ours}) == len(ours) == expected[0].total
    if query.order != "relevance" or expected[0].total <= head:
        assert ours == theirs


@pytest.mark.parametrize("head", [3, 1000])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(first=changes, second=changes, asked=st.lists(queries(), min_size=1, max_size=12))
def test_every_sort_gives_the_same_postings_and_date_pay_distance_the_same_order(head, first, second, asked):
    same(first, second, asked, head, embedded)


@pytest.mark.engine
@pytest.mark.parametrize("head", [3, 1000])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(first=changes, second=changes, asked=st.lists(queries(), min_size=6, max_size=16))
def test_reference_tantivy_and_elasticsearch_say_the_same(head, first, second, asked):
    same(first, second, asked, head, embedded, elastic)


def dense(draw):
    """Postings close together and alike in most things, queries of one or two filters: nearly every query cuts right through them."""

    def place():
        return round(37.8 + draw.gauss(0, 0.15), 3), round(112.5 + draw.gauss(0, 0.15), 3)

    made = []
    for number in range(250):
        latitude, longitude = place()
        fields = {
            "posting_id": f"p-{number}", "source": draw.choice(SOURCES), "title": "".join(draw.choices(WORDS, k=2)),
            "description": " ".join(draw.choices(WORDS, k=3)), "region": draw.choice(REGIONS),
            "employer": {"name": "".join(draw.choices(WORDS, k=1))}, "employment_form": draw.choice(FORMS),
            "education_min": draw.choice(("90", "60", "61", "47", "31", "11", None)),
            "pay": {"min": draw.choice((3000, 5000, 5000.5)), "unit": draw.choice(("month", "month", "week"))},
            "location": {"lat": latitude, "lon": longitude} if draw.random() < 0.9 else None,
            "published_at": f"2026-11-{draw.randrange(1, 4):02}",
        }  # fmt: skip
        made.append((number, 1, fields))
    asked = []
    for _ in range(80):
        filters = {
            "text": draw.choice(("焊", "电焊", '"焊工 电"', '"工 12"', "-焊 工", "c++ -电工", "")),
            "regions": (draw.choice(REGIONS),),
            "forms": (draw.choice(FORMS),),
            "pay_min": draw.choice((3000, 5000, 5000.5, 13_000)),
            "education": draw.choice(("81", "61", "31")),
            "radius_km": draw.choice((3.0, 10.0, 25.0)),
        }
        chosen = dict(draw.sample(sorted(filters.items(), key=lambda item: item[0]), k=draw.randrange(0, 3)))
        asked.append(Query(point=place(), sort=draw.choice(SORTS), limit=draw.choice((3, 40)), facets=FACETS, **chosen))
    return made, asked


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_crowded_postings_are_cut_alike(seed):
    made, asked = dense(random.Random(seed))
    same(made, [], asked, 40, embedded)


@pytest.mark.engine
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_crowded_postings_are_cut_alike_by_all_three(seed):
    made, asked = dense(random.Random(seed))
    same(made, [], asked, 40, embedded, elastic)


@pytest.mark.engine
def test_postings_on_one_spot_on_the_rim_and_at_the_antipodes_are_ordered_alike():
    """More at one place than a question asks for, others a metre off, some on a circle's very edge, some on the other side of the earth."""
    draw = random.Random(4)
    here = (37.87, 112.55)
    spots = [here] * 150 + [(37.87 + draw.uniform(-2e-5, 2e-5), 112.55) for _ in range(80)] + [(37.95, 112.55)] * 30
    spots += [(-37.87 + draw.uniform(-1e-4, 1e-4), -67.45) for _ in range(60)] + [(-37.87, -67.45)] * 40
    made = [
        (n, 1, {"posting_id": f"p-{n}", "source": "enterprise", "title": "焊工", "location": {"lat": lat, "lon": lon},
                "published_at": f"2026-11-{draw.randrange(1, 28):02}"})
        for n, (lat, lon) in enumerate(spots)
    ]  # fmt: skip
    rim = kilometres(*here, 37.95, 112.55)
    radii = (None, rim, math.nextafter(rim, 0), 0.001, 20_015.0, 20_100.0)
    asked = [Query(point=here, radius_km=radius, sort=sort, limit=40) for radius in radii for sort in ("distance", "date")]
    same(made, [], asked, 1000, embedded, elastic)
