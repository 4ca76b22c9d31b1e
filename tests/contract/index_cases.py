"""What a backend of the index of postings is given and asks with: the parts that the two suites of its cases share."""

from __future__ import annotations

import pytest

from matcher.shapes import read_posting
from search.documents import document_of
from search.index import PostingIndex
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


class IndexCases:
    """Subclasses give ``make(head)``: an empty index whose re-ranked head holds ``head`` postings."""

    @pytest.fixture
    def make(self, tmp_path):
        raise NotImplementedError

    @pytest.fixture
    def index(self, make):
        return make()

    def reopened(self, index):
        return index

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
