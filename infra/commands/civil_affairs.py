"""``gongqiao civil-affairs``: what is to be told to civil affairs of people in hardship, as a file."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from api.policies import referrals as api_referrals
from api.policies.civil_affairs import table_text
from infra.composition import exchange
from infra.data_dir import DataDirInUse, only_one
from infra.settings import settings_of
from infra.staff_sign_in import signed_in
from streams.policy.referrals import FIELDS

PATIENCE_S = 60.0


@click.command("civil-affairs")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
@click.option("--login", required=True, help="Account of a commissioner or administrator; its password is asked for, and its code.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="CSV file; one that is there is kept.")
@click.option("--list", "batch", help="Write this list again instead of making one.")
def command(data_dir: Path | None, login: str, output: Path, batch: str | None) -> None:
    """Registered unemployed people in hardship who agreed that civil affairs are told (002 六): whatever has not been told of them yet.

    Each change is in one list only. Who is in it, and which fields, are entries of the log. Prints the list's number.
    """
    if output.exists():
        raise click.UsageError(f"--output: {output} is there already: choose another name")
    settings = settings_of(data_dir)
    with ExitStack() as stack:
        try:
            stack.enter_context(only_one(settings.data_dir))
            alone = not settings.clustered
        except DataDirInUse:
            alone = False  # a running exchange handles what is said here
        opened = stack.enter_context(exchange(settings, run=False))
        who = signed_in(opened, settings, login, "commissioner", "administrator")
        if alone:
            loop = opened.runner.loops["policy"]
            loop.start()
            stack.callback(loop.join)
            stack.callback(loop.stop)
        if batch is None:
            made = api_referrals.tell(opened, who, patience=PATIENCE_S)
        else:
            made = api_referrals.of_list(opened, who, batch)
    if not made["items"]:
        click.echo("nothing to tell" if made["batch"] is None else f"list {made['batch']}: nobody is in it", err=True)
        return
    output.write_text(table_text(made["items"], FIELDS), encoding="utf-8", newline="")
    click.echo(f"list {made['batch']}: {len(made['items'])} people")
    if made["waiting"]:
        click.echo(f"{made['waiting']} more wait: run it again", err=True)
