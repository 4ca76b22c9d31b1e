"""``gongqiao ingest``: files into the exchange."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from infra.batch_files import write_rejected
from infra.composition import exchange
from infra.data_dir import DataDirInUse, only_one
from infra.engines import search_options
from infra.ingest_book import Book
from infra.settings import Settings, settings_of
from matcher.days import day_of, midnight
from search.index import open_index
from streams.intake import queries
from streams.intake.files import BadLine, FileError, read_rows
from streams.intake.gateway import BATCH, Answer, Item, receive_employers, receive_people, receive_postings
from streams.intake.index_follower import IndexFollower
from streams.intake.mapping import MappingError, SourceMapping, load_mapping, shipped_mappings
from streams.runtime.exchange import Exchange

KINDS = ("postings", "people", "employers")
SOURCES = ("enterprise", "gig_market", "labour_brand")
OBJECTS = (".jsonl", ".ndjson")
PATIENCE_S = 60.0  # without any progress of a running exchange


def take(book: Book, answers: list[Answer]) -> None:
    """Write into the book what became of a batch."""
    for answer in answers:
        if answer.outcome == "rejected":
            parts = []
            for error in answer.errors:
                allowed = f" (allowed: {', '.join(error.allowed)})" if error.allowed else ""
                parts.append(f"{error.field}: {error.message}{allowed}")
            book.reject(answer.line, answer.errors[0].field if answer.errors else "(object)", "; ".join(parts))
            continue
        assert answer.id is not None
        book.counts["received"] += answer.outcome == "accepted"
        book.counts["unchanged"] += answer.outcome == "unchanged"
        book.counts["confirmed"] += answer.outcome == "confirmed"
        if answer.outcome != "unchanged":
            book.last_message = answer.message_id
    book.counts["superseded"] += book.brought(answer.id for answer in answers if answer.id is not None)


@dataclass(frozen=True)
class Plan:
    """What to do with every file: what it holds, how it is read, as of when."""

    kind: str
    source: str | None
    mapping: SourceMapping | None
    named: bool  # the mapping was asked for; otherwise it is for tables only, and objects stand in the contract's form
    recorded_at: datetime | None


def ingest_file(opened: Exchange, path: Path, plan: Plan, book: Book) -> None:
    """Append everything in one file, after the line that the book has reached; what intake makes of it follows.

    Raises ``FileError`` where the file cannot be read at all.
    """
    now = plan.recorded_at or opened.now()
    batch: list[Item] = []
    mapping = plan.mapping if plan.named or path.suffix.lower() not in OBJECTS else None
    start = book.line

    def bad_line(bad: BadLine) -> None:
        if bad.line > start:
            book.counts["lines"] += 1
            book.reject(bad.line, "(line)", bad.reason)

    with tqdm(desc=path.name, unit="B", unit_scale=True, file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        for line, row in read_rows(path, on_bad=bad_line, progress=progress, after_line=start):
            book.counts["lines"] += 1
            batch.append(_item(line, row, plan, mapping, now))
            if len(batch) == BATCH:
                take(book, _receive(opened, batch, plan))
                book.reached(line)
                batch = []
        if batch:
            take(book, _receive(opened, batch, plan))
            book.reached(batch[-1].line)


def _item(line: int, row: dict[str, Any], plan: Plan, mapping: SourceMapping | None, now: datetime) -> Item:
    if mapping is None:
        return Item(line, row)
    applied = mapping.apply(row)
    value = applied.value
    if plan.kind == "postings":
        if plan.source is not None:
            value["source"] = plan.source
        if "apply_by" not in value and "confirmed_at" not in value:
            # A source's list says what is open on the day it is handed in: that confirms every line of it (contract.md: 60 days after a
            # posting was published or confirmed). Objects in the contract's own form say themselves when they were confirmed.
            value["confirmed_at"] = now.isoformat()
    return Item(line, value, notes=tuple(question.text for question in applied.questions))


def _receive(opened: Exchange, batch: list[Item], plan: Plan) -> list[Answer]:
    if plan.kind == "people":
        return receive_people(opened, batch, sender="file", recorded_at=plan.recorded_at)
    if plan.kind == "employers":
        return receive_employers(opened, batch, sender="file", verified=True, recorded_at=plan.recorded_at)
    defaults = {"source": plan.source} if plan.source is not None else None
    return receive_postings(opened, batch, sender="file", via="file", verified=True, defaults=defaults, recorded_at=plan.recorded_at)


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Exchange, Callable[[str], None]]]:
    """The exchange, and how to wait for intake: by running intake here, or, where an exchange is running already, by waiting for that."""
    with ExitStack() as stack:
        try:
            stack.enter_context(only_one(settings.data_dir))
            alone = True
        except DataDirInUse:
            alone = False
        opened = stack.enter_context(exchange(settings, run=False))
        if alone:
            # Intake only: what follows from it (matching, delivery) is the work of `gongqiao run`, which goes on where the log is.
            loop = opened.runner.loops["intake"]
            loop.start()
            stack.callback(loop.join)
            stack.callback(loop.stop)
        yield opened, lambda message_id: _wait(opened, message_id)
        if alone:
            index = open_index(settings.search_url, options=search_options(settings))
            try:
                IndexFollower(opened, index).catch_up()
            finally:
                index.close()


def _wait(opened: Exchange, message_id: str) -> None:
    """Until intake has handled this message; gives up when it makes no progress at all."""
    from sqlalchemy import select

    from streams.runtime.tables import offsets

    at, since = -1, time.monotonic()
    while not opened.wait_handled(message_id, "intake", 5.0):
        with opened.reading() as connection:
            now_at = connection.execute(select(offsets.c.seq).where(offsets.c.subject == "intake")).scalar() or 0
        if now_at != at:
            at, since = now_at, time.monotonic()
        elif time.monotonic() - since > PATIENCE_S:
            raise RuntimeError("everything was appended, but the running exchange does not handle it: look at its log and /health/ready")


def summary(opened: Exchange, kind: str, book: Book) -> list[str]:
    """What became of a file, in lines."""
    counts = book.counts
    lines = [
        f"{book.file.name}: {counts['lines']} lines, {counts['received']} received, {counts['unchanged']} unchanged, "
        + (f"{counts['confirmed']} confirmed, " if counts["confirmed"] else "")
        + f"{counts['rejected']} rejected"
        + (f", {counts['superseded']} superseded by a later line" if counts["superseded"] else "")
    ]
    if kind != "postings":
        return lines
    states: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    with opened.reading() as connection:
        for page in book.ids():
            for state, held_by in queries.states_of(connection, page).values():
                states[state] += 1
                rules.update(held_by)
    if not states:
        return lines
    order = ("published", "held", "merged", "filled", "expired", "withdrawn", "rejected")
    lines.append("  now: " + ", ".join(f"{states[state]} {state}" for state in order if states[state]))
    if rules:
        lines.append("  held by rule: " + ", ".join(f"{rule} {count}" for rule, count in rules.most_common()))
    return lines


def _mapping(kind: str | None, given: str | None, files: tuple[Path, ...]) -> SourceMapping | None:
    """The mapping that was named (a file, or a shipped one by its name); tables without one are read with the shipped general one."""
    try:
        if given is not None:
            mapping = load_mapping(given)
        elif all(path.suffix.lower() in OBJECTS for path in files):
            return None
        else:
            mapping = load_mapping(f"{kind or 'postings'}_generic")
    except MappingError as error:
        raise click.UsageError(f"--mapping: {error}") from None
    if kind is not None and mapping.kind != kind:
        raise click.UsageError(f"--mapping {given}: it is for {mapping.kind}, not for {kind}")
    return mapping


@click.command("ingest")
@click.option("--kind", type=click.Choice(KINDS), help="What the files hold; left out: what the mapping says, else postings.")
@click.option("--source", type=click.Choice(SOURCES), help="Where the postings come from; left out: what each line or the mapping says.")
@click.option("--mapping", "mapping_file", help=f"Which column is which field: a YAML file, or one of: {', '.join(shipped_mappings())}.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day the files are taken in; left out: today.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(
    kind: str | None, source: str | None, mapping_file: str | None, as_of: datetime | None, data_dir: Path | None, files: tuple[Path, ...]
) -> None:
    """Take postings, people or employers from CSV, XLSX or JSONL files into the exchange.

    Lines that cannot be read go to FILE.rejected.jsonl with field and reason; the same file again changes nothing, and a run that was
    broken off goes on where it stopped. Works beside a running exchange.
    """
    mapping = _mapping(kind, mapping_file, files)
    plan = Plan(
        kind or (mapping.kind if mapping else "postings"),
        source,
        mapping,
        mapping_file is not None,
        _recorded_at(as_of.date() if as_of else None),
    )
    if source is not None and plan.kind != "postings":
        raise click.UsageError("--source is said of postings only")
    settings = settings_of(data_dir)
    failed = False
    done: list[Book] = []
    with _opened(settings) as (opened, wait):
        for path in files:
            book = None
            try:
                book = _book(settings, path, plan, mapping_file)
                ingest_file(opened, path, plan, book)
            except FileError as error:
                click.echo(f"gongqiao: {error}", err=True)
                failed = True
                if book is not None:
                    book.close(done=True)
                continue
            where = write_rejected(path, book.rejected(), book.counts["rejected"])
            if where is not None:
                click.echo(f"{path}: {book.counts['rejected']} lines rejected, see {where}", err=True)
            done.append(book)
        for book in done:
            if book.last_message is not None:
                wait(book.last_message)
            for line in summary(opened, plan.kind, book):
                click.echo(line)
            book.close(done=True)
    if failed:
        sys.exit(1)


def _book(settings: Settings, path: Path, plan: Plan, mapping_file: str | None) -> Book:
    """The file's book: a new one, or that of a run that was broken off."""
    if not path.is_file():
        raise FileError(path, "no such file", "check the name")
    mapping = Path(mapping_file).read_bytes() if mapping_file is not None and Path(mapping_file).is_file() else mapping_file
    book = Book(settings.data_dir, path, (plan.kind, plan.source, mapping, plan.recorded_at))
    if book.line:
        click.echo(f"{path}: an earlier run was broken off, going on after line {book.line}", err=True)
    return book


def _recorded_at(as_of: date | None) -> datetime | None:
    """Noon in Shanghai of another day; None for today, which is now."""
    if as_of is None or as_of == day_of(datetime.now().astimezone()):
        return None
    return midnight(as_of) + timedelta(hours=12)
