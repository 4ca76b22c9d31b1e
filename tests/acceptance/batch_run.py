"""Runs the commands as a user's script does: files in, files and streams out. Nothing here knows how they work inside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from infra.cli import cli

DAY = "2026-11-20"
POSTING = {"posting_id": "p-1", "source": "enterprise", "title": "焊工"}
PERSON = {"person_id": "u-1", "kind": "jobseeker"}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str
    lines: list[Any]
    rejected: list[dict[str, Any]]
    raw: bytes


def changed(base: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """``base`` with these facts; a dotted name is written with two underscores (``desired__pay_min``)."""
    out = json.loads(json.dumps(base))
    for name, value in facts.items():
        *path, last = name.split("__")
        at = out
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    return out


def put(path: Path, rows: Any) -> Path:
    """``rows`` as a file: objects as JSON lines, text as it is, bytes as the whole file."""
    if isinstance(rows, bytes):
        path.write_bytes(rows)
    else:
        told = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        path.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
    return path


def rejected_beside(path: Path) -> list[dict[str, Any]]:
    """The rejected lines that a batch left beside its output (``ingest``: beside its input)."""
    beside = Path(f"{path}.rejected.jsonl")
    return [json.loads(line) for line in beside.read_bytes().splitlines()] if beside.exists() else []


def ran(arguments: list[Any], output: Path | None = None) -> Done:
    found = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    raw = output.read_bytes() if output is not None and output.exists() else b""
    rejected = [] if output is None else rejected_beside(output)
    return Done(found.exit_code, found.stdout, found.stderr, [json.loads(line) for line in raw.splitlines()], rejected, raw)


def match(folder: Path, postings: Any, people: Any, *options: str, employers: Any = None, as_of: str = DAY, out: str = "out.jsonl") -> Done:
    """``gongqiao match`` without hints unless ``--hints`` is among the options."""
    arguments: list[Any] = [
        "match",
        "--postings",
        put(folder / "postings.jsonl", postings),
        "--people",
        put(folder / "people.jsonl", people),
    ]
    if employers is not None:
        arguments += ["--employers", put(folder / "employers.jsonl", employers)]
    hints = [] if "--hints" in options else ["--no-hints"]
    return ran([*arguments, "--as-of", as_of, "--output", folder / out, *hints, *options], folder / out)


def explain(folder: Path, posting: dict[str, Any], person: dict[str, Any], *, employers: Any = None, as_of: str = DAY) -> dict[str, Any]:
    """``gongqiao explain`` of one pair."""
    arguments: list[Any] = ["explain", "--postings", put(folder / "p.jsonl", [posting]), "--people", put(folder / "u.jsonl", [person])]
    if employers is not None:
        arguments += ["--employers", put(folder / "e.jsonl", employers)]
    done = ran([*arguments, "--as-of", as_of, "--person", person["person_id"], "--posting", posting["posting_id"]])
    assert done.code == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def codes(folder: Path, posting: dict[str, Any], person: dict[str, Any], as_of: str = DAY) -> set[str]:
    """The blockers of a pair, by ``explain``; ``match`` must recommend the pair exactly when there is none."""
    told = explain(folder, posting, person, as_of=as_of)
    found = {blocker["code"] for blocker in told["blockers"]}
    lines = match(folder, [posting], [person], as_of=as_of).lines
    assert bool(lines) == (not found and posting.get("type") != "public_welfare_post")
    return found


def points(told: dict[str, Any]) -> dict[str, float]:
    return {item["criterion"]: item["points"] for item in told["criteria"]}
