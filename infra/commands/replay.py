"""``gongqiao replay``."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import orjson
from tqdm import tqdm

from infra.composition import exchange
from infra.data_dir import only_one
from infra.migrate import migrate
from infra.settings import settings_of
from matcher.match_order import MODEL_VERSION
from matcher.policy.loader import CatalogueError, build, load_catalogue, read_folder
from streams.matching.replay import announced, differences, own, sums
from streams.runtime.database import open_engine
from streams.runtime.rebuild import rebuild_into


@click.command("replay")
@click.option("--catalogue", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder of another catalogue.")
@click.option(
    "--model", type=click.Choice(["installed"]), default="installed", help="The model of this program, held against the log's pairs."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File for the differences, one JSON object a line.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded exchange.")
def command(folder: Path | None, model: str, output: Path | None, data_dir: Path | None) -> None:
    """Run the matcher over the log in a shadow, with this program's model and its or another catalogue, and report who gains and loses.

    Sends nothing and changes nothing. Stop the exchange first.
    """
    settings = settings_of(data_dir)
    try:
        catalogue = load_catalogue() if folder is None else build(read_folder(folder))
    except CatalogueError as error:
        raise RuntimeError(f"{folder}: {error}") from None
    with (
        only_one(settings.data_dir),
        tempfile.TemporaryDirectory(dir=settings.data_dir) as scratch,
        exchange(settings, run=False) as opened,
    ):
        shadow_file = Path(scratch) / "shadow.sqlite"
        migrate(shadow_file)
        engine = open_engine(shadow_file)
        try:
            with opened.reading() as live, engine.connect() as shadow, tqdm(disable=not sys.stderr.isatty(), unit=" messages") as bar:
                with shadow.begin():
                    subject = opened.log.topology.subject("matching")
                    given = {**settings.subjects(), "catalogue": catalogue}
                    rebuild_into(shadow, live, opened.log, subject, given, progress=lambda count: _show(bar, count))
                with shadow.begin():
                    before, after = announced(live, opened.log), announced(shadow, opened.log)
                    yuan = sums(live, before, load_catalogue(), catalogue)
                    alone = list(own(live, load_catalogue(), catalogue))
        finally:
            engine.dispose()
    found = list(differences(before, after, yuan))
    if output is not None:
        output.write_bytes(b"".join(orjson.dumps(entry) + b"\n" for entry in (*found, *alone)))
    counts = Counter(entry["change"] for entry in found)
    hints = _counted(found)
    click.echo(f"model {MODEL_VERSION}, catalogue {catalogue.version}: {len(before)} pairs in the log, {len(after)} in the shadow run")
    click.echo(f"pairs gained {counts['gained']}, lost {counts['lost']}, changed {counts['changed']}")
    change = sum((Decimal(str(entry.get("yuan", 0))) for entry in found), Decimal(0))
    click.echo(f"sum of all told hints: {'+' if change > 0 else ''}{change.normalize() if change else 0:f} yuan")
    _list(hints, "pairs")
    for whose, words in (("person_id", "people"), ("employer_id", "employers")):
        told = [entry for entry in alone if whose in entry]
        total = sum((Decimal(str(entry["yuan"])) for entry in told), Decimal(0))
        click.echo(
            f"{words} told otherwise about themselves: {len(told)}, {'+' if total > 0 else ''}{total.normalize() if total else 0:f} yuan"
        )
        _list(_counted(told), words)


def _counted(entries: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str]]:
    """How often each hint is gained, lost or changed."""
    found: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        for name in ("hints_gained", "hints_lost", "hints_changed", "amounts_changed"):
            found.update({(name, entry_id): 1 for entry_id in entry.get(name, ())})
    return found


def _list(hints: Counter[tuple[str, str]], whose: str) -> None:
    for (name, entry_id), number in sorted(hints.items()):
        click.echo(f"  {name.replace('_', ' ')}: {entry_id} in {number} {whose}")


def _show(bar: tqdm, count: int) -> None:  # type: ignore[type-arg]
    bar.update(count - bar.n)
