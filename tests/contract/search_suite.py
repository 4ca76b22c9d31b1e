"""What every index of postings promises, as cases. A backend is a small subclass that makes one (``test_search_*.py``)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from matcher.shapes import read_posting
from search import documents
from search.documents import document_of
from search.errors import QueryError
from search.index import Page, PostingIndex
from search.query import Query, read_query

WELDER = {
    "posting_id": "p-1",
    "source": "enterprise",
    "title": "焊工",
    "description": "负责车间电焊作业，会氩弧焊优先，有Java经验不限。",
    "employer": {"employer_id": "e-9", "name": "太原晨光机械有限公司"},
    "occupation_code": "6-18-02-04",
    "type": "regular",
    "employment_form": "full_time",
    "region": "140105",
    "location": {"lat": 37.73, "lon": 112.56},
    "pay": {"min": 5000, "max": 7000, "unit": "month"},
    "education_min": "60",
    "published_at": "2026-11-01T09:00:00+08:00",
}


def posting(posting_id: str = "p-1", **changes: object) -> dict[str, object]:
    return {**WELDER, "posting_id": posting_id, **changes}


class SearchSuite:
    """Subclasses give ``make(head)``: an empty index whose re-ranked head holds ``head`` postings."""

    @pytest.fixture
    def make(self, tmp_path):
        raise NotImplementedError

    @pytest.fixture
    def index(self, make):
        return make()

    @staticmethod
    def fill(index: PostingIndex, *postings: dict[str, object], version: int = 1, offset: int = 1) -> PostingIndex:
        index.upsert(document_of(read_posting(each), version) for each in postings)
        index.commit(offset)
        return index

    @staticmethod
    def found(index: PostingIndex, **parameters: object) -> list[str]:
        return sorted(index.search(read_query(parameters)).posting_ids)

    @staticmethod
    def ordered(index: PostingIndex, **parameters: object) -> list[str]:
        return index.search(read_query(parameters)).posting_ids

    @staticmethod
    def walk(index: PostingIndex, query: Query) -> list[str]:
        seen: list[str] = []
        while True:
            page = index.search(query)
            seen += page.posting_ids
            if page.cursor is None:
                return seen
            query = query.after(page.cursor)

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
        self.fill(index, posting("near"), posting("corner", location=corner), posting("none", location=None))
        page = index.search(read_query({"near": "37.73,112.56", "radius_km": 10, "facets": "form,zone"}))
        assert (page.posting_ids, page.total, page.facets) == (["near"], 1, {"form": {"full_time": 1}, "zone": {}})

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
            posting("nowhere old", location=None, published_at="2026-01-01"),
            posting("nowhere new", location=None),
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

    # -- walks

    @pytest.mark.parametrize("sort", ["relevance", "date", "pay", "distance"])
    @pytest.mark.parametrize("head", [1, 3, 1000])
    @pytest.mark.parametrize("tied", [False, True])
    def test_a_walk_shows_each_posting_once_and_in_the_order_of_one_page(self, make, sort, head, tied, monkeypatch):
        if tied:  # every key that can be equal is equal: the ids decide
            monkeypatch.setattr(documents, "tie_of", lambda posting_id: 0)
        places = [{"lat": 37.7 + 0.01 * (n % 5), "lon": 112.5} if n % 4 else None for n in range(23)]
        index = self.fill(
            make(head=head), *(posting(f"p-{n}", location=places[n], pay={"min": 4000 + n % 3, "unit": "month"}) for n in range(23))
        )
        query = read_query({"q": "焊工", "sort": sort, "near": "37.7,112.5", "limit": 4})
        walked = self.walk(index, query)
        assert sorted(walked) == sorted(f"p-{n}" for n in range(23))
        assert walked == index.search(replace(query, limit=100)).posting_ids

    @pytest.mark.parametrize("sort", ["relevance", "date", "pay", "distance"])
    def test_an_unchanged_posting_appears_exactly_once_while_others_come_change_and_go(self, make, sort):
        def placed(n: int, **changes: object) -> dict[str, object]:
            return posting(f"p-{n:02}", published_at=f"2026-11-{1 + n % 28:02}", location={"lat": 37 + n / 50, "lon": 112.5}, **changes)

        index = self.fill(make(head=8), *(placed(n, title="焊工" if n % 2 else "焊工学徒") for n in range(30)))
        query = read_query({"q": "焊工", "sort": sort, "near": "37,112.5", "limit": 3})
        seen: list[str] = []
        for version in range(2, 200):
            page = index.search(query)
            seen += page.posting_ids
            if page.cursor is None:
                break
            query = query.after(page.cursor)
            # After every page of the first ten one posting goes, one changes all its keys, and new ones shift the engine's own scores.
            if version < 12:
                index.delete(f"p-{(6 * version) % 30:02}", version)
                moved = placed((6 * version + 3) % 30, title="高级焊工焊工", pay={"min": 9000 + version, "unit": "month"})
                first = {"location": {"lat": 37.0, "lon": 112.5}, "published_at": f"2027-01-{version:02}"}
                new = (posting(f"new-{version}-{n}", title="焊工 焊工 焊工", published_at="2026-11-15") for n in range(3))
                self.fill(index, {**moved, **first}, *new, version=version, offset=version)
        else:
            pytest.fail("the walk does not end")
        unchanged = sorted(f"p-{n:02}" for n in range(30) if n % 3)
        assert sorted(each for each in seen if each in unchanged) == unchanged
        assert len(unchanged) == 20

    def test_a_walk_goes_on_after_the_index_was_closed_and_opened(self, make):
        index = self.fill(make(head=3), *(posting(f"p-{n}") for n in range(9)))
        query = read_query({"q": "焊工", "limit": 2})
        first = index.search(query)
        again = self.reopened(index)
        rest = self.walk(again, query.after(first.cursor))
        assert sorted(first.posting_ids + rest) == sorted(f"p-{n}" for n in range(9))

    def reopened(self, index):
        return index

    def test_the_last_page_has_no_cursor_even_when_it_is_full(self, index):
        self.fill(index, posting("a"), posting("b"))
        assert index.search(read_query({"limit": 2})).cursor is None
        assert index.search(read_query({"limit": 1})).cursor is not None

    # -- a hit is shown only if its state row still allows it

    @pytest.mark.parametrize("sort", ["relevance", "date", "pay", "distance"])
    def test_a_posting_that_its_row_no_longer_allows_is_not_shown_and_pages_stay_full(self, make, sort):
        index = self.fill(make(head=5), *(posting(f"p-{n:02}") for n in range(20)))
        query = read_query({"q": "焊工", "sort": sort, "near": "37,112", "limit": 4})
        asked: list[str] = []

        def even(ids: list[str]) -> set[str]:
            asked.extend(ids)
            return {each for each in ids if int(each[2:]) % 2 == 0}

        page = index.search(query, allowed=even)
        seen = list(page.posting_ids)
        assert len(seen) == 4
        assert len(asked) < 20, "only what the page needs is asked for"
        while page.cursor:
            page = index.search(query.after(page.cursor), allowed=even)
            seen += page.posting_ids
        assert sorted(seen) == [f"p-{n:02}" for n in range(0, 20, 2)]

    def test_nothing_allowed_is_an_empty_last_page(self, index):
        self.fill(index, *(posting(f"p-{n}") for n in range(5)))
        page = index.search(read_query({"limit": 2}), allowed=lambda ids: [])
        assert (page.hits, page.cursor) == ((), None)

    # -- following tables

    def test_a_newer_version_replaces_and_an_older_or_equal_one_never_does(self, index):
        self.fill(index, posting(title="厨师"), version=5)
        assert index.upsert([document_of(read_posting(posting(title="焊工")), 4)]) == 0
        assert index.upsert([document_of(read_posting(posting(title="保安")), 5)]) == 0
        index.commit(2)
        assert index.search(Query()).hits[0].title == "厨师"
        assert index.upsert([document_of(read_posting(posting(title="电工")), 6)]) == 1
        index.commit(3)
        assert [hit.title for hit in index.search(Query()).hits] == ["电工"]
        assert index.count() == 1

    def test_versions_hold_within_one_uncommitted_batch(self, index):
        self.fill(index, posting("other"))
        made = [document_of(read_posting(posting(title=title)), version) for version, title in ((2, "厨师"), (3, "电工"), (1, "焊工"))]
        assert index.upsert(made) == 2
        assert index.delete("p-1", 2) is False
        index.commit(2)
        assert index.search(read_query({"q": "电工"})).posting_ids == ["p-1"]
        assert index.count() == 2

    def test_a_deleted_posting_is_gone_and_an_older_version_does_not_bring_it_back(self, index):
        self.fill(index, posting("a"), posting("b"))
        assert index.delete("a", 2) is True
        index.commit(2)
        assert index.upsert([document_of(read_posting(posting("a")), 1)]) == 0
        index.commit(3)
        assert self.found(index) == self.found(index, q="-厨师") == ["b"]
        assert self.found(index, education="博士") == ["b"]
        assert index.count() == 1
        self.fill(index, posting("a"), version=3)
        assert self.found(index) == ["a", "b"]

    def test_a_delete_that_comes_first_keeps_the_older_upsert_out(self, index):
        assert index.delete("a", 7) is True
        index.commit(1)
        self.fill(index, posting("a"), version=6)
        assert (self.found(index), index.count()) == ([], 0)

    def test_writes_are_seen_after_the_commit_and_rollback_forgets_them(self, index):
        assert index.offset() is None
        index.upsert([document_of(read_posting(posting("a")), 1)])
        assert self.found(index) == []
        index.commit(41)
        assert (self.found(index), index.offset()) == (["a"], 41)
        index.upsert([document_of(read_posting(posting("b")), 1)])
        index.delete("a", 2)
        index.rollback()
        index.commit(42)
        assert (self.found(index), index.offset()) == (["a"], 42)
        assert index.upsert([document_of(read_posting(posting("b")), 1)]) == 1

    def test_doing_it_again_changes_nothing(self, index):
        batch = [document_of(read_posting(posting(f"p-{n}")), n + 1) for n in range(5)]
        for offset in (10, 10, 10):
            index.upsert(batch)
            index.delete("p-3", 9)
            index.commit(offset)
        assert self.found(index) == ["p-0", "p-1", "p-2", "p-4"]

    # -- cursors of others

    @pytest.mark.parametrize("cursor", ["x", "今天", "AAAA", "A" * 400, "e30", "../../etc/passwd", "%00"])
    def test_a_cursor_that_is_not_ours_is_refused_by_name(self, index, cursor):
        self.fill(index, posting())
        with pytest.raises(QueryError) as refused:
            index.search(read_query({"q": "焊工", "cursor": cursor}))
        assert refused.value.field == "cursor"

    def test_a_cursor_of_another_search_is_refused(self, index):
        self.fill(index, *(posting(f"p-{n}") for n in range(5)))
        cursor = index.search(read_query({"q": "焊工", "limit": 2})).cursor
        for other in ({"q": "焊"}, {"q": "焊工", "sort": "date"}, {"q": "焊工", "region": "140100"}):
            with pytest.raises(QueryError) as refused:
                index.search(read_query({**other, "cursor": cursor}))
            assert refused.value.field == "cursor"
        assert index.search(read_query({"q": " 焊工 ", "limit": 3, "facets": "form", "cursor": cursor})).posting_ids

    def test_published_since_a_day_is_from_midnight_in_shanghai(self, index):
        self.fill(index, posting("before", published_at="2026-11-01T23:59:59+08:00"), posting("at", published_at="2026-11-01T16:00:00Z"))
        assert index.search(Query(published_since=date(2026, 11, 2))).posting_ids == ["at"]
