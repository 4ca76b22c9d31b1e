"""Agencies admitted on their promise are looked at again by staff (E-27; 004 第12项 「人力资源服务许可等三项审批事项实行告知承诺制」).

A row an employer whose licence rests on a commitment: open until staff have looked, then kept, or broken: what the agency has public
waits with the reason, and so does whatever it sends, until staff find the promise kept after all or another admission is entered.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from matcher.days import in_shanghai
from matcher.shapes import Employer, Licence, read_employer
from streams.intake.holds import BROKEN_PROMISE
from streams.intake.messages import CommitmentDecided, EmployerRegistered
from streams.intake.openings import Openings
from streams.intake.tables import commitments, employers, postings
from streams.regions import lies_in
from streams.runtime.messages import from_json, to_json
from streams.runtime.outcomes import Continue, Drop, Emit, Outcome, Outcomes
from streams.runtime.subjects import Work
from streams.runtime.tables import upsert

_DOCUMENT = "关于加强人力资源服务支持民营经济发展的通知第12项"
CHECK_DAYS = 60  # unless the setting says otherwise: the documents state no figure
_PAGE = 200


def note_commitment(connection: Connection, employer: Employer, as_of: date) -> None:
    """Keep what an employer's newest version says of its commitment; another admission puts an end to a broken one."""
    row = _row(connection, employer.employer_id)
    licence = employer.licence
    if licence is None:
        return  # nothing new is entered: what was found stays
    if licence.kind != "commitment":
        connection.execute(delete(commitments).where(commitments.c.employer_id == employer.employer_id))
        return
    identity = identity_of(licence)
    checked = licence.checked_on.isoformat() if licence.checked_on else None
    if row is not None and (row["number"], row["stated_from"]) == identity:
        if checked is not None and row["state"] == "open":
            connection.execute(
                update(commitments).where(commitments.c.employer_id == employer.employer_id).values(state="kept", checked_on=checked)
            )
        return
    fresh = {
        "employer_id": employer.employer_id,
        "number": identity[0],
        "stated_from": identity[1],
        "since": identity[1] or as_of.isoformat(),
        "state": "open" if checked is None else "kept",
        "checked_on": checked,
        "decided_by": None,
        "decided_at": None,
        "reason": None,
    }
    upsert(connection, commitments, fresh)


def decide_commitment(message: CommitmentDecided, work: Work, openings: Openings) -> Outcomes:
    """What staff found. In pages: the agency's postings follow."""
    connection = work.connection
    outcomes: list[Outcome] = []
    if work.cursor is None:
        row = _row(connection, message.employer_id)
        if row is None or not may_follow(row["state"], message.decision):
            return [Drop("no commitment of this employer, or decided so already")]
        values = {
            "state": message.decision,
            "checked_on": work.as_of.isoformat(),
            "decided_by": message.by,
            "decided_at": in_shanghai(work.envelope.recorded_at).isoformat(),
            "reason": message.reason,
        }
        connection.execute(update(commitments).where(commitments.c.employer_id == message.employer_id).values(**values))
        outcomes += _checked(work, message.employer_id)
    ids = of_employer(connection, message.employer_id, work.cursor or "")
    for posting_id in ids:
        posting = openings.row(posting_id)
        if posting is not None:
            reasons = [reason for reason in from_json(posting["reasons"]) if reason["rule"] != BROKEN_PROMISE]
            if message.decision == "broken":
                reasons.append(broken_reason(work.as_of, message.reason))
            posting["reasons"] = to_json(reasons)
            openings.settle(posting)
    outcomes += openings.save()
    return [*outcomes, Continue(ids[-1])] if len(ids) == _PAGE else outcomes


def _checked(work: Work, employer_id: str) -> list[Outcome]:
    """The employer as it stands, with the day on which staff looked."""
    row = work.connection.execute(select(employers).where(employers.c.employer_id == employer_id)).mappings().first()
    if row is None or row["revision"] >= work.envelope.seq:
        return []
    employer = read_employer(from_json(row["doc"]))
    if employer.licence is None:
        return []
    employer = employer.model_copy(update={"licence": employer.licence.model_copy(update={"checked_on": work.as_of})})
    doc = to_json(employer.model_dump(mode="json", exclude_none=True, by_alias=True))
    changed = update(employers).where(employers.c.employer_id == employer_id)
    work.connection.execute(changed.values(revision=work.envelope.seq, doc=doc))
    registered = EmployerRegistered(employer_id=employer_id, revision=work.envelope.seq, employer=employer, verified=bool(row["verified"]))
    return [Emit(registered)]


def of_employer(connection: Connection, employer_id: str, after: str) -> list[str]:
    """The employer's postings that are public or wait, a page of them."""
    uscc = connection.execute(select(employers.c.uscc).where(employers.c.employer_id == employer_id)).scalar()
    own = postings.c.employer_id == employer_id
    named = own if uscc is None else or_(own, postings.c.employer_id.is_(None) & (postings.c.uscc == uscc))
    query = select(postings.c.posting_id).where(named, postings.c.state.in_(("published", "held")), postings.c.posting_id > after)
    return list(connection.execute(query.order_by(postings.c.posting_id).limit(_PAGE)).scalars())


