"""The book of claims: rows, the steps that were taken with their instants, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from streams.policy import rules
from streams.policy.messages import ClaimStageChanged
from streams.policy.tables import claim_steps, claims
from streams.runtime.messages import from_json
from streams.runtime.outcomes import Emit, Outcome
from streams.runtime.subjects import Work
from streams.runtime.tables import upsert

SYSTEM = "system"


def accepted_of(work: Work, offer_id: str) -> dict[str, Any] | None:
    """The claim of this offer that is accepted and not yet decided; the newest where there are several."""
    query = select(claims).where(claims.c.offer_id == offer_id, claims.c.stage == "accepted")
    found = work.connection.execute(query.order_by(claims.c.received_at.desc(), claims.c.claim_id).limit(1)).mappings().first()
    return dict(found) if found is not None else None


def is_claimed(work: Work, offer_id: str) -> bool:
    """Whether a claim of this offer stands: under way or paid."""
    stands = select(claims.c.claim_id).where(claims.c.offer_id == offer_id, claims.c.stage.notin_(("refused", "rejected")))
    return work.connection.execute(stands.limit(1)).first() is not None


def raise_claim(work: Work, row: dict[str, Any], yuan: str) -> Outcome:
    """A claim that nobody has decided yet comes to more than when it was made (E-24); nothing has to be claimed again."""
    row["yuan"] = row["marked_yuan"] = yuan
    change(work, row)
    note(work, row["claim_id"], "raised", SYSTEM, None)
    return said(row)


def row_of(work: Work, claim_id: str) -> dict[str, Any] | None:
    found = work.connection.execute(select(claims).where(claims.c.claim_id == claim_id)).mappings().first()
    return dict(found) if found is not None else None


def change(work: Work, row: dict[str, Any]) -> None:
    row["revision"] += 1
    row["changed_at"] = work.envelope.recorded_at.isoformat()
    if not row["held"] and row["stage"] not in ("refused", "rejected"):
        row["objected"] = False
    upsert(work.connection, claims, row)


def note(work: Work, claim_id: str, step: str, by: str, reason: str | None) -> None:
    last = work.connection.execute(
        select(claim_steps.c.number).where(claim_steps.c.claim_id == claim_id).order_by(claim_steps.c.number.desc()).limit(1)
    ).scalar()
    entry = {"claim_id": claim_id, "number": (last or 0) + 1, "step": step, "by": by, "reason": reason}
    upsert(work.connection, claim_steps, {**entry, "at": work.envelope.recorded_at.isoformat()})


def steps_taken(work: Work, claim_id: str) -> int:
    """How many steps of the office a claim has gone through (E-10)."""
    return rules.steps_taken(work.connection.execute(select(claim_steps.c.step).where(claim_steps.c.claim_id == claim_id)).scalars())


def said(row: Mapping[str, Any]) -> Outcome:
    return Emit(
        ClaimStageChanged(
            claim_id=row["claim_id"],
            revision=row["revision"],
            benefit=row["benefit"],
            entry_id=row["entry_id"],
            employer_id=row["employer_id"],
            stage=row["stage"],
            held=row["held"],
            rules=tuple(one["rule"] for one in from_json(row["reasons"])),
            yuan=row["yuan"],
            at=row["changed_at"],
        ),
        discriminator=str(row["revision"]),
    )
