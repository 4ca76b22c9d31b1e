"""What the catalogue holds of each numbered clause of the five documents, and why it leaves out the rest.

``coverage.yaml`` lists the clauses and what is left out; what is held is found from the entries, so the two cannot drift apart unseen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import Field

from matcher.policy.format import DocumentId, Entry
from matcher.policy.loader import Catalogue, CatalogueError, read_yaml, validated
from matcher.policy.terms import Part
from matcher.text import normalise

Status = Literal["implemented", "shown_only", "out_of_scope", "unknown"]
STATUSES: dict[Status, str] = {"implemented": "已实现", "shown_only": "只作提示", "out_of_scope": "不在范围内", "unknown": "尚未判断"}
FILE = "coverage.yaml"


class LeftPart(Part):
    """A part of a clause that the catalogue does not hold; ``where``: what else of the exchange carries it out."""

    what: str
    why: str
    where: str = ""
    source: str | None = None


class ClauseLine(Part):
    clause: str
    title: str
    left: tuple[LeftPart, ...] = ()


class CoverageFile(Part):
    reasons: dict[str, str]
    documents: dict[DocumentId, tuple[ClauseLine, ...]] = Field(min_length=1)


@dataclass(frozen=True)
class Left:
    """What is left out of a clause, and the reason in plain Chinese."""

    what: str
    why: str


@dataclass(frozen=True)
class Covered:
    """One clause. ``implemented``: entries with conditions of their own; ``shown_only``: entries that point to a policy stated elsewhere
    (落实…政策) or change how others are read."""

    document: DocumentId
    clause: str
    title: str
    status: Status
    implemented: tuple[Entry, ...]
    shown_only: tuple[Entry, ...]
    left: tuple[Left, ...]


@cache
def clause_list() -> CoverageFile:
    """The shipped list of clauses. Raises ``CatalogueError`` naming the key."""
    text = (resources.files("matcher.policy") / FILE).read_text(encoding="utf-8")
    found: CoverageFile = validated(CoverageFile, FILE, read_yaml(FILE, text))
    faults = []
    for document, lines in found.documents.items():
        seen: set[str] = set()
        for line in lines:
            if line.clause in seen:
                faults.append(f"{FILE}: documents.{document}: {line.clause} is given twice")
            seen.add(line.clause)
            faults += [
                f"{FILE}: documents.{document}: {line.clause}: there is no reason {part.why}"
                for part in line.left
                if part.why not in found.reasons
            ]
    if faults:
        raise CatalogueError(faults)
    return found


def clauses_of(entry: Entry) -> Iterator[str]:
    """The clauses an entry stands in (``专栏2.2；八(一)3`` are two)."""
    return (clause.strip() for clause in re.split("[；;]", entry.clause))


def is_shown_only(entry: Entry) -> bool:
    return entry.pointer_only or set(entry.usable_as) == {"modifier"}


def coverage(catalogue: Catalogue) -> list[Covered]:
    """Every clause in the documents' order. Raises ``CatalogueError`` where an entry stands in a clause that the list lacks."""
    listed = clause_list()
    standing: dict[tuple[str, str], list[Entry]] = {}
    for entry in catalogue.entries:
        for clause in clauses_of(entry):
            standing.setdefault((entry.document, clause), []).append(entry)
    known = {(document, line.clause) for document, lines in listed.documents.items() for line in lines}
    strangers = [f"{FILE}: documents.{document}: {clause} is missing" for document, clause in standing if (document, clause) not in known]
    if strangers:
        raise CatalogueError(strangers)
    return [
        _covered(listed, document, line, standing.get((document, line.clause), []))
        for document, lines in listed.documents.items()
        for line in lines
    ]


def _covered(listed: CoverageFile, document: DocumentId, line: ClauseLine, entries: list[Entry]) -> Covered:
    implemented = tuple(entry for entry in entries if not is_shown_only(entry))
    shown_only = tuple(entry for entry in entries if is_shown_only(entry))
    status: Status = "implemented" if implemented else "shown_only" if shown_only else "out_of_scope" if line.left else "unknown"
    left = tuple(Left(part.what, listed.reasons[part.why] + (f"（{part.where}）" if part.where else "")) for part in line.left)
    return Covered(document, line.clause, line.title, status, implemented, shown_only, left)


def searched(one: Covered) -> str:
    """What a search of the table reads of a clause: its number and title, the entries with their sentences, what is left out and why."""
    entries = [text for entry in (*one.implemented, *one.shown_only) for text in (entry.name, entry.clause, entry.quote)]
    left = [text for part in one.left for text in (part.what, part.why)]
    return normalise(" ".join([one.document, one.clause, one.title, *entries, *left]))


def totals(covered: list[Covered]) -> dict[Status, int]:
    """Clauses by status."""
    return {status: sum(one.status == status for one in covered) for status in STATUSES}


def coverage_json(catalogue: Catalogue) -> dict[str, object]:
    """The whole table for programs."""
    covered = coverage(catalogue)
    counted: dict[str, int] = {str(status): number for status, number in totals(covered).items()}
    return {
        "catalogue_version": catalogue.version,
        "clauses": [
            {
                "document": one.document,
                "clause": one.clause,
                "title": one.title,
                "status": one.status,
                "implemented": [entry.id for entry in one.implemented],
                "shown_only": [entry.id for entry in one.shown_only],
                "left_out": [{"what": part.what, "why": part.why} for part in one.left],
            }
            for one in covered
        ],
        "totals": {
            "clauses": len(covered),
            **counted,
            "with_parts_left_out": sum(bool(one.left) and one.status != "out_of_scope" for one in covered),
            "entries": len(catalogue.entries),
            "benefits": len(catalogue.by_benefit),
        },
    }
