"""The simulated market in small: balancing reaches more of the openings and spreads what is pushed more evenly. How fast is not tested."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from infra.benchmarks.market import command, gini, measure


@pytest.mark.timeout(1500)  # two weeks of a market
def test_balancing_reaches_more_openings_and_spreads_exposure() -> None:
    found = measure(people=1_000, openings=200, pushes=2)
    balanced, plain = found["with"], found["without"]
    assert balanced["openings_with_three_suitable"] >= plain["openings_with_three_suitable"]
    assert balanced["gini_of_exposure"] < plain["gini_of_exposure"]
    assert balanced["openings_reaching_nobody"] <= plain["openings_reaching_nobody"]
    assert balanced["people_with_three_fitting"] > plain["people_with_three_fitting"] - 0.02
    # Near equals alone change places: what is pushed suits as well as before.
    assert balanced["mean_score"] > plain["mean_score"] - 1


def test_the_same_market_gives_the_same_figures_on_the_last_line() -> None:
    asked = ["--people", "60", "--openings", "30", "--pushes", "2"]
    first, again = (CliRunner().invoke(command, asked, catch_exceptions=False) for _ in range(2))
    assert first.exit_code == 0
    assert json.loads(first.stdout.splitlines()[-1]) == json.loads(again.stdout.splitlines()[-1])
    assert json.loads(first.stdout.splitlines()[-1])["with"]["recommendations"] > 0


@pytest.mark.parametrize(("numbers", "expected"), [([1, 1, 1, 1], 0.0), ([0, 0, 0, 4], 0.75), ([], 0.0), ([0, 0], 0.0)])
def test_gini(numbers: list[int], expected: float) -> None:
    assert gini(numbers) == pytest.approx(expected)
