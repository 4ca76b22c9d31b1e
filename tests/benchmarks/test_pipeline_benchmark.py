"""The pipeline's benchmark runs and says what it measured; how fast is not tested here."""

from __future__ import annotations

import json

from click.testing import CliRunner

from infra.benchmarks.pipeline import command


def test_every_posting_is_matched_and_figures_are_on_the_last_line() -> None:
    ran = CliRunner().invoke(
        command, ["--people", "40", "--postings", "12", "--rate", "40", "--rate", "20", "--seconds", "0.2"], catch_exceptions=False
    )
    assert ran.exit_code == 0
    figures = json.loads(ran.stdout.splitlines()[-1])
    assert (figures["people"], figures["postings"], figures["offered"]) == (40, 12, 8)
    assert [(one["rate"], one["offered"]) for one in figures["rates"]] == [(40, 8), (20, 4)]
    assert 0 < figures["pairs_mean"] <= 40
    assert figures["pairs_n"] <= 8
    assert {"postings_per_s", "delivered_per_s", "inbox_p99_ms", "pairs_p99_ms", "people_per_s"} <= set(figures)


def test_a_rate_of_nothing_is_a_usage_error() -> None:
    assert CliRunner().invoke(command, ["--rate", "0"]).exit_code == 2
