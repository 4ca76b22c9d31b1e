"""A null character is no text: not every database keeps it or looks for it. It is refused at the edge, not the server's fault."""

from __future__ import annotations

import pytest

from tests.api.conftest import Market


@pytest.mark.parametrize("path", ["/people/%00", "/postings/a%00b", "/employers/%00/gap", "/matches/%00/x", "/people/u-7%00/inbox"])
def test_nobody_has_one_in_their_name(furnished: Market, path: str) -> None:
    assert furnished.get("administrator", path).status_code == 404


def test_no_parameter_has_one(furnished: Market) -> None:
    assert furnished.get("administrator", "/postings?cursor=%00").status_code == 400
    assert furnished.get("administrator", "/postings?limit=1").status_code == 200
