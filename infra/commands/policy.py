"""``gongqiao policy lint|show|coverage|diff``: the catalogue of policies, checked, read, held against the documents, compared."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from datetime import date, datetime
from importlib import resources
from pathlib import Path

import click
import orjson

from infra.batch_files import Batch, read_jsonl
from infra.batch_options import Day
from infra.recommendations import EmployerIndex
from matcher.days import SHANGHAI, day_of
from matcher.policy.counted import with_counts
from matcher.policy.coverage import STATUSES, Covered, coverage, coverage_json, totals
from matcher.policy.difference import OwnChange, OwnDifference, PairChange, difference, own_changes, own_difference
from matcher.policy.facts import FIRST_DAY, LAST_DAY
from matcher.policy.loader import Catalogue, CatalogueError, build, load_catalogue, read_folder
from matcher.policy.wording import window_words
from matcher.shapes import Employer, read_employer, read_person, read_posting


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
    files = read_folder(folder if folder is not None else resources.files("matcher.policy") / "catalogue")
    try:
        catalogue = build(files, today=day_of(datetime.now(SHANGHAI)))
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


@command.command("coverage")
@click.option("--json", "as_json", is_flag=True, help="The whole table as JSON.")
def show_coverage(as_json: bool) -> None:
    """Say of each clause of the five documents: implemented, shown only, out of scope and why."""
    catalogue = load_catalogue()
    if as_json:
        click.echo(orjson.dumps(coverage_json(catalogue), option=orjson.OPT_INDENT_2))
        return
    covered = coverage(catalogue)
    for document in catalogue.shared.documents:
        click.echo(f"\n{document.id} {document.title}")
        for one in covered:
            if one.document == document.id:
                _show_clause(one)
    counted = totals(covered)
    click.echo(f"\n{len(covered)} clauses: " + ", ".join(f"{counted[status]} {words}" for status, words in STATUSES.items()))


def _show_clause(one: Covered) -> None:
    click.echo(f"  {one.clause} {one.title}: {STATUSES[one.status]}")
    for entry in (*one.implemented, *one.shown_only):
        click.echo(f"    + {entry.id} {entry.name}")
    for part in one.left:
        click.echo(f"    - {part.what}: {part.why}")


_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_AS_OF = Day(FIRST_DAY.year, LAST_DAY.year)


@command.command("diff")
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@click.option("--postings", required=True, type=_FILE)
@click.option("--people", required=True, type=_FILE)
@click.option("--employers", type=_FILE)
@click.option("--as-of", required=True, type=_AS_OF, help="The day, YYYY-MM-DD, from 2021 to 2100.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File for the pairs that differ, one JSON object a line.")
def diff(old: Path, new: Path, postings: Path, people: Path, employers: Path | None, as_of: date, output: Path | None) -> None:
    """Say who would gain or lose what if NEW took the place of OLD, as JSON: every posting with every person, and every person, founder
    and employer alone."""
    try:
        catalogues = read_catalogue(old), read_catalogue(new)
    except CatalogueError as error:
        raise click.ClickException(str(error)) from None
    offers, persons = read_jsonl(postings, read_posting, id_field="posting_id"), read_jsonl(people, read_person, id_field="person_id")
    known = read_jsonl(employers, read_employer, id_field="employer_id") if employers is not None else Batch[Employer]()
    firms = known.items
    # As hints of the exchange's own pairs read them: the hire itself is one of those an employer counts (E-24).
    of_pairs = EmployerIndex([with_counts(firm, 0, 0, None) for firm in firms])
    pairs = [(posting, of_pairs.of(posting)) for posting in offers.items]
    with output.open("wb") if output is not None else nullcontext() as file:

        def write(change: PairChange | OwnChange) -> None:
            if file is not None:
                file.write(orjson.dumps(change.as_json()) + b"\n")

        found = difference(*catalogues, pairs, persons.items, as_of, each=write)
        found.people = _own(own_changes(*catalogues, persons.items, (), as_of), len(persons.items), write)
        found.employers = _own(own_changes(*catalogues, (), firms, as_of), len(firms), write)
    click.echo(orjson.dumps({"old": catalogues[0].version, "new": catalogues[1].version, **asdict(found)}, option=orjson.OPT_INDENT_2))
    rejected = [*offers.rejected, *persons.rejected, *known.rejected]
    for line in rejected:
        click.echo(f"{line['file']}:{line['line']}: {line['reason']}", err=True)
    if rejected:
        click.echo(f"{len(rejected)} lines could not be read and were left out", err=True)


def _own(changes: Iterable[OwnChange], compared: int, write: Callable[[OwnChange], None]) -> OwnDifference:
    """The numbers, each change written on its way."""

    def written() -> Iterator[OwnChange]:
        for change in changes:
            write(change)
            yield change

    return own_difference(written(), compared)
