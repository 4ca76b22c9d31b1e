"""An opening through its life: held, published, merged with the same one from elsewhere, filled, ended. Rows in, messages out.

One posting is one row. An opening that several sources offer is the row that was there first (the canonical one); the rows of the others
are ``merged`` into it. It ends when the last of its sources leaves, and shows the version of the eldest that stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from matcher.blockers import Rules, last_open_day
from matcher.days import day_of
from matcher.shapes import Posting, read_posting
from streams.intake.identity import source_name
from streams.intake.messages import HoldReason, PostingChanged, PostingEnded, PostingHeld, PostingPublished, posting_document
from streams.intake.tables import duplicates, postings, splits
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Emit, Outcome
from streams.runtime.tables import Look, upsert

Row = dict[str, Any]

_ROW = Look(select(postings).where(postings.c.posting_id == bindparam("posting_id")))


class Openings:
    """The rows that one message touches, and what follows from it. Nothing is written before ``save``."""

    def __init__(self, connection: Connection, as_of: date, recorded_at: str, posting_days: int):
        self.connection = connection
        self.as_of = as_of
        self.recorded_at = recorded_at
        self.rules = Rules(expire_after_days=posting_days)
        self.outcomes: list[Outcome] = []
        self._rows: dict[str, Row] = {}
        self._changed: dict[str, Row] = {}
        self._members_read: set[str] = set()

    # -- rows ----------------------------------------------------------------------------------------------------------

    def row(self, posting_id: str) -> Row | None:
        if posting_id not in self._rows:
            found = _ROW.mappings(self.connection, posting_id=posting_id)
            if not found:
                return None
            self._rows[posting_id] = found[0]
        return self._rows[posting_id]

    def add(self, row: Row) -> None:
        """A row that is in no table yet, so nothing can be merged into it."""
        self._rows[row["posting_id"]] = row
        self._members_read.add(row["posting_id"])

    def members(self, posting_id: str) -> list[Row]:
        """Rows merged into this one, eldest first."""
        if posting_id not in self._members_read:
            self._members_read.add(posting_id)
            for found in self.connection.execute(select(postings).where(postings.c.merged_into == posting_id)).mappings():
                self._rows.setdefault(found["posting_id"], dict(found))
        rows = [row for row in self._rows.values() if row["merged_into"] == posting_id]
        return sorted(rows, key=lambda row: (row["received_at"], row["received_seq"], row["posting_id"]))

    def touch(self, row: Row) -> None:
        row["changed_at"] = self.recorded_at
        self._changed[row["posting_id"]] = row

    def save(self) -> list[Outcome]:
        """Write what changed; answers the messages that follow."""
        if self._changed:
            upsert(self.connection, postings, list(self._changed.values()))
        return self.outcomes

    # -- what a row's own source wants ---------------------------------------------------------------------------------

    def due(self, row: Row, posting: Posting) -> None:
        """Set the days on which something becomes due for this version."""
        last = last_open_day(posting, self.rules)
        row["last_open_day"] = last.isoformat() if last is not None else None
        opens = day_of(posting.published_at) if posting.published_at is not None else None
        row["opens_on"] = opens.isoformat() if opens is not None and opens > self.as_of else None

    def own_state(self, row: Row) -> str:
        """``live``, or why the row's own source does not offer it now."""
        decision = from_json(row["decision"]) if row["decision"] else None
        if decision is not None and decision["decision"] == "reject":
            return "rejected"
        if row["withdrawn"] is not None:
            return "withdrawn"
        if row["last_open_day"] is not None and row["last_open_day"] < self.as_of.isoformat():
            return "expired"
        if from_json(row["reasons"]) and not _released(row, decision):
            return "held"
        return "live"

    # -- settling ------------------------------------------------------------------------------------------------------

    def settle(self, row: Row, near: Sequence[tuple[str, float, Any]] = (), *, new_content: bool = False) -> None:
        """Bring a row to the state that follows from what is known of it. ``near``: (posting, score, evidence) of look-alikes, best first;
        given only where they were looked for, that is when ``new_content`` or when the row was not public before."""
        near_ids = {entry[0] for entry in near}
        own = self.own_state(row)
        if row["merged_into"] is not None:
            canonical = self.row(row["merged_into"])
            if canonical is not None and own == "live" and (not new_content or canonical["posting_id"] in near_ids):
                self.touch(row)
                if new_content and canonical["content_from"] == row["posting_id"]:
                    self.refresh(canonical)
                return
            self._leave(row)
            if canonical is not None:
                self.refresh(canonical)
        members = self.members(row["posting_id"])
        if new_content and own == "live":
            for member in members:
                if member["posting_id"] not in near_ids:
                    self._leave(member)
                    self.refresh(member)
            members = self.members(row["posting_id"])
        if own == "live" and not members and row["state"] not in ("published", "filled"):
            target = self._best(row, near)
            if target is not None:
                self._merge(row, *target)
                return
        if own in ("held", "rejected") and members:
            self._promote(row, members)
        self.refresh(row, changed=new_content)

    def refresh(self, row: Row, *, changed: bool = False) -> None:
        """State, content and sources of an opening from its own source and its members."""
        own = self.own_state(row)
        members = self.members(row["posting_id"])
        live = ([row] if own == "live" else []) + members
        sources = to_json([_source_of(one) for one in live])
        content_from = None if own == "live" or not members else members[0]["posting_id"]
        changed = changed or sources != row["sources"] or content_from != row["content_from"]
        row["sources"], row["content_from"] = sources, content_from
        if not live:
            self._announce(row, own)
            return
        posting = self.public(row)
        row["filled"] = posting.filled or 0
        self._announce(row, "filled" if posting.openings_left == 0 else "published", posting, changed=changed)

    def public(self, row: Row) -> Posting:
        """What the public sees: the version of the opening's own source, or of the eldest that stays, with the openings taken."""
        content = self.row(row["content_from"]) if row["content_from"] else row
        posting = read_posting(from_json((content or row)["doc"]))
        hired = row["hired"] + sum(member["hired"] for member in self.members(row["posting_id"]))
        filled = max(hired, posting.filled or 0)
        return posting.model_copy(update={"posting_id": row["posting_id"], "status": "open", "filled": filled or None})

    # -- the same opening from elsewhere -------------------------------------------------------------------------------

    def _best(self, row: Row, near: Sequence[tuple[str, float, Any]]) -> tuple[Row, float, Any] | None:
        apart = self._apart(row["posting_id"]) if near else frozenset()
        for posting_id, score, evidence in near:
            other = self.row(posting_id)
            if other is not None and posting_id != row["posting_id"] and other["state"] == "published" and posting_id not in apart:
                return other, score, evidence
        return None

    def _apart(self, posting_id: str) -> frozenset[str]:
        """Postings that staff said are other openings."""
        first = self.connection.execute(select(splits.c.second_id).where(splits.c.first_id == posting_id)).scalars()
        second = self.connection.execute(select(splits.c.first_id).where(splits.c.second_id == posting_id)).scalars()
        return frozenset((*first, *second))

    def _merge(self, row: Row, canonical: Row, score: float, evidence: Any) -> None:
        row["merged_into"] = canonical["posting_id"]
        values = {
            "posting_id": row["posting_id"],
            "merged_into": canonical["posting_id"],
            "score": float(score),
            "evidence": to_json(evidence),
            "at": self.recorded_at,
        }
        upsert(self.connection, duplicates, values)
        row["sources"], row["content_from"] = to_json([_source_of(row)]), None
        self._announce(row, "merged")
        self.refresh(canonical)

    def split(self, row: Row, near: Sequence[tuple[str, float, Any]]) -> None:
        """Take a merged row out of its opening (staff said so) and settle it by itself."""
        canonical = self.row(row["merged_into"])
        self._leave(row)
        if canonical is not None:
            self.refresh(canonical)
        self.settle(row, near)

    def _leave(self, row: Row) -> None:
        row["merged_into"] = None
        self.connection.execute(delete(duplicates).where(duplicates.c.posting_id == row["posting_id"]))
        self.touch(row)

    def _promote(self, row: Row, members: Iterable[Row]) -> None:
        """The canonical posting may not be shown: the eldest of the others takes its place."""
        first, *others = members
        self._leave(first)
        for member in others:
            member["merged_into"] = first["posting_id"]
            statement = duplicates.update().where(duplicates.c.posting_id == member["posting_id"])
            self.connection.execute(statement.values(merged_into=first["posting_id"]))
            self.touch(member)
        self.refresh(first)

    # -- messages ------------------------------------------------------------------------------------------------------

    def _announce(self, row: Row, target: str, posting: Posting | None = None, *, changed: bool = False) -> None:
        before, posting_id = row["state"], row["posting_id"]
        row["state"] = target
        self.touch(row)
        revision = row["revision"] + 1
        message: PostingPublished | PostingHeld | PostingEnded
        if target == "published":
            assert posting is not None
            if before == "published" and not changed:
                return
            kind = PostingChanged if before == "published" else PostingPublished
            if before != "published":
                row["public_since"] = self.as_of.isoformat()
                row["first_public"] = row["first_public"] or row["public_since"]
                row["times_public"] = (row["times_public"] or 0) + 1
            message = kind(posting_id=posting_id, revision=revision, posting=posting, sources=tuple(from_json(row["sources"])))
        elif target == "held":
            reasons = tuple(HoldReason.model_validate(reason) for reason in from_json(row["reasons"]))
            if before == "held" and not changed:
                return
            message = PostingHeld(
                posting_id=posting_id, revision=revision, reasons=reasons, employer_id=row["employer_id"], region=row["region"]
            )
        else:
            if before == target:
                return
            reason = row["withdrawn"] if target == "withdrawn" else None
            if target == "rejected" and row["decision"]:
                reason = from_json(row["decision"]).get("reason")
            message = PostingEnded(
                posting_id=posting_id,
                revision=revision,
                cause=target,  # type: ignore[arg-type]
                reason=reason,
                merged_into=row["merged_into"] if target == "merged" else None,
            )
        row["revision"] = revision
        self.outcomes.append(Emit(message, f"r{revision}"))


def _source_of(row: Mapping[str, Any]) -> str:
    return source_name(row["source"], row["owner"], row["source_id"], row["posting_id"])


def _released(row: Mapping[str, Any], decision: Mapping[str, Any] | None) -> bool:
    """Whether staff released just these reasons: the same rule on the same words; a new one holds it anew."""
    if decision is None or decision["decision"] != "release":
        return False
    seen = {(reason["rule"], reason["evidence"]) for reason in decision["reasons"]}
    return all((reason["rule"], reason["evidence"]) in seen for reason in from_json(row["reasons"]))


def document(posting: Posting) -> bytes:
    """The posting as it is stored: contract JSON without contact, state left to the row."""
    return to_json(posting_document(posting.model_copy(update={"status": None, "contact": None})))
