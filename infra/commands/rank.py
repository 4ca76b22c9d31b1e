"""``gongqiao rank``: text relevance alone, as a batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from infra.batch_files import progress, read_jsonl, write_rejected, writing
from infra.batch_options import check_output, existing_file, output_file
from matcher.given_once import decode_once
from matcher.ranking import Entry, Ranker
from matcher.shapes import FieldError, ShapeError


def read_entry(value: Any) -> Entry:
    """A query or document of its JSON form. Raises ``ShapeError`` with one error a faulty field; never echoes the text."""
    if not isinstance(value, Mapping):
        raise ShapeError([FieldError(field="(object)", message="one JSON object a line expected")])
    errors: list[FieldError] = []
    found: dict[str, str] = {}
    name_given = value.get("id")
    if name_given is None or (isinstance(name_given, str) and not name_given.strip()):
        errors.append(FieldError(field="id", message="missing; give each line an id"))
    elif isinstance(name_given, bool) or not isinstance(name_given, str | int):
        errors.append(FieldError(field="id", message="a text or a whole number expected"))
    for name in ("title", "text"):
        given = value.get(name)
        if given is not None and not isinstance(given, str):
            errors.append(FieldError(field=name, message="text expected"))
        found[name] = given.strip() if isinstance(given, str) else ""
    if not errors and not found["title"] and not found["text"]:
        errors.append(FieldError(field="title", message="title and text are both missing; give at least one"))
    if errors:
        raise ShapeError(errors)
    # The id goes out as it came in.
    return Entry(value["id"], found["title"], found["text"])


@click.command("rank")
@click.option("--queries", type=existing_file(), required=True, help='Queries, one JSON object a line: {"id", "title"?, "text"?}.')
@click.option("--documents", type=existing_file(), required=True, help="Documents, in the same form.")
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, help="Documents a query, at most.")
@click.option("--output", type=output_file(), required=True, help="Where the rankings go, one query a line.")
def command(queries: Path, documents: Path, top: int, output: Path) -> None:
    """Rank documents by how alike their work is to each query, from the given texts and the shipped tables alone."""
    check_output(output, queries, documents)
    asked = read_jsonl(queries, read_entry, id_field="id", decode=decode_once)
    given = read_jsonl(documents, read_entry, id_field="id", decode=decode_once)
    ranker = Ranker(list(progress(given.items, total=len(given.items), label="documents")))
    with writing(output) as out:
        for query, ranked in progress(ranker.rank(asked.items, top), total=len(asked.items), label="queries"):
            line = json.dumps({"id": query, "ranked": [list(pair) for pair in ranked]}, ensure_ascii=False, allow_nan=False)
            out.write(line.encode() + b"\n")
    reported = write_rejected(output, asked.reported + given.reported)
    click.echo(
        f"ranked {len(asked.items)} queries over {len(given.items)} documents; "
        f"rejected {len(asked.rejected) + len(given.rejected)}, superseded {asked.superseded + given.superseded}"
        + (f", see {reported}" if reported is not None else ""),
        err=True,
    )
