"""Options and summary lines that the batch commands share."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import click

from infra.batch_files import Batch


class Day(click.ParamType):
    """A day written as 2026-11-20."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as YYYY-MM-DD, such as 2026-11-20", param, ctx)
        # Months are counted on from this day, which must not run over the calendar's edge.
        if not 1900 <= day.year <= 2999:
            self.fail(f"{value!r} lies outside 1900 to 2999; give the day on which the pairs are judged", param, ctx)
        return day


DAY = Day()


def existing_file() -> click.Path:
    """A file that must be there and readable; anything else is a usage error."""
    return click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)


def output_file() -> click.Path:
    """Where a batch writes; ``check_output`` says what it must not be."""
    return click.Path(path_type=Path, dir_okay=False)


def check_output(output: Path, *inputs: Path | None) -> None:
    """A usage error, before anything is read, where the output has no folder to stand in or would overwrite one of the inputs."""
    if not output.parent.is_dir():
        raise click.UsageError(f"--output: the folder {output.parent} does not exist; make it or name another")
    if output.exists() and any(given is not None and os.path.samefile(output, given) for given in inputs):
        raise click.UsageError(f"--output: {output} is one of the input files; name another")


def summary(name: str, batch: Batch[Any]) -> None:
    """One line on stderr: what was read, replaced and rejected."""
    replaced = f", {batch.superseded} superseded by a later line with the same id" if batch.superseded else ""
    faulty = f", {len(batch.rejected)} rejected" if batch.rejected else ""
    click.echo(f"{name}: {len(batch.items)} read{replaced}{faulty}", err=True)
