"""``gongqiao hints``: facts and a date in, what every entry of the catalogue says of them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from infra.batch_files import progress, read_jsonl, write_rejected, writing
from infra.batch_options import check_output, existing_file, output_file
from matcher.given_once import decode_once
from matcher.policy import load_catalogue
from matcher.policy.answer import answer, read_question
from matcher.policy.loader import Catalogue
from matcher.shapes import FieldError, ShapeError


def read_line(catalogue: Catalogue, value: Any) -> dict[str, Any]:
    """One input line as id and question; raises ``ShapeError`` naming every faulty field."""
    if not isinstance(value, dict):
        raise ShapeError([FieldError(field="(object)", message="a JSON object with id, date and facts expected")])
    identity = value.get("id")
    errors = []
    if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
        errors.append(FieldError(field="id", message="required: a text or a whole number"))
    elif isinstance(identity, int) and abs(identity) >= 1 << 63:
        errors.append(FieldError(field="id", message="a whole number of at most 63 bits expected; give a longer one as text"))
    for name in ("date", "facts"):
        if value.get(name) is None:
            errors.append(FieldError(field=name, message="required"))
    if errors:
        raise ShapeError(errors)
    question = read_question(catalogue, value["facts"], value["date"], value.get("channel"), value.get("conditions"))
    return {"id": identity, "question": question}


@click.command("hints")
@click.option("--facts", "facts_file", required=True, type=existing_file(), help="JSON Lines: id, date, facts.")
@click.option("--output", required=True, type=output_file(), help="Answers, one a line, in the order asked.")
def command(facts_file: Path, output: Path) -> None:
    """Say for each line of facts which benefits are open, what is missing and why not.

    In: {"id", "date", "facts": {dotted field: value}, "channel"?, "conditions"?}. Out: {"id", "results", "emitted", "ignored",
    "catalogue_version"}; with "conditions": true each result has every condition of its entry with its verdict.
    """
    check_output(output, facts_file)
    catalogue = load_catalogue()
    batch = read_jsonl(facts_file, lambda value: read_line(catalogue, value), id_field="id", decode=decode_once)
    with writing(output) as out:
        for item in progress(batch.items, total=len(batch.items), label=output.name):
            told = {"id": item["id"], **answer(catalogue, item["question"])}
            out.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
    rejected = write_rejected(output, batch.reported)
    summary = f"{len(batch.items)} answered, {len(batch.rejected)} rejected, {batch.superseded} superseded"
    click.echo(summary + (f"; rejected lines in {rejected}" if rejected is not None else ""), err=True)
