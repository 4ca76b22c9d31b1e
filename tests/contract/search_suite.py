"""What every index of postings finds, and in which order, as cases. A backend is a small subclass (``test_search_*.py``)."""

from __future__ import annotations

from datetime import date

import pytest

from matcher.places import seat_of
from search.errors import QueryError
from search.index import Page
from search.query import Query, read_query
from tests.contract.index_cases import IndexCases, posting


class SearchSuite(IndexCases):
    # -- text

    def test_everything_is_found_without_words_and_filters(self, index):
        self.fill(index, posting("a"), posting("b", title="厨师"))
        assert self.found(index) == ["a", "b"]

    def test_an_empty_index_finds_nothing(self, index):
        for sort in ("relevance", "date", "pay"):
            page = index.search(read_query({"q": "焊工", "sort": sort, "facets": "form,zone"}))
            assert page == Page((), None, 0, {"form": {}, "zone": {}})

    @pytest.mark.parametrize(
        ("text", "hit"),
        [
            ("焊工", True),
            ("电焊作业", True),
            ("焊", True),
            ("JAVA", True),
            ("ｊａｖａ", True),
            ("jav", False),
            ("jav*", True),
            ("ＪＡＶ*", True),
            ("java*", True),
            ("ava*", False),
            ("c+*", False),
            ("焊工j*", True),
            ("厨师j*", False),
            ("焊*", True),
            ("厨*", False),
            ("*", True),  # nothing to search for
            ("-jav*", False),
            ("-c*", True),
            ("电焊工", True),  # 电焊 in the text and 焊工 in the title: all its 2-grams occur
            ("工焊", False),
            ("焊工 晨光", True),
            ("焊工 厨师", False),
            ("焊工 -厨师", True),
            ("焊工 -氩弧焊", False),
            ("-焊工", False),
            ("-厨师", True),
            ('"电焊作业"', True),
            ('"电焊工"', False),
            ("“电焊作业”", True),
            ('"焊工 太原"', False),  # adjacent means within one field
            ('-"电焊作业"', False),
            ('-"电焊工"', True),
            ("，。！", True),  # nothing to search for
            ("a焊", False),
            ("銲工 電焊", False),
            ("電焊", True),
            ("138000", False),
        ],
    )
    def test_a_term_matches_when_all_its_pairs_occur(self, index, text, hit):
        self.fill(index, posting())
        assert self.found(index, q=text) == (["p-1"] if hit else [])

    def test_a_long_number_in_a_text_is_not_searchable(self, index):
        self.fill(index, posting(description="咨询 13800138000 王女士"))
        assert self.found(index, q="13800138000") == []
        assert self.found(index, q="王女士") == ["p-1"]

    def test_contact_and_address_are_not_in_the_index(self, index):
        self.fill(index, posting(contact={"person": "赵钱孙", "phone": "0351-555"}, address="并州路甲一号"))
        for words in ("赵钱孙", "0351", "555", "并州路"):
            assert self.found(index, q=words) == []

    # -- filters

    @pytest.mark.parametrize(
        ("parameters", "hit"),
        [
            ({"region": "140105"}, True),
            ({"region": "140100"}, True),
            ({"region": "140000"}, True),
            ({"region": "140106"}, False),
            ({"region": "140200,140105"}, True),
            ({"form": "full_time"}, True),
            ({"form": ["gig", "full_time"]}, True),
            ({"form": "gig"}, False),
            ({"pay_min": 7000}, True),
            ({"pay_min": "7000.5"}, False),
            ({"source": "enterprise"}, True),
            ({"source": "labour_brand"}, False),
            ({"type": "regular"}, True),
            ({"type": "gig"}, False),
            ({"education": "61"}, True),
            ({"education": "71"}, False),
            ({"education": "大专"}, True),
            ({"zone": "graduate"}, False),
            ({"zone": "gig"}, False),
            ({"open_to": "graduate"}, False),
            ({"occupation": "6-18-02-04"}, True),
            ({"occupation": "6-18"}, True),
            ({"occupation": "6-1"}, None),
            ({"occupation": "6-19"}, False),
            ({"employer_id": "e-9"}, True),
            ({"employer_id": "e-8"}, False),
            ({"published_since": "2026-11-01"}, True),
            ({"published_since": "2026-11-02"}, False),
            ({"near": "37.73,112.56", "radius_km": 1}, True),
            ({"near": "37.73,112.70", "radius_km": 12.5}, True),
            ({"near": "37.73,112.70", "radius_km": 12.2}, False),
        ],
    )
    def test_each_filter_finds_what_it_covers(self, index, parameters, hit):
        self.fill(index, posting())
        if hit is None:
            with pytest.raises(QueryError):
                read_query(parameters)
        else:
            assert self.found(index, **parameters) == (["p-1"] if hit else [])

    def test_what_is_not_stated_meets_no_floor_but_every_level(self, index):
        bare = {"posting_id": "bare", "source": "enterprise", "title": "焊工"}
        piece = posting("piece", pay={"min": 9000, "unit": "piece"}, education_min="90")
        self.fill(index, bare, piece)
        assert self.found(index, pay_min=0) == []
        assert self.found(index, education="小学") == ["bare", "piece"]
        assert self.found(index, region="140000") == ["piece"]
        assert self.found(index, near="37.73,112.56", radius_km=20_000) == ["piece"]

    def test_the_graduate_zone_holds_what_is_kept_for_graduates_and_the_gig_zone_gigs(self, index):
        graduates = posting("grad", open_to=["graduate"])
        gig = posting("gig", type="gig", employment_form=None)
        market = posting("market", source="gig_market", market_id="m-1")
        self.fill(index, posting(), graduates, gig, market)
        assert self.found(index, zone="graduate") == ["grad"]
        assert self.found(index, zone="gig") == ["gig", "market"]
        assert self.found(index, zone="graduate,gig") == ["gig", "grad", "market"]
        assert self.found(index, market_id="m-1") == ["market"]
        assert self.found(index, open_to="graduate") == ["grad"]

    def test_all_the_offers_asked_for_must_be_said(self, index):
        terms = {"lodging": True, "board": True, "insurance": ["social"], "rest_days": 8, "overtime": False, "shifts": "day"}
        self.fill(
            index,
            posting("all", terms=terms),
            posting("board", terms={"board": True, "lodging": False, "rest_days": 4, "overtime": True, "insurance": []}),
            posting("silent"),
        )
        assert self.found(index, offers="board") == ["all", "board"]
        assert self.found(index, offers="board,lodging") == ["all"]
        assert self.found(index, offers=["insured", "weekends", "no_overtime", "day_shift"]) == ["all"]
        assert self.found(index, offers="fund") == []

    def test_the_night_shift_and_short_days_are_asked_for_as_they_are_said(self, index):
        self.fill(
            index,
            posting("night", terms={"shifts": "night", "hours_per_day": 8}),
            posting("long", terms={"shifts": "two_shift", "hours_per_day": 12}),
            posting("field", terms={"hours_per_day": 12}, work={"hours_per_day": 6}),
            posting("silent"),
        )
        assert self.found(index, offers="night_shift") == ["night"]
        assert self.found(index, offers="eight_hours") == ["field", "night"]

    def test_insured_or_not_is_asked_for_as_it_is_said(self, index):
        self.fill(
            index,
            posting("insured", terms={"insurance": ["social", "commercial"]}),
            posting("commercial", terms={"insurance": ["commercial"]}),
            posting("none", terms={"insurance": []}),
            posting("silent"),
        )
        assert self.found(index, offers="insured") == ["insured"]
        assert self.found(index, offers="uninsured") == ["none"]

    def test_a_trade_is_found_by_any_of_its_names(self, index):
        self.fill(
            index,
            posting("words", title="骑手站长", occupation_code=None, description=None),
            posting("code", title="外卖小哥", occupation_code="4-02-07-10", description=None),
            posting("other", title="焊工", description=None),
        )
        page = index.search(read_query({"trade": "骑手"}))
        assert sorted(page.posting_ids) == ["code", "words"]
        assert all(hit.likeness is not None for hit in page.hits), "a trade is words to be relevant to"
        assert self.found(index, trade="骑手", q="-站长") == ["code"]
        assert self.found(index, trade="，！") == ["code", "other", "words"]
        assert self.found(index, trade="骑手,焊工") == ["code", "other", "words"]
        assert self.found(index, trade=["焊工", "月嫂"]) == ["other"]
        assert self.found(index, trade="骑手", q="站长") == ["words"]

    def test_a_municipality_covers_its_districts_under_either_of_its_codes(self, index):
        self.fill(index, posting(region="110105"))
        assert self.found(index, region="110000") == self.found(index, region="110100") == ["p-1"]
        assert index.search(read_query({"facets": "city"})).facets == {"city": {"110000": 1}}

    def test_published_since_a_day_is_from_midnight_in_shanghai(self, index):
        self.fill(index, posting("before", published_at="2026-11-01T23:59:59+08:00"), posting("at", published_at="2026-11-01T16:00:00Z"))
        assert index.search(Query(published_since=date(2026, 11, 2))).posting_ids == ["at"]

    # -- facets

    def test_facets_count_the_matches_of_all_filters_most_frequent_first(self, index):
        self.fill(
            index,
            posting("a"),
            posting("b", region="140106", employment_form="part_time"),
            posting("c", region="140106", education_min=None, open_to=["graduate"]),
            posting("d", region="140000", title="厨师", description=None),
        )
        page = index.search(read_query({"q": "焊工", "facets": "city,region,form,type,source,education,zone", "limit": 1}))
        assert page.total == 3
        assert page.facets == {
            "city": {"140100": 3},
            "region": {"140106": 2, "140105": 1},
            "form": {"full_time": 2, "part_time": 1},
            "type": {"regular": 3},
            "source": {"enterprise": 3},
            "education": {"60": 2},
            "zone": {"graduate": 1},
        }
        assert list(page.facets["region"]) == ["140106", "140105"]
        assert index.search(read_query({"region": "140000", "facets": "city"})).facets["city"] == {"140100": 3}

    def test_facets_in_a_circle_count_the_circle_and_not_its_box(self, index):
        corner = {"lat": 37.73 + 0.085, "lon": 112.56 + 0.105}  # inside the box of 10 km, 13 km away
        self.fill(index, posting("near"), posting("corner", location=corner), posting("none", location=None, region="140100"))
        page = index.search(read_query({"near": "37.73,112.56", "radius_km": 10, "facets": "form,zone"}))
        assert (page.posting_ids, page.total, page.facets) == (["near"], 1, {"form": {"full_time": 1}, "zone": {}})

    def test_a_posting_that_says_no_more_than_its_county_lies_at_the_countys_seat(self, index):
        self.fill(index, posting("here", location=None, region="140105"), posting("city", location=None, region="140100"))
        lat, lon = seat_of("140105")
        assert self.found(index, near=f"{lat},{lon}", radius_km=1) == ["here"]
        assert self.found(index, near="40.09,113.30", radius_km=20) == []

    # -- order

    def test_by_date_the_newest_come_first_and_undated_ones_last(self, index):
        self.fill(
            index,
            posting("old", published_at="2026-10-01"),
            posting("new", published_at="2026-11-02T10:00:01+08:00"),
            posting("newer", published_at="2026-11-02T10:00:02+08:00"),
            posting("never", published_at=None),
        )
        assert self.ordered(index, sort="date") == ["newer", "new", "old", "never"]
        assert self.ordered(index) == ["newer", "new", "old", "never"], "without words relevance is by date"

    def test_by_pay_the_lower_bound_counts_and_what_cannot_be_compared_is_last(self, index):
        self.fill(
            index,
            posting("wide", pay={"min": 3000, "max": 30_000, "unit": "month"}),
            posting("day", pay={"min": 300, "unit": "day"}),  # 6,525 a month
            posting("top", pay={"max": 4000, "unit": "month"}),
            posting("piece", pay={"min": 90_000, "unit": "piece"}),
            posting("thirteen", pay={"min": 6100, "unit": "month", "months": 13}),  # 6,608
        )
        assert self.ordered(index, sort="pay") == ["thirteen", "day", "top", "wide", "piece"]

    def test_equal_pay_comes_newest_day_first(self, index):
        self.fill(index, *(posting(f"d-{day}", published_at=f"2026-11-{day:02}") for day in (3, 9, 5)))
        assert self.ordered(index, sort="pay") == ["d-9", "d-5", "d-3"]

    def test_by_distance_the_nearest_come_first_and_those_nowhere_last_by_date(self, index):
        self.fill(
            index,
            posting("far", location={"lat": 40.09, "lon": 113.30}),
            posting("near", location={"lat": 37.74, "lon": 112.56}),
            posting("here"),
            posting("other side", location={"lat": -37.0, "lon": -67.0}),
            posting("nowhere old", location=None, region="140100", published_at="2026-01-01"),
            posting("nowhere new", location=None, region=None),
        )
        page = index.search(read_query({"sort": "distance", "near": "37.73,112.56"}))
        assert page.posting_ids == ["here", "near", "far", "other side", "nowhere new", "nowhere old"]
        assert [round(hit.kilometres, 1) if hit.kilometres is not None else None for hit in page.hits][:2] == [0.0, 1.1]
        assert page.hits[-1].kilometres is None

    def test_relevance_puts_the_same_work_before_a_mention(self, index):
        self.fill(
            index,
            posting("mention", title="车间统计员", description="统计焊工工时", occupation_code=None, published_at="2026-12-01"),
            posting("same", title="焊工", published_at="2026-10-01"),
        )
        page = index.search(read_query({"q": "焊工"}))
        assert page.posting_ids == ["same", "mention"]
        assert page.hits[0].likeness > page.hits[1].likeness

    def test_after_the_reranked_head_the_rest_comes_by_date(self, make):
        index = self.fill(make(head=2), *(posting(f"d-{day:02}", published_at=f"2026-11-{day:02}") for day in range(1, 10)))
        found = self.ordered(index, q="焊工")
        assert len(found) == 9
        assert found[2:] == sorted(found[2:], reverse=True)

    def test_a_search_with_a_smaller_head_finds_the_same_and_leaves_others_as_they_are(self, index):
        self.fill(
            index,
            *(posting(f"d-{day:02}", title="焊工" if day < 8 else "电焊工学徒", published_at=f"2026-11-{day:02}") for day in range(1, 10)),
        )
        query = read_query({"q": "焊工"})
        before = index.search(query)
        small = index.search(query, head=2)
        assert (small.total, sorted(small.posting_ids)) == (before.total, sorted(before.posting_ids))
        assert small.posting_ids[2:] == sorted(small.posting_ids[2:], reverse=True)
        assert [hit.likeness is not None for hit in small.hits] == [True] * 2 + [False] * 7
        uncounted = index.search(query, counted=False)
        assert (uncounted.hits, uncounted.cursor, uncounted.total) == (before.hits, before.cursor, 0)
        assert index.search(query) == before
