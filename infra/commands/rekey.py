"""``gongqiao rekey``: everything sealed with an old master key is sealed with the new one."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from tqdm import tqdm

from infra.composition import exchange
from infra.settings import settings_of
from streams.runtime.rekeying import Rekeyed, rekey
from streams.runtime.sealing import WrongMasterKey


@click.command("rekey")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
def command(data_dir: Path | None) -> None:
    """Seal personal data anew under GONGQIAO_MASTER_KEY, also while the exchange runs.

    GONGQIAO_OTHER_MASTER_KEYS names the old key, here and in every process that runs, until this has ended with no error. Broken off, it
    may be started again. How a key is changed: docs/operations.md.
    """
    with exchange(settings_of(data_dir), run=False) as opened, tqdm(disable=not sys.stderr.isatty(), unit=" values") as bar:

        def say(done: Rekeyed) -> None:
            bar.update(done.looked_at - bar.n)

        try:
            found = rekey(opened, say)
        except WrongMasterKey as error:
            raise click.ClickException(str(error)) from None
    click.echo(
        f"{found.looked_at} keys and values looked at, {found.sealed_anew} sealed anew; all of them open with GONGQIAO_MASTER_KEY alone"
    )
