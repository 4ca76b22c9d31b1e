"""The reference evaluator keeps what it defines."""

import pytest

from search.reference import ReferenceIndex
from tests.contract.search_suite import SearchSuite


class TestReference(SearchSuite):
    @pytest.fixture
    def make(self):
        return lambda head=1000: ReferenceIndex(head=head)
