"""``gongqiao reindex``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from infra.composition import exchange
from infra.data_dir import only_one
from infra.engines import search_options
from infra.settings import settings_of
from search.errors import IndexFault, ShrunkIndex
from search.index import is_elastic
from search.reindex import refused
from streams.intake.index_follower import fill_anew


@click.command("reindex")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
@click.option("--force", is_flag=True, help="Also where the new index holds less than 80 % of the old one.")
def command(data_dir: Path | None, force: bool) -> None:
    """Fill a new index of postings from the tables, compare it with the old one, and put it in its place.

    An embedded index has one writer: stop the exchange first. With Elasticsearch everything may go on meanwhile.
    """
    settings = settings_of(data_dir)
    url, options = settings.search_url, search_options(settings)
    with ExitStack() as stack:
        if not is_elastic(url):
            stack.enter_context(only_one(settings.data_dir))
        opened = stack.enter_context(exchange(settings, run=False))
        try:
            compared = fill_anew(opened, url, force=force, options=options)
            left_out = refused(url, options=options)
        except (IndexFault, ShrunkIndex) as error:
            raise click.ClickException(str(error)) from None
    before = "none" if compared.old is None else f"{compared.old} postings"
    click.echo(f"new index: {compared.new} postings (the old one: {before})")
    for posting_id, reason in left_out.items():
        click.echo(f"not taken: {posting_id}: {reason}", err=True)
