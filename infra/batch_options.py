"""Options and summary lines that the batch commands share."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import click

from infra.batch_files import Batch
from matcher.days import plain_day


class Day(click.ParamType):
    """A day written as 2026-11-20, in the years for which there is anything to say."""

    name = "date"

    def __init__(self, first: int = 1900, last: int = 2999) -> None:
        # Months are counted on from this day, which must not run over the calendar's edge.
        self.first, self.last = first, last

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = plain_day(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as YYYY-MM-DD, such as 2026-11-20", param, ctx)
        if not self.first <= day.year <= self.last:
            self.fail(f"{value!r} lies outside {self.first} to {self.last}; give the day on which the pairs are judged", param, ctx)
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
