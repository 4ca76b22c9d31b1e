"""What every index of postings promises while others write: walks, cursors, versions, commits. As cases, as ``search_suite``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matcher.shapes import read_posting
from search import documents
from search.documents import document_of
from search.errors import QueryError
from search.query import Query, read_query
from tests.contract.index_cases import IndexCases, posting


class FollowingSuite(IndexCases):
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
