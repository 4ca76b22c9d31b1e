"""``gongqiao audit verify|list``: who read whose data, and whether that log is whole."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
from tqdm import tqdm

from api.access import audit
from api.access.audit import Head
from infra.composition import exchange
from infra.settings import settings_of

_DATA_DIR = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")


@click.group("audit")
def command() -> None:
    """The log of who read whose data."""


def _head(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Head | None:
    if value is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,17}):([0-9a-f]{64})", value.strip())
    if found is None:
        raise click.BadParameter("NUMBER:HASH expected, as an earlier gongqiao audit verify printed it")
    return Head(int(found[1]), found[2])


@command.command("verify")
@_DATA_DIR
@click.option("--head", "noted", callback=_head, help="NUMBER:HASH as printed earlier and noted elsewhere: tells also a cut tail.")
def verify(data_dir: Path | None, noted: Head | None) -> None:
    """Compute the chain anew; exit 1 at the first entry that was changed, removed, put in or put elsewhere.

    Prints the head. Without ``--head`` nobody can tell entries that were cut off at the end, nor a log that was written anew as a whole.
    """
    with exchange(settings_of(data_dir), run=False) as opened, opened.reading() as connection:
        total = audit.head(connection).n
        with tqdm(total=total, disable=not sys.stderr.isatty(), unit=" entries") as bar:
            found = audit.verify(connection, noted, lambda n: bar.update(n - bar.n))
    if found.broken is not None:
        click.echo(f"audit log broken: {found.broken}")
        click.echo(f"entries before it that hold together: {found.head.n}")
        raise SystemExit(1)
    click.echo(f"audit log whole: {found.head.n} entries" + (f", among them the noted entry {noted.n}" if noted is not None else ""))
    if found.head.n:
        click.echo(f"head: {found.head}")
    if noted is None:
        click.echo("a cut tail is told only by a head noted earlier, kept elsewhere: gongqiao audit verify --head NUMBER:HASH", err=True)


@command.command("list")
@_DATA_DIR
@click.option("--person", "person_id", default="", help="Only what was read of this person.")
@click.option("--account", "account_id", default="", help="Only what this account read.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many entries.")
def list_(data_dir: Path | None, person_id: str, account_id: str, limit: int) -> None:
    """List entries, the newest first: number, instant, account, role, office, person, action, posting or claim, kinds of fields, reason."""
    with exchange(settings_of(data_dir), run=False) as opened, opened.reading() as connection:
        found = audit.listed(connection, None, limit, person_id=person_id, account_id=account_id)
    for entry in found:
        click.echo("  ".join(str(entry[name]) or "-" for name in audit.HASHED))
    click.echo(f"{len(found)} entries", err=True)
