"""Elasticsearch keeps the contract, and what only a server can promise."""

from __future__ import annotations

import pytest

from search.elastic_index import ElasticIndex
from tests.contract.search_suite import SearchSuite
from tests.search.elastic import clear, place

pytestmark = pytest.mark.engine


class TestElastic(SearchSuite):
    @pytest.fixture
    def make(self):
        made: list[tuple[str, ElasticIndex]] = []

        def one(head=1000):
            url = place()
            made.append((url, ElasticIndex(url, head=head)))
            return made[-1][1]

        self.made = made
        yield one
        for url, index in made:
            index.close()
            clear(url)

    def reopened(self, index):
        index.close()
        self.made.append((self.made[-1][0], ElasticIndex(self.made[-1][0], head=3)))
        return self.made[-1][1]
