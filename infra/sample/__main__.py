"""``python -m infra.sample --out DIR``: the sample as JSON lines. Here alone the sample looks at the clock."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from infra.sample.generator import generate, write
from matcher.days import SHANGHAI, day_of


@click.command()
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the three files.")
@click.option("--seed", default=2026, show_default=True)
@click.option("--postings", default=3000, show_default=True, type=click.IntRange(min=30))
@click.option("--employers", default=400, show_default=True, type=click.IntRange(min=10))
@click.option("--people", default=5000, show_default=True, type=click.IntRange(min=1))
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day from which the sample's days are counted; default: today.")
def main(out: Path, seed: int, postings: int, employers: int, people: int, today: datetime | None) -> None:
    """Writes a made-up labour market of Shanxi as postings.jsonl, employers.jsonl and people.jsonl."""
    day = today.date() if today else day_of(datetime.now(SHANGHAI))
    sample = generate(seed=seed, postings=postings, employers=employers, people=people, today=day)
    write(sample, out)
    click.echo(f"{len(sample.postings)} postings, {len(sample.employers)} employers, {len(sample.people)} people in {out}")


if __name__ == "__main__":
    main()
