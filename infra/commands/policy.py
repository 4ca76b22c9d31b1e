"""``gongqiao policy lint|show``: the catalogue of policies, checked and read."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from matcher.policy.loader import Catalogue, CatalogueError, build, load_catalogue, read_folder
from matcher.policy.wording import window_words


@click.group("policy")
def command() -> None:
    """The catalogue of policies."""


def read_catalogue(folder: Path | None) -> Catalogue:
    """The shipped catalogue, or the one in ``folder``; raises ``CatalogueError``."""
    return load_catalogue() if folder is None else build(read_folder(folder))


@command.command("lint")
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
def lint(folder: Path | None) -> None:
    """Check every file of the shipped catalogue, or of FOLDER. Faults name file and key; any fault is exit code 1."""
    try:
        catalogue = read_catalogue(folder)
    except CatalogueError as error:
        for fault in error.faults:
            click.echo(fault, err=True)
        click.echo(f"{len(error.faults)} faults", err=True)
        sys.exit(1)
    click.echo(f"{len(catalogue.entries)} entries of {len(catalogue.by_benefit)} benefits, version {catalogue.version}")


@command.command("show")
@click.argument("benefit")
@click.option("--catalogue", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Another catalogue's folder.")
def show(benefit: str, folder: Path | None) -> None:
    """Print a benefit's entries: window, clause and quotation."""
    catalogue = read_catalogue(folder)
    entries = catalogue.by_benefit.get(benefit)
    if entries is None:
        near = [name for name in catalogue.by_benefit if benefit in name]
        raise click.UsageError(f"there is no benefit {benefit}" + (f"; did you mean {', '.join(near)}?" if near else ""))
    click.echo(f"{benefit} {catalogue.benefit_names[benefit]}")
    for entry in entries:
        document = catalogue.documents[entry.document]
        click.echo(f"\n{entry.id}\n  {entry.name}\n  {window_words(entry)}\n  {document.title} {entry.clause}\n  {entry.quote}")
