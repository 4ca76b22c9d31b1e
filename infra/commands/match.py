"""``gongqiao match``: the matcher as a batch."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from infra.batch_files import Batch, read_jsonl, write_rejected, writing
from infra.batch_options import DAY, check_output, existing_file, output_file, summary
from infra.recommendations import EmployerIndex, Market, recommendation_lines
from matcher.shapes import Employer, read_employer, read_person, read_posting

MOST = 1000


@click.command("match")
@click.option("--postings", type=existing_file(), required=True, help="Postings, one JSON object a line.")
@click.option("--people", type=existing_file(), required=True, help="People, one JSON object a line.")
@click.option("--employers", type=existing_file(), help="Employers, one JSON object a line; joined by employer_id, else uscc.")
@click.option("--as-of", type=DAY, required=True, help="The day in Shanghai on which the pairs are judged, such as 2026-11-20.")
@click.option("--top", type=click.IntRange(1, MOST), default=20, show_default=True, help="Recommendations a person (or posting), at most.")
@click.option("--by", type=click.Choice(["person", "posting"]), default="person", show_default=True, help="Group the output by this.")
@click.option("--hints/--no-hints", default=True, show_default=True, help="With or without the policy hints of each pair.")
@click.option("--output", type=output_file(), required=True, help="Where the recommendations go, JSON Lines.")
def command(postings: Path, people: Path, employers: Path | None, as_of: date, top: int, by: str, hints: bool, output: Path) -> None:
    """Recommend postings to people: best first, with reasons and hints. Lines that cannot be read, and earlier lines
    of an id given twice, go to OUTPUT.rejected.jsonl with the reason."""
    check_output(output, postings, people, employers)
    read_postings = read_jsonl(postings, read_posting, id_field="posting_id")
    read_people = read_jsonl(people, read_person, id_field="person_id")
    read_employers: Batch[Employer] = Batch() if employers is None else read_jsonl(employers, read_employer, id_field="employer_id")
    batches: tuple[Batch[Any], ...] = (read_postings, read_people, read_employers)
    market = Market(read_postings.items, read_people.items, EmployerIndex(read_employers.items), as_of)
    count = 0
    with writing(output) as out:
        for line in recommendation_lines(market, by, top, hints):
            out.write(line)
            count += 1
    reported = write_rejected(output, [line for batch in batches for line in batch.reported])
    for name, batch in zip(("postings", "people", "employers"), batches, strict=True):
        if name != "employers" or employers is not None:
            summary(name, batch)
    click.echo(f"recommendations: {count} to {output}", err=True)
    if reported is not None:
        rejected, replaced = (sum(counts) for counts in zip(*((len(b.rejected), b.superseded) for b in batches), strict=True))
        click.echo(f"rejected: {rejected} lines, superseded: {replaced} lines, reasons in {reported}", err=True)
