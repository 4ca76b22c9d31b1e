"""``gongqiao mapping``: proposes a mapping file for a source's table."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import click

from streams.intake.files import FileError, header_of, read_rows
from streams.intake.mapping import KINDS
from streams.intake.suggestion import SAMPLE, Suggestion, suggest

SOURCES = ("enterprise", "gig_market", "labour_brand")


@click.group("mapping")
def command() -> None:
    """Mapping files: which column of a source's file is which field."""


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _summary(made: Suggestion, file: Path) -> list[str]:
    lines = [f"{file}: {made.kind}, {len(made.fields)} fields; {made.taken} of the first {made.rows} rows can be taken in with this"]
    if made.faults:
        lines.append(f"  the others lack: {_counted(made.faults)}")
    if made.questions:
        lines.append(f"  not understood in some rows: {_counted(made.questions)}")
    if made.unused:
        lines.append(f"  columns nothing was made of: {', '.join(made.unused[:30])}{' …' if len(made.unused) > 30 else ''}")
    return lines


@command.command("suggest")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(sorted(KINDS)), help="What the file holds; left out: what its headings say.")
@click.option("--source", type=click.Choice(SOURCES), default="enterprise", show_default=True, help="Where the postings come from.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the mapping there; left out: to standard output.")
@click.option("--overwrite", is_flag=True, help="Also where that file is there already.")
def suggest_command(file: Path, kind: str | None, source: str, output: Path | None, overwrite: bool) -> None:
    """Propose a mapping from the headings and the first rows of FILE (CSV, XLSX or JSONL).

    Read it before it is used: what is not certain says so. What the first rows would become is summed up on standard error.
    """
    if output is not None and output.exists() and not overwrite:
        raise click.UsageError(f"--output {output}: is there already; --overwrite replaces it")
    try:
        header = header_of(file)
        rows: list[dict[str, Any]] = [row for _, row in islice(read_rows(file), SAMPLE)]
    except FileError as error:
        click.echo(f"gongqiao: {error}", err=True)
        sys.exit(1)
    made = suggest(header or list(dict.fromkeys(name for row in rows for name in row)), rows, kind=kind, source=source)
    if output is None:
        click.echo(made.text, nl=False)
    else:
        output.write_text(made.text, encoding="utf-8")
        click.echo(f"written: {output}", err=True)
    for line in _summary(made, file):
        click.echo(line, err=True)
    if not made.fields:
        click.echo("gongqiao: no heading was recognised; docs/mapping-files.md says how a mapping is written", err=True)
        sys.exit(1)
