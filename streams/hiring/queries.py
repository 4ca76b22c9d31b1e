"""What hiring answers: how a pair stands, the steps of a posting or a person, counts. Read-only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from matcher.match_order import match_id
from streams.hiring import rules
from streams.hiring.tables import openings, pairs, postings, steps
from streams.runtime.messages import from_json


def standing(connection: Connection, person_id: str, posting_id: str) -> dict[str, Any] | None:
    """How a person and a posting stand; None when neither interest nor a step is known.

    ``{"match_id", "person_id", "posting_id", "interested", "step", "step_name", "on", "reason", "contract", "may_follow",
    "posting_ended", "posting_filled"}``. ``posting_filled``: talks were still open when somebody else took the last opening.
    """
    row = connection.execute(_with_posting().where(pairs.c.match_id == match_id(person_id, posting_id))).mappings().first()
    return None if row is None else _standing(row)


def step_of(connection: Connection, person_id: str, posting_id: str) -> str | None:
    """The step that holds now, for ``rules.check`` before a step is appended."""
    return connection.execute(select(pairs.c.step).where(pairs.c.match_id == match_id(person_id, posting_id))).scalar()


def history(connection: Connection, person_id: str, posting_id: str) -> list[dict[str, Any]]:
    """Every step reported of a pair, oldest first; ``refused`` says why one did not hold."""
    query = select(steps).where(steps.c.match_id == match_id(person_id, posting_id)).order_by(steps.c.number)
    return [
        {
            **{name: row[name] for name in ("number", "step", "before", "on", "by", "reason", "refused", "recorded_at")},
            "contract": from_json(row["contract"]) if row["contract"] is not None else None,
        }
        for row in connection.execute(query).mappings()
    ]


def of_posting(connection: Connection, posting_id: str, *, cursor: str | None = None, limit: int = 100) -> dict[str, Any]:
    """Everybody with a step or an interest in a posting: ``{"items": [...], "cursor"}``, by match id."""
    return _page(connection, pairs.c.posting_id == posting_id, cursor, limit)


def of_person(connection: Connection, person_id: str, *, cursor: str | None = None, limit: int = 100) -> dict[str, Any]:
    """Every posting a person has a step or an interest with."""
    return _page(connection, pairs.c.person_id == person_id, cursor, limit)


def tried_without_hire(connection: Connection, person_id: str) -> list[str]:
    """Postings in which the person was interested or with whose employer they talked, and that did not hire them."""
    tried = (pairs.c.interested.is_(True) | pairs.c.step.is_not(None)) & func.coalesce(pairs.c.step, "").not_in(("hired", "left"))
    query = select(pairs.c.posting_id).where(pairs.c.person_id == person_id, tried)
    return list(connection.execute(query.order_by(pairs.c.posting_id)).scalars())


def counts(connection: Connection, posting_id: str) -> dict[str, Any]:
    """``{"interested", "invited", "talking", "offered", "hired", "not_hired", "left", "headcount", "beyond_headcount", "ended"}``.

    ``beyond_headcount``: hires above the openings stated, accepted as facts and flagged.
    """
    found: dict[str, Any] = dict.fromkeys(("interested", *rules.NAMES), 0)
    query = select(pairs.c.step, pairs.c.interested, func.count()).where(pairs.c.posting_id == posting_id).group_by("step", "interested")
    for step, interested, number in connection.execute(query):
        if step is not None:
            found[step] += number
        if interested:
            found["interested"] += number
    posting = connection.execute(select(postings).where(postings.c.posting_id == posting_id)).mappings().first()
    headcount = posting["headcount"] if posting else None
    return {
        **found,
        "headcount": headcount,
        "beyond_headcount": rules.beyond_headcount(found["hired"], headcount),
        "ended": posting["ended"] if posting else None,
    }


def counts_of_employer(connection: Connection, employer_id: str) -> dict[str, int]:
    """Hired, accepted and in talks over all postings of an employer."""
    query = (
        select(
            func.coalesce(func.sum(openings.c.hired), 0),
            func.coalesce(func.sum(openings.c.accepted), 0),
            func.coalesce(func.sum(openings.c.in_talks), 0),
        )
        .join_from(openings, postings, openings.c.posting_id == postings.c.posting_id)
        .where(postings.c.employer_id == employer_id)
    )
    hired, accepted, in_talks = connection.execute(query).one()
    return {"hired": int(hired), "accepted": int(accepted), "in_talks": int(in_talks)}


def _with_posting() -> Any:
    return select(pairs, postings.c.title, postings.c.employer_id, postings.c.ended).join_from(
        pairs, postings, pairs.c.posting_id == postings.c.posting_id, isouter=True
    )


def _page(connection: Connection, whose: Any, cursor: str | None, limit: int) -> dict[str, Any]:
    query = _with_posting().where(whose)
    if cursor is not None:
        query = query.where(pairs.c.match_id > cursor)
    rows = connection.execute(query.order_by(pairs.c.match_id).limit(limit + 1)).mappings().all()
    return {"items": [_standing(row) for row in rows[:limit]], "cursor": rows[limit - 1]["match_id"] if len(rows) > limit else None}


def _standing(row: RowMapping) -> dict[str, Any]:
    step = row["step"]
    contract = {"signed": row["contract_signed"], "months": row["contract_months"], "insured_on": row["insured_on"]}
    return {
        **{
            name: row[name]
            for name in ("match_id", "person_id", "posting_id", "interested", "step", "on", "reason", "title", "employer_id")
        },
        "step_name": rules.NAMES[step] if step is not None else None,
        "contract": contract if any(value is not None for value in contract.values()) else None,
        "may_follow": list(rules.allowed_after(step)),
        "posting_ended": row["ended"],
        "posting_filled": row["ended"] == "filled" and (step is None or step in rules.OPEN),
    }
