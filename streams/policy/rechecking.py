"""Claims that are not decided yet, looked at again when something about them changed: data of a founder, the end of a hire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from streams.policy.claim_book import SYSTEM, change, note, said
from streams.policy.claims import evaluated, hold_anew
from streams.policy.founders import merging
from streams.policy.known import catalogue_of
from streams.policy.messages import PersonClaimMade
from streams.policy.tables import claims
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Outcome
from streams.runtime.subjects import Work


def check_founder_claims(work: Work, person_id: str) -> list[Outcome]:
    """Data of a founder came: what their accepted claims of the merged subsidies come to is worked out anew, for one decision."""
    catalogue = catalogue_of(work.settings)
    mine = (claims.c.person_id == person_id) & claims.c.benefit.in_(merging(catalogue).between) & (claims.c.stage == "accepted")
    outcomes: list[Outcome] = []
    for found in work.connection.execute(select(claims).where(mine).order_by(claims.c.claim_id)).mappings().all():
        row = dict(found)
        made = PersonClaimMade(
            claim_id=row["claim_id"], person_id=person_id, benefit=row["benefit"], about=row["about"], on=row["on"],
            declared=from_json(row["declared"]),
        )  # fmt: skip
        entry, result, _ = evaluated(catalogue, work, made, person_id)
        if entry is None or result is None:
            continue
        now = {
            "entry_id": entry.id,
            "status": result.status,
            "missing": to_json(list(result.missing)),
            "failed": to_json(list(result.failed)),
        }
        if all(row[name] == value for name, value in now.items()):
            continue
        row.update(now)
        change(work, row)
        note(work, row["claim_id"], "checked", SYSTEM, None)
        outcomes.append(said(row))
    return outcomes


def check_claims_again(work: Work, hire: Mapping[str, Any]) -> list[Outcome]:
    """Something about a hire changed (left, insured elsewhere): its open claims are checked anew and held where there is a reason now."""
    if hire["person_id"] is None:
        return []
    catalogue = catalogue_of(work.settings)
    outcomes: list[Outcome] = []
    query = (
        select(claims)
        .where(claims.c.person_id == hire["person_id"], claims.c.stage.in_(("accepted", "approved")))
        .order_by(claims.c.claim_id)
    )
    for found in work.connection.execute(query).mappings().all():
        outcomes += hold_anew(catalogue, work, dict(found))
    return outcomes
