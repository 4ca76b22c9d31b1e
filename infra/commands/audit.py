"""``gongqiao audit verify|list|fairness``: who read whose data, whether that log is whole, and how often which people are recommended."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
from tqdm import tqdm

from api.access import audit
from api.access.audit import Head, Look
from api.access.fairness import LEAST, rates
from infra.composition import exchange
from infra.settings import settings_of
from infra.staff_sign_in import signed_in

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


@command.command("fairness")
@_DATA_DIR
@click.option("--login", required=True, help="Account of an auditor; its password is asked for, and its code where it has one.")
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="Recommendations of so many days back.")
def fairness(data_dir: Path | None, login: str, days: int) -> None:
    """How often people were sent recommendations, by sex, age and place of first registration: group, people, share of them that was
    reached, recommendations a person, that share beside everybody's. Groups of fewer than ten people are put together.

    Identity numbers are opened for it and not kept. For auditors alone; that it was counted is an entry of the log.
    """
    settings = settings_of(data_dir)
    with exchange(settings, run=False) as opened:
        auditor = signed_in(opened, settings, login, "auditor")
        opened.write(lambda connection: audit.append(connection, opened.now(), auditor, [Look("", "fairness")]))
        with opened.reading() as connection, tqdm(disable=not sys.stderr.isatty(), unit=" people") as bar:
            found = rates(connection, opened.vault, auditor, opened.now().date(), days=days, step=bar.update)
    for rate in found:
        beside = "-" if rate.ratio is None else f"{rate.ratio:.2f}"
        click.echo(f"{rate.by}  {rate.group}  {rate.people}  {rate.reached:.3f}  {rate.pushed:.2f}  {beside}")
    if not found:
        click.echo(f"fewer than {LEAST} people are on the market: nothing is told", err=True)
