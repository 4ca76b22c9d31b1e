"""The table for civil affairs, as it is opened in a sheet."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import PERSON, Market

GIVEN = {"=1+1": "'=1+1", "+8": "'+8", "-8": "'-8", "@u": "'@u", "u-6": "u-6"}


def register(market: Market, person_id: str) -> None:
    who: dict[str, Any] = {
        **PERSON, "person_id": person_id, "private": None, "categories": ["registered_unemployed", "dibao_family_member"],
        "consent": {"recommend": True, "share_with_civil_affairs": True},
    }  # fmt: skip
    assert market.post("administrator", "/people?wait=1", who).status_code == 200
    market.settle()
    month = {"month": "2026-11", "income_per_head_yuan": 900, "standard_yuan": 600}
    answer = market.post("administrator", f"/people/{quote(person_id)}/incomes", month)
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("format", ["csv", "json"])
def test_an_id_is_never_a_formula(market: Market, format: str) -> None:
    for person_id in GIVEN:
        register(market, person_id)
    market.settle()
    answer = market.get("commissioner", f"/civil-affairs/exits?format={format}")
    assert answer.status_code == 200, answer.text
    if format == "json":
        assert {item["person_id"] for item in answer.json()["items"]} == set(GIVEN)
    else:
        assert {row["person_id"] for row in csv.DictReader(io.StringIO(answer.text))} == set(GIVEN.values())
