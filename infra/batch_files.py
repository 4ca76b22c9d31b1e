"""JSON Lines in and out for the batch commands.

A bad line never stops a batch: it becomes a rejected line with its reason, and the rest goes on. One place decides how duplicates,
blank lines, undecodable bytes and progress are handled, so that every command answers alike (contract.md).
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

import orjson
from tqdm import tqdm

from matcher.shapes import ShapeError

T = TypeVar("T")


@dataclass
class Batch(Generic[T]):
    """What one input file held.

    ``items``: what could be read, in the order of the lines that count; ``rejected``: one ``{"file", "line", "field", "reason"}`` per line
    that could not; ``replaced``: likewise one per readable line whose id a later readable line carries, the last of which counts.
    """

    items: list[T] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    replaced: list[dict[str, Any]] = field(default_factory=list)
    lines: int = 0

    @property
    def superseded(self) -> int:
        """How many readable lines were replaced by a later one with the same id."""
        return len(self.replaced)

    @property
    def reported(self) -> list[dict[str, Any]]:
        """The lines that do not count, rejected or superseded, in the order of the file."""
        return sorted(self.rejected + self.replaced, key=lambda line: int(line["line"]))


def progress(items: Iterable[T], *, total: int | None, label: str, unit: str = "条") -> Iterator[T]:
    """``items`` with a progress bar on a terminal, and nothing in a pipe."""
    yield from tqdm(items, total=total, desc=label, unit=unit, file=sys.stderr, disable=not sys.stderr.isatty(), leave=False)


def _reason(error: ShapeError) -> tuple[str, str]:
    parts = []
    for item in error.errors:
        allowed = f" (allowed: {', '.join(item.allowed)})" if item.allowed else ""
        parts.append(f"{item.field}: {item.message}{allowed}")
    return error.errors[0].field if error.errors else "(object)", "; ".join(parts)


def read_jsonl(
    path: str | os.PathLike[str], read: Callable[[Any], T], *, id_field: str | None = None, decode: Callable[[bytes], Any] = orjson.loads
) -> Batch[T]:
    """The lines of ``path`` as shapes.

    ``read`` makes a shape of a decoded JSON value or raises ``ShapeError`` (or ``ValueError``). With ``id_field`` (an attribute of the
    shape, or a key where ``read`` gives a dict) the last line of an id counts and the earlier ones are reported in ``replaced``.
    Blank lines are skipped. Raises ``OSError`` when the file itself cannot be read.
    """
    name = str(path)
    batch: Batch[T] = Batch()
    kept: dict[Any, tuple[int, T]] = {}

    def reject(number: int, where: str, reason: str) -> None:
        batch.rejected.append({"file": name, "line": number, "field": where, "reason": reason})

    size = os.path.getsize(path)
    with (
        open(path, "rb") as lines,
        tqdm(
            total=size, desc=Path(name).name, unit="B", unit_scale=True, file=sys.stderr, disable=not sys.stderr.isatty(), leave=False
        ) as bar,
    ):
        for number, raw in enumerate(lines, start=1):
            bar.update(len(raw))
            text = raw.strip()
            if number == 1:
                text = text.removeprefix(b"\xef\xbb\xbf")
            if not text:
                continue
            batch.lines += 1
            try:
                value = decode(text)
            except ShapeError as error:
                reject(number, *_reason(error))
                continue
            except orjson.JSONDecodeError as error:
                # The decoder's message names a position, never the content.
                reject(number, "(line)", f"not valid JSON in UTF-8 ({error.msg}, column {error.colno}); one object a line expected")
                continue
            try:
                item = read(value)
            except ShapeError as error:
                reject(number, *_reason(error))
                continue
            except ValueError as error:
                reject(number, "(object)", str(error))
                continue
            key: Any = number
            if id_field is not None:
                key = item[id_field] if isinstance(item, dict) else getattr(item, id_field)
                if key in kept:
                    earlier, _ = kept.pop(key)
                    reason = f"superseded by line {number} with the same {id_field}"
                    batch.replaced.append({"file": name, "line": earlier, "field": id_field, "reason": reason})
            kept[key] = (number, item)
    batch.items = [item for _, item in kept.values()]
    return batch


def rejected_path(output_path: str | os.PathLike[str]) -> Path:
    """Where the rejected lines of a batch go: ``OUTPUT.rejected.jsonl``, beside the output."""
    return Path(f"{output_path}.rejected.jsonl")


def write_rejected(output_path: str | os.PathLike[str], rejected: Iterable[dict[str, Any]], count: int | None = None) -> Path | None:
    """Writes ``OUTPUT.rejected.jsonl``; without rejected lines an old file is removed. Answers the path written, or ``None``.

    ``count``: how many there are, where ``rejected`` comes one by one and not as a list.
    """
    target = rejected_path(output_path)
    if not (rejected if count is None else count):
        with contextlib.suppress(FileNotFoundError):
            target.unlink()
        return None
    with writing(target) as out:
        for line in rejected:
            out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    return target


@contextlib.contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file that appears whole or not at all: written beside the target and moved over it at the end.

    Something that is not a regular file (``/dev/stdout``, a pipe) is written to directly.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        with open(target, "wb") as out:
            yield out
        return
    with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=f".{target.name}.", delete=False) as out:
        try:
            yield out
            out.flush()
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(out.name, 0o666 & ~mask)
            os.replace(out.name, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(out.name)
            raise
