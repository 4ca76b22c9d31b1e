"""``gongqiao feed-check``: whether a feed of postings, the exchange's or a mirror's own, keeps what followers rely on."""

from __future__ import annotations

import click
import httpx
from tqdm import tqdm

from infra.feed_check import check
from infra.feed_reading import TIMEOUT_S, Feed, FeedFault, feed_address


def _address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        return feed_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("feed-check")
@click.argument("address", metavar="URL", callback=_address)
@click.option("--cursor", type=click.IntRange(0), default=0, help="Follow from here; by default from the beginning.")
@click.option("--limit", type=click.IntRange(2, 1000), default=500, help="Changes a page in the first walk.")
def command(address: str, cursor: int, limit: int) -> None:
    """Follow the feed at URL, lose the connection, go on, and compare the mirror that this makes with the snapshot.

    URL is an exchange's address or that of a feed (ending in /feed). Asks only; exit 1 if anything is not as it should be.
    """
    fine = True
    with httpx.Client(timeout=TIMEOUT_S) as client, tqdm(unit=" changes", disable=None, leave=False) as bar:
        try:
            for finding in check(Feed(address, client), cursor, limit, bar.update):
                fine = fine and finding.fine
                with bar.external_write_mode():
                    click.echo(finding.line())
        except FeedFault as fault:
            raise click.ClickException(str(fault)) from None
    if not fine:
        raise SystemExit(1)
