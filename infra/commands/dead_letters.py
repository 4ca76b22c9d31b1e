"""``gongqiao dead-letters list|retry``."""

from __future__ import annotations

from pathlib import Path

import click

from infra.composition import exchange
from infra.data_dir import in_use
from infra.settings import settings_of
from streams.runtime.dead_letters import letters, retry


@click.group("dead-letters")
def command() -> None:
    """Messages that a handler could not take."""


_DATA_DIR = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")


@command.command("list")
@_DATA_DIR
@click.option("--subject", help="Only this subject's.")
@click.option("--all", "everything", is_flag=True, help="Those handled again as well.")
def list_(data_dir: Path | None, subject: str | None, everything: bool) -> None:
    """List dead letters, oldest first, with field and reason."""
    settings = settings_of(data_dir)
    with exchange(settings, run=False) as opened, opened.reading() as connection:
        found = letters(connection, subject=subject, state=None if everything else "open", limit=1000)
    for letter in found:
        click.echo(f"{letter.message_id}  {letter.subject}  {letter.type}  {letter.state}  {letter.field or '-'}  {letter.reason}")
    click.echo(f"{len(found)} dead letters", err=True)


@command.command("retry")
@_DATA_DIR
@click.argument("message_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every open dead letter.")
def retry_(data_dir: Path | None, message_ids: tuple[str, ...], everything: bool) -> None:
    """Have messages handled for real, once more; without a running exchange it is done here and now."""
    if bool(message_ids) == everything:
        raise click.UsageError("name message ids, or --all")
    settings = settings_of(data_dir)
    running = settings.clustered or in_use(settings.data_dir)
    with exchange(settings, run=False) as opened:
        with opened.reading() as connection:
            found = [letter for letter in letters(connection, limit=100_000) if everything or letter.message_id in message_ids]
        unknown = set(message_ids) - {letter.message_id for letter in found}
        handed = opened.write(lambda connection: [letter for letter in found if retry(connection, letter, now=opened.now())])
        if not running:
            opened.runner.start()
            try:
                opened.runner.drain(600)
            finally:
                opened.runner.stop()
        with opened.reading() as connection:
            ids = {letter.message_id for letter in found}
            again = [letter for letter in letters(connection, limit=100_000) if letter.message_id in ids]
    for id_ in sorted(unknown):
        click.echo(f"{id_}: no open dead letter", err=True)
    click.echo(f"{len(handed)} handed back" + ("" if running else f", {len(again)} failed again"))
    if len(handed) < len(found):
        click.echo(f"{len(found) - len(handed)} not: no relay wrote them to their topic; what they should have said has to be sent anew")
    if unknown:
        raise SystemExit(1)
