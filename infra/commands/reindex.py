"""``gongqiao reindex``."""

from __future__ import annotations

from pathlib import Path

import click

from infra.composition import exchange
from infra.data_dir import only_one
from infra.settings import Settings
from search.index import open_index, tantivy_url
from streams.intake.index_follower import IndexFollower, fill_anew


@click.command("reindex")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
@click.option("--force", is_flag=True, help="Also where the new index holds less than 80 % of the old one.")
def command(data_dir: Path | None, force: bool) -> None:
    """Fill a new index of postings from the tables, compare it with the old one, and put it in its place.

    Stop the exchange first: the index has one writer.
    """
    settings = Settings(data_dir=data_dir) if data_dir else Settings()
    with only_one(settings.data_dir), exchange(settings, run=False) as opened:
        url = tantivy_url(settings.index.absolute())
        compared = fill_anew(opened, url, force=force)
        index = open_index(url)
        try:
            follower = IndexFollower(opened, index)
            follower.catch_up()
        finally:
            index.close()
    before = "none" if compared.old is None else f"{compared.old} postings"
    click.echo(f"new index: {compared.new} postings (the old one: {before})")
