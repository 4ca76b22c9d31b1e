"""The examples of docs/api.md, run in their order against a real exchange over a socket; what they print is what stands behind them."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.access.accounts import create_account
from tests.api.conftest import Market, _cheap_passwords, empty_folder, furnish, market
from tests.serving import serving

__all__ = ["_cheap_passwords", "empty_folder", "market"]
TEXT = (Path(__file__).parents[2] / "docs/api.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
DEMO = {"u-demo": {"role": "jobseeker", "person_id": "u-7"}}


@pytest.fixture
def address(market: Market) -> Iterator[str]:
    furnish(market)
    now = market.services.exchange.now()
    for login, what in DEMO.items():
        made = {"login": login, "password": "gongqiao-demo", "now": now, **what}
        market.services.exchange.write(lambda connection, made=made: create_account(connection, **made))
    with serving(market.app, lifespan="off") as found:
        yield found


def expected(example: str) -> list[str]:
    """The lines that an example says it prints."""
    return [line.partition(")  # ")[2] for line in example.splitlines() if line.lstrip().startswith("print(")]


def test_the_examples_do_what_they_say(market: Market, address: str) -> None:
    assert len(EXAMPLES) >= 6
    for example in EXAMPLES:
        assert all(expected(example)), f"a line that is printed says what:\n{example}"
        code = example.replace("https://exchange.example", address).replace('"gq_…"', repr(market.keys["employer"]))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "docs/api.md", "exec"), {})
        assert printed.getvalue().splitlines() == expected(example), example
        market.settle()


def test_every_example_that_asks_the_exchange_uses_the_client() -> None:
    assert all("from api.client import" in example for example in EXAMPLES if "exchange.example" in example)
