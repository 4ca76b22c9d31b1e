"""``gongqiao explain``: one pair as JSON."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click
import orjson

from infra.batch_files import Batch, read_jsonl
from infra.batch_options import DAY, existing_file, summary
from infra.recommendations import EmployerIndex
from matcher.blockers import BATCH_RULES
from matcher.explain import explain
from matcher.policy import hints_for_pair, load_catalogue
from matcher.policy.stake import at_stake
from matcher.shapes import Employer, read_employer, read_person, read_posting


def _only(batch: Batch[Any], field: str, wanted: str, file: Path) -> Any:
    found = next((item for item in batch.items if getattr(item, field) == wanted), None)
    if found is not None:
        return found
    for line in batch.rejected:
        click.echo(f"{line['file']}: line {line['line']}: {line['field']}: {line['reason']}", err=True)
    raise click.ClickException(f"{file}: no readable line has {field} {wanted!r}; give an id that stands in the file")


@click.command("explain")
@click.option("--postings", type=existing_file(), required=True, help="Postings, one JSON object a line.")
@click.option("--people", type=existing_file(), required=True, help="People, one JSON object a line.")
@click.option("--employers", type=existing_file(), help="Employers, one JSON object a line; joined by employer_id, else uscc.")
@click.option("--as-of", type=DAY, required=True, help="The day in Shanghai on which the pair is judged, such as 2026-11-20.")
@click.option("--person", "person_id", required=True, help="person_id of the pair.")
@click.option("--posting", "posting_id", required=True, help="posting_id of the pair.")
def command(postings: Path, people: Path, employers: Path | None, as_of: date, person_id: str, posting_id: str) -> None:
    """Explain one pair: blockers, criteria with points, score, what would change it, hints of every status, the sum at stake."""
    read_postings = read_jsonl(postings, read_posting, id_field="posting_id")
    read_people = read_jsonl(people, read_person, id_field="person_id")
    read_employers: Batch[Employer] = Batch() if employers is None else read_jsonl(employers, read_employer, id_field="employer_id")
    posting = _only(read_postings, "posting_id", posting_id, postings)
    person = _only(read_people, "person_id", person_id, people)
    batches: dict[str, Batch[Any]] = {"postings": read_postings, "people": read_people, "employers": read_employers}
    for name, batch in batches.items():
        if batch.reported:
            summary(name, batch)
    employer = EmployerIndex(read_employers.items).of(posting)
    catalogue = load_catalogue()
    told = explain(posting, person, as_of, employer, BATCH_RULES).as_json()
    told["hints"] = hints_for_pair(catalogue, posting, person, employer, as_of, all_statuses=True)
    told["at_stake"] = at_stake(catalogue, [hint for hint in told["hints"] if hint["told"]])
    told["catalogue_version"] = catalogue.version
    click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
