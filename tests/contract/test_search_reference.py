"""The reference evaluator keeps what it defines."""

import pytest

from search.reference import ReferenceIndex
from tests.contract.following_suite import FollowingSuite
from tests.contract.search_suite import SearchSuite


class TestReference(SearchSuite, FollowingSuite):
    @pytest.fixture
    def make(self):
        return lambda head=1000: ReferenceIndex(head=head)
