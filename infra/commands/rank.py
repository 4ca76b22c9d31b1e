"""``gongqiao rank``: text relevance alone, as a batch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from infra.batch_files import decode_once, progress, read_jsonl, rejected_path, write_rejected, writing
from matcher.ranking import Entry, Ranker
from matcher.shapes import FieldError, ShapeError


def read_entry(value: Any) -> Entry:
    """A query or document of its JSON form. Raises ``ShapeError`` with one error a faulty field; never echoes the text."""
    if not isinstance(value, Mapping):
        raise ShapeError([FieldError(field="(object)", message="one JSON object a line expected")])
    errors: list[FieldError] = []
    found: dict[str, str] = {}
    for name in ("id", "title", "text"):
        given = value.get(name)
        if given is not None and not isinstance(given, str):
            errors.append(FieldError(field=name, message="text expected"))
        found[name] = given.strip() if isinstance(given, str) else ""
    if not found["id"] and not errors:
        errors.append(FieldError(field="id", message="missing; give each line an id"))
    if not errors and not found["title"] and not found["text"]:
        errors.append(FieldError(field="title", message="title and text are both missing; give at least one"))
    if errors:
        raise ShapeError(errors)
    # The id goes out as it came in.
    return Entry(str(value["id"]), found["title"], found["text"])


def superseded_lines(path: Path, rejected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A report for each readable line whose id a later readable line carries: the last one counts."""
    bad = {line["line"] for line in rejected}
    last: dict[str, int] = {}
    out: list[dict[str, Any]] = []
    with open(path, "rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if number in bad or not raw.strip():
                continue
            key = orjson.loads(raw.strip().removeprefix(b"\xef\xbb\xbf"))["id"]
            if key in last:
                out.append({"file": str(path), "line": last[key], "field": "id", "reason": f"superseded by line {number} with the same id"})
            last[key] = number
    return out


def _file() -> click.Path:
    return click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("rank")
@click.option("--queries", type=_file(), required=True, help='Queries, one JSON object a line: {"id", "title"?, "text"?}.')
@click.option("--documents", type=_file(), required=True, help="Documents, in the same form.")
@click.option("--top", type=click.IntRange(min=1), required=True, help="Documents a query, at most.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where the rankings go, one query a line.")
def command(queries: Path, documents: Path, top: int, output: Path) -> None:
    """Rank documents by how alike their work is to each query, from the given texts and the shipped tables alone."""
    if not output.parent.is_dir():
        raise click.UsageError(f"--output: the folder {output.parent} does not exist; make it or name another")
    if output.exists() and any(os.path.samefile(output, given) for given in (queries, documents)):
        raise click.UsageError("--output: is one of the input files; name another")
    asked = read_jsonl(queries, read_entry, id_field="id", decode=decode_once)
    given = read_jsonl(documents, read_entry, id_field="id", decode=decode_once)
    rejected = [
        *asked.rejected, *superseded_lines(queries, asked.rejected),
        *given.rejected, *superseded_lines(documents, given.rejected),
    ]  # fmt: skip
    ranker = Ranker(list(progress(given.items, total=len(given.items), label="documents")))
    with writing(output) as out:
        for query, ranked in progress(ranker.rank(asked.items, top), total=len(asked.items), label="queries"):
            line = json.dumps({"id": query, "ranked": [list(pair) for pair in ranked]}, ensure_ascii=False, allow_nan=False)
            out.write(line.encode() + b"\n")
    write_rejected(output, rejected)
    click.echo(
        f"ranked {len(asked.items)} queries over {len(given.items)} documents; "
        f"rejected {len(asked.rejected) + len(given.rejected)}, superseded {asked.superseded + given.superseded}"
        + (f", see {rejected_path(output)}" if rejected else ""),
        err=True,
    )
