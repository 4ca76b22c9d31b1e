"""The feed of the demonstration exchange, with everything that happens in it: merged, held, filled, expired, and what other tests did."""

from __future__ import annotations

from click.testing import CliRunner

from infra.commands.feed_check import command


def test_a_mirror_of_the_sample_is_its_snapshot(site):
    site.settle()
    result = CliRunner().invoke(command, [site.address])
    assert result.exit_code == 0, result.output
    assert "the same as the snapshot" in result.output