def may_follow(state: str, decision: str) -> bool:
    """Whether staff can decide so of a commitment that stands so: what was found can be found otherwise later."""
    return state != decision


def broken_reason(on: date, found: str) -> dict[str, str]:
    """Why a posting of an agency that did not keep its promise waits."""
    return {
        "rule": BROKEN_PROMISE,
        "evidence": f"告知承诺未履行（{on.isoformat()}核查）",
        "change": f"核查情况：{found}。请按承诺补齐许可条件，经人社部门复核后发布。（{_DOCUMENT}）",
    }


# -- what the memory asks ------------------------------------------------------------------------------------------------


class Broken(NamedTuple):
    """A promise that was not kept: the day staff looked, what they found, and which commitment it was."""

    on: date
    found: str
    number: str | None
    stated_from: str | None

    def ended_by(self, licence: Licence | None) -> bool:
        """Whether what is entered now is another admission than the one that was broken."""
        return licence is not None and (licence.kind != "commitment" or identity_of(licence) != (self.number, self.stated_from))


def identity_of(licence: Licence) -> tuple[str | None, str | None]:
    return licence.number, licence.from_.isoformat() if licence.from_ else None


def broken(connection: Connection, employer_id: str | None = None) -> dict[str, Broken]:
    """The commitments that were not kept, by employer."""
    query = select(commitments).where(commitments.c.state == "broken")
    if employer_id is not None:
        query = query.where(commitments.c.employer_id == employer_id)
    return {
        row["employer_id"]: Broken(date.fromisoformat(row["checked_on"]), row["reason"] or "", row["number"], row["stated_from"])
        for row in connection.execute(query).mappings()
    }


# -- answers -------------------------------------------------------------------------------------------------------------


def commitment(connection: Connection, employer_id: str) -> dict[str, Any] | None:
    """One employer's commitment with its name and region; None where its licence rests on none."""
    found = _found(connection, CHECK_DAYS, None, commitments.c.employer_id == employer_id, limit=1)
    return found[0] if found else None


def to_check(
    connection: Connection, as_of: date, *, region: str | None = None, days: int = CHECK_DAYS, after: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Commitments that staff of a region have not looked at yet, the soonest due first; ``due_on``, and ``overdue`` where that is past."""
    conditions: list[ColumnElement[bool]] = [commitments.c.state == "open", *_in_region(region)]
    if after is not None:
        since = connection.execute(select(commitments.c.since).where(commitments.c.employer_id == after)).scalar() or ""
        conditions.append(or_(commitments.c.since > since, (commitments.c.since == since) & (commitments.c.employer_id > after)))
    return _found(connection, days, as_of, *conditions, limit=limit)


def not_kept(
    connection: Connection, as_of: date, *, region: str | None = None, days: int = CHECK_DAYS, limit: int = 200
) -> list[dict[str, Any]]:
    """Commitments that were found not kept and stand so."""
    return _found(connection, days, as_of, commitments.c.state == "broken", *_in_region(region), limit=limit)


def counts(connection: Connection, *, region: str | None = None) -> dict[str, int]:
    """How many there are by state."""
    query = select(commitments.c.state, func.count()).join(employers, employers.c.employer_id == commitments.c.employer_id)
    numbers = connection.execute(query.where(*_in_region(region)).group_by(commitments.c.state))
    return {"open": 0, "kept": 0, "broken": 0} | {state: int(number) for state, number in numbers}


def _in_region(region: str | None) -> list[ColumnElement[bool]]:
    return [lies_in(employers.c.region, region)] if region is not None else []


def _row(connection: Connection, employer_id: str) -> dict[str, Any] | None:
    row = connection.execute(select(commitments).where(commitments.c.employer_id == employer_id)).mappings().first()
    return dict(row) if row is not None else None


def _found(connection: Connection, days: int, as_of: date | None, *conditions: ColumnElement[bool], limit: int) -> list[dict[str, Any]]:
    public = (
        select(func.count()).where(postings.c.employer_id == commitments.c.employer_id, postings.c.state == "published").scalar_subquery()
    )
    query = (
        select(commitments, employers.c.name, employers.c.region, public.label("public_postings"))
        .join(employers, employers.c.employer_id == commitments.c.employer_id)
        .where(*conditions)
        .order_by(commitments.c.since, commitments.c.employer_id)
        .limit(limit)
    )
    found = []
    for row in connection.execute(query).mappings():
        due = date.fromisoformat(row["since"]) + timedelta(days=days)
        found.append({**row, "due_on": due.isoformat(), "overdue": row["state"] == "open" and as_of is not None and due < as_of})
    return found
