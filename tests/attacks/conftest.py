"""An exchange to be attacked: the one of the API's tests, with somebody and something more that attacks may end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.conftest import PERSON, Market, _cheap_passwords, empty_folder, furnish, market, open_market

__all__ = ["_cheap_passwords", "attacked", "empty_folder", "market"]
VICTIM = "u-9"  # may be forgotten


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory, empty_folder: object, _cheap_passwords: None) -> Iterator[Market]:
    """A furnished exchange without limits, shared by attacks that may change anything in it."""
    folder = tmp_path_factory.mktemp("attacked")
    for made in open_market(folder, empty_folder, requests_a_minute=10_000_000, anonymous_requests_a_minute=10_000_000):  # type: ignore[arg-type]
        furnish(made)
        victim = {**PERSON, "person_id": VICTIM, "private": None}
        assert made.post("administrator", "/people?wait=1", victim).status_code == 200
        made.settle()
        made.match_id = made.get("jobseeker", "/people/u-7/inbox").json()["items"][0]["match_id"]
        yield made
